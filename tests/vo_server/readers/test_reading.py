"""Files of every format, read with their values and their metadata."""

import gzip
import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from astropy.io import votable
from astropy.table import MaskedColumn, Table

from vo_server.errors import UsageFault
from vo_server.readers import Limits, ReadTable, read_table

LIMITS = Limits(10_000_000, 1000)
VALUES: dict[str, list[Any]] = {
    "id": [1, -(2**63), 2**63 - 1],
    "ra": [10.5, float("nan"), -1e300],
    "name": ['a <b> & "c"', "ü – 星", "x"],
    "flag": [5, None, -7],
}


def table(*, null: bool = True) -> Table:
    """With units, UCDs, descriptions and a null, which BINARY has no way to write for integers."""
    made = Table(
        {
            "id": np.array(VALUES["id"], "i8"),
            "ra": np.array(VALUES["ra"], "f8"),
            "name": np.array(VALUES["name"]),
            "flag": MaskedColumn([5, 0, -7], mask=[False, null, False], dtype="i4"),
        }
    )
    made["ra"].unit = "deg"
    made["ra"].meta["ucd"] = "pos.eq.ra;meta.main"
    made["ra"].description = "Right ascension"
    return made


def read(tmp_path: Path, content: bytes, media_type: str | None = None) -> ReadTable:
    path = tmp_path / "table"
    path.write_bytes(content)
    return read_table(path, media_type, LIMITS)


def written(form: str, *, null: bool = True, **options: Any) -> bytes:
    sink = io.BytesIO()
    table(null=null).write(sink, format=form, **options)
    return sink.getvalue()


def assert_values(found: ReadTable, *, null: bool = True) -> None:
    columns = dict(zip((c.name for c in found.columns), found.data.columns, strict=True))
    assert columns["id"].to_pylist() == VALUES["id"]
    np.testing.assert_array_equal(columns["ra"].to_numpy(), VALUES["ra"])
    assert columns["name"].to_pylist() == VALUES["name"]
    assert columns["flag"].to_pylist() == (VALUES["flag"] if null else [5, 0, -7])


@pytest.mark.parametrize("serialisation", ["tabledata", "binary", "binary2"])
@pytest.mark.parametrize("packed", [False, True])
def test_votable(tmp_path: Path, serialisation: str, packed: bool) -> None:
    null = serialisation != "binary"
    content = written("votable", null=null, tabledata_format=serialisation)
    found = read(tmp_path, gzip.compress(content) if packed else content)
    assert_values(found, null=null)
    ra = found.columns[1]
    assert (ra.unit, ra.ucd, ra.description) == ("deg", "pos.eq.ra;meta.main", "Right ascension")
    assert [c.datatype for c in found.columns] == ["long", "double", "unicodeChar", "int"]


@pytest.mark.parametrize("version", ["1.1", "1.2", "1.3", "1.4", "1.5"])
def test_versions_of_votable(tmp_path: Path, version: str) -> None:
    document = votable.from_table(table(null=False))
    document.version = version
    sink = io.BytesIO()
    document.to_xml(sink, tabledata_format="binary" if version < "1.3" else "tabledata")
    assert read(tmp_path, sink.getvalue()).data.num_rows == 3


def test_fits(tmp_path: Path) -> None:
    made = table()
    made["name"] = ["a", "bc", "x"]
    sink = io.BytesIO()
    made.write(sink, format="fits")
    found = read(tmp_path, sink.getvalue())
    assert found.data.column(0).to_pylist() == VALUES["id"]
    assert found.data.column(2).to_pylist() == ["a", "bc", "x"]
    assert found.data.column(3).to_pylist() == VALUES["flag"]
    assert found.columns[1].unit == "deg"


def test_csv_and_tsv(tmp_path: Path) -> None:
    text = 'id,ra,name,flag\n1,10.5,"a, b",5\n2,,é,\n'
    found = read(tmp_path, text.encode())
    assert found.data.to_pydict() == {
        "id": [1, 2], "ra": [10.5, None], "name": ["a, b", "é"], "flag": [5, None]
    }  # fmt: skip
    tabs = read(tmp_path, b"a\tb\n1\tx,y\n", "text/tab-separated-values")
    assert tabs.data.to_pydict() == {"a": [1], "b": ["x,y"]}


def test_parquet(tmp_path: Path) -> None:
    sink = io.BytesIO()
    data = pa.table({"a": pa.array([1, None], pa.uint64()), "b": pa.array([[1.5, 2], None])})
    parquet.write_table(data, sink)
    found = read(tmp_path, sink.getvalue())
    assert found.data.to_pydict() == {"a": [1.0, None], "b": [[1.5, 2.0], None]}
    assert [(c.datatype, c.arraysize) for c in found.columns] == [("double", None), ("double", "*")]


def test_arrays_and_booleans_of_votable(tmp_path: Path) -> None:
    made = Table({"v": np.array([[1.5, 2], [3, 4]]), "t": [True, False], "when": ["2020-01-01T00:00:00", ""]})
    sink = io.BytesIO()
    made.write(sink, format="votable")
    found = read(tmp_path, sink.getvalue())
    assert found.data.column(0).to_pylist() == [[1.5, 2.0], [3.0, 4.0]]
    assert found.data.column(1).to_pylist() == [True, False]


