"""Snapshots of whole tables: PostgreSQL's rows as Parquet files, sorted by their place on the sky.

A snapshot replaces the former one in the transaction that lists it; a process that is killed leaves files
that no list has, which a later one sweeps.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa
import structlog

from vo_server import snapshots
from vo_server.catalog import read_catalog, read_sizes
from vo_server.db import Database
from vo_server.db.locks import holding
from vo_server.engine import PostgresEngine, Statement
from vo_server.engine.conform import ARROW
from vo_server.errors import TransientFault, UsageFault, VoError
from vo_server.progress import Progress, silent
from vo_server.tables import Column, Table

#: What header keywords are joined with.
TABLES = ("dbo.raw", "ivoa.ObsCore")

ROW_GROUP = 65_536  #: rows that are skipped or read together
FILE_ROWS = 64 * ROW_GROUP  #: rows of one file

#: Tells how far the work is: ``progress(done, total, what)``, in rows.


@dataclass(frozen=True, slots=True)
class Made:
    """A snapshot: how many rows and bytes, and the instant up to which it has what the database has."""

    table: str
    rows: int
    size: int
    fresh_until: datetime


def make_snapshots(
    database: Database, names: Sequence[str], progress: Progress, *, file_rows: int = FILE_ROWS
) -> list[Made]:
    """Write snapshots of published tables and list them in place of the former ones.

    Parameters
    ----------
    file_rows : int
        Rows of one file.

    Raises
    ------
    UsageFault
        There is no such table.
    TransientFault
        Another process is at it, or the database is away.
    """
    with database.owner.connect() as connection:
        catalog = read_catalog(connection)
    tables = []
    for name in names:
        table = catalog.table(name)
        if table is None:
            raise UsageFault(f"there is no table {name}: see TAP_SCHEMA.tables")
        tables.append(table)
    engine = PostgresEngine(database.reader_url, connections=1, timeout=None)
    try:
        return [_make(table, database, engine, progress, file_rows) for table in tables]
    finally:
        engine.close()


def _make(
    table: Table, database: Database, engine: PostgresEngine, progress: Progress, file_rows: int
) -> Made:
    state_dir, name = database.state_dir, table.name.lower()
    with holding(database.owner, f"snapshot {name}", wait=False) as is_held:
        if not is_held:
            raise TransientFault(f"another process is making the snapshot of {name}")
        with database.owner.connect() as connection:
            # What was committed before this moment is in the rows that are asked for after it.
            fresh = connection.scalar(sa.select(sa.func.clock_timestamp()))
        if fresh is None:
            raise TypeError("the database has no clock")
        total = read_sizes(database.owner).get(table.relation)
        files: list[snapshots.SnapshotFile] = []

        def count(rows: int) -> None:
            progress(rows, total, table.name)

        try:
            for file in _files(table, engine, state_dir, count, file_rows):
                files.append(file)
            with database.owner.begin() as connection:
                former = snapshots.live_files(connection, name)
                snapshots.release(state_dir, former)
                snapshots.replace(connection, name, former, files, fresh)
        except BaseException:
            for file in files:
                (snapshots.root(state_dir) / file.path).unlink(missing_ok=True)
            raise
        with database.owner.connect() as connection:
            snapshots.sweep(connection, state_dir, name)
    rows, size = sum(file.rows for file in files), sum(file.size for file in files)
    return Made(table.name, rows, size, fresh.astimezone(UTC))


def _files(
    table: Table, engine: PostgresEngine, state_dir: Path, count: Callable[[int], None], file_rows: int
) -> Iterator[snapshots.SnapshotFile]:
    """Write the rows of a table into files, at least one."""
    done = 0
    with engine.execute(select_rows(table)) as result:
        groups = _groups(result.batches, min(ROW_GROUP, file_rows))
        group = next(groups, None)
        schema = empty(table) if group is None else group.schema
        while True:
            path, rows = snapshots.new_path(state_dir, table.name), 0
            try:
                with pq.ParquetWriter(path, schema, compression="zstd", write_page_index=True) as writer:
                    while group is not None and rows < file_rows:
                        writer.write_table(group, row_group_size=ROW_GROUP)
                        rows += group.num_rows
                        count(done + rows)
                        group = next(groups, None)
                file = snapshots.finished(state_dir, path, rows)
            except BaseException:
                path.unlink(missing_ok=True)
                raise
            yield file
            done += rows
            if group is None:
                return


def empty(table: Table) -> pa.Schema:
    """The columns of a snapshot, for one without rows."""
    fields = [pa.field(column.name.lower(), _type(column)) for column in table.columns]
    return pa.schema([*fields, *(pa.field(point.hpx, pa.int64()) for point in table.points)])


def _type(column: Column) -> pa.DataType:
    if column.xtype == "timestamp":
        return pa.timestamp("us")
    # PostgreSQL has no byte integer.
    kind = pa.int16() if column.datatype == "unsignedByte" else ARROW[column.datatype]
    return kind if column.is_text or column.arraysize in (None, "", "1") else pa.list_(kind)


def _groups(batches: Iterator[pa.RecordBatch], size: int) -> Iterator[pa.Table]:
    """The rows in row groups of ``size``, the last one smaller."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        while rows >= size:
            table = pa.Table.from_batches(waiting)
            yield table.slice(0, size)
            waiting, rows = table.slice(size).to_batches(), rows - size
    if rows:
        yield pa.Table.from_batches(waiting)


def select_rows(table: Table) -> Statement:
    """The rows of a table without the shapes of its regions, sorted by pixel where it has some."""
    names = [column.name.lower() for column in table.columns] + [point.hpx for point in table.points]
    order = [point.hpx for point in table.points[:1]] or list(table.primary_key)
    source = ".".join(map(_quoted, table.relation))
    sql = f"SELECT {', '.join(map(_quoted, names))} FROM {source}"  # noqa: S608 (names are quoted)
    return Statement(f"{sql} ORDER BY {', '.join(map(_quoted, order))}" if order else sql)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class Clock:
    """A thread that makes the snapshots again when they are older than ``every`` seconds."""

    def __init__(self, database: Database, every: float) -> None:
        self._database = database
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="snapshots", daemon=True)
        self._log = structlog.get_logger("vo_server.snapshots")

    def __enter__(self) -> "Clock":
        """Start."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Begin no other snapshot; one that is being made ends with the process."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(min(60.0, self._every / 4)):
            try:
                for name in self._due():
                    (made,) = make_snapshots(self._database, [name], silent)
                    self._log.info("snapshot made", table=made.table, rows=made.rows, bytes=made.size)
            except (VoError, sa.exc.DBAPIError, OSError) as exc:
                self._log.warning("no snapshot was made", reason=type(exc).__name__)

    def _due(self) -> list[str]:
        oldest = datetime.now(UTC) - timedelta(seconds=self._every)
        with self._database.owner.connect() as connection:
            ages = {name: snapshots.fresh_until(connection, name) for name in TABLES}
        return [name for name, fresh in ages.items() if fresh is None or fresh < oldest]
