"""Taking back: single products that should not be used, or a batch that should not have been published."""

import shutil
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from ingest.load import bring_back, remove, retire
from ingest.phase3.catalogues import Staged
from ingest.phase3.releases import catalogues, versions
from ingest.phase3.releases.archive import Archive
from ingest.phase3.releases.catalogues import CatalogueFile
from ingest.phase3.releases.publishing import summarise_releases
from ingest.phase3.releases.versions import SCIENCE
from ingest.protection import spread_release_dates
from ingest.run import LOCK
from vo_server.archive import BATCH, BATCH_FILE, FILE, PUBLISHED, among
from vo_server.db.locks import holding
from vo_server.errors import AuthorizationFault, FatalFault, NotFoundFault, UsageFault
from vo_server.files.durable import settle
from vo_server.files.stores import path_of
from vo_server.submissions.area import link_or_copy
from vo_server.submissions.published import PRODUCTS
from vo_server.submissions.states import Person, check_step
from vo_server.submissions.store import take_step
from vo_server.submissions.values import MOST_TITLE, Batch, check_text


def deprecate(archive: Archive, dp_ids: Sequence[str], people: AbstractSet[Person], reason: str) -> list[str]:
    """Let products be found no more; their identifiers and files stay, with the reason.

    Returns
    -------
    list of str
        Those that were current.

    Raises
    ------
    NotFoundFault
        One was never published by a release.
    UsageFault
        There is no reason.
    """
    _check(people, reason)
    with holding(archive.owner, LOCK), archive.owner.begin() as connection:
        current = _with_status(connection, dp_ids, "current")
        catalogues.hide(connection, current)
        versions.end(connection, current, "deprecated", reason)
        retire(connection, current)
        _tell(archive, connection, "deprecated", current, reason)
    return current


def reinstate(archive: Archive, dp_ids: Sequence[str], people: AbstractSet[Person], reason: str) -> list[str]:
    """Let deprecated products be found again.

    Returns
    -------
    list of str
        Those that were deprecated.

    Raises
    ------
    UsageFault
        There is no reason, or another version is current.
    """
    _check(people, reason)
    with (
        holding(archive.owner, LOCK),
        _tables_again(archive, dp_ids) as tables,
        archive.owner.begin() as connection,
    ):
        found = _with_status(connection, dp_ids, "deprecated")
        _check_free(connection, found)
        versions.restore(connection, found)
        _bring_back_rows(connection, found)
        _tell(archive, connection, "restored", found, reason)
        _show(connection, tables, found)
    return found


def unpublish(
    archive: Archive, batch_id: int, author: str, people: AbstractSet[Person], reason: str
) -> Batch:
    """Take a batch back: its files are not available any more, what they replaced is current again.

    The batch is approved again; publishing it gives its files the same identifiers.

    Raises
    ------
    UsageFault
        It is not published, there is no reason, or a later batch has replaced files of it.
    """
    with holding(archive.owner, LOCK):
        batch = archive.submissions.batch(batch_id)
        check_step("unpublish", batch.state, people, reason)
        files = archive.submissions.files(batch_id)
        dp_ids = [file.dp_id for file in files if file.dp_id is not None]
        with archive.owner.connect() as connection:
            former = _formers(connection, dp_ids)
        with (
            _tables_again(archive, former, dp_ids) as tables,
            archive.owner.begin() as connection,
        ):
            _check_last(connection, dp_ids)
            _bring_back(archive, connection, batch, dp_ids)
            science = _science(connection, dp_ids)
            versions.end(connection, dp_ids, "withdrawn", reason)
            catalogues.hide(connection, dp_ids)
            remove(connection, dp_ids)
            versions.restore(connection, former)
            versions.forget_successors(connection, dp_ids)
            _bring_back_rows(connection, former)
            versions.tell(connection, "restored", _science(connection, former), reason)
            _tell(archive, connection, "withdrawn", science, reason)
            _show(connection, tables, former)
            done = take_step(connection, batch_id, "unpublish", author, people, reason, batch.changed)
        # They wait in the batch now.
        shutil.rmtree(archive.store(batch), ignore_errors=True)
        return done


@dataclass(frozen=True, slots=True)
class _Tables:
    """The tables of one release's catalogues, to be seen again."""

    staged: Staged
    files: tuple[CatalogueFile, ...]


@contextmanager
def _tables_again(
    archive: Archive, dp_ids: Sequence[str], without: Sequence[str] = ()
) -> Iterator[list[_Tables]]:
    """Tables of catalogues that were taken away, filled beside those that are seen; not of some files."""
    with ExitStack() as stack, archive.owner.connect() as connection:
        is_of = (BATCH.c.collection == PRODUCTS.c.collection, BATCH.c.release == PRODUCTS.c.release)
        joined = PRODUCTS.join(BATCH, sa.and_(*is_of, BATCH.c.number == PRODUCTS.c.batch))
        columns = (PRODUCTS.c.collection, PRODUCTS.c.release, BATCH.c.standard)
        is_tabular = (among(PRODUCTS.c.category, catalogues.TABLES), PRODUCTS.c.table_name.is_(None))
        query = sa.select(*columns).select_from(joined).where(among(PRODUCTS.c.dp_id, dp_ids), *is_tabular)
        again = []
        for collection, release, standard in connection.execute(query.distinct()).all():
            categories = (*catalogues.TABLES, catalogues.TILE)
            files = catalogues.current_files(connection, collection, categories, dp_ids)
            made = catalogues.staged(archive, collection, release, standard, files, without=without)
            staged = stack.enter_context(made)
            if staged is not None:
                again.append(_Tables(staged, tuple(files)))
        connection.rollback()
        yield again


