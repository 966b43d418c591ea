"""How much of this process one account or address may use at a time."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from vo_server.errors import QuotaFault


class Shares:
    """Counts what each share of the clients has running.

    Parameters
    ----------
    most : int
        Queries of one share at a time.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()

    def enter(self, share: str) -> None:
        """Begin a query for ``share``; `leave` ends it.

        Raises
        ------
        QuotaFault
            It has the most that it may have running.
        """
        with self._lock:
            if self._running[share] >= self._most:
                raise QuotaFault(
                    f"{self._most} queries of yours are running, the most at a time: wait until one has"
                    " ended, or send the query as a job, which waits for its turn"
                )
            self._running[share] += 1

    @contextmanager
    def held(self, share: str) -> Iterator[None]:
        """A query of ``share`` that runs as long as the block; raises as `enter`."""
        self.enter(share)
        try:
            yield
        finally:
            self.leave(share)

    def leave(self, share: str) -> None:
        """One query of ``share`` has ended."""
        with self._lock:
            self._running[share] -= 1
            if self._running[share] <= 0:
                del self._running[share]
