"""Jobs are looked at from their first to their last phase, and a dead worker is found."""

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from health.checks import database as archive
from health.checks import jobs, queries
from health.site import Reply, Site
from tests.serving import Server
from vo_server.archive import JOB
from vo_server.db import Database


@pytest.fixture(autouse=True)
def clean(database: Database) -> Iterator[None]:
    yield
    with database.owner.begin() as connection:
        connection.execute(sa.delete(JOB))


def test_jobs_of_a_healthy_server_are_right_and_leave_nothing(site: Site, database: Database) -> None:
    count = sa.select(sa.func.count()).select_from(JOB)
    with database.owner.connect() as connection:
        before = connection.scalar(count)
    assert jobs.look_at_jobs(site).problems == ()
    with database.owner.connect() as connection:
        assert connection.scalar(count) == before


def test_a_job_of_a_check_that_was_killed_is_soon_gone(server: Server, database: Database) -> None:
    class Killed(Exception):
        """The end of the process."""

    class Dying(Site):
        def get(self, path: str, *arguments: Any, **options: Any) -> Reply:
            raise Killed

        def delete(self, path: str) -> Reply:
            raise Killed

    with pytest.raises(Killed):
        jobs.look_at_jobs(Dying(server.url))
    with database.owner.connect() as connection:
        (left,) = connection.scalars(sa.select(JOB.c.destruction).where(JOB.c.run_id == "health"))
    assert left <= datetime.now(UTC) + jobs.KEPT


def test_a_healthy_server_has_workers(server: Server, database: Database) -> None:
    server.until(lambda: bool(server.worker_pids()))
    with database.writer.connect() as connection:
        verdict = archive.look_at_workers(connection)
    assert (verdict.problems, verdict.looked) == ((), "1 workers")


def test_queries_are_answered_as_the_standard_wants(site: Site) -> None:
    found = {check.name: check.look(site).problems for check in queries.checks()}
    assert found == {"limits": (), "formats": (), "errors": (), "tables": ()}


def test_a_dead_worker_is_found_by_the_job_that_it_does_not_take(server: Server) -> None:
    server.until(lambda: bool(server.worker_pids()))
    pid = server.worker_pids()[-1]
    os.kill(pid, signal.SIGSTOP)
    try:
        (problem,) = jobs.look_at_jobs(Site(server.url, patience=1.5)).problems
    finally:
        os.kill(pid, signal.SIGCONT)
    assert problem == "no worker has taken a job in 1.5 s: none is alive, or all are busy"


def test_a_worker_that_falls_silent_and_a_job_that_waits_are_found(connection: sa.Connection) -> None:
    ago = datetime.now(UTC) - timedelta(hours=1)
    row = {"kind": "tap", "execution_duration": 1, "destruction": datetime.now(UTC) + timedelta(hours=1)}
    rows = [
        {**row, "job_id": "a", "phase": "EXECUTING", "worker": "w-1", "heartbeat": ago, "creation": ago},
        {**row, "job_id": "b", "phase": "QUEUED", "worker": None, "heartbeat": None, "creation": ago},
    ]
    connection.execute(sa.insert(JOB), rows)
    verdict = archive.look_at_workers(connection)
    assert "the worker w-1 is silent, and has the job a" in verdict.problems
    assert verdict.doubts[0].startswith("a job waits for a worker since")
