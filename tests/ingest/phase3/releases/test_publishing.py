"""Publishing: what clients see afterwards, versions, and what a killed process leaves behind."""

import copy
import hashlib
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import sqlalchemy as sa
from astropy.io import fits

from ingest.phase3.releases import publishing
from ingest.run import correct_keyword
from tests.ingest.phase3.products import Sample
from tests.ingest.phase3.releases.conftest import ARCHIVIST, Submitter
from vo_server.archive import ASSOCIATION, FILE, PROVENANCE
from vo_server.db import Database
from vo_server.errors import AuthorizationFault, UsageFault
from vo_server.files.stores import path_of
from vo_server.submissions.states import Person, State


def stored(submitter: Submitter, dp_id: str) -> Path:
    with submitter.archive.owner.connect() as connection:
        url = connection.scalar(sa.select(FILE.c.url).where(FILE.c.dp_id == dp_id))
    path = path_of(url or "")
    assert path is not None
    return path


def test_a_published_product_is_found_and_says_who_it_is(
    submitter: Submitter, valid: dict[str, Sample]
) -> None:
    batch = submitter.publish(submitter.sample(valid["SCIENCE.IMAGE"]))
    assert batch.state is State.PUBLISHED
    (row,) = submitter.obscore()
    assert row.dp_id.startswith("ADP.")
    assert row.p3orig == "EDP"
    assert row.release_description.endswith(f"/releases/{submitter.collection}/DR1/description")
    with warnings.catch_warnings(), fits.open(stored(submitter, row.dp_id), checksum=True) as hdus:
        warnings.simplefilter("error")  # astropy warns of wrong checksums
        header = hdus[0].header
        assert header["ARCFILE"] == f"{row.dp_id}.fits"
        assert header["ORIGFILE"] == valid["SCIENCE.IMAGE"].main.name
        assert header["P3ORIG"] == "EDP"
    science = [product for product in submitter.products() if product.category == "SCIENCE.IMAGE"]
    assert [(one.dp_id, one.version, one.status, one.release) for one in science] == [
        (row.dp_id, 1, "current", "DR1")
    ]
    assert submitter.changes() == [("added", row.dp_id)]
    (release,) = submitter.releases()
    assert (release.n_products, release.status, release.origin) == (1, "published", "EDP")
    assert release.n_files == len(submitter.products())
    sizes = [stored(submitter, product.dp_id).stat().st_size for product in submitter.products()]
    assert release.volume == sum(sizes)


def test_the_files_of_a_product_are_its_own(submitter: Submitter, valid: dict[str, Sample]) -> None:
    submitter.publish(submitter.sample(valid["SCIENCE.IMAGE"]))
    (row,) = submitter.obscore()
    ours = {product.origfile: product.dp_id for product in submitter.products()}
    query = sa.select(ASSOCIATION.c.name, ASSOCIATION.c.associated).where(ASSOCIATION.c.dp_id == row.dp_id)
    with submitter.archive.owner.connect() as connection:
        found = {row.name: row.associated for row in connection.execute(query)}
    assert found
    assert found == {name: ours[name] for name in found}


def test_a_new_version_takes_the_place_of_the_former(submitter: Submitter, valid: dict[str, Sample]) -> None:
    sample = valid["SCIENCE.SPECTRUM"]
    submitter.publish(submitter.sample(sample))
    (first,) = submitter.obscore()
    submitter.release("DR2")
    submitter.publish(submitter.sample(sample, "DR2", OBSTECH="ECHELLE,SLIT"))
    (second,) = submitter.obscore()
    assert second.dp_id != first.dp_id
    assert second.obstech == "ECHELLE,SLIT"
    science = [row for row in submitter.products() if row.category == "SCIENCE.SPECTRUM"]
    told = {row.dp_id: (row.version, row.status, row.predecessor, row.successor) for row in science}
    assert told == {
        first.dp_id: (1, "obsolete", None, second.dp_id),
        second.dp_id: (2, "current", first.dp_id, None),
    }
    assert {row.dp_id: row.same_data for row in science} == {first.dp_id: None, second.dp_id: True}
    assert submitter.changes() == [
        ("added", first.dp_id),
        ("replaced", first.dp_id),
        ("added", second.dp_id),
    ]
    assert [(row.release, row.n_products) for row in submitter.releases()] == [("DR1", 0), ("DR2", 1)]
    assert stored(submitter, first.dp_id).is_file()


def test_digests_of_companions_that_came_earlier_are_those_of_their_published_forms(
    submitter: Submitter, valid: dict[str, Sample], tmp_path: Path
) -> None:
    sample = valid["SCIENCE.IMAGE"]
    submitter.publish(submitter.sample(sample))
    companions = {row.origfile: row.dp_id for row in submitter.products()}
    (name,) = [name for name, _ in sample.others if name.endswith("weight.fits")]
    draft = copy.deepcopy(sample.main)
    header = fits.Header.fromstring("".join(draft.hdus[0].lines))
    number = next(key[5:] for key, value in header.items() if key.startswith("ASSON") and value == name)
    submitted = dict(sample.others)[name]
    draft.hdus[0].set(f"ASSOM{number}", md5(submitted))
    submitter.publish(submitter.batch([draft.write(tmp_path)], standard=sample.standard))
    (row,) = submitter.obscore()
    content = stored(submitter, companions[name]).read_bytes()
    assert content != submitted  # ARCFILE and so on are new
    assert fits.getheader(stored(submitter, row.dp_id))[f"ASSOM{number}"] == md5(content)


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


