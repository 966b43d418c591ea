"""The table of jobs as a queue: nothing is lost, nothing is stuck."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.xsd import validate
from vo_server.archive import JOB
from vo_server.db import Database
from vo_server.errors import NotFoundFault, QuotaFault, UsageFault
from vo_server.parameters import Parameters
from vo_server.uws.documents import job_document
from vo_server.uws.jobs import MAX_ATTEMPTS, Job, JobError, JobResult, JobStore

KIND = "test"


@pytest.fixture
def store(database: Database) -> Iterator[JobStore]:
    yield JobStore(database.writer)
    with database.owner.begin() as connection:
        connection.execute(sa.delete(JOB).where(JOB.c.kind == KIND))


def make(store: JobStore, owner: str = "anonymous@192.0.2.1", *, run: bool = True) -> Job:
    job = store.create(KIND, owner, Parameters([("QUERY", "SELECT 1")]), execution_duration=60, retention=600)
    if run:
        store.run(job.job_id)
    return job


def claim(store: JobStore, worker: str = "w1") -> Job:
    job = store.claim([KIND], worker)
    assert job is not None
    return job


def test_a_new_job_is_pending_and_keeps_its_parameters_in_order(store: JobStore) -> None:
    given = Parameters([("LANG", "ADQL"), ("lang", ""), ("QUERY", "SELECT 'é'")])
    job = store.create(KIND, "somebody", given, execution_duration=5, retention=60, run_id="mine")
    found = store.get(job.job_id)
    assert (found.phase, found.run_id, list(found.parameters)) == ("PENDING", "mine", list(given))
    assert timedelta(seconds=59) < found.destruction - found.creation <= timedelta(seconds=60)


def test_only_a_queued_job_is_claimed_and_only_once(store: JobStore) -> None:
    waiting = make(store, run=False)
    assert store.claim([KIND], "w1") is None
    store.run(waiting.job_id)
    job = claim(store)
    assert (job.job_id, job.phase, job.worker, job.attempts) == (waiting.job_id, "EXECUTING", "w1", 1)
    assert store.claim([KIND], "w2") is None


def test_jobs_of_another_kind_are_left_alone(store: JobStore) -> None:
    make(store)
    assert store.claim(["another"], "w1") is None


def test_an_owner_with_running_jobs_waits_behind_one_with_none(store: JobStore) -> None:
    first, second, other = make(store, "a"), make(store, "a"), make(store, "b")
    assert [claim(store).job_id for _ in range(3)] == [first.job_id, other.job_id, second.job_id]


def test_an_owner_may_not_run_more_than_its_share(database: Database, store: JobStore) -> None:
    limited = JobStore(database.writer, running=2)
    for _ in range(3):
        make(store, "a")
    other = make(store, "b")
    claimed = {claim(limited).job_id for _ in range(3)}
    assert other.job_id in claimed
    assert limited.claim([KIND], "w1") is None


def test_an_owner_may_not_have_more_than_its_share(database: Database, store: JobStore) -> None:
    limited = JobStore(database.writer, unended=2)
    first, _ = make(limited, "quota", run=False), make(limited, "quota")
    with pytest.raises(QuotaFault, match="2 jobs of yours"):
        make(limited, "quota")
    make(limited, "another")
    limited.delete(first.job_id)
    make(limited, "quota")


def test_progress_is_told_in_a_valid_document(store: JobStore) -> None:
    make(store)
    job = claim(store)
    assert store.beat(job, {"doing": "writing rows", "rows": 5})
    document = job_document(store.get(job.job_id), "http://x/async")
    assert validate(document) == []
    assert b":rows" in document
    assert b">5<" in document


def test_a_completed_job_has_its_results(store: JobStore) -> None:
    make(store)
    job = claim(store)
    assert store.complete(job, [JobResult("result", "k", "text/csv", 12)])
    found = store.get(job.job_id)
    assert (found.phase, found.results) == ("COMPLETED", (JobResult("result", "k", "text/csv", 12),))
    assert found.end_time is not None


def test_an_aborted_job_cannot_be_completed_by_its_worker(store: JobStore) -> None:
    make(store)
    job = claim(store)
    store.abort(job.job_id)
    assert not store.complete(job, [])
    assert not store.beat(job)
    assert store.get(job.job_id).phase == "ABORTED"


def test_abort_leaves_an_ended_job_as_it_is(store: JobStore) -> None:
    make(store)
    job = claim(store)
    store.fail(job, JobError("UsageFault: no such table"))
    store.abort(job.job_id)
    assert store.get(job.job_id).phase == "ERROR"


def test_an_ended_job_cannot_run_again(store: JobStore) -> None:
    job = make(store, run=False)
    store.abort(job.job_id)
    with pytest.raises(UsageFault, match="ABORTED"):
        store.run(job.job_id)


def test_parameters_replace_those_of_the_same_name_while_pending(store: JobStore) -> None:
    job = make(store, run=False)
    store.add_parameters(job.job_id, Parameters([("query", "SELECT 2"), ("LANG", "ADQL")]))
    assert list(store.get(job.job_id).parameters) == [("query", "SELECT 2"), ("LANG", "ADQL")]
    store.run(job.job_id)
    with pytest.raises(UsageFault, match="PENDING"):
        store.add_parameters(job.job_id, Parameters([("LANG", "x")]))


def test_the_job_of_a_dead_worker_is_run_again_and_given_up_in_the_end(store: JobStore) -> None:
    made = make(store)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        job = claim(store, f"w{attempt}")
        assert job.attempts == attempt
        assert store.release(f"w{attempt}") == 1
    found = store.get(made.job_id)
    assert found.phase == "ERROR"
    assert found.error is not None
    assert str(MAX_ATTEMPTS) in found.error.message


def test_a_worker_that_comes_back_too_late_changes_nothing(store: JobStore) -> None:
    make(store)
    late = claim(store, "w1")
    assert store.release_silent(-1) >= 1
    current = claim(store, "w1")
    assert not store.complete(late, [])
    assert store.get(late.job_id).phase == "EXECUTING"
    assert store.complete(current, [])


def test_a_job_handed_back_has_lost_no_attempt(store: JobStore) -> None:
    make(store)
    store.hand_back(claim(store))
    assert claim(store).attempts == 1


def test_expired_jobs_are_forgotten(store: JobStore) -> None:
    kept, gone = make(store, run=False), make(store, run=False)
    store.set_destruction(gone.job_id, datetime.now(UTC) - timedelta(seconds=1))
    assert gone.job_id in store.destroy_expired()
    with pytest.raises(NotFoundFault):
        store.get(gone.job_id)
    assert store.get(kept.job_id).phase == "PENDING"


def test_the_list_is_filtered_by_owner_phase_time_and_number(store: JobStore) -> None:
    old, new, foreign = make(store, "a", run=False), make(store, "a"), make(store, "b")
    assert [job.job_id for job in store.listed(KIND, "a")] == [new.job_id, old.job_id]
    assert [job.job_id for job in store.listed(KIND, "a", phases=["PENDING"])] == [old.job_id]
    assert [job.job_id for job in store.listed(KIND, "a", last=1)] == [new.job_id]
    after = store.get(old.job_id).creation
    assert [job.job_id for job in store.listed(KIND, "a", after=after)] == [new.job_id]
    assert [job.job_id for job in store.listed(KIND, "b")] == [foreign.job_id]


def test_every_change_is_heard_in_order(store: JobStore) -> None:
    notices = store.notices()
    try:
        job = make(store)
        store.complete(claim(store), [])
        store.delete(job.job_id)
        heard: list[str] = []
        while len(heard) < 4:
            more = notices.wait(5)
            assert more, f"heard only {heard}"
            heard += [notice.phase for notice in more if notice.job_id == job.job_id]
        assert heard == ["QUEUED", "EXECUTING", "COMPLETED", "DELETED"]
    finally:
        notices.close()


def test_an_unknown_job_is_not_found(store: JobStore) -> None:
    with pytest.raises(NotFoundFault, match="no job"):
        store.get("nope")
