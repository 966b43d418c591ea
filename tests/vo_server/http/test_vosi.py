"""What services tell about themselves is valid, whatever the tables are called."""

from datetime import UTC, datetime, timedelta, timezone

import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from starlette.testclient import TestClient

from tests.xsd import validate
from vo_server import capabilities, schemas
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.http import vosi
from vo_server.tables import Catalog, Column, ForeignKey, Schema, Table

CATALOG = Catalog(tuple(schemas.builtin()))
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
DATATYPES = st.sampled_from(["boolean", "short", "int", "long", "float", "double", "char", "unicodeChar"])

columns = st.builds(
    Column,
    name=TEXT.filter(bool),
    datatype=DATATYPES,
    arraysize=st.sampled_from([None, "*", "3", "2x*"]),
    unit=TEXT,
    ucd=TEXT,
    utype=TEXT,
    description=TEXT,
    std=st.booleans(),
    indexed=st.booleans(),
    nullable=st.booleans(),
)


def test_the_built_in_tables_are_described_completely() -> None:
    document = vosi.tableset(CATALOG)
    assert validate(document) == []
    root = etree.fromstring(document)
    assert len(root.findall(".//table")) == len(list(CATALOG.tables))
    assert len(root.findall(".//column")) == sum(len(table.columns) for table in CATALOG.tables)


@given(st.lists(columns, max_size=4), TEXT)
def test_any_table_is_valid(items: list[Column], description: str) -> None:
    key = ForeignKey("k", ("a", "b"), "s.other", ("c", "d"), description)
    table = Table("s.t", description, tuple(items), keys=(key,))
    assert validate(vosi.single_table(table)) == []
    catalog = Catalog((Schema("s", description, (table,)),))
    assert validate(vosi.tableset(catalog)) == []
    assert validate(vosi.tableset(catalog, with_columns=False)) == []


def test_tables_tell_about_how_many_rows_they_have(client: TestClient, database: Database) -> None:
    with database.owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE tap_schema.tables"))
        counted = connection.scalar(sa.text("SELECT count(*) FROM tap_schema.tables"))
    for path in ("/tap/tables", "/tap/tables?detail=min", "/tap/tables/tap_schema.tables"):
        answer = client.get(path)
        assert validate(answer.content) == []
        rows = {
            table.findtext("name"): table.findtext("nrows")
            for table in etree.fromstring(answer.content).iter()
            if table.findtext("name") is not None
        }
        assert rows["TAP_SCHEMA.tables" if "TAP_SCHEMA.tables" in rows else "tap_schema.tables"] == str(
            counted
        )
    assert client.get("/tap/tables?detail=most").status_code == 400


def test_a_name_that_needs_quotes_has_them() -> None:
    document = vosi.single_table(Table("s.t", "", (Column("size", "int", delimited=True),)))
    assert b'<name>"size"</name>' in document


def test_capabilities_with_every_part_are_valid() -> None:
    interface = capabilities.Interface(
        "/x/query",
        version="1.0",
        result_type="application/x-votable+xml",
        parameters=(capabilities.Parameter("ID", "which", ucd="meta.id", use="required"),),
    )
    items = (
        *capabilities.standard_capabilities("/x", has_tables=True),
        capabilities.Capability("ivo://ivoa.net/std/DataLink#links-1.1", (interface,)),
    )
    settings = Settings.model_validate({"base_url": "https://archive.example/vo/"})
    document = vosi.capabilities(items, settings)
    assert validate(document) == []
    urls = [url.text for url in etree.fromstring(document).iter("accessURL")]
    assert "https://archive.example/vo/x/capabilities" in urls


def test_availability_is_in_utc() -> None:
    when = datetime(2026, 1, 1, 2, 0, tzinfo=timezone(timedelta(hours=2)))
    document = vosi.availability(available=False, up_since=when, note="broken & down")
    assert validate(document) == []
    assert b"2026-01-01T00:00:00Z" in document
    assert when.astimezone(UTC).hour == 0