def _show(connection: sa.Connection, tables: Sequence[_Tables], dp_ids: Sequence[str]) -> None:
    """Let those of the tables be seen whose files are current again, and public."""
    for one in tables:
        if all(file.dp_id in dp_ids for file in one.files) and catalogues.are_public(connection, one.files):
            catalogues.show(connection, one.staged, one.files)


def _check(people: AbstractSet[Person], reason: str) -> None:
    if Person.ARCHIVIST not in people:
        raise AuthorizationFault("this is for archivists")
    check_text("reason", reason, MOST_TITLE, needed=True)


def _bring_back_rows(connection: sa.Connection, dp_ids: Sequence[str]) -> None:
    """Put products into ObsCore again, as proprietary as their raw frames are by now."""
    bring_back(connection, dp_ids)
    spread_release_dates(connection, sa.select(FILE.c.dp_id).where(among(FILE.c.dp_id, dp_ids)))


def _with_status(connection: sa.Connection, dp_ids: Sequence[str], status: str) -> list[str]:
    rows = connection.execute(
        sa.select(PRODUCTS.c.dp_id, PRODUCTS.c.status).where(among(PRODUCTS.c.dp_id, dp_ids))
    )
    known = {row.dp_id: row.status for row in rows}
    if missing := [dp_id for dp_id in dp_ids if dp_id not in known]:
        raise NotFoundFault(f"not of any release: {', '.join(missing[:5])}")
    return [dp_id for dp_id in dict.fromkeys(dp_ids) if known[dp_id] == status]


def _check_free(connection: sa.Connection, dp_ids: Sequence[str]) -> None:
    other = PRODUCTS.alias("other")
    query = (
        sa.select(PRODUCTS.c.dp_id, other.c.dp_id)
        .join(
            other,
            sa.and_(other.c.collection == PRODUCTS.c.collection, other.c.origfile == PRODUCTS.c.origfile),
        )
        .where(among(PRODUCTS.c.dp_id, dp_ids), other.c.status == "current")
    )
    if (row := connection.execute(query).first()) is not None:
        raise UsageFault(f"{row[1]} is current in the place of {row[0]}")
    twice = (
        sa.select(PRODUCTS.c.origfile)
        .where(among(PRODUCTS.c.dp_id, dp_ids))
        .group_by(PRODUCTS.c.collection, PRODUCTS.c.origfile)
        .having(sa.func.count() > 1)
    )
    if (name := connection.scalar(twice)) is not None:
        raise UsageFault(f"several versions of {name}: only one of them can be current")


def _check_last(connection: sa.Connection, dp_ids: Sequence[str]) -> None:
    query = sa.select(PRODUCTS.c.dp_id, PRODUCTS.c.successor).where(
        among(PRODUCTS.c.dp_id, dp_ids), PRODUCTS.c.status == "obsolete"
    )
    if (row := connection.execute(query).first()) is not None:
        raise UsageFault(
            f"{row.dp_id} was replaced by {row.successor} of a later batch: unpublish that one first"
        )


def _bring_back(archive: Archive, connection: sa.Connection, batch: Batch, dp_ids: Sequence[str]) -> None:
    """Put the stored files where those of a batch wait: it may be published again, or returned and mended."""
    area = archive.area(batch)
    area.directory.mkdir(parents=True, exist_ok=True)
    columns = (FILE.c.dp_id, FILE.c.origfile, FILE.c.url, FILE.c.size, FILE.c.sha256, FILE.c.md5)
    query = sa.select(*columns).where(among(FILE.c.dp_id, dp_ids))
    for row in connection.execute(query).all():
        stored = path_of(row.url)
        if stored is None or not stored.is_file():
            raise FatalFault(f"the store does not have {row.dp_id}")
        part = area.directory / f".{row.dp_id}.part"
        part.unlink(missing_ok=True)
        link_or_copy(stored, part)
        settle(part, area.path(row.origfile))
        where = (BATCH_FILE.c.batch_id == batch.batch_id, BATCH_FILE.c.name == row.origfile)
        told = {"size": row.size, "sha256": row.sha256, "md5": row.md5}
        connection.execute(sa.update(BATCH_FILE).values(told).where(*where))


def _science(connection: sa.Connection, dp_ids: Sequence[str]) -> list[str]:
    query = sa.select(PRODUCTS.c.dp_id).where(
        among(PRODUCTS.c.dp_id, dp_ids), PRODUCTS.c.category.like(f"{SCIENCE}%")
    )
    return list(connection.scalars(query.order_by(PRODUCTS.c.dp_id)))


def _formers(connection: sa.Connection, dp_ids: Sequence[str]) -> list[str]:
    """What files replaced, where nothing else has come in their place since."""
    other = PRODUCTS.alias("other")
    has_other = (
        sa.exists()
        .where(other.c.collection == PRODUCTS.c.collection, other.c.origfile == PRODUCTS.c.origfile)
        .where(other.c.status == "current", ~among(other.c.dp_id, dp_ids))
    )
    query = sa.select(PRODUCTS.c.dp_id).where(
        among(PRODUCTS.c.successor, dp_ids), PRODUCTS.c.status == "obsolete", ~has_other
    )
    return list(connection.scalars(query))


def _tell(
    archive: Archive, connection: sa.Connection, change: str, dp_ids: Sequence[str], reason: str
) -> None:
    """Add to the changes, and count again what the releases have."""
    versions.tell(connection, change, dp_ids, reason)
    names = sa.select(PRODUCTS.c.collection).where(among(PRODUCTS.c.dp_id, dp_ids)).distinct()
    for collection in connection.scalars(names).all():
        summarise_releases(archive, connection, collection)
        connection.execute(sa.select(sa.func.pg_notify(PUBLISHED, collection)))
