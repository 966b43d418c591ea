"""Collections of one test each, over the session's database."""

import copy
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from astropy.io import fits

from ingest.phase3.releases.archive import Archive
from ingest.phase3.releases.closing import check_batch
from ingest.phase3.releases.doors import take_files
from ingest.phase3.releases.publishing import publish
from ingest.phase3.releases.withdrawing import unpublish
from tests.ingest.phase3.products import Sample
from tests.products import Holdings
from vo_server import schemas
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.submissions.documents import keep_document
from vo_server.submissions.published import CHANGES, PRODUCTS, RELEASES
from vo_server.submissions.reports import findings_by_class
from vo_server.submissions.states import Person, State
from vo_server.submissions.values import Batch, Collection, Release

OBSCORE = schemas.metadata(schemas.builtin()).tables["ivoa.obscore"]
ARCHIVIST = {Person.ARCHIVIST}
_NUMBERS = itertools.count(1)


class Submitter:
    """One collection with a release, and what a provider and an archivist do with it."""

    def __init__(self, archive: Archive, directory: Path) -> None:
        self.archive = archive
        self.directory = directory
        self.collection = f"TEST-{next(_NUMBERS)}"
        self.submissions = archive.submissions
        self.raw = Holdings(archive.owner, archive.settings)
        self.submissions.create_collection(Collection(self.collection, "A test", owner="pi"))
        self.release("DR1")

    def release(self, name: str) -> None:
        self.submissions.create_release(Release(self.collection, name, f"Release {name}"))
        document = keep_document(self.archive.state_dir, self.collection, name, "about.txt", b"All about it.")
        self.submissions.describe_release(self.collection, name, document)

    def batch(self, files: list[Path], release: str = "DR1", standard: str = "8") -> Batch:
        """A batch with files, closed and checked; the archive has the raw frames that they name."""
        self.register_raw(files)
        batch = self.submissions.open_batch(self.collection, release, "pi", standard=standard)
        take_files(self.archive, batch, files)
        self.take(batch, "close")
        return check_batch(self.archive, batch.batch_id)

    def register_raw(self, files: list[Path]) -> None:
        """Put the raw frames that products name (PROVi) into the archive, as files without bytes."""
        names = {
            str(value).removesuffix(".fits")
            for file in files
            if file.suffix == ".fits"
            for keyword, value in fits.getheader(file).items()
            if re.fullmatch(r"PROV\d+", keyword)
        }
        for dp_id in {name for name in names if re.search(r"\.\d{4}-\d\d-\d\dT", name)} - self.raw.dp_ids:
            self.raw.file(dp_id, self.directory / f"{dp_id}-{self.collection}", kind="raw", category=None)

    def sample(self, sample: Sample, release: str = "DR1", **changes: Any) -> Batch:
        """A batch with a sample, whose keywords are changed."""
        draft = copy.deepcopy(sample.main)
        for keyword, value in changes.items():
            draft.hdus[0].set(keyword.replace("_", "-"), value)
        place = self.directory / f"{next(_NUMBERS)}"
        place.mkdir()
        return self.batch(sample.write(place, draft), release, sample.standard)

    def take(self, batch: Batch, step: str, reason: str = "") -> Batch:
        people = {Person.OWNER, Person.ARCHIVIST}
        return self.submissions.take(batch.batch_id, step, "pi", people, reason)

    def publish(self, batch: Batch) -> Batch:
        """Submit, approve and publish."""
        assert batch.state is State.VALID, self.errors(batch)
        for step in ("submit", "approve"):
            self.take(batch, step)
        return publish(self.archive, batch.batch_id, "curator", ARCHIVIST, "it is good")

    def errors(self, batch: Batch) -> list[tuple[str, str]]:
        """File and rule of each error of the last check."""
        classes = findings_by_class(self.archive.owner, batch.batch_id, ("error",), 100)
        return sorted((found["file"], found["rule"]) for one in classes for found in one.findings)

    def rows(self, table: sa.Table, *order: str) -> list[sa.Row[Any]]:
        """The rows of this collection in a published table."""
        column = table.c["obs_collection" if table is OBSCORE else "collection"]
        query = sa.select(table).where(column == self.collection).order_by(*(table.c[name] for name in order))
        with self.archive.owner.connect() as connection:
            return list(connection.execute(query))

    def products(self) -> list[sa.Row[Any]]:
        return self.rows(PRODUCTS, "published", "dp_id")

    def changes(self) -> list[tuple[str, str]]:
        return [(row.change, row.dp_id) for row in self.rows(CHANGES, "change_id")]

    def releases(self) -> list[sa.Row[Any]]:
        return self.rows(RELEASES, "release")

    def obscore(self) -> list[sa.Row[Any]]:
        return self.rows(OBSCORE, "dp_id")


@pytest.fixture(scope="session")
def archive(database: Database, settings: Settings) -> Archive:
    return Archive.of(database, settings)


@pytest.fixture
def submitter(archive: Archive, tmp_path: Path) -> Iterator[Submitter]:
    made = Submitter(archive, tmp_path)
    yield made
    take_everything_back(archive, made.collection)
    made.raw.clear()


def take_everything_back(archive: Archive, collection: str) -> None:
    """Unpublish all batches of a collection, the last first: other tests share the database."""
    for batch in reversed(archive.submissions.batches(collection)):
        if batch.state is State.PUBLISHED:
            unpublish(archive, batch.batch_id, "curator", ARCHIVIST, "the test is over")
        archive.area(batch).clear()
