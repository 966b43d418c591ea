"""Rows into PostgreSQL by COPY: columns through Arrow to CSV, no work per value in Python."""

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv
import sqlalchemy as sa
from sqlalchemy.sql.type_api import TypeEngine

_OPTIONS = csv.WriteOptions(include_header=False, quoting_style="needed")


def arrow_type(kind: TypeEngine[Any]) -> pa.DataType:
    """The Arrow type whose CSV text PostgreSQL reads as ``kind``; arrays and cubes are text already."""
    if isinstance(kind, sa.Boolean):
        return pa.bool_()
    if isinstance(kind, sa.Integer):
        return pa.int64()
    if isinstance(kind, sa.Float):
        return pa.float64()
    if isinstance(kind, sa.DateTime):
        return pa.timestamp("us", tz="UTC" if kind.timezone else None)
    return pa.string()


def to_arrow(table: sa.Table, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """``columns`` of ``rows`` as an Arrow table, null where a row has no such key."""
    arrays = [pa.array([row.get(name) for row in rows], arrow_type(table.c[name].type)) for name in columns]
    return pa.Table.from_arrays(arrays, names=list(columns))


def copy(connection: sa.Connection, target: str, batches: pa.Table | Iterable[pa.RecordBatch]) -> None:
    """COPY Arrow data into ``target`` (a quoted name), columns by their names.

    Strings are written in quotes, so that an empty one is no null.
    """
    table = batches if isinstance(batches, pa.Table) else pa.Table.from_batches(batches)
    if not table.num_rows:
        return
    buffer = io.BytesIO()
    csv.write_csv(table, buffer, _OPTIONS)
    buffer.seek(0)
    names = ", ".join(f'"{name}"' for name in table.column_names)
    driver = connection.connection.driver_connection
    if driver is None:
        raise sa.exc.InvalidRequestError("the connection is closed")
    with driver.cursor() as cursor:
        cursor.copy_expert(f"COPY {target} ({names}) FROM STDIN (FORMAT csv)", buffer)
