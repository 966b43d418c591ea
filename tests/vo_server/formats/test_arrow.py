import io
import math
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io.votable import parse
from hypothesis import given

from tests.vo_server.formats.results import Rows, numbers, results
from tests.xsd import validate
from vo_server.formats import FORMATS, Head
from vo_server.tables import Column

CONTENT = b"IVOA.VOTable-Parquet.content"


def write(name: str, result: Rows, maxrec: int | None = None) -> bytes:
    return b"".join(FORMATS[name].write(result.columns, result.batches, maxrec, Head()))


def read(name: str, data: bytes) -> pa.Table:
    if name == "parquet":
        # One file, not a data set: column names are then free.
        return pq.ParquetFile(io.BytesIO(data)).read()
    return pa.ipc.open_stream(data).read_all()


def same(got: Any, wanted: Any) -> bool:
    if isinstance(wanted, list):
        return got is not None and len(got) == len(wanted) and all(map(same, got, wanted))
    if isinstance(wanted, float) and math.isnan(wanted):
        return isinstance(got, float) and math.isnan(got)
    return bool(got == wanted)


@pytest.mark.parametrize("name", ["parquet", "arrow"])
@given(result=results())
def test_pyarrow_reads_back_every_value(name: str, result: Rows) -> None:
    table = read(name, write(name, result))
    assert table.column_names == [column.name for column in result.columns]
    for n in range(len(result.columns)):
        assert all(map(same, table.column(n).to_pylist(), [row[n] for row in result.rows]))
        assert table.num_rows == len(result.rows)


@pytest.mark.parametrize(("maxrec", "status"), [(0, "OVERFLOW"), (6, "OVERFLOW"), (7, "OK"), (8, "OK")])
def test_parquet_tells_fields_and_overflow_in_its_votable(maxrec: int, status: str) -> None:
    result = Rows((Column("x", "int", unit="m", ucd="meta.number"),), (pa.int32(),), numbers(7).rows, (3,))
    data = write("parquet", result, maxrec)
    metadata = pq.read_metadata(io.BytesIO(data)).metadata
    assert metadata[b"IVOA.VOTable-Parquet.version"] == b"1.0"
    assert validate(metadata[CONTENT]) == []
    votable = parse(io.BytesIO(metadata[CONTENT]))
    field = votable.get_first_table().fields[0]
    assert (field.name, str(field.unit), field.ucd) == ("x", "m", "meta.number")
    assert votable.resources[0].infos[0].value == status
    assert read("parquet", data).num_rows == min(maxrec, 7)


@pytest.mark.parametrize(("maxrec", "is_overflow"), [(0, True), (6, True), (7, False), (8, False)])
def test_arrow_tells_an_overflow_with_its_last_batch(maxrec: int, is_overflow: bool) -> None:
    reader = pa.ipc.open_stream(write("arrow", numbers(7), maxrec))
    assert validate(reader.schema.metadata[CONTENT]) == []
    metadata = [batch.custom_metadata for batch in reader.iter_batches_with_custom_metadata()]
    assert any(item and item[b"QUERY_STATUS"] == b"OVERFLOW" for item in metadata) == is_overflow


def test_columns_of_one_name_get_unique_ones() -> None:
    columns = (Column("a", "int"), Column("a", "int"))
    result = Rows(columns, (pa.int32(), pa.int32()), ((1, 2),), ())
    for name in ("parquet", "arrow"):
        assert read(name, write(name, result)).to_pylist() == [{"a": 1, "a_2": 2}]
