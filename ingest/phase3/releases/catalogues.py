"""The tables of catalogues, made of stored files, as releases are published and taken back."""

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from ingest.phase3.catalogues import Naming, Staged, stage, take_place, withdraw
from ingest.phase3.catalogues.tables import read_tables
from ingest.phase3.facts import facts_of
from ingest.phase3.product import opened
from ingest.phase3.releases.archive import Archive
from ingest.phase3.standard import load
from vo_server.archive import FILE, among
from vo_server.errors import FatalFault, UsageFault
from vo_server.files.stores import path_of
from vo_server.progress import Progress
from vo_server.submissions.published import PRODUCTS

#: Categories of files with a table of their own; tiles belong to the table of their metadata file.
TABLES = ("SCIENCE.CATALOG", "SCIENCE.MCATALOG")
TILE = "SCIENCE.CATALOGTILE"


@dataclass(frozen=True, slots=True)
class CatalogueFile:
    """A file of catalogues: its identifier, category, the name that its provider gave it, and where it is."""

    dp_id: str
    category: str
    origfile: str
    path: Path


@contextmanager
def staged(
    archive: Archive,
    collection: str,
    release: str,
    standard: str,
    files: Sequence[CatalogueFile],
    progress: Progress | None = None,
    without: Sequence[str] = (),
) -> Iterator[Staged | None]:
    """The tables of catalogue files, filled beside those that are seen; None where no file has one.

    What has not taken its place at the end of the block is dropped. Files ``without`` are no tiles of them.

    Raises
    ------
    UsageFault
        A catalogue cannot be a table.
    """
    if not any(file.category in TABLES for file in files):
        yield None
        return
    naming = Naming(collection, release)
    with (
        _linked(archive, collection, standard, files, without) as named,
        stage(named, naming, archive, progress, standard) as tables,
    ):
        yield tables


def check_tables(archive: Archive, collection: str, standard: str, files: Sequence[CatalogueFile]) -> None:
    """Whether catalogue files can be tables, without making any.

    Raises
    ------
    UsageFault
        They cannot; the message has every reason.
    """
    if any(file.category in TABLES for file in files):
        with _linked(archive, collection, standard, files) as named:
            read_tables(named, load(standard))


@contextmanager
def _linked(
    archive: Archive,
    collection: str,
    standard: str,
    files: Sequence[CatalogueFile],
    without: Sequence[str] = (),
) -> Iterator[list[Path]]:
    """Catalogue files, and the tiles that they need, under the names of their provider in one directory."""
    with tempfile.TemporaryDirectory(prefix="vo-server-catalogues-") as directory:
        named = []
        for file in [*files, *_other_tiles(archive, collection, standard, files, without)]:
            link = Path(directory, file.origfile)
            link.symlink_to(file.path)
            named.append(link)
        try:
            yield named
        except UsageFault as exc:
            raise UsageFault(str(exc).replace(f"{directory}/", "")) from exc


def _other_tiles(
    archive: Archive,
    collection: str,
    standard: str,
    files: Sequence[CatalogueFile],
    without: Sequence[str],
) -> Iterator[CatalogueFile]:
    """Tiles that metadata files list, that are current, and that did not come again with them."""
    listed: set[str] = set()
    for file in files:
        if file.category == "SCIENCE.MCATALOG":
            with opened(file.path, load(standard)) as product:
                listed.update(facts_of(product).tiles)
    missing = listed - {file.origfile for file in files}
    if missing:
        with archive.owner.connect() as connection:
            for file in current_files(connection, collection, (TILE,)):
                if file.origfile in missing and file.dp_id not in without:
                    yield file


def current_files(
    connection: sa.Connection, collection: str, categories: Sequence[str], dp_ids: Sequence[str] | None = None
) -> list[CatalogueFile]:
    """The stored files of some categories that are current; of ``dp_ids``, whatever their status."""
    query = (
        sa.select(PRODUCTS.c.dp_id, PRODUCTS.c.category, PRODUCTS.c.origfile, FILE.c.url)
        .join(FILE, FILE.c.dp_id == PRODUCTS.c.dp_id)
        .where(PRODUCTS.c.collection == collection, among(PRODUCTS.c.category, categories))
        .order_by(PRODUCTS.c.origfile)
    )
    query = query.where(PRODUCTS.c.status == "current" if dp_ids is None else among(PRODUCTS.c.dp_id, dp_ids))
    found = []
    for row in connection.execute(query):
        path = path_of(row.url)
        if path is None:
            raise FatalFault(f"the store does not have {row.dp_id}")
        found.append(CatalogueFile(row.dp_id, row.category, row.origfile, path))
    return found


def show(connection: sa.Connection, tables: Staged, files: Sequence[CatalogueFile]) -> None:
    """Let staged tables be seen, inside the caller's transaction, and note which file each is of."""
    take_place(connection, tables)
    names: defaultdict[str, list[str]] = defaultdict(list)
    for table in tables.tables:
        # The first of its files is the catalogue, or the metadata file of its tiles.
        names[table.declared.files[0]].append(table.name)
    # A table of the same name has made room.
    former = among(PRODUCTS.c.table_name, [" ".join(each) for each in names.values()])
    connection.execute(sa.update(PRODUCTS).values(table_name=None).where(former))
    for file in files:
        if file.origfile in names:
            told = sa.update(PRODUCTS).values(table_name=" ".join(names[file.origfile]))
            connection.execute(told.where(PRODUCTS.c.dp_id == file.dp_id))


def are_public(connection: sa.Connection, files: Sequence[CatalogueFile]) -> bool:
    """Whether everybody may have these files by now, and so their rows."""
    query = sa.select(sa.func.count()).where(
        among(FILE.c.dp_id, [file.dp_id for file in files]), FILE.c.release_date > sa.func.clock_timestamp()
    )
    return not connection.scalar(query)


def hide(connection: sa.Connection, dp_ids: Sequence[str]) -> None:
    """Take the tables of catalogues away, inside the caller's transaction."""
    query = sa.select(PRODUCTS.c.table_name).where(
        among(PRODUCTS.c.dp_id, dp_ids), PRODUCTS.c.table_name.is_not(None)
    )
    for names in connection.scalars(query.order_by(PRODUCTS.c.table_name)).all():
        for name in names.split():
            withdraw(connection, name)
    gone = sa.update(PRODUCTS).values(table_name=None)
    connection.execute(gone.where(among(PRODUCTS.c.dp_id, dp_ids)))
