"""PostgreSQL as an engine: ADBC, binary COPY underneath."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pyarrow as pa

from vo_server.engine.conform import conform_schema, needs_text
from vo_server.engine.connections import Connections
from vo_server.engine.explaining import Estimate, explain
from vo_server.engine.faults import LostConnection, translate_failure
from vo_server.engine.lanes import Lanes
from vo_server.engine.reading import DRIVER_ERRORS, Cancellation, Reading
from vo_server.engine.result import Result
from vo_server.engine.running import Running
from vo_server.engine.statement import Statement
from vo_server.engine.uploading import Upload
from vo_server.running.logs import subject


class PostgresEngine:
    """Executes statements for many threads at once.

    Parameters
    ----------
    reader_url : str
        libpq URI of the role that may only read.
    connections : int
        The most short statements that run at a time; more wait for their turn.
    long : int or None
        The most statements beside them that run for more than a second; None means twice ``connections``.
    timeout : float or None
        Seconds that a statement may run where `execute` is given no other limit.
    wait : float
        Seconds that a statement may wait for its turn.
    """

    dialect = "postgresql"

    def __init__(
        self,
        reader_url: str,
        *,
        connections: int = 8,
        long: int | None = None,
        timeout: float | None = 60.0,
        wait: float = 30.0,
    ) -> None:
        long = 2 * connections if long is None else long
        self._connections = Connections(reader_url, connections + long, wait)
        self._timeout = timeout
        self._running = Running(Lanes(connections, long, wait))

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
        if maxrec is not None:
            statement = statement.limited(maxrec + 1 if maxrec else 0)
        limit = self._timeout if timeout is None else timeout

        def start(cancellation: Cancellation, end: Callable[[], None]) -> Result:
            try:
                return self._start(statement, cancellation, limit, end, uploads)
            except LostConnection:
                # The database was started again: every warm connection is stale, not only this one.
                self._connections.renew()
                return self._start(statement, cancellation, limit, end, uploads)

        return self._running.run(query_id, statement, start)

    def _start(
        self,
        statement: Statement,
        cancellation: Cancellation,
        limit: float | None,
        end: Callable[[], None],
        uploads: Sequence[Upload],
    ) -> Result:
        reading = Reading(self._connections.take(limit, subject()), statement, cancellation, limit, uploads)
        if any(needs_text(field) for field in reading.schema):
            statement = as_text(statement, reading.schema)
            reading.abandon()
            reading = Reading(
                self._connections.take(limit, subject()), statement, cancellation, limit, uploads
            )
        reading.on_close = end
        try:
            conformed = conform_schema(reading.schema, statement.columns)
        except BaseException:
            reading.abandon()
            raise
        return Result(reading, conformed)

    def explain(self, statement: Statement) -> Estimate:
        """What the database expects of a statement without bound values; nothing of it is run.

        Raises
        ------
        UsageFault
            The database refuses the statement.
        TransientFault
            No free connection, or the database is away.
        """
        proxy = self._connections.take(self._timeout, subject())
        try:
            return explain(proxy.dbapi_connection, statement)
        except DRIVER_ERRORS as exc:
            fault = translate_failure(exc, self._timeout)
            if isinstance(fault, LostConnection):
                proxy.invalidate()
            raise fault from exc
        finally:
            proxy.close()

    def cancel(self, query_id: str) -> bool:
        """Stop the query of that name now, from any thread; False where none is running."""
        return self._running.cancel(query_id)

    def warm(self, count: int = 4) -> None:
        """Open ``count`` connections now (25 ms each), so that no client waits for them."""
        self._connections.warm(count)

    def close(self) -> None:
        """Cancel what runs and close the connections."""
        self._running.cancel_all()
        self._connections.close()


def as_text(statement: Statement, schema: Sequence[pa.Field]) -> Statement:
    """``statement`` with the columns that the driver cannot read cast to text in the database."""
    names = [f"c{n}" for n in range(len(schema))]
    items = [
        f'{name}::text AS "{quoted}"' if needs_text(field) else f'{name} AS "{quoted}"'
        for name, field, quoted in zip(
            names, schema, (field.name.replace('"', '""') for field in schema), strict=True
        )
    ]
    sql = f"SELECT {', '.join(items)} FROM ({statement.sql}\n) AS cast_source({', '.join(names)})"  # noqa: S608 (our own SQL)
    return replace(statement, sql=sql)
