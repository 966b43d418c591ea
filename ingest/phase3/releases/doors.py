"""The doors: files of a directory as a batch; what pipelines made by itself; legacy products as they are.

Behind every door is the same way: the batch is checked, reviewed, and published in one transaction.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa

from ingest.phase3.releases.archive import Archive
from ingest.phase3.releases.closing import check_batch
from ingest.phase3.releases.publishing import publish
from vo_server.archive import BATCH_FILE, among
from vo_server.errors import NotFoundFault, UsageFault
from vo_server.progress import Progress
from vo_server.submissions.area import Sums, sums_of
from vo_server.submissions.published import PRODUCTS
from vo_server.submissions.states import SYSTEM, Person, State
from vo_server.submissions.values import Batch, Collection, Release

PUT_AT_ONCE = 500  #: files that are noted in one transaction
_AUTOMATIC = frozenset({Person.OWNER, Person.ARCHIVIST})


def take_files(
    archive: Archive, batch: Batch, files: Sequence[Path], progress: Progress | None = None
) -> None:
    """Take files of this machine into an open batch; those of the same name are replaced.

    A legacy batch links them where that is possible, others copy them.
    """
    state = archive.submissions.batch(batch.batch_id).state
    if state is not State.OPEN:
        raise UsageFault(f"{batch.name} is {state}: files change only while it is open; reopen it first")
    taken: dict[str, Sums] = {}
    for name, sums in archive.area(batch).adopt(files, progress, link=batch.door == "legacy"):
        taken[name] = sums
        if len(taken) == PUT_AT_ONCE:
            archive.submissions.put(batch.batch_id, taken)
            taken = {}
    archive.submissions.put(batch.batch_id, taken)


def known_or_new(archive: Archive, collection: Collection, release: Release) -> tuple[Collection, Release]:
    """The collection and the release as they are kept, or these where there are none of their names."""
    with suppress(NotFoundFault):
        known = archive.submissions.collection(collection.name)
        if known.origin != collection.origin:
            raise UsageFault(
                f"there is a collection {known.name} of origin {known.origin}, by {known.owner}:"
                f" products of origin {collection.origin} want another name"
            )
        collection = known
        release = archive.submissions.release(release.collection, release.release)
    return collection, release


def deliver(
    archive: Archive,
    files: Sequence[Path],
    collection: Collection,
    release: Release,
    *,
    door: str = "internal",
    standard: str = "8",
    mapping: str | None = None,
    author: str = SYSTEM,
    reason: str = "",
    progress: Progress | None = None,
) -> Batch | None:
    """Files through the internal or the legacy door, from the first step to the last, by itself.

    Doing it again changes nothing: what is published with the same bytes is left out, and a batch that was
    interrupted goes on where it was.

    Returns
    -------
    Batch or None
        Published, or in error with a report; None where all files are published already.

    Raises
    ------
    UsageFault
        The collection or the release is there and differs; files cannot be taken.
    """
    submissions = archive.submissions
    submissions.create_collection(collection)
    submissions.create_release(release)
    digests = _unpublished(archive, collection.name, files)
    if not digests:
        return None
    batch = _begun(archive, release, door, digests) or submissions.open_batch(
        collection.name, release.release, author, door, standard, mapping
    )
    if batch.state is State.ERROR:
        # What was wrong may have been mended, in the files or in the archive.
        batch = submissions.take(batch.batch_id, "reopen", author, _AUTOMATIC, reason)
    if batch.state is State.OPEN:
        _take_missing(archive, batch, digests, progress)
        batch = submissions.take(batch.batch_id, "close", author, _AUTOMATIC, reason)
    return conclude(archive, batch, author, _AUTOMATIC, reason, progress)


def _take_missing(
    archive: Archive, batch: Batch, digests: Mapping[Path, str], progress: Progress | None
) -> None:
    """Let an open batch have these files and no others; those that are there are not copied again."""
    area = archive.area(batch)
    wanted = {path.name: digest for path, digest in digests.items()}
    there = set()
    for file in archive.submissions.files(batch.batch_id):
        if file.name not in wanted:
            archive.submissions.remove(batch.batch_id, file.name)
            area.forget(file.name)
        elif file.sha256 == wanted[file.name] and area.is_placed(file.name):
            there.add(file.name)
    take_files(archive, batch, [path for path in digests if path.name not in there], progress)


def conclude(
    archive: Archive,
    batch: Batch,
    author: str,
    people: AbstractSet[Person],
    reason: str = "",
    progress: Progress | None = None,
) -> Batch:
    """All steps that are left from a closed batch on; one with errors stays as it is."""
    if batch.state is State.CLOSED:
        batch = check_batch(archive, batch.batch_id, progress)
    for state, step in ((State.VALID, "submit"), (State.SUBMITTED, "approve")):
        if batch.state is state:
            batch = archive.submissions.take(batch.batch_id, step, author, people, reason)
    if batch.state is State.APPROVED:
        batch = publish(archive, batch.batch_id, author, people, reason, progress)
    return batch


def _unpublished(archive: Archive, collection: str, files: Sequence[Path]) -> dict[Path, str]:
    """The SHA-256 of those files that were never published with these bytes, whatever came of them.

    What was deprecated, amended or withdrawn since does not come back by being delivered again.
    """
    names = {file.name for file in files}
    query = (
        sa.select(BATCH_FILE.c.name, BATCH_FILE.c.submitted)
        .join(PRODUCTS, PRODUCTS.c.dp_id == BATCH_FILE.c.dp_id)
        .where(PRODUCTS.c.collection == collection, among(PRODUCTS.c.origfile, names))
    )
    with archive.owner.connect() as connection:
        known = {(row.name, row.submitted) for row in connection.execute(query)}
    digests = {file: sums_of(file).sha256 for file in files}
    return {file: digest for file, digest in digests.items() if (file.name, digest) not in known}


def _begun(archive: Archive, release: Release, door: str, digests: Mapping[Path, str]) -> Batch | None:
    """The batch of an interrupted run that goes on with these files.

    One that may still change has to have their names, one that may not their bytes.
    """
    wanted = {path.name: digest for path, digest in digests.items()}
    for batch in archive.submissions.batches(release.collection, release.release):
        if batch.door != door or batch.state in (State.PUBLISHED, State.DROPPED):
            continue
        there = {file.name: file.submitted for file in archive.submissions.files(batch.batch_id)}
        may_change = batch.state in (State.OPEN, State.ERROR)
        if there == wanted or (may_change and there.keys() & wanted.keys()) or (may_change and not there):
            return batch
    return None
