"""TAP_SCHEMA, and the documents that it follows from (TAP 1.1, TAP_SCHEMA)."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from vo_server import schemas
from vo_server.archive import SCHEMA_DOCUMENT
from vo_server.tables import Column, Schema, Table


def store_document(connection: sa.Connection, schema: Schema, document: str, position: int) -> None:
    """Store a schema's document and the rows of TAP_SCHEMA that follow from it."""
    statement = insert(SCHEMA_DOCUMENT).values(
        schema_name=schema.name.lower(), document=document, position=position
    )
    statement = statement.on_conflict_do_update(
        index_elements=[SCHEMA_DOCUMENT.c.schema_name],
        set_={"document": statement.excluded.document, "position": position, "updated": sa.func.now()},
        where=SCHEMA_DOCUMENT.c.document != statement.excluded.document,
    )
    connection.execute(statement)
    write_tap_schema(connection, schema, position)


def forget_document(connection: sa.Connection, schema: Schema) -> None:
    """Take a schema's document away, and the rows of TAP_SCHEMA that followed from it."""
    connection.execute(sa.delete(SCHEMA_DOCUMENT).where(SCHEMA_DOCUMENT.c.schema_name == schema.name.lower()))
    _delete_rows(connection, schema)


def write_tap_schema(connection: sa.Connection, schema: Schema, position: int) -> None:
    """Replace what TAP_SCHEMA says about ``schema`` (TAP 1.1, TAP_SCHEMA)."""
    _delete_rows(connection, schema)
    names = _relations()
    rows = {
        names["schemas"]: [_schema_row(schema, position)],
        names["tables"]: [_table_row(schema, table) for table in schema.tables],
        names["columns"]: [
            _column_row(table, column, place)
            for table in schema.tables
            for place, column in enumerate(table.columns, 1)
        ],
        names["keys"]: list(_key_rows(schema)),
        names["key_columns"]: list(_key_column_rows(schema)),
    }
    for table, values in rows.items():
        if values:
            connection.execute(sa.insert(table), values)


def _relations() -> dict[str, sa.Table]:
    tables = schemas.metadata(schemas.builtin()).tables
    parts = ("schemas", "tables", "columns", "keys", "key_columns")
    return {part: tables[f"tap_schema.{part}"] for part in parts}


def _delete_rows(connection: sa.Connection, schema: Schema) -> None:
    names = _relations()
    former = sa.select(names["tables"].c.table_name).where(names["tables"].c.schema_name == schema.name)
    keys = sa.select(names["keys"].c.key_id).where(names["keys"].c.from_table.in_(former))
    for statement in (
        sa.delete(names["key_columns"]).where(names["key_columns"].c.key_id.in_(keys)),
        sa.delete(names["keys"]).where(names["keys"].c.from_table.in_(former)),
        sa.delete(names["columns"]).where(names["columns"].c.table_name.in_(former)),
        sa.delete(names["tables"]).where(names["tables"].c.schema_name == schema.name),
        sa.delete(names["schemas"]).where(names["schemas"].c.schema_name == schema.name),
    ):
        connection.execute(statement)


def _schema_row(schema: Schema, position: int) -> dict[str, object]:
    return {
        "schema_name": schema.name,
        "utype": schema.utype or None,
        "description": schema.description or None,
        "schema_index": position,
    }


def _table_row(schema: Schema, table: Table) -> dict[str, object]:
    return {
        "schema_name": schema.name,
        "table_name": table.name,
        "table_type": "view" if table.is_view else "table",
        "utype": table.utype or None,
        "description": table.description or None,
        "table_index": table.table_index,
    }


def _column_row(table: Table, column: Column, place: int) -> dict[str, object]:
    return {
        "table_name": table.name,
        "column_name": column.identifier,
        "datatype": column.datatype,
        "arraysize": column.arraysize,
        "xtype": column.xtype or None,
        "size": int(column.arraysize) if column.arraysize and column.arraysize.isdigit() else None,
        "description": column.description or None,
        "utype": column.utype or None,
        "unit": column.unit or None,
        "ucd": column.ucd or None,
        "indexed": int(column.indexed),
        "principal": int(column.principal),
        "std": int(column.std),
        "column_index": place,
    }


def _key_rows(schema: Schema) -> Iterable[dict[str, object]]:
    for table in schema.tables:
        for key in table.keys:
            yield {
                "key_id": key.key_id,
                "from_table": table.name,
                "target_table": key.target,
                "description": key.description or None,
                "utype": None,
            }


def _key_column_rows(schema: Schema) -> Iterable[dict[str, object]]:
    for table in schema.tables:
        for key in table.keys:
            for column, target in zip(key.columns, key.target_columns, strict=True):
                yield {"key_id": key.key_id, "from_column": column, "target_column": target}
