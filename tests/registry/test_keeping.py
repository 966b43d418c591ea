"""Kept records change all at once or not at all, and nobody reads them while their dates are made."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from registry.keeping import WRITING, Made, keep
from registry.params import Selection
from registry.store import RecordStore
from registry.voresource import CREATED, UPDATED
from vo_server.archive import REGISTRY_RECORD as RECORD
from vo_server.db import Database


@pytest.fixture(autouse=True)
def nothing_kept(database: Database) -> Iterator[None]:
    forget(database)
    yield
    forget(database)


def forget(database: Database) -> None:
    with database.owner.begin() as connection:
        connection.execute(sa.delete(RECORD))


def record(name: str, text: str = "text") -> Made:
    return Made(
        f"ivo://a.b/{name}", f'<r created="{CREATED}" updated="{UPDATED}">{text}</r>', f"<d>{text}</d>"
    )


def kept(database: Database) -> dict[str, sa.Row[tuple[object, ...]]]:
    with database.owner.connect() as connection:
        return {row.identifier: row for row in connection.execute(sa.select(RECORD))}


def test_what_is_kept_is_what_was_given_with_its_dates(database: Database) -> None:
    begun = datetime.now(UTC).replace(microsecond=0)
    assert str(keep(database.writer, map(record, "abc"))).startswith("3 records added")
    for row in kept(database).values():
        assert begun <= row.updated <= datetime.now(UTC)
        assert row.updated.microsecond == 0
        date = row.updated.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        assert row.ivo_vor == f'<r created="{date}" updated="{date}">text</r>'


def test_the_same_again_changes_nothing(database: Database) -> None:
    keep(database.writer, map(record, "abc"))
    before = kept(database)
    told = keep(database.writer, map(record, "cab"))
    assert (told.added, told.changed, told.deleted, told.unchanged) == (0, 0, 0, 3)
    assert kept(database) == before


def test_a_change_keeps_the_date_of_creation(database: Database) -> None:
    keep(database.writer, map(record, "ab"))
    with database.owner.begin() as connection:
        day = timedelta(days=1)
        connection.execute(
            sa.update(RECORD).values(created=RECORD.c.created - day, updated=RECORD.c.updated - day)
        )
    told = keep(database.writer, [record("a", "other"), record("b")])
    assert (told.added, told.changed, told.unchanged) == (0, 1, 1)
    changed, same = kept(database)["ivo://a.b/a"], kept(database)["ivo://a.b/b"]
    assert changed.updated > same.updated
    assert changed.created == same.created
    assert changed.ivo_vor.count(changed.created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")) == 1


def test_a_failure_on_the_way_leaves_all_as_it_was(database: Database) -> None:
    keep(database.writer, map(record, "ab"))
    before = kept(database)

    def failing() -> Iterator[Made]:
        yield from (record(f"new{n}") for n in range(250))
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        keep(database.writer, failing())
    assert kept(database) == before


def test_the_writer_cannot_take_records_out(database: Database) -> None:
    keep(database.writer, [record("a")])
    if database.logins is None:
        pytest.skip("without roles all is the owner's")
    with (
        pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
        database.writer.begin() as connection,
    ):
        connection.execute(sa.delete(RECORD))


def test_a_reader_waits_for_dates_that_are_being_made(database: Database) -> None:
    keep(database.writer, [record("a")])
    store = RecordStore(database.writer)
    found: list[str] = []
    reader = threading.Thread(
        target=lambda: found.extend(each.identifier for each in store.page(Selection("oai_dc"), None).records)
    )
    with database.owner.begin() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(WRITING)))
        reader.start()
        reader.join(0.3)
        assert reader.is_alive()
        now = datetime.now(UTC).replace(microsecond=0)
        row = {"identifier": "ivo://a.b/b", "created": now, "updated": now, "digest": "", "oai_dc": "<d/>"}
        connection.execute(sa.insert(RECORD).values(**row))
    reader.join(10)
    assert found == ["ivo://a.b/a", "ivo://a.b/b"]
