"""Requests that wait for a job to change (UWS 1.1, Blocking Behaviour): one listener for all of them."""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable

import sqlalchemy as sa
import structlog

from vo_server.uws.jobs import JobStore

RETRY = 1.0  #: seconds until the listener tries the database again


class JobWatch:
    """Wakes the requests that wait for a job, from a thread that listens to the database."""

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Begin to listen; to be called from the event loop that will wait."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._listen, name="job-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the listener."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def expect(self, job_id: str) -> asyncio.Event:
        """An event that is set at the job's next change; pass it to `forget` in the end."""
        event = asyncio.Event()
        self._waiting[job_id].add(event)
        return event

    def forget(self, job_id: str, event: asyncio.Event) -> None:
        """No longer wait with that event."""
        self._waiting[job_id].discard(event)
        if not self._waiting[job_id]:
            del self._waiting[job_id]

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                notices = self._store.notices()
                try:
                    # What changed before the connection was there has been missed: let all look again.
                    self._call(self._wake_all)
                    while not self._stop.is_set():
                        for notice in notices.wait(0.5):
                            self._call(self._wake, notice.job_id)
                finally:
                    notices.close()
            except (sa.exc.DBAPIError, ConnectionError) as exc:
                structlog.get_logger("vo_server.uws").warning("listener lost", reason=type(exc).__name__)
                self._stop.wait(RETRY)

    def _call(self, function: Callable[..., None], *arguments: str) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *arguments)

    def _wake(self, job_id: str) -> None:
        for event in self._waiting.get(job_id, ()):
            event.set()

    def _wake_all(self) -> None:
        for events in self._waiting.values():
            for event in events:
                event.set()
