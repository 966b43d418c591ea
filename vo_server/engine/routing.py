"""Which engine answers a query, and all engines of a process as one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from vo_server.engine.explaining import Estimate
from vo_server.engine.holdings import Relation
from vo_server.engine.postgres import PostgresEngine
from vo_server.engine.protocol import FileEngine
from vo_server.engine.result import Result
from vo_server.engine.statement import Snapshot, Statement
from vo_server.engine.uploading import Upload
from vo_server.errors import UsageFault
from vo_server.tables import TEMPORARY

#: Schemas whose tables are read from end to end in files only: PostgreSQL has them by file of the archive.
BULK_SCHEMAS = frozenset({"header"})


class Query(Protocol):
    """A query before its engine is chosen; see `tap.adql.Translation`."""

    @property
    def relations(self) -> frozenset[Relation]:
        """The tables that it reads."""

    @property
    def scanned(self) -> frozenset[Relation]:
        """Those of which it wants more than the rows of a few keys."""

    def statement(self, dialect: str) -> Statement:
        """Its statement in a dialect; `UsageFault` where that has no words for it."""


class Engines:
    """The archive's own engine, which has all tables, and one that has some of them as files.

    Parameters
    ----------
    archive : PostgresEngine
    files : FileEngine, optional
    """

    dialect = PostgresEngine.dialect

    def __init__(self, archive: PostgresEngine, files: FileEngine | None = None) -> None:
        self._archive = archive
        self._files = files

    def wants_files(self, query: Query) -> bool:
        """Whether `choose` has to know which tables there are as files: it may ask the database then."""
        if self._files is None or not any(schema in BULK_SCHEMAS for schema, _ in query.relations):
            return False
        return any(schema in BULK_SCHEMAS for schema, _ in query.scanned)

    def choose(self, query: Query) -> Statement:
        """The statement of a query for the engine that answers it best.

        Files answer what reads a table of `BULK_SCHEMAS` from end to end, where they have all of its tables
        and words for it; all else is PostgreSQL's.
        """
        files = self._files
        if files is not None and self.wants_files(query):
            held = files.tables()
            published = {relation for relation in query.relations if relation[0] != TEMPORARY}
            if published <= held.keys():
                try:
                    statement = query.statement(files.dialect)
                except UsageFault:
                    return query.statement(self.dialect)
                ages = [(".".join(relation), held[relation].fresh_until) for relation in sorted(published)]
                return replace(statement, snapshots=tuple(Snapshot(n, at) for n, at in ages if at))
        return query.statement(self.dialect)

    def _of(self, statement: Statement) -> PostgresEngine | FileEngine:
        if self._files is not None and statement.dialect == self._files.dialect:
            return self._files
        return self._archive

    def execute(
        self,
        statement: Statement,
        *,
        maxrec: int | None = None,
        timeout: float | None = None,
        query_id: str | None = None,
        uploads: Sequence[Upload] = (),
    ) -> Result:
        """Run ``statement`` on the engine of its dialect; see `Engine.execute`."""
        return self._of(statement).execute(
            statement, maxrec=maxrec, timeout=timeout, query_id=query_id, uploads=uploads
        )

    def explain(self, statement: Statement) -> Estimate:
        """What the engine of its dialect expects of a statement."""
        return self._of(statement).explain(statement)

    def cancel(self, query_id: str) -> bool:
        """Stop the query of that name, wherever it runs."""
        return self._archive.cancel(query_id) or (self._files is not None and self._files.cancel(query_id))

    def warm(self, count: int = 4) -> None:
        """Open ``count`` connections of PostgreSQL now."""
        self._archive.warm(count)

    def close(self) -> None:
        """Cancel what runs and close all engines."""
        if self._files is not None:
            self._files.close()
        self._archive.close()
