"""What a check found."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from vo_server.checks import Status

if TYPE_CHECKING:
    from health.site import Site

SHOWN = 8  #: problems that are told in full; of others only the number
LENGTH = 300  #: characters of one of them


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one check says.

    Attributes
    ----------
    looked : str
        What was looked at, for people: ``12 documents``.
    problems : tuple of str
        What breaks a standard, or does not work.
    doubts : tuple of str
        What the operator should know, and clients can live with.
    """

    looked: str
    problems: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    @classmethod
    def of(cls, looked: str, problems: Iterable[str] = (), doubts: Iterable[str] = ()) -> "Verdict":
        """A verdict of what was found one by one."""
        return cls(looked, tuple(problems), tuple(doubts))

    @property
    def status(self) -> Status:
        """The worst of it."""
        return "failed" if self.problems else "warning" if self.doubts else "ok"

    @property
    def detail(self) -> str:
        """One line: what is wrong, else what was looked at."""
        found = self.problems + self.doubts
        if not found:
            return self.looked
        more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        return "; ".join(_short(text) for text in found[:SHOWN]) + more


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LENGTH else f"{line[: LENGTH - 3]}..."


@dataclass(frozen=True, slots=True)
class Check:
    """A question to the running server.

    Attributes
    ----------
    service : str
        Whose page shows the answer: the first step of its paths, or ``archive``.
    name : str
        What is looked at; service and name together are unique.
    """

    service: str
    name: str
    look: "Callable[[Site], Verdict]"


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to one check, as it is kept."""

    service: str
    name: str
    status: Status
    detail: str
    seconds: float
    checked: datetime
