"""DuckDB as an engine for many threads at once."""

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb

from vo_server.engine.conform import conform_schema
from vo_server.engine.duck.explaining import explain
from vo_server.engine.duck.faults import translate_failure
from vo_server.engine.duck.locked import Limits, open_locked
from vo_server.engine.duck.reading import DRIVER_ERRORS, DuckReading
from vo_server.engine.explaining import Estimate
from vo_server.engine.holdings import Holding, Relation, Tables
from vo_server.engine.lanes import Lanes
from vo_server.engine.reading import Cancellation
from vo_server.engine.result import Result
from vo_server.engine.running import Running
from vo_server.engine.statement import Statement
from vo_server.engine.uploading import Upload
from vo_server.errors import UsageFault


class DuckEngine:
    """Executes statements over the tables that there are as Parquet files.

    The database is made at the first use. A query sees the files that are listed when it begins; they stay
    for longer than any query runs (`vo_server.snapshots`).

    Parameters
    ----------
    tables : Tables
        Knows the files.
    readable : Path
        The directory below which they are.
    temporary : Path
        A directory for what does not fit into memory.
    running : int
        The most short statements at a time, and the most long ones beside them.
    timeout : float or None
        Seconds that a statement may run where `execute` is given no other limit.
    wait : float
        Seconds that a statement may wait for its turn.
    """

    dialect = "duckdb"

    def __init__(
        self,
        tables: Tables,
        readable: Path,
        temporary: Path,
        *,
        limits: Limits | None = None,
        running: int = 2,
        timeout: float | None = 60.0,
        wait: float = 30.0,
    ) -> None:
        self._known = tables
        self._places = readable, temporary
        self._limits = limits or Limits()
        self._timeout = timeout
        self._running = Running(Lanes(running, running, wait))
        self._lock = threading.Lock()
        self._database: duckdb.DuckDBPyConnection | None = None
        self._viewed: Mapping[Relation, Holding] = {}

    def tables(self) -> Mapping[Relation, Holding]:
        """The tables that statements may be about; may ask the archive's database."""
        return self._known.current()

    def execute(
        self,
        statement: Statement,
        *,
        maxrec: int | None = None,
        timeout: float | None = None,
        query_id: str | None = None,
        uploads: Sequence[Upload] = (),
    ) -> Result:
        """Run ``statement`` until its first batch is read; see `Engine.execute`."""
        if statement.values:
            raise UsageFault("no values can be bound to a statement over files")
        if maxrec is not None:
            statement = statement.limited(maxrec + 1 if maxrec else 0)
        limit = self._timeout if timeout is None else timeout

        def start(cancellation: Cancellation, end: Callable[[], None]) -> Result:
            reading = DuckReading(self._begin(), statement.sql, cancellation, limit, uploads, end)
            try:
                conformed = conform_schema(reading.schema, statement.columns)
            except BaseException:
                reading.abandon()
                raise
            return Result(reading, conformed)

        return self._running.run(query_id, statement, start)

    def _begin(self) -> duckdb.DuckDBPyConnection:
        """A connection in a transaction that sees the current tables to its end."""
        current = self._known.current()
        try:
            with self._lock:
                if self._database is None:
                    self._database = open_locked(*self._places, self._limits)
                if current is not self._viewed:
                    _view(self._database, self._viewed, current)
                    self._viewed = current
                connection = self._database.cursor()
                connection.begin()
                return connection
        except DRIVER_ERRORS as exc:
            raise translate_failure(exc) from exc

    def explain(self, statement: Statement) -> Estimate:
        """What DuckDB expects of a statement; nothing of it is run."""
        connection = self._begin()
        try:
            return explain(connection, statement)
        except DRIVER_ERRORS as exc:
            raise translate_failure(exc) from exc
        finally:
            connection.close()

    def cancel(self, query_id: str) -> bool:
        """Stop the query of that name now, from any thread; False where none is running."""
        return self._running.cancel(query_id)

    def close(self) -> None:
        """Cancel what runs and close the database."""
        self._running.cancel_all()
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None
                self._viewed = {}


def _view(
    database: duckdb.DuckDBPyConnection,
    former: Mapping[Relation, Holding],
    current: Mapping[Relation, Holding],
) -> None:
    """Make the views of the current tables, in one transaction."""
    database.begin()
    try:
        for relation in former.keys() - current.keys():
            database.execute(f"DROP VIEW {_name(*relation)}")
        for relation, holding in current.items():
            if former.get(relation) == holding:
                continue
            listed = ", ".join(_quoted(path, "'") for path in holding.files)
            files = f"read_parquet([{listed}], hive_partitioning = false)"
            database.execute(f"CREATE SCHEMA IF NOT EXISTS {_quoted(relation[0], chr(34))}")
            database.execute(f"CREATE OR REPLACE VIEW {_name(*relation)} AS SELECT * FROM {files}")  # noqa: S608 (names are quoted)
        database.commit()
    except BaseException:
        database.rollback()
        raise


def _name(schema: str, table: str) -> str:
    return f"{_quoted(schema, chr(34))}.{_quoted(table, chr(34))}"


def _quoted(text: str, mark: str) -> str:
    return mark + text.replace(mark, 2 * mark) + mark
