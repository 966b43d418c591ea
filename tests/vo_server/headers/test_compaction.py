"""Compaction: the same rows, sorted, once, whatever was killed or changed in between."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as parquet
import pytest
import sqlalchemy as sa

from ingest.keywords import add_headers, remove_headers
from vo_server import schemas, snapshots
from vo_server.archive import HEADER, HEADER_STALE, SNAPSHOT_FILE
from vo_server.checks import check_keywords
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.headers import compaction
from vo_server.headers.cards import parse_lines
from vo_server.headers.compaction import compact
from vo_server.headers.sections import StoredHeader, store
from vo_server.headers.snapshot import TABLE

FIRST = datetime(2020, 1, 1, tzinfo=UTC)
Rows = list[tuple[object, ...]]


@pytest.fixture
def own(database: Database, settings: Settings, tmp_path: Path) -> Iterator[Database]:
    """The shared database with Parquet files of this test only, in a directory of its own."""
    place = database.state_dir
    database.state_dir = tmp_path
    clear(database)
    yield database
    clear(database)
    database.state_dir = place


def clear(database: Database) -> None:
    with database.owner.begin() as connection:
        connection.execute(sa.delete(SNAPSHOT_FILE).where(SNAPSHOT_FILE.c.table_name == TABLE))
        connection.execute(sa.delete(HEADER_STALE))
        connection.execute(sa.delete(HEADER).where(HEADER.c.dp_id.startswith("compact ")))


def header(number: int, extra: str = "") -> StoredHeader:
    cards = [
        f"NUMBER  = {number}",
        f"HIERARCH ESO TEL AIRM START = {1 + number / 100}",
        f"OBJECT  = 'o{number % 3}'",
    ]
    text = "".join(card.ljust(80) for card in [*cards, *([extra] if extra else []), "END"])
    block = text.ljust(2880).encode()
    return store(block, parse_lines(block)[0])


def add(database: Database, numbers: range, extra: str = "") -> None:
    with database.owner.begin() as connection:
        files = [(f"compact {number:03}", [header(number, extra)]) for number in numbers]
        add_headers(connection, database.state_dir, files)


def live(database: Database) -> list[Path]:
    with database.owner.connect() as connection:
        listed = snapshots.live_files(connection, TABLE)
    return [snapshots.root(database.state_dir) / file.path for file in listed]


def parquet_rows(database: Database) -> Rows:
    return duckdb.execute(
        "SELECT * FROM read_parquet($files) ORDER BY dp_id, hdu, pos",
        {"files": [str(p) for p in live(database)]},
    ).fetchall()


def database_rows(database: Database) -> Rows:
    query = "SELECT * FROM header.keyword WHERE dp_id LIKE 'compact %' ORDER BY dp_id, hdu, pos"
    with database.owner.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def is_stale(database: Database) -> bool:
    with database.owner.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(HEADER_STALE)) != 0


def test_what_ingest_adds_is_in_parquet_once_and_compaction_sorts_it(own: Database) -> None:
    for start in range(0, 40, 10):
        add(own, range(start, start + 10))
    assert len(live(own)) == 4
    assert parquet_rows(own) == database_rows(own)
    done = compact(own)
    assert (done.before, done.after, done.rows) == (4, 1, 120)
    assert parquet_rows(own) == database_rows(own)
    (path,) = live(own)
    found = parquet.read_table(path)
    keys = [(row["keyword"], row["value_n"] or 0, row["value_s"] or "") for row in found.to_pylist()]
    assert keys == sorted(keys)
    assert [field.name for field in found.schema] == [column.name for column in snapshot_columns()]


def snapshot_columns() -> list[sa.Column[object]]:
    return list(schemas.metadata(schemas.builtin(), views=True).tables[TABLE].columns)


def test_a_second_compaction_has_nothing_to_do(own: Database) -> None:
    add(own, range(5))
    compact(own)
    files = live(own)
    done = compact(own)
    assert (done.before, done.after, done.rows) == (1, 1, 0)
    assert live(own) == files


def test_runs_have_a_largest_size_and_full_ones_are_left_alone(own: Database) -> None:
    for start in range(0, 60, 10):
        add(own, range(start, start + 10))
    compact(own, run=60)
    runs = live(own)
    assert len(runs) == 3
    add(own, range(60, 65))
    compact(own, run=60)
    assert set(runs) < set(live(own))
    assert parquet_rows(own) == database_rows(own)


def test_a_changed_file_is_fresh_after_compaction_and_not_told_to_be_before(own: Database) -> None:
    add(own, range(10))
    before = parquet_rows(own)
    with own.owner.begin() as connection:
        remove_headers(connection, ["compact 003", "compact 004"])
    add(own, range(3, 4), "CHANGED =                    T")
    add(own, range(10, 12))
    assert is_stale(own)
    with own.owner.connect() as connection:
        fresh = snapshots.fresh_until(connection, TABLE)
        since = connection.scalar(sa.select(sa.func.min(HEADER_STALE.c.since)))
    # New files are there at once, of changed ones what they were.
    assert [row for row in parquet_rows(own) if str(row[0]) < "compact 010"] == before
    assert fresh is not None
    assert fresh <= since
    compact(own)
    assert parquet_rows(own) == database_rows(own)
    assert any(row[3] == "CHANGED" for row in parquet_rows(own))
    assert not any(row[0] == "compact 004" for row in parquet_rows(own))
    assert not is_stale(own)


def test_headers_that_were_never_in_parquet_are_put_there(own: Database) -> None:
    """As after a migration, or where the directory was lost."""
    add(own, range(4))
    with own.owner.begin() as connection:
        snapshots.replace(connection, TABLE, snapshots.live_files(connection, TABLE), (), FIRST)
        connection.execute(sa.insert(HEADER_STALE), [{"dp_id": f"compact {n:03}"} for n in range(4)])
    compact(own)
    assert parquet_rows(own) == database_rows(own)


def test_files_that_were_lost_are_written_again(own: Database) -> None:
    add(own, range(5))
    add(own, range(5, 8))
    live(own)[0].unlink()
    with own.owner.connect() as connection:
        assert check_keywords(connection, own.state_dir).status == "failed"
    compact(own)
    rows = [row for row in parquet_rows(own) if str(row[0]).startswith("compact ")]
    assert rows == database_rows(own)
    with own.owner.connect() as connection:
        assert check_keywords(connection, own.state_dir).status == "ok"


@pytest.mark.parametrize("place", ["_sorted", "release"])
def test_a_compaction_that_is_killed_leaves_what_was_there(
    own: Database, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    add(own, range(5))
    add(own, range(5, 9))
    files, rows = live(own), parquet_rows(own)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(compaction if place == "_sorted" else snapshots, place, die)
        with pytest.raises(KeyboardInterrupt):
            compact(own)
    assert (live(own), parquet_rows(own)) == (files, rows)
    compact(own)
    assert parquet_rows(own) == rows
    with own.owner.connect() as connection:
        snapshots.sweep(connection, own.state_dir, TABLE, grace=-1)
    directory = snapshots.root(own.state_dir) / TABLE
    assert sorted(directory.iterdir()) == sorted(live(own))


def test_a_batch_that_is_rolled_back_is_not_listed(own: Database) -> None:
    add(own, range(3))
    with own.owner.connect() as connection, connection.begin() as transaction:
        add_headers(connection, own.state_dir, [("compact 099", [header(99)])])
        transaction.rollback()
    assert parquet_rows(own) == database_rows(own)
    assert len(live(own)) == 1
