"""Rows into PostgreSQL by COPY: columns through Arrow to text or binary, no work per value in Python."""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any

import pgpq
import psycopg2
import pyarrow as pa
import pyarrow.csv as csv
import sqlalchemy as sa
from sqlalchemy.sql.type_api import TypeEngine

PIECE = 5_000  #: rows that are written at once
_OPTIONS = csv.WriteOptions(include_header=False, quoting_style="needed")
#: SQLAlchemy's small and large integers are integers, and its double is a float: narrow ones first.
_EXACT: tuple[tuple[type[TypeEngine[Any]], pa.DataType], ...] = (
    (sa.SmallInteger, pa.int16()),
    (sa.BigInteger, pa.int64()),
    (sa.Integer, pa.int32()),
    (sa.REAL, pa.float32()),
)


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


def exact_type(kind: TypeEngine[Any]) -> pa.DataType:
    """The Arrow type that is as wide as ``kind``, as the binary form of COPY wants it; cubes are text."""
    if isinstance(kind, sa.ARRAY):
        return pa.list_(exact_type(kind.item_type))
    for known, arrow in _EXACT:
        if isinstance(kind, known):
            return arrow
    return arrow_type(kind)


class _Stream:
    """Pieces of bytes as a file for COPY; the next one is made while the database reads the last."""

    def __init__(self, pieces: Iterator[memoryview | bytes], pool: ThreadPoolExecutor) -> None:
        self._pieces, self._pool = pieces, pool
        self._waiting = pool.submit(self._next)
        self._rest = memoryview(b"")
        self.failure: BaseException | None = None

    def _next(self) -> memoryview:
        return memoryview(next((piece for piece in self._pieces if len(piece)), b""))

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
    _send(connection, target, pieces, "FORMAT csv", lambda _: _csv)


def copy_frozen(connection: sa.Connection, target: str, pieces: Iterable[pa.Table]) -> None:
    """COPY Arrow tables into ``target``, which this transaction has created, in PostgreSQL's binary form.

    The types must be those of `exact_type`. Rows are written as they stay (COPY, FREEZE): the first queries
    need not mark every one of them as committed, which costs as much as the COPY itself.
    """
    _send(connection, target, pieces, "FORMAT binary, FREEZE", _Binary)


Encoder = Callable[[Iterator[pa.Table]], Iterator[memoryview | bytes]]


def _send(
    connection: sa.Connection,
    target: str,
    pieces: Iterable[pa.Table],
    options: str,
    encoder: Callable[[pa.Schema], Encoder],
) -> None:
    iterator = iter(pieces)
    first = next(iterator, None)
    if first is None:
        return
    names = ", ".join(map(connection.dialect.identifier_preparer.quote_identifier, first.column_names))
    driver = connection.connection.driver_connection
    if driver is None:
        raise sa.exc.InvalidRequestError("the connection is closed")
    encode = encoder(first.schema)
    with ThreadPoolExecutor(1, "copy") as pool, driver.cursor() as cursor:
        source = _Stream(encode(chain((first,), iterator)), pool)
        try:
            cursor.copy_expert(f"COPY {target} ({names}) FROM STDIN ({options})", source, 1 << 18)
        except psycopg2.Error:
            if source.failure is not None:
                raise source.failure from None
            raise


def _csv(pieces: Iterator[pa.Table]) -> Iterator[memoryview]:
    for piece in pieces:
        buffer = io.BytesIO()
        csv.write_csv(piece, buffer, _OPTIONS)
        yield buffer.getbuffer()


class _Binary:
    """Arrow tables of one schema in the binary form of COPY."""

    def __init__(self, schema: pa.Schema) -> None:
        self._encoder = pgpq.ArrowToPostgresBinaryEncoder(schema)

    def __call__(self, pieces: Iterator[pa.Table]) -> Iterator[bytes]:
        yield self._encoder.write_header()
        for piece in pieces:
            for batch in piece.to_batches():
                yield self._encoder.write_batch(batch)
        yield self._encoder.finish()
