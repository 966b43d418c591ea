"""What is wrong with a query, and where (style: UsageFault with a place)."""

from collections.abc import Iterable
from difflib import get_close_matches

from vo_server.errors import UsageFault

#: Line and column in the text of the query, both counted from 1.
Place = tuple[int, int]


class AdqlError(UsageFault):
    """The query is not ADQL, or names what does not exist here.

    Attributes
    ----------
    line, column : int
        Where in the query, counted from 1.
    expected : tuple of str
        What could have stood there, in words; empty when that is not the trouble.
    nearest : tuple of str
        Existing names that resemble the one that was not found.
    """

    def __init__(
        self, message: str, at: Place, *, expected: Iterable[str] = (), nearest: Iterable[str] = ()
    ) -> None:
        self.line, self.column = at
        self.expected = tuple(expected)
        self.nearest = tuple(nearest)
        self.reason = message
        super().__init__(f"line {self.line}, column {self.column}: {message}")


class Unsupported(AdqlError):
    """The query is ADQL, but one of the databases cannot answer it; another one may."""

    def __init__(self, message: str, at: Place = (1, 1)) -> None:
        super().__init__(message, at)

    @property
    def is_placed(self) -> bool:
        """Whether it is known where in the query the trouble is."""
        return (self.line, self.column) != (1, 1)

    def placed(self, at: Place) -> "Unsupported":
        """The same about a place."""
        return Unsupported(self.reason, at)


def suggest(name: str, names: Iterable[str]) -> tuple[str, ...]:
    """Up to three of ``names`` that resemble ``name``, the best first."""
    spelled = {candidate.lower(): candidate for candidate in names}
    return tuple(spelled[match] for match in get_close_matches(name.lower(), spelled, n=3, cutoff=0.6))


def did_you_mean(nearest: tuple[str, ...]) -> str:
    """``nearest`` as the end of a message; empty when there are none."""
    return f"; did you mean {' or '.join(nearest)}?" if nearest else ""


def miscalled(function: str, arguments: int, usage: str, at: Place) -> AdqlError:
    """The error for a function with the wrong number of arguments."""
    count = f"{arguments} argument{'' if arguments == 1 else 's'}"
    return AdqlError(f"{function} has {count}; call it {usage}", at)
