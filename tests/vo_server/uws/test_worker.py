"""A worker runs jobs, tells that it lives, and stops them when told."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from vo_server.archive import JOB
from vo_server.db import Database
from vo_server.errors import NotFoundFault, TransientFault, UsageFault
from vo_server.parameters import Parameters
from vo_server.uws.jobs import Job, JobResult, JobStore
from vo_server.uws.results import ResultStore
from vo_server.uws.worker import Worker

KIND = "worker-test"


class Sleeper:
    """Does what the job's parameter DO says; a sleep ends when it is cancelled."""

    def __init__(self, results: ResultStore) -> None:
        self._results = results
        self._cancelled = threading.Event()

    def execute(self, job: Job) -> Sequence[JobResult]:
        what = job.parameters.single("DO")
        if what == "sleep":
            if self._cancelled.wait(30):
                raise TransientFault("cancelled")
        elif what == "fault":
            raise UsageFault("QUERY is wrong")
        elif what == "bug":
            raise ZeroDivisionError("secret detail")
        size = self._results.write(f"{job.job_id}/result.txt", [b"done"])
        return [JobResult("result", f"{job.job_id}/result.txt", "text/plain", size)]

    def cancel(self, job: Job) -> None:
        self._cancelled.set()

    def progress(self, job: Job) -> Mapping[str, Any]:
        return {"doing": "sleeping", "rows": 3}


@pytest.fixture
def results(tmp_path: Path) -> ResultStore:
    return ResultStore(tmp_path.as_uri())


@pytest.fixture
def store(database: Database) -> Iterator[JobStore]:
    yield JobStore(database.writer)
    with database.owner.begin() as connection:
        connection.execute(sa.delete(JOB).where(JOB.c.kind == KIND))


@pytest.fixture
def worker(store: JobStore, results: ResultStore) -> Iterator[Worker]:
    made = Worker("tester", store, {KIND: Sleeper(results)}, results)
    thread = threading.Thread(target=made.run)
    thread.start()
    yield made
    made.stop()
    thread.join(10)
    assert not thread.is_alive()


def submit(store: JobStore, what: str, duration: int = 60) -> str:
    job = store.create(
        KIND, "nobody@", Parameters([("DO", what)]), execution_duration=duration, retention=600
    )
    store.run(job.job_id)
    return job.job_id


def until(found: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for a claim to come true."""
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


def ended(store: JobStore, job_id: str) -> Job:
    until(lambda: not store.get(job_id).is_active)
    return store.get(job_id)


@pytest.mark.usefixtures("worker")
def test_a_job_is_run_and_its_result_kept(store: JobStore, results: ResultStore) -> None:
    job = ended(store, submit(store, "nothing"))
    assert job.phase == "COMPLETED"
    assert b"".join(results.read(job.results[0].key)) == b"done"


def test_the_next_job_does_not_wait_for_the_beat_of_one_that_ended(
    store: JobStore, results: ResultStore
) -> None:
    # With a beat this slow, one missed wake-up would hold the queue up for longer than `ended` waits.
    worker = Worker("slow beat", store, {KIND: Sleeper(results)}, results, beat=3600)
    jobs = [submit(store, "nothing", duration=3600) for _ in range(30)]
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        assert {ended(store, job).phase for job in jobs} == {"COMPLETED"}
    finally:
        worker.stop()
        thread.join(10)
    assert not thread.is_alive()


@pytest.mark.usefixtures("worker")
def test_a_fault_is_told_and_a_bug_is_not(store: JobStore) -> None:
    fault, bug = ended(store, submit(store, "fault")), ended(store, submit(store, "bug"))
    assert fault.phase == bug.phase == "ERROR"
    assert fault.error is not None
    assert bug.error is not None
    assert fault.error.message == "UsageFault: QUERY is wrong"
    assert "secret" not in bug.error.message


@pytest.mark.usefixtures("worker")
def test_abort_stops_the_work_within_a_second(store: JobStore) -> None:
    job_id = submit(store, "sleep")
    until(lambda: store.get(job_id).phase == "EXECUTING")
    store.abort(job_id)
    follower = submit(store, "nothing")
    # The same worker takes the next job only when the first has let it go.
    until(lambda: store.get(follower).phase == "COMPLETED", seconds=2)
    assert store.get(job_id).phase == "ABORTED"


@pytest.mark.usefixtures("worker")
def test_the_execution_duration_is_kept(store: JobStore) -> None:
    job = ended(store, submit(store, "sleep", duration=1))
    assert job.phase == "ABORTED"
    assert job.error is not None
    assert "1 s" in job.error.message


@pytest.mark.usefixtures("worker")
def test_an_expired_job_leaves_no_files(store: JobStore, results: ResultStore) -> None:
    job = ended(store, submit(store, "nothing"))
    path = results.path(job.results[0].key)
    assert path is not None
    assert path.exists()
    store.set_destruction(job.job_id, datetime.now(UTC) - timedelta(seconds=1))
    until(lambda: not path.exists())
    with pytest.raises(NotFoundFault):
        store.get(job.job_id)


def test_a_stopped_worker_hands_its_job_back(store: JobStore, results: ResultStore) -> None:
    made = Worker("leaver", store, {KIND: Sleeper(results)}, results)
    thread = threading.Thread(target=made.run)
    thread.start()
    job_id = submit(store, "sleep")
    until(lambda: store.get(job_id).phase == "EXECUTING")
    made.stop()
    thread.join(5)
    assert not thread.is_alive()
    job = store.get(job_id)
    assert (job.phase, job.attempts, job.worker) == ("QUEUED", 0, None)


def test_a_worker_survives_a_lost_connection(store: JobStore, worker: Worker, database: Database) -> None:
    assert ended(store, submit(store, "nothing")).phase == "COMPLETED"
    with database.owner.begin() as connection:
        connection.execute(
            sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
        )
    assert ended(store, submit(store, "nothing")).phase == "COMPLETED"
