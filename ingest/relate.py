"""What files tell of each other, once they are all in: associated files, previews, release dates."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from ingest.read import Association, Parsed, Rejected
from ingest.report import Finding
from ingest.scan import Scanned, media_type, storable
from vo_server import schemas
from vo_server.archive import ASSOCIATION, FILE, GENERATION, PROVENANCE, USED

_ACCEPTED_RULES = frozenset({"NOT_FITS"})


def as_ancillary(rejected: Rejected, categories: dict[str, str | None]) -> Parsed | None:
    """A file that is not FITS, as the ancillary file that a product names; None when no product does.

    Parameters
    ----------
    categories : dict
        Name of a file -> its category, of the associations that products tell.
    """
    name = name_of(rejected)
    if name not in categories or not {f.rule for f in rejected.findings} <= _ACCEPTED_RULES:
        return None
    return ancillary(rejected.scanned, name, categories[name])


def ancillary(scanned: Scanned, name: str, category: str | None) -> Parsed:
    """A file that is not FITS, under the name by which products know it."""
    return Parsed(
        candidate=scanned.candidate, sha256=scanned.sha256, md5=scanned.md5,
        media_type=media_type(scanned.candidate.path), compression=None, kind="ancillary",
        category=category or "ANCILLARY", collection=None, origfile=name, arcfile=None, born=None,
        prefix=None, row={}, provenance=(), associations=tuple[Association, ...](),
        headers=(),
    )  # fmt: skip


def name_of(rejected: Rejected) -> str:
    """The file's name, as a product would give it."""
    return storable(Path(rejected.scanned.candidate.path).name)


def associated_categories(connection: sa.Connection, names: Iterable[str]) -> dict[str, str | None]:
    """The categories of those of ``names`` that a product names (ASSONi, ASSOCi)."""
    wanted = sa.bindparam("names", list(names), sa.ARRAY(sa.Text))
    query = sa.select(ASSOCIATION.c.name, ASSOCIATION.c.category).where(ASSOCIATION.c.name == sa.any_(wanted))
    return {row.name: row.category for row in connection.execute(query)}


def resolve_associations(connection: sa.Connection) -> None:
    """Find the files that products name, best in the product's directory or collection."""
    connection.exec_driver_sql(
        """
        UPDATE archive.association a
        SET associated = found.dp_id, category = coalesce(a.category, found.category)
        FROM (
            SELECT DISTINCT ON (a.dp_id, a.pos) a.dp_id AS science, a.pos, f.dp_id, f.category
            FROM archive.association a
            JOIN archive.file p ON p.dp_id = a.dp_id
            JOIN archive.file f ON (f.origfile = a.name OR f.dp_id = regexp_replace(a.name, '[.]fits$', ''))
                AND f.dp_id <> a.dp_id
            WHERE a.associated IS NULL
            ORDER BY a.dp_id, a.pos,
                regexp_replace(f.url, '[^/]*$', '') = regexp_replace(p.url, '[^/]*$', '') DESC,
                f.collection IS NOT DISTINCT FROM p.collection DESC, f.dp_id
        ) found
        WHERE a.dp_id = found.science AND a.pos = found.pos
        """
    )


def missing_associations(connection: sa.Connection, since: datetime) -> list[Finding]:
    """A finding for each associated file that is not in the archive, of products loaded ``since``."""
    query = (
        sa.select(FILE.c.url, ASSOCIATION.c.pos, ASSOCIATION.c.name)
        .join(FILE, FILE.c.dp_id == ASSOCIATION.c.dp_id)
        .where(ASSOCIATION.c.associated.is_(None), FILE.c.modified >= since)
        .order_by(FILE.c.url, ASSOCIATION.c.pos)
    )
    return [
        Finding(url, "ASSOCIATION", f"{name} is not in the archive", 0, f"ASSON{pos}")
        for url, pos, name in connection.execute(query)
    ]


def spread_release_dates(connection: sa.Connection) -> None:
    """Products are released with the last of their raw files, ancillary files with their last product.

    ESO's access policy: processed data have the protection of the raw data that they derive from.
    """
    obscore = schemas.metadata(schemas.builtin()).tables["ivoa.obscore"]
    raw = schemas.metadata(schemas.builtin()).tables["dbo.raw"]
    # Products may come from products: follow the chain down to raw frames.
    made = _made_from()
    chain = sa.select(made.c.dp_id, made.c.entity).cte("chain", recursive=True)
    step = sa.select(chain.c.dp_id, made.c.entity).join(made, made.c.dp_id == chain.c.entity)
    chain = chain.union(step)  # not UNION ALL: a circle of products must end
    released = (
        sa.select(chain.c.dp_id, sa.func.max(raw.c.release_date).label("release_date"))
        .join(raw, raw.c.dp_id == chain.c.entity)
        .group_by(chain.c.dp_id)
        .subquery()
    )
    connection.execute(
        sa.update(obscore)
        .values(obs_release_date=released.c.release_date)
        .where(obscore.c.dp_id == released.c.dp_id)
        .where(obscore.c.obs_release_date.is_distinct_from(released.c.release_date))
    )
    # What nobody protects is public from the day of its publication.
    connection.execute(
        sa.update(obscore)
        .values(obs_release_date=obscore.c.publication_date)
        .where(obscore.c.obs_release_date.is_(None))
    )
    zone = sa.func.timezone("UTC", obscore.c.obs_release_date)
    connection.execute(
        sa.update(FILE)
        .values(release_date=zone)
        .where(FILE.c.dp_id == obscore.c.dp_id, FILE.c.release_date.is_distinct_from(zone))
    )
    _release_ancillary(connection)


def _made_from() -> sa.Subquery:
    """Each product with a file that it was made from: by its PROVi, or as a raw frame of a recipe."""
    named = sa.select(PROVENANCE.c.dp_id, PROVENANCE.c.entity)
    reduced = (
        sa.select(GENERATION.c.dp_id, USED.c.entity)
        .join(USED, USED.c.activity_id == GENERATION.c.activity_id)
        .where(USED.c.kind == "raw")
    )
    return sa.union_all(named, reduced).subquery("made")


def _release_ancillary(connection: sa.Connection) -> None:
    science = FILE.alias("science")
    last = (
        sa.select(ASSOCIATION.c.associated, sa.func.max(science.c.release_date).label("release_date"))
        .join(science, science.c.dp_id == ASSOCIATION.c.dp_id)
        .where(ASSOCIATION.c.associated.is_not(None))
        .group_by(ASSOCIATION.c.associated)
        .subquery()
    )
    connection.execute(
        sa.update(FILE)
        .values(release_date=last.c.release_date)
        .where(FILE.c.dp_id == last.c.associated, FILE.c.kind == "ancillary")
        .where(FILE.c.release_date.is_distinct_from(last.c.release_date))
    )
