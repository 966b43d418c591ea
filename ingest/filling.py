"""Tables that are filled beside those that clients see, and then take their place."""

import secrets
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType
from typing import Protocol

import psycopg2
import pyarrow as pa
import sqlalchemy as sa

from ingest.copy import copy, copy_frozen
from vo_server import schemas
from vo_server.archive import SCHEMA_DOCUMENT
from vo_server.catalog import FILLING
from vo_server.db.locks import holding
from vo_server.errors import UsageFault
from vo_server.progress import Progress, silent
from vo_server.tables import Schema, Table

_PATIENCE = "10s"  #: for a table that somebody still holds when its place is closed


class Owned(Protocol):
    """What has the owner's connections: a database, an archive."""

    @property
    def owner(self) -> sa.Engine:
        """The owner's."""


class Place:
    """A schema of the database for tables that nobody sees yet; closing it drops what is in it.

    Its lock tells other processes that it is in use. A killed process loses the lock, and the next place that
    is opened, by whomever, drops what it left.
    """

    def __init__(self, database: Owned) -> None:
        self.name = f"{FILLING}{secrets.token_hex(6)}"
        self._owner = database.owner
        with ExitStack() as stack:
            stack.enter_context(holding(self._owner, self.name))
            _sweep(self._owner)
            with self._owner.begin() as connection:
                connection.execute(sa.schema.CreateSchema(self.name))
            self._lock = stack.pop_all()

    def relation(self, table: Table) -> sa.Table:
        """``table`` as it is declared here: not yet with its primary key, which `fill` adds to the rows."""
        here = replace(table, name=f"{self.name}.{table.relation[1]}", primary_key=())
        return next(iter(schemas.metadata([Schema(self.name, "", (here,))]).sorted_tables))

    def close(self) -> None:
        """Drop what is left; not inside of a transaction that holds a table of it."""
        with self._lock:
            try:
                with self._owner.begin() as connection:
                    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
                    connection.execute(sa.schema.DropSchema(self.name, cascade=True, if_exists=True))
            except sa.exc.OperationalError as exc:
                if getattr(exc.orig, "pgcode", None) != "55P03":
                    raise  # else it is still held: the next place that is opened drops it

    def __enter__(self) -> "Place":
        """The place itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()


def _sweep(owner: sa.Engine) -> None:
    """Drop what killed processes left behind; it was never seen."""
    published = sa.select(SCHEMA_DOCUMENT.c.schema_name)
    names = sa.select(sa.column("nspname", sa.Text)).select_from(
        sa.table("pg_namespace", schema="pg_catalog")
    )
    with owner.connect() as connection:
        found = connection.scalars(
            names.where(
                sa.column("nspname", sa.Text).startswith(FILLING, autoescape=True),
                sa.column("nspname", sa.Text).not_in(published),
            )
        ).all()
    for name in found:
        with holding(owner, name, wait=False) as is_mine:
            if is_mine:
                with owner.begin() as connection:
                    connection.execute(sa.schema.DropSchema(name, cascade=True, if_exists=True))


def fill(
    connection: sa.Connection,
    relation: sa.Table,
    primary_key: Iterable[str],
    pieces: Iterable[pa.Table],
    named: str,
    progress: Progress = silent,
) -> None:
    """Create ``relation``, COPY the rows, and then make key and indexes, in the caller's transaction.

    An index over rows that are there is sorted by several processes; row by row it takes much longer.
    What the transaction creates needs no write-ahead log where ``wal_level`` is minimal, as in the embedded
    server.

    Parameters
    ----------
    relation : sqlalchemy.Table
        Of `Place.relation`.
    pieces : iterable of pyarrow.Table
        The rows, in the types of `ingest.copy.exact_type`.
    named : str
        What the rows came from, for messages.
    progress : callable, optional
        Called as ``progress(indexes done, indexes, what)``.

    Raises
    ------
    UsageFault
        The database refuses the rows: two of them have the same key, say.
    """
    preparer = connection.dialect.identifier_preparer
    target = preparer.format_table(relation)
    # A cube has a binary form of its own, which Arrow does not know.
    is_plain = not any(isinstance(column.type, schemas.Cube) for column in relation.columns)
    connection.execute(sa.schema.CreateTable(relation))
    try:
        (copy_frozen if is_plain else copy)(connection, target, pieces)
        what, count = f"indexing {relation.name}", len(relation.indexes) + 1
        progress(0, count, what)
        if key := ", ".join(map(preparer.quote, primary_key)):
            connection.exec_driver_sql(f"ALTER TABLE {target} ADD PRIMARY KEY ({key})")
        for done, index in enumerate(sorted(relation.indexes, key=lambda index: str(index.name)), 1):
            progress(done, count, what)
            index.create(connection)
        progress(count, count, what)
    except (psycopg2.Error, sa.exc.IntegrityError) as exc:
        reason = str(getattr(exc, "orig", exc)).strip().splitlines()
        raise UsageFault(f"{named}: {'; '.join(reason[:2])}") from exc
    connection.exec_driver_sql(f"ANALYZE {target}")


def move(connection: sa.Connection, filled: sa.Table, schema: str) -> None:
    """Put a filled table into ``schema``, instead of the one that has its name there."""
    preparer = connection.dialect.identifier_preparer
    name, target = preparer.quote(filled.name), preparer.quote(schema)
    connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {target}.{name}")
    connection.exec_driver_sql(f"ALTER TABLE {preparer.format_table(filled)} SET SCHEMA {target}")
