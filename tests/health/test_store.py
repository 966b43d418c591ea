"""What the checks have found is kept, for TAP and for the status page."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from health.store import KEPT, alone, findings_of, last_runs, relations, save, worst
from health.verdict import Finding
from vo_server.checks import Status
from vo_server.db import Database
from vo_server.errors import TransientFault

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clean(database: Database) -> Iterator[None]:
    yield
    with database.owner.begin() as connection:
        for relation in relations():
            connection.execute(sa.delete(relation))


def finding(name: str, status: Status, detail: str = "fine") -> Finding:
    return Finding("tap", name, status, detail, 0.5, NOW)


def test_a_run_is_kept_with_its_counts(database: Database) -> None:
    found = [finding("a", "ok"), finding("b", "failed"), finding("c", "warning"), finding("d", "failed")]
    run = save(database.writer, "http://archive.example", NOW, found)
    with database.owner.connect() as connection:
        assert last_runs(connection) == [run]
        kept = findings_of(connection, [run.run_id])[run.run_id]
    assert (run.checks, run.failed, run.warnings, run.status) == (4, 2, 1, "failed")
    assert {(f.name, f.status) for f in kept} == {(f.name, f.status) for f in found}


def test_details_of_any_kind_can_be_kept(database: Database) -> None:
    run = save(database.writer, "x", NOW, [finding("a", "failed", "a\0 ångström '")])
    with database.owner.connect() as connection:
        (kept,) = findings_of(connection, [run.run_id])[run.run_id]
    assert kept.detail == r"a \xe5ngstr\xf6m '"


def test_the_newest_run_comes_first_and_old_ones_are_forgotten(database: Database) -> None:
    old = save(database.writer, "x", NOW, [finding("a", "ok")])
    with database.owner.begin() as connection:
        runs, results = relations()
        long_ago = datetime.now(UTC).replace(tzinfo=None) - KEPT - timedelta(days=1)
        connection.execute(sa.update(runs).values(ended=long_ago))
    first = save(database.writer, "x", datetime.now(UTC), [finding("a", "ok")])
    second = save(database.writer, "x", datetime.now(UTC) + timedelta(seconds=2), [finding("a", "ok")])
    with database.owner.connect() as connection:
        assert [run.run_id for run in last_runs(connection)] == [second.run_id, first.run_id]
        assert findings_of(connection, [old.run_id]) == {old.run_id: []}
        assert connection.scalar(sa.select(sa.func.count()).select_from(results)) == 2


def test_only_one_process_checks_at_a_time(database: Database) -> None:
    with alone(database.writer), pytest.raises(TransientFault), alone(database.writer):
        pass
    with alone(database.writer):
        pass


def test_the_worst_of_nothing_is_unknown() -> None:
    assert worst([]) == "unknown"
    assert worst(["ok", "warning", "ok"]) == "warning"
    assert worst(["failed", "stale"]) == "failed"
