"""Statements for what belongs to files: associated files, progenitors, calibrations, versions and so on."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from datalink.files import file_columns
from vo_server.archive import ASSOCIATION, CALIBRATION, FILE, GENERATION, PROVENANCE, USED
from vo_server.submissions.published import PRODUCTS

_NO_TEXT: sa.ColumnElement[Any] = sa.literal_column("NULL::text")


def select_relations(dp_ids: Sequence[str], obscore: sa.FromClause) -> sa.Select[Any]:
    """One row per relation of the files ``dp_ids``, in the order of links.

    The columns are ``subject`` (the file asked for), ``relation`` (``auxiliary``, ``progenitor``,
    ``derivation``, ``calibration`` or ``coderived``), ``name`` and ``role`` (the related file's name and
    category as the subject's header gives them), and those of `datalink.files.File` for the related file:
    null where the archive does not have it.
    """
    kinds = (_associations, _progenitors, _inputs, _derivations, _calibrations, _versions)
    relation = sa.union_all(*(kind(dp_ids) for kind in kinds)).subquery("relation")
    related = FILE.alias("related")
    joined = relation.outerjoin(related, related.c.dp_id == relation.c.related).outerjoin(
        obscore, obscore.c.dp_id == related.c.dp_id
    )
    return (
        sa.select(
            relation.c.subject,
            relation.c.relation,
            relation.c.name,
            relation.c.role,
            *file_columns(related, obscore),
        )
        .select_from(joined)
        .order_by(relation.c.subject, relation.c.rank, relation.c.pos, relation.c.related)
    )


def _row(
    rank: int, relation: str, subject: Any, pos: Any, name: Any, role: Any, related: Any
) -> sa.Select[Any]:
    return sa.select(
        sa.literal_column(str(rank), sa.Integer).label("rank"),
        sa.literal_column(f"'{relation}'", sa.Text).label("relation"),
        subject.label("subject"),
        pos.label("pos"),
        name.label("name"),
        role.label("role"),
        related.label("related"),
    )


def _associations(dp_ids: Sequence[str]) -> sa.Select[Any]:
    """The files that ``ASSONi`` of a product name."""
    found = ASSOCIATION.c
    return _row(0, "auxiliary", found.dp_id, found.pos, found.name, found.category, found.associated).where(
        found.dp_id.in_(dp_ids)
    )


def _progenitors(dp_ids: Sequence[str]) -> sa.Select[Any]:
    """The files that ``PROVi`` of a product name."""
    found = PROVENANCE.c
    return _row(1, "progenitor", found.dp_id, found.pos, found.progenitor, _NO_TEXT, found.entity).where(
        found.dp_id.in_(dp_ids)
    )


def _inputs(dp_ids: Sequence[str]) -> sa.Select[Any]:
    """The files that the recipes of a product read, those that ``PROVi`` names excepted.

    Calibrations among them: ``#calibration`` is for those that have not been applied yet, ``#progenitor`` for
    all that was used (http://www.ivoa.net/rdf/datalink/core).
    """
    named = sa.exists().where(PROVENANCE.c.dp_id == GENERATION.c.dp_id, PROVENANCE.c.entity == USED.c.entity)
    # After what PROVi names, the last recipe first.
    pos = GENERATION.c.step * 1_000_000 + USED.c.pos
    return (
        _row(2, "progenitor", GENERATION.c.dp_id, pos, USED.c.name, USED.c.category, USED.c.entity)
        .select_from(GENERATION.join(USED, USED.c.activity_id == GENERATION.c.activity_id))
        .where(GENERATION.c.dp_id.in_(dp_ids), ~named)
    )


def _derivations(dp_ids: Sequence[str]) -> sa.Select[Any]:
    """The products whose ``PROVi``, or the recipes of which, name one of the files."""
    derived = sa.select(PROVENANCE.c.entity.label("subject"), PROVENANCE.c.dp_id.label("related")).where(
        PROVENANCE.c.entity.in_(dp_ids)
    )
    made = (
        sa.select(USED.c.entity, GENERATION.c.dp_id)
        .join(GENERATION, GENERATION.c.activity_id == USED.c.activity_id)
        .where(USED.c.entity.in_(dp_ids))
    )
    found = sa.union(derived, made).subquery("found").c
    pos = sa.literal_column("0", sa.Integer)
    return _row(3, "derivation", found.subject, pos, _NO_TEXT, _NO_TEXT, found.related).where(
        found.subject != found.related
    )


def _calibrations(dp_ids: Sequence[str]) -> sa.Select[Any]:
    """The files that one is to be calibrated with: from raw frames, then from masters."""
    found = CALIBRATION.c
    pos = found.pos + sa.case((found.mode == "raw2master", 1_000_000), else_=0)
    role = found.mode.op("||")(sa.func.coalesce(sa.literal(" ").op("||")(found.category), ""))
    return _row(4, "calibration", found.dp_id, pos, found.calibration, role, found.calibration).where(
        found.dp_id.in_(dp_ids)
    )


def _versions(dp_ids: Sequence[str]) -> sa.Select[Any]:
    """The version that a product replaced, and the one that replaced it.

    No term of the vocabulary is for versions; they are derived from the same data, which is #coderived.
    """
    found = PRODUCTS.c
    which = sa.values(sa.column("pos", sa.Integer), sa.column("role", sa.Text), name="which").data(
        [(1, "newer version"), (2, "former version")]
    )
    other = sa.case((which.c.pos == 1, found.successor), else_=found.predecessor)
    return (
        _row(5, "coderived", found.dp_id, which.c.pos, other, which.c.role, other)
        .select_from(PRODUCTS.join(which, sa.true()))
        .where(found.dp_id.in_(dp_ids), other.is_not(None))
    )


def select_withdrawn(dp_ids: Sequence[str]) -> sa.Select[Any]:
    """Those of ``dp_ids`` that were published and are not available any more: when, and why."""
    found = PRODUCTS.c
    is_gone = (found.dp_id.in_(dp_ids), found.status == "withdrawn")
    return sa.select(found.dp_id, found.ended, found.reason).where(*is_gone)
