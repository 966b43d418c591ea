"""Steps that take longer than a request, as jobs: checking, publishing, taking back."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ingest.phase3.releases.amending import amend
from ingest.phase3.releases.archive import Archive
from ingest.phase3.releases.steps import take
from ingest.phase3.releases.withdrawing import deprecate, reinstate
from vo_server.errors import FatalFault, UsageFault
from vo_server.submissions.amendments import parse_amendments
from vo_server.submissions.jobs import AMEND, DEPRECATE, LONG, REINSTATE
from vo_server.submissions.states import STEPS, Person
from vo_server.submissions.store import check_may
from vo_server.uws.executing import Executing
from vo_server.uws.jobs import Job, JobResult


class StepExecutor:
    """Takes steps in a process that has the owner's rights.

    Parameters
    ----------
    published : callable
        Called after something was published or taken back, with the time before.
    """

    def __init__(self, archive: Archive, published: Callable[[datetime], None]) -> None:
        self._archive = archive
        self._published = published
        self._executing = Executing()

    def execute(self, job: Job) -> Sequence[JobResult]:
        """Take the step of BATCH that STEP names, or do that with the products ID or AMENDMENTS, for AUTHOR.

        Whether AUTHOR has the right to is looked at here, when it is done.
        """
        batch_id, step, author, reason = (
            job.parameters.single(name) or "" for name in ("BATCH", "STEP", "AUTHOR", "REASON")
        )
        if step in (DEPRECATE, REINSTATE):
            is_archivist = self._archive.submissions.is_archivist(author)
            people = frozenset({Person.ARCHIVIST}) if is_archivist else frozenset[Person]()
            act = deprecate if step == DEPRECATE else reinstate
            act(self._archive, job.parameters.values("ID"), people, reason)
            return []
        return self._take(job, batch_id, step, author, reason)

    def _take(self, job: Job, batch_id: str, step: str, author: str, reason: str) -> Sequence[JobResult]:
        if not batch_id.isdigit() or step not in (*LONG, AMEND):
            raise UsageFault(f"a job is for one of the steps {', '.join((*LONG, AMEND))}")
        submissions = self._archive.submissions
        batch = submissions.batch(int(batch_id))
        people = submissions.people(author, submissions.collection(batch.collection))

        def say(done: int, total: int | None, what: str) -> None:
            if self._executing.is_stopped(job):
                raise FatalFault("the job was stopped: the step may be taken again")
            self._executing.tell(job, doing=what, files=done, of=total or 0)

        if step == AMEND:
            check_may(people, *Person)
            amendments = parse_amendments((job.parameters.single("AMENDMENTS") or "").splitlines())
            with self._executing.noting(job):
                amend(self._archive, batch, amendments, say)
            return []
        begun = datetime.now(UTC)
        if job.attempts > 1 and batch.state is STEPS[step].target and step != "close":
            # The process was killed when the step was taken, and this was left to do.
            if step == "publish":
                self._archive.area(batch).clear()
            self._published(job.creation)
            return []
        with self._executing.noting(job):
            take(self._archive, batch.batch_id, step, author, people, reason, say)
            if step != "close":
                self._published(begun)
        return []

    def cancel(self, job: Job) -> None:
        """Let the step end before its next file."""
        self._executing.stop(job)

    def progress(self, job: Job) -> Mapping[str, Any]:
        """How far it is: what it does, and at which file."""
        return self._executing.progress(job)
