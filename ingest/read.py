"""One file, from bytes to everything the archive wants to know of it: what a worker process does."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ingest.activities import Activity, data_digest, read_activities
from ingest.correction import Correction, corrected
from ingest.fitsfile import FitsFile, Limits
from ingest.hidden import shape_and_box
from ingest.layout import product_category
from ingest.mapping import Collection, as_instant, choose
from ingest.progenitors import read_progenitors
from ingest.raw.registration import Registered, Registration
from ingest.report import Finding
from ingest.scan import Candidate, Scanned, scan
from vo_server.errors import UsageFault
from vo_server.headers.sections import StoredHeader
from vo_server.instants import utc_now
from vo_server.schemas.instruments import instrument_of
from vo_server.tables import Table


@dataclass(frozen=True, slots=True)
class Association:
    """A file that belongs to a product (ASSONi, ASSOCi)."""

    name: str
    category: str | None


@dataclass(frozen=True, slots=True)
class Parsed:
    """What is known of a file before the archive gives it an identifier.

    Attributes
    ----------
    kind : str
        ``raw``, ``product`` or ``ancillary``.
    arcfile : str or None
        The identifier that the header brings along (ARCFILE).
    born : str or None
        DATE, or DATE-OBS: from this an identifier is made when there is none.
    row : dict
        Columns of the published table of ``kind``.
    setup : tuple or None
        Of raw frames: instrument, and columns of its table of set-ups.
    obscore : mapping or None
        Of raw frames that ObsCore has, too: its columns.
    activities : tuple of Activity
        The recipes that a product went through, the first one first.
    role : str or None
        What the product is to the last of them (PRO CATG).
    datamd5 : str or None
        MD5 of the data alone (DATAMD5).
    """

    candidate: Candidate
    sha256: str
    md5: str
    media_type: str
    compression: str | None
    kind: str
    category: str | None
    collection: str | None
    origfile: str
    arcfile: str | None
    born: str | None
    prefix: str | None
    row: dict[str, Any]
    provenance: tuple[str, ...]
    associations: tuple[Association, ...]
    headers: tuple[StoredHeader, ...] = field(repr=False)
    findings: tuple[Finding, ...] = ()
    setup: tuple[str, Mapping[str, Any]] | None = None
    obscore: Mapping[str, Any] | None = None
    activities: tuple[Activity, ...] = ()
    role: str | None = None
    datamd5: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file that cannot be taken, and why; what is known of it helps when it is another file's preview."""

    scanned: Scanned
    findings: tuple[Finding, ...]


_NAME = re.compile(r"[^/\\\x00-\x1f\x7f]{1,255}")


def read(
    candidate: Candidate,
    collections: Iterable[Collection],
    limits: Limits | None = None,
    registration: Registration | None = None,
    corrections: Sequence[Correction] = (),
) -> Parsed | Rejected:
    """Scan, map and register one file; as if its headers had been corrected, where they were."""
    scanned = scan(candidate, limits)
    if scanned.file is None:
        return Rejected(scanned, scanned.findings)
    file = corrected(scanned.file, corrections) if corrections else scanned.file
    collection = choose(collections, file)
    if collection is None:
        message = "no collection matches: neither PRODCATG nor DPR.CATG, nor a mapping of your own"
        return Rejected(scanned, (*scanned.findings, Finding(candidate.path, "NO_MAPPING", message)))
    mapped = collection.apply(file)
    findings = (*scanned.findings, *mapped.findings)
    if collection.table is not None:
        findings += tuple(_add_shapes(collection.table, mapped.fields, candidate.path))
    if missing := _missing(collection, mapped.fields):
        wanted = ", ".join(missing)
        message = f"{wanted} of {collection.table.name if collection.table else ''} cannot be null"
        return Rejected(scanned, (*findings, Finding(candidate.path, "KEYWORD_MISSING", message)))
    registered = Registered(mapped.fields)
    if registration is not None and collection.kind == "raw":
        registered = registration.register(file, mapped.fields)
    return _parsed(scanned, file, collection, registered, findings)


def _add_shapes(table: Table, row: dict[str, Any], path: str) -> Iterable[Finding]:
    """Put shape and box beside each region of ``row``; a region that has none is left out, with a finding."""
    for region in table.regions:
        text = row.get(region.region)
        if text is None:
            continue
        try:
            row[region.shape], row[region.box] = shape_and_box(text)
        except UsageFault as exc:
            row[region.region] = None
            yield Finding(path, "WCS", f"{region.region} {text[:80]}: {exc}")


def _missing(collection: Collection, row: dict[str, Any]) -> list[str]:
    columns = collection.table.columns if collection.table else ()
    return [column.name for column in columns if not column.nullable and row.get(column.name, "") is None]


def _parsed(
    scanned: Scanned,
    file: FitsFile,
    collection: Collection,
    registered: Registered,
    findings: tuple[Finding, ...],
) -> Parsed:
    primary, row = file.primary, dict(registered.row)
    born = primary.text_of("DATE") or primary.text_of("DATE-OBS")
    instrument = (primary.text_of("INSTRUME") or "").upper()
    origfile, doubts = _origfile(file)
    doubts += _future(file)
    provenance, unnamed = read_progenitors(file)
    activities, untold = read_activities(file)
    return Parsed(
        candidate=scanned.candidate,
        sha256=scanned.sha256,
        md5=scanned.md5,
        media_type=scanned.media_type,
        compression=scanned.compression,
        kind=collection.kind,
        category=product_category(file) or primary.text_of("DPR.CATG"),
        collection=row.get("obs_collection") or primary.text_of("VOS.COLLECTION") or instrument or None,
        origfile=origfile,
        arcfile=primary.text_of("ARCFILE"),
        born=primary.text_of("DATE-OBS") if collection.kind == "raw" else born,
        prefix=_prefix(instrument) if collection.kind == "raw" else None,
        row=row,
        provenance=provenance,
        associations=tuple(_associations(file)),
        headers=tuple(hdu.stored for hdu in file.hdus),
        findings=(*findings, *doubts, *unnamed, *untold),
        setup=registered.setup,
        obscore=registered.obscore,
        activities=activities,
        role=primary.text_of("PRO.CATG"),
        datamd5=data_digest(primary.text_of("DATAMD5")),
    )


def _prefix(instrument: str) -> str:
    """The first part of the dp_id of an instrument's frames."""
    known = instrument_of(instrument)
    return known.prefix if known else instrument


def _origfile(file: FitsFile) -> tuple[str, list[Finding]]:
    """The name that the file had where it was made; what is a path, or no name, is not taken over."""
    told = file.primary.text_of("ORIGFILE")
    if told is None:
        return file.name, []
    if told.startswith(".") or not _NAME.fullmatch(told):
        message = f"ORIGFILE is {told[:80]!r}: wanted is a name without directories"
        return file.name, [Finding(file.path, "ORIGFILE", message, 0, "ORIGFILE")]
    return told, []


def _future(file: FitsFile) -> list[Finding]:
    """A finding where DATE-OBS is later than tomorrow."""
    told = file.primary.text_of("DATE-OBS")
    try:
        date = as_instant(told) if told else None
    except ValueError:
        return []  # the mapping tells of it
    if date is None or date < utc_now() + timedelta(days=1):
        return []
    return [Finding(file.path, "FUTURE", f"DATE-OBS is {told}", 0, "DATE-OBS")]


def _associations(file: FitsFile) -> Iterable[Association]:
    for number, name in enumerate(file.primary.numbered("ASSON"), 1):
        yield Association(str(name).strip(), file.primary.text_of(f"ASSOC{number}"))
