"""What an engine executes: a statement, its bound values and what its columns are called."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self, cast

from sqlalchemy import Dialect, Select
from sqlalchemy.dialects.postgresql import asyncpg

from vo_server.tables import Column


@dataclass(frozen=True, slots=True)
class ZoneIndex:
    """An index by declination zones and right ascension that a table which comes with a query should have."""

    table: str
    ra: str
    dec: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A table that is read from files, and the instant (UTC) up to which these have what the archive had."""

    table: str
    fresh_until: datetime


@dataclass(frozen=True, slots=True)
class Statement:
    """One SELECT in the engine's own dialect.

    Attributes
    ----------
    sql : str
        Text with ``$1``, ``$2``, ... where values are bound.
    values : tuple
        The bound values, in the order of their numbers.  PostgreSQL's COPY takes none, so a statement
        without values is read about twice as fast.
    columns : tuple of Column
        Metadata of the result's columns, in order; empty where only the database knows.
    zones : tuple of ZoneIndex
        Indexes that the tables which come with it should have.
    dialect : str
        That of ``sql``, by a name of `tap.adql.dialects`; the engine that speaks it runs the statement.
    snapshots : tuple of Snapshot
        Its tables that are read from files.
    relations : frozenset
        The tables that it reads, schema and name in the database; empty where that is not known.
    """

    sql: str
    values: tuple[Any, ...] = ()
    columns: tuple[Column, ...] = ()
    zones: tuple[ZoneIndex, ...] = ()
    dialect: str = "postgresql"
    snapshots: tuple[Snapshot, ...] = ()
    relations: frozenset[tuple[str, str]] = frozenset()

    def limited(self, rows: int) -> Self:
        """The same statement, giving at most ``rows`` rows in the same order."""
        # A sub-query may have two columns of one name and keeps its ORDER BY: PostgreSQL passes the
        # bound down to the sort, so this costs no more than a LIMIT inside.
        return replace(self, sql=f"SELECT * FROM ({self.sql}\n) AS limited LIMIT {int(rows)}")  # noqa: S608 (our own SQL)


def from_select(select: Select[Any], columns: Sequence[Column] = ()) -> Statement:
    """A SQLAlchemy SELECT as a statement with bound values; ``columns`` describe its columns in order."""
    # This dialect numbers the values ($1, ...) and writes a cast beside each, so that the driver's idea
    # of a value's type does not matter.
    dialect: Dialect = asyncpg.dialect()  # type: ignore[no-untyped-call]
    compiled = select.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    processors = cast("dict[str, Callable[[Any], Any]]", compiled._bind_processors)
    values = tuple(
        processors[name](compiled.params[name]) if name in processors else compiled.params[name]
        for name in compiled.positiontup or ()
    )
    return Statement(str(compiled), values, tuple(columns))
