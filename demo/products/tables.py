"""FITS tables with the column keywords of the standard: TTYPE, TFORM, TUNIT, TUCD, TCOMM, TUTYP."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.fitsbytes import Card

_CODES = {"f8": "D", "f4": "E", "i8": "K", "i4": "J", "i2": "I"}


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a BINTABLE; ``values`` is (rows,) or (rows, n) of numbers, or (rows,) of text."""

    name: str
    values: NDArray[np.generic]
    unit: str = ""
    ucd: str = ""
    comment: str = ""
    utype: str | None = None
    extra: tuple[tuple[str, float | int], ...] = ()

    @property
    def stored(self) -> NDArray[np.generic]:
        """The values in FITS's byte order; text as bytes."""
        if self.values.dtype.kind == "U":
            return self.values.astype("S")
        return self.values.astype(self.values.dtype.newbyteorder(">"))

    @property
    def form(self) -> str:
        """TFORM."""
        dtype = self.stored.dtype
        if dtype.kind == "S":
            return f"{dtype.itemsize}A"
        repeat = "" if self.values.ndim == 1 else str(self.values.shape[1])
        return repeat + _CODES[dtype.str[1:]]

    def cards(self, number: int) -> list[Card]:
        """The keywords of column ``number``."""
        cards: list[Card] = [
            (f"TTYPE{number}", self.name, "Label of field"),
            (f"TFORM{number}", self.form, "Data format of field"),
            (f"TUNIT{number}", self.unit, "Physical unit of field"),
            (f"TUCD{number}", self.ucd, "UCD of field"),
        ]
        if self.utype is not None:
            cards.append((f"TUTYP{number}", self.utype, "IVOA data model element of field"))
        if self.comment:
            cards.append((f"TCOMM{number}", self.comment, "Description of field"))
        cards += [(f"{keyword}{number}", value, "") for keyword, value in self.extra]
        return cards


def rows_of(fields: tuple[Field, ...]) -> NDArray[np.void]:
    """The packed rows of a table."""
    stored = [item.stored for item in fields]
    dtype = [(item.name, array.dtype, array.shape[1:]) for item, array in zip(fields, stored, strict=True)]
    rows = np.zeros(len(stored[0]), dtype=dtype)
    for item, array in zip(fields, stored, strict=True):
        rows[item.name] = array
    return rows
