"""What is published, read from the schema ``phase3``: releases, their products in numbers, and changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from vo_server.archive import or_try_again
from vo_server.errors import NotFoundFault
from vo_server.products import ObsCore
from vo_server.submissions.published import CHANGES, PRODUCTS, RELEASES
from vo_server.submissions.store import Submissions
from vo_server.submissions.values import Release

OBSCORE = ObsCore.read().relation
PAGE = 1_000  #: changes of one answer
KEPT = 256  #: releases whose contents are remembered
MOST_NAMES = 100  #: values that a release's page lists


@dataclass(frozen=True, slots=True)
class Contents:
    """What a release has, in numbers.

    Attributes
    ----------
    counts : dict
        Of each of ``categories``, ``types``, ``instruments``, ``filters`` and ``statuses``: value and number.
    t_min, t_max : float or None
        MJD of the first and the last observation.
    """

    counts: Mapping[str, Sequence[tuple[str, int]]]
    t_min: float | None
    t_max: float | None
    exposure: float | None
    examples: Sequence[str]


class Published:
    """Reads it.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The writer's.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._submissions = Submissions(engine)
        #: `contents`, counted once for every state of a release: it may have a million products.
        self._counted = lru_cache(KEPT)(self._count)

    def releases(self) -> list[Mapping[str, Any]]:
        """All releases, the newest first."""
        query = sa.select(RELEASES).order_by(RELEASES.c.updated.desc(), RELEASES.c.collection)
        with or_try_again(), self._engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(query)]

    def release(self, collection: str, release: str) -> tuple[Mapping[str, Any], Release]:
        """What is published of a release, and what its provider tells of it; raises `NotFoundFault`."""
        query = sa.select(RELEASES).where(RELEASES.c.collection == collection, RELEASES.c.release == release)
        with or_try_again(), self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFoundFault(
                f"no release {release[:40]!r} of a collection {collection[:60]!r} is published"
            )
        return dict(row._mapping), self._submissions.release(collection, release)

    def contents(self, row: Mapping[str, Any]) -> Contents:
        """What a release has; ``row`` is its row of ``phase3.releases``, which changes with what it has."""
        return self._counted(row["collection"], row["release"], row["updated"])

    def _count(self, collection: str, release: str, updated: datetime) -> Contents:
        mine = (PRODUCTS.c.collection == collection, PRODUCTS.c.release == release)
        joined = PRODUCTS.join(OBSCORE, OBSCORE.c.dp_id == PRODUCTS.c.dp_id)
        numbers = sa.select(
            sa.func.min(OBSCORE.c.t_min), sa.func.max(OBSCORE.c.t_max), sa.func.sum(OBSCORE.c.t_exptime)
        )
        first = sa.select(OBSCORE.c.dp_id).select_from(joined).where(*mine).order_by(OBSCORE.c.dp_id).limit(3)
        with or_try_again(), self._engine.connect() as connection:
            counts = {
                "categories": self._counts(connection, PRODUCTS.c.category, PRODUCTS, mine),
                "statuses": self._counts(connection, PRODUCTS.c.status, PRODUCTS, mine),
                "types": self._counts(connection, OBSCORE.c.dataproduct_type, joined, mine),
                "instruments": self._counts(connection, OBSCORE.c.instrument_name, joined, mine),
                "filters": self._counts(connection, OBSCORE.c.filter, joined, mine),
            }
            t_min, t_max, exposure = connection.execute(numbers.select_from(joined).where(*mine)).one()
            return Contents(counts, t_min, t_max, exposure, connection.scalars(first).all())

    def _counts(
        self, connection: sa.Connection, column: sa.ColumnElement[Any], source: sa.FromClause, mine: Any
    ) -> list[tuple[str, int]]:
        number = sa.func.count()
        query = (
            sa.select(column, number)
            .select_from(source)
            .where(*mine, column.is_not(None))
            .group_by(column)
            .order_by(number.desc(), column)
            .limit(MOST_NAMES)
        )
        return [(row[0], row[1]) for row in connection.execute(query)]

    def changes(
        self, after: int = 0, since: datetime | None = None, collection: str | None = None
    ) -> list[Mapping[str, Any]]:
        """Up to `PAGE` changes with numbers above ``after``, from ``since`` on (UTC), in their order."""
        query = (
            sa.select(CHANGES).where(CHANGES.c.change_id > after).order_by(CHANGES.c.change_id).limit(PAGE)
        )
        return self._changes(query, since, collection)

    def newest_changes(self, count: int, collection: str | None = None) -> list[Mapping[str, Any]]:
        """The newest changes, the newest first."""
        query = sa.select(CHANGES).order_by(CHANGES.c.change_id.desc()).limit(count)
        return self._changes(query, None, collection)

    def _changes(
        self, query: sa.Select[Any], since: datetime | None, collection: str | None
    ) -> list[Mapping[str, Any]]:
        if since is not None:
            query = query.where(CHANGES.c.last_mod_date >= since)
        if collection is not None:
            query = query.where(CHANGES.c.collection == collection)
        with or_try_again(), self._engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(query)]
