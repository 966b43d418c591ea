"""Publishing catalogues: tables are filled beside the others, and take their place in a transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import sqlalchemy as sa

from ingest.catalogue import Reading
from ingest.filling import Owned, Place, fill, move
from ingest.phase3.catalogues.declaration import Declaration, declare
from ingest.phase3.catalogues.document import stored_document, with_tables, without_table, without_target
from ingest.phase3.catalogues.naming import Naming
from ingest.phase3.catalogues.reading import batches
from ingest.phase3.catalogues.tables import CatalogueTable, read_tables
from ingest.phase3.catalogues.targets import Published
from ingest.phase3.finding import Finding
from ingest.phase3.standard import Standard, load
from vo_server import schemas
from vo_server.archive import SCHEMA_DOCUMENT
from vo_server.catalog import publish_schema, read_catalog, unpublish_schema
from vo_server.errors import NotFoundFault, UsageFault
from vo_server.progress import Progress, silent
from vo_server.tables import Table


@dataclass(frozen=True, slots=True)
class StagedTable:
    """A table that is filled and indexed, and that nobody sees yet."""

    declared: Table
    fields: Mapping[str, Any] = field(repr=False)
    relation: sa.Table = field(repr=False)
    rows: int

    @property
    def name(self) -> str:
        """The full name under which it will be seen."""
        return self.declared.name


@dataclass(frozen=True, slots=True)
class Staged:
    """What `stage` has made; as a context it is dropped at the end, as far as it has not taken its place.

    Attributes
    ----------
    findings : tuple of Finding
        What of the files was left out: units and UCDs that are none, links that lead nowhere.
    """

    schema: str
    description: str
    tables: tuple[StagedTable, ...]
    findings: tuple[Finding, ...]
    place: Place = field(repr=False)

    def close(self) -> None:
        """Drop what has not taken its place; after the transaction in which it did."""
        self.place.close()

    def __enter__(self) -> "Staged":
        """The tables themselves."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()


def stage(
    files: Sequence[Path],
    naming: Naming,
    database: Owned,
    progress: Progress | None = None,
    standard: str = "8",
) -> Staged:
    """Fill and index the tables of catalogue files, in transactions of its own.

    Nobody sees them before `take_place`. A process that is killed leaves nothing that is seen; the next one
    that publishes drops it.

    Parameters
    ----------
    files : sequence of Path
        Catalogues (SCIENCE.CATALOG), or metadata files (SCIENCE.MCATALOG) with all of their tiles.
    naming : Naming
        Collection and release.
    progress : callable, optional
        Called as ``progress(rows done, rows, what)``.
    standard : str
        Version or file of the standard, for the words of findings.

    Raises
    ------
    UsageFault
        The files cannot be published; the message names each reason with file, HDU and keyword.
    """
    rules = load(standard)
    tables, findings = read_tables(files, rules)
    with database.owner.connect() as connection:
        published = Published(naming, read_catalog(connection))
    names = published.names(tables)
    declared = [
        declare(table, name, naming, published.targets) for table, name in zip(tables, names, strict=True)
    ]
    told = [
        Finding.of(str(table.file.path), mark, rules)
        for table, made in zip(tables, declared, strict=True)
        for mark in made.marks
    ]
    description = f"Catalogues of the collection {naming.collection}"
    document = with_tables(None, naming.schema, description, [each.fields for each in declared])
    schema = schemas.parse(document)
    place = Place(database)
    try:
        staged = tuple(
            _fill(place, database, table, made, one, progress or silent, rules)
            for table, made, one in zip(tables, schema.tables, declared, strict=True)
        )
    except BaseException:
        place.close()
        raise
    return Staged(naming.schema, description, staged, (*findings, *told), place)


