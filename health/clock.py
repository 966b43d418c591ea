"""When the server is checked: every few hours, in a process of its own."""

import subprocess
import threading
from datetime import timedelta
from types import TracebackType

import sqlalchemy as sa
import structlog

from health.store import last_runs
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.instants import utc_now
from vo_server.running.children import ChildConfig, Role, launch, wait_or_kill

FIRST = 120.0  #: seconds after the start, at the earliest: the server should be warm
LOOK = 60.0  #: seconds between looks at whether a check is due
GRACE = 3.0  #: seconds that a check has to end with the server


class HealthClock:
    """Starts a check when the last one is older than ``settings.health_interval``; a context manager.

    The server's first process starts it and not a worker: that no worker is alive is something to find.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "HealthClock":
        """Start, where the operator wants checks."""
        if self._settings.health_interval:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End a check that is being made; nothing of it is kept."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._process is not None:
            self._process.terminate()
            wait_or_kill(self._process, GRACE)

    def _run(self) -> None:
        log = structlog.get_logger("vo_server.health")
        interval = self._settings.health_interval
        pause = min(FIRST, interval)
        while not self._stop.wait(pause):
            pause = min(LOOK, interval)
            try:
                if (self._process is None or self._process.poll() is not None) and self._is_due():
                    self._start()
            except (sa.exc.DBAPIError, OSError) as exc:
                log.warning("no check was made", reason=type(exc).__name__)

    def _is_due(self) -> bool:
        with self._database.writer.connect() as connection:
            runs = last_runs(connection, 1)
        age = timedelta(seconds=self._settings.health_interval)
        return not runs or utc_now() - runs[0].ended >= age

    def _start(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._process = launch(ChildConfig.of(Role.HEALTH, self._settings, self._database, "health"))
