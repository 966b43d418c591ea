"""Provenance into the database: progenitors, recipes, what these read, and which files all the names mean.

A recipe that ran once and wrote many products is stored once, under a name made of what is told of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ingest.activities import Activity
from ingest.copy import copy, to_arrow
from ingest.read import Parsed
from vo_server.archive import ACTIVITY, GENERATION, PARAMETER, PROVENANCE, USED, among

#: The tables that are about an activity and go with it.
_OF_ACTIVITIES = (USED, PARAMETER, ACTIVITY)


@dataclass(frozen=True, slots=True)
class Identified:
    """A file with its identifier."""

    dp_id: str
    parsed: Parsed
    has_new_header: bool = False  #: other keywords than before, also where the bytes are the same


def remove(connection: sa.Connection, dp_ids: Sequence[str]) -> None:
    """Forget the provenance of files, and the activities that no other file tells of."""
    if not dp_ids:
        return
    connection.execute(sa.delete(PROVENANCE).where(among(PROVENANCE.c.dp_id, dp_ids)))
    gone = sa.delete(GENERATION).where(among(GENERATION.c.dp_id, dp_ids)).returning(GENERATION.c.activity_id)
    left = sorted(set(connection.scalars(gone)))
    if left:
        kept = connection.scalars(
            sa.select(GENERATION.c.activity_id).where(among(GENERATION.c.activity_id, left))
        )
        orphans = sorted(set(left) - set(kept))
        for relation in _OF_ACTIVITIES if orphans else ():
            connection.execute(sa.delete(relation).where(among(relation.c.activity_id, orphans)))


def replace(connection: sa.Connection, entries: Sequence[Identified]) -> None:
    """Put the provenance of files in the place of what was known; `find_entities` is to follow."""
    remove(connection, [entry.dp_id for entry in entries])
    progenitors = [
        {"dp_id": entry.dp_id, "pos": pos, "progenitor": name, "entity": name}
        for entry in entries
        for pos, name in enumerate(entry.parsed.provenance, 1)
    ]
    activities: dict[str, Activity] = {}
    generations: list[dict[str, Any]] = []
    for entry in entries:
        role = entry.parsed.role
        for step, activity in enumerate(reversed(entry.parsed.activities)):
            name = activity.identifier(entry.dp_id)
            activities[name] = activity
            found = {"dp_id": entry.dp_id, "step": step, "activity_id": name}
            generations.append({**found, "category": role if step == 0 else None})
    _copy(connection, PROVENANCE, progenitors)
    _copy(connection, GENERATION, generations)
    store_activities(connection, activities)


def store_activities(connection: sa.Connection, activities: Mapping[str, Activity]) -> None:
    """Store those activities that are not there yet, by their identifiers."""
    known = set(
        connection.scalars(sa.select(ACTIVITY.c.activity_id).where(among(ACTIVITY.c.activity_id, activities)))
    )
    new = [(name, each) for name, each in activities.items() if name not in known]
    _copy(connection, ACTIVITY, [_activity_row(name, each) for name, each in new])
    _copy(connection, USED, [row for name, each in new for row in _used_rows(name, each)])
    _copy(connection, PARAMETER, [row for name, each in new for row in _parameter_rows(name, each)])


def _copy(connection: sa.Connection, relation: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        columns = [column.name for column in relation.columns]
        copy(connection, f"{relation.schema}.{relation.name}", to_arrow(relation, columns, rows))


def _activity_row(name: str, activity: Activity) -> dict[str, Any]:
    return {
        "activity_id": name,
        "recipe": activity.recipe,
        "pipeline": activity.pipeline,
        "drs": activity.drs,
        "started": _utc(activity.started),
        "ended": _utc(activity.ended),
    }


def _utc(instant: datetime | None) -> datetime | None:
    return instant.replace(tzinfo=UTC) if instant else None


def _used_rows(name: str, activity: Activity) -> Iterable[dict[str, Any]]:
    for pos, each in enumerate(activity.inputs, 1):
        yield {
            "activity_id": name,
            "pos": pos,
            "kind": each.kind,
            "name": each.name,
            "category": each.category,
            "datamd5": each.datamd5,
            "entity": each.name,
        }


def _parameter_rows(name: str, activity: Activity) -> Iterable[dict[str, Any]]:
    for pos, each in enumerate(activity.parameters, 1):
        row = {"activity_id": name, "pos": pos, "name": each.name, "value": each.value}
        yield {**row, "default_value": each.default}


def differing(connection: sa.Connection, entries: Sequence[Identified]) -> list[Identified]:
    """Those of ``entries`` of whose provenance the archive knows something else."""
    if not entries:
        return []
    dp_ids = [entry.dp_id for entry in entries]
    known: dict[str, tuple[list[str], list[str]]] = {dp_id: ([], []) for dp_id in dp_ids}
    for relation, name, place, order in (
        (PROVENANCE, PROVENANCE.c.progenitor, 0, PROVENANCE.c.pos),
        (GENERATION, GENERATION.c.activity_id, 1, GENERATION.c.step),
    ):
        rows = sa.select(relation.c.dp_id, name).where(among(relation.c.dp_id, dp_ids)).order_by(order)
        for dp_id, text in connection.execute(rows):
            known[dp_id][place].append(text)
    return [entry for entry in entries if known[entry.dp_id] != _told(entry)]


def _told(entry: Identified) -> tuple[list[str], list[str]]:
    activities = [each.identifier(entry.dp_id) for each in reversed(entry.parsed.activities)]
    return list(entry.parsed.provenance), activities


def find_entities(connection: sa.Connection, dp_ids: Sequence[str], gone: Sequence[str] = ()) -> None:
    """Find again which files the names of provenance mean, where files may make a difference.

    A name is an identifier or an original name; original names are not unique, and one of the product's own
    collection is meant first. Of calibrations the MD5 of their data decides: a file with another one is
    another file, whatever its name.

    Parameters
    ----------
    dp_ids : sequence of str
        Files that are new, have changed, or tell of others.
    gone : sequence of str
        Files that are not in the archive any more.
    """
    values = {"dp_ids": list(dp_ids), "known": [*dp_ids, *gone]}
    for statement in (_PROGENITORS, _INPUTS):
        connection.execute(statement, values)


def _found(affected: str, best: str, relation: str, key: str, name: str) -> sa.TextClause:
    """The statement that sets ``entity`` of affected rows to the best of the files that a name may mean."""
    return sa.text(
        f"""
        WITH touched AS MATERIALIZED (
            SELECT f.dp_id, f.datamd5, n.name
            FROM archive.file f
            CROSS JOIN LATERAL unnest(ARRAY[
                f.dp_id, f.origfile, regexp_replace(f.origfile, '[.]fits([.](fz|gz|Z))?$', '')
            ]) n (name)
            WHERE f.dp_id = ANY(:dp_ids)
        ),
        affected AS ({affected}),
        found AS (
            SELECT t.{key}, t.pos, coalesce(best.dp_id, t.{name}) AS entity
            FROM affected a
            JOIN archive.{relation} t ON t.{key} = a.{key} AND t.pos = a.pos
            LEFT JOIN LATERAL ({best}) best ON true
        )
        UPDATE archive.{relation} t
        SET entity = found.entity
        FROM found
        WHERE t.{key} = found.{key} AND t.pos = found.pos AND t.entity <> found.entity
        """  # noqa: S608 - texts of ours
    ).bindparams(
        sa.bindparam("dp_ids", type_=sa.ARRAY(sa.Text)), sa.bindparam("known", type_=sa.ARRAY(sa.Text))
    )


_PROGENITORS = _found(
    """
    SELECT p.dp_id, p.pos FROM archive.provenance p WHERE p.dp_id = ANY(:dp_ids)
    UNION SELECT p.dp_id, p.pos FROM archive.provenance p WHERE p.entity = ANY(:known)
    UNION SELECT p.dp_id, p.pos FROM touched f JOIN archive.provenance p ON p.progenitor = f.name
    """,
    """
    SELECT f.dp_id
    FROM archive.file f
    WHERE
        (
            f.dp_id = t.progenitor
            OR f.origfile = ANY(ARRAY[
                t.progenitor, t.progenitor || '.fits', t.progenitor || '.fits.fz', t.progenitor || '.fits.gz',
                t.progenitor || '.fits.Z'
            ])
        )
        AND f.dp_id <> t.dp_id
    ORDER BY
        f.dp_id = t.progenitor DESC,
        f.collection IS NOT DISTINCT FROM (
            SELECT o.collection FROM archive.file o WHERE o.dp_id = t.dp_id
        ) DESC,
        f.dp_id
    LIMIT 1
    """,
    "provenance",
    "dp_id",
    "progenitor",
)
_INPUTS = _found(
    """
    SELECT u.activity_id, u.pos
    FROM archive.generation g
    JOIN archive.used u ON u.activity_id = g.activity_id
    WHERE g.dp_id = ANY(:dp_ids)
    UNION SELECT u.activity_id, u.pos FROM archive.used u WHERE u.entity = ANY(:known)
    UNION SELECT u.activity_id, u.pos FROM touched f JOIN archive.used u ON u.datamd5 = f.datamd5
    UNION
    SELECT u.activity_id, u.pos
    FROM touched f
    JOIN archive.used u ON u.name = f.name AND u.datamd5 IS NULL
    UNION
    SELECT u.activity_id, u.pos
    FROM touched f
    JOIN archive.used u ON u.name = f.name
    WHERE f.datamd5 IS NULL
    """,
    """
    SELECT f.dp_id
    FROM archive.file f
    WHERE
        (
            f.datamd5 = t.datamd5
            OR f.dp_id = t.name
            OR f.origfile = ANY(ARRAY[
                t.name, t.name || '.fits', t.name || '.fits.fz', t.name || '.fits.gz', t.name || '.fits.Z'
            ])
        )
        AND (f.datamd5 = t.datamd5) IS NOT FALSE
        AND NOT EXISTS (
            SELECT FROM archive.generation g
            WHERE g.dp_id = f.dp_id AND g.step = 0 AND g.activity_id = t.activity_id
        )
    ORDER BY
        (f.datamd5 = t.datamd5) IS TRUE DESC,
        f.dp_id = t.name DESC,
        starts_with(f.origfile, t.name) DESC,
        EXISTS (
            SELECT FROM archive.generation g
            JOIN archive.file o ON o.dp_id = g.dp_id
            WHERE g.activity_id = t.activity_id AND o.collection = f.collection
        ) DESC,
        f.dp_id
    LIMIT 1
    """,
    "used",
    "activity_id",
    "name",
)