def _fill(
    place: Place,
    database: Owned,
    table: CatalogueTable,
    declared: Table,
    declaration: Declaration,
    progress: Progress,
    standard: Standard,
) -> StagedTable:
    relation = place.relation(declared)
    spelled = {column.name.lower(): column.name.lower() for column in declared.columns}
    reading = Reading(declared, relation, spelled, table.rows, progress)
    rows = batches(table.parts, table.columns, declaration.dp_ids, standard)
    named = ", ".join(table.files[:3])
    with database.owner.begin() as connection:
        fill(connection, relation, declared.primary_key, reading.pieces(rows), named, progress)
    return StagedTable(declared, declaration.fields, relation, reading.done)


def take_place(connection: sa.Connection, staged: Staged) -> None:
    """Put staged tables where clients look for them, in the caller's transaction: rows, rights, TAP_SCHEMA.

    A table of the same name makes room. Queries on it are waited for, and new ones wait until the transaction
    ends: call this late in it.

    Raises
    ------
    UsageFault
        A table of that name has been published from another file since.
    """
    document = stored_document(connection, staged.schema)
    known = {} if document is None else {t.name.lower(): t for t in schemas.read(document).tables}
    for table in staged.tables:
        former = known.get(table.name.lower())
        if former is not None and former.files[:1] != table.declared.files[:1]:
            raise UsageFault(f"{table.name} was published in this moment from another file: publish again")
    fields = [table.fields for table in staged.tables]
    document = with_tables(document, staged.schema, staged.description, fields)
    for table in staged.tables:
        move(connection, table.relation, staged.schema)
    publish_schema(connection, schemas.parse(document), document)


def withdraw(connection: sa.Connection, table_name: str) -> None:
    """Take a table away with what TAP_SCHEMA says about it, in the caller's transaction.

    The schema goes with its last table, and relations of other tables to this one go, too.

    Parameters
    ----------
    table_name : str
        The full name, ``vhs.dr1_sources``, in any case.

    Raises
    ------
    NotFoundFault
        No catalogue of that name is published.
    """
    schema, _, name = table_name.lower().partition(".")
    document = None if schema in schemas.BUILTIN else stored_document(connection, schema)
    known = () if document is None else schemas.read(document).tables
    found = next((table for table in known if table.relation == (schema, name)), None)
    if document is None or found is None:
        raise NotFoundFault(f"no catalogue is published as {table_name[:120]}")
    preparer = connection.dialect.identifier_preparer
    connection.exec_driver_sql(f"DROP TABLE {preparer.quote(schema)}.{preparer.quote(name)}")
    rest = without_table(document, name)
    if rest is None:
        unpublish_schema(connection, schemas.read(document))
    else:
        publish_schema(connection, schemas.read(rest), rest)
    _forget(connection, schema, f"{schema}.{name}")


def _forget(connection: sa.Connection, schema: str, target: str) -> None:
    """Take the relations of other schemas to a table away."""
    others = sa.select(SCHEMA_DOCUMENT.c.schema_name).where(
        SCHEMA_DOCUMENT.c.schema_name.not_in([schema, *schemas.BUILTIN]),
        SCHEMA_DOCUMENT.c.document.icontains(target, autoescape=True),
    )
    for name in connection.scalars(others.order_by(SCHEMA_DOCUMENT.c.schema_name)).all():
        document = stored_document(connection, name)
        if document is None:
            continue
        keys = [key for table in schemas.read(document).tables for key in table.keys]
        if any(key.target.lower() == target for key in keys):
            rest = without_target(document, target)
            publish_schema(connection, schemas.read(rest), rest)


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A table that clients see."""

    name: str
    rows: int


def publish_catalogue(
    files: Sequence[Path],
    naming: Naming,
    database: Owned,
    progress: Progress | None = None,
    standard: str = "8",
) -> tuple[tuple[PublishedTable, ...], tuple[Finding, ...]]:
    """Publish the tables of catalogue files: `stage`, then `take_place` in a transaction of its own.

    Returns
    -------
    tuple of PublishedTable, tuple of Finding
        The tables, and what of the files was left out.
    """
    with stage(files, naming, database, progress, standard) as staged:
        with database.owner.begin() as connection:
            take_place(connection, staged)
        tables = tuple(PublishedTable(table.name, table.rows) for table in staged.tables)
        return tables, staged.findings
