"""The archive as publishing sees it: the owner's connections, settings, and where things lie."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa

from ingest.load import Place
from ingest.run import root_url
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.submissions.area import Area
from vo_server.submissions.store import Submissions
from vo_server.submissions.values import Batch, Release


@dataclass(frozen=True)
class Archive:
    """What every step needs.

    Attributes
    ----------
    owner : sqlalchemy.Engine
        May write published tables.
    """

    owner: sa.Engine
    settings: Settings
    state_dir: Path

    @classmethod
    def of(cls, database: Database, settings: Settings) -> "Archive":
        """That of an open database."""
        return cls(database.owner, settings, database.state_dir)

    @property
    def submissions(self) -> Submissions:
        """What is kept of submissions."""
        return Submissions(self.owner, self.settings.archivists)

    def area(self, batch: Batch) -> Area:
        """Where the files of a batch wait."""
        return Area(self.state_dir, batch.batch_id)

    def store(self, batch: Batch) -> Path:
        """The directory of published files of a batch."""
        return self.state_dir / "products" / batch.collection / batch.release / f"batch-{batch.number}"

    def place(self, connection: sa.Connection) -> Place:
        """What the addresses in the archive begin with."""
        return Place(root_url(connection, self.settings), self.settings.authority)


def release_page(place: Place, collection: str, release: str) -> str:
    """The page of a release."""
    return f"{place.root_url}/releases/{quote(collection, safe='')}/{quote(release, safe='')}"


def description_address(place: Place, release: Release) -> str:
    """Where the release is described: its document, or its page where it has none."""
    page = release_page(place, release.collection, release.release)
    return f"{page}/description" if release.document else page
