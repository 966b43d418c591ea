"""The queries of one engine by their names, so that any thread can stop one."""

import threading

from vo_server.engine.reading import Cancellation
from vo_server.errors import UsageFault


class Running:
    """What runs now; safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Cancellation] = {}

    def begin(self, query_id: str | None, cancellation: Cancellation) -> None:
        """Know a query by its name, if it has one.

        Raises
        ------
        UsageFault
            Another one has that name.
        """
        if query_id is not None:
            with self._lock:
                if query_id in self._known:
                    raise UsageFault(f"a query named {query_id!r} is running already")
                self._known[query_id] = cancellation

    def end(self, query_id: str | None) -> None:
        """Forget a query; safe to call twice."""
        if query_id is not None:
            with self._lock:
                self._known.pop(query_id, None)

    def cancel(self, query_id: str) -> bool:
        """Stop the query of that name now; False where none is running."""
        with self._lock:
            cancellation = self._known.get(query_id)
        if cancellation is None:
            return False
        cancellation.cancel()
        return True

    def cancel_all(self) -> None:
        """Stop everything that has a name."""
        with self._lock:
            running = list(self._known.values())
        for cancellation in running:
            cancellation.cancel()
