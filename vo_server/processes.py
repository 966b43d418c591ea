"""The processes of one server: the web server in this one, workers beside it, all ended together."""

import contextlib
import errno
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog

from tap.jobs import KIND, TapExecutor
from tap.usertables import updates
from tap.usertables.updates import TableUpdates
from vo_server import logs
from vo_server.catalog_cache import CatalogCache
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.engine import PostgresEngine
from vo_server.errors import UsageFault
from vo_server.signals import stop_signals
from vo_server.user_tables import UserTables
from vo_server.uws.jobs import JobStore
from vo_server.uws.results import ResultStore
from vo_server.uws.worker import Executor, Worker

GRACE = 5.0  #: seconds that workers have to hand their jobs back when the server is told to stop
CALM = 30.0  #: seconds; a worker that dies earlier than that is started again later and later
LONGEST_PAUSE = 30.0  #: seconds before a worker is started again, at most


def serve(settings: Settings, database: Database, *, on_ready: Callable[[str], None] | None = None) -> None:
    """Answer requests and run jobs until SIGINT or SIGTERM; then end the workers and return.

    Parameters
    ----------
    on_ready : callable
        Called with the server's URL as soon as it accepts requests.

    Raises
    ------
    UsageFault
        The port cannot be listened to.
    """
    # A worker process imports this module too, and needs no web server.
    from vo_server.app import create_app
    from vo_server.web import run_app

    logs.configure(settings.log_format)
    listener = listen(settings.host, settings.port)
    with listener, _engine(settings, database.reader_url, settings.connections) as engine:
        app = create_app(settings, database, engine)
        with Workers(settings, database, JobStore(database.writer)):
            run_app(app, listener, lambda: on_ready(settings.root_url) if on_ready else None)


def work(settings: Settings, database: Database) -> None:
    """Run jobs in this process until SIGINT or SIGTERM: what ``vo-server worker`` does."""
    logs.configure(settings.log_format)
    _work(WorkerConfig.of(settings, database, f"{socket.gethostname()}-{os.getpid()}"))


def listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises
    ------
    UsageFault
        Somebody else has the port, or it cannot be had; the message says how to choose another.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as exc:
        listener.close()
        choose = "choose another with --port or VO_PORT"
        if exc.errno == errno.EADDRINUSE:
            raise UsageFault(f"port {port} of {host} is in use by another program: {choose}") from exc
        raise UsageFault(f"port {port} of {host} cannot be listened to ({exc.strerror}): {choose}") from exc
    return listener


@contextlib.contextmanager
def _engine(settings: Settings, reader_url: str, connections: int) -> Iterator[PostgresEngine]:
    engine = PostgresEngine(reader_url, connections=connections, timeout=settings.sync_timeout)
    try:
        yield engine
    finally:
        engine.close()


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """What a worker process is told on its standard input."""

    name: str
    settings: dict[str, Any]
    writer_url: str
    reader_url: str
    state_dir: str

    @classmethod
    def of(cls, settings: Settings, database: Database, name: str) -> "WorkerConfig":
        """The configuration of a worker for this server."""
        return cls(
            name=name,
            settings=settings.model_dump(mode="json"),
            writer_url=database.writer.url.render_as_string(hide_password=False),
            reader_url=database.reader_url,
            state_dir=str(database.state_dir),
        )

    def to_json(self) -> str:
        """One line for the worker's standard input."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})


@dataclass
class _Slot:
    """One worker's place: its process now, and when to start the next."""

    process: subprocess.Popen[str] | None = None
    name: str = ""
    started: float = 0.0
    pause: float = 0.0
    due: float = 0.0


@dataclass
class Workers:
    """The worker processes of one server; a context manager.

    A worker reads its configuration from its standard input and ends when that is closed, so that none
    outlives a server that was killed. One that dies is started again, after a pause that grows.
    """

    settings: Settings
    database: Database
    store: JobStore
    slots: list[_Slot] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _count: int = 0

    def __enter__(self) -> "Workers":
        self.slots = [_Slot() for _ in range(self.settings.workers)]
        self._thread = threading.Thread(target=self._watch, name="workers", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        for slot in self.slots:
            if slot.process is not None:
                slot.process.terminate()
        end = time.monotonic() + GRACE
        for slot in self.slots:
            if slot.process is not None:
                _wait_or_kill(slot.process, end - time.monotonic())

    def _watch(self) -> None:
        log = structlog.get_logger("vo_server.workers")
        while not self._stop.is_set():
            for slot in self.slots:
                if slot.process is not None and slot.process.poll() is not None:
                    self._bury(slot, log)
                if slot.process is None and time.monotonic() >= slot.due:
                    self._start(slot)
            self._stop.wait(0.1)

    def _start(self, slot: _Slot) -> None:
        self._count += 1
        slot.name = f"{socket.gethostname()}-{os.getpid()}-{self._count}"
        slot.started = time.monotonic()
        # A session of its own: Ctrl-C goes to the server, which then ends the workers in order.
        slot.process = subprocess.Popen(
            [sys.executable, "-m", "vo_server.processes"],
            stdin=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )
        with contextlib.suppress(BrokenPipeError):
            stdin = slot.process.stdin
            if stdin is not None:
                stdin.write(WorkerConfig.of(self.settings, self.database, slot.name).to_json() + "\n")
                stdin.flush()

    def _bury(self, slot: _Slot, log: Any) -> None:
        lived = time.monotonic() - slot.started
        slot.pause = 0.0 if lived > CALM else min(LONGEST_PAUSE, max(0.5, 2 * slot.pause))
        slot.due = time.monotonic() + slot.pause
        process, slot.process = slot.process, None
        log.warning(
            "worker died",
            worker=slot.name,
            code=process.returncode if process else None,
            again_in=slot.pause,
        )
        if process is not None and process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
        try:
            self.store.release(slot.name)
        except sa.exc.DBAPIError:
            # Its job is released by the workers' own housekeeping when it has been silent for long enough.
            log.warning("the database does not answer", worker=slot.name)


def _wait_or_kill(process: subprocess.Popen[str], seconds: float) -> None:
    try:
        process.wait(max(0.1, seconds))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()


def _work(config: WorkerConfig, *, until_closed: bool = False) -> None:
    settings = Settings.model_validate(config.settings)
    writer = sa.create_engine(config.writer_url, pool_pre_ping=True, pool_size=2)
    results = ResultStore.of(settings.result_store, Path(config.state_dir))
    try:
        with _engine(settings, config.reader_url, 1) as engine:
            user_tables = UserTables(writer, settings.user_tables, settings.user_space)
            executors: dict[str, Executor] = {
                KIND: TapExecutor(settings, engine, CatalogCache(writer), results, user_tables),
                updates.KIND: TableUpdates(writer, user_tables),
            }
            store = JobStore(writer, running=settings.owner_running)
            worker = Worker(config.name, store, executors, results)
            if until_closed:
                threading.Thread(target=_stop_at_end, args=(worker,), name="parent", daemon=True).start()
            with stop_signals(lambda number, frame: worker.stop()):
                worker.run()
    finally:
        writer.dispose()


def _stop_at_end(worker: Worker) -> None:
    """Stop the worker when the server that started it is gone: its end of the pipe closes then."""
    sys.stdin.read()
    worker.stop()


def main() -> None:
    """Be a worker process of a server; it is told everything on standard input."""
    config = WorkerConfig(**json.loads(sys.stdin.readline()))
    logs.configure(config.settings.get("log_format", "console"))
    _work(config, until_closed=True)


if __name__ == "__main__":
    main()
