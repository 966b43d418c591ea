"""Warm connections of one process to one PostgreSQL, by ADBC."""

import threading
from collections.abc import Mapping
from typing import Any

import adbc_driver_manager
import adbc_driver_postgresql
import pyarrow as pa
from sqlalchemy import exc as sa_exc
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from vo_server.engine.faults import translate_failure
from vo_server.errors import TransientFault

#: Bytes of one record batch.  The rate is the same from 64 kB to 16 MB; this gives the first row early.
BATCH_BYTES = 1 << 20

NAME = "vo-server reader"  #: what the database calls a connection that works for nobody
#: Session settings, made once a connection.
SESSION = {
    "application_name": NAME,
    "client_encoding": "UTF8",
    "default_transaction_read_only": "on",
    "standard_conforming_strings": "on",
    "timezone": "UTC",
    "cursor_tuple_fraction": "1",  # what a cursor gives is read to its end
}


class Connections:
    """A pool of connections over one ``AdbcDatabase``; nothing is opened before the first `take`.

    Parameters
    ----------
    url : str
        libpq URI of the reading role.
    size : int
        The most connections at a time.
    wait : float
        Seconds that `take` waits for a free connection.
    """

    def __init__(self, url: str, size: int, wait: float) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._database: adbc_driver_manager.AdbcDatabase | None = None
        self._size = size
        self._wait = wait
        self._pool = self._new_pool()

    def _new_pool(self) -> QueuePool:
        # LIFO keeps few connections warm; ADBC has no transaction of its own to reset here.
        return QueuePool(
            self._connect,  # type: ignore[arg-type]
            pool_size=self._size,
            max_overflow=0,
            timeout=self._wait,
            use_lifo=True,
            reset_on_return=None,
        )

    def _connect(self) -> adbc_driver_manager.AdbcConnection:
        try:
            with self._lock:
                if self._database is None:
                    self._database = adbc_driver_postgresql.connect(self._url)
            connection = adbc_driver_manager.AdbcConnection(self._database)
            run(connection, _set(SESSION))
        except adbc_driver_manager.Error as exc:
            raise translate_failure(exc, None) from exc
        return connection

    def take(self, timeout: float | None, subject: str = "") -> PoolProxiedConnection:
        """A connection whose statements end after ``timeout`` seconds; its ``close()`` gives it back.

        The database's own views and logs call it by ``subject``, what it works for (60 us).

        Raises
        ------
        TransientFault
            All connections are busy, or the database is away.
        """
        try:
            proxy = self._pool.connect()
        except sa_exc.TimeoutError as exc:
            raise TransientFault("the server is busy: no database connection became free; try again") from exc
        limit = 0 if timeout is None else min(max(1, round(timeout * 1000)), 2**31 - 1)
        wanted = {"statement_timeout": str(limit), "application_name": f"{NAME} {subject}".strip()[:63]}
        changed = {name: value for name, value in wanted.items() if proxy.info.get(name) != value}
        if changed:
            try:
                run(proxy.dbapi_connection, _set(changed))
            except (adbc_driver_manager.Error, OSError) as exc:
                proxy.invalidate()
                raise translate_failure(exc, timeout) from exc
            proxy.info.update(changed)
        return proxy

    def renew(self) -> None:
        """Forget all connections: the database went away and came back."""
        with self._lock:
            old, self._pool = self._pool, self._new_pool()
        old.dispose()

    def warm(self, count: int) -> None:
        """Open ``count`` connections now, so that the first queries do not wait for them."""
        taken: list[PoolProxiedConnection] = []
        try:
            taken.extend(self._pool.connect() for _ in range(min(count, self._size)))
        finally:
            for proxy in taken:
                proxy.close()

    def close(self) -> None:
        """Close the idle connections and the database; busy ones close when they are given back."""
        self._pool.dispose()
        with self._lock:
            if self._database is not None:
                try:
                    self._database.close()
                except RuntimeError:
                    # A result is still being read: the process ends it.
                    return
                self._database = None


def _set(settings: Mapping[str, str]) -> str:
    """The statement that makes session settings; the values are ours, and have no quotes."""
    return "SELECT " + ", ".join(
        f"set_config('{name}', '{value}', false)" for name, value in settings.items()
    )


def run(connection: Any, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a small statement, on an `adbc_driver_manager.AdbcConnection`."""
    statement = adbc_driver_manager.AdbcStatement(connection)
    try:
        statement.set_options(**{"adbc.postgresql.use_copy": "false"})
        statement.set_sql_query(sql)
        handle, _ = statement.execute_query()
        with pa.RecordBatchReader.from_stream(handle) as reader:
            return [tuple(row.values()) for batch in reader for row in batch.to_pylist()]
    finally:
        statement.close()
