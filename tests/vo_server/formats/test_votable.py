import base64
import io
import math
import re
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from astropy.io.votable import parse
from astropy.io.votable.exceptions import VOTableSpecWarning, VOWarning
from hypothesis import given
from lxml import etree

from tests.vo_server.formats.results import KINDS, Rows, numbers, one_column, results, same_time
from tests.xsd import validate
from vo_server.errors import TransientFault, UsageFault
from vo_server.formats import FORMATS, Head, Info, Param, ServiceDescriptor, error_document
from vo_server.tables import Column

SERIALISATIONS = ("votable/b2", "votable/b", "votable/td")
NS = "{http://www.ivoa.net/xml/VOTable/v1.3}"
LINKS = ServiceDescriptor(
    "links",
    "links",
    "http://example.org/links?a=1&b=2",
    "ivo://ivoa.net/std/DataLink#links-1.1",
    (
        Param("ID", ref="OBS_PUBLISHER_DID", ucd="meta.id;meta.main"),
        Param("BAND", "double", "2", "em.wl", "m", minimum="1e-7", maximum="2e-6", xtype="interval"),
        Param("POL", options=("I", "Q"), description="Stokes"),
    ),
    description="What there is <more>",
    content_type="application/x-votable+xml;content=datalink",
)


def write(name: str, result: Rows, maxrec: int | None = None, head: Head | None = None) -> bytes:
    return b"".join(FORMATS[name].write(result.columns, result.batches, maxrec, head or Head()))


def read(document: bytes) -> Any:
    with warnings.catch_warnings():
        # astropy tells that TABLEDATA's char holds more than ASCII; XML does.
        warnings.simplefilter("ignore", VOWarning)
        warnings.simplefilter("ignore", VOTableSpecWarning)
        return parse(io.BytesIO(document)).get_first_table()


def status(document: bytes) -> list[str | None]:
    root = etree.fromstring(document)
    return [info.get("value") for info in root.iter(f"{NS}INFO") if info.get("name") == "QUERY_STATUS"]


def is_equal(column: Column, got: Any, masked: bool, wanted: Any, serialisation: str) -> bool:
    """Whether astropy's value of a cell is the one that was written, as far as the serialisation can tell."""
    if column.xtype == "timestamp":
        return same_time(str(got), wanted)
    if column.is_text:
        text = wanted or ""
        if serialisation == "votable/td":
            text = re.sub("[\x01-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", text)
            # Blanks around a value are no part of a TD for astropy.
            return str(got).strip() == text.strip()
        return str(got) == text
    if column.arraysize is not None:
        values = [] if wanted is None else wanted
        found = np.ma.filled(np.ma.asarray(got, dtype=float), np.nan) if len(got) else np.array([])
        return np.array_equal(np.asarray(found, float), np.asarray(values, float), equal_nan=True)
    if wanted is None:
        return masked
    if isinstance(wanted, float) and math.isnan(wanted):
        return masked or math.isnan(got)
    return bool(got == wanted) and not masked


@pytest.mark.parametrize("serialisation", SERIALISATIONS)
@given(result=results())
def test_astropy_reads_back_every_value(serialisation: str, result: Rows) -> None:
    table = read(write(serialisation, result))
    assert len(table.array) == len(result.rows)
    for n, column in enumerate(result.columns):
        for row, wanted in enumerate(result.rows):
            got = table.array[table.fields[n].ID][row]
            mask = table.array.mask[table.fields[n].ID][row]
            masked = bool(np.all(mask)) if column.arraysize is None else False
            assert is_equal(column, got, masked, wanted[n], serialisation), (column, wanted[n], got)


@pytest.mark.parametrize("serialisation", SERIALISATIONS)
@given(result=results())
def test_documents_follow_the_schema(serialisation: str, result: Rows) -> None:
    assert validate(write(serialisation, result, 5)) == []


