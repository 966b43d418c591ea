"""TAP_SCHEMA says about every table what its document says, itself included."""

import sqlalchemy as sa

from vo_server import schemas
from vo_server.db.tap_schema import write_tap_schema
from vo_server.tables import Catalog

SCHEMAS = (*schemas.builtin(), schemas.instruments.schema())
CATALOG = Catalog(SCHEMAS)
TABLES = schemas.metadata(schemas.builtin()).tables


def test_every_table_and_column_is_told(connection: sa.Connection) -> None:
    rows = connection.execute(sa.select(TABLES["tap_schema.columns"])).mappings().all()
    told = {(row["table_name"], row["column_name"]): row for row in rows}
    wanted = {(table.name, column.identifier): column for table in CATALOG.tables for column in table.columns}
    assert wanted.keys() <= told.keys()
    for name, column in wanted.items():
        row = told[name]
        assert (row["datatype"], row["arraysize"]) == (column.datatype, column.arraysize)
        assert (row["unit"] or "", row["ucd"] or "", row["utype"] or "") == (
            column.unit,
            column.ucd,
            column.utype,
        )
        assert (row["xtype"] or "", row["principal"]) == (column.xtype, int(column.principal))


def test_tables_are_named_as_queries_spell_them(connection: sa.Connection) -> None:
    tables = TABLES["tap_schema.tables"].c
    names = set(connection.scalars(sa.select(tables.table_name)))
    assert {"ivoa.ObsCore", "dbo.raw", "header.keyword", "tap_schema.key_columns"} <= names


def test_indexed_columns_have_an_index(connection: sa.Connection) -> None:
    columns = TABLES["tap_schema.columns"].c
    indexed = connection.execute(
        sa.select(columns.table_name, columns.column_name).where(
            columns.indexed == 1, columns.table_name.in_(["ivoa.ObsCore", "dbo.raw"])
        )
    )
    for table, column in indexed:
        relation = TABLES[table.lower()]
        text = " ".join(str(expression) for index in relation.indexes for expression in index.expressions)
        text += " ".join(str(key) for key in relation.primary_key)
        text += " s_region" if "s_box" in text else ""
        assert column in text, f"{table}.{column}"


def test_relations_lead_to_columns_that_exist(connection: sa.Connection) -> None:
    keys, pairs = TABLES["tap_schema.keys"], TABLES["tap_schema.key_columns"]
    rows = connection.execute(sa.select(keys, pairs).join(pairs, keys.c.key_id == pairs.c.key_id)).all()
    assert {row.key_id for row in rows} >= {"header.keyword_raw", "tap_schema.columns_table"}
    for row in rows:
        source, target = CATALOG.table(row.from_table), CATALOG.table(row.target_table)
        assert source is not None
        assert target is not None
        assert row.from_column in source.by_name
        assert row.target_column in target.by_name


def test_writing_again_leaves_one_row_each(connection: sa.Connection) -> None:
    def count() -> list[int | None]:
        names = ("schemas", "tables", "columns", "keys", "key_columns")
        tables = [TABLES[f"tap_schema.{name}"] for name in names]
        return [connection.scalar(sa.select(sa.func.count()).select_from(table)) for table in tables]

    before = count()
    for position, schema in enumerate(SCHEMAS, 1):
        write_tap_schema(connection, schema, position)
    assert count() == before
