"""For whom something runs: the owner of a job, the one whose rights a query has."""

from dataclasses import dataclass

ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Principal:
    """A person or program.

    Attributes
    ----------
    name : str
        The account, or ``anonymous``.
    address : str
        Where the request came from: jobs of anonymous users are shared out fairly by it.
    """

    name: str = ANONYMOUS
    address: str = ""

    @property
    def share(self) -> str:
        """Under which name the queue of jobs is shared out."""
        return f"{self.name}@{self.address}" if self.name == ANONYMOUS else self.name


def account_of(share: str) -> str:
    """The account of an owner's share; empty where nobody was logged in."""
    return "" if share.partition("@")[0] == ANONYMOUS else share
