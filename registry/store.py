"""Reading the kept records: page by page, so that memory does not grow with them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from registry.keeping import WRITING
from registry.management import PAGE
from registry.params import Selection
from registry.tokens import Position
from vo_server.archive import REGISTRY_RECORD as RECORD
from vo_server.archive import or_try_again

PAGE_BYTES = 4 << 20  #: of the records of one answer; the last of them may be longer
CHUNK = 100  #: records that are read from the database at once


@dataclass(frozen=True, slots=True)
class Record:
    """A kept record; ``text`` is None for a deleted one, or where only the header is wanted."""

    identifier: str
    updated: datetime
    deleted: bool
    text: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the records of a list; ``following`` tells where it goes on, None at its end."""

    records: tuple[Record, ...]
    cursor: int
    size: int
    following: Position | None


class RecordStore:
    """The records as harvesters see them.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        May read ``archive.registry_record``.
    """

    page_size = PAGE  #: records of a page, at most

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def earliest(self) -> datetime | None:
        """The date before which there is nothing; None where nothing was kept yet."""
        with self._reading() as connection:
            found: datetime | None = connection.scalar(sa.select(sa.func.min(RECORD.c.created)))
            return found

    def record(self, identifier: str, prefix: str | None) -> Record | None:
        """One record; None where there is none of that identifier. Without ``prefix`` only its header."""
        select = sa.select(*_columns(prefix)).where(RECORD.c.identifier == identifier.lower())
        with self._reading() as connection:
            row = connection.execute(select).one_or_none()
            return None if row is None else Record(*row)

    def page(self, selection: Selection, after: Position | None, *, headers_only: bool = False) -> Page:
        """The records from a position on, oldest change first.

        A record that changes while its list is read comes at the end once more, and none is missed.
        """
        chosen = _chosen(selection)
        with self._reading() as connection:
            if after is None:
                counted = sa.select(sa.func.count()).select_from(RECORD).where(*chosen)
                size, cursor = int(connection.scalar(counted) or 0), 0
            else:
                size, cursor = after.size, after.cursor
                chosen.append(
                    sa.tuple_(RECORD.c.updated, RECORD.c.identifier) > (after.updated, after.identifier)
                )
            select = (
                sa.select(*_columns(None if headers_only else selection.prefix))
                .where(*chosen)
                .order_by(RECORD.c.updated, RECORD.c.identifier)
                .limit(self.page_size + 1)
            )
            rows = connection.execution_options(yield_per=CHUNK).execute(select)
            records, has_more = _fitting((Record(*row) for row in rows), self.page_size)
        following = None
        if has_more:
            last = records[-1]
            following = Position(last.updated, last.identifier, cursor + len(records), size)
        return Page(tuple(records), cursor, size, following)

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        """A transaction that sees all or nothing of what is being written (see `registry.keeping.keep`)."""
        with or_try_again(), self._engine.connect() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(WRITING)))
            yield connection


def _columns(prefix: str | None) -> list[sa.ColumnElement[Any]]:
    text: sa.ColumnElement[Any] = sa.null() if prefix is None else RECORD.c[prefix]
    return [RECORD.c.identifier, RECORD.c.updated, RECORD.c.deleted, text]


def _chosen(selection: Selection) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if selection.start is not None:
        conditions.append(RECORD.c.updated >= selection.start)
    if selection.end is not None:
        conditions.append(RECORD.c.updated < selection.end)
    return conditions


def _fitting(records: Iterator[Record], most: int) -> tuple[list[Record], bool]:
    """The records of one page, and whether there are more."""
    found: list[Record] = []
    size = 0
    for record in records:
        if len(found) == most or size > PAGE_BYTES:
            return found, True
        found.append(record)
        size += len(record.text or "")
    return found, False
