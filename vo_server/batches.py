"""Record batches on their way to a writer, with a note of what went wrong."""

from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa

from vo_server.errors import VoError


class Batches:
    """``source`` again; a fault that ends it early is remembered.

    Writers end a table with an ERROR note when their rows fail (DALI 1.1, Errors). Whoever can still tell
    the client otherwise asks `check`.

    Parameters
    ----------
    count : callable
        Called with the number of rows of each batch.
    """

    def __init__(
        self, source: Iterable[pa.RecordBatch], count: Callable[[int], None] = lambda rows: None
    ) -> None:
        self._source = iter(source)
        self._count = count
        self._fault: VoError | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return self

    def __next__(self) -> pa.RecordBatch:
        try:
            batch = next(self._source)
        except VoError as exc:
            self._fault = exc
            raise
        self._count(batch.num_rows)
        return batch

    def check(self) -> None:
        """Raise the fault that ended the rows, if one did."""
        if self._fault is not None:
            raise self._fault
