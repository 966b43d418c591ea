"""Statements for the relations of entities and activities, and for what is told of them."""

from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa

from provenance.graph import Node
from provenance.params import Direction
from vo_server.archive import ACTIVITY, FILE, GENERATION, PARAMETER, PROVENANCE, USED, among

_NO_TEXT: sa.ColumnElement[Any] = sa.literal_column("NULL::text")


def select_relations(nodes: Iterable[Node], direction: Direction, limit: int) -> sa.Select[Any]:
    """The relations of ``nodes`` in one direction, at most ``limit``.

    The columns are ``kind``, ``source``, ``target``, ``role``, ``type``, ``pos`` and ``near``, the node of
    ``nodes``, by which they are in order.
    """
    found = list(nodes)
    entities = [node.id for node in found if node.kind == "entity"]
    activities = [node.id for node in found if node.kind == "activity"]
    parts = [_generated(), _derived(), _used(), _informed()]
    chosen = []
    for source_is_entity, target_is_entity, part in parts:
        is_entity = source_is_entity if direction == "BACK" else target_is_entity
        table = part.subquery()
        near = table.c.source if direction == "BACK" else table.c.target
        wanted = entities if is_entity else activities
        chosen.append(sa.select(table, near.label("near")).where(among(near, wanted)))
    union = sa.union_all(*chosen).subquery()
    return sa.select(union).order_by(union.c.near, union.c.pos, union.c.target, union.c.source).limit(limit)


def _part(kind: str, source: Any, target: Any, role: Any, usage: Any, pos: Any) -> sa.Select[Any]:
    return sa.select(
        sa.literal_column(f"'{kind}'", sa.Text).label("kind"),
        source.label("source"),
        target.label("target"),
        role.label("role"),
        usage.label("type"),
        pos.label("pos"),
    )


def _generated() -> tuple[bool, bool, sa.Select[Any]]:
    found = GENERATION.c
    part = _part("wasGeneratedBy", found.dp_id, found.activity_id, found.category, _NO_TEXT, found.step)
    return True, False, part.where(found.step == 0)


def _derived() -> tuple[bool, bool, sa.Select[Any]]:
    found = PROVENANCE.c
    return True, True, _part("wasDerivedFrom", found.dp_id, found.entity, _NO_TEXT, _NO_TEXT, found.pos)


def _used() -> tuple[bool, bool, sa.Select[Any]]:
    found = USED.c
    usage = sa.case((found.kind == "raw", "Main"), else_="Calibration")
    return False, True, _part("used", found.activity_id, found.entity, found.category, usage, found.pos)


def _informed() -> tuple[bool, bool, sa.Select[Any]]:
    later, earlier = GENERATION.alias("later"), GENERATION.alias("earlier")
    together = sa.and_(earlier.c.dp_id == later.c.dp_id, earlier.c.step == later.c.step + 1)
    nothing = sa.literal_column("0", sa.Integer)
    part = _part("wasInformedBy", later.c.activity_id, earlier.c.activity_id, _NO_TEXT, _NO_TEXT, nothing)
    return False, False, part.select_from(later.join(earlier, together)).distinct()


def select_files(dp_ids: Collection[str], obscore: sa.FromClause) -> sa.Select[Any]:
    """What is told of the files that the archive has."""
    return (
        sa.select(
            FILE.c.dp_id,
            FILE.c.kind,
            FILE.c.category,
            FILE.c.origfile,
            FILE.c.media_type,
            FILE.c.release_date,
            obscore.c.obs_title.label("title"),
            obscore.c.obs_creator_name.label("creator"),
        )
        .select_from(FILE.outerjoin(obscore, obscore.c.dp_id == FILE.c.dp_id))
        .where(among(FILE.c.dp_id, dp_ids))
    )


def select_activities(activity_ids: Collection[str]) -> sa.Select[Any]:
    """What is told of activities, but for their parameters."""
    found = ACTIVITY.c
    columns = (found.activity_id, found.recipe, found.pipeline, found.drs, found.started, found.ended)
    return sa.select(*columns).where(among(found.activity_id, activity_ids))


def select_parameters(activity_ids: Collection[str], limit: int) -> sa.Select[Any]:
    """The parameters of activities, at most ``limit``."""
    found = PARAMETER.c
    columns = (found.activity_id, found.name, found.value, found.default_value)
    chosen = sa.select(*columns).where(among(found.activity_id, activity_ids))
    return chosen.order_by(found.activity_id, found.pos).limit(limit)


def select_named(names: Collection[str]) -> sa.Select[Any]:
    """Those of ``names`` that provenance tells of, whether the archive has such a file or not."""
    derived = sa.select(PROVENANCE.c.entity.label("name")).where(among(PROVENANCE.c.entity, names))
    used = sa.select(USED.c.entity).where(among(USED.c.entity, names))
    return sa.select(sa.union(derived, used).subquery().c.name)
