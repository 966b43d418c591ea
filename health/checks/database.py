"""What only the database tells: tables behind TAP_SCHEMA, files behind rows, workers behind jobs."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from health.site import Site
from health.verdict import Check, Verdict
from vo_server import checks as shallow
from vo_server.archive import JOB

SILENCE = timedelta(minutes=1)  #: without a sign of life of a running job
WAITING = timedelta(minutes=10)  #: of a job for a worker, then the operator should know


def checks(engine: sa.Engine) -> Iterator[Check]:
    """The checks of the database; the engine is the writer's."""

    def asked(look: Callable[[sa.Connection], Verdict]) -> Callable[[Site], Verdict]:
        def answer(_: Site) -> Verdict:
            with engine.connect() as connection:
                return look(connection)

        return answer

    yield Check("archive", "TAP_SCHEMA", asked(look_at_tap_schema))
    yield Check("archive", "files", asked(look_at_files))
    yield Check("archive", "workers", asked(look_at_workers))


def look_at_tap_schema(connection: sa.Connection) -> Verdict:
    """Whether every column that clients are told of is in the database."""
    return _verdict(shallow.check_tap_schema(connection))


def look_at_files(connection: sa.Connection) -> Verdict:
    """Whether some files are where the archive says, with the sizes that it says."""
    return _verdict(shallow.check_files(connection))


def look_at_workers(connection: sa.Connection) -> Verdict:
    """Whether there are workers, and those that run jobs give signs of life."""
    now = datetime.now(UTC)
    # Workers are connected all the time, to hear of new jobs.
    names = connection.scalars(
        sa.text(
            "SELECT DISTINCT application_name FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name LIKE 'vo-server worker %'"
        )
    ).all()
    running = sa.select(JOB.c.job_id, JOB.c.worker).where(
        JOB.c.phase == "EXECUTING", JOB.c.heartbeat < now - SILENCE
    )
    silent = connection.execute(running).all()
    oldest = connection.scalar(sa.select(sa.func.min(JOB.c.creation)).where(JOB.c.phase == "QUEUED"))

    def faults() -> Iterator[str]:
        if not names:
            yield "there is no worker: jobs wait for ever"
        for job_id, worker in silent:
            yield f"the worker {worker} is silent, and has the job {job_id}"

    doubts = []
    if oldest is not None and now - oldest > WAITING:
        doubts.append(f"a job waits for a worker since {oldest:%Y-%m-%dT%H:%M:%SZ}")
    return Verdict.of(f"{len(names)} workers", faults(), doubts)


def _verdict(found: shallow.Check) -> Verdict:
    if found.status == "ok":
        return Verdict(found.detail)
    told = (found.detail,)
    return Verdict("", told) if found.status == "failed" else Verdict("", (), told)
