"""Corrections of what headers say: an operator's word against the file's, with a reason.

Queries and delivery show the corrected value; the table ``archive.correction`` keeps who, when and why, and
the card of the file. The file itself is never touched. Reading a file again applies its corrections again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from ingest import delivery
from ingest.correction import Correction, card_of, parse_value
from ingest.header import Card, Value
from ingest.lineage import Identified
from ingest.load import PUBLISHED, Place, load
from ingest.mapping import Collection
from ingest.protection import spread_release_dates
from ingest.raw.registration import Registration
from ingest.read import Parsed, Rejected, read
from ingest.scan import Candidate, Scanned, candidate, scan
from vo_server import schemas
from vo_server.archive import CORRECTION, FILE, among
from vo_server.errors import NotFoundFault, UsageFault
from vo_server.files.stores import path_of
from vo_server.headers.correctable import parse_keyword
from vo_server.progress import Progress

MAX_REASON = 2_000  #: characters
#: Reads a file again as if its headers had been corrected.
Again = Callable[[Candidate, Sequence[Correction]], Parsed | Rejected]


@dataclass(frozen=True, slots=True)
class Entry:
    """A correction as it is kept.

    Attributes
    ----------
    former : str or None
        The card in the file.
    ended, ending : datetime and str, or None
        When and why another one took its place, or it was withdrawn; None while it is in force.
    """

    dp_id: str
    hdu: int
    keyword: str
    value: str
    former: str | None
    reason: str
    author: str
    made: datetime
    ended: datetime | None
    ending: str | None


@dataclass(frozen=True, slots=True)
class Archive:
    """What correcting a file needs to know of the archive."""

    connection: sa.Connection
    place: Place
    state_dir: Path
    mappings: tuple[Collection, ...]
    registration: Registration

    @property
    def again(self) -> Again:
        """Reads a file with its corrections."""
        return reader(self.mappings, self.registration)


def reader(mappings: tuple[Collection, ...], registration: Registration) -> Again:
    """What reads files again, by these rules."""
    return lambda found, corrections: read(
        found, mappings, registration=registration, corrections=corrections
    )


def correct(
    archive: Archive,
    dp_id: str,
    keyword: str,
    value: str | None,
    *,
    reason: str,
    author: str,
    hdu: int = 0,
    progress: Progress | None = None,
) -> bool:
    """Correct a keyword of a file, inside the caller's transaction; whether that changed anything.

    Parameters
    ----------
    value : str or None
        None withdraws the correction that is in force.

    Raises
    ------
    NotFoundFault
        There is no such file, or no correction to withdraw.
    UsageFault
        The keyword or the value cannot be; the reason is missing; the file is not as the archive knows it, or
        could not be in the archive with that header.
    """
    connection = archive.connection
    if not reason.strip() or len(reason) > MAX_REASON:
        raise UsageFault(f"a correction wants a reason, of at most {MAX_REASON} characters")
    name = parse_keyword(keyword)
    found = _candidate(connection, dp_id)
    scanned = _scanned(found, dp_id, connection)
    former = _card(scanned, hdu, name, dp_id)
    in_force = corrections_of(connection, [dp_id]).get(dp_id, ())
    known = next((entry for entry in in_force if (entry.hdu, entry.keyword) == (hdu, name)), None)
    if value is None:
        if known is None:
            raise NotFoundFault(
                f"{name} in HDU {hdu} of {dp_id} is not corrected: there is nothing to withdraw"
            )
        new = None
    else:
        new = Correction(hdu, name, parse_value(value, former, name))
        if new == known or (known is None and former is not None and _same(former.value, new.value)):
            return False
    rest = [entry for entry in in_force if entry is not known]
    _keep(connection, dp_id, known, new, former, reason.strip(), author)
    _apply(archive, dp_id, found, scanned, [*rest, *([new] if new else ())], progress)
    return True


def _same(former: Value, new: Value) -> bool:
    return former == new and type(former) is type(new)


def _candidate(connection: sa.Connection, dp_id: str) -> Candidate:
    row = connection.execute(sa.select(FILE.c.url).where(FILE.c.dp_id == dp_id)).one_or_none()
    if row is None:
        raise NotFoundFault(f"there is no file {dp_id[:200]!r} here")
    path = path_of(row.url)
    found = candidate(path) if path is not None else None
    if not isinstance(found, Candidate):
        raise UsageFault(f"the file {dp_id} cannot be read where the archive has it: nothing was changed")
    return found


def _scanned(found: Candidate, dp_id: str, connection: sa.Connection) -> Scanned:
    scanned = scan(found)
    stored = connection.scalar(sa.select(FILE.c.sha256).where(FILE.c.dp_id == dp_id))
    if scanned.sha256 != stored:
        raise UsageFault(f"the file {dp_id} has changed since it was ingested: ingest it again first")
    if scanned.file is None:
        raise UsageFault(f"the file {dp_id} has no FITS headers: there is nothing to correct")
    return scanned


def _card(scanned: Scanned, hdu: int, keyword: str, dp_id: str) -> Card | None:
    """The card that the file has of a keyword."""
    hdus = scanned.file.hdus if scanned.file else ()
    if not 0 <= hdu < len(hdus):
        raise UsageFault(f"{dp_id} has the HDUs 0 to {len(hdus) - 1}, not {hdu}")
    return card_of(hdus[hdu], keyword)


def _keep(
    connection: sa.Connection,
    dp_id: str,
    known: Correction | None,
    new: Correction | None,
    former: Card | None,
    reason: str,
    author: str,
) -> None:
    """End the correction in force, with the reason for that, and begin the new one."""
    table = CORRECTION.c
    if known is not None:
        mine = (table.dp_id == dp_id, table.hdu == known.hdu, table.keyword == known.keyword)
        ending = f"{author}: {reason}" if new is None else f"{author}: another correction"
        ended = sa.update(CORRECTION).where(*mine, table.ended.is_(None))
        connection.execute(ended.values(ended=sa.func.clock_timestamp(), ending=ending))
    if new is not None:
        values = {"dp_id": dp_id, "hdu": new.hdu, "keyword": new.keyword, "vtype": new.vtype}
        values |= {"value": text_of(new.value), "former": former.text if former else None}
        connection.execute(sa.insert(CORRECTION).values(**values, reason=reason, author=author))


def _apply(
    archive: Archive,
    dp_id: str,
    found: Candidate,
    scanned: Scanned,
    corrections: Sequence[Correction],
    progress: Progress | None,
) -> None:
    """Map the file again and note what is sent of it."""
    connection = archive.connection
    parsed = archive.again(found, corrections)
    if isinstance(parsed, Rejected):
        wrong = "; ".join(str(finding) for finding in parsed.findings)
        raise UsageFault(f"with that header the file could not be in the archive: {wrong}")
    kind = connection.scalar(sa.select(FILE.c.kind).where(FILE.c.dp_id == dp_id))
    if parsed.kind != kind:
        raise UsageFault(f"with that header the file would be {parsed.kind}, and it is {kind}")
    load(connection, [Identified(dp_id, parsed, has_new_header=True)], archive.place, archive.state_dir)
    touch(connection, [dp_id])
    _record(connection, dp_id, scanned, corrections, archive.state_dir, progress)
    spread_release_dates(connection, sa.select(FILE.c.dp_id).where(FILE.c.dp_id == dp_id))


def _record(
    connection: sa.Connection,
    dp_id: str,
    scanned: Scanned,
    corrections: Sequence[Correction],
    state_dir: Path,
    progress: Progress | None = None,
) -> None:
    if scanned.file is not None:
        path = Path(scanned.candidate.path)
        origin = delivery.Origin(dp_id, path, scanned.file, scanned.compression == "gz")
        delivery.record(connection, origin, corrections, state_dir, progress)


def touch(connection: sa.Connection, dp_ids: Iterable[str]) -> None:
    """Tell harvesters that the rows of these files have changed."""
    metadata, wanted = schemas.metadata(schemas.builtin()), list(dp_ids)
    now = datetime.now(UTC)
    for name in PUBLISHED.values():
        table = metadata.tables[name]
        update = sa.update(table).where(table.c.dp_id.in_(wanted))
        connection.execute(update.values(last_mod_date=now.replace(tzinfo=None)))
    connection.execute(sa.update(FILE).where(FILE.c.dp_id.in_(wanted)).values(modified=now))


def text_of(value: Value) -> str:
    """A value as it is kept: what `Correction` can be made of again."""
    if isinstance(value, bool):
        return "T" if value else "F"
    return repr(value) if isinstance(value, float) else str(value)


def corrections_of(connection: sa.Connection, dp_ids: Sequence[str]) -> Mapping[str, tuple[Correction, ...]]:
    """The corrections in force of those of ``dp_ids`` that have any, in the order in which they were made."""
    table = CORRECTION.c
    query = sa.select(table.dp_id, table.hdu, table.keyword, table.vtype, table.value).where(
        among(table.dp_id, dp_ids), table.ended.is_(None)
    )
    found: dict[str, list[Correction]] = {}
    for dp_id, hdu, keyword, vtype, value in connection.execute(query.order_by(table.correction_id)):
        found.setdefault(dp_id, []).append(Correction(hdu, keyword, _READ[vtype](value)))
    return {dp_id: tuple(entries) for dp_id, entries in found.items()}


_READ: Mapping[str, Callable[[str], Value]] = {"S": str, "I": int, "F": float, "L": lambda text: text == "T"}


def history(connection: sa.Connection, dp_id: str) -> list[Entry]:
    """Every correction of a file that there ever was, the oldest first."""
    names = tuple(Entry.__dataclass_fields__)
    query = sa.select(*(CORRECTION.c[name] for name in names)).where(CORRECTION.c.dp_id == dp_id)
    return [Entry(*row) for row in connection.execute(query.order_by(CORRECTION.c.correction_id))]


def apply_again(
    connection: sa.Connection, batch: Sequence[Identified], again: Again, state_dir: Path
) -> tuple[list[Identified], list[Identified]]:
    """A batch that is about to be loaded, with the corrections that its files have.

    Returns
    -------
    tuple
        The batch; and those whose corrections the archive's rules do not allow for what the files are now,
        which stay as they are.
    """
    in_force = corrections_of(connection, [entry.dp_id for entry in batch])
    if not in_force:
        return list(batch), []
    found, refused = [], []
    for entry in batch:
        corrections = in_force.get(entry.dp_id)
        if corrections is None:
            found.append(entry)
            continue
        parsed = again(entry.parsed.candidate, corrections)
        if isinstance(parsed, Rejected) or parsed.kind != entry.parsed.kind:
            delivery.forget(connection, [entry.dp_id])
            refused.append(entry)
            found.append(entry)
            continue
        _record(connection, entry.dp_id, scan(entry.parsed.candidate), corrections, state_dir)
        found.append(Identified(entry.dp_id, parsed, has_new_header=True))
    return found, refused


__all__ = ["Archive", "Entry", "apply_again", "correct", "corrections_of", "history"]
