"""The two ways in which PostgreSQL gives rows to ADBC: COPY, and a cursor where values are bound."""

from datetime import datetime
from typing import Any

import adbc_driver_manager
import pyarrow as pa

from vo_server.engine.connections import BATCH_BYTES, run
from vo_server.engine.statement import Statement

#: Rows of a cursor's first FETCH, before the width of a row is known.
FIRST_FETCH = 1000


class CopyStream:
    """Binary COPY of a statement without bound values: the fast way."""

    def __init__(self, connection: Any, statement: Statement) -> None:
        self._statement = adbc_driver_manager.AdbcStatement(connection)
        try:
            options = {"adbc.postgresql.batch_size_hint_bytes": str(BATCH_BYTES)}
            self._statement.set_options(**options)
            self._statement.set_sql_query(statement.sql)
            handle, _ = self._statement.execute_query()
            self._reader = pa.RecordBatchReader.from_stream(handle)
        except BaseException:
            self._statement.close()
            raise
        self.schema: pa.Schema = self._reader.schema

    def read(self) -> pa.RecordBatch | None:
        """The next batch, or None after the last; raises the driver's errors and bare ``OSError``."""
        try:
            return self._reader.read_next_batch()
        except StopIteration:
            return None

    def drain(self) -> None:
        """Read what is on its way after a cancel, or the next statement would have to; raises as `read`."""
        while self.read() is not None:
            pass

    def close(self) -> None:
        """Close the stream, then its statement: the driver's order."""
        self._reader.close()
        self._statement.close()


class CursorStream:
    """A cursor of a statement with bound values, which COPY cannot take.

    Without a cursor the driver would hold the whole result in memory.
    """

    def __init__(self, connection: Any, statement: Statement) -> None:
        self._connection = connection
        self._is_open = True
        self._rows = FIRST_FETCH
        try:
            run(connection, "BEGIN")
            self._declare(statement)
            self._next: pa.RecordBatch | None = self._fetch(self._rows)
        except BaseException:
            self.close()
            raise
        self.schema: pa.Schema = self._schema

    def _declare(self, statement: Statement) -> None:
        declaration = adbc_driver_manager.AdbcStatement(self._connection)
        try:
            declaration.set_sql_query(f"DECLARE answer NO SCROLL CURSOR FOR {statement.sql}")
            declaration.prepare()
            declaration.bind(bound_values(statement.values))
            declaration.execute_update()
        finally:
            declaration.close()

    def _fetch(self, rows: int) -> pa.RecordBatch | None:
        fetch = adbc_driver_manager.AdbcStatement(self._connection)
        try:
            fetch.set_options(**{"adbc.postgresql.use_copy": "false"})
            fetch.set_sql_query(f"FETCH {rows} FROM answer")
            handle, _ = fetch.execute_query()
            with pa.RecordBatchReader.from_stream(handle) as reader:
                self._schema = reader.schema
                table = reader.read_all()
        finally:
            fetch.close()
        self._was_last = table.num_rows < rows
        return table.combine_chunks().to_batches()[0] if table.num_rows else None

    def read(self) -> pa.RecordBatch | None:
        """The next batch, or None after the last; raises the driver's errors."""
        batch, self._next = self._next, None
        if batch is None and not self._was_last:
            batch = self._fetch(self._rows)
        if batch is not None:
            self._rows = max(1, BATCH_BYTES * batch.num_rows // max(batch.nbytes, 1))
        return batch

    def drain(self) -> None:
        """Nothing is on its way between two FETCHes."""

    def close(self) -> None:
        """End the transaction, and the cursor with it."""
        if self._is_open:
            self._is_open = False
            run(self._connection, "ROLLBACK")


def bound_values(values: tuple[Any, ...]) -> pa.RecordBatch:
    """One row of ``values`` for binding to parameters that have a cast; None is a NULL of type text.

    Times with a zone are bound as text: for them the driver would begin and end a transaction of its own,
    and the cursor would be gone.
    """
    texts = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    arrays = [pa.array([None], pa.string()) if value is None else pa.array([value]) for value in texts]
    return pa.RecordBatch.from_arrays(arrays, names=[f"${n}" for n in range(1, len(values) + 1)])
