"""Collections, releases, batches and their files as values; what is wrong with a request is found here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vo_server.errors import UsageFault
from vo_server.submissions.states import State

ORIGINS = ("IDP", "EDP")  #: made by the archive's pipelines; contributed from outside (P3ORIG)
DOORS = ("external", "internal", "legacy")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{1,39}")
_RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,19}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,199}")
_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>]{1,200}")
_BIBCODE = re.compile(r"\d{4}[A-Za-z0-9.&]{14}[A-Z.]")
#: What XML documents cannot have (XML 1.0, Characters).
_NO_TEXT = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
MOST_TEXT = 20_000  #: characters of an abstract
MOST_TITLE = 300  #: characters of a title, a reason
MOST_NAMES = 1_000  #: delegates, programmes, creators


@dataclass(frozen=True, slots=True)
class Collection:
    """A data collection; see ``archive.collection``."""

    name: str
    title: str
    origin: str = "EDP"
    owner: str = ""
    delegates: tuple[str, ...] = ()
    programmes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise UsageFault(
                f"{self.name[:60]!r} is no name for a collection: 2 to 40 letters, digits, _, + and -"
            )
        if self.origin not in ORIGINS:
            raise UsageFault(
                f"the origin of a collection is {' or '.join(ORIGINS)}, not {self.origin[:20]!r}"
            )
        check_text("title", self.title, MOST_TITLE, needed=True)
        check_names("delegates", self.delegates)
        check_names("programmes", self.programmes)


@dataclass(frozen=True, slots=True)
class Release:
    """A data release of a collection; see ``archive.release``.

    Attributes
    ----------
    document, document_type, document_sha256 : str or None
        The release description: its name, media type and digest.
    """

    collection: str
    release: str
    title: str
    abstract: str = ""
    creators: tuple[str, ...] = ()
    bibcode: str | None = None
    doi: str | None = None
    document: str | None = None
    document_type: str | None = None
    document_sha256: str | None = None
    created: datetime | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not _RELEASE.fullmatch(self.release):
            raise UsageFault(f"{self.release[:60]!r} is no name for a release: one like DR1 or DR4.1")
        check_text("title", self.title, MOST_TITLE, needed=True)
        check_text("abstract", self.abstract, MOST_TEXT)
        check_names("creators", self.creators)
        if self.bibcode is not None and not _BIBCODE.fullmatch(self.bibcode):
            raise UsageFault(f"{self.bibcode[:40]!r} is no bibcode: 19 characters as in 2013Msngr.154...38E")
        if self.doi is not None and not _DOI.fullmatch(self.doi):
            raise UsageFault(f"{self.doi[:60]!r} is no DOI: one like 10.18727/archive/57")


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch; see ``archive.batch``. Its report is read apart, for it may be long."""

    batch_id: int
    collection: str
    release: str
    number: int
    door: str
    state: State
    standard: str
    mapping: str | None
    summary: Mapping[str, Any] | None
    created: datetime
    changed: datetime

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.collection} {self.release} batch {self.number}"


@dataclass(frozen=True, slots=True)
class BatchFile:
    """A file of a batch; one without a digest is still coming."""

    batch_id: int
    name: str
    size: int
    sha256: str | None
    md5: str | None
    submitted: str | None
    received: datetime | None
    category: str | None
    dp_id: str | None


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken with a batch."""

    step: str
    state: State
    author: str
    reason: str
    made: datetime


def check_file_name(name: str) -> str:
    """A name that a file of a batch may have.

    Raises
    ------
    UsageFault
        It has directories, or characters that make trouble somewhere.
    """
    if not _FILE.fullmatch(name):
        raise UsageFault(
            f"{name[:80]!r} is no name for a file: up to 200 letters, digits and . _ : + -, no directories"
        )
    return name


def check_text(what: str, text: str, most: int, *, needed: bool = False) -> None:
    """Refuse a text that is too long, has control characters, or is missing."""
    if needed and not text.strip():
        raise UsageFault(f"the {what} is missing")
    if len(text) > most:
        raise UsageFault(f"the {what} has {len(text)} characters: at most {most} are kept")
    if _NO_TEXT.search(text):
        raise UsageFault(f"the {what} has characters that are none, such as control characters")


def check_names(what: str, names: Sequence[str]) -> None:
    """Refuse a list of names that is too long, or with a name that is none."""
    if len(names) > MOST_NAMES:
        raise UsageFault(f"{len(names)} {what}: at most {MOST_NAMES} are kept")
    for name in names:
        check_text(what, name, MOST_TITLE, needed=True)
