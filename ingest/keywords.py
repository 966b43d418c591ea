"""The headers of a batch of files into the store: the database, and Parquet beside it, in one transaction."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from ingest.copy import copy
from vo_server import snapshots
from vo_server.archive import HEADER, HEADER_STALE, among
from vo_server.headers.database import save_sections
from vo_server.headers.rows import keyword_rows
from vo_server.headers.sections import StoredHeader
from vo_server.headers.snapshot import TABLE, freshness, write

#: Identifier of a file, and its headers in order.
FileHeaders = tuple[str, Sequence[StoredHeader]]


def add_headers(connection: sa.Connection, state_dir: Path, files: Sequence[FileHeaders]) -> None:
    """Store the headers of files that have none, inside the caller's transaction.

    They are in Parquet from the same commit on. Where Parquet still has an earlier version of a file, it
    keeps that one until it is compacted, and says so by its freshness.
    """
    entries = [(dp_id, hdu, header) for dp_id, headers in files for hdu, header in enumerate(headers)]
    if not entries:
        return
    save_sections(connection, (section for _, _, header in entries for section in header.sections))
    rows = pa.table(
        {
            "dp_id": [dp_id for dp_id, _, _ in entries],
            "hdu": [hdu for _, hdu, _ in entries],
            "sections": [f"{{{','.join(s.section_id for s in h.sections)}}}" for _, _, h in entries],
            "slots": pa.array([header.slots for _, _, header in entries], pa.string()),
            "whole": pa.array([_hexadecimal(header.whole) for _, _, header in entries], pa.string()),
        }
    )
    copy(connection, f"{HEADER.schema}.{HEADER.name}", rows)
    stale = stale_files(connection, [dp_id for dp_id, _ in files])
    # A compaction that began before must not believe that it has these.
    mark_stale(connection, sorted(stale))
    listed = write(state_dir, keyword_rows(entry for entry in entries if entry[0] not in stale))
    snapshots.replace(connection, TABLE, (), listed, freshness(connection))


def _hexadecimal(data: bytes | None) -> str | None:
    """Bytes as COPY reads them."""
    return None if data is None else f"\\x{data.hex()}"


def remove_headers(connection: sa.Connection, dp_ids: Sequence[str]) -> None:
    """Forget the headers of files; Parquet has them until it is compacted."""
    if not dp_ids:
        return
    connection.execute(sa.delete(HEADER).where(among(HEADER.c.dp_id, dp_ids)))
    mark_stale(connection, dp_ids)


def mark_stale(connection: sa.Connection, dp_ids: Sequence[str]) -> None:
    """Note that Parquet has other headers of these files than the database."""
    if not dp_ids:
        return
    statement = insert(HEADER_STALE).values([{"dp_id": dp_id} for dp_id in dp_ids])
    again = {"changes": HEADER_STALE.c.changes + 1}
    connection.execute(statement.on_conflict_do_update(index_elements=[HEADER_STALE.c.dp_id], set_=again))


def stale_files(connection: sa.Connection, dp_ids: Sequence[str]) -> set[str]:
    """Those of ``dp_ids`` whose headers are other ones in Parquet."""
    query = sa.select(HEADER_STALE.c.dp_id).where(among(HEADER_STALE.c.dp_id, dp_ids))
    return set(connection.scalars(query))
