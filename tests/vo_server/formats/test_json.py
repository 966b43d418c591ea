import json
import math
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given

from tests.vo_server.formats.results import Rows, numbers, results, same_time
from vo_server.errors import TransientFault
from vo_server.formats import FORMATS, Head
from vo_server.tables import Column


def read(result: Rows, maxrec: int | None = None) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    data = b"".join(FORMATS["json"].write(result.columns, result.batches, maxrec, Head()))
    found: dict[str, Any] = json.loads(data, parse_constant=refuse)
    return found


def is_equal(got: Any, wanted: Any) -> bool:
    if isinstance(wanted, datetime):
        return same_time(got, wanted)
    if isinstance(wanted, list):
        return len(got) == len(wanted) and all(map(is_equal, got, wanted))
    if isinstance(wanted, float) and not math.isfinite(wanted):
        return got is None
    if isinstance(wanted, float):
        return bool(got == wanted) or pa.scalar(float(got), pa.float32()).as_py() == wanted
    return type(got) is type(wanted) and bool(got == wanted)


@given(result=results())
def test_the_json_module_reads_back_every_value(result: Rows) -> None:
    answer = read(result)
    assert [column["name"] for column in answer["metadata"]] == [column.name for column in result.columns]
    assert len(answer["data"]) == len(result.rows)
    for got, wanted in zip(answer["data"], result.rows, strict=True):
        assert all(map(is_equal, got, wanted)), (got, wanted)
    assert answer["query_status"] == "OK"


@pytest.mark.parametrize(("maxrec", "status"), [(0, "OVERFLOW"), (6, "OVERFLOW"), (7, "OK"), (8, "OK")])
def test_overflow_is_told_after_the_rows(maxrec: int, status: str) -> None:
    answer = read(numbers(7), maxrec)
    assert (len(answer["data"]), answer["query_status"]) == (min(7, maxrec), status)


def test_a_failure_among_the_rows_is_told_after_them() -> None:
    def failing() -> Iterator[pa.RecordBatch]:
        yield from numbers(2).batches
        raise TransientFault("late")

    data = b"".join(FORMATS["json"].write(numbers(0).columns, failing(), None, Head()))
    assert json.loads(data)["data"] == [[0], [1]]
    assert json.loads(data)["message"] == "TransientFault: late"


def test_metadata_are_those_of_a_field() -> None:
    column = Column("ra", "double", unit="deg", ucd="pos.eq.ra", description='"α"')
    assert read(Rows((column,), (pa.float64(),), (), ()))["metadata"] == [
        {"name": "ra", "datatype": "double", "unit": "deg", "ucd": "pos.eq.ra", "description": '"α"'}
    ]