@pytest.mark.parametrize("serialisation", SERIALISATIONS)
@pytest.mark.parametrize(
    ("rows", "maxrec", "sent"), [(7, 7, 7), (8, 7, 7), (4, 3, 3), (0, 5, 0), (9, None, 9)]
)
def test_overflow_is_told_after_the_table_and_only_then(
    serialisation: str, rows: int, maxrec: int | None, sent: int
) -> None:
    document = write(serialisation, numbers(rows), maxrec)
    assert list(read(document).array["x"]) == list(range(sent))
    assert status(document) == (["OK"] if sent == rows else ["OK", "OVERFLOW"])
    assert document.find(b'"OK"') < document.find(b"<TABLE")
    if sent < rows:
        assert document.find(b"</TABLE>") < document.find(b"OVERFLOW")


@pytest.mark.parametrize("serialisation", SERIALISATIONS)
def test_maxrec_zero_returns_fields_only_and_an_overflow(serialisation: str) -> None:
    document = write(serialisation, numbers(3), 0)
    table = read(document)
    assert (len(table.array), [field.name for field in table.fields]) == (0, ["x"])
    assert status(document) == ["OK", "OVERFLOW"]


@pytest.mark.parametrize("serialisation", SERIALISATIONS)
def test_a_failure_among_the_rows_is_told_after_the_rows_before_it(serialisation: str) -> None:
    def failing() -> Iterator[pa.RecordBatch]:
        yield from numbers(4).batches
        raise TransientFault("too <late>")

    document = b"".join(FORMATS[serialisation].write(numbers(0).columns, failing(), 100, Head()))
    assert validate(document) == []
    assert list(read(document).array["x"]) == [0, 1, 2, 3]
    assert status(document) == ["OK", "ERROR"]
    assert etree.fromstring(document).findall(f".//{NS}INFO")[-1].text == "TransientFault: too <late>"


def test_binary2_tells_null_from_nan_and_from_empty() -> None:
    columns = (Column("d", "double"), Column("c", "char", "*"))
    batch = pa.RecordBatch.from_arrays(
        [pa.array([None, math.nan], pa.float64()), pa.array([None, ""], pa.string())], names=["d", "c"]
    )
    document = b"".join(FORMATS["votable"].write(columns, [batch], None, Head()))
    stream = etree.fromstring(document).findtext(f".//{NS}STREAM")
    nan = b"\x7f\xf8" + 6 * b"\0"
    assert stream is not None
    assert base64.b64decode(stream) == b"\xc0" + nan + b"\0\0\0\0" + b"\x00" + nan + b"\0\0\0\0"


@pytest.mark.parametrize("serialisation", ["votable/b2", "votable/b"])
def test_char_is_ascii_where_bytes_are_sent_and_unicodechar_is_not(serialisation: str) -> None:
    texts = ["Å ångström", "Größe", "π", "😀"]
    char = read(write(serialisation, one_column(7, texts))).array["c"]
    assert list(char) == ["A angstrom", "Groe".replace("e", "?e"), "?", "?"]
    assert list(read(write(serialisation, one_column(8, texts))).array["n"]) == texts


def test_tabledata_escapes_markup_and_keeps_unicode() -> None:
    texts = ["<&>\"'", "]]>", "Å π 😀", "a\x01b", "a\rb", "\ufffe"]
    document = write("votable/td", one_column(8, texts))
    assert validate(document) == []
    cells = [cell.text for cell in etree.fromstring(document).iter(f"{NS}TD")]
    assert cells == [*texts[:3], "a\ufffdb", "a\rb", "\ufffd"]


