"""Runs translated queries on the test database."""

from typing import Any

import sqlalchemy as sa

from tap.adql import translate
from vo_server.tables import Catalog


def run(query: str, catalog: Catalog, connection: sa.Connection) -> list[Any]:
    """The rows of a query; of rows with one column, its values."""
    rows = execute(connection, translate(query, catalog).sql).fetchall()
    return [row[0] if len(row) == 1 else tuple(row) for row in rows]


def execute(connection: sa.Connection, sql: str) -> sa.CursorResult[Any]:
    """The result of SQL without parameters, whatever percent signs it has."""
    return connection.exec_driver_sql(sql.replace("%", "%%"))
