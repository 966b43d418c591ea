"""What an executor knows of the jobs that it runs: how far they are, and which are to end."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from vo_server.uws.jobs import Job


class Executing:
    """Notes of one executor; safe for the thread that runs a job and the one that asks for it."""

    def __init__(self) -> None:
        self._progress: dict[str, Mapping[str, Any]] = {}
        self._stopped: set[str] = set()

    @contextmanager
    def noting(self, job: Job) -> Iterator[None]:
        """Nothing is known of ``job`` after the block."""
        try:
            yield
        finally:
            self._progress.pop(job.job_id, None)
            self._stopped.discard(job.job_id)

    def tell(self, job: Job, **facts: Any) -> None:
        """Note how far ``job`` is; what was noted before is replaced."""
        self._progress[job.job_id] = facts

    def progress(self, job: Job) -> Mapping[str, Any]:
        """How far ``job`` is; empty where it does not run."""
        return self._progress.get(job.job_id, {})

    def stop(self, job: Job) -> None:
        """Let ``job`` end when it next asks."""
        self._stopped.add(job.job_id)

    def is_stopped(self, job: Job) -> bool:
        """Whether ``job`` is to end."""
        return job.job_id in self._stopped
