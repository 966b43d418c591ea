"""The processes of one server: the web server in this one, others beside it, all ended together."""

import contextlib
import errno
import os
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog

from vo_server import snapshots
from vo_server.catalog_cache import CatalogCache
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.engine import Engines, PostgresEngine
from vo_server.engine.duck import DuckEngine, Limits
from vo_server.engine.holdings import ListedTables
from vo_server.errors import UsageFault
from vo_server.progress import silent
from vo_server.running import logs, tracing
from vo_server.running.beside import Lifeline
from vo_server.running.children import ChildConfig, Children, Role
from vo_server.running.signals import stop_signals
from vo_server.snapshot_tables import Clock
from vo_server.user_tables import UserTables
from vo_server.uws.jobs import JobStore
from vo_server.uws.results import ResultStore
from vo_server.uws.worker import Executor, Worker

NAME = "vo-server"  #: the first word of what our connections are called in the database
#: The variable by which prometheus_client knows where processes count together.
TOGETHER = "PROMETHEUS_MULTIPROC_DIR"


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
    logs.configure(settings.log_format)
    roles = [Role.WORKER] * settings.workers + [Role.ARCHIVIST] + [Role.WEB] * (settings.web - 1)
    with _counting_together(settings.web > 1):
        # A worker process imports this module too, and needs no web server.
        from health.clock import HealthClock
        from vo_server.http.app import create_app
        from vo_server.http.metrics import forget
        from vo_server.http.web import run_app

        store = JobStore(database.writer)
        log = structlog.get_logger("vo_server.running.processes")

        def bury(name: str, pid: int) -> None:
            forget(pid)
            try:
                store.release(name)
            except sa.exc.DBAPIError:
                # The workers' own housekeeping releases its job when that has been silent for long enough.
                log.warning("the database does not answer", process=name)

        listener = listen(settings.host, settings.port)
        reader, most = database.reader_url, settings.connections
        with (
            listener,
            tracing.running(Role.WEB),
            _engines(settings, reader, most, database.writer, database.state_dir) as engine,
        ):
            app = create_app(settings, database, engine)
            clock = (
                Clock(database, every) if (every := settings.snapshot_interval) else contextlib.nullcontext()
            )
            with clock, HealthClock(settings, database), Children(settings, database, roles, listener, bury):
                run_app(app, listener, lambda: on_ready(settings.root_url) if on_ready else None)


@contextlib.contextmanager
def _counting_together(wanted: bool) -> Iterator[None]:
    """Let the web processes count into files, where each of them can tell the sum of all."""
    if not wanted:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="vo-metrics-") as directory:
        os.environ[TOGETHER] = directory
        try:
            yield
        finally:
            del os.environ[TOGETHER]


