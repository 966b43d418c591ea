"""The views ``ist.<instrument>`` and the tables behind them (`vo_server.schemas.instruments`)."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from vo_server import schemas
from vo_server.schemas import instruments


def ensure(connection: sa.Connection) -> None:
    """Make what is missing, inside the caller's transaction; what a table has stays.

    A keyword that is declared later becomes a new column, null until files are read again.
    """
    metadata = instruments.metadata()
    metadata.create_all(connection, checkfirst=True)
    inspector = sa.inspect(connection)
    for relation in metadata.sorted_tables:
        known = {column["name"] for column in inspector.get_columns(relation.name, instruments.STORED)}
        for column in relation.columns:
            if column.name not in known:
                _add_column(connection, relation, column)
        for index in relation.indexes:
            index.create(connection, checkfirst=True)
    raw = schemas.metadata(schemas.builtin()).tables["dbo.raw"]
    for instrument in instruments.instruments():
        _ensure_view(connection, instrument, raw)


def _add_column(connection: sa.Connection, relation: sa.Table, column: sa.Column[object]) -> None:
    dialect = connection.dialect
    kind = column.type.compile(dialect)
    name = dialect.identifier_preparer.quote(column.name)
    connection.exec_driver_sql(f"ALTER TABLE {relation.schema}.{relation.name} ADD COLUMN {name} {kind}")


def _ensure_view(connection: sa.Connection, instrument: instruments.Instrument, raw: sa.Table) -> None:
    """Make the view, or make it again when it has other columns than declared."""
    statement = instruments.view(instrument, raw)
    wanted = [column.name for column in statement.selected_columns]
    found = sa.text(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = :schema AND table_name = :name ORDER BY ordinal_position"
    )
    names = {"schema": instruments.SCHEMA, "name": instrument.name}
    if connection.scalars(found, names).all() == wanted:
        return
    name = f"{instruments.SCHEMA}.{instrument.name}"
    text = statement.compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
    connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")
    connection.exec_driver_sql(f"CREATE VIEW {name} AS {text}")
