"""The tables that catalogue files make: tiles together, epochs beside their sources (SDP 12.2, 12.5.1)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.fitsfile import Hdu, Refused
from ingest.phase3.catalogues.columns import (
    MAIN_DEC,
    MAIN_ID,
    MAIN_RA,
    CatalogueColumn,
    Link,
    blocking,
    catalogue_columns,
)
from ingest.phase3.facts import COLUMN_KEYWORDS, column_keywords, listed
from ingest.phase3.finding import Finding, Mark
from ingest.phase3.product import LISTS, Product, opened
from ingest.phase3.standard import Standard
from vo_server.errors import UsageFault

MOST_TOLD = 20  #: findings in the message of a refusal
#: Takes what is wrong with a file.
Note = Callable[[Path, Iterable[Mark]], None]
_CATEGORIES = ("SCIENCE.CATALOG", "SCIENCE.MCATALOG", "SCIENCE.CATALOGTILE")


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one file: the number of the HDU that has them, and how many they are."""

    path: Path
    hdu: int
    rows: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of one file as its header tells it."""

    part: Part
    name: str
    keywords: tuple[tuple[str, ...], ...]
    columns: tuple[CatalogueColumn, ...]


@dataclass(frozen=True, slots=True)
class CatalogueFile:
    """What is known of a file from its headers.

    Attributes
    ----------
    name : str
        As its provider called it: ORIGFILE, else the name of the file.
    sheets : tuple of Sheet
        The catalogue, and behind it the tables of its epochs.
    tiles : tuple of str
        The files that a metadata file lists.
    """

    path: Path
    name: str
    category: str
    title: str
    frame: str
    reference: str
    is_epochs: bool
    sheets: tuple[Sheet, ...]
    tiles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CatalogueTable:
    """One table to be published.

    Attributes
    ----------
    part : str
        The extension, of a further table in the same files; empty for the catalogue itself.
    identifier : CatalogueColumn or None
        The column whose values are unique; None in a table of epochs that has none of its own.
    sources : tuple of CatalogueColumn, str, str
        The column that names the source of an epoch, with file and column of the sources.
    """

    part: str
    file: CatalogueFile
    parts: tuple[Part, ...]
    columns: tuple[CatalogueColumn, ...]
    identifier: CatalogueColumn | None
    sources: tuple[CatalogueColumn, str, str] | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files that it comes from, first the one that defines it."""
        names = (part.path.name for part in self.parts if part.path != self.file.path)
        return (self.file.name, *dict.fromkeys(names))

    @property
    def rows(self) -> int:
        """How many there will be."""
        return sum(part.rows for part in self.parts)

    def marked(self, ucd: str) -> CatalogueColumn | None:
        """The column with this UCD."""
        return next((column for column in self.columns if column.ucd == ucd), None)


def read_tables(
    paths: Sequence[Path], standard: Standard
) -> tuple[tuple[CatalogueTable, ...], tuple[Finding, ...]]:
    """The tables of a release's catalogue files, and what of them is left out.

    Raises
    ------
    UsageFault
        They cannot be published; the message has every reason.
    """
    findings: list[Finding] = []
    severe: list[Finding] = []

    def note(path: Path, marks: Iterable[Mark]) -> None:
        marks = list(marks)
        stops = blocking(marks)
        for mark in marks:
            (severe if mark in stops else findings).append(Finding.of(str(path), mark, standard))

    files = [_read(path, standard, note) for path in paths]
    tables = list(_tables([file for file in files if file is not None], note))
    if severe:
        told = [str(finding) for finding in severe[:MOST_TOLD]]
        if len(severe) > MOST_TOLD:
            told.append(f"and {len(severe) - MOST_TOLD} more")
        raise UsageFault("; ".join(told))
    if not tables:
        raise UsageFault("no file has a catalogue: wanted are files of SCIENCE.CATALOG or SCIENCE.MCATALOG")
    return tuple(tables), tuple(findings)


def _read(path: Path, standard: Standard, note: Note) -> CatalogueFile | None:
    try:
        with opened(path, standard) as product:
            return _described(path, product, note)
    except (Refused, OSError) as exc:
        raise UsageFault(f"{path} cannot be read: {exc}") from exc


