"""The rows of an executed statement, read ahead of whoever writes them."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

import pyarrow as pa

from vo_server.engine.conform import Conformed, conform_batch
from vo_server.engine.connections import BATCH_BYTES
from vo_server.errors import TransientFault
from vo_server.tables import Column

#: Batches that may wait for the writer: enough to overlap, few enough to hold back the database.
AHEAD = 3


class Rows(Protocol):
    """What an engine reads of a running statement; used by one thread, except for `stop`."""

    @property
    def deadline(self) -> float | None:
        """Monotonic time at which the statement has to be at its end."""

    def read(self) -> pa.RecordBatch | None:
        """The next batch, or None after the last; `VoError` where the statement fails."""

    def stop(self) -> None:
        """Stop the statement from another thread."""

    def abandon(self) -> None:
        """Stop the statement and give everything back."""

    def close(self) -> None:
        """Give everything back; safe to call twice."""


class Result:
    """A running query whose first batch is read.

    Attributes
    ----------
    columns : tuple of Column
        One per column of the batches, with the datatypes that the batches have.
    complete : bool
        Whether all rows are here already and the connection is given back.
    """

    def __init__(self, reading: Rows, conformed: tuple[Conformed, ...]) -> None:
        self.columns: tuple[Column, ...] = tuple(c.column for c in conformed)
        self._ahead = ReadAhead(reading, lambda batch: conform_batch(batch, conformed))
        self._batches = self._ahead.batches()

    @property
    def complete(self) -> bool:
        """Whether all rows are here already and the connection is given back."""
        return self._ahead.complete

    @property
    def batches(self) -> Iterator[pa.RecordBatch]:
        """The batches, once.

        Raises
        ------
        VoError
            While iterating: the statement failed, was cancelled or reached its time limit.
        """
        return self._batches

    def close(self) -> None:
        """Stop the query if it still runs and give its connection back; safe to call twice."""
        self._ahead.close()

    def __enter__(self) -> "Result":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ReadAhead:
    """A thread that reads batches while the consumer works on earlier ones (the driver frees the GIL).

    Small results need none: what ends within the first batch is read at once.
    """

    def __init__(self, reading: Rows, convert: Callable[[pa.RecordBatch], pa.RecordBatch]) -> None:
        self._reading = reading
        self._convert = convert
        self._condition = threading.Condition()
        self._waiting: deque[pa.RecordBatch] = deque()
        self._error: Exception | None = None
        self._ended = False
        self._closed = False
        self._thread: threading.Thread | None = None
        try:
            self._prime()
        except BaseException:
            reading.abandon()
            raise

    def _prime(self) -> None:
        # A statement that fails now still becomes an error document with its own HTTP status.
        batch = self._reading.read()
        while batch is not None:
            self._waiting.append(self._convert(batch))
            if batch.nbytes >= BATCH_BYTES // 2 or len(self._waiting) >= AHEAD:
                self._thread = threading.Thread(target=self._run, name="read-ahead", daemon=True)
                self._thread.start()
                return
            batch = self._reading.read()
        self._ended = True
        self._reading.close()

    @property
    def complete(self) -> bool:
        """Whether nothing is left to read."""
        return self._ended and self._error is None

    def _run(self) -> None:
        try:
            while (batch := self._reading.read()) is not None:
                self._put(self._convert(batch))
                if self._closed:
                    break
        except Exception as exc:  # whatever it is, the consumer has to see it
            self._error = exc
        finally:
            self._reading.abandon()
            with self._condition:
                self._ended = True
                self._condition.notify_all()

    def _put(self, batch: pa.RecordBatch) -> None:
        deadline = self._reading.deadline
        with self._condition:
            while not self._closed:
                left = None if deadline is None else deadline - time.monotonic()
                # PostgreSQL neither ends a COPY that waits for us nor adds up the FETCHes of a cursor.
                if left is not None and left <= 0:
                    raise TransientFault("the query reached its time limit while its rows were being sent")
                if len(self._waiting) < AHEAD:
                    break
                self._condition.wait(left)
            self._waiting.append(batch)
            self._condition.notify_all()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """What was read, in order; closes the reading when the consumer stops early."""
        try:
            while True:
                with self._condition:
                    self._condition.wait_for(lambda: self._waiting or self._ended)
                    if not self._waiting:
                        if self._error is not None:
                            raise self._error
                        return
                    batch = self._waiting.popleft()
                    self._condition.notify_all()
                yield batch
        finally:
            self.close()

    def close(self) -> None:
        """Stop reading; returns when the connection is given back, or after two seconds."""
        with self._condition:
            already, self._closed = self._closed, True
            self._condition.notify_all()
        if self._thread is None or already or self._ended:
            return
        self._reading.stop()
        self._thread.join(2.0)