def test_times_are_times_and_other_texts_are_not(tmp_path: Path) -> None:
    field = '<FIELD name="t" datatype="char" arraysize="*" xtype="timestamp"/>'
    found = read(tmp_path, document(field, "<TR><TD>2020-02-29T12:00:00.5Z</TD></TR><TR><TD/></TR>"))
    assert [None if t is None else t.isoformat() for t in found.data.column(0).to_pylist()] == [
        "2020-02-29T12:00:00.500000", None
    ]  # fmt: skip
    assert found.columns[0].xtype == "timestamp"
    vague = read(tmp_path, document(field, "<TR><TD>yesterday</TD></TR>"))
    assert (vague.data.column(0).to_pylist(), vague.columns[0].xtype) == (["yesterday"], "")


def document(fields: str = '<FIELD name="a" datatype="int"/>', data: str = "<TR><TD>1</TD></TR>") -> bytes:
    return (
        '<?xml version="1.0"?><VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE>'
        f"<TABLE>{fields}<DATA><TABLEDATA>{data}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
    ).encode()


@pytest.mark.parametrize(
    ("datatype", "cell", "value"),
    [
        ("int", " 12 ", 12), ("int", "0x1F", 31), ("int", "", None), ("double", "+Inf", float("inf")),
        ("double", "NaN", None), ("double", "", None), ("short", "-3", -3), ("unsignedByte", "255", 255),
        ("boolean", "T", True), ("boolean", "", None), ("long", "9223372036854775807", 2**63 - 1),
    ],
)  # fmt: skip
def test_cells_of_tabledata(tmp_path: Path, datatype: str, cell: str, value: object) -> None:
    content = document(f'<FIELD name="a" datatype="{datatype}"/>', f"<TR><TD>{cell}</TD></TR>")
    found = read(tmp_path, content).data.column(0).to_pylist()
    # NULL and NaN are the same for a floating point cell.
    assert [None if item != item else item for item in found] == [value]


def test_a_row_with_too_few_cells_is_not_shifted(tmp_path: Path) -> None:
    fields = '<FIELD name="a" datatype="int"/><FIELD name="b" datatype="int"/>'
    rows = "<TR><TD>1</TD><TD>2</TD></TR><TR><TD>3</TD></TR>"
    with pytest.raises(UsageFault, match=r"fewer columns \(1\) than"):
        read(tmp_path, document(fields, rows))


def test_a_cell_may_speak_of_streams(tmp_path: Path) -> None:
    field = '<FIELD name="a" datatype="char" arraysize="*"/>'
    found = read(tmp_path, document(field, "<TR><TD>video:stream href=x</TD></TR>"))
    assert found.data.column(0).to_pylist() == ["video:stream href=x"]


ENTITY = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
LAUGHS = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
STREAM = '<VOTABLE><RESOURCE><TABLE><FIELD name="a" datatype="int"/><DATA><BINARY><STREAM x=">"\n href="{}"/>'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (ENTITY.encode() + document()[21:], "DTD"),
        (LAUGHS.encode() + document()[21:], "DTD"),
        (STREAM.format("file:///etc/passwd").encode(), "STREAM"),
        (STREAM.format("http://127.0.0.1/x").encode(), "STREAM"),
        (STREAM.format("x").replace("x=", "HREF =").encode(), "STREAM"),
        (STREAM.format("x").replace("STREAM", "p" * 60 + ":STREAM").encode(), "STREAM"),
        (b"<VOTABLE>" + b"<STREAM " * 100_000, "does not end"),
        (b"<VOTABLE>" + b"<STREAM/>" * 101, "too many"),
        (document().decode().encode("utf-16-le"), "UTF-16"),
        (document(data="<TR><TD>1</TD></TR>")[:-10] + b"<RESOURCE>" * 5000, "cannot be read"),
        (b"<a>" * 100, "inside each other"),
        (b"<VOTABLE><RESOURCE>", "cannot be read"),
        (b"<html><body>no</body></html>", "cannot be read|no table"),
        (b'<?xml version="1.0" encoding="UTF-7"?><VOTABLE/>', "UTF-8"),
        (gzip.compress(b"A" * 20_000_000), "unpacked"),
        (gzip.compress(document())[:50], "ends too early"),
        (b"\x1f\x8bnot gzip", "gzip"),
        (b"", "empty"),
        (b"\x00\x01\x02\xff" * 100, "no format|cannot be read"),
        (b"SIMPLE  =" + b"x" * 500, "FITS"),
        (b"PAR1" + b"x" * 500, "Parquet"),
        (b"a,a\n1,2\n", "two columns"),
        (b"a,A\n1,2\n", "two columns"),
        (b"a,\n1,2\n", "column 2"),
        (b'"a""b",c\n1,2\n', "quotes"),
        (("x" * 70).encode() + b"\n1\n", "longer than"),
        (b"a,b\n1,2,3\n", "cannot be read as CSV"),
        (b"a\n" + b"1\n" * 1001, "at most 1000"),
    ],
    ids=range(28),
)
def test_what_cannot_be_read_is_said(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(UsageFault, match=words):
        read(tmp_path, content)


def test_a_parquet_file_of_too_many_rows_is_not_unpacked(tmp_path: Path) -> None:
    sink = io.BytesIO()
    parquet.write_table(pa.table({"a": np.zeros(5_000_000)}), sink)
    with pytest.raises(UsageFault, match="5000000 rows"):
        read(tmp_path, sink.getvalue())
