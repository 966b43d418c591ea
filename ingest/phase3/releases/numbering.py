"""Identifiers of published files: assigned once, before anything is stored, and kept from then on."""

from collections import Counter
from datetime import datetime, timedelta

import sqlalchemy as sa

from ingest import identify
from ingest.phase3.releases.archive import Archive
from ingest.phase3.releases.closing import complete_files, read_all
from ingest.read import Parsed
from vo_server.archive import BATCH_FILE, FILE, among
from vo_server.errors import UsageFault
from vo_server.instants import utc_now
from vo_server.progress import Progress, silent
from vo_server.submissions.values import Batch, BatchFile

_STAMP = "%Y-%m-%dT%H:%M:%S.%f"
PREFIX = "ADP."  #: of products, with the time when they got their identifier


def number(archive: Archive, batch: Batch, progress: Progress | None = None) -> list[BatchFile]:
    """The files of a batch with their identifiers; those that have none yet get one, in one transaction.

    A legacy batch keeps the identifiers that its files bring along (ARCFILE, or their names).

    Raises
    ------
    UsageFault
        An identifier that a file brings along belongs to another file.
    """
    files = archive.submissions.files(batch.batch_id)
    new = [file for file in files if file.dp_id is None]
    if not new:
        return files
    brought = _brought_along(archive, batch, progress or silent) if batch.door == "legacy" else {}
    with archive.owner.begin() as connection:
        _check_free(connection, brought)
        stamps = _stamps(connection, len(new))
        for file, stamp in zip(new, stamps, strict=True):
            where = (BATCH_FILE.c.batch_id == batch.batch_id, BATCH_FILE.c.name == file.name)
            dp_id = brought.get(file.name, stamp)
            connection.execute(sa.update(BATCH_FILE).values(dp_id=dp_id).where(*where))
    return archive.submissions.files(batch.batch_id)


def _stamps(connection: sa.Connection, count: int) -> list[str]:
    """Identifiers that nobody has: of this moment, a millisecond apart."""
    now = utc_now()
    least = PREFIX + _text(now)
    taken = [
        connection.scalar(
            sa.select(sa.func.max(column)).where(column >= least, column < PREFIX + _text(datetime.max))
        )
        for column in (FILE.c.dp_id, BATCH_FILE.c.dp_id)
    ]
    latest = max((name for name in taken if name is not None), default=None)
    if latest is not None:
        now = max(now, datetime.strptime(latest.removeprefix(PREFIX), _STAMP))
    return [PREFIX + _text(now + timedelta(milliseconds=step)) for step in range(1, count + 1)]


def _text(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds")


def _brought_along(archive: Archive, batch: Batch, say: Progress) -> dict[str, str]:
    found: dict[str, str] = {}
    for path, result in read_all(archive, batch, complete_files(archive, batch), say):
        if isinstance(result, Parsed) and (dp_id := identify.brought_along(result)):
            found[path.rsplit("/", 1)[-1]] = dp_id
    return found


def _check_free(connection: sa.Connection, brought: dict[str, str]) -> None:
    twice = sorted(name for name, count in Counter(brought.values()).items() if count > 1)
    if twice:
        raise UsageFault(f"several files have these identifiers: {', '.join(twice[:5])}")
    for column, owner in ((FILE.c.dp_id, "the archive"), (BATCH_FILE.c.dp_id, "another batch")):
        if taken := connection.scalars(sa.select(column).where(among(column, brought.values()))).all():
            raise UsageFault(f"{owner} has files with these identifiers: {', '.join(map(str, taken[:5]))}")
