"""Catalogues as parts of releases: their tables come, are replaced and go with their files."""

import copy
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ingest.phase3.releases import doors, publishing
from ingest.phase3.releases.withdrawing import deprecate, reinstate, unpublish
from tests.ingest.phase3.products import Sample
from tests.ingest.phase3.releases.conftest import ARCHIVIST, Submitter
from vo_server.catalog import read_catalog
from vo_server.submissions.states import State


def tables(submitter: Submitter) -> dict[str, int]:
    """The tables of the collection that clients see, with their numbers of rows."""
    schema = submitter.collection.lower().replace("-", "_")
    with submitter.archive.owner.connect() as connection:
        found = [table for table in read_catalog(connection).tables if table.relation[0] == schema]
        return {
            table.name: connection.scalar(sa.text(f"SELECT count(*) FROM {table.name}")) or 0
            for table in found
        }


def catalogue(submitter: Submitter) -> Any:
    """The row of the catalogue's current version."""
    (row,) = [
        row for row in submitter.products()
        if row.category in ("SCIENCE.CATALOG", "SCIENCE.MCATALOG") and row.status == "current"
    ]  # fmt: skip
    return row


def test_a_catalogue_is_a_table_from_the_moment_of_its_release(
    submitter: Submitter, valid: dict[str, Sample]
) -> None:
    batch = submitter.sample(valid["SCIENCE.CATALOG"])
    assert tables(submitter) == {}
    submitter.publish(batch)
    (name,) = tables(submitter)
    assert name.split(".")[1].startswith("dr1_")
    assert catalogue(submitter).table_name == name
    unpublish(submitter.archive, batch.batch_id, "curator", ARCHIVIST, "too early")
    assert tables(submitter) == {}
    publishing.publish(submitter.archive, batch.batch_id, "curator", ARCHIVIST)
    assert list(tables(submitter)) == [name]


def test_a_new_version_of_the_same_release_takes_the_place_of_the_table(
    submitter: Submitter, valid: dict[str, Sample]
) -> None:
    sample = valid["SCIENCE.CATALOG"]
    submitter.publish(submitter.sample(sample))
    before = tables(submitter)
    first = catalogue(submitter)
    second = submitter.publish(submitter.sample(sample, OBJECT="AGAIN"))
    assert tables(submitter) == before
    assert (catalogue(submitter).dp_id != first.dp_id, catalogue(submitter).table_name) == (
        True,
        first.table_name,
    )
    unpublish(submitter.archive, second.batch_id, "curator", ARCHIVIST, "bad")
    assert catalogue(submitter).dp_id == first.dp_id
    assert catalogue(submitter).table_name == first.table_name
    assert tables(submitter) == before


def test_a_new_release_has_a_table_of_its_own(submitter: Submitter, valid: dict[str, Sample]) -> None:
    sample = valid["SCIENCE.CATALOG"]
    submitter.publish(submitter.sample(sample))
    submitter.release("DR2")
    submitter.publish(submitter.sample(sample, "DR2", OBJECT="AGAIN"))
    names = sorted(name.split(".")[1][:4] for name in tables(submitter))
    assert names == ["dr1_", "dr2_"]


def test_the_table_of_a_deprecated_catalogue_goes_and_comes_back(
    submitter: Submitter, valid: dict[str, Sample]
) -> None:
    submitter.publish(submitter.sample(valid["SCIENCE.CATALOG"]))
    before, row = tables(submitter), catalogue(submitter)
    deprecate(submitter.archive, [row.dp_id], ARCHIVIST, "wrong")
    assert tables(submitter) == {}
    reinstate(submitter.archive, [row.dp_id], ARCHIVIST, "right")
    assert tables(submitter) == before
    assert catalogue(submitter).table_name == row.table_name


def test_tiles_are_one_table(submitter: Submitter, valid: dict[str, Sample]) -> None:
    batch = submitter.publish(submitter.sample(valid["SCIENCE.MCATALOG"]))
    (rows,) = tables(submitter).values()
    assert rows > 0
    assert catalogue(submitter).table_name in tables(submitter)
    unpublish(submitter.archive, batch.batch_id, "curator", ARCHIVIST, "bad")
    assert tables(submitter) == {}


def test_a_publication_that_fails_at_its_end_shows_no_table(
    submitter: Submitter, valid: dict[str, Sample], monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = submitter.sample(valid["SCIENCE.CATALOG"])
    for step in ("submit", "approve"):
        submitter.take(batch, step)
    with monkeypatch.context() as patch:
        patch.setattr(publishing, "take_step", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            publishing.publish(submitter.archive, batch.batch_id, "curator", ARCHIVIST)
    assert tables(submitter) == {}
    assert submitter.products() == []


def test_a_legacy_catalogue_that_cannot_be_a_table_is_not_taken(
    submitter: Submitter, valid: dict[str, Sample], tmp_path: Path
) -> None:
    """What else the standard finds wrong with legacy products keeps none out."""
    sample = copy.deepcopy(valid["SCIENCE.CATALOG"])
    head = sample.main.hdus[1]
    # Of eight bytes as before, but what is no number for queries.
    forms = [line for line in head.lines if line.startswith("TFORM")]
    head.set(next(line[:8].strip() for line in forms if line[11:13].strip() in ("D", "1D")), "1C")
    files = sample.write(tmp_path)
    submitter.register_raw(files)
    collection = submitter.submissions.collection(submitter.collection)
    release = submitter.submissions.release(submitter.collection, "DR1")
    batch = doors.deliver(
        submitter.archive, files, collection, release, door="legacy", standard=sample.standard
    )
    assert batch is not None
    assert batch.state is State.ERROR
    refused = [rule for name, rule in submitter.errors(batch) if name == sample.main.name]
    assert "NOT_TAKEN" in refused
    assert tables(submitter) == {}


def test_a_proprietary_catalogue_has_no_table(submitter: Submitter, valid: dict[str, Sample]) -> None:
    """Its rows are its data."""
    sample = copy.deepcopy(valid["SCIENCE.CATALOG"])
    sample.main.hdus[0].lines.append("HIERARCH VOS RELEASE DATE = '2049-01-01'".ljust(80))
    batch = submitter.publish(submitter.sample(sample))
    (row,) = submitter.obscore()
    assert row.obs_release_date.year == 2049
    assert (tables(submitter), catalogue(submitter).table_name) == ({}, None)
    deprecate(submitter.archive, [row.dp_id], ARCHIVIST, "wrong")
    reinstate(submitter.archive, [row.dp_id], ARCHIVIST, "right")
    assert tables(submitter) == {}
    unpublish(submitter.archive, batch.batch_id, "curator", ARCHIVIST, "bad")
    assert submitter.obscore() == []
