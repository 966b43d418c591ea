"""SQLAlchemy tables: the names of the database, the hidden columns and their indexes."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from vo_server import schemas

METADATA = schemas.metadata(schemas.builtin())


def ddl(element: sa.schema.ExecutableDDLElement) -> str:
    """PostgreSQL's DDL on one line."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    return " ".join(str(element.compile(dialect=dialect)).split())


def test_tables_have_lower_case_names() -> None:
    assert {"ivoa.obscore", "dbo.raw", "tap_schema.columns"} <= set(METADATA.tables)


def test_hidden_columns_lie_beside_points_and_regions() -> None:
    text = ddl(CreateTable(METADATA.tables["ivoa.obscore"]))
    assert "hpx BIGINT" in text
    assert "s_shape DOUBLE PRECISION[]" in text
    assert "s_box cube" in text


def test_clients_do_not_see_hidden_columns() -> None:
    table = schemas.builtin()[0].tables[0]
    assert not {"hpx", "s_shape", "s_box"} & set(table.by_name)


def test_points_and_regions_are_indexed() -> None:
    found = {ddl(CreateIndex(index)) for index in METADATA.tables["dbo.raw"].indexes}
    assert "CREATE INDEX raw_hpx ON dbo.raw (hpx)" in found
    assert "CREATE INDEX raw_hpx_zone ON dbo.raw (CAST(floor(dec * 60) AS INTEGER), ra)" in found
    assert "CREATE INDEX raw_s_box ON dbo.raw USING gist (s_box)" in found


def test_instants_and_numbers_have_their_types() -> None:
    columns = METADATA.tables["dbo.raw"].c
    assert isinstance(columns.exp_start.type, sa.TIMESTAMP)
    assert not columns.exp_start.type.timezone
    assert isinstance(columns.date_obs.type, sa.Text)
    assert isinstance(columns.det_dit.type, sa.REAL)
    assert isinstance(columns.dec.type, sa.Double)
    assert isinstance(columns.period.type, sa.SmallInteger)
    assert columns.dp_id.primary_key


def test_views_are_no_tables_unless_they_are_asked_for() -> None:
    assert "header.keyword" not in METADATA.tables
    assert "header.keyword" in schemas.metadata(schemas.builtin(), views=True).tables