KILLED = """
import sys, time
from pathlib import Path
from ingest.phase3.releases import publishing
from ingest.phase3.releases.archive import Archive
from vo_server.config import Settings
from vo_server.db import open_database
from vo_server.submissions.states import Person

state_dir, url, batch, moment = sys.argv[1:]

def wait(*_):
    print(moment, flush=True)
    time.sleep(600)

def tell(done, total, what):
    if what == moment:
        wait()

if moment == "the last statement":
    publishing.take_step = wait
settings = Settings.load(state_dir=Path(state_dir), database_url=url or None)
with open_database(settings) as database:
    archive = Archive.of(database, settings)
    publishing.publish(archive, int(batch), "curator", {Person.ARCHIVIST}, "", tell)
"""


@pytest.mark.parametrize("moment", ["storing files", "publishing files", "the last statement"])
def test_a_killed_publication_leaves_nothing_and_is_finished_by_the_next(
    submitter: Submitter, valid: dict[str, Sample], database_url: str | None, moment: str
) -> None:
    batch = submitter.sample(valid["SCIENCE.IMAGE"])
    for step in ("submit", "approve"):
        submitter.take(batch, step)
    arguments = [submitter.archive.settings.state_dir, database_url or "", batch.batch_id, moment]
    command = [sys.executable, "-c", KILLED, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == f"{moment}\n"
        child.kill()
    assert child.returncode == -signal.SIGKILL
    assert submitter.obscore() == []
    assert submitter.products() == []
    assert submitter.changes() == []
    assert submitter.submissions.batch(batch.batch_id).state is State.APPROVED
    names = {file.name: file.dp_id for file in submitter.submissions.files(batch.batch_id)}
    assert None not in names.values()
    publishing.publish(submitter.archive, batch.batch_id, "curator", ARCHIVIST)
    assert {row.origfile: row.dp_id for row in submitter.products()} == names
    left = {path.name for path in submitter.archive.store(batch).iterdir()}
    assert left == {stored(submitter, dp_id).name for dp_id in names.values() if dp_id is not None}


def test_what_products_are_made_from_is_known_by_identifier(
    submitter: Submitter, valid: dict[str, Sample]
) -> None:
    """A product names another of its batch as PROV1: later there may be several files of that name."""
    submitter.publish(submitter.sample(valid["SCIENCE.SRCTBL"]))
    ours = {row.origfile: row.dp_id for row in submitter.products()}
    query = sa.select(PROVENANCE.c.progenitor).where(PROVENANCE.c.dp_id.in_(ours.values()))
    with submitter.archive.owner.connect() as connection:
        found = set(connection.scalars(query))
    assert ours[valid["SCIENCE.SRCTBL"].others[0][0]] in found


def test_only_archivists_publish_and_only_what_is_approved(
    submitter: Submitter, valid: dict[str, Sample]
) -> None:
    batch = submitter.sample(valid["SCIENCE.SPECTRUM"])
    with pytest.raises(AuthorizationFault, match="archivist"):
        publishing.publish(submitter.archive, batch.batch_id, "pi", {Person.OWNER})
    with pytest.raises(UsageFault, match="publish is for batches that are approved; this one is valid"):
        publishing.publish(submitter.archive, batch.batch_id, "curator", ARCHIVIST)
    assert submitter.products() == []


def test_every_step_is_kept_with_who_when_and_why(submitter: Submitter, valid: dict[str, Sample]) -> None:
    batch = submitter.publish(submitter.sample(valid["SCIENCE.SPECTRUM"]))
    steps = submitter.submissions.steps(batch.batch_id)
    assert [(step.step, step.author) for step in steps] == [
        ("open", "pi"),
        ("close", "pi"),
        ("pass", "system"),
        ("submit", "pi"),
        ("approve", "pi"),
        ("publish", "curator"),
    ]
    assert steps[-1].reason == "it is good"
    assert [step.made for step in steps] == sorted(step.made for step in steps)


def test_a_corrected_product_stays_in_its_collection(
    submitter: Submitter, valid: dict[str, Sample], database: Database
) -> None:
    """Its row is made of its header again, which knows nothing of releases."""
    submitter.publish(submitter.sample(valid["SCIENCE.SPECTRUM"]))
    (before,) = submitter.obscore()
    settings = submitter.archive.settings
    correct_keyword(database, settings, before.dp_id, "OBJECT", "NGC 1", reason="so", author="curator")
    (after,) = submitter.obscore()
    assert (before.target_name != "NGC 1", after.target_name) == (True, "NGC 1")
    same = ("obs_collection", "release_description", "p3orig", "publication_date")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]


def test_a_corrected_former_version_is_not_found_again(
    submitter: Submitter, valid: dict[str, Sample], database: Database
) -> None:
    submitter.publish(submitter.sample(valid["SCIENCE.SPECTRUM"]))
    (former,) = submitter.obscore()
    submitter.publish(submitter.sample(valid["SCIENCE.SPECTRUM"], OBSTECH="ECHELLE,SLIT"))
    (current,) = submitter.obscore()
    settings = submitter.archive.settings
    correct_keyword(database, settings, former.dp_id, "OBJECT", "NGC 1", reason="so", author="curator")
    assert [row.dp_id for row in submitter.obscore()] == [current.dp_id]