def _described(path: Path, product: Product, note: Note) -> CatalogueFile | None:
    head = product.primary
    category = (head.text_of("PRODCATG") or "").upper()
    if category not in _CATEGORIES or product.category is None:
        note(path, [Mark("CATEGORY_UNKNOWN", category, 0, "PRODCATG", ", ".join(_CATEGORIES))])
        return None
    main = product.science
    if len(main) != 1:
        rule = "TABLE_SEVERAL" if main else "TABLE_MISSING"
        note(path, [Mark(rule, f"{len(main)} tables", main[1].index if main else None, "EXTNAME")])
        return None
    others = [hdu for hdu in product.extensions if hdu.is_table and hdu.name not in LISTS and hdu not in main]
    is_epochs = head.get("M_EPOCH") is True
    sheets = []
    for hdu in (*main, *others) if is_epochs else main:
        rows = product.rows(hdu)
        columns, marks = catalogue_columns(hdu)
        if rows is None and not blocking(marks):
            came = f"NAXIS1 = {hdu.get('NAXIS1')}, NAXIS2 = {hdu.get('NAXIS2')}"
            marks.append(Mark("COLUMN_FORMAT", came, hdu.index, "NAXIS1", "a row as long as its columns"))
        note(path, marks)
        part = Part(path, hdu.index, 0 if rows is None else len(rows))
        sheets.append(Sheet(part, hdu.name, tuple(column_keywords(hdu)), columns))
    return CatalogueFile(
        path=path,
        name=head.text_of("ORIGFILE") or path.name,
        category=category,
        title=main[0].text_of("TITLE") or head.text_of("TITLE") or head.text_of("OBJECT") or "",
        frame=_frame(head),
        reference=head.text_of("REFERENC") or "",
        is_epochs=is_epochs,
        sheets=tuple(sheets),
        tiles=listed(product, "PHASE3FILELIST", "ORIGFILE"),
    )


def _frame(head: Hdu) -> str:
    return head.text_of("RADESYS") or head.text_of("RADECSYS") or ""


def _tables(files: Sequence[CatalogueFile], note: Note) -> Iterator[CatalogueTable]:
    by_name = {name: file for file in files for name in (file.path.name, file.name)}
    listed_tiles: set[str] = set()
    for file in files:
        if file.category == "SCIENCE.CATALOGTILE":
            continue
        tiles = []
        for name in file.tiles if file.category == "SCIENCE.MCATALOG" else ():
            listed_tiles.add(name)
            if (tile := by_name.get(name)) is None:
                note(file.path, [Mark("TILE_MISSING", name, None, "ORIGFILE")])
            else:
                tiles.append(tile)
        if file.category == "SCIENCE.MCATALOG" and not file.tiles:
            note(file.path, [Mark("MCATALOG_FILES", "no tiles")])
        yield from _with_epochs(file, tiles, note)
    for file in files:
        if file.category == "SCIENCE.CATALOGTILE" and not {file.name, file.path.name} & listed_tiles:
            note(file.path, [Mark("TILE_ALONE", f"{file.name} is in no PHASE3FILELIST of these files")])


def _with_epochs(file: CatalogueFile, tiles: Sequence[CatalogueFile], note: Note) -> Iterator[CatalogueTable]:
    """The table of sources of one catalogue, and those of its epochs in the same files."""
    sources: CatalogueTable | None = None
    for number, sheet in enumerate(file.sheets):
        parts = [sheet.part]
        for tile in tiles:
            if len(tile.sheets) <= number:
                note(tile.path, [Mark("TABLE_MISSING", f"{len(tile.sheets)} tables")])
                continue
            note(tile.path, _differences(file, sheet, tile.sheets[number]))
            parts.append(tile.sheets[number].part)
        part = (sheet.name or "epochs") if number else ""
        made = CatalogueTable(part, file, tuple(part for part in parts if part.rows), sheet.columns, None)
        table, marks = _identified(made, sheet.part.hdu, sources)
        note(file.path, (*marks, *_positions(table, sheet.part.hdu)))
        sources = sources or table
        yield table


