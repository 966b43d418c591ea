import csv
import io
import math
from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import given

from tests.vo_server.formats.results import Rows, numbers, one_column, results, same_time
from vo_server.errors import TransientFault
from vo_server.formats import FORMATS, Head
from vo_server.tables import Column


def write(name: str, result: Rows, maxrec: int | None = None) -> str:
    return b"".join(FORMATS[name].write(result.columns, result.batches, maxrec, Head())).decode()


def is_equal(column: Column, text: str, wanted: object) -> bool:
    """Whether the text of a cell reads as the value; NULL is empty."""
    if column.xtype == "timestamp":
        return same_time(text, wanted)  # type: ignore[arg-type]
    if wanted is None:
        return text == ""
    if isinstance(wanted, list):
        return [float(part) for part in text.split()] == pytest.approx(wanted, rel=0, abs=0, nan_ok=True)
    if isinstance(wanted, bool):
        return text == str(wanted).lower()
    if isinstance(wanted, float):
        return float(text) == wanted or (math.isnan(wanted) and text == "NaN") or is_single(text, wanted)
    return text == str(wanted)


def is_single(text: str, wanted: float) -> bool:
    """Whether the text is that number in single precision."""
    return bool(pa.scalar(float(text), pa.float32()).as_py() == wanted)


@given(result=results())
def test_the_csv_module_reads_back_every_value(result: Rows) -> None:
    rows = list(csv.reader(io.StringIO(write("csv", result), newline="")))
    assert rows[0] == [column.name for column in result.columns]
    assert len(rows) == len(result.rows) + 1
    for got, wanted in zip(rows[1:], result.rows, strict=True):
        assert all(is_equal(*cell) for cell in zip(result.columns, got, wanted, strict=True)), (got, wanted)


def test_csv_quotes_only_what_needs_it() -> None:
    values = ["a", "b,c", 'd"e', "f\ng", "h\r", "", None, " i "]
    result = Rows(
        (Column("n", "int"), Column('t"t', "char", "*")),
        (pa.int32(), pa.string()),
        tuple(enumerate(values)),
        (),
    )
    assert write("csv", result) == (
        'n,"t""t"\r\n0,a\r\n1,"b,c"\r\n2,"d""e"\r\n3,"f\ng"\r\n4,"h\r"\r\n5,\r\n6,\r\n7, i \r\n'
    )


def test_a_row_of_one_empty_cell_is_still_a_line() -> None:
    text = write("csv", one_column(7, ["", None, "x"]))
    assert list(csv.reader(io.StringIO(text))) == [["c"], [""], [""], ["x"]]


def test_csv_without_header_begins_with_the_rows() -> None:
    assert write("csv/absent", numbers(2)) == "0\r\n1\r\n"


def test_tsv_has_one_line_a_row_and_no_quotes() -> None:
    assert write("tsv", one_column(7, ["a\tb", "c\nd", '"'])) == 'c\na b\nc d\n"\n'


@pytest.mark.parametrize("name", ["csv", "tsv", "text"])
@pytest.mark.parametrize(("maxrec", "sent"), [(0, 0), (3, 3), (7, 7), (8, 7)])
def test_maxrec_limits_the_rows(name: str, maxrec: int, sent: int) -> None:
    assert write(name, numbers(7), maxrec).split() == ["x", *(str(n) for n in range(sent))]


def test_a_failure_among_the_rows_breaks_the_transfer() -> None:
    def failing() -> Iterator[pa.RecordBatch]:
        yield from numbers(2).batches
        raise TransientFault("late")

    pieces = FORMATS["csv"].write(numbers(0).columns, failing(), None, Head())
    with pytest.raises(TransientFault):
        list(pieces)
