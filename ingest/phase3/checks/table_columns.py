"""The columns of source lists and catalogues: names, formats, limits, nulls (SDP 5.18, 12.2)."""

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ingest.fitsfile import Hdu
from ingest.phase3.checks.spectra import ucd_marks
from ingest.phase3.columns import Column
from ingest.phase3.finding import Mark
from ingest.phase3.product import Product

MOST_ELEMENTS = 1500  #: of a cell (SDP 12.2.4)
MOST_VALUES = 200_000_000  #: of a column that are looked at
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_FORMATS = frozenset("LABIJKED")


def check(product: Product, hdu: Hdu, *, is_catalogue: bool) -> Iterator[Mark]:
    """What is wrong with the columns of a table."""
    columns = product.columns(hdu)
    yield from ucd_marks(hdu, columns)
    yield from _names(product, hdu, columns, is_catalogue)
    rows = product.rows(hdu)
    for column in columns:
        if is_catalogue:
            yield from _format(hdu, column)
            yield from _null(hdu, column)
        if rows is not None and len(rows) and column.width and (column.is_float or column.is_integer):
            yield from _values(hdu, column, rows[f"f{column.number}"], is_catalogue)


def _names(product: Product, hdu: Hdu, columns: tuple[Column, ...], is_catalogue: bool) -> Iterator[Mark]:
    seen: dict[str, int] = {}
    for column in columns:
        name, keyword = column.name, f"TTYPE{column.number}"
        if not name:
            continue
        if name.lower() in seen:
            yield Mark("COLUMN_TWICE", f"{name}, also column {seen[name.lower()]}", hdu.index, keyword)
        seen.setdefault(name.lower(), column.number)
        if not is_catalogue:
            continue
        if not _NAME.fullmatch(name):
            yield Mark("COLUMN_NAME", ascii(name), hdu.index, keyword)
        elif name.lower() in product.standard.reserved_columns:
            yield Mark("COLUMN_RESERVED", name, hdu.index, keyword)


def _format(hdu: Hdu, column: Column) -> Iterator[Mark]:
    if (column.code and (column.code not in _FORMATS or not column.repeat >= 1)) or (
        column.code not in ("", "A") and column.repeat > MOST_ELEMENTS
    ):
        yield Mark("COLUMN_FORMAT", repr(column.form), hdu.index, f"TFORM{column.number}")


def _null(hdu: Hdu, column: Column) -> Iterator[Mark]:
    if (null := hdu.get(f"TNULL{column.number}")) is None:
        return
    is_identifier = column.ucd.lower() == "meta.id;meta.main"
    if is_identifier or not column.is_integer:
        came = f"TNULL{column.number} = {null!r} on {column.name} ({column.form})"
        yield Mark("COLUMN_NULL", came, hdu.index, f"TNULL{column.number}")


def _values(hdu: Hdu, column: Column, values: NDArray[np.generic], is_catalogue: bool) -> Iterator[Mark]:
    if values.size > MOST_VALUES:
        return
    if column.is_float:
        if is_catalogue and (infinite := int(np.count_nonzero(np.isinf(values)))):
            yield Mark("COLUMN_INFINITE", f"{infinite} values", hdu.index, f"TTYPE{column.number}")
        good = values[np.isfinite(values)]
    else:
        null = hdu.get(f"TNULL{column.number}")
        good = values[values != null] if isinstance(null, int) else values.reshape(-1)
    if not good.size:
        if is_catalogue:
            yield Mark("COLUMN_EMPTY", column.name, hdu.index, f"TTYPE{column.number}")
        return
    least, most = float(good.min()), float(good.max())
    low, high = hdu.number(f"TDMIN{column.number}"), hdu.number(f"TDMAX{column.number}")
    near = 1e-6 * max(abs(least), abs(most))
    for keyword, is_broken in (
        ("TDMIN", low is not None and least < low - near),
        ("TDMAX", high is not None and most > high + near),
    ):
        if is_broken:
            came = f"{hdu.get(f'{keyword}{column.number}')!r}, the values are {least:g} to {most:g}"
            yield Mark("COLUMN_LIMITS", came, hdu.index, f"{keyword}{column.number}")
