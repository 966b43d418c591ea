"""The columns of a catalogue, from the keywords of its table to what a Felis document declares."""

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from astropy import units

from ingest.fitsfile import Hdu
from ingest.phase3.catalogues.naming import column_names
from ingest.phase3.columns import Column, columns_of, link_target, marked
from ingest.phase3.finding import Mark
from ingest.phase3.units import parse_unit, ucd_fault

MAIN_ID, MAIN_RA, MAIN_DEC = "meta.id;meta.main", "pos.eq.ra;meta.main", "pos.eq.dec;meta.main"
LONGEST_TEXT = 2000  #: characters of a description
#: TFORM -> Felis datatype. FITS 4.0, table 18.
DATATYPES = {
    "L": "boolean", "X": "boolean", "B": "byte", "I": "short", "J": "int", "K": "long", "E": "float",
    "D": "double", "A": "string",
}  # fmt: skip
_NO_VECTOR = {"P": "of variable length", "Q": "of variable length", "C": "complex", "M": "complex"}
_UTYPE = re.compile(r"(?:[A-Za-z][\w.-]*:)?[A-Za-z][\w.\[\]-]*")


@dataclass(frozen=True, slots=True)
class Link:
    """Where the values of a column lead: TXLNK, and for catalogues TXRGF and TXCTY (SDP 12.3)."""

    kind: str
    file: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class CatalogueColumn:
    """One column: how it lies in the file, and how it is published.

    Attributes
    ----------
    stored : Column
        In the file.
    datatype : str
        Of Felis.
    null : int or None
        What stands for no value in a scalar column of integers.
    """

    stored: Column
    name: str
    datatype: str
    description: str
    unit: str = ""
    ucd: str = ""
    utype: str = ""
    null: int | None = None
    link: Link | None = None

    @property
    def size(self) -> int | None:
        """Elements of a vector; None for single values and for text."""
        is_vector = self.stored.code != "A" and self.stored.repeat > 1
        return self.stored.repeat if is_vector else None

    def declaration(self, *, is_principal: bool, nullable: bool) -> dict[str, Any]:
        """The column as a Felis document has it."""
        fields: dict[str, Any] = {"name": self.name, "datatype": self.datatype}
        if self.datatype == "string":
            fields["length"] = self.stored.repeat
        fields["description"] = self.description
        if self.size is not None:
            fields["votable:arraysize"] = str(self.size)
        if not nullable:
            fields["nullable"] = False
        for key, value in (("ivoa:unit", self.unit), ("ivoa:ucd", self.ucd), ("votable:utype", self.utype)):
            if value:
                fields[key] = value
        if is_principal:
            fields["tap:principal"] = 1
        return fields


def catalogue_columns(hdu: Hdu) -> tuple[tuple[CatalogueColumn, ...], list[Mark]]:
    """The columns of a table, and what is wrong with them.

    Those that `blocking` does not give tell what was left out.
    """
    columns = columns_of(hdu)
    marks = list(_wrong(hdu, columns))
    found = []
    for column, name in zip(columns, column_names([column.name for column in columns]), strict=True):
        if column.repeat and column.code in DATATYPES:
            unit, ucd, told = _meaning(hdu, column)
            marks += told
            found.append(_declared(hdu, column, name, unit, ucd))
    return tuple(found), marks


def blocking(marks: Sequence[Mark]) -> list[Mark]:
    """Those of ``marks`` with which a table cannot be published."""
    return [mark for mark in marks if mark.rule not in ("UNIT_FORM", "UCD_FORM", "COLUMN_EMPTY")]


def _wrong(hdu: Hdu, columns: Sequence[Column]) -> Iterator[Mark]:
    if not columns:
        yield Mark("TABLE_MISSING", f"TFIELDS = {hdu.get('TFIELDS')}", hdu.index, "TFIELDS")
    seen: dict[str, int] = {}
    for column in columns:
        number, form = column.number, f"TFORM{column.number}"
        if column.name and column.name.lower() in seen:
            came = f"{column.name}, also column {seen[column.name.lower()]}"
            yield Mark("COLUMN_TWICE", came, hdu.index, f"TTYPE{number}")
        seen.setdefault(column.name.lower(), number)
        if column.code in _NO_VECTOR:
            came = f"{column.form!r}: the values are {_NO_VECTOR[column.code]}"
            yield Mark("COLUMN_FORMAT", came, hdu.index, form, mend="write columns of real numbers")
        elif not column.code:
            yield Mark("COLUMN_FORMAT", repr(column.form), hdu.index, form)
        elif not column.repeat:
            yield Mark("COLUMN_EMPTY", f"{column.name} has no elements", hdu.index, form)
        for word, plain in (("TSCAL", 1), ("TZERO", 0)):
            if (value := hdu.get(f"{word}{number}")) not in (None, plain):
                came = f"{word}{number} = {value!r}"
                yield Mark("KEYWORD_FORBIDDEN", came, hdu.index, f"{word}{number}", mend="write plain values")
    for ucd in (MAIN_RA, MAIN_DEC):
        if len(found := marked(columns, ucd)) > 1:
            came = ", ".join(column.name for column in found)
            yield Mark("CATALOGUE_POSITION", came, hdu.index, f"TUCD{found[1].number}", f"one column {ucd}")


