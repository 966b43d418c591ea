"""Snapshots of whole tables: the rows of PostgreSQL in files, one set after the other."""

import threading
from collections.abc import Iterator

import numpy as np
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from vo_server import sky, snapshot_tables, snapshots
from vo_server.catalog import read_catalog
from vo_server.db import Database
from vo_server.errors import TransientFault, UsageFault
from vo_server.snapshot_tables import Clock, make_snapshots

ROWS = 500


@pytest.fixture
def raw(database: Database) -> Iterator[list[str]]:
    """Raw frames of these tests, some without a position."""
    rng = np.random.default_rng(7)
    ra, dec = rng.uniform(0, 360, ROWS), np.degrees(np.arcsin(rng.uniform(-1, 1, ROWS)))
    rows = [
        {"dp_id": f"snap{n}", "ra": a, "dec": d, "hpx": int(sky.hpx(a, d)), "object": f"Ω Cen {n}"}
        for n, (a, d) in enumerate(zip(ra.tolist(), dec.tolist(), strict=True))
    ]
    for row in rows[::10]:
        row |= {"ra": None, "dec": None, "hpx": None}
    insert = sa.text(
        "INSERT INTO dbo.raw (dp_id, ra, dec, hpx, object, exp_start)"
        " VALUES (:dp_id, :ra, :dec, :hpx, :object, '2024-01-02T03:04:05.678')"
    )
    with database.owner.begin() as connection:
        connection.execute(insert, rows)
    yield [str(row["dp_id"]) for row in rows]
    with database.owner.begin() as connection:
        connection.execute(sa.text("DELETE FROM dbo.raw WHERE dp_id LIKE 'snap%'"))


def nothing(done: int, total: int | None, what: str) -> None:
    """No progress is shown."""


def live(database: Database, name: str) -> tuple[snapshots.SnapshotFile, ...]:
    with database.owner.connect() as connection:
        return snapshots.live_files(connection, name)


def read(database: Database, name: str) -> list[dict[str, object]]:
    root = snapshots.root(database.state_dir)
    return [row for file in live(database, name) for row in pq.read_table(root / file.path).to_pylist()]


def test_a_snapshot_has_the_rows_of_the_table_by_pixel(database: Database, raw: list[str]) -> None:
    told: list[int] = []

    def tell(done: int, total: int | None, what: str) -> None:
        told.append(done)

    (made,) = make_snapshots(database, ["dbo.raw"], tell, file_rows=128)
    rows = read(database, "dbo.raw")
    mine = [row for row in rows if row["dp_id"] in set(raw)]
    assert len(mine) == ROWS
    assert made.rows == len(rows) == told[-1]
    assert told == sorted(told)
    assert max(file.rows for file in live(database, "dbo.raw")) == 128
    with database.owner.connect() as connection:
        stored = connection.execute(sa.text("SELECT * FROM dbo.raw WHERE dp_id LIKE 'snap%'"))
        wanted = {row.dp_id: row._asdict() for row in stored}
    assert "s_shape" not in mine[0]
    assert all(row == {name: wanted[str(row["dp_id"])][name] for name in row} for row in mine)
    root = snapshots.root(database.state_dir)
    files = [pq.read_table(root / f.path)["hpx"].to_pylist() for f in live(database, "dbo.raw")]
    pixels = [p for file in sorted(files, key=lambda p: p[0] or 2**63) for p in file]
    known = [pixel for pixel in pixels if pixel is not None]
    assert pixels == [*sorted(known), *[None] * (len(pixels) - len(known))]


def test_the_next_snapshot_takes_the_place_of_the_former(database: Database, raw: list[str]) -> None:
    (first,) = make_snapshots(database, ["dbo.raw"], nothing)
    former = live(database, "dbo.raw")
    with database.owner.begin() as connection:
        connection.execute(sa.text("UPDATE dbo.raw SET object = 'moved' WHERE dp_id = 'snap1'"))
    (second,) = make_snapshots(database, ["dbo.raw"], nothing)
    assert second.fresh_until > first.fresh_until
    assert not {file.path for file in former} & {file.path for file in live(database, "dbo.raw")}
    assert [row["object"] for row in read(database, "dbo.raw") if row["dp_id"] == "snap1"] == ["moved"]
    # A query that began before may still read the former files.
    assert all((snapshots.root(database.state_dir) / file.path).exists() for file in former)


def test_a_failure_leaves_the_former_snapshot_and_no_files(database: Database, raw: list[str]) -> None:
    make_snapshots(database, ["dbo.raw"], nothing)
    former = live(database, "dbo.raw")
    directory = snapshots.root(database.state_dir) / "dbo.raw"
    before = set(directory.iterdir())

    def broken(done: int, total: int | None, what: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_snapshots(database, ["dbo.raw"], broken)
    assert live(database, "dbo.raw") == former
    assert set(directory.iterdir()) == before


def test_a_table_without_rows_has_its_columns(database: Database) -> None:
    with database.owner.connect() as connection:
        table = read_catalog(connection).table("ivoa.ObsCore")
    assert table is not None
    schema = snapshot_tables.empty(table)
    make_snapshots(database, ["ivoa.ObsCore"], nothing)
    (file, *_) = live(database, "ivoa.obscore")
    found = pq.read_schema(snapshots.root(database.state_dir) / file.path)
    assert found.equals(schema.with_metadata(found.metadata))


def test_only_one_process_makes_a_snapshot_at_a_time(database: Database, raw: list[str]) -> None:
    refused: list[BaseException] = []

    def also(done: int, total: int | None, what: str) -> None:
        with pytest.raises(TransientFault, match="another process") as caught:
            make_snapshots(database, ["dbo.raw"], nothing)
        refused.append(caught.value)

    make_snapshots(database, ["dbo.raw"], also)
    assert refused


def test_an_unknown_table_is_told(database: Database) -> None:
    with pytest.raises(UsageFault, match=r"dbo\.nothing"):
        make_snapshots(database, ["dbo.nothing"], nothing)


def test_the_clock_makes_what_is_too_old(database: Database, raw: list[str]) -> None:
    made = threading.Event()
    with database.owner.connect() as connection:
        before = snapshots.fresh_until(connection, "dbo.raw")
    with Clock(database, 0.2):
        for _ in range(100):
            with database.owner.connect() as connection:
                now = snapshots.fresh_until(connection, "dbo.raw")
            if now is not None and (before is None or now > before):
                break
            made.wait(0.1)
    assert now is not None
    assert before is None or now > before
