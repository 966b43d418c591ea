"""The table of jobs is the queue: created by requests, claimed by workers, never lost (UWS 1.1, Job)."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from vo_server.archive import JOB
from vo_server.errors import NotFoundFault, QuotaFault, UsageFault
from vo_server.parameters import Parameters
from vo_server.uws.notices import CHANNEL, Notices

PHASES = (
    "PENDING",
    "QUEUED",
    "EXECUTING",
    "COMPLETED",
    "ERROR",
    "ABORTED",
    "UNKNOWN",
    "HELD",
    "SUSPENDED",
    "ARCHIVED",
)
ACTIVE = ("PENDING", "QUEUED", "EXECUTING")
MAX_ATTEMPTS = 3  #: a job whose worker died that often is given up
#: Phases of jobs that count against an owner's quota.
UNENDED = ("PENDING", "QUEUED", "EXECUTING", "HELD", "SUSPENDED")
DELETED = "DELETED"  #: not a phase: what listeners are told when a job is gone


@dataclass(frozen=True, slots=True)
class JobResult:
    """One file that a job made; ``key`` is its name in the store of results."""

    id: str
    key: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class JobError:
    """Why a job failed (UWS 1.1, Error); ``type`` is ``transient`` or ``fatal``."""

    message: str
    type: str = "fatal"


@dataclass(frozen=True, slots=True)
class Job:
    """The state of one job; all times are UTC."""

    job_id: str
    kind: str
    owner: str
    run_id: str | None
    phase: str
    quote: datetime | None
    creation: datetime
    start_time: datetime | None
    end_time: datetime | None
    execution_duration: int
    destruction: datetime
    parameters: Parameters
    error: JobError | None
    results: tuple[JobResult, ...]
    worker: str | None
    attempts: int
    progress: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_active(self) -> bool:
        """Whether the phase may still change by itself or by the client (UWS 1.1, Blocking Behaviour)."""
        return self.phase in ACTIVE

    def result(self, name: str) -> JobResult:
        """The result of that name; raises `NotFoundFault` where the job has none, or none yet."""
        found = next((result for result in self.results if result.id == name), None)
        if found is None:
            raise NotFoundFault(f"the job is {self.phase}: it has no result {name[:40]!r}")
        return found


def _job(row: sa.RowMapping) -> Job:
    error = row["error"]
    return Job(
        **{
            name: row[name]
            for name in (
                "job_id", "kind", "owner", "run_id", "phase", "quote", "creation", "start_time",
                "end_time", "execution_duration", "destruction", "worker", "attempts",
            )
        },
        parameters=Parameters((name, value) for name, value in row["parameters"] or ()),
        progress=row["progress"] or {},
        error=JobError(error["message"], error["type"]) if error else None,
        results=tuple(
            JobResult(r["id"], r["href"], r["mime_type"], r["size"]) for r in row["results"] or ()
        ),
    )  # fmt: skip


class JobStore:
    """Jobs in ``archive.job``; every change is told to the listeners of `Notices`.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        May write ``archive.job``.
    unended, running : int or None
        The most jobs of one owner that have not ended, and the most that run; None for no limit.
    """

    def __init__(self, engine: sa.Engine, *, unended: int | None = None, running: int | None = None) -> None:
        self._engine = engine
        self._unended = unended
        self._running = running

    def notices(self) -> Notices:
        """A connection of its own that hears every change from now on."""
        return Notices(self._engine)

    def create(
        self,
        kind: str,
        owner: str,
        parameters: Parameters,
        *,
        execution_duration: int,
        retention: float,
        run_id: str | None = None,
        queued: bool = False,
    ) -> Job:
        """A new job in phase PENDING, to be destroyed ``retention`` seconds from now; or QUEUED at once.

        Raises
        ------
        QuotaFault
            The owner has the most jobs that it may have.
        """
        now = datetime.now(UTC)
        row = {
            "job_id": secrets.token_hex(10),
            "kind": kind,
            "owner": owner,
            "run_id": run_id,
            "phase": "QUEUED" if queued else "PENDING",
            "creation": now,
            "execution_duration": execution_duration,
            "destruction": now + timedelta(seconds=retention),
            "parameters": [list(item) for item in parameters],
            "attempts": 0,
        }
        with self._engine.begin() as connection:
            self._check_quota(connection, owner)
            made = connection.execute(sa.insert(JOB).values(row).returning(JOB)).mappings().one()
            if queued:
                _tell(connection, made["job_id"], "QUEUED")
            return _job(made)

    def _check_quota(self, connection: sa.Connection, owner: str) -> None:
        if self._unended is None:
            return
        waiting = sa.select(sa.func.count()).where(JOB.c.owner == owner, JOB.c.phase.in_(UNENDED))
        if (connection.scalar(waiting) or 0) >= self._unended:
            raise QuotaFault(
                f"{self._unended} jobs of yours have not ended, the most that are kept: wait for some,"
                " or delete those that you do not need"
            )

    def get(self, job_id: str) -> Job:
        """The job of that name.

        Raises
        ------
        NotFoundFault
            There is none.
        """
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(JOB).where(JOB.c.job_id == job_id)).mappings().first()
        if row is None:
            raise NotFoundFault(f"there is no job {job_id[:40]!r}: it never was, or it has been destroyed")
        return _job(row)

    def listed(
        self,
        kind: str,
        owner: str,
        *,
        phases: Sequence[str] = (),
        after: datetime | None = None,
        last: int | None = None,
    ) -> list[Job]:
        """The jobs of an owner, newest first, filtered as in UWS 1.1, Job List."""
        query = sa.select(JOB).where(JOB.c.kind == kind, JOB.c.owner == owner)
        query = query.where(JOB.c.phase.in_(phases) if phases else JOB.c.phase != "ARCHIVED")
        if after is not None:
            query = query.where(JOB.c.creation > after)
        query = query.order_by(JOB.c.creation.desc(), JOB.c.job_id).limit(last)
        with self._engine.connect() as connection:
            return [_job(row) for row in connection.execute(query).mappings()]

    def add_parameters(self, job_id: str, parameters: Parameters) -> None:
        """Set parameters of a PENDING job; they replace those of the same name (DALI 1.1, DALI-async)."""
        job = self.get(job_id)
        named = {name.lower() for name, _ in parameters}
        kept = [item for item in job.parameters if item[0].lower() not in named]
        merged = [list(item) for item in (*kept, *parameters)]
        changed = self._change(job_id, ("PENDING",), parameters=merged)
        if not changed:
            raise UsageFault(
                f"the job is {self.get(job_id).phase}: parameters can be set while it is PENDING"
            )

    def run(self, job_id: str) -> None:
        """Queue a job; one that is queued, running or done stays as it is."""
        if not self._change(job_id, ("PENDING", "HELD"), phase="QUEUED"):
            self._require(job_id, "run", allowed=("QUEUED", "EXECUTING", "COMPLETED"))

    def abort(self, job_id: str) -> None:
        """Stop a job; its worker hears of it at once. A job that has ended stays as it is."""
        if not self._change(job_id, UNENDED, phase="ABORTED", end_time=datetime.now(UTC)):
            self.get(job_id)

    def set_execution_duration(self, job_id: str, seconds: int) -> None:
        """Change how long a job may run; without effect once it has begun."""
        if not self._change(job_id, ("PENDING", "HELD"), execution_duration=seconds):
            self.get(job_id)

    def set_destruction(self, job_id: str, when: datetime) -> None:
        """Change when a job is destroyed."""
        if not self._change(job_id, PHASES, destruction=when):
            self.get(job_id)

    def delete(self, job_id: str) -> None:
        """Forget a job; its worker hears of it at once. The caller removes its results."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(JOB).where(JOB.c.job_id == job_id))
            _tell(connection, job_id, DELETED)

    # For workers

    def claim(self, kinds: Iterable[str], worker: str) -> Job | None:
        """The next job to run, now EXECUTING for ``worker``; None where nothing waits.

        The owner with the fewest running jobs comes first, then the oldest job.
        """
        others = JOB.alias("others")
        running = (
            sa.select(sa.func.count())
            .where(others.c.owner == JOB.c.owner, others.c.phase == "EXECUTING")
            .scalar_subquery()
        )
        query = (
            sa.select(JOB.c.job_id)
            .where(JOB.c.phase == "QUEUED", JOB.c.kind.in_(list(kinds)))
            .where(sa.true() if self._running is None else running < self._running)
            .order_by(running, JOB.c.creation)
            .limit(1)
            .with_for_update(skip_locked=True, of=JOB)
        )
        with self._engine.begin() as connection:
            job_id = connection.execute(query).scalar()
            if job_id is None:
                return None
            now = datetime.now(UTC)
            change = (
                sa.update(JOB)
                .where(JOB.c.job_id == job_id)
                .values(
                    phase="EXECUTING",
                    worker=worker,
                    heartbeat=sa.func.now(),
                    start_time=now,
                    attempts=JOB.c.attempts + 1,
                )
                .returning(JOB)
            )
            job = _job(connection.execute(change).mappings().one())
            _tell(connection, job_id, "EXECUTING")
        return job

    def beat(self, job: Job, progress: Mapping[str, Any] | None = None) -> bool:
        """Tell that the worker of a job lives and how far it is; False where the job is no longer its own."""
        with self._engine.begin() as connection:
            values = {"heartbeat": sa.func.now()} | ({"progress": dict(progress)} if progress else {})
            change = sa.update(JOB).where(*_still(job)).values(**values)
            return connection.execute(change).rowcount == 1

    def complete(self, job: Job, results: Iterable[JobResult]) -> bool:
        """Set a job to COMPLETED with its results; False where it is no longer this worker's."""
        listed = [{"id": r.id, "href": r.key, "mime_type": r.media_type, "size": r.size} for r in results]
        return self._end(job, phase="COMPLETED", results=listed)

    def fail(self, job: Job, error: JobError, phase: str = "ERROR") -> bool:
        """Set a job to ERROR (or ABORTED) with its reason; False where it is no longer this worker's."""
        return self._end(job, phase=phase, error=_error(error))

    def release(self, worker: str) -> int:
        """Queue again, or give up, the jobs of a worker that has ended; their number."""
        return self._release(JOB.c.worker == worker, "the process that ran it ended")

    def release_silent(self, seconds: float) -> int:
        """The same for jobs whose worker has not been heard of for ``seconds``."""
        old = sa.func.now() - timedelta(seconds=seconds)
        return self._release(JOB.c.heartbeat < old, "the process that ran it fell silent")

    def hand_back(self, job: Job) -> None:
        """Queue a job again because its worker is told to stop; it does not count as an attempt."""
        with self._engine.begin() as connection:
            change = sa.update(JOB).where(*_still(job))
            done = connection.execute(
                change.values(phase="QUEUED", worker=None, heartbeat=None, attempts=JOB.c.attempts - 1)
            )
            if done.rowcount:
                _tell(connection, job.job_id, "QUEUED")

    def destroy_expired(self) -> list[str]:
        """Forget the jobs past their destruction time; their names, for the store of results."""
        with self._engine.begin() as connection:
            gone = connection.execute(
                sa.delete(JOB).where(JOB.c.destruction < sa.func.now()).returning(JOB.c.job_id)
            ).scalars()
            names = list(gone)
            for name in names:
                _tell(connection, name, DELETED)
        return names

    def _change(self, job_id: str, phases: Sequence[str], **values: Any) -> bool:
        with self._engine.begin() as connection:
            change = (
                sa.update(JOB)
                .where(JOB.c.job_id == job_id, JOB.c.phase.in_(phases))
                .values(**values)
                .returning(JOB.c.phase)
            )
            phase = connection.execute(change).scalar()
            if phase is None:
                return False
            _tell(connection, job_id, phase)
            return True

    def _require(self, job_id: str, verb: str, allowed: Sequence[str]) -> None:
        phase = self.get(job_id).phase
        if phase not in allowed:
            raise UsageFault(f"the job is {phase}: it cannot {verb} any more, create a new one")

    def _end(self, job: Job, **values: Any) -> bool:
        with self._engine.begin() as connection:
            change = sa.update(JOB).where(*_still(job))
            done = connection.execute(change.values(end_time=datetime.now(UTC), **values))
            if done.rowcount != 1:
                return False
            _tell(connection, job.job_id, values["phase"])
            return True

    def _release(self, which: sa.ColumnElement[bool], reason: str) -> int:
        lost = sa.select(JOB.c.job_id, JOB.c.attempts).where(JOB.c.phase == "EXECUTING", which)
        with self._engine.begin() as connection:
            rows = connection.execute(lost.with_for_update(skip_locked=True)).all()
            for job_id, attempts in rows:
                values: dict[str, Any] = {"phase": "QUEUED", "worker": None, "heartbeat": None}
                if attempts >= MAX_ATTEMPTS:
                    error = JobError(f"given up after {attempts} attempts: each time {reason}", "transient")
                    values = {"phase": "ERROR", "error": _error(error), "end_time": datetime.now(UTC)}
                connection.execute(sa.update(JOB).where(JOB.c.job_id == job_id).values(**values))
                _tell(connection, job_id, values["phase"])
        return len(rows)


def _still(job: Job) -> tuple[sa.ColumnElement[bool], ...]:
    """The job is still the one that this worker claimed, not claimed again by another since."""
    columns = JOB.c
    return (
        columns.job_id == job.job_id,
        columns.phase == "EXECUTING",
        columns.worker == job.worker,
        columns.attempts == job.attempts,
    )


def _error(error: JobError) -> dict[str, Any]:
    return {"type": error.type, "message": error.message, "has_detail": True}


def _tell(connection: sa.Connection, job_id: str, phase: str) -> None:
    # PostgreSQL delivers it when the transaction commits, and not at all when it rolls back.
    connection.execute(sa.select(sa.func.pg_notify(CHANNEL, f"{job_id} {phase}")))
