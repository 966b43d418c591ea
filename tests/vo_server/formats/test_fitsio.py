"""FITS results, read back by CFITSIO."""

import math
from pathlib import Path
from typing import Any

import fitsio
import numpy as np
from hypothesis import given

from tests.vo_server.formats.results import Rows, results, same_time
from vo_server.formats import FORMATS, Head
from vo_server.tables import Column


def is_equal(column: Column, got: Any, wanted: Any, null: int | None) -> bool:
    if column.xtype == "timestamp":
        return same_time(str(got), wanted)
    if column.is_text:
        # Blanks at the end of text mean nothing in FITS, and what is not ASCII is told in ASCII.
        text = wanted or ""
        return str(got).rstrip() == text.rstrip() if text.isascii() else str(got).isascii()
    if column.arraysize is not None:
        found = [float(value) for value in np.atleast_1d(got)][: len(wanted or [])]
        return np.array_equal(found, [float(value) for value in wanted or []], equal_nan=True)
    if column.datatype == "boolean":
        return bool(got) == bool(wanted)
    if wanted is None:
        return math.isnan(got) if column.datatype in ("float", "double") else bool(got == null)
    return bool(got == wanted) or (math.isnan(wanted) and math.isnan(got))


@given(result=results())
def test_cfitsio_reads_back_every_value(result: Rows, tmp_path_factory: Any) -> None:
    path: Path = tmp_path_factory.mktemp("fits") / "result.fits"
    path.write_bytes(b"".join(FORMATS["fits"].write(result.columns, result.batches, None, Head())))
    with fitsio.FITS(str(path)) as file:
        table = file[1]
        header = table.read_header()
        assert table.get_nrows() == len(result.rows)
        assert table.get_colnames() == [column.name for column in result.columns]
        for n, column in enumerate(result.columns) if result.rows else ():
            null = header.get(f"TNULL{n + 1}")
            for got, row in zip(table.read_column(n), result.rows, strict=True):
                assert is_equal(column, got, row[n], null), (column, row[n], got, null)
