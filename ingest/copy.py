"""Rows into PostgreSQL by COPY: columns through Arrow to CSV, no work per value in Python."""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any

import psycopg2
import pyarrow as pa
import pyarrow.csv as csv
import sqlalchemy as sa
from sqlalchemy.sql.type_api import TypeEngine

PIECE = 5_000  #: rows that are written at once
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


class _Csv:
    """Arrow data as a file of CSV for COPY; the next piece is made while the database reads the last."""

    def __init__(self, pieces: Iterator[pa.Table], pool: ThreadPoolExecutor) -> None:
        self._pieces, self._pool = pieces, pool
        self._waiting = pool.submit(self._next)
        self._rest = memoryview(b"")
        self.failure: BaseException | None = None

    def _next(self) -> memoryview:
        for piece in self._pieces:
            if piece.num_rows:
                buffer = io.BytesIO()
                csv.write_csv(piece, buffer, _OPTIONS)
                return buffer.getbuffer()
        return memoryview(b"")

    def read(self, size: int) -> bytes:
        """The next bytes, at most ``size``; none at the end."""
        if not self._rest:
            try:
                self._rest = self._waiting.result()
            except BaseException as exc:
                # The driver turns what is raised here into an error of its own.
                self.failure = exc
                raise
            if self._rest:
                self._waiting = self._pool.submit(self._next)
        data, self._rest = self._rest[:size], self._rest[size:]
        return bytes(data)


def copy(connection: sa.Connection, target: str, pieces: pa.Table | Iterable[pa.Table]) -> None:
    """COPY Arrow tables of one schema into ``target`` (a quoted name), columns by their names.

    Strings are written in quotes, so that an empty one is no null. What ``pieces`` raises is raised.
    """
    if isinstance(pieces, pa.Table):
        pieces = [pieces.slice(start, PIECE) for start in range(0, pieces.num_rows, PIECE)]
    iterator = iter(pieces)
    first = next(iterator, None)
    if first is None:
        return
    names = ", ".join(f'"{name}"' for name in first.column_names)
    driver = connection.connection.driver_connection
    if driver is None:
        raise sa.exc.InvalidRequestError("the connection is closed")
    with ThreadPoolExecutor(1, "copy") as pool, driver.cursor() as cursor:
        source = _Csv(chain((first,), iterator), pool)
        try:
            cursor.copy_expert(f"COPY {target} ({names}) FROM STDIN (FORMAT csv)", source, 1 << 18)
        except psycopg2.Error:
            if source.failure is not None:
                raise source.failure from None
            raise
