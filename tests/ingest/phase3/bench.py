"""A valid batch on the bench, to be broken in one way: headers, arrays, bytes, companions."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from demo.fitsbytes import Value
from ingest.fitsfile import Hdu as ReadHdu
from ingest.phase3.columns import columns_of, row_dtype
from tests.ingest.phase3.drafts import Draft, Hdu
from tests.ingest.phase3.products import Sample


@dataclass
class Bench:
    """What is broken.

    Attributes
    ----------
    files : dict
        Path below the batch's directory to content, the files beside the main one.
    bytes : callable or None
        What is done to the bytes of the main file after its checksums were written.
    """

    main: Draft
    files: dict[str, bytes] = field(default_factory=dict)
    bytes: Callable[[bytes], bytes] | None = None
    with_sums: bool = True

    @classmethod
    def of(cls, sample: Sample) -> "Bench":
        """A copy of a valid batch."""
        return cls(deepcopy(sample.main), dict(sample.others))

    @property
    def head(self) -> Hdu:
        """The primary header."""
        return self.main.hdus[0]

    @property
    def ext(self) -> Hdu:
        """The first extension."""
        return self.main.hdus[1]

    def set(self, hdu: int = 0, **cards: Value) -> None:
        """Write cards; ``__`` in a name is a hyphen."""
        for keyword, value in cards.items():
            self.main.hdus[hdu].set(keyword.replace("__", "-"), value)

    def name_of(self, ending: str) -> str:
        """The name of the file beside the main one that ends so."""
        return next(name for name in self.files if name.endswith(ending))

    def edit(self, ending: str, change: Callable[[Draft], None]) -> None:
        """Change a FITS file beside the main one."""
        name = self.name_of(ending)
        draft = Draft.read(name, self.files[name])
        change(draft)
        self.files[name] = draft.to_bytes()

    def write(self, directory: Path) -> list[Path]:
        """Write the batch; its files, the main one first."""
        path = self.main.write(directory, with_sums=self.with_sums)
        if self.bytes is not None:
            path.write_bytes(self.bytes(path.read_bytes()))
        paths = [path]
        for name, content in self.files.items():
            other = directory / name
            other.parent.mkdir(parents=True, exist_ok=True)
            other.write_bytes(content)
            paths.append(other)
        return paths


def rows(hdu: Hdu) -> NDArray[np.void]:
    """The rows of a table, to be changed and put back by ``put``; fields are ``f1``, ``f2``, ..."""
    header, _ = ReadHdu.parse(1, "".join([*hdu.lines, "END".ljust(80)]).encode("ascii"))
    dtype = row_dtype(columns_of(header))
    assert dtype is not None
    return np.frombuffer(hdu.data, dtype).copy()


def put(hdu: Hdu, changed: NDArray[np.void]) -> None:
    """Write rows into a table, and their number into its header."""
    hdu.data = changed.tobytes()
    hdu.set("NAXIS2", len(changed))


def change_rows(hdu: Hdu, change: Callable[[NDArray[np.void]], None]) -> None:
    """Change the rows of a table in place."""
    found = rows(hdu)
    change(found)
    put(hdu, found)


def pixels(hdu: Hdu, change: Callable[[NDArray[np.float32]], None]) -> None:
    """Change the pixels of a 32-bit image, flat."""
    values = np.frombuffer(hdu.data, ">f4").copy()
    change(values)
    hdu.data = values.tobytes()
