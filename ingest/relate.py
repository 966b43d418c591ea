"""What files tell of each other, once they are all in: associated files and previews."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from ingest.read import Association, Parsed, Rejected
from ingest.report import Finding
from ingest.scan import Scanned, media_type, storable
from vo_server.archive import ASSOCIATION, FILE

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
