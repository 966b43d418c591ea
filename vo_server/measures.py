"""What the database and the disk tell about the archive, for Prometheus: jobs, backlog, store, health."""

import shutil
import time
from collections.abc import Iterator, Mapping
from datetime import UTC
from pathlib import Path

import sqlalchemy as sa
import structlog
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from vo_server import schemas
from vo_server.archive import BATCH, FILE, HEADER_STALE, INGEST_RUN, JOB, QUARANTINE

SLOW_CHANGES = 900.0  #: seconds for which the store's size is believed: summing all files takes long

#: Name, what it is, and the statement of its value; NULL tells nothing.
NUMBERS: tuple[tuple[str, str, str], ...] = (
    (
        "vo_job_oldest_queued_seconds",
        "Age of the oldest job that waits for a worker",
        f"SELECT extract(epoch FROM now() - min(creation)) FROM {JOB} WHERE phase = 'QUEUED'",  # noqa: S608
    ),
    (
        "vo_ingest_last_end_timestamp_seconds",
        "When the last run of ingest ended",
        f"SELECT extract(epoch FROM max(ended)) FROM {INGEST_RUN}",  # noqa: S608
    ),
    (
        "vo_ingest_quarantine_files",
        "Files that could not be taken",
        f"SELECT count(*) FROM {QUARANTINE}",  # noqa: S608
    ),
    (
        "vo_ingest_uncompacted_files",
        "Files whose headers have changed since they were written to Parquet",
        f"SELECT count(*) FROM {HEADER_STALE}",  # noqa: S608
    ),
    (
        "vo_database_bytes",
        "Size of the database",
        "SELECT pg_database_size(current_database())",
    ),
)


class Measures:
    """Reads the numbers when the metrics are read.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The writer's.
    """

    def __init__(self, engine: sa.Engine, state_dir: Path) -> None:
        self._engine = engine
        self._state_dir = state_dir
        self._store: tuple[float, Mapping[str, tuple[int, int]]] = (0.0, {})

    def __call__(self) -> Iterator[Metric]:
        """The metrics; without those of the database where that does not answer."""
        yield _gauge("vo_up_database", "Whether the database answers", float(self._answers()))
        yield _gauge(
            "vo_state_free_bytes", "Free space where the state is", shutil.disk_usage(self._state_dir).free
        )
        try:
            with self._engine.connect() as connection:
                yield from self._read(connection)
        except sa.exc.DBAPIError as exc:
            structlog.get_logger("vo_server.measures").warning("no measures", reason=type(exc).__name__)

    def _answers(self) -> bool:
        try:
            with self._engine.connect() as connection:
                return bool(connection.scalar(sa.text("SELECT 1")))
        except sa.exc.DBAPIError:
            return False

    def _read(self, connection: sa.Connection) -> Iterator[Metric]:
        phases = sa.select(JOB.c.kind, JOB.c.phase, sa.func.count()).group_by(JOB.c.kind, JOB.c.phase)
        jobs = GaugeMetricFamily("vo_jobs", "Jobs by kind and phase", labels=("kind", "phase"))
        for kind, phase, number in connection.execute(phases):
            jobs.add_metric([kind, phase], number)
        yield jobs
        batches = GaugeMetricFamily("vo_batches", "Batches of submissions by state", labels=("state",))
        for state, number in connection.execute(
            sa.select(BATCH.c.state, sa.func.count()).group_by(BATCH.c.state)
        ):
            batches.add_metric([state], number)
        yield batches
        for name, text, statement in NUMBERS:
            value = connection.scalar(sa.text(statement))
            if value is not None:
                yield _gauge(name, text, float(value))
        yield from self._files(connection)
        yield from _health(connection)

    def _files(self, connection: sa.Connection) -> Iterator[Metric]:
        read, found = self._store
        if not found or time.monotonic() - read > SLOW_CHANGES:
            query = sa.select(FILE.c.kind, sa.func.count(), sa.func.sum(FILE.c.size)).group_by(FILE.c.kind)
            found = {kind: (number, int(size)) for kind, number, size in connection.execute(query)}
            self._store = time.monotonic(), found
        files = GaugeMetricFamily("vo_store_files", "Files of the archive", labels=("kind",))
        sizes = GaugeMetricFamily("vo_store_bytes", "Bytes of the files of the archive", labels=("kind",))
        for kind, (number, size) in found.items():
            files.add_metric([kind], number)
            sizes.add_metric([kind], size)
        yield files
        yield sizes


def _health(connection: sa.Connection) -> Iterator[Metric]:
    """How the last deep check was."""
    tables = schemas.metadata(schemas.builtin()).tables
    runs, results = tables["health.runs"], tables["health.results"]
    last = connection.execute(sa.select(runs).order_by(runs.c.run_id.desc()).limit(1)).one_or_none()
    if last is None:
        return
    # Instants of published tables are UTC without a zone.
    ended = last.ended.replace(tzinfo=UTC).timestamp()
    yield _gauge("vo_health_last_end_timestamp_seconds", "When the last deep check ended", ended)
    found = GaugeMetricFamily(
        "vo_health_checks", "Checks of the last run by service and status", labels=("service", "status")
    )
    query = sa.select(results.c.service, results.c.status, sa.func.count())
    query = query.where(results.c.run_id == last.run_id).group_by(results.c.service, results.c.status)
    for service, status, number in connection.execute(query):
        found.add_metric([service, status], number)
    yield found


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)
