"""What an engine executes: a statement, its bound values and what its columns are called."""

from dataclasses import dataclass, replace
from typing import Any, Self

from vo_server.tables import Column


@dataclass(frozen=True, slots=True)
class Statement:
    """One SELECT in the engine's own dialect.

    Attributes
    ----------
    sql : str
        Text with ``$1``, ``$2``, ... where values are bound.
    values : tuple
        The bound values, in the order of their numbers.  PostgreSQL's COPY takes none, so a statement
        without values is read faster.
    columns : tuple of Column
        Metadata of the result's columns, in order; empty where only the database knows.
    """

    sql: str
    values: tuple[Any, ...] = ()
    columns: tuple[Column, ...] = ()

    def limited(self, rows: int) -> Self:
        """The same statement, giving at most ``rows`` rows in the same order."""
        # A sub-query may have two columns of one name and keeps its ORDER BY: PostgreSQL passes the
        # bound down to the sort, so this costs no more than a LIMIT inside.
        return replace(self, sql=f"SELECT * FROM ({self.sql}\n) AS limited LIMIT {int(rows)}")  # noqa: S608 (our own SQL)