def test_fields_have_unique_ids_and_the_declared_metadata() -> None:
    columns = (
        Column("a", "int", unit="m/s", ucd="phys.veloc", utype="x:y", description="a < b\x02"),
        Column("A", "long"),
        Column("a", "double", "2", xtype="point"),
        Column("1 + 1", "char", "8"),
        Column("?column?", "boolean"),
    )
    document = b"".join(FORMATS["votable"].write(columns, [], 5, Head(table_name="t")))
    assert validate(document) == []
    fields = list(etree.fromstring(document).iter(f"{NS}FIELD"))
    assert [field.get("ID") for field in fields] == ["a", "A_2", "a_3", "_1___1", "_column_"]
    assert [field.get("name") for field in fields] == [column.name for column in columns]
    assert dict(fields[0].items()) == {
        "ID": "a", "name": "a", "datatype": "int", "unit": "m/s", "ucd": "phys.veloc", "utype": "x:y",
    }  # fmt: skip
    assert fields[0].findtext(f"{NS}DESCRIPTION") == "a < b\ufffd"
    assert (fields[2].get("arraysize"), fields[2].get("xtype")) == ("2", "point")


def test_a_descriptor_refers_to_the_id_of_its_column() -> None:
    columns = (Column("obs_publisher_did", "char", "*"), Column("links", "int"))
    head = Head((Info("QUERY", "SELECT <1>", "text"),), (LINKS,))
    document = b"".join(FORMATS["votable"].write(columns, [], 5, head))
    assert validate(document) == []
    resource = etree.fromstring(document).findall(f"{NS}RESOURCE")[1]
    assert (resource.get("type"), resource.get("utype")) == ("meta", "adhoc:service")
    assert resource.get("ID") == "links_service"
    params = {str(param.get("name")): param for param in resource.iter(f"{NS}PARAM")}
    assert params["accessURL"].get("value") == LINKS.access_url
    assert params["standardID"].get("value") == LINKS.standard_id
    assert params["ID"].get("ref") == "obs_publisher_did"
    assert [option.get("value") for option in params["POL"].iter(f"{NS}OPTION")] == ["I", "Q"]


def test_a_descriptor_without_its_column_is_left_out() -> None:
    document = b"".join(FORMATS["votable"].write(numbers(0).columns, [], 5, Head(descriptors=(LINKS,))))
    assert b"adhoc:service" not in document


def test_fixed_arrays_have_no_count() -> None:
    column = Column("p", "double", "2", xtype="point")
    batch = pa.RecordBatch.from_arrays([pa.array([[1.0, 2.0], None, [3.0, 4.0]])], names=["p"])
    for serialisation in SERIALISATIONS:
        document = b"".join(FORMATS[serialisation].write([column], [batch], None, Head()))
        assert validate(document) == []
        values = np.ma.filled(read(document).array["p"].astype(float), np.nan)
        np.testing.assert_array_equal(values, [[1, 2], [math.nan, math.nan], [3, 4]])


def test_an_error_document_names_the_fault_and_hides_nothing_of_xml() -> None:
    document = error_document(UsageFault("no table <x> & \x03"), (Info("REQUEST", "a"),))
    assert validate(document) == []
    info = etree.fromstring(document).find(f".//{NS}INFO")
    assert info is not None
    assert (info.get("value"), info.text) == ("ERROR", "UsageFault: no table <x> & \ufffd")


@pytest.mark.debian
@pytest.mark.skipif(
    shutil.which("stilts") is None, reason="STILTS is not installed (.ci/debian.sh installs it)"
)
@pytest.mark.parametrize("serialisation", [*SERIALISATIONS, "error"])
def test_votlint_finds_nothing(serialisation: str, tmp_path: Path) -> None:
    path = tmp_path / "table.vot"
    if serialisation == "error":
        path.write_bytes(error_document(UsageFault("no <such> table")))
    else:
        columns = (*(column for column, _, _ in KINDS), Column("obs_publisher_did", "char", "*"))
        types = (*(kind for _, kind, _ in KINDS), pa.string())
        row = (
            True,
            7,
            -3,
            5,
            2**60,
            math.nan,
            -math.inf,
            "x",
            "é😀",
            None,
            [1.5, math.nan],
            [1],
            "ivo://a/b",
        )
        result = Rows(columns, types, (row, (None,) * len(columns), row), (1,))
        path.write_bytes(write(serialisation, result, 2, Head((Info("QUERY", "q"),), (LINKS,), "t")))
    done = subprocess.run(["stilts", "votlint", str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
