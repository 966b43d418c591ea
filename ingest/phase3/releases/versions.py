"""What was published: versions of products, releases, and every change, in ``phase3`` (SDP, versioning).

Everything here is inside the caller's transaction, and one caller at a time: whoever publishes holds
`ingest.run.LOCK`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert

from ingest.load import Place
from ingest.phase3.releases.archive import description_address, release_page
from vo_server.archive import FILE, among
from vo_server.errors import UsageFault
from vo_server.instants import utc_now
from vo_server.submissions.published import CHANGES, PRODUCTS, RELEASES
from vo_server.submissions.values import Batch, Collection, Release

SCIENCE = "SCIENCE."  #: how the categories of products begin


@dataclass(frozen=True, slots=True)
class Published:
    """A file that is published: its identifier, its own name, its category."""

    dp_id: str
    origfile: str
    category: str


def replaced_by(connection: sa.Connection, collection: str, files: Iterable[Published]) -> dict[str, str]:
    """The files that are current under the names of ``files``: dp_id of the new one -> of the former one.

    Versions of a product share their collection and the name that their provider gave them.
    """
    new = {file.origfile: file.dp_id for file in files}
    query = sa.select(PRODUCTS.c.origfile, PRODUCTS.c.dp_id).where(
        PRODUCTS.c.collection == collection,
        among(PRODUCTS.c.origfile, new),
        PRODUCTS.c.status == "current",
    )
    return {
        new[row.origfile]: row.dp_id for row in connection.execute(query) if row.dp_id != new[row.origfile]
    }


def add(
    connection: sa.Connection,
    place: Place,
    batch: Batch,
    files: Sequence[Published],
    former: Mapping[str, str],
    reason: str,
) -> None:
    """Make files current, in the place of ``former`` ones; files that were withdrawn come back."""
    if not files:
        return
    _check_newest(connection, former)
    others = [file for file in files if file.dp_id not in former]
    before = {**former, **_deprecated(connection, batch.collection, others)}
    when = utc_now()
    numbers = _next_versions(connection, batch.collection, [file.origfile for file in files])
    rows = [
        {
            "dp_id": file.dp_id, "obs_publisher_did": place.publisher_did(file.dp_id),
            "collection": batch.collection, "release": batch.release, "batch": batch.number,
            "origfile": file.origfile, "category": file.category, "version": numbers.get(file.origfile, 1),
            "status": "current", "published": when, "predecessor": before.get(file.dp_id),
        }
        for file in files
    ]  # fmt: skip
    statement = insert(PRODUCTS)
    back = ("collection", "release", "batch", "origfile", "status", "predecessor", "category")
    again = {name: statement.excluded[name] for name in back} | {"ended": None, "reason": None}
    connection.execute(statement.on_conflict_do_update(index_elements=["dp_id"], set_=again), rows)
    end(connection, list(former.values()), "obsolete", reason or f"replaced in {batch.release}")
    for new, old in before.items():
        connection.execute(sa.update(PRODUCTS).values(successor=new).where(PRODUCTS.c.dp_id == old))
    science = [file.dp_id for file in files if file.category.startswith(SCIENCE)]
    tell(connection, "replaced", [former[dp_id] for dp_id in science if dp_id in former], reason)
    tell(connection, "added", science, reason)


def _deprecated(connection: sa.Connection, collection: str, files: Iterable[Published]) -> dict[str, str]:
    """The last versions of ``files`` where these are deprecated: dp_id of the new one -> of that one.

    They stay deprecated, but who has one is told what to use.
    """
    new = {file.origfile: file.dp_id for file in files}
    query = (
        sa.select(PRODUCTS.c.origfile, PRODUCTS.c.dp_id)
        .ext(distinct_on(PRODUCTS.c.origfile))
        .where(PRODUCTS.c.collection == collection, PRODUCTS.c.status == "deprecated")
        .where(among(PRODUCTS.c.origfile, new), ~among(PRODUCTS.c.dp_id, new.values()))
        .order_by(PRODUCTS.c.origfile, PRODUCTS.c.version.desc())
    )
    return {new[row.origfile]: row.dp_id for row in connection.execute(query)}


def deprecated_before(connection: sa.Connection, dp_ids: Sequence[str]) -> dict[str, str]:
    """Those of withdrawn files that were deprecated when they were withdrawn, and why."""
    query = (
        sa.select(CHANGES.c.dp_id, CHANGES.c.change, CHANGES.c.reason)
        .ext(distinct_on(CHANGES.c.dp_id))
        .join(PRODUCTS, PRODUCTS.c.dp_id == CHANGES.c.dp_id)
        .where(among(CHANGES.c.dp_id, dp_ids), CHANGES.c.change != "withdrawn")
        .where(PRODUCTS.c.status == "withdrawn")
        .order_by(CHANGES.c.dp_id, CHANGES.c.change_id.desc())
    )
    return {row.dp_id: row.reason for row in connection.execute(query) if row.change == "deprecated"}


def deprecate_again(connection: sa.Connection, reasons: Mapping[str, str]) -> None:
    """Let withdrawn files be what they were before: deprecated, each with its reason."""
    for dp_id, reason in reasons.items():
        end(connection, [dp_id], "deprecated", reason)
        tell(connection, "deprecated", [dp_id], reason)


def _check_newest(connection: sa.Connection, former: Mapping[str, str]) -> None:
    """Refuse to put a version that was withdrawn in the place of a later one."""
    later = PRODUCTS.alias("later")
    for new, old in former.items():
        query = (
            sa.select(PRODUCTS.c.origfile)
            .join(later, later.c.dp_id == old)
            .where(PRODUCTS.c.dp_id == new, PRODUCTS.c.version < later.c.version)
        )
        if (name := connection.scalar(query)) is not None:
            raise UsageFault(f"of {name} a later version than {new} is current, {old}: return the batch")


def _next_versions(connection: sa.Connection, collection: str, names: Sequence[str]) -> dict[str, int]:
    query = (
        sa.select(PRODUCTS.c.origfile, sa.func.max(PRODUCTS.c.version) + 1)
        .where(PRODUCTS.c.collection == collection, among(PRODUCTS.c.origfile, names))
        .group_by(PRODUCTS.c.origfile)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def end(connection: sa.Connection, dp_ids: Sequence[str], status: str, reason: str) -> None:
    """Let files be current no more."""
    changed = sa.update(PRODUCTS).values(status=status, ended=utc_now(), reason=reason or None)
    connection.execute(changed.where(among(PRODUCTS.c.dp_id, dp_ids)))


def forget_successors(connection: sa.Connection, dp_ids: Sequence[str]) -> None:
    """Let no deprecated file be told to have one of ``dp_ids`` as its newer version."""
    is_before = (among(PRODUCTS.c.successor, dp_ids), PRODUCTS.c.status == "deprecated")
    connection.execute(sa.update(PRODUCTS).values(successor=None).where(*is_before))


def restore(connection: sa.Connection, dp_ids: Sequence[str]) -> None:
    """Let files be current again."""
    changed = sa.update(PRODUCTS).values(status="current", ended=None, reason=None, successor=None)
    connection.execute(changed.where(among(PRODUCTS.c.dp_id, dp_ids)))


def tell(connection: sa.Connection, change: str, dp_ids: Sequence[str], reason: str = "") -> None:
    """Add to the list of changes, in the order given."""
    if not dp_ids:
        return
    last = connection.scalar(sa.select(sa.func.max(CHANGES.c.change_id))) or 0
    known = {
        row.dp_id: row
        for row in connection.execute(sa.select(PRODUCTS).where(among(PRODUCTS.c.dp_id, dp_ids)))
    }
    when = utc_now()
    rows: list[dict[str, Any]] = []
    for number, dp_id in enumerate(dp_ids, last + 1):
        row = known[dp_id]
        related = row.successor if change == "replaced" else row.predecessor
        rows.append(
            {
                "change_id": number,
                "last_mod_date": when,
                "change": change,
                "dp_id": dp_id,
                "obs_publisher_did": row.obs_publisher_did,
                "collection": row.collection,
                "release": row.release,
                "related": related,
                "reason": reason or None,
            }
        )
    connection.execute(sa.insert(CHANGES), rows)


def compare_data(connection: sa.Connection, former: Mapping[str, str]) -> None:
    """Note of new versions whether their data are those of the former ones: by DATASUM of all HDUs."""
    if not former:
        return
    sums = sa.text(
        "SELECT dp_id, string_agg(value_s, ' ' ORDER BY hdu) FROM header.keyword"
        " WHERE dp_id = ANY(:dp_ids) AND keyword = 'DATASUM' GROUP BY dp_id"
    )
    told: dict[str, str] = dict(connection.execute(sums, {"dp_ids": [*former, *former.values()]}).all())
    for new, old in former.items():
        same = None not in (told.get(new), told.get(old)) and told[new] == told[old]
        connection.execute(sa.update(PRODUCTS).values(same_data=same).where(PRODUCTS.c.dp_id == new))


def summarise_release(
    connection: sa.Connection, place: Place, collection: Collection, release: Release
) -> None:
    """Make the row of a release that of what is published of it now."""
    mine = (PRODUCTS.c.collection == release.collection, PRODUCTS.c.release == release.release)
    is_science = PRODUCTS.c.category.like(f"{SCIENCE}%")
    is_current = PRODUCTS.c.status == "current"
    count = sa.func.count()
    counted = connection.execute(
        sa.select(
            count.filter(is_current, is_science).label("n_products"),
            count.filter(is_current).label("n_files"),
            sa.func.coalesce(sa.func.sum(FILE.c.size).filter(is_current), 0).label("volume"),
            sa.func.bool_or(PRODUCTS.c.status != "withdrawn").label("is_there"),
            sa.func.min(PRODUCTS.c.published).label("published"),
        )
        .select_from(PRODUCTS.outerjoin(FILE, FILE.c.dp_id == PRODUCTS.c.dp_id))
        .where(*mine)
    ).one()
    if counted.published is None:
        return  # nothing of it was ever published
    values = {
        "title": release.title, "status": "published" if counted.is_there else "withdrawn",
        "origin": collection.origin, "programmes": " ".join(collection.programmes) or None,
        "creators": "; ".join(release.creators) or None, "abstract": release.abstract or None,
        "published": counted.published, "updated": utc_now(), "n_products": counted.n_products,
        "n_files": counted.n_files, "volume": int(counted.volume), "bib_reference": release.bibcode,
        "doi": release.doi, "access_url": release_page(place, release.collection, release.release),
        "release_description": description_address(place, release),
    }  # fmt: skip
    statement = insert(RELEASES).values(collection=release.collection, release=release.release, **values)
    # The time of change is that of what else has changed.
    differs = [
        RELEASES.c[name].is_distinct_from(value) for name, value in values.items() if name != "updated"
    ]
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["collection", "release"], set_=values, where=sa.or_(*differs)
        )
    )
