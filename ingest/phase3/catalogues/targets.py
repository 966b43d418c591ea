"""What is published already: names that are taken, and the tables to which links lead."""

from collections.abc import Iterator, Sequence

from ingest.phase3.catalogues.columns import MAIN_ID
from ingest.phase3.catalogues.naming import Naming, schema_name
from ingest.phase3.catalogues.tables import CatalogueTable
from vo_server.errors import UsageFault
from vo_server.tables import Catalog, Table


class Published:
    """The tables of the archive, and those of a release that come to them."""

    def __init__(self, naming: Naming, catalog: Catalog) -> None:
        self._naming, self._catalog = naming, catalog
        self._coming: list[tuple[CatalogueTable, str]] = []

    def names(self, tables: Sequence[CatalogueTable]) -> list[str]:
        """The name of each of ``tables``, without schema.

        A table that was made from the same file before gives its name to the new one; any other keeps it.

        Raises
        ------
        UsageFault
            One name was given for the tables of several files.
        """
        if self._naming.name and len({table.file.name for table in tables}) > 1:
            raise UsageFault("one name was given for several catalogues: publish them one by one")
        for table in tables:
            others = {each.relation[1] for each in self._known() if each.files[:1] != table.files[:1]}
            others |= {name for _, name in self._coming}
            self._coming.append((table, self._naming.table(table.file.name, table.part, others)))
        return [name for _, name in self._coming]

    def targets(self, file: str, column: str) -> tuple[str, str] | None:
        """The table of a catalogue and its column, where it has that one.

        Parameters
        ----------
        file : str
            The file of the catalogue, or its collection, whose last table with that identifier is meant.
        """
        for table, name in self._coming:
            if file in (table.file.name, table.file.path.name) and table.sources is None:
                for known in table.columns:
                    if column.lower() in (known.name.lower(), known.stored.name.lower()):
                        return f"{self._naming.schema}.{name}", known.name
        for made in reversed(list(self._catalog.tables)):
            found = made.by_name.get(column.lower())
            if found is None:
                continue
            if file in made.files or (found.ucd == MAIN_ID and made.relation[0] == _schema(file)):
                return made.name, found.name
        return None

    def _known(self) -> Iterator[Table]:
        """The tables of the collection."""
        yield from (table for table in self._catalog.tables if table.relation[0] == self._naming.schema)


def _schema(collection: str) -> str | None:
    try:
        return schema_name(collection)
    except UsageFault:
        return None
