"""The columns of a BINTABLE: their keywords and how their values are stored (FITS 4.0, 7.3)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingest.fitsfile import Hdu

MOST = 999  #: columns of a table
_FORM = re.compile(r"(\d*)([LXBIJKAEDCMPQ])(.*)")
_DTYPES = {
    "L": "u1", "B": "u1", "I": ">i2", "J": ">i4", "K": ">i8", "E": ">f4", "D": ">f8", "C": ">c8", "M": ">c16",
    "P": ">i4", "Q": ">i8",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes
    ----------
    repeat : int
        Elements of a cell.
    code : str
        The letter of TFORM; empty when TFORM cannot be read.
    """

    number: int
    name: str
    form: str
    repeat: int
    code: str
    unit: str
    ucd: str
    utype: str

    @property
    def is_integer(self) -> bool:
        """Whether the values are integers."""
        return self.code in ("B", "I", "J", "K")

    @property
    def is_float(self) -> bool:
        """Whether the values are real numbers."""
        return self.code in ("E", "D")

    @property
    def width(self) -> int | None:
        """Bytes of a cell; None when TFORM cannot be read."""
        if not self.code:
            return None
        if self.code == "X":
            return -(-self.repeat // 8)
        # P and Q are two numbers each: length and place in the heap.
        size = 1 if self.code == "A" else np.dtype(_DTYPES[self.code]).itemsize * (1 + (self.code in "PQ"))
        return self.repeat * size


def columns_of(hdu: Hdu) -> tuple[Column, ...]:
    """The columns of a table header, as far as TFIELDS says."""
    count = hdu.get("TFIELDS")
    if not isinstance(count, int) or isinstance(count, bool):
        return ()
    return tuple(_column(hdu, number) for number in range(1, min(count, MOST) + 1))


def _column(hdu: Hdu, number: int) -> Column:
    name, form, unit, ucd, utype = (
        (hdu.text_of(f"{word}{number}") or "") for word in ("TTYPE", "TFORM", "TUNIT", "TUCD", "TUTYP")
    )
    match = _FORM.fullmatch(form)
    repeat, code = (int(match[1] or 1), match[2]) if match and len(match[1]) < 10 else (0, "")
    return Column(number, name, form, repeat, code, unit, ucd, utype)


def row_dtype(columns: Sequence[Column]) -> np.dtype[np.void] | None:
    """How a row is stored, fields named ``f1``, ``f2``, ...; None when a TFORM cannot be read."""
    fields = []
    for column in columns:
        width = column.width
        if width is None:
            return None
        if width == 0:
            continue
        if column.code in "AX":
            fields.append((f"f{column.number}", f"S{width}"))
        elif column.code in "PQ":
            fields.append((f"f{column.number}", f"V{width}"))
        else:
            shape = (column.repeat,) if column.repeat > 1 else ()
            fields.append((f"f{column.number}", _DTYPES[column.code], shape))  # type: ignore[arg-type]
    return np.dtype(fields) if fields else None


def marked(columns: Sequence[Column], ucd: str) -> list[Column]:
    """The columns with exactly this UCD."""
    return [column for column in columns if column.ucd.lower() == ucd]


def link_target(hdu: Hdu, number: int) -> tuple[str | None, str | None]:
    """File and column to which column ``number`` leads (version 6 has no number behind TXRGF and TXCTY)."""
    old = hdu.text_of(f"TXLNK{number}") is not None
    file = hdu.text_of(f"TXRGF{number}") or (hdu.text_of("TXRGF") if old else None)
    target = hdu.text_of(f"TXCTY{number}") or (hdu.text_of("TXCTY") if old else None)
    return file, target
