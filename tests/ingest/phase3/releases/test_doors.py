"""The doors: products of pipelines, legacy products as they are, new keywords of what is published."""

import copy
import hashlib
from pathlib import Path

import pytest
import sqlalchemy as sa
from astropy.io import fits

from ingest.phase3.releases import doors, publishing
from ingest.phase3.releases.amending import amend
from ingest.phase3.releases.closing import check_batch
from ingest.phase3.releases.withdrawing import deprecate, reinstate, unpublish
from tests.ingest.phase3.products import Sample
from tests.ingest.phase3.releases.conftest import ARCHIVIST, Submitter
from vo_server.archive import FILE
from vo_server.errors import NotFoundFault, UsageFault
from vo_server.files.stores import path_of
from vo_server.submissions.amendments import Amendment, parse_amendments
from vo_server.submissions.states import State
from vo_server.submissions.values import Batch, Collection, Release


def deliver(
    submitter: Submitter, files: list[Path], standard: str, door: str = "internal", release: str = "DR9"
) -> Batch | None:
    submitter.register_raw(files)
    return doors.deliver(
        submitter.archive,
        files,
        Collection(submitter.collection, "A test", owner="pi"),
        Release(submitter.collection, release, "By itself"),
        door=door,
        standard=standard,
    )


def deliver_without_object(submitter: Submitter, sample: Sample, directory: Path) -> Batch:
    """The batch of a delivery that lacks a keyword."""
    path = sample.main.write(directory)
    fits.delval(path, "OBJECT")
    batch = deliver(submitter, [path], sample.standard)
    assert batch is not None
    assert batch.state is State.ERROR
    return batch


def test_products_of_a_pipeline_are_published_by_themselves_and_once(
    submitter: Submitter, valid: dict[str, Sample], tmp_path: Path
) -> None:
    sample = valid["SCIENCE.IMAGE"]
    files = sample.write(tmp_path)
    batch = deliver(submitter, files, sample.standard)
    assert batch is not None
    assert batch.state is State.PUBLISHED
    before = submitter.products()
    assert deliver(submitter, files, sample.standard) is None
    assert submitter.products() == before
    assert len(submitter.submissions.batches(submitter.collection)) == 1