def _differences(file: CatalogueFile, wanted: Sheet, sheet: Sheet) -> Iterator[Mark]:
    hdu = sheet.part.hdu
    if len(sheet.keywords) != len(wanted.keywords):
        came = f"{len(sheet.keywords)} columns, {file.name} has {len(wanted.keywords)}"
        yield Mark("TILE_COLUMNS", came, hdu, "TFIELDS")
        return
    for number, (ours, theirs) in enumerate(zip(sheet.keywords, wanted.keywords, strict=True), 1):
        for word, our, their in zip(COLUMN_KEYWORDS, ours, theirs, strict=True):
            if our != their:
                came = f"{our!r} in column {ours[0]}, {file.name} has {their!r}"
                yield Mark("TILE_COLUMNS", came, hdu, f"{word}{number}", their)


def _identified(
    table: CatalogueTable, hdu: int, sources: CatalogueTable | None
) -> tuple[CatalogueTable, list[Mark]]:
    """``table`` with its identifier, and in a table of epochs with the column that names the source.

    A column that names the source of an epoch is no identifier of the row, whatever its UCD says.
    """
    table, marks = _with_sources(table, hdu, sources)
    named = table.sources[0].name if table.sources else ""
    columns = tuple(
        replace(column, ucd="meta.id") if column.name == named and column.ucd == MAIN_ID else column
        for column in table.columns
    )
    found = [column for column in columns if column.ucd == MAIN_ID]
    if len(found) > 1 or not (found or table.sources):
        names = ", ".join(column.name for column in found) or "no column"
        keyword = f"TUCD{found[1].stored.number}" if found else "TUCD1"
        marks.append(Mark("CATALOGUE_ID", names, hdu, keyword))
    elif found and (found[0].stored.code not in "AIJK" or found[0].size is not None):
        came = f"{found[0].name} has the format {found[0].stored.form}"
        marks.append(Mark("CATALOGUE_ID", came, hdu, f"TFORM{found[0].stored.number}"))
    return replace(table, columns=columns, identifier=found[0] if found else None), marks


def _with_sources(
    table: CatalogueTable, hdu: int, sources: CatalogueTable | None
) -> tuple[CatalogueTable, list[Mark]]:
    if sources is None:
        # A catalogue of epochs in a file of its own says by a link what its rows belong to.
        linked = [c for c in table.columns if c.ucd == MAIN_ID and c.link and c.link.kind == "CATALOG"]
        if table.file.is_epochs and linked and isinstance(linked[0].link, Link):
            told = (linked[0], linked[0].link.file, linked[0].link.target)
            return replace(table, sources=told), []
        return table, []
    main = sources.identifier
    if main is None:
        return table, []
    same = [column for column in table.columns if column.name.lower() == main.name.lower()]
    same += [column for column in table.columns if column.link and column.link.kind == "CATALOG"]
    same += [column for column in table.columns if column.ucd.split(";")[0] == "meta.id"]
    for column in same:
        if column.stored.code == main.stored.code or "A" not in (column.stored.code, main.stored.code):
            return replace(table, sources=(column, table.file.name, main.name)), []
    came = f"no column of the epochs names a source as {main.name} does"
    return table, [Mark("CATALOGUE_LINK", came, hdu, "TTYPE1", f"a column {main.name}")]


def _positions(table: CatalogueTable, hdu: int) -> Iterator[Mark]:
    pair = [table.marked(ucd) for ucd in (MAIN_RA, MAIN_DEC)]
    for column, ucd in zip(pair, (MAIN_RA, MAIN_DEC), strict=True):
        if column is None:
            if any(pair):
                yield Mark("CATALOGUE_POSITION", f"no column {ucd}", hdu, "TUCD1", ucd)
            continue
        number = column.stored.number
        if column.unit != "deg":
            yield Mark("CATALOGUE_POSITION", repr(column.stored.unit), hdu, f"TUNIT{number}", "deg")
        elif not column.stored.is_float or column.size is not None:
            yield Mark("CATALOGUE_POSITION", repr(column.stored.form), hdu, f"TFORM{number}", "E or D")
