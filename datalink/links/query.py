"""Statements for what belongs to files: associated files, progenitors, calibrations, versions and so on."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from datalink.files import VERSIONS, file_columns
from vo_server.archive import ASSOCIATION, CALIBRATION, FILE, PROVENANCE

#: Endings that the name of a file may have where a header names it without.
ENDINGS = ("", ".fits", ".fits.fz", ".fits.gz", ".fits.Z")
_NO_TEXT: sa.ColumnElement[Any] = sa.literal_column("NULL::text")


def select_relations(dp_ids: Sequence[str], obscore: sa.FromClause) -> sa.Select[Any]:
    """One row per relation of the files ``dp_ids``, in the order of links.

    The columns are ``subject`` (the file asked for), ``relation`` (``auxiliary``, ``progenitor``,
    ``derivation``, ``calibration`` or ``coderived``), ``name`` and ``role`` (the related file's name and
    category as the subject's header gives them), and those of `datalink.files.File` for the related file:
    null where the archive does not have it.
    """
    kinds = (_associations, _progenitors, _derivations, _calibrations, _versions)
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
    found = _resolved()
    return (
        _row(
            1,
            "progenitor",
            PROVENANCE.c.dp_id,
            PROVENANCE.c.pos,
            PROVENANCE.c.progenitor,
            _NO_TEXT,
            found.c.dp_id,
        )
        .select_from(PROVENANCE.outerjoin(found, sa.true()))
        .where(PROVENANCE.c.dp_id.in_(dp_ids))
    )


def _derivations(dp_ids: Sequence[str]) -> sa.Select[Any]:
    """The products whose ``PROVi`` mean one of the files."""
    source = FILE.alias("source")
    found = _resolved()
    stem = sa.func.regexp_replace(source.c.origfile, r"\.fits(\.fz|\.gz|\.Z)?$", "")
    names = PROVENANCE.c.progenitor.in_([source.c.dp_id, source.c.origfile, stem])
    joined = source.join(PROVENANCE, names).join(found, found.c.dp_id == source.c.dp_id)
    return (
        _row(
            2,
            "derivation",
            source.c.dp_id,
            sa.literal_column("0", sa.Integer),
            _NO_TEXT,
            _NO_TEXT,
            PROVENANCE.c.dp_id,
        )
        .select_from(joined)
        .where(source.c.dp_id.in_(dp_ids), PROVENANCE.c.dp_id != source.c.dp_id)
        .distinct()
    )


def _calibrations(dp_ids: Sequence[str]) -> sa.Select[Any]:
    """The files that one is to be calibrated with: from raw frames, then from masters."""
    found = CALIBRATION.c
    pos = found.pos + sa.case((found.mode == "raw2master", 1_000_000), else_=0)
    role = found.mode.op("||")(sa.func.coalesce(sa.literal(" ").op("||")(found.category), ""))
    return _row(3, "calibration", found.dp_id, pos, found.calibration, role, found.calibration).where(
        found.dp_id.in_(dp_ids)
    )


def _versions(dp_ids: Sequence[str]) -> sa.Select[Any]:
    """The version that a product replaced, and the one that replaced it.

    No term of the vocabulary is for versions; they are derived from the same data, which is #coderived.
    """
    found = VERSIONS.c
    which = sa.values(sa.column("pos", sa.Integer), sa.column("role", sa.Text), name="which").data(
        [(1, "newer version"), (2, "former version")]
    )
    other = sa.case((which.c.pos == 1, found.successor), else_=found.predecessor)
    return (
        _row(4, "coderived", found.dp_id, which.c.pos, other, which.c.role, other)
        .select_from(VERSIONS.join(which, sa.true()))
        .where(found.dp_id.in_(dp_ids), other.is_not(None))
    )


def select_withdrawn(dp_ids: Sequence[str]) -> sa.Select[Any]:
    """Those of ``dp_ids`` that were published and are not available any more: when, and why."""
    found = VERSIONS.c
    is_gone = (found.dp_id.in_(dp_ids), found.status == "withdrawn")
    return sa.select(found.dp_id, found.ended, found.reason).where(*is_gone)


def _resolved() -> sa.FromClause:
    """The file that a row of ``archive.provenance`` means, none or one.

    A header names it by identifier or by original name. Original names are not unique: one of the product's
    own collection is meant first.
    """
    candidate = FILE.alias("candidate")
    product = FILE.alias("product")
    progenitor = PROVENANCE.c.progenitor
    collection = (
        sa.select(product.c.collection)
        .where(product.c.dp_id == PROVENANCE.c.dp_id)
        # Two levels up: SQLAlchemy correlates with the next level only unless it is told.
        .correlate(PROVENANCE)
        .scalar_subquery()
    )
    return (
        sa.select(candidate.c.dp_id)
        .where(
            sa.or_(
                candidate.c.dp_id == progenitor,
                candidate.c.origfile.in_(
                    [progenitor + ending if ending else progenitor for ending in ENDINGS]
                ),
            ),
            candidate.c.dp_id != PROVENANCE.c.dp_id,
        )
        .order_by(
            (candidate.c.dp_id == progenitor).desc(),
            candidate.c.collection.is_not_distinct_from(collection).desc(),
            candidate.c.dp_id,
        )
        .limit(1)
        .correlate(PROVENANCE)
        .lateral()
    )