def test_an_interrupted_delivery_goes_on_in_its_batch(
    submitter: Submitter, valid: dict[str, Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = valid["SCIENCE.IMAGE"]
    files = sample.write(tmp_path)
    for module, name in ((doors, "take_files"), (doors, "check_batch"), (doors, "publish")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                deliver(submitter, files, sample.standard)
        assert submitter.obscore() == []
    done = deliver(submitter, files, sample.standard)
    assert done is not None
    assert (done.state, done.number) == (State.PUBLISHED, 1)
    assert len(submitter.obscore()) == 1


def test_a_delivery_with_errors_stops_with_its_report(
    submitter: Submitter, valid: dict[str, Sample], tmp_path: Path
) -> None:
    sample = valid["SCIENCE.SPECTRUM"]
    batch = deliver_without_object(submitter, sample, tmp_path)
    assert submitter.errors(batch) == [(sample.main.name, "KEYWORD_MISSING")]
    assert submitter.products() == []


def test_legacy_products_keep_identifiers_and_bytes(
    submitter: Submitter, valid: dict[str, Sample], tmp_path: Path
) -> None:
    """Whatever the standard says of them: they were published before it."""
    sample = valid["SCIENCE.SPECTRUM"]
    path = tmp_path / "old.fits"
    path.write_bytes(sample.main.to_bytes())
    with fits.open(path, mode="update") as hdus:
        del hdus[0].header["PROCSOFT"]
        hdus[0].header["ARCFILE"] = f"ADP.2011-05-06T07:08:09.{submitter.collection[-3:].strip('-'):0>3}.fits"
        arcfile = hdus[0].header["ARCFILE"]
    content = path.read_bytes()
    batch = deliver(submitter, [path], sample.standard, door="legacy")
    assert batch is not None
    assert batch.state is State.PUBLISHED
    assert submitter.errors(batch)
    (row,) = submitter.obscore()
    assert f"{row.dp_id}.fits" == arcfile
    with submitter.archive.owner.connect() as connection:
        url = connection.scalar(sa.select(FILE.c.url).where(FILE.c.dp_id == row.dp_id))
    stored = path_of(url or "")
    assert stored is not None
    assert hashlib.sha256(stored.read_bytes()).digest() == hashlib.sha256(content).digest()


def test_keywords_of_published_products_change_as_a_new_version(
    submitter: Submitter, valid: dict[str, Sample]
) -> None:
    sample = valid["SCIENCE.SPECTRUM"]
    submitter.publish(submitter.sample(sample))
    (first,) = submitter.obscore()
    wanted = parse_amendments(["file,hdu,keyword,value", f"{sample.main.name},,OBSTECH,ECHELLE"])
    batch = submitter.submissions.open_batch(submitter.collection, "DR1", "pi", standard=sample.standard)
    assert amend(submitter.archive, batch, wanted) == 1
    submitter.take(batch, "close")
    batch = check_batch(submitter.archive, batch.batch_id)
    submitter.publish(batch)
    (second,) = submitter.obscore()
    assert (first.obstech != "ECHELLE", second.obstech) == (True, "ECHELLE")
    new = next(row for row in submitter.products() if row.dp_id == second.dp_id)
    assert (new.version, new.predecessor, new.same_data) == (2, first.dp_id, True)


def test_what_is_not_current_cannot_be_amended(submitter: Submitter) -> None:
    batch = submitter.submissions.open_batch(submitter.collection, "DR1", "pi")
    with pytest.raises(NotFoundFault, match=r"no\.fits"):
        amend(submitter.archive, batch, [Amendment("no.fits", 0, "OBJECT", "b")])
    assert submitter.submissions.files(batch.batch_id) == []


def test_a_batch_with_a_file_that_changed_after_its_check_is_not_published(
    submitter: Submitter, valid: dict[str, Sample]
) -> None:
    sample = valid["SCIENCE.SPECTRUM"]
    batch = submitter.sample(sample)
    for step in ("submit", "approve"):
        submitter.take(batch, step)
    path = submitter.archive.area(batch).path(sample.main.name)
    path.write_bytes(path.read_bytes()[:-2880] + bytes(2880))
    with pytest.raises(Exception, match="is not what was received"):
        publishing.publish(submitter.archive, batch.batch_id, "curator", ARCHIVIST)
    assert submitter.products() == []


def test_delivering_again_brings_back_nothing_that_was_taken_back(
    submitter: Submitter, valid: dict[str, Sample], tmp_path: Path
) -> None:
    sample = valid["SCIENCE.SPECTRUM"]
    files = sample.write(tmp_path)
    first = deliver(submitter, files, sample.standard)
    assert first is not None
    (row,) = submitter.obscore()
    deprecate(submitter.archive, [row.dp_id], ARCHIVIST, "wrong flux scale")
    assert deliver(submitter, files, sample.standard) is None
    assert submitter.obscore() == []
    reinstate(submitter.archive, [row.dp_id], ARCHIVIST, "right")
    unpublish(submitter.archive, first.batch_id, "curator", ARCHIVIST, "too early")
    assert deliver(submitter, files, sample.standard) is None
    assert submitter.obscore() == []


def test_mended_files_are_delivered_and_not_those_that_were_withdrawn(
    submitter: Submitter, valid: dict[str, Sample], tmp_path: Path
) -> None:
    sample = copy.deepcopy(valid["SCIENCE.SPECTRUM"])
    first = deliver(submitter, sample.write(tmp_path), sample.standard)
    assert first is not None
    (before,) = submitter.obscore()
    unpublish(submitter.archive, first.batch_id, "curator", ARCHIVIST, "bad")
    sample.main.hdus[0].set("OBSTECH", "ECHELLE,SLIT")
    second = deliver(submitter, sample.write(tmp_path), sample.standard)
    assert second is not None
    (after,) = submitter.obscore()
    assert (after.obstech, after.dp_id != before.dp_id) == ("ECHELLE,SLIT", True)
    with pytest.raises(UsageFault, match="a later version"):
        publishing.publish(submitter.archive, first.batch_id, "curator", ARCHIVIST)


def test_a_delivery_that_failed_goes_on_in_its_batch_when_it_is_mended(
    submitter: Submitter, valid: dict[str, Sample], tmp_path: Path
) -> None:
    sample = valid["SCIENCE.SPECTRUM"]
    failed = deliver_without_object(submitter, sample, tmp_path)
    done = deliver(submitter, sample.write(tmp_path), sample.standard)
    assert done is not None
    assert (done.batch_id, done.state) == (failed.batch_id, State.PUBLISHED)


def test_legacy_files_may_have_the_names_that_archives_give(
    submitter: Submitter, valid: dict[str, Sample], tmp_path: Path
) -> None:
    sample = copy.deepcopy(valid["SCIENCE.SPECTRUM"])
    sample.main.hdus[0].remove("ARCFILE")
    dp_id = f"ADP.2012-05-06T07:08:{submitter.collection[-2:].strip('-'):0>2}.123"
    path = tmp_path / f"{dp_id}.fits"
    path.write_bytes(sample.main.to_bytes())
    batch = deliver(submitter, [path], sample.standard, door="legacy")
    assert batch is not None
    assert [row.dp_id for row in submitter.obscore()] == [dp_id]


def test_files_of_a_batch_that_is_closed_stay_as_they_are(
    submitter: Submitter, valid: dict[str, Sample], tmp_path: Path
) -> None:
    sample = copy.deepcopy(valid["SCIENCE.SPECTRUM"])
    batch = submitter.sample(sample)
    before = submitter.archive.area(batch).path(sample.main.name).read_bytes()
    sample.main.hdus[0].set("OBJECT", "ANOTHER")
    with pytest.raises(UsageFault, match="reopen it first"):
        doors.take_files(submitter.archive, batch, [sample.main.write(tmp_path)])
    assert submitter.archive.area(batch).path(sample.main.name).read_bytes() == before


def test_a_delivery_does_not_take_the_collection_of_a_provider(
    submitter: Submitter, valid: dict[str, Sample], tmp_path: Path
) -> None:
    wanted = Collection(submitter.collection, "Ours", "IDP", "pipeline")
    with pytest.raises(UsageFault, match="want another name"):
        doors.known_or_new(submitter.archive, wanted, Release(submitter.collection, "DR1", "Ours"))


def test_a_product_may_be_amended_under_both_of_its_names(
    submitter: Submitter, valid: dict[str, Sample]
) -> None:
    sample = valid["SCIENCE.SPECTRUM"]
    submitter.publish(submitter.sample(sample))
    (row,) = submitter.obscore()
    batch = submitter.submissions.open_batch(submitter.collection, "DR1", "pi", standard=sample.standard)
    wanted = [Amendment(sample.main.name, 0, "OBSTECH", "ECHELLE"), Amendment(row.dp_id, 0, "TITLE2", "x")]
    assert amend(submitter.archive, batch, wanted) == 1
    header = fits.getheader(submitter.archive.area(batch).path(sample.main.name))
    assert (header["OBSTECH"], header["TITLE2"]) == ("ECHELLE", "x")
