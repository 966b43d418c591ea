"""The list of Parquet files: what lives, what is swept, and how fresh it is."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import sqlalchemy as sa

from vo_server import snapshots
from vo_server.snapshots import SnapshotFile

NOW = datetime(2026, 1, 2, tzinfo=UTC)
TABLE = "Test.Table"


def written(state_dir: Path, rows: int) -> SnapshotFile:
    """A file on the disk that no list names yet."""
    path = snapshots.new_path(state_dir, TABLE)
    parquet.write_table(pa.table({"a": list(range(rows))}), path)
    return snapshots.finished(state_dir, path, rows)


def test_files_live_from_the_moment_they_are_listed(connection: sa.Connection, tmp_path: Path) -> None:
    assert snapshots.live_files(connection, TABLE) == ()
    assert snapshots.fresh_until(connection, TABLE) is None
    files = [written(tmp_path, 3), written(tmp_path, 4)]
    assert snapshots.live_files(connection, TABLE) == ()
    snapshots.replace(connection, TABLE, (), files, NOW)
    live = snapshots.live_files(connection, TABLE)
    assert set(live) == set(files)
    assert {(tmp_path / "parquet" / file.path).stat().st_size for file in live} == {f.size for f in files}
    assert all(file.path.startswith("test.table/") for file in live)
    assert snapshots.fresh_until(connection, TABLE) == NOW


def test_a_replaced_file_leaves_and_the_others_stay(connection: sa.Connection, tmp_path: Path) -> None:
    first, second, third = (written(tmp_path, n) for n in (1, 2, 3))
    snapshots.replace(connection, TABLE, (), [first, second], NOW)
    snapshots.replace(connection, TABLE, [first], [third], NOW + timedelta(hours=1))
    assert set(snapshots.live_files(connection, TABLE)) == {second, third}


def test_freshness_never_goes_back(connection: sa.Connection) -> None:
    snapshots.replace(connection, TABLE, (), (), NOW)
    snapshots.replace(connection, TABLE, (), (), NOW - timedelta(days=1))
    assert snapshots.fresh_until(connection, TABLE) == NOW


def test_a_rolled_back_replacement_changes_nothing(connection: sa.Connection, tmp_path: Path) -> None:
    first, second = written(tmp_path, 1), written(tmp_path, 2)
    snapshots.replace(connection, TABLE, (), [first], NOW)
    savepoint = connection.begin_nested()
    snapshots.replace(connection, TABLE, [first], [second], NOW)
    savepoint.rollback()
    assert snapshots.live_files(connection, TABLE) == (first,)


@pytest.mark.parametrize(("grace", "removed"), [(3600.0, 0), (0.0, 1)])
def test_only_old_files_that_nobody_lists_are_swept(
    connection: sa.Connection, tmp_path: Path, grace: float, removed: int
) -> None:
    live, orphan = written(tmp_path, 1), written(tmp_path, 2)
    snapshots.replace(connection, TABLE, (), [live], NOW)
    assert snapshots.sweep(connection, tmp_path, TABLE, grace) == removed
    assert (tmp_path / "parquet" / live.path).exists()
    assert (tmp_path / "parquet" / orphan.path).exists() is (removed == 0)


def test_sweeping_before_the_first_file_does_nothing(connection: sa.Connection, tmp_path: Path) -> None:
    assert snapshots.sweep(connection, tmp_path, "no.table", 0.0) == 0
