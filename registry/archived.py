"""The state of the archive that records are made of, read at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from registry.cells import collection_cells, pixels_moc, table_pixels
from registry.holdings import Holding, Kinds, made_from_raw, read_holdings
from registry.resource import Coverage
from vo_server.archive import SCHEMA_DOCUMENT
from vo_server.catalog import Sizes, read_catalog, read_sizes
from vo_server.coverage import ALL, Coverages
from vo_server.errors import VoError
from vo_server.products import OBSCORE, ObsCore
from vo_server.tables import Catalog, Schema, Table


@dataclass(frozen=True, slots=True)
class Archived:
    """What there is to publish.

    Attributes
    ----------
    whole : Holding
        All collections together.
    made_from_raw : frozenset of str
        Collections whose products name raw files of the archive as their origin.
    described : mapping
        When a schema was last declared, by its lower-case name.
    cells : mapping
        MOCs in ASCII by collection; that of everything under the empty name.
    kinds : mapping
        What services find that are for products of some types, by these types.
    kind_cells : mapping
        MOCs in ASCII of that.
    table_cells : mapping
        MOCs in ASCII by the name of a table, or of a schema with all of its tables; lower case.
    """

    catalog: Catalog
    whole: Holding
    collections: tuple[Holding, ...] = ()
    made_from_raw: frozenset[str] = frozenset()
    described: Mapping[str, str] = field(default_factory=dict)
    cells: Mapping[str, str] = field(default_factory=dict)
    table_cells: Mapping[str, str] = field(default_factory=dict)
    sizes: Sizes = field(default_factory=dict)
    kinds: Mapping[Kinds, Holding] = field(default_factory=dict)
    kind_cells: Mapping[Kinds, str] = field(default_factory=dict)

    def only(self, name: str) -> tuple[Schema, ...]:
        """The schema of a table with that table alone; nothing where there is no such table."""
        return tuple(
            replace(schema, tables=(replace(table, keys=()),))
            for schema in self.catalog.schemas
            for table in schema.tables
            if table.name.lower() == name.lower()
        )

    def declared(self, name: str) -> dict[str, str]:
        """When a schema, or that of a table, was last declared, as the date of a record."""
        date = self.described.get(name.lower().partition(".")[0])
        return {"Updated": date} if date else {}

    def coverage(self, holding: Holding, root_url: str) -> Coverage:
        """Where a collection, or everything, has products."""
        spatial = self.cells.get(holding.name, "")
        return Coverage(
            spatial=spatial,
            temporal=holding.days,
            spectral=holding.energies,
            footprint=f"{root_url}/moc/{quote(holding.name or ALL, safe='')}" if spatial else "",
            wavebands=holding.wavebands,
        )

    def found_by(self, product_types: Kinds) -> Holding:
        """What a service for products of these types finds; for no types, all there is."""
        return self.kinds.get(product_types, Holding("", 0)) if product_types else self.whole

    def service_coverage(self, product_types: Kinds, root_url: str) -> Coverage:
        """Where there is something for a service for products of these types."""
        if not product_types:
            return self.coverage(self.whole, root_url)
        # There is no finer MOC of these to point to.
        everything = self.coverage(self.found_by(product_types), root_url)
        return replace(everything, spatial=self.kind_cells.get(product_types, ""), footprint="")

    def table_coverage(self, table: Table, root_url: str) -> Coverage:
        """Where a table has rows, by its positions; those of ObsCore tell time and spectrum, too."""
        spatial = self.table_cells.get(table.name.lower(), "")
        if table.name.lower() == OBSCORE:
            return replace(self.coverage(self.whole, root_url), spatial=spatial, footprint="")
        return Coverage(spatial=spatial)

    def schema_coverage(self, schema: Schema, root_url: str) -> Coverage:
        """Where the tables of a schema have rows."""
        if any(table.name.lower() == OBSCORE for table in schema.tables):
            return self.coverage(self.whole, root_url)
        return Coverage(spatial=self.table_cells.get(schema.name.lower(), ""))


def read_stamp(engine: sa.Engine) -> tuple[Any, ...]:
    """Tells at little cost whether the archive may have changed since it was read."""
    obs = ObsCore.read().relation.c
    with engine.connect() as connection:
        products = sa.select(sa.func.count(), sa.func.max(obs.last_mod_date), sa.func.max(obs.dp_id))
        declared = sa.select(sa.func.count(), sa.func.max(SCHEMA_DOCUMENT.c.updated))
        return (*connection.execute(products).one(), *connection.execute(declared).one())


def read_archive(engine: sa.Engine, state_dir: Path, kinds: Iterable[Kinds] = ()) -> Archived:
    """Read it; coverages that are not known yet are made and kept.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        May read the archive's own tables and all published ones.
    kinds : iterable of tuple of str
        Types of products (``dataproduct_type``) that there are services for.
    """
    coverages = Coverages(engine, state_dir / "mocs")
    with engine.connect() as connection:
        catalog = read_catalog(connection)
        held = read_holdings(connection, kinds)
        names = [holding.name for holding in held.collections]
        from_raw = made_from_raw(connection, names)
        pixels = {table.name: table_pixels(connection, table) for table in catalog.tables}
        described = {
            row.schema_name: row.updated.strftime("%Y-%m-%d")
            for row in connection.execute(sa.select(SCHEMA_DOCUMENT.c.schema_name, SCHEMA_DOCUMENT.c.updated))
        }
    cells = {name: _cells(coverages, name) for name in names}
    if names:
        cells[""] = _cells(coverages, ALL)
    kind_cells = {
        kind: _cells(coverages, ALL, kind) for kind, holding in held.kinds.items() if holding.products
    }
    sizes = {relation: rounded(count) for relation, count in read_sizes(engine).items()}
    tables = {name.lower(): pixels_moc(found) for name, found in pixels.items()}
    for schema in catalog.schemas:
        together = frozenset[int]().union(*(pixels[table.name] for table in schema.tables))
        tables[schema.name.lower()] = pixels_moc(together)
    return Archived(
        catalog,
        held.whole,
        held.collections,
        from_raw,
        described,
        cells,
        tables,
        sizes,
        held.kinds,
        kind_cells,
    )


def _cells(coverages: Coverages, name: str, product_types: Kinds = ()) -> str:
    try:
        return collection_cells(coverages, name, product_types)
    except VoError:
        # It went while we looked: the next look knows it no more.
        return ""


def rounded(count: int) -> int:
    """A number of rows with two digits: a record should not change with every row."""
    unit: int = 10 ** max(len(str(count)) - 2, 0)
    return round(count / unit) * unit
