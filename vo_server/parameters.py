"""The parameters of a request or a job: names without case, repeats and blanks kept (DALI 1.1)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from vo_server.config import Settings
from vo_server.errors import UsageFault

MAX_PARAMETERS = 500  #: of one request or job
MAX_NAME = 100  #: characters
MAX_VALUE = 1_000_000  #: characters


PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file in the body of a request (multipart/form-data).

    Attributes
    ----------
    media_type : str
        As the client said; may be empty.
    file : binary file
        Its bytes.
    """

    media_type: str
    file: BinaryIO

    def pieces(self) -> Iterator[bytes]:
        """The bytes from the start."""
        self.file.seek(0)
        while piece := self.file.read(PIECE):
            yield piece

    def copy(self, target: Path) -> None:
        """Write the bytes into a file."""
        with target.open("wb") as sink:
            sink.writelines(self.pieces())


class Parameters:
    """Name and value pairs in the order in which they came.

    Parameters
    ----------
    items : iterable of (str, str)
        As sent; names keep their spelling and are found without regard to case.
    most : int
        The number of parameters that are read.
    files : mapping
        The files of the request, by the names of their parts.

    Raises
    ------
    UsageFault
        There are too many of them, or one is too long or holds a NUL character.
    """

    def __init__(
        self,
        items: Iterable[tuple[str, str]] = (),
        *,
        most: int = MAX_PARAMETERS,
        files: Mapping[str, FilePart] | None = None,
    ) -> None:
        self._items = tuple(items)
        self.files: Mapping[str, FilePart] = {name.lower(): part for name, part in (files or {}).items()}
        if len(self._items) > most:
            raise UsageFault(f"{len(self._items)} parameters are too many: at most {most}")
        for name, value in self._items:
            if len(name) > MAX_NAME:
                raise UsageFault(f"the parameter name {name[:40]!r}... is longer than {MAX_NAME} characters")
            if len(value) > MAX_VALUE:
                raise UsageFault(
                    f"{name} has {len(value)} characters: at most {MAX_VALUE} are allowed for one parameter"
                )
            if "\x00" in name or "\x00" in value:
                raise UsageFault(f"{name!r} holds a NUL character, which no parameter may")

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and any(key.lower() == name.lower() for key, _ in self._items)

    def __repr__(self) -> str:
        return f"Parameters({self._items!r})"

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of ``name``, in order; blanks stay."""
        wanted = name.lower()
        return tuple(value for key, value in self._items if key.lower() == wanted)

    def single(self, name: str) -> str | None:
        """The value of a parameter that may be given once; None where it is missing or blank.

        Raises
        ------
        UsageFault
            It is given more than once with different values.
        """
        found = {value.strip() for value in self.values(name)} - {""}
        if len(found) > 1:
            raise UsageFault(f"{name} is given {len(found)} times with different values: give it once")
        return found.pop() if found else None

    def whole_number(self, name: str) -> int | None:
        """The whole number that is the value of ``name``; None where it is missing or blank.

        Raises
        ------
        UsageFault
            It is not a whole number, or given more than once.
        """
        text = self.single(name)
        if text is None:
            return None
        try:
            return int(text)
        except ValueError:
            raise UsageFault(f"{name} wants a whole number, got {text[:40]!r}") from None

    def maxrec(self, settings: Settings) -> int:
        """The rows wanted, within the server's limit; 0 is for the columns only (DALI 1.1, MAXREC).

        Raises
        ------
        UsageFault
            It is negative, not a whole number, or given more than once.
        """
        value = self.whole_number("MAXREC")
        if value is None:
            return min(settings.maxrec_default, settings.maxrec_limit)
        if value < 0:
            raise UsageFault(f"MAXREC={value} is negative: send 0 for the columns only, or a number of rows")
        return min(value, settings.maxrec_limit)
