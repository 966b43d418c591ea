"""What a catalogue's table declares in its Felis document: columns, positions, indexes and relations."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ingest.phase3.catalogues.columns import MAIN_DEC, MAIN_ID, MAIN_RA, CatalogueColumn, Link
from ingest.phase3.catalogues.naming import Naming, column_names
from ingest.phase3.catalogues.tables import CatalogueTable
from ingest.phase3.finding import Mark

#: File and column of a catalogue -> table and column here; None where there is no such one.
Targets = Callable[[str, str], tuple[str, str] | None]


@dataclass(frozen=True, slots=True)
class Declaration:
    """The entry of a table in the document of its schema.

    Attributes
    ----------
    fields : mapping
        The table as YAML has it.
    dp_ids : tuple of tuple of str
        Columns that the files do not have: their name, and the column of names of files that gives them.
    marks : tuple of Mark
        Links that lead nowhere.
    """

    fields: Mapping[str, Any]
    dp_ids: tuple[tuple[str, str], ...]
    marks: tuple[Mark, ...]


def declare(table: CatalogueTable, name: str, naming: Naming, targets: Targets) -> Declaration:
    """How ``table`` is published under ``name``, in the schema of ``naming``."""
    dp_ids = tuple(_dp_ids(table))
    columns = [_column(table, column) for column in table.columns]
    columns += [_dp_id(table, name, source) for name, source in dp_ids]
    fields: dict[str, Any] = {"name": name, "description": _described(table, naming)}
    if table.identifier is not None:
        fields["primaryKey"] = f"#{name}.{table.identifier.name}"
    ra, dec = table.marked(MAIN_RA), table.marked(MAIN_DEC)
    if ra is not None and dec is not None:
        taken = {str(column["name"]).lower() for column in columns}
        (hpx,) = column_names(["hpx"], taken)
        fields["vo:points"] = [{"ra": ra.name, "dec": dec.name, "hpx": hpx}]
    fields["vo:files"] = list(table.files)
    keys, marks = _keys(table, name, dp_ids, targets)
    if keys:
        fields["vo:keys"] = keys
    fields["columns"] = columns
    if indexes := list(_indexes(table, name, dp_ids)):
        fields["indexes"] = indexes
    return Declaration(fields, dp_ids, tuple(marks))


def _column(table: CatalogueTable, column: CatalogueColumn) -> dict[str, Any]:
    is_identifier = table.identifier is not None and column.name == table.identifier.name
    is_source = table.sources is not None and column.name == table.sources[0].name
    is_principal = is_identifier or is_source or column.ucd.endswith(";meta.main")
    return column.declaration(is_principal=is_principal, nullable=not is_identifier)


def _described(table: CatalogueTable, naming: Naming) -> str:
    file = table.file
    what = "Epochs of the sources of" if table.sources else "Sources of"
    title = f"{what} {file.title}" if file.title else f"{what} {file.name}"
    told = [f"{title}: catalogue of {naming.collection} {naming.release}", f"made from {file.name}"]
    if len(table.files) > 1:
        told[-1] += f" and {len(table.files) - 1} tiles"
    if table.marked(MAIN_RA) is not None and file.frame not in ("", "ICRS"):
        told.append(f"positions are of {file.frame} as the file has them, searches take them as ICRS")
    if file.reference:
        told.append(f"reference {file.reference}")
    return "".join(letter for letter in "; ".join(told) if letter.isprintable())


def _dp_ids(table: CatalogueTable) -> Iterator[tuple[str, str]]:
    """For each link to the archive's files a column by which queries join them and clients follow them.

    The first is called ``dp_id``: results with a column of that name describe the archive's DataLink service.
    """
    taken = {column.name.lower() for column in table.columns}
    for column in table.columns:
        if column.link and column.link.kind == "ARCFILE" and column.stored.code == "A":
            wanted = "dp_id" if "dp_id" not in taken else f"dp_id_{column.name.lower()}"
            (name,) = column_names([wanted], taken)
            taken.add(name)
            yield name, column.name.lower()


def _dp_id(table: CatalogueTable, name: str, source: str) -> dict[str, Any]:
    column = next(column for column in table.columns if column.name.lower() == source)
    return {
        "name": name,
        "datatype": "string",
        "length": column.stored.repeat,
        "description": f"Identifier (dp_id) in ivoa.ObsCore of the file that {column.name} names;"
        " the archive's DataLink service takes it as ID",
        "ivoa:ucd": "meta.id;meta.file",
    }


def _keys(
    table: CatalogueTable, name: str, dp_ids: tuple[tuple[str, str], ...], targets: Targets
) -> tuple[list[dict[str, Any]], list[Mark]]:
    keys: list[dict[str, Any]] = []
    marks = []

    def add(column: str, target: str, target_column: str, description: str) -> None:
        keys.append(
            {
                "id": f"{name}_key{len(keys) + 1}",
                "columns": [column],
                "target": target,
                "target_columns": [target_column],
                "description": description,
            }
        )

    for dp_id, source in dp_ids:
        add(dp_id, "ivoa.ObsCore", "dp_id", f"The file that {source} names")
    for column, link in _linked(table):
        if (found := targets(link.file, link.target)) is None:
            came = f"{link.file!r} has no published column {link.target!r}"
            keyword = f"TXRGF{column.stored.number}"
            marks.append(Mark("CATALOGUE_LINK_TARGET", came, table.file.sheets[0].part.hdu, keyword))
        elif column.size is None:
            add(column.name, *found, f"The row of {found[0]} to which the row belongs")
    return keys, marks


def _linked(table: CatalogueTable) -> Iterator[tuple[CatalogueColumn, Link]]:
    """The columns that name a row of a catalogue, and which."""
    source = table.sources[0].name if table.sources else None
    for column in table.columns:
        if table.sources and column.name == source:
            yield column, Link("CATALOG", table.sources[1], table.sources[2])
        elif column.link and column.link.kind == "CATALOG":
            yield column, column.link


def _indexes(
    table: CatalogueTable, name: str, dp_ids: tuple[tuple[str, str], ...]
) -> Iterator[dict[str, Any]]:
    """B-trees on what tables are joined by; the identifier has one as the primary key."""
    joined = [column.name for column, _ in _linked(table) if column.size is None and column.ucd != MAIN_ID]
    joined += [dp_id for dp_id, _ in dp_ids]
    for number, column in enumerate(joined, 1):
        yield {"name": f"{name}_index{number}", "columns": [f"#{name}.{column}"]}
