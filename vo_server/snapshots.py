"""Tables as Parquet files in ``<state_dir>/parquet/<schema>.<table>/``, and the list of those that live.

A file exists for readers from the commit of the transaction that lists it until that of the one that takes it
off the list. What no list names was left behind by a killed process, or is still being read by a query that
began before: `sweep` removes it when it is old enough.
"""

import os
import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from vo_server.archive import SNAPSHOT, SNAPSHOT_FILE, among
from vo_server.files.durable import sync

#: Seconds that an unlisted file stays: longer than any query may read it, or a process may write it.
GRACE = 2 * 3600.0


@dataclass(frozen=True, slots=True)
class SnapshotFile:
    """One Parquet file of a table.

    Attributes
    ----------
    path : str
        Relative to ``<state_dir>/parquet``, with the table's directory: ``header.keyword/....parquet``.
    rows : int
    size : int
        Bytes.
    """

    path: str
    rows: int
    size: int


def root(state_dir: Path) -> Path:
    """What the paths of all files are relative to."""
    return state_dir / "parquet"


def new_path(state_dir: Path, table_name: str) -> Path:
    """A place for one more file of ``table_name``, in a directory that exists."""
    directory = root(state_dir) / table_name.lower()
    directory.mkdir(parents=True, exist_ok=True)
    return directory / f"{uuid4().hex}.parquet"


def finished(state_dir: Path, path: Path, rows: int) -> SnapshotFile:
    """A file that was written to its end, safe on the disk; to be listed by `replace`."""
    sync(path, path.parent)
    return SnapshotFile(path.relative_to(root(state_dir)).as_posix(), rows, path.stat().st_size)


def live_files(connection: sa.Connection, table_name: str) -> tuple[SnapshotFile, ...]:
    """The files that together are ``table_name`` now, the oldest first."""
    columns = (SNAPSHOT_FILE.c.path, SNAPSHOT_FILE.c.rows, SNAPSHOT_FILE.c.bytes)
    query = sa.select(*columns).where(SNAPSHOT_FILE.c.table_name == table_name.lower())
    rows = connection.execute(query.order_by(SNAPSHOT_FILE.c.made, SNAPSHOT_FILE.c.path))
    return tuple(SnapshotFile(*row) for row in rows)


def lost_files(state_dir: Path, files: Iterable[SnapshotFile]) -> list[SnapshotFile]:
    """Those of ``files`` that are not on the disk."""
    return [file for file in files if not (root(state_dir) / file.path).is_file()]


def fresh_until(connection: sa.Connection, table_name: str) -> datetime | None:
    """The instant up to which the files have what the database had; None where there never was a snapshot."""
    query = sa.select(SNAPSHOT.c.fresh_until).where(SNAPSHOT.c.table_name == table_name.lower())
    return connection.scalar(query)


def replace(
    connection: sa.Connection,
    table_name: str,
    former: Iterable[SnapshotFile],
    files: Sequence[SnapshotFile],
    fresh: datetime,
) -> None:
    """Inside the caller's transaction, take ``former`` off the list and put ``files`` on it.

    Parameters
    ----------
    former : iterable of SnapshotFile
        None of them to add files only.
    fresh : datetime
        The instant up to which the files now have what the database had; it never goes back.
    """
    name = table_name.lower()
    gone = [file.path for file in former]
    if gone:
        listed = among(SNAPSHOT_FILE.c.path, gone)
        connection.execute(sa.delete(SNAPSHOT_FILE).where(SNAPSHOT_FILE.c.table_name == name, listed))
    if files:
        rows = [{"table_name": name, "path": f.path, "rows": f.rows, "bytes": f.size} for f in files]
        connection.execute(sa.insert(SNAPSHOT_FILE), rows)
    statement = insert(SNAPSHOT).values(table_name=name, fresh_until=fresh)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[SNAPSHOT.c.table_name],
            set_={"fresh_until": sa.func.greatest(SNAPSHOT.c.fresh_until, statement.excluded.fresh_until)},
        )
    )


def release(state_dir: Path, files: Iterable[SnapshotFile]) -> None:
    """Note that ``files`` are about to leave the list: their time to be swept begins now."""
    for file in files:
        try:
            os.utime(root(state_dir) / file.path)
        except FileNotFoundError:
            continue


def sweep(connection: sa.Connection, state_dir: Path, table_name: str, grace: float = GRACE) -> int:
    """Remove what is not listed in the directory of ``table_name`` and older than ``grace`` seconds.

    Returns
    -------
    int
        The number of files, and of directories in which a killed process was sorting.
    """
    directory = root(state_dir) / table_name.lower()
    if not directory.is_dir():
        return 0
    oldest = time.time() - grace
    # The directory first: what is listed in between is then no candidate.
    found = [path for path in directory.iterdir() if path.stat().st_mtime <= oldest]
    listed = {root(state_dir) / file.path for file in live_files(connection, table_name)}
    orphans = [path for path in found if path not in listed]
    for path in orphans:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return len(orphans)
