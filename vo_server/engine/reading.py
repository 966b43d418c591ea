"""One statement on one connection: started, cancelled from any thread, read, given back."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import adbc_driver_manager
import pyarrow as pa
from sqlalchemy.pool import PoolProxiedConnection

from vo_server.engine.faults import LostConnection, translate_failure
from vo_server.engine.statement import Statement
from vo_server.engine.streams import CopyStream, CursorStream
from vo_server.engine.uploading import Upload, discard, load
from vo_server.errors import TransientFault, VoError

DRIVER_ERRORS = (adbc_driver_manager.Error, OSError, pa.ArrowException)


class Cancellation:
    """The order to stop a query, given before, while or after it runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: Any = None
        self._is_free = threading.Event()
        self.is_set = False
        self._reason: TransientFault | None = None

    def cancel(self, reason: TransientFault | None = None) -> None:
        """Stop the query now, for ``reason``; one that starts later stops at once."""
        self._reason = self._reason or reason
        self.is_set = True
        self.interrupt()

    @property
    def fault(self) -> TransientFault:
        """What the reader of the query is told."""
        return self._reason or TransientFault("the query was cancelled")

    def interrupt(self) -> None:
        """Stop what runs now, if anything, for a reason that is not the client's."""
        if self._send():
            # PostgreSQL ignores an order that arrives between two messages of the driver, and the
            # statement then runs to its end: so it is said again until nothing is left to stop.
            threading.Thread(target=self._insist, name="cancel", daemon=True).start()

    def _insist(self) -> None:
        while not self._is_free.wait(0.05) and self._send():
            pass

    def _send(self) -> bool:
        with self._lock:
            if self._connection is not None:
                with suppress(adbc_driver_manager.Error):  # the database is away: nothing runs
                    self._connection.cancel()
            return self._connection is not None

    def attach(self, connection: Any) -> None:
        """Make ``connection`` (of ADBC) the one that is stopped.

        Raises
        ------
        TransientFault
            The order was already given.
        """
        with self._lock:
            if self.is_set:
                raise self.fault
            self._connection = connection
            self._is_free.clear()

    def detach(self) -> None:
        """Nothing is left to stop: a connection given back must not be hit by a late order."""
        with self._lock:
            self._connection = None
            self._is_free.set()


class Reading:
    """The Arrow stream of one statement; owns its connection until `close`.

    It is registered for cancelling before it is executed.  ``on_close`` is called when the connection is
    given back; the tables uploaded for it are gone then.
    """

    def __init__(
        self,
        proxy: PoolProxiedConnection,
        statement: Statement,
        cancellation: Cancellation,
        timeout: float | None,
        uploads: Sequence[Upload] = (),
    ) -> None:
        self._proxy = proxy
        self._uploads = uploads
        self._cancellation = cancellation
        self._timeout = timeout
        self._lock = threading.Lock()
        self._closed = False
        self._ended = False
        self._is_lost = False
        self._stream: CopyStream | CursorStream | None = None
        self.on_close: Callable[[], None] | None = None
        #: Monotonic time at which the statement has to be at its end.
        self.deadline = None if timeout is None else time.monotonic() + timeout
        try:
            cancellation.attach(proxy.dbapi_connection)
            self._stream = self._start(statement)
        except BaseException:
            self.abandon()
            raise
        self.schema: pa.Schema = self._stream.schema

    def _start(self, statement: Statement) -> CopyStream | CursorStream:
        kind = CursorStream if statement.values else CopyStream
        try:
            load(self._proxy.dbapi_connection, self._uploads, statement.zones)
            return kind(self._proxy.dbapi_connection, statement)
        except DRIVER_ERRORS as exc:
            raise self._translated(exc) from exc

    def read(self) -> pa.RecordBatch | None:
        """The next batch, or None after the last.

        Raises
        ------
        VoError
            The statement failed, was cancelled or reached its time limit.
        """
        if self._ended or self._stream is None:
            return None
        if self._cancellation.is_set:
            self.abandon()
            raise self._cancellation.fault
        try:
            batch = self._stream.read()
        except DRIVER_ERRORS as exc:
            self._ended = True
            raise self._translated(exc) from exc
        self._ended = batch is None
        return batch

    def stop(self) -> None:
        """Stop the statement from another thread; the reading thread sees an error or the end."""
        self._cancellation.interrupt()

    def abandon(self) -> None:
        """Stop the statement and read what is already on its way, so that the connection stays usable."""
        if not self._ended and self._stream is not None:
            self._ended = True
            self._cancellation.interrupt()
            try:
                self._stream.drain()
            except DRIVER_ERRORS as exc:
                self._translated(exc)
        self.close()

    def close(self) -> None:
        """Close the stream and give the connection back; safe to call twice."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._cancellation.detach()
        try:
            if self._stream is not None:
                self._stream.close()
            if self._uploads:
                discard(self._proxy.dbapi_connection)
        except DRIVER_ERRORS:
            self._is_lost = True
        finally:
            if self._is_lost:
                self._proxy.invalidate()
            else:
                self._proxy.close()
            if self.on_close is not None:
                self.on_close()

    def _translated(self, exc: Exception) -> VoError:
        fault = translate_failure(exc, self._timeout)
        self._is_lost = isinstance(fault, LostConnection)
        return self._cancellation.fault if self._cancellation.is_set else fault
