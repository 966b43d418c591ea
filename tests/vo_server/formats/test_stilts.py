"""STILTS as a reader of every format that it knows: the values that are hard, one by one."""

import io
import math
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from astropy.table import MaskedColumn, Table

from tests.vo_server.formats.results import KINDS, Rows
from vo_server.formats import FORMATS, Head
from vo_server.tables import Column

pytestmark = [
    pytest.mark.debian,
    pytest.mark.skipif(
        shutil.which("stilts") is None, reason="STILTS is not installed (.ci/debian.sh installs it)"
    ),
]

TIME = datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=UTC)
#: Of the columns of `KINDS`: the most, the least, what is special, nothing.
ROWS: tuple[tuple[Any, ...], ...] = (
    (
        True,
        254,
        2**15 - 1,
        2**31 - 1,
        2**63 - 1,
        3.4e38,
        1.7e308,
        '<a b="c">&\'',
        "Å π 😀",
        TIME,
        [1.5, -2.0],
        [1, 2],
    ),
    (False, 0, 1 - 2**15, 1 - 2**31, 1 - 2**63, -1e-38, 5e-324, "x,y;z", "東京", TIME, [math.nan, 0.1], [0]),
    (True, 1, -1, 0, 2**53 + 1, math.nan, math.nan, "]]>", "–", TIME, [0.1], [-(2**31) + 1]),
    (False, 7, 5, -5, -(2**53) - 1, math.inf, -math.inf, "it's", "ß", TIME, [1e300], [7, 8, 9]),
    (None,) * 12,
)
RESULT = Rows(tuple(c for c, _, _ in KINDS), tuple(kind for _, kind, _ in KINDS), ROWS, (2,))


def by_stilts(name: str, given: str, written: str, directory: Path, result: Rows = RESULT) -> Table:
    """The table as STILTS has read it."""
    path = directory / "table"
    path.write_bytes(b"".join(FORMATS[name].write(result.columns, result.batches, None, Head())))
    done = subprocess.run(
        ["stilts", "tpipe", f"in={path}", f"ifmt={given}", f"ofmt={written}"],
        capture_output=True,
        check=True,
    )
    return Table.read(io.BytesIO(done.stdout), format="votable")


def is_equal(column: Column, found: Any, wanted: Any) -> bool:
    if column.xtype == "timestamp":
        return str(found) == ("" if wanted is None else "2024-02-29T23:59:59.123456"[: len(str(found))])
    if column.is_text:
        return str(found) == (wanted or "")
    if column.arraysize is not None:
        values: np.ndarray[Any, Any] = np.ma.filled(np.ma.asarray(found, float), np.nan).ravel()
        rest = values[len(wanted or []) :]
        return np.array_equal(values[: len(wanted or [])], wanted or [], equal_nan=True) and bool(
            np.all(np.isnan(rest) | (rest == -(2**31)))
        )
    if wanted is None:
        return found is np.ma.masked or (column.datatype in ("float", "double") and math.isnan(found))
    if column.datatype == "float":
        wanted = float(np.float32(wanted))
    if isinstance(wanted, float) and math.isnan(wanted):
        return found is np.ma.masked or math.isnan(found)
    return bool(found == wanted)


@pytest.mark.parametrize("name", ["votable/b2", "votable/b", "votable/td", "fits"])
def test_stilts_reads_back_every_value(name: str, tmp_path: Path) -> None:
    table = by_stilts(name, name.partition("/")[0], "votable-binary2-inline", tmp_path)
    wrong = [
        f"{column.name}, row {n}: {cell!r}, not {row[place]!r}"
        for place, column in enumerate(RESULT.columns)
        for n, (cell, row) in enumerate(zip(table.columns[place], ROWS, strict=True))
        if not (name == "fits" and column.name == "n") and not is_equal(column, cell, row[place])
    ]
    # FITS has ASCII only, so its column of other letters is left out.
    assert wrong == []


def test_stilts_reads_back_text(tmp_path: Path) -> None:
    columns = (Column("l", "long"), Column("d", "double"), Column("c", "char", "*"))
    rows = ((2**62, 0.1, "a, \"b\" 'c'"), (-(2**62), 1e-300, ""), (None, None, "x"))
    result = Rows(columns, (pa.int64(), pa.float64(), pa.string()), rows, ())
    table = by_stilts("csv", "csv", "votable-tabledata", tmp_path, result)
    assert MaskedColumn(table["l"]).tolist() == [2**62, -(2**62), None]
    assert MaskedColumn(table["d"]).filled(-1).tolist()[:2] == [0.1, 1e-300]
    assert [str(c) for c in table["c"]] == [row[2] for row in rows]
