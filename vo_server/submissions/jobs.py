"""Steps of batches, and deprecations, as jobs of the queue: who asks for one, and how far it is."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from vo_server.archive import JOB, or_try_again
from vo_server.parameters import Parameters
from vo_server.uws.jobs import Job, JobStore

PUBLISHING = "phase3"  #: jobs that change what is published, one after another
#: Jobs that look at files of a batch or put some into it: hours of terabytes, in nobody's way.
CHECKING = "phase3-check"
KINDS = (PUBLISHING, CHECKING)
#: Steps that take longer than a request may.
LONG = ("close", "publish", "unpublish")
DEPRECATE, REINSTATE = "deprecate", "reinstate"  #: what is done with products
AMEND = "amend"  #: new versions of products are put into a batch
DURATION = 7 * 86400  #: seconds that one may take
_GOING = ("PENDING", "QUEUED", "EXECUTING")


def ask_step(jobs: JobStore, batch_id: int, step: str, author: str, reason: str, retention: float) -> Job:
    """Queue a step of a batch; `QuotaFault` where the author has too many jobs."""
    return _ask(jobs, batch_id, step, author, [("REASON", reason)], retention)


def ask_amendments(jobs: JobStore, batch_id: int, amendments: str, author: str, retention: float) -> Job:
    """Queue amendments (CSV) of published products, for a batch; `QuotaFault` as above."""
    return _ask(jobs, batch_id, AMEND, author, [("AMENDMENTS", amendments)], retention)


def _ask(
    jobs: JobStore, batch_id: int, step: str, author: str, told: Sequence[tuple[str, str]], retention: float
) -> Job:
    parameters = Parameters([("BATCH", str(batch_id)), ("STEP", step), ("AUTHOR", author), *told])
    kind, name = CHECKING if step in ("close", AMEND) else PUBLISHING, f"batch {batch_id}"
    return jobs.create(
        kind, author, parameters, execution_duration=DURATION, retention=retention, run_id=name, queued=True
    )


def ask_deprecation(
    jobs: JobStore, dp_ids: Sequence[str], author: str, reason: str, retention: float, *, undo: bool
) -> Job:
    """Queue the deprecation of products, or its end; `QuotaFault` where the author has too many jobs."""
    told = [("STEP", REINSTATE if undo else DEPRECATE), ("AUTHOR", author), ("REASON", reason)]
    parameters = Parameters([*told, *(("ID", dp_id) for dp_id in dp_ids)])
    return jobs.create(
        PUBLISHING, author, parameters, execution_duration=DURATION, retention=retention, queued=True
    )


def last_job(engine: sa.Engine, batch_id: int) -> Mapping[str, Any] | None:
    """The newest job of a batch, if any: ``job_id, phase, error, progress, parameters``."""
    query = (
        sa.select(JOB.c.job_id, JOB.c.phase, JOB.c.error, JOB.c.progress, JOB.c.parameters)
        .where(JOB.c.kind.in_(KINDS), JOB.c.run_id == f"batch {batch_id}")
        .order_by(JOB.c.creation.desc())
        .limit(1)
    )
    with or_try_again(), engine.connect() as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else dict(row._mapping)


def is_going(phase: str) -> bool:
    """Whether a job of this phase has not ended."""
    return phase in _GOING
