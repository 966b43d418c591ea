"""Taking back: deprecated products, unpublished batches, and what comes back in their place."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from ingest.phase3.releases import publishing
from ingest.phase3.releases.closing import check_batch
from ingest.phase3.releases.doors import take_files
from ingest.phase3.releases.withdrawing import deprecate, reinstate, unpublish
from ingest.protection import spread_release_dates
from tests.ingest.phase3.products import Sample
from tests.ingest.phase3.releases.conftest import ARCHIVIST, Submitter
from vo_server import schemas
from vo_server.archive import FILE, PROVENANCE
from vo_server.errors import AuthorizationFault, NotFoundFault, UsageFault
from vo_server.submissions.states import Person, State

LATER = datetime(2049, 1, 1)


@contextmanager
def released_later(submitter: Submitter, dp_id: str) -> Iterator[str]:
    """Let a raw frame of a product be released in 2049; its name."""
    raw = schemas.metadata(schemas.builtin()).tables["dbo.raw"]
    with submitter.archive.owner.begin() as connection:
        origin = sa.select(PROVENANCE.c.entity).where(PROVENANCE.c.dp_id == dp_id).limit(1)
        name = connection.scalar(origin)
        connection.execute(sa.insert(raw).values(dp_id=name, release_date=LATER))
    assert name is not None
    yield name
    with submitter.archive.owner.begin() as connection:
        connection.execute(sa.delete(raw).where(raw.c.dp_id == name))


def has_file(submitter: Submitter, dp_id: str) -> bool:
    with submitter.archive.owner.connect() as connection:
        return connection.scalar(sa.select(FILE.c.dp_id).where(FILE.c.dp_id == dp_id)) is not None


def science(submitter: Submitter) -> dict[str, tuple[str, str | None]]:
    return {
        row.dp_id: (row.status, row.reason)
        for row in submitter.products()
        if row.category.startswith("SCIENCE.")
    }


def test_a_deprecated_product_is_found_no_more_and_its_file_stays(
    submitter: Submitter, valid: dict[str, Sample]
) -> None:
    submitter.publish(submitter.sample(valid["SCIENCE.SPECTRUM"]))
    (before,) = submitter.obscore()
    assert deprecate(submitter.archive, [before.dp_id], ARCHIVIST, "wrong flux scale") == [before.dp_id]
    assert submitter.obscore() == []
    assert science(submitter) == {before.dp_id: ("deprecated", "wrong flux scale")}
    assert submitter.changes()[-1] == ("deprecated", before.dp_id)
    assert submitter.releases()[0].n_products == 0
    assert has_file(submitter, before.dp_id)
    assert deprecate(submitter.archive, [before.dp_id], ARCHIVIST, "again") == []
    assert reinstate(submitter.archive, [before.dp_id], ARCHIVIST, "it was right") == [before.dp_id]
    (after,) = submitter.obscore()
    told = {name: value for name, value in after._mapping.items() if name != "last_mod_date"}
    assert told == {name: value for name, value in before._mapping.items() if name != "last_mod_date"}
    assert after.last_mod_date > before.last_mod_date
    assert submitter.changes()[-1] == ("restored", before.dp_id)


@pytest.mark.parametrize(
    ("people", "reason", "fault", "message"),
    [
        ({Person.OWNER}, "bad", AuthorizationFault, "archivists"),
        (ARCHIVIST, " ", UsageFault, "the reason is missing"),
        (ARCHIVIST, "x" * 301, UsageFault, "at most 300"),
    ],
)
def test_deprecating_wants_an_archivist_and_a_reason(
    submitter: Submitter,
    valid: dict[str, Sample],
    people: set[Person],
    reason: str,
    fault: type[UsageFault],
    message: str,
) -> None:
    submitter.publish(submitter.sample(valid["SCIENCE.SPECTRUM"]))
    (row,) = submitter.obscore()
    with pytest.raises(fault, match=message):
        deprecate(submitter.archive, [row.dp_id], people, reason)
    assert [each.dp_id for each in submitter.obscore()] == [row.dp_id]


def test_what_no_release_has_cannot_be_deprecated(submitter: Submitter) -> None:
    with pytest.raises(NotFoundFault, match=r"ADP\.NO"):
        deprecate(submitter.archive, ["ADP.NO"], ARCHIVIST, "bad")


def test_an_unpublished_batch_gives_its_place_back(submitter: Submitter, valid: dict[str, Sample]) -> None:
    sample = valid["SCIENCE.IMAGE"]
    submitter.publish(submitter.sample(sample))
    (first,) = submitter.obscore()
    submitter.release("DR2")
    second = submitter.publish(submitter.sample(sample, "DR2", OBSTECH="IMAGE,OFFSET"))
    (newer,) = submitter.obscore()
    batch = unpublish(submitter.archive, second.batch_id, "curator", ARCHIVIST, "too early")
    assert batch.state is State.APPROVED
    (back,) = submitter.obscore()
    assert back.dp_id == first.dp_id
    assert science(submitter) == {first.dp_id: ("current", None), newer.dp_id: ("withdrawn", "too early")}
    assert not has_file(submitter, newer.dp_id)
    assert [change for change, _ in submitter.changes()][-2:] == ["restored", "withdrawn"]
    assert [(row.release, row.status) for row in submitter.releases()] == [
        ("DR1", "published"),
        ("DR2", "withdrawn"),
    ]
    # Again: the same identifiers, the same bytes.
    digests = {file.name: file.sha256 for file in submitter.submissions.files(batch.batch_id)}
    publishing.publish(submitter.archive, batch.batch_id, "curator", ARCHIVIST)
    (again,) = submitter.obscore()
    assert again.dp_id == newer.dp_id
    with submitter.archive.owner.connect() as connection:
        known = connection.scalar(sa.select(FILE.c.sha256).where(FILE.c.dp_id == again.dp_id))
    assert known == digests[sample.main.name]
    assert science(submitter)[first.dp_id][0] == "obsolete"


def test_what_was_deprecated_is_so_when_its_batch_is_published_again(
    submitter: Submitter, valid: dict[str, Sample]
) -> None:
    batch = submitter.publish(submitter.sample(valid["SCIENCE.SPECTRUM"]))
    (row,) = submitter.obscore()
    deprecate(submitter.archive, [row.dp_id], ARCHIVIST, "wrong flux scale")
    unpublish(submitter.archive, batch.batch_id, "curator", ARCHIVIST, "for a while")
    publishing.publish(submitter.archive, batch.batch_id, "curator", ARCHIVIST)
    assert submitter.obscore() == []
    assert has_file(submitter, row.dp_id)
    assert science(submitter) == {row.dp_id: ("deprecated", "wrong flux scale")}
    assert [change for change, _ in submitter.changes()] == ["added", "deprecated", "withdrawn", "deprecated"]
    reinstate(submitter.archive, [row.dp_id], ARCHIVIST, "it was right")
    assert [each.dp_id for each in submitter.obscore()] == [row.dp_id]


def test_a_deprecated_product_names_what_comes_in_its_place(
    submitter: Submitter, valid: dict[str, Sample]
) -> None:
    sample = valid["SCIENCE.SPECTRUM"]
    submitter.publish(submitter.sample(sample))
    (bad,) = submitter.obscore()
    deprecate(submitter.archive, [bad.dp_id], ARCHIVIST, "wrong flux scale")
    second = submitter.publish(submitter.sample(sample, OBSTECH="ECHELLE,SLIT"))
    (good,) = submitter.obscore()

    def related() -> dict[str, tuple[str, str | None, str | None]]:
        rows = submitter.products()
        return {row.dp_id: (row.status, row.predecessor, row.successor) for row in rows}

    assert related()[bad.dp_id] == ("deprecated", None, good.dp_id)
    assert related()[good.dp_id] == ("current", bad.dp_id, None)
    unpublish(submitter.archive, second.batch_id, "curator", ARCHIVIST, "too early")
    assert related()[bad.dp_id] == ("deprecated", None, None)
    assert submitter.obscore() == []


def test_a_batch_that_was_replaced_cannot_be_unpublished_first(
    submitter: Submitter, valid: dict[str, Sample]
) -> None:
    sample = valid["SCIENCE.SPECTRUM"]
    first = submitter.publish(submitter.sample(sample))
    submitter.publish(submitter.sample(sample, OBSTECH="ECHELLE,SLIT"))
    before = submitter.products()
    with pytest.raises(UsageFault, match="unpublish that one first"):
        unpublish(submitter.archive, first.batch_id, "curator", ARCHIVIST, "bad")
    assert submitter.products() == before
    assert submitter.submissions.batch(first.batch_id).state is State.PUBLISHED


def test_an_unpublished_batch_may_be_returned_mended_and_published(
    submitter: Submitter, valid: dict[str, Sample]
) -> None:
    sample = valid["SCIENCE.SPECTRUM"]
    batch = submitter.publish(submitter.sample(sample))
    unpublish(submitter.archive, batch.batch_id, "curator", ARCHIVIST, "bad")
    submitter.take(batch, "return", "please mend it")
    area = submitter.archive.area(batch)
    assert area.path(sample.main.name).is_file()
    assert submitter.obscore() == []


def test_one_version_of_a_product_is_current_at_most(submitter: Submitter, valid: dict[str, Sample]) -> None:
    sample = valid["SCIENCE.SPECTRUM"]
    dp_ids = []
    for technique in ("ECHELLE", "ECHELLE,SLIT"):
        submitter.publish(submitter.sample(sample, OBSTECH=technique))
        (row,) = submitter.obscore()
        dp_ids.append(row.dp_id)
        deprecate(submitter.archive, [row.dp_id], ARCHIVIST, "bad")
    with pytest.raises(UsageFault, match="only one of them"):
        reinstate(submitter.archive, dp_ids, ARCHIVIST, "good")
    assert submitter.obscore() == []
    third = submitter.publish(submitter.sample(sample, OBSTECH="SLIT"))
    with pytest.raises(UsageFault, match="is current in the place of"):
        reinstate(submitter.archive, dp_ids[:1], ARCHIVIST, "good")
    unpublish(submitter.archive, third.batch_id, "curator", ARCHIVIST, "bad")
    assert submitter.obscore() == []


def test_what_comes_back_is_as_proprietary_as_its_raw_frames_are_now(
    submitter: Submitter, valid: dict[str, Sample]
) -> None:
    submitter.publish(submitter.sample(valid["SCIENCE.SPECTRUM"]))
    (before,) = submitter.obscore()
    deprecate(submitter.archive, [before.dp_id], ARCHIVIST, "bad")
    with released_later(submitter, before.dp_id):
        reinstate(submitter.archive, [before.dp_id], ARCHIVIST, "good")
        (after,) = submitter.obscore()
        assert after.obs_release_date == LATER


def test_former_versions_are_as_proprietary_as_their_raw_frames_are_now(
    submitter: Submitter, valid: dict[str, Sample]
) -> None:
    sample = valid["SCIENCE.SPECTRUM"]
    submitter.publish(submitter.sample(sample))
    (former,) = submitter.obscore()
    submitter.publish(submitter.sample(sample, OBSTECH="ECHELLE,SLIT"))
    (current,) = submitter.obscore()
    with released_later(submitter, former.dp_id) as name, submitter.archive.owner.begin() as connection:
        spread_release_dates(connection, sa.select(sa.literal(name).label("dp_id")))
        dates = sa.select(FILE.c.release_date).where(FILE.c.dp_id.in_([former.dp_id, current.dp_id]))
        assert connection.scalars(dates).all() == [LATER.replace(tzinfo=UTC)] * 2


def test_other_bytes_get_another_identifier(submitter: Submitter, valid: dict[str, Sample]) -> None:
    sample = copy.deepcopy(valid["SCIENCE.SPECTRUM"])
    batch = submitter.publish(submitter.sample(sample))
    (first,) = submitter.obscore()
    unpublish(submitter.archive, batch.batch_id, "curator", ARCHIVIST, "bad")
    submitter.take(batch, "return", "please mend it")
    sample.main.hdus[0].set("OBSTECH", "ECHELLE,SLIT")
    place = submitter.directory / "mended"
    place.mkdir()
    take_files(submitter.archive, batch, sample.write(place))
    submitter.take(batch, "close")
    submitter.publish(check_batch(submitter.archive, batch.batch_id))
    (second,) = submitter.obscore()
    assert second.dp_id != first.dp_id
