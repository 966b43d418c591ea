"""One statement of DuckDB: started, cancelled from any thread, read, given back."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import duckdb
import pyarrow as pa

from vo_server.engine.duck.faults import translate_failure
from vo_server.engine.reading import Cancellation
from vo_server.engine.uploading import Upload
from vo_server.errors import FatalFault, TransientFault, VoError

DRIVER_ERRORS = (duckdb.Error, OSError, pa.ArrowException)

#: Bytes of one batch, if a value has 24 of them, and the size of DuckDB's own vectors.
BATCH_BYTES = 1 << 20
VECTOR = 2048


class _Interruptible:
    """A connection with the word that `Cancellation` uses."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def cancel(self) -> None:
        with suppress(duckdb.Error):  # closed already: nothing runs
            self._connection.interrupt()


class DuckReading:
    """The Arrow stream of one statement; owns its connection until `close`.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        In a transaction of its own, which sees the tables that the statement is about.
    timeout : float or None
        Seconds.
    on_close : callable
        Called when the connection is closed.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        sql: str,
        cancellation: Cancellation,
        timeout: float | None,
        uploads: Sequence[Upload],
        on_close: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._cancellation = cancellation
        self._on_close = on_close
        self._lock = threading.Lock()
        self._is_closed = False
        self._has_ended = False
        self._reader: pa.RecordBatchReader | None = None
        self._timer: threading.Timer | None = None
        #: Monotonic time at which the statement has to be at its end.
        self.deadline = None if timeout is None else time.monotonic() + timeout
        try:
            cancellation.attach(_Interruptible(connection))
            if timeout is not None:
                self._timer = threading.Timer(timeout, cancellation.cancel, [_late(timeout)])
                self._timer.daemon = True
                self._timer.start()
            self._reader = self._start(sql, uploads)
        except BaseException:
            self.abandon()
            raise
        self.schema: pa.Schema = self._reader.schema

    def _start(self, sql: str, uploads: Sequence[Upload]) -> pa.RecordBatchReader:
        try:
            for upload in uploads:
                names = [column.name.lower() for column in upload.table.columns]
                self._connection.register(upload.table.relation[1], upload.data.rename_columns(names))
            statements = self._connection.extract_statements(sql)
            if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
                raise FatalFault("only a SELECT is executed here")
            relation = self._connection.sql(sql)
            rows = BATCH_BYTES // (24 * max(1, len(relation.columns)))
            return relation.to_arrow_reader(min(16, max(1, rows // VECTOR)) * VECTOR)
        except DRIVER_ERRORS as exc:
            raise self._translated(exc) from exc

    def read(self) -> pa.RecordBatch | None:
        """The next batch, or None after the last.

        Raises
        ------
        VoError
            The statement failed, was cancelled or reached its time limit.
        """
        if self._has_ended or self._reader is None:
            return None
        try:
            batch = self._reader.read_next_batch()
        except StopIteration:
            batch = None
        except DRIVER_ERRORS as exc:
            self._has_ended = True
            raise self._translated(exc) from exc
        # A stream that was interrupted may end as if it had been read to its end.
        if self._cancellation.is_set:
            self.abandon()
            raise self._cancellation.fault
        self._has_ended = batch is None
        return batch

    def stop(self) -> None:
        """Stop the statement from another thread; the reading thread sees an error or the end."""
        self._cancellation.interrupt()

    def abandon(self) -> None:
        """Stop the statement and close everything."""
        if not self._has_ended:
            self._has_ended = True
            with suppress(duckdb.Error):
                self._connection.interrupt()
        self.close()

    def close(self) -> None:
        """Close the stream and the connection; safe to call twice."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._cancellation.detach()
        try:
            with suppress(*DRIVER_ERRORS):
                if self._reader is not None:
                    self._reader.close()
            with suppress(duckdb.Error):
                self._connection.rollback()
            self._connection.close()
        finally:
            self._on_close()

    def _translated(self, exc: Exception) -> VoError:
        return self._cancellation.fault if self._cancellation.is_set else translate_failure(exc)


def _late(timeout: float) -> TransientFault:
    return TransientFault(
        f"the query reached its time limit of {timeout:g} s; ask for less, or use an async job"
    )
