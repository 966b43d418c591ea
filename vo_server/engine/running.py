"""The queries of one engine: each in its turn, and known by its name, so that any thread can stop it."""

import threading
from collections.abc import Callable

from vo_server.engine.lanes import Lanes
from vo_server.engine.reading import Cancellation
from vo_server.engine.result import Result
from vo_server.engine.statement import Statement
from vo_server.errors import UsageFault
from vo_server.running.tracing import statement_begins

#: Starts a query; it gets the order to stop it, and what is to be called when its result is closed.
Start = Callable[[Cancellation, Callable[[], None]], Result]


class Running:
    """What runs now; safe for many threads.

    Parameters
    ----------
    lanes : Lanes
        Whose turn it is.
    """

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._lock = threading.Lock()
        self._known: dict[str, Cancellation] = {}

    def run(self, query_id: str | None, statement: Statement, start: Start) -> Result:
        """What ``start`` gives when its turn has come; `cancel` finds it by ``query_id`` until it is closed.

        Raises
        ------
        UsageFault
            Another query has that name.
        TransientFault
            Its turn did not come in time, or it was cancelled before.
        """
        cancellation = Cancellation()
        self._begin(query_id, cancellation)
        ended = statement_begins(statement.sql, statement.dialect)
        try:
            turn = self._lanes.enter(cancellation)
        except BaseException as exc:
            ended(str(exc))
            self._end(query_id)
            raise

        def end() -> None:
            ended("cancelled" if cancellation.is_set else "")
            self._end(query_id)
            self._lanes.leave(turn)

        try:
            result = start(cancellation, end)
        except BaseException as exc:
            ended(str(exc))
            end()
            raise
        turn.is_delivering = True
        return result

    def _begin(self, query_id: str | None, cancellation: Cancellation) -> None:
        """Know a query by its name, if it has one."""
        if query_id is not None:
            with self._lock:
                if query_id in self._known:
                    raise UsageFault(f"a query named {query_id!r} is running already")
                self._known[query_id] = cancellation

    def _end(self, query_id: str | None) -> None:
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
