"""One statement on one connection: started, cancelled from any thread, read, given back."""

import threading
import time
from collections.abc import Callable
from typing import Any

import adbc_driver_manager
import pyarrow as pa
from sqlalchemy.pool import PoolProxiedConnection

from vo_server.engine.connections import BATCH_BYTES
from vo_server.engine.faults import LostConnection, translate_failure
from vo_server.engine.statement import Statement
from vo_server.errors import TransientFault, VoError


class Cancellation:
    """The order to stop a statement, given before, while or after it runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._statement: adbc_driver_manager.AdbcStatement | None = None
        self.is_set = False

    def cancel(self) -> None:
        """Stop the statement now; one that starts later stops at once."""
        self.is_set = True
        self.interrupt()

    def interrupt(self) -> None:
        """Stop the statement that runs now, if any, for a reason that is not the client's."""
        with self._lock:
            if self._statement is not None:
                self._statement.cancel()

    def attach(self, statement: adbc_driver_manager.AdbcStatement) -> None:
        """Make ``statement`` the one that `cancel` stops.

        Raises
        ------
        TransientFault
            The order was already given.
        """
        with self._lock:
            if self.is_set:
                raise TransientFault("the query was cancelled")
            self._statement = statement

    def detach(self) -> None:
        """Nothing is left to stop: a connection given back must not be hit by a late order."""
        with self._lock:
            self._statement = None


class Reading:
    """The Arrow stream of one statement; owns its connection until `close`.

    The order of the statement's life is the driver's: register for cancelling, execute, read, close the
    stream, close the statement, give back the connection.  ``on_close`` is called after that.
    """

    def __init__(
        self,
        proxy: PoolProxiedConnection,
        statement: Statement,
        cancellation: Cancellation,
        timeout: float | None,
    ) -> None:
        self._proxy = proxy
        self._cancellation = cancellation
        self._timeout = timeout
        self.on_close: Callable[[], None] | None = None
        self._ended = False
        self._closed = False
        self._lock = threading.Lock()
        self._reader: pa.RecordBatchReader | None = None
        self._statement = adbc_driver_manager.AdbcStatement(proxy.dbapi_connection)
        #: Monotonic time at which the statement has to be at its end.
        self.deadline = None if timeout is None else time.monotonic() + timeout
        try:
            cancellation.attach(self._statement)
            self._reader = self._execute(statement)
        except BaseException:
            self._ended = True
            self.close()
            raise

    def _execute(self, statement: Statement) -> pa.RecordBatchReader:
        options = {"adbc.postgresql.batch_size_hint_bytes": str(BATCH_BYTES)}
        try:
            self._statement.set_options(**options)
            self._statement.set_sql_query(statement.sql)
            if statement.values:
                self._statement.prepare()
                self._statement.bind(bound_values(statement.values))
            handle, _ = self._statement.execute_query()
        except (adbc_driver_manager.Error, OSError) as exc:
            raise self._translated(exc) from exc
        reader = pa.RecordBatchReader.from_stream(handle)
        if self._cancellation.is_set:
            # The order may have come between two messages of the driver, where PostgreSQL ignores it.
            self._reader = reader
            self.abandon()
            raise TransientFault("the query was cancelled")
        return reader

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of the stream."""
        if self._reader is None:
            raise RuntimeError("the statement is not running")
        return self._reader.schema

    def read(self) -> pa.RecordBatch | None:
        """The next batch, or None after the last.

        Raises
        ------
        VoError
            The statement failed, was cancelled or reached its time limit.
        """
        if self._ended or self._reader is None:
            return None
        try:
            return self._reader.read_next_batch()
        except StopIteration:
            self._ended = True
            return None
        except (adbc_driver_manager.Error, OSError, pa.ArrowException) as exc:
            self._ended = True
            raise self._translated(exc) from exc

    def stop(self) -> None:
        """Stop the statement from another thread; the reading thread sees an error or the end."""
        self._cancellation.interrupt()

    def abandon(self) -> None:
        """Stop the statement and read what is already on its way, so that the connection stays usable."""
        if not self._ended:
            self._cancellation.interrupt()
            try:
                while self.read() is not None:
                    pass
            except VoError:
                pass
        self.close()

    def close(self) -> None:
        """Close stream and statement, give the connection back; safe to call twice."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._cancellation.detach()
        try:
            if self._reader is not None:
                self._reader.close()
            self._statement.close()
        finally:
            self._proxy.close()
            if self.on_close is not None:
                self.on_close()

    def _translated(self, exc: Exception) -> VoError:
        fault = translate_failure(exc, self._timeout)
        if isinstance(fault, LostConnection):
            self._proxy.invalidate()
        if self._cancellation.is_set:
            return TransientFault("the query was cancelled")
        return fault


def bound_values(values: tuple[Any, ...]) -> pa.RecordBatch:
    """One row of ``values`` for binding; Python's None is a NULL of type text."""
    arrays = [pa.array([value]) if value is not None else pa.array([None], pa.string()) for value in values]
    return pa.RecordBatch.from_arrays(arrays, names=[f"${n}" for n in range(1, len(values) + 1)])
