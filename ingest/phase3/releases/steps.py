"""Every step of a batch by its name: what changes only its state, and what does more."""

from collections.abc import Set as AbstractSet

from ingest.phase3.releases.archive import Archive
from ingest.phase3.releases.closing import check_batch, complete_files
from ingest.phase3.releases.publishing import publish
from ingest.phase3.releases.withdrawing import unpublish
from vo_server.progress import Progress
from vo_server.submissions.states import Person, State
from vo_server.submissions.values import Batch


def take(
    archive: Archive,
    batch_id: int,
    step: str,
    author: str,
    people: AbstractSet[Person],
    reason: str = "",
    progress: Progress | None = None,
) -> Batch:
    """Take a step with a batch, with all that belongs to it.

    Closing is checking: a batch whose check was interrupted is checked when it is closed again.

    Raises
    ------
    UsageFault, AuthorizationFault, NotFoundFault
        As `vo_server.submissions.store.take_step`.
    """
    if step == "publish":
        return publish(archive, batch_id, author, people, reason, progress)
    if step == "unpublish":
        return unpublish(archive, batch_id, author, people, reason)
    submissions = archive.submissions
    batch = submissions.batch(batch_id)
    if step == "close":
        complete_files(archive, batch)
        if batch.state is not State.CLOSED:
            submissions.take(batch_id, step, author, people, reason)
        return check_batch(archive, batch_id, progress)
    taken = submissions.take(batch_id, step, author, people, reason)
    if step == "drop":
        archive.area(batch).clear()
    return taken
