"""What ingest and compaction have in common: one file of ``header.keyword``, and how fresh they all are."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import sqlalchemy as sa

from vo_server import snapshots
from vo_server.archive import HEADER_STALE
from vo_server.snapshots import SnapshotFile

TABLE = "header.keyword"  #: as engines see the Parquet files


def write(state_dir: Path, rows: pa.Table) -> list[SnapshotFile]:
    """A file of ``rows`` that no list names yet; none where there are no rows."""
    if not rows.num_rows:
        return []
    path = snapshots.new_path(state_dir, TABLE)
    # Without Arrow's own schema, readers see strings and no dictionaries.
    parquet.write_table(rows, path, compression="zstd", compression_level=1, store_schema=False)
    return [snapshots.finished(state_dir, path, rows.num_rows)]


def freshness(connection: sa.Connection) -> datetime:
    """The instant up to which Parquet has what the database has: now, or before the first change it lacks."""
    first: datetime | None = connection.scalar(sa.select(sa.func.min(HEADER_STALE.c.since)))
    return first or datetime.now(UTC)
