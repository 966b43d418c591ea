"""Parquet files of ``header.keyword``: many small ones in the order of ingest become few that are sorted.

Ingest leaves a file a batch. A run of many batches, sorted by keyword and value, is smaller, and a question
about one keyword reads a few pages of it. Runs have a largest size: in a longer one, an identifier would take
more bytes in every row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as parquet
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from vo_server import snapshots
from vo_server.archive import HEADER, HEADER_STALE
from vo_server.db import Database
from vo_server.db.locks import holding
from vo_server.headers.database import read_many
from vo_server.headers.rows import keyword_rows
from vo_server.headers.snapshot import TABLE, freshness, write
from vo_server.progress import Progress, silent
from vo_server.snapshots import SnapshotFile

RUN = 45_000_000  #: rows of a run; 50,000 raw frames
GROUP = 1_000_000  #: rows that Parquet keeps together
DICTIONARY = 64 * 1024**2  #: bytes of the identifiers of a group, each once
MEMORY = "2GB"  #: for sorting; what is more goes to the disk
PART = 500  #: files whose headers are read from the database at once
#: Any number: one compaction at a time in a database.
_LOCK = 0x766F636F6D70


@dataclass(frozen=True, slots=True)
class Compacted:
    """What a compaction did: files before and after, rows in those that were made, and orphans removed."""

    before: int
    after: int
    rows: int
    swept: int

    def __str__(self) -> str:
        """One line."""
        return (
            f"{self.before} Parquet files of header.keyword became {self.after} ({self.rows} rows sorted), "
            f"{self.swept} left over from killed processes removed"
        )


def compact(database: Database, progress: Progress | None = None, *, run: int = RUN) -> Compacted:
    """Sort what ingest has added since the last time; files that changed get their present headers.

    A run is put in the place of what it was made from in one transaction: killed at any moment, all rows are
    there once, and a compaction more ends what this one began.

    Parameters
    ----------
    progress : callable, optional
        Called as ``progress(done, total, what)`` with numbers of rows.
    run : int
        Rows of a run.
    """
    say = progress or silent
    # Ingest may go on, because it only adds files.
    with holding(database.owner, _LOCK):
        with database.owner.connect() as connection:
            before = len(snapshots.live_files(connection, TABLE))
        _replace_lost(database)
        rows = _refresh(database)
        with database.owner.connect() as connection:
            groups = list(_groups(snapshots.live_files(connection, TABLE), run))
        total = sum(file.rows for group in groups for file in group)
        done = 0
        for group in groups:
            say(done, total, "sorting keywords")
            _merge(database, group)
            done += sum(file.rows for file in group)
        say(done, total, "sorting keywords")
        with database.owner.connect() as connection:
            after = len(snapshots.live_files(connection, TABLE))
            swept = snapshots.sweep(connection, database.state_dir, TABLE)
    return Compacted(before, after, rows + done, swept)


def _groups(files: Sequence[SnapshotFile], run: int) -> Iterator[list[SnapshotFile]]:
    """Files that become a run: what ingest left, and runs that are less than half of one."""
    group: list[SnapshotFile] = []
    size = 0
    for file in files:
        if _is_sorted(file) and file.rows * 2 >= run:
            continue
        if group and size + file.rows > run:
            yield group
            group, size = [], 0
        group.append(file)
        size += file.rows
    # One file alone is sorted already, unless ingest made it.
    if len(group) > 1 or (group and not _is_sorted(group[0])):
        yield group


def _is_sorted(file: SnapshotFile) -> bool:
    return file.path.endswith(".sorted.parquet")


def _merge(database: Database, files: Sequence[SnapshotFile]) -> None:
    """Put one sorted file in the place of ``files``."""
    made = _sorted(database.state_dir, files)
    with database.owner.begin() as connection:
        snapshots.release(database.state_dir, files)
        snapshots.replace(connection, TABLE, files, made, freshness(connection))


def _sorted(
    state_dir: Path, files: Sequence[SnapshotFile], without: Sequence[str] = ()
) -> list[SnapshotFile]:
    """The rows of ``files``, but for those of the files ``without``, in a new one that no list names."""
    target = snapshots.new_path(state_dir, TABLE).with_suffix(".sorted.parquet")
    sources = [str(snapshots.root(state_dir) / file.path) for file in files]
    spill = target.with_suffix(".spill")
    with duckdb.connect(config={"temp_directory": str(spill), "memory_limit": MEMORY}) as engine:
        engine.register("gone", pa.table({"dp_id": pa.array(without, pa.string())}))
        engine.execute("SET enable_progress_bar = false")
        engine.execute(
            "COPY (SELECT * FROM read_parquet($sources) WHERE dp_id NOT IN (FROM gone)"  # noqa: S608
            f" ORDER BY keyword, value_n, value_s, dp_id, hdu, pos) TO '{_quoted(target)}'"
            f" (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 6, ROW_GROUP_SIZE {GROUP},"
            f" DICTIONARY_SIZE_LIMIT {GROUP}, STRING_DICTIONARY_PAGE_SIZE_LIMIT {DICTIONARY})",
            {"sources": sources},
        )
    rows = parquet.read_metadata(target).num_rows
    return [snapshots.finished(state_dir, target, rows)]


def _quoted(path: Path) -> str:
    """A path inside quotes: COPY takes no bound name."""
    return str(path).replace("'", "''")


def _replace_lost(database: Database) -> None:
    """Where files are no longer on the disk, let everything be written again from the database."""
    with database.owner.begin() as connection:
        files = snapshots.live_files(connection, TABLE)
        if not snapshots.lost_files(database.state_dir, files):
            return
        snapshots.replace(connection, TABLE, files, (), freshness(connection))
        every = sa.select(HEADER.c.dp_id).distinct()
        statement = insert(HEADER_STALE).from_select(["dp_id"], every)
        connection.execute(statement.on_conflict_do_nothing())


def _refresh(database: Database) -> int:
    """Let Parquet have the present headers of files that changed; how many rows were written."""
    with database.owner.connect() as connection:
        stale = {row.dp_id: row.changes for row in connection.execute(sa.select(HEADER_STALE))}
        files = snapshots.live_files(connection, TABLE)
    if not stale:
        return 0
    outdated = [file for file in files if _has_any(database.state_dir, file, list(stale))]
    made: list[SnapshotFile] = []
    for file in outdated:
        made += _sorted(database.state_dir, [file], list(stale))
    made += _present(database, sorted(stale))
    with database.owner.begin() as connection:
        for dp_id, changes in stale.items():
            # What changed once more meanwhile stays on the list.
            done = (HEADER_STALE.c.dp_id == dp_id) & (HEADER_STALE.c.changes == changes)
            connection.execute(sa.delete(HEADER_STALE).where(done))
        snapshots.release(database.state_dir, outdated)
        snapshots.replace(connection, TABLE, outdated, made, freshness(connection))
    return sum(file.rows for file in made)


def _has_any(state_dir: Path, file: SnapshotFile, dp_ids: Sequence[str]) -> bool:
    with duckdb.connect() as engine:
        engine.register("wanted", pa.table({"dp_id": pa.array(dp_ids, pa.string())}))
        found = engine.execute(
            "SELECT 1 FROM read_parquet($source) WHERE dp_id IN (FROM wanted) LIMIT 1",
            {"source": str(snapshots.root(state_dir) / file.path)},
        ).fetchone()
    return found is not None


def _present(database: Database, dp_ids: Sequence[str]) -> list[SnapshotFile]:
    """The headers of ``dp_ids`` as the database has them, in new files."""
    made: list[SnapshotFile] = []
    for start in range(0, len(dp_ids), PART):
        with database.owner.connect() as connection:
            table = keyword_rows(read_many(connection, dp_ids[start : start + PART]))
        made += write(database.state_dir, table)
    return made
