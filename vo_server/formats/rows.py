"""The rows of a result up to MAXREC (DALI 1.1, MAXREC)."""

from collections.abc import Iterable, Iterator

import pyarrow as pa


class Rows:
    """Batches cut at ``maxrec`` rows; ``overflow`` tells afterwards whether there were more.

    Parameters
    ----------
    batches : iterable of pyarrow.RecordBatch
        At least ``maxrec + 1`` rows where the result has more than ``maxrec``.
    maxrec : int or None
        The most rows to give; None means all.  With 0 the overflow is always told (DALI 1.1).
    """

    def __init__(self, batches: Iterable[pa.RecordBatch], maxrec: int | None) -> None:
        self._batches = batches
        self._maxrec = maxrec
        self.overflow = maxrec == 0

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """The batches that have rows; may raise `VoError` in the middle."""
        if self.overflow:
            return
        left = self._maxrec
        for batch in self._batches:
            if left is not None and batch.num_rows > left:
                self.overflow = True
                if left:
                    yield batch.slice(0, left)
                return
            if batch.num_rows:
                yield batch
            if left is not None:
                left -= batch.num_rows