def work(settings: Settings, database: Database) -> None:
    """Run jobs in this process until SIGINT or SIGTERM: what ``vo-server worker`` does."""
    logs.configure(settings.log_format)
    with tracing.running(Role.WORKER):
        _work(ChildConfig.of(Role.WORKER, settings, database, f"{socket.gethostname()}-{os.getpid()}"))


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
def _engines(
    settings: Settings, reader_url: str, connections: int, writer: sa.Engine, state_dir: Path
) -> Iterator[Engines]:
    archive = PostgresEngine(reader_url, connections=connections, timeout=settings.sync_timeout)
    files = DuckEngine(
        ListedTables(writer, state_dir),
        snapshots.root(state_dir),
        state_dir / "duckdb",
        limits=Limits(settings.duckdb_memory, settings.duckdb_space, settings.duckdb_threads),
        running=max(1, connections // 4),
        timeout=settings.sync_timeout,
    )
    engines = Engines(archive, files)
    try:
        yield engines
    finally:
        engines.close()


def _work(config: ChildConfig, lifeline: Lifeline | None = None) -> None:
    # Only a worker needs what runs jobs, and the others should start without it.
    from datalink.links import jobs as links
    from datalink.links.lookup import Lookup
    from datalink.previews.drawings import Drawings
    from datalink.soda import jobs as soda
    from datalink.soda.parts import Parts
    from registry.refresh import Refresher
    from tap.jobs import KIND, TapExecutor
    from tap.usertables import updates
    from tap.usertables.updates import TableUpdates
    from vo_server.products import ObsCore
    from vo_server.published import SERVICES, table_services

    settings = Settings.model_validate(config.settings)
    writer = _engine(config, pool_size=2)
    results = ResultStore.of(settings.result_store, Path(config.state_dir))
    previews = Path(config.state_dir, "previews")
    try:
        with _engines(settings, config.reader_url, 1, writer, Path(config.state_dir)) as engine:
            user_tables = UserTables(writer, settings.user_tables, settings.user_space)
            executors: dict[str, Executor] = {
                KIND: TapExecutor(settings, engine, CatalogCache(writer), results, user_tables),
                updates.KIND: TableUpdates(writer, user_tables),
                links.KIND: links.LinksExecutor(
                    settings,
                    Lookup(writer, ObsCore.read().relation, settings, Drawings(previews).may_have),
                    results,
                ),
                soda.KIND: soda.SodaExecutor(settings, Parts(writer, settings), results),
            }
            store = JobStore(writer, running=settings.owner_running)
            worker = Worker(config.name, store, executors, results)
            Refresher(writer, settings, Path(config.state_dir), SERVICES, table_services).start()
            if lifeline is not None:
                lifeline.then(worker.stop)
            with stop_signals(lambda number, frame: worker.stop()):
                worker.run()
    finally:
        writer.dispose()


def _publish(config: ChildConfig, lifeline: Lifeline) -> None:
    """Take the steps of submissions, with the owner's rights: publishing beside checking."""
    from datalink.previews.drawings import Drawings, draw_all, drawable_files
    from ingest.phase3.releases.archive import Archive
    from ingest.phase3.releases.jobs import StepExecutor
    from vo_server.submissions.jobs import KINDS

    settings, state_dir = Settings.model_validate(config.settings), Path(config.state_dir)
    writer, owner = _engine(config, pool_size=2 * len(KINDS)), _engine(config, config.owner_url)
    results = ResultStore.of(settings.result_store, state_dir)
    drawings = Drawings(state_dir / "previews")

    def draw(since: datetime) -> None:
        draw_all(drawable_files(writer, drawings, since), drawings, 1, silent)

    try:
        store, executor = JobStore(writer), StepExecutor(Archive(owner, settings, state_dir), draw)
        workers = [Worker(config.name, store, {kind: executor}, results, role=config.role) for kind in KINDS]
        _run_together(workers, lifeline)
    finally:
        owner.dispose()
        writer.dispose()


def _run_together(workers: Sequence[Worker], lifeline: Lifeline) -> None:
    """Let several workers of this process run until they are told to stop; where one fails, all end."""

    def stop() -> None:
        for worker in workers:
            worker.stop()

    lifeline.then(stop)
    with stop_signals(lambda number, frame: stop()), ThreadPoolExecutor(len(workers)) as threads:
        running = [threads.submit(worker.run) for worker in workers]
        wait(running, return_when=FIRST_COMPLETED)
        stop()
    for one in running:
        one.result()


@dataclass(frozen=True, slots=True)
class _Archive:
    """What a web process needs of the database that another process has opened."""

    writer: sa.Engine
    state_dir: Path


def _answer(config: ChildConfig) -> None:
    """Answer requests beside the server's first process.

    It ends at once with the server: while it lives, nobody else can listen at the port. A server that ends in
    order has told it so before.
    """
    from vo_server.http.app import create_app
    from vo_server.http.web import run_app

    settings = Settings.model_validate(config.settings)
    writer, state_dir = _engine(config), Path(config.state_dir)
    try:
        with (
            socket.socket(fileno=config.listener) as listener,
            _engines(settings, config.reader_url, settings.connections, writer, state_dir) as engine,
        ):
            app = create_app(settings, _Archive(writer, state_dir), engine)
            run_app(app, listener, lambda: None)
    finally:
        writer.dispose()


def _examine(config: ChildConfig) -> None:
    """Check once what the server answers, behind all that is urgent."""
    from health.run import examine
    from health.site import Site

    os.nice(10)
    settings = Settings.model_validate(config.settings)
    writer = _engine(config)
    local = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 (compared only)
    place = f"[{local}]" if ":" in local else local
    site = Site(settings.root_url, f"http://{place}:{settings.port}")
    try:
        found = examine(site, writer, silent)
    finally:
        writer.dispose()
    log = structlog.get_logger("vo_server.health")
    for finding in found:
        if finding.status == "failed":
            log.warning("check failed", service=finding.service, check=finding.name, found=finding.detail)
    log.info("checked", checks=len(found), failed=sum(finding.status == "failed" for finding in found))


def _engine(config: ChildConfig, url: str | None = None, **options: Any) -> sa.Engine:
    """The writer's engine, or that of another role, under the process's own name in the database."""
    name = {"application_name": f"{NAME} {config.role} {config.name}"[:63]}
    return sa.create_engine(url or config.writer_url, pool_pre_ping=True, connect_args=name, **options)


def be(config: Mapping[str, Any], lifeline: Lifeline) -> None:
    """Be a process beside the server, as `ChildConfig` says."""
    told = ChildConfig(**config)
    logs.configure(told.settings.get("log_format", "console"))
    with tracing.running(told.role):
        if told.role == Role.HEALTH:
            _examine(told)
        elif told.role == Role.WEB:
            _answer(told)
        elif told.role == Role.ARCHIVIST:
            _publish(told, lifeline)
        else:
            _work(told, lifeline)
