"""Keeping records: changes get a new date, what is gone stays as deleted (OAI-PMH 2.0, Deleted records)."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from registry.voresource import CREATED, UPDATED
from vo_server.archive import REGISTRY_RECORD as RECORD
from vo_server.db.locks import holding

#: Numbers of advisory locks: one look at the archive at a time; and writing apart from reading, see `keep`.
LOOKING, WRITING = 0x6F616931, 0x6F616932
CHUNK = 100  #: records that are sent to the database together


@dataclass(frozen=True, slots=True)
class Made:
    """A record in both formats, without its dates."""

    identifier: str
    ivo_vor: str
    oai_dc: str

    @property
    def digest(self) -> str:
        """Tells whether it changed."""
        return hashlib.sha256(f"{self.ivo_vor}\0{self.oai_dc}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Kept:
    """What keeping records has changed."""

    added: int
    changed: int
    deleted: int
    unchanged: int

    def __str__(self) -> str:
        return (
            f"{self.added} records added, {self.changed} changed, {self.deleted} deleted,"
            f" {self.unchanged} as they were"
        )


@contextmanager
def looking(engine: sa.Engine, *, wait: bool) -> Iterator[bool]:
    """Be the only process that looks at the archive; false where another does and ``wait`` is false."""
    with holding(engine, LOOKING, wait=wait) as is_ours:
        yield is_ours


def keep(engine: sa.Engine, records: Iterable[Made]) -> Kept:
    """Make the kept records those that are given; doing it twice changes nothing.

    All of them in one transaction, so that a process killed meanwhile has changed nothing. Dates are taken
    when nobody reads: a harvester that does not see a record yet has asked before the record's date, and
    sees it when it asks for what came since.
    """
    with engine.begin() as connection:
        known = {
            row.identifier: row.digest
            for row in connection.execute(
                sa.select(RECORD.c.identifier, RECORD.c.digest).where(~RECORD.c.deleted)
            )
        }
        staging = _staging()
        staging.create(connection)
        seen: set[str] = set()
        unchanged = 0
        for chunk in _chunks(records):
            fresh = [made for made in chunk if known.get(made.identifier) != made.digest]
            unchanged += len(chunk) - len(fresh)
            seen.update(made.identifier for made in chunk)
            if fresh:
                connection.execute(sa.insert(staging), [_row(made) for made in fresh])
        added = _write(connection, staging, gone=sorted(known.keys() - seen))
        count = connection.scalar(sa.select(sa.func.count()).select_from(staging)) or 0
        return Kept(added, count - added, len(known.keys() - seen), unchanged)


def _chunks(records: Iterable[Made]) -> Iterator[Sequence[Made]]:
    left = iter(records)
    while chunk := list(islice(left, CHUNK)):
        yield chunk


def _staging() -> sa.Table:
    columns = (sa.Column(name, sa.Text) for name in ("identifier", "digest", "ivo_vor", "oai_dc"))
    return sa.Table(
        "registry_staging", sa.MetaData(), *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DROP"
    )


def _row(made: Made) -> dict[str, str]:
    return {
        "identifier": made.identifier,
        "digest": made.digest,
        "ivo_vor": made.ivo_vor,
        "oai_dc": made.oai_dc,
    }


def _write(connection: sa.Connection, staging: sa.Table, gone: Sequence[str]) -> int:
    """Take what was staged over, and mark what is gone; the number of records that are new."""
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(WRITING)))
    now = connection.scalar(sa.select(sa.func.date_trunc("second", sa.func.clock_timestamp())))
    new = staging.c.identifier.not_in(sa.select(RECORD.c.identifier).where(~RECORD.c.deleted))
    added = connection.scalar(sa.select(sa.func.count()).select_from(staging).where(new)) or 0
    former = sa.outerjoin(staging, RECORD, staging.c.identifier == RECORD.c.identifier)
    created = sa.func.coalesce(RECORD.c.created, now)
    columns = ("identifier", "created", "updated", "deleted", "digest", "ivo_vor", "oai_dc")
    dated = sa.func.replace(
        sa.func.replace(staging.c.ivo_vor, CREATED, _iso(created)), UPDATED, _iso(sa.literal(now))
    )
    rows = sa.select(
        staging.c.identifier,
        created,
        sa.literal(now),
        sa.false(),
        staging.c.digest,
        dated,
        staging.c.oai_dc,
    ).select_from(former)
    upsert = insert(RECORD).from_select(columns, rows)
    connection.execute(
        upsert.on_conflict_do_update(
            index_elements=[RECORD.c.identifier],
            set_={name: upsert.excluded[name] for name in columns[2:]},
        )
    )
    if gone:
        ended = {"deleted": True, "updated": now, "digest": "", "ivo_vor": None, "oai_dc": None}
        connection.execute(sa.update(RECORD).where(RECORD.c.identifier.in_(gone)).values(**ended))
    return int(added)


def _iso(instant: sa.ColumnElement[object]) -> sa.ColumnElement[str]:
    return sa.func.to_char(sa.func.timezone("UTC", instant), 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
