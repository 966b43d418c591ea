"""The files of the archive as links and downloads need them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import sqlalchemy as sa

from vo_server.archive import DELIVERY, FILE, or_try_again
from vo_server.errors import AuthorizationFault, NotFoundFault, TransientFault
from vo_server.files.stores import path_of
from vo_server.identifiers import MAX_ID
from vo_server.instants import utc_text
from vo_server.submissions.published import PRODUCTS

FITS_TYPES = ("application/fits", "image/fits", "application/x-fits-hcompress", "image/x-fits-hcompress")
CHUNK = 1_000  #: identifiers that one statement looks up
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,8}(\.(gz|bz2|Z|fz))?\Z")


@dataclass(frozen=True, slots=True)
class File:
    """One file of the archive.

    Attributes
    ----------
    kind : str
        ``raw``, ``product`` or ``ancillary``.
    category : str or None
        DPR.CATG of a raw file, PRODCATG of others.
    size : int
        Bytes.
    release_date : datetime or None
        The end of the proprietary period; None means public.
    mtime_ns : int
        When the file was last changed, as far as the archive knows.
    product_type, title : str or None
        ObsCore's dataproduct_type and obs_title, of science products.
    s_region, em_min, em_max, t_min, t_max, pol_states, release_description
        ObsCore's columns of these names: what the data cover, and where that is told.
    sent_size, sent_sha256, sent_url, sent_since
        Of a file whose header was corrected: size and digest of what is sent, where that is (of packed
        files), and since when; None of all others.
    version_status, version_reason : str or None
        Of files of releases: whether this is the current version, and why not.
    """

    dp_id: str
    kind: str
    category: str | None
    collection: str | None
    origfile: str | None
    url: str
    size: int
    sha256: str
    media_type: str
    compression: str | None
    release_date: datetime | None
    mtime_ns: int
    product_type: str | None = None
    title: str | None = None
    s_region: str | None = None
    em_min: float | None = None
    em_max: float | None = None
    t_min: float | None = None
    t_max: float | None = None
    pol_states: str | None = None
    release_description: str | None = None
    sent_size: int | None = None
    sent_sha256: str | None = None
    sent_url: str | None = None
    sent_since: datetime | None = None
    version_status: str | None = None
    version_reason: str | None = None

    @property
    def version_note(self) -> str | None:
        """Why the file is not what should be used; None where it is."""
        if self.version_status in (None, "current"):
            return None
        return f"{self.version_status}: {self.version_reason}" if self.version_reason else self.version_status

    @property
    def is_corrected(self) -> bool:
        """Whether it is sent with another header than it has."""
        return self.sent_sha256 is not None

    @property
    def length(self) -> int:
        """Bytes of what is sent."""
        return self.size if self.sent_size is None else self.sent_size

    @property
    def digest(self) -> str:
        """SHA-256 of what is sent."""
        return self.sent_sha256 or self.sha256

    def as_stored(self) -> "File":
        """The same file, to be sent as it came."""
        return replace(self, sent_size=None, sent_sha256=None, sent_url=None, sent_since=None)

    def is_public(self, now: datetime) -> bool:
        """Whether the proprietary period is over at ``now``; its last instant is."""
        return self.release_date is None or self.release_date <= now

    @property
    def is_fits(self) -> bool:
        """Whether the bytes are FITS, packed or not."""
        media_type = self.media_type.partition(";")[0].strip().lower()
        # Frames and products are FITS, whatever they are packed in.
        return media_type in FITS_TYPES or (media_type == "application/gzip" and self.kind != "ancillary")

    @property
    def name(self) -> str:
        """The name that a downloaded copy gets: the identifier and the right extension."""
        if self.is_fits:
            return f"{self.dp_id}.fits{'.' + self.compression if self.compression else ''}"
        extension = _EXTENSION.search(urlsplit(self.url).path)
        return self.dp_id + (extension.group() if extension else "")

    @property
    def path(self) -> Path:
        """Where the bytes are.

        Raises
        ------
        TransientFault
            The store is not one that this server reads.
        """
        return self._place(self.url)

    @property
    def sent_path(self) -> Path | None:
        """Where the corrected whole of a packed file is.

        Raises
        ------
        TransientFault
            The store is not one that this server reads.
        """
        return self._place(self.sent_url) if self.sent_url else None

    def _place(self, url: str) -> Path:
        path = path_of(url)
        if path is None:
            raise TransientFault(f"the store of {self.dp_id} cannot be read by this server now")
        return path

    def address(self, root_url: str, kind: str = "download") -> str:
        """Where the file is had; ``kind`` may be ``preview`` or ``thumbnail``."""
        return f"{root_url}/{kind}/{quote(self.dp_id, safe=':')}"


#: Fields of `File` that are columns of ObsCore.
_OBSCORE = {
    "product_type": "dataproduct_type",
    "title": "obs_title",
    **{
        name: name
        for name in ("s_region", "em_min", "em_max", "t_min", "t_max", "pol_states", "release_description")
    },
}
#: Fields of `File` that are columns of what is sent instead of it.
_DELIVERY = {"sent_size": "size", "sent_sha256": "sha256", "sent_url": "url", "sent_since": "modified"}
#: Fields of `File` that are columns of the versions of products.
_VERSION = {"version_status": "status", "version_reason": "reason"}
#: The other columns of `File`, in the order in which `file_columns` selects them.
_FILE = tuple(name for name in File.__dataclass_fields__ if name not in (*_OBSCORE, *_DELIVERY, *_VERSION))


def file_columns(file: sa.FromClause, obscore: sa.FromClause) -> list[sa.ColumnElement[Any]]:
    """The columns that make a `File`."""
    columns: list[sa.ColumnElement[Any]] = [file.c[name] for name in _FILE]
    return [
        *columns,
        *(obscore.c[column].label(name) for name, column in _OBSCORE.items()),
        *(_of_delivery(file, column).label(name) for name, column in _DELIVERY.items()),
        *(_of_version(file, column).label(name) for name, column in _VERSION.items()),
    ]


def _of_delivery(file: sa.FromClause, column: str) -> sa.ScalarSelect[Any]:
    """A column of what is sent instead of ``file``, of the bytes that it has now."""
    # A sub-select, because callers join ``file`` in many ways; almost never is there a row.
    mine = (DELIVERY.c.dp_id == file.c.dp_id, DELIVERY.c.source_sha256 == file.c.sha256)
    return sa.select(DELIVERY.c[column]).where(*mine).scalar_subquery()


def _of_version(file: sa.FromClause, column: str) -> sa.ScalarSelect[Any]:
    """A column of the version that ``file`` is."""
    return sa.select(PRODUCTS.c[column]).where(PRODUCTS.c.dp_id == file.c.dp_id).scalar_subquery()


def select_files(dp_ids: Iterable[str], obscore: sa.FromClause) -> sa.Select[Any]:
    """The files of those identifiers."""
    joined = FILE.outerjoin(obscore, obscore.c.dp_id == FILE.c.dp_id)
    return sa.select(*file_columns(FILE, obscore)).select_from(joined).where(FILE.c.dp_id.in_(list(dp_ids)))


def make_file(row: sa.Row[Any]) -> File:
    """The file that a row with `file_columns` holds."""
    fields = row._mapping
    return File(**{name: fields[name] for name in File.__dataclass_fields__})


def find_files(engine: sa.Engine, obscore: sa.FromClause, dp_ids: Sequence[str]) -> dict[str, File]:
    """The files of those identifiers that there are.

    Raises
    ------
    TransientFault
        The database does not answer.
    """
    found: dict[str, File] = {}
    with or_try_again(), engine.connect() as connection:
        for start in range(0, len(dp_ids), CHUNK):
            rows = connection.execute(select_files(dp_ids[start : start + CHUNK], obscore))
            found |= {row.dp_id: make_file(row) for row in rows}
    return found


def find_file(engine: sa.Engine, obscore: sa.FromClause, dp_id: str) -> File:
    """The file of one identifier.

    Raises
    ------
    NotFoundFault
        There is none.
    """
    if len(dp_id) > MAX_ID or "\x00" in dp_id:
        raise NotFoundFault(f"there is no file {dp_id[:40]!r}... here")
    with or_try_again(), engine.connect() as connection:
        row = connection.execute(select_files([dp_id], obscore)).one_or_none()
    if row is None:
        raise NotFoundFault(f"there is no file {dp_id[:200]!r} here: identifiers are the dp_id of a table")
    return make_file(row)


def check_public(file: File) -> None:
    """Refuse a file whose proprietary period is not over.

    Raises
    ------
    AuthorizationFault
        It is not over; the message says when it will be.
    """
    if not file.is_public(datetime.now(UTC)):
        raise AuthorizationFault(
            f"{file.dp_id} is proprietary until {instant(file.release_date)}: its metadata are public,"
            " its data are not yet"
        )


def instant(when: datetime | None) -> str:
    """An instant in UTC as DALI writes it."""
    return utc_text(when) if when else ""