def _declared(hdu: Hdu, column: Column, name: str, unit: str, ucd: str) -> CatalogueColumn:
    number = column.number
    kind = (hdu.text_of(f"TXLNK{number}") or "").upper()
    file, target = link_target(hdu, number)
    null = hdu.get(f"TNULL{number}")
    is_null = column.is_integer and isinstance(null, int) and not isinstance(null, bool)
    # Positions are searched as doubles; every float is one.
    is_position = ucd in (MAIN_RA, MAIN_DEC) and column.is_float and column.repeat == 1
    made = CatalogueColumn(
        stored=column,
        name=name,
        datatype="double" if is_position else DATATYPES[column.code],
        description="",
        unit=unit,
        ucd=ucd,
        utype=column.utype if _UTYPE.fullmatch(column.utype) else "",
        null=null if is_null and column.repeat == 1 else None,  # type: ignore[arg-type]
        link=Link(kind, file or "", target or "") if kind else None,
    )
    return replace(made, description=_description(hdu, made))


def _description(hdu: Hdu, made: CatalogueColumn) -> str:
    column, number = made.stored, made.stored.number
    told = hdu.text_of(f"TCOMM{number}") or f"Column {column.name or number} of the catalogue"
    notes = []
    if made.name != column.name:
        called = f"is called {column.name!r}" if column.name else "has no name"
        notes.append(f"in the file it {called}")
    if column.unit and (not made.unit or _is_deprecated(column.unit)):
        notes.append(f"the file gives the unit as {column.unit!r}")
    if (shape := hdu.text_of(f"TDIM{number}")) and shape != f"({column.repeat})":
        notes.append(f"the elements have the shape {shape}")
    if column.code == "X" and column.repeat > 1:
        notes.append("the bits, first the most significant")
    if column.is_integer and column.repeat > 1 and (null := hdu.get(f"TNULL{number}")) is not None:
        notes.append(f"{null} stands for no value")
    notes += _link_notes(made.link)
    text = "; ".join((told.rstrip(" .;"), *notes))
    return "".join(letter for letter in text if letter.isprintable())[:LONGEST_TEXT]


def _link_notes(link: Link | None) -> Iterator[str]:
    match link.kind if link else "":
        case "ARCFILE":
            yield "names a file of this archive, see the column with its dp_id"
        case "ORIGFILE":
            yield "names a file as its provider called it (ORIGFILE in its header)"
        case "PROV":
            yield "names the file from which the row was made"
        case "CATALOG" if link:
            yield f"refers to {link.target} of the catalogue {link.file}"
        case _:
            return


def _meaning(hdu: Hdu, column: Column) -> tuple[str, str, list[Mark]]:
    """Unit and UCD as the VO writes them, empty where the file's are none, and marks of that."""
    marks = []
    unit, ucd = vounit(column.unit), column.ucd
    if unit is None:
        marks.append(Mark("UNIT_FORM", repr(column.unit), hdu.index, f"TUNIT{column.number}"))
    if ucd and (fault := ucd_fault(ucd)):
        marks.append(Mark("UCD_FORM", f"{ucd}: {fault}", hdu.index, f"TUCD{column.number}"))
        ucd = ""
    # The words have no case (UCD1+, 2.1); what looks for the main columns compares them as they are listed.
    return unit or "", ucd.lower() if ucd.lower() in (MAIN_ID, MAIN_RA, MAIN_DEC) else ucd, marks


@lru_cache(maxsize=4096)
def vounit(text: str) -> str | None:
    """A FITS unit as VOUnits writes it, empty for none; None for what is no unit.

    Units that VOUnits 1.0 deprecates (angstrom, erg) are written by those that it keeps.
    """
    if text.strip() == "%":
        return "%"
    unit = parse_unit(text)
    if unit is None:
        return None
    if unit == units.dimensionless_unscaled:
        return ""
    with warnings.catch_warnings():
        warnings.simplefilter("error", units.UnitsWarning)
        try:
            written = str(unit.to_string("vounit", deprecations="convert"))
            units.Unit(written, format="vounit", parse_strict="raise")
        except (ValueError, TypeError, units.UnitsError, units.UnitsWarning):
            return None
    return written


def _is_deprecated(text: str) -> bool:
    """Whether VOUnits writes the unit otherwise than people do."""
    unit = parse_unit(text)
    try:
        return bool(unit is not None and unit.to_string("vounit", deprecations="silent") != vounit(text))
    except (ValueError, TypeError, units.UnitsError):
        return False
