"""Who asks: every request runs for a principal, anonymous unless a later login says otherwise.

This is the one place that will read credentials. The rest of the server passes a `Principal` on, so that
the owner of a job and, one day, row-level security see the same name.
"""

from dataclasses import dataclass

from starlette.requests import Request


@dataclass(frozen=True, slots=True)
class Principal:
    """The person or program for whom a request runs.

    Attributes
    ----------
    name : str
        The account, or ``anonymous``.
    address : str
        Where the request came from: jobs of anonymous users are shared out fairly by it.
    """

    name: str
    address: str = ""

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody has logged in."""
        return self.name == ANONYMOUS

    @property
    def share(self) -> str:
        """Under which name the queue of jobs is shared out."""
        return f"{self.name}@{self.address}" if self.is_anonymous else self.name


ANONYMOUS = "anonymous"


def principal(request: Request) -> Principal:
    """The principal of a request: anonymous, from the address of the client."""
    return Principal(ANONYMOUS, request.client.host if request.client else "")
