"""A process that runs queued jobs, one at a time, and tells that it lives while it does."""

import os
import secrets
import select
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import sqlalchemy as sa
import structlog
from structlog.contextvars import bind_contextvars

from vo_server.errors import TransientFault, VoError
from vo_server.running.tracing import span
from vo_server.uws.jobs import Job, JobError, JobResult, JobStore
from vo_server.uws.notices import Notices
from vo_server.uws.results import ResultStore

BEAT = 2.0  #: seconds between signs of life of a running job
SILENCE = 15.0  #: seconds without one, then the job is given to another worker
HOUSEKEEPING = 5.0  #: seconds between looks for lost and expired jobs
RETRY = 1.0  #: seconds to wait when the database does not answer


class Executor(Protocol):
    """Runs jobs of one kind."""

    def execute(self, job: Job) -> Sequence[JobResult]:
        """Do what the job asks for and keep its results; `VoError` where that cannot be done."""

    def cancel(self, job: Job) -> None:
        """Make a running `execute` of that job end with an error, within a second."""

    def progress(self, job: Job) -> Mapping[str, Any]:
        """How far a running `execute` of that job is: what a client may know, by name."""


class Worker:
    """Claims and runs jobs until told to stop.

    Parameters
    ----------
    name : str
        Different for every worker process.
    executors : mapping
        Kind of job to what runs it.
    results : ResultStore
        Where expired jobs have left their files.
    role : str
        What the log calls it.
    beat : float
        Seconds between signs of life of a running job, far below `SILENCE`.
    """

    def __init__(
        self,
        name: str,
        store: JobStore,
        executors: Mapping[str, Executor],
        results: ResultStore,
        *,
        role: str = "worker",
        beat: float = BEAT,
    ) -> None:
        self._name = name
        self._role = role
        self._store = store
        self._executors = executors
        self._results = results
        self._beat = beat
        self._stop = threading.Event()
        self._wake_read, self._wake_write = os.pipe()
        self._kept_house = 0.0
        self._log = structlog.get_logger("vo_server.worker").bind(worker=name)

    def stop(self) -> None:
        """Make `run` return soon; safe to call from a signal handler or another thread."""
        self._stop.set()
        os.write(self._wake_write, b"s")

    def run(self) -> None:
        """Work until `stop`; a database that goes away is waited for."""
        self._log.info(f"{self._role} ready", pid=os.getpid())
        while not self._stop.is_set():
            try:
                notices = self._store.notices()
                try:
                    self._serve(notices)
                finally:
                    notices.close()
            except (sa.exc.DBAPIError, ConnectionError) as exc:
                self._log.warning("the database does not answer", reason=type(exc).__name__)
                self._stop.wait(RETRY)
        self._log.info(f"{self._role} ends")

    def _serve(self, notices: Notices) -> None:
        while not self._stop.is_set():
            self._keep_house()
            job = self._store.claim(self._executors, self._name)
            if job is None:
                self._pause(notices, HOUSEKEEPING)
            else:
                self._run_job(job, notices)

    def _keep_house(self) -> None:
        if time.monotonic() - self._kept_house < HOUSEKEEPING:
            return
        self._kept_house = time.monotonic()
        lost = self._store.release_silent(SILENCE)
        if lost:
            self._log.warning("jobs of silent workers released", jobs=lost)
        for job_id in self._store.destroy_expired():
            self._results.delete(job_id)

    def _pause(self, notices: Notices, seconds: float) -> list[str]:
        """Wait for news; the names of jobs that were stopped from outside."""
        heard = notices.wait(seconds, [self._wake_read])
        if _readable(self._wake_read):
            os.read(self._wake_read, 1024)
        return [notice.job_id for notice in heard if notice.phase in ("ABORTED", "DELETED")]

    def _run_job(self, job: Job, notices: Notices) -> None:
        """Run one job in a thread while this one beats, listens and watches the clock."""
        log = self._log.bind(job=job.job_id, attempt=job.attempts, runid=job.run_id)
        log.info("job begins", kind=job.kind)
        begun = time.monotonic()
        ended = threading.Event()
        name = f"job-{job.job_id}"
        thread = threading.Thread(target=self._execute, args=(job, ended), name=name, daemon=True)
        thread.start()
        try:
            self._attend(job, ended, notices, begun)
        finally:
            # The job may not have reached the database yet when it is cancelled: say it until it ends.
            while not ended.is_set():
                self._executors[job.kind].cancel(job)
                ended.wait(0.2)
            thread.join()
        log.info("job ends", ms=round(1000 * (time.monotonic() - begun)))

    def _attend(self, job: Job, ended: threading.Event, notices: Notices, begun: float) -> None:
        """Return when the job has ended or must end."""
        deadline = begun + job.execution_duration if job.execution_duration else float("inf")
        beaten = begun
        while not ended.is_set():
            stopped = self._pause(notices, min(self._beat, max(0.0, deadline - time.monotonic())))
            if self._stop.is_set():
                self._store.hand_back(job)
                return
            if job.job_id in stopped:
                return
            if time.monotonic() >= deadline:
                message = f"stopped after the execution duration of {job.execution_duration} s"
                self._store.fail(job, JobError(message), phase="ABORTED")
                return
            if time.monotonic() - beaten >= self._beat:
                beaten = time.monotonic()
                if not self._store.beat(job, self._executors[job.kind].progress(job)):
                    return

    def _execute(self, job: Job, ended: threading.Event) -> None:
        # Everything that this thread logs, and its statements in the database, tell the job.
        bind_contextvars(job=job.job_id)
        try:
            with span(f"job {job.kind}", job=job.job_id):
                results = self._executors[job.kind].execute(job)
            if not self._store.complete(job, results):
                self._results.delete(job.job_id)
        except VoError as exc:
            kind = "transient" if isinstance(exc, TransientFault) else "fatal"
            self._give_up(job, JobError(f"{exc.fault}: {exc}", kind))
        except Exception as exc:
            reference = secrets.token_hex(4)
            self._log.error("unexpected", reference=reference, job=job.job_id, exc_info=exc)
            self._give_up(
                job, JobError(f"FatalFault: the job failed; the operator finds why under {reference}")
            )
        finally:
            # Set before the other thread wakes, or it would wait a beat for a thread that is just ending.
            ended.set()
            os.write(self._wake_write, b"d")

    def _give_up(self, job: Job, error: JobError) -> None:
        self._results.delete(job.job_id)
        try:
            self._store.fail(job, error)
        except sa.exc.DBAPIError:
            # The job stays EXECUTING without a sign of life, so another worker will take it up.
            self._log.warning("the database does not answer", job=job.job_id)


def _readable(descriptor: int) -> bool:
    return bool(select.select([descriptor], (), (), 0)[0])
