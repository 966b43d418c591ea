"""Identifiers of files: brought along, found again, or made; and which files are in the archive twice."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from ingest.mapping import as_instant
from ingest.read import Parsed
from ingest.report import Finding
from vo_server.archive import FILE
from vo_server.files.stores import path_of

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,119}")
_PRODUCT_NAME = re.compile(r"ADP\.\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}")
DAY_MILLISECONDS = 86_400_000
UNDATED = datetime(2000, 1, 1)  #: the day of identifiers of files that do not tell when they were made


@dataclass(frozen=True, slots=True)
class Known:
    """A file that the archive has."""

    dp_id: str
    url: str
    sha256: str
    size: int
    mtime_ns: int


class Registry:
    """The files of the archive that a batch may meet: by address, by content, by identifier."""

    def __init__(self, known: Iterable[Known] = ()):
        self.by_url: dict[str, Known] = {}
        self.by_sha256: dict[str, Known] = {}
        self.by_dp_id: dict[str, Known] = {}
        for file in known:
            self.add(file)

    def add(self, file: Known) -> None:
        """Take note of a file; what had its address or identifier before is forgotten."""
        for former in (self.by_url.get(file.url), self.by_dp_id.get(file.dp_id)):
            if former is not None and self.by_sha256.get(former.sha256) is former:
                del self.by_sha256[former.sha256]
        self.by_url[file.url] = self.by_sha256[file.sha256] = self.by_dp_id[file.dp_id] = file


def known(dp_id: str, parsed: Parsed) -> Known:
    """A file that the archive is about to have."""
    found = parsed.candidate
    return Known(dp_id, found.url, parsed.sha256, found.size, found.mtime_ns)


def lookup(connection: sa.Connection, column: sa.Column[str], values: Iterable[str]) -> list[Known]:
    """The files whose ``column`` is one of ``values``."""
    columns = (FILE.c.dp_id, FILE.c.url, FILE.c.sha256, FILE.c.size, FILE.c.mtime_ns)
    wanted = sa.bindparam("wanted", list(values), sa.ARRAY(sa.Text))
    rows = connection.execute(sa.select(*columns).where(column == sa.any_(wanted)))
    return [Known(*row) for row in rows]


def registry_for(connection: sa.Connection, batch: Iterable[Parsed]) -> Registry:
    """What the archive has that files of ``batch`` may collide with."""
    batch = list(batch)
    found = {
        known.dp_id: known
        for column, values in (
            (FILE.c.url, [parsed.candidate.url for parsed in batch]),
            (FILE.c.sha256, [parsed.sha256 for parsed in batch]),
            (FILE.c.dp_id, [name for parsed in batch for name in propose(parsed)]),
        )
        for known in lookup(connection, column, values)
    }
    return Registry(found.values())


def brought_along(parsed: Parsed) -> str | None:
    """The identifier that the file has already: its ARCFILE, or its name when that is an identifier."""
    arcfile = (parsed.arcfile or "").removesuffix(".fits")
    if _IDENTIFIER.fullmatch(arcfile):
        return arcfile
    stem = Path(parsed.candidate.path).name.partition(".fits")[0]
    return stem if parsed.kind != "raw" and _PRODUCT_NAME.fullmatch(stem) else None


def propose(parsed: Parsed, count: int = 20) -> list[str]:
    """The identifier brought along, or those to make, in the order of preference."""
    given = brought_along(parsed)
    if given is not None:
        return [given]
    start = _start(parsed)
    prefix = parsed.prefix if parsed.kind == "raw" and parsed.prefix else "ADP"
    stamps = (start + timedelta(milliseconds=bump) for bump in range(count))
    return [f"{prefix}.{stamp.isoformat(timespec='milliseconds')}" for stamp in stamps]


def _start(parsed: Parsed) -> datetime:
    """The instant in a new identifier.

    DATE-OBS of a raw frame; of other files the day of DATE and, for the time of day, their SHA-256: the same
    file gets the same identifier wherever and whenever it is ingested.
    """
    try:
        born = as_instant(parsed.born) if parsed.born else UNDATED
    except ValueError:
        born = UNDATED
    if parsed.kind == "raw" and born != UNDATED:
        return born
    milliseconds = int(parsed.sha256[:12], 16) % DAY_MILLISECONDS
    return born.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(milliseconds=milliseconds)


def identify(parsed: Parsed, registry: Registry) -> str | Finding:
    """The identifier of a file, or why it cannot have one; a file that moved or changed keeps its own."""
    path, url = parsed.candidate.path, parsed.candidate.url
    given = brought_along(parsed)
    twin = registry.by_sha256.get(parsed.sha256)
    if twin is not None and twin.url != url:
        if _exists(twin.url):
            return Finding(path, "DUPLICATE", f"the same bytes are in the archive as {twin.dp_id}")
        return twin.dp_id
    here = registry.by_url.get(url)
    if here is not None and given in (None, here.dp_id):
        return here.dp_id
    for proposal in propose(parsed):
        taken = registry.by_dp_id.get(proposal)
        if taken is None or taken.url == url or not _exists(taken.url):
            return proposal
    message = f"{given or 'every identifier that could be made'} is in the archive with other content"
    return Finding(path, "DUPLICATE", message, 0, "ARCFILE" if given else None)


def _exists(url: str) -> bool:
    """Whether the file at ``url`` is still there; what is not on this machine is believed to be."""
    path = path_of(url)
    return path is None or path.exists()


def unchanged(candidates: Mapping[str, tuple[int, int]], known: Iterable[Known]) -> set[str]:
    """The addresses whose size and time of change are what the archive knows."""
    return {file.url for file in known if candidates.get(file.url) == (file.size, file.mtime_ns)}
