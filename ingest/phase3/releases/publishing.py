"""Publishing a batch: identifiers, stored files, and then everything that clients see in one transaction."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import islice

import sqlalchemy as sa

from ingest import relate
from ingest.lineage import Identified
from ingest.load import load, retire
from ingest.phase3.releases import catalogues, versions
from ingest.phase3.releases.archive import Archive, description_address
from ingest.phase3.releases.catalogues import CatalogueFile
from ingest.phase3.releases.deposit import Stored, deposit
from ingest.phase3.releases.numbering import number
from ingest.phase3.releases.versions import Published
from ingest.protection import spread_release_dates
from ingest.read import Parsed, Rejected
from ingest.readers import Readers, many_objects
from ingest.run import BATCH, LOCK, mappings_for
from ingest.scan import Candidate, candidate
from vo_server.archive import FILE, PUBLISHED, among
from vo_server.db.locks import holding
from vo_server.errors import FatalFault
from vo_server.progress import Progress, silent
from vo_server.submissions.states import Person, check_step
from vo_server.submissions.store import take_step
from vo_server.submissions.values import Batch, Collection, Release


def publish(
    archive: Archive,
    batch_id: int,
    author: str,
    people: AbstractSet[Person],
    reason: str = "",
    progress: Progress | None = None,
) -> Batch:
    """Publish an approved batch; what an interrupted run began is finished.

    Identifiers are assigned first and stay; files are stored under them; then ObsCore, relations, headers,
    versions, changes and the release change in one transaction, with the batch's state.

    Raises
    ------
    UsageFault
        It is not approved; a file cannot be described.
    FatalFault
        A file is not what was received.
    """
    say = progress or silent
    with holding(archive.owner, LOCK), many_objects():
        batch = archive.submissions.batch(batch_id)
        check_step("publish", batch.state, people, reason)
        stored = deposit(archive, batch, number(archive, batch, say), say)
        with archive.owner.connect() as connection:
            bad = versions.deprecated_before(connection, [one.file.dp_id or "" for one in stored])
        tabular = [file for file in _catalogue_files(stored) if file.dp_id not in bad]
        standard = batch.standard
        with (
            catalogues.staged(archive, batch.collection, batch.release, standard, tabular, say) as tables,
            archive.owner.begin() as connection,
        ):
            files = _load_all(archive, connection, batch, stored, say)
            _make_current(archive, connection, batch, files, bad, reason)
            if tables is not None and catalogues.are_public(connection, tabular):
                catalogues.show(connection, tables, tabular)
            published = take_step(connection, batch_id, "publish", author, people, reason, batch.changed)
            connection.execute(sa.select(sa.func.pg_notify(PUBLISHED, batch.collection)))
    archive.area(batch).clear()
    return published


def _catalogue_files(stored: Sequence[Stored]) -> Iterator[CatalogueFile]:
    """Those that are tables, or tiles of them."""
    for one in stored:
        category = one.file.category or ""
        if category in (*catalogues.TABLES, catalogues.TILE):
            yield CatalogueFile(one.file.dp_id or "", category, one.file.name, one.path)


def _load_all(
    archive: Archive, connection: sa.Connection, batch: Batch, stored: Sequence[Stored], say: Progress
) -> list[Published]:
    place = archive.place(connection)
    collection = archive.submissions.collection(batch.collection)
    release = archive.submissions.release(batch.collection, batch.release)
    address = description_address(place, release)
    published: list[Published] = []
    categories: dict[str, str | None] = {}
    others: list[tuple[Stored, Rejected]] = []
    with Readers(mappings_for(archive.state_dir, collection=batch.mapping)) as readers:
        found = _read(readers, stored)
        done = 0
        while chunk := list(islice(found, BATCH)):
            entries: list[Identified] = []
            for one, result in chunk:
                if isinstance(result, Rejected):
                    others.append((one, result))
                    continue
                categories |= {each.name: each.category for each in result.associations}
                entries.append(_identified(one, result, collection, release, address))
            published += _load(archive, connection, entries)
            done += len(chunk)
            say(done, len(stored), "publishing files")
    for start in range(0, len(others), BATCH):
        part = others[start : start + BATCH]
        published += _load(archive, connection, [_companion(*each, categories, collection) for each in part])
    return published


def _read(readers: Readers, stored: Sequence[Stored]) -> Iterator[tuple[Stored, Parsed | Rejected]]:
    candidates = [found for one in stored if isinstance(found := candidate(one.path), Candidate)]
    return zip(stored, readers.read(candidates, ahead=2 * BATCH), strict=True)


def _identified(
    one: Stored, parsed: Parsed, collection: Collection, release: Release, address: str
) -> Identified:
    row = parsed.row
    if parsed.kind == "product":
        row = {**row, "obs_collection": collection.name, "release_description": address}
        row["p3orig"] = collection.origin
        row["bib_reference"] = row.get("bib_reference") or release.bibcode
    assert one.file.dp_id is not None  # noqa: S101 - it has got its identifier
    told = replace(parsed, row=row, collection=collection.name, origfile=one.file.name)
    return Identified(one.file.dp_id, told)


def _companion(
    one: Stored, rejected: Rejected, categories: Mapping[str, str | None], collection: Collection
) -> Identified:
    """A file that is not FITS."""
    if {finding.rule for finding in rejected.findings} != {"NOT_FITS"}:
        raise FatalFault(f"{one.file.name}: {rejected.findings[0].message}")
    parsed = relate.ancillary(rejected.scanned, one.file.name, categories.get(one.file.name))
    parsed = replace(parsed, collection=collection.name)
    assert one.file.dp_id is not None  # noqa: S101 - it has got its identifier
    return Identified(one.file.dp_id, parsed)


def _load(archive: Archive, connection: sa.Connection, entries: Sequence[Identified]) -> Iterator[Published]:
    if entries:
        load(connection, entries, archive.place(connection), archive.state_dir)
    for entry in entries:
        yield Published(entry.dp_id, entry.parsed.origfile, entry.parsed.category or "ANCILLARY")


def _make_current(
    archive: Archive,
    connection: sa.Connection,
    batch: Batch,
    files: Sequence[Published],
    bad: Mapping[str, str],
    reason: str,
) -> None:
    """Put files in the place of their former versions, and relate them to each other.

    Parameters
    ----------
    bad : mapping
        Files that were deprecated before their batch was taken back, and why: they are so again.
    """
    place = archive.place(connection)
    good = [file for file in files if file.dp_id not in bad]
    former = versions.replaced_by(connection, batch.collection, good)
    versions.add(connection, place, batch, good, former, reason)
    versions.deprecate_again(connection, bad)
    versions.compare_data(connection, former)
    retire(connection, [*former.values(), *bad])
    _name_relatives(connection, batch.collection, [file.dp_id for file in files])
    relate.resolve_associations(connection)
    published = [file.dp_id for file in files]
    spread_release_dates(connection, sa.select(FILE.c.dp_id).where(among(FILE.c.dp_id, published)))
    summarise_releases(archive, connection, batch.collection)


def _name_relatives(connection: sa.Connection, collection: str, dp_ids: Sequence[str]) -> None:
    """What products call by the names that they had before: the version that is current now is meant.

    Later there may be several files of that name.
    """
    values = {"collection": collection, "dp_ids": list(dp_ids)}
    connection.execute(_ASSOCIATED, values)
    connection.execute(_MADE_FROM, values)


def _named(relation: str, name: str, columns: str) -> sa.TextClause:
    """The statement that sets columns to the current version of the files that have a name."""
    # One look into the index for each name: there may be millions of products in a collection.
    return sa.text(
        f"""
        UPDATE archive.{relation} t
        SET {columns}
        FROM (
            SELECT r.dp_id, r.pos, current.dp_id AS found
            FROM archive.{relation} r
            CROSS JOIN LATERAL (
                SELECT p.dp_id
                FROM phase3.products p
                WHERE p.collection = :collection AND p.origfile = ANY(ARRAY[r.{name}, r.{name} || '.fits'])
                    AND p.status = 'current'
                LIMIT 1
            ) current
            WHERE r.dp_id = ANY(:dp_ids)
        ) named
        WHERE t.dp_id = named.dp_id AND t.pos = named.pos
        """  # noqa: S608 - texts of ours
    )


_ASSOCIATED = _named("association", "name", "associated = named.found")
_MADE_FROM = _named("provenance", "progenitor", "progenitor = named.found, entity = named.found")


def summarise_releases(archive: Archive, connection: sa.Connection, collection: str) -> None:
    """Make the rows of a collection's releases those of what is published of them now."""
    place = archive.place(connection)
    known = archive.submissions.collection(collection)
    for release in archive.submissions.releases(collection):
        versions.summarise_release(connection, place, known, release)
