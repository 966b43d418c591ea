import io
import math
import warnings
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from astropy.io import fits
from hypothesis import given

from tests.vo_server.formats.results import Rows, numbers, one_column, results, same_time
from vo_server.errors import TransientFault, UsageFault
from vo_server.formats import FORMATS, Head
from vo_server.tables import Column


def read(result: Rows, maxrec: int | None = None, head: Head | None = None) -> fits.HDUList:
    data = b"".join(FORMATS["fits"].write(result.columns, result.batches, maxrec, head or Head()))
    assert len(data) % 2880 == 0
    hdus = fits.open(io.BytesIO(data), logical_as_bytes=True)
    hdus.verify("exception")
    return hdus


def is_equal(column: Column, got: Any, wanted: Any, null: int | None) -> bool:
    if column.xtype == "timestamp":
        return same_time(str(got), wanted)
    if column.is_text:
        # Blanks at the end of text mean nothing in FITS.
        return str(got).rstrip() == (wanted or "").rstrip() or not str(wanted).isascii()
    if column.arraysize is not None:
        values = [float(value) for value in wanted or []]
        found = [float(value) for value in np.atleast_1d(got)]
        rest = found[len(values) :]
        return np.array_equal(found[: len(values)], values, equal_nan=True) and all(
            math.isnan(value) or value == -(2**31) for value in rest
        )
    if column.datatype == "boolean":
        return bytes([got]) == {None: b"\0", True: b"T", False: b"F"}[wanted]
    if wanted is None:
        return math.isnan(got) if column.datatype in ("float", "double") else bool(got == null)
    return bool(got == wanted) or (math.isnan(wanted) and math.isnan(got))


@given(result=results())
def test_astropy_reads_back_every_value(result: Rows) -> None:
    with read(result) as hdus:
        table = hdus[1]
        assert table.header["NAXIS2"] == len(result.rows)
        assert [column.name for column in table.columns] == [column.name for column in result.columns]
        for n, column in enumerate(result.columns):
            null = table.header.get(f"TNULL{n + 1}")
            # astropy leaves uncompressed bytes of booleans and integers alone when there is no TZERO.
            for row, wanted in enumerate(result.rows):
                got = np.asarray(table.data.field(n))[row]
                got = got.view(np.int8) if column.datatype == "boolean" else got
                assert is_equal(column, got, wanted[n], null), (column, wanted[n], got, null)


def test_null_has_a_value_that_no_row_has() -> None:
    for kind, lowest, highest in ((1, 0, 255), (2, -(2**15), 2**15 - 1), (4, -(2**63), 2**63 - 1)):
        for extreme in (lowest, highest):
            with read(one_column(kind, [extreme, None])) as hdus:
                assert hdus[1].header["TNULL1"] != extreme
                assert [int(value) for value in hdus[1].data.field(0)] == [extreme, hdus[1].header["TNULL1"]]


def test_text_is_as_wide_as_its_longest_value_and_ascii() -> None:
    with read(one_column(8, ["a", None, "Größe", "x" * 300])) as hdus:
        assert hdus[1].header["TFORM1"] == "300A"
        assert list(hdus[1].data["n"][:3]) == ["a", "", "Gro?e"]


def test_no_rows_and_maxrec_zero_make_an_empty_table() -> None:
    with read(numbers(0), 5) as empty, read(numbers(5), 0) as none:
        assert (empty[1].header["NAXIS2"], none[1].header["NAXIS2"]) == (0, 0)
        assert (empty[1].header["QSTATUS"], none[1].header["QSTATUS"]) == ("OK", "OVERFLOW")


@pytest.mark.parametrize(("maxrec", "status"), [(6, "OVERFLOW"), (7, "OK"), (8, "OK")])
def test_overflow_is_a_keyword(maxrec: int, status: str) -> None:
    with read(numbers(7), maxrec) as hdus:
        assert hdus[1].header["QSTATUS"] == status
        assert list(hdus[1].data["x"]) == list(range(min(7, maxrec)))


def test_columns_keep_their_metadata() -> None:
    long = "word " * 40 + "π"
    column = Column("v", "double", unit="km/s", ucd="phys.veloc", utype="a:b", description=long)
    result = Rows((column, Column("V", "int")), (pa.float64(), pa.int32()), ((1.5, 2),), ())
    with warnings.catch_warnings(), read(result, head=Head(table_name="ivoa.ObsCore")) as hdus:
        header = hdus[1].header
        assert (header["TTYPE1"], header["TUNIT1"], header["TUCD1"]) == ("v", "km/s", "phys.veloc")
        assert header["TCOMM1"] == "word " * 40 + "?"
        assert (header["TTYPE2"], header["EXTNAME"]) == ("V_2", "ivoa.ObsCore")


def test_a_failure_among_the_rows_comes_before_the_first_byte() -> None:
    def failing() -> Any:
        yield from numbers(2).batches
        raise TransientFault("late")

    pieces = FORMATS["fits"].write(numbers(0).columns, failing(), None, Head())
    with pytest.raises(TransientFault):
        next(pieces)


def test_a_file_that_would_be_too_large_is_refused() -> None:
    result = one_column(7, ["x" * 1000, *["y"] * 99])
    assert (
        len(b"".join(FORMATS["fits"].write(result.columns, result.batches, None, Head(largest=100_000))))
        > 100_000
    )
    with pytest.raises(UsageFault, match="more than 99999 bytes, the most that is made"):
        list(FORMATS["fits"].write(result.columns, result.batches, None, Head(largest=99_999)))
