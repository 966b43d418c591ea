"""What TAP tells about its tables: TAP_SCHEMA, VOSI tables and answers must say the same, in right words."""

import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

import astropy.units as u
from lxml import etree

from health.site import Site
from health.verdict import Check, Verdict
from health.vocabulary import obscore_columns, ucd_fault

OBSCORE = "ivoa.obscore"
#: What taplint, and its authors' reading of the table, want in the place of the standard's word.
ALSO = {("bib_reference", "ucd"): "meta.bib.bibcode"}
Row = Mapping[str, str]
#: What VOSI tables and TAP_SCHEMA both say of a column (TAP 1.1, TAP_SCHEMA.columns).
SAID_TWICE = ("unit", "ucd", "utype", "datatype", "arraysize", "xtype")


def checks() -> Iterator[Check]:
    """The checks of tables and columns."""
    yield Check("tap", "TAP_SCHEMA", look_at_tap_schema)
    yield Check("tap", "VOSI tables", look_at_vosi_tables)
    yield Check("tap", "columns", look_at_columns)
    yield Check("tap", "words", look_at_words)
    yield Check("tap", "ObsCore columns", look_at_obscore)


def read_columns(site: Site) -> Sequence[Row]:
    """The rows of TAP_SCHEMA.columns."""
    return site.query("SELECT * FROM TAP_SCHEMA.columns ORDER BY table_name, column_index")


@dataclass(frozen=True, slots=True)
class Told:
    """The rows of the five tables of TAP_SCHEMA."""

    schemas: Sequence[Row]
    tables: Sequence[Row]
    columns: Sequence[Row]
    keys: Sequence[Row]
    key_columns: Sequence[Row]

    @classmethod
    def by(cls, site: Site) -> "Told":
        """What a server tells."""
        return cls(*(site.query(f"SELECT * FROM TAP_SCHEMA.{name}") for name in cls.__slots__))  # noqa: S608

    def table_faults(self) -> Iterator[str]:
        """Tables of no schema or without columns, and columns of no table."""
        schemas = {row["schema_name"] for row in self.schemas}
        tables = {row["table_name"] for row in self.tables}
        filled = {row["table_name"] for row in self.columns}
        for row in self.tables:
            if row["schema_name"] not in schemas:
                yield f"{row['table_name']} is of the schema {row['schema_name']}, which is not told"
        for table in sorted(tables - filled):
            yield f"the table {table} has no columns"
        for table in sorted(filled - tables):
            yield f"there are columns of {table}, which is no table"

    def key_faults(self) -> Iterator[str]:
        """Keys of no table, and columns of no key or to no column."""
        tables = {row["table_name"] for row in self.tables}
        columns = {(row["table_name"], row["column_name"]) for row in self.columns}
        keys = {row["key_id"]: row for row in self.keys}
        for key in keys.values():
            for table in (key["from_table"], key["target_table"]):
                if table not in tables:
                    yield f"the key {key['key_id']} is about {table}, which is no table"
        for row in self.key_columns:
            own = keys.get(row["key_id"])
            if own is None:
                yield f"there are columns of the key {row['key_id']}, which is none"
                continue
            pairs = ((own["from_table"], row["from_column"]), (own["target_table"], row["target_column"]))
            for pair in pairs:
                if pair not in columns:
                    yield f"the key {row['key_id']} is about {'.'.join(pair)}, which is no column"


def look_at_tap_schema(site: Site) -> Verdict:
    """Whether the five tables refer to each other as they should (TAP 1.1, TAP_SCHEMA)."""
    told = Told.by(site)
    looked = f"{len(told.tables)} tables, {len(told.columns)} columns, {len(told.keys)} keys"
    return Verdict.of(looked, (*told.table_faults(), *told.key_faults()))


def look_at_vosi_tables(site: Site) -> Verdict:
    """Whether VOSI tables says of every column what TAP_SCHEMA says."""
    root = etree.fromstring(site.get("/tap/tables").body, etree.XMLParser(resolve_entities=False))
    told: dict[tuple[str, str], dict[str, str]] = {}
    for table in root.iter("table"):
        name = table.findtext("name", "")
        for column in table.iter("column"):
            told[name, column.findtext("name", "")] = _said(column)
    rows = {(row["table_name"], row["column_name"]): row for row in read_columns(site)}

    def faults() -> Iterator[str]:
        for table, column in sorted(rows.keys() - told.keys()):
            yield f"{table}.{column} is in TAP_SCHEMA only"
        for table, column in sorted(told.keys() - rows.keys()):
            yield f"{table}.{column} is in VOSI tables only"
        for key in sorted(rows.keys() & told.keys()):
            for field in SAID_TWICE:
                if (told[key][field] or "") != (rows[key][field] or ""):
                    yield (
                        f"{'.'.join(key)} has the {field} {told[key][field]!r} in VOSI tables and"
                        f" {rows[key][field]!r} in TAP_SCHEMA"
                    )

    return Verdict.of(f"{len(told)} columns are told alike", faults())


def _said(column: etree._Element) -> dict[str, str]:
    said = {field: column.findtext(field, "") for field in ("unit", "ucd", "utype", "dataType")}
    kind = column.find("dataType")
    return {
        **said,
        "datatype": said["dataType"],
        "arraysize": "" if kind is None else kind.get("arraysize", ""),
        "xtype": "" if kind is None else kind.get("extendedType", ""),
    }


def look_at_columns(site: Site) -> Verdict:
    """Whether every column that is told of can be queried and has the type that is told."""
    by_table: dict[str, list[Row]] = defaultdict(list)
    for row in read_columns(site):
        by_table[row["table_name"]].append(row)
    problems = [fault for table, rows in by_table.items() for fault in _answer_faults(site, table, rows)]
    return Verdict.of(f"{sum(map(len, by_table.values()))} columns answer", problems)


def _answer_faults(site: Site, table: str, rows: Sequence[Row]) -> Iterator[str]:
    """A query for all columns of a table; where that fails, for each of them."""
    wanted = ", ".join(row["column_name"] for row in rows)
    query = f"SELECT {wanted} FROM {table}"  # noqa: S608 (ADQL, which the server reads as everybody's)
    fields = _fields(site, query)
    if fields is None:
        found = [
            row["column_name"]
            for row in rows
            if _fields(site, f"SELECT {row['column_name']} FROM {table}") is None  # noqa: S608
        ]
        for name in found:
            yield f"{table}.{name} is in TAP_SCHEMA and cannot be queried"
        if not found:
            yield f"{table} cannot be queried for all of its columns"
        return
    for row, field in zip(rows, fields, strict=True):
        for attribute in ("datatype", "arraysize", "xtype", "unit", "ucd"):
            if (field.get(attribute) or "") != (row[attribute] or ""):
                yield (
                    f"{table}.{row['column_name']} has the {attribute} {field.get(attribute)!r} in an answer"
                    f" and {row[attribute]!r} in TAP_SCHEMA"
                )


def _fields(site: Site, query: str) -> list[Any] | None:
    """The FIELDs of an answer without rows; None where there is no answer."""
    reply = site.get(f"/tap/sync?LANG=ADQL&MAXREC=0&QUERY={quote_plus(query)}")
    if reply.status != 200:
        return None
    root = etree.fromstring(reply.body, etree.XMLParser(resolve_entities=False))
    return list(root.iter("{*}FIELD"))


def look_at_words(site: Site) -> Verdict:
    """Whether UCDs are made of UCD1+ words, and units are VOUnits 1.1."""
    rows = read_columns(site)

    def faults() -> Iterator[str]:
        for row in rows:
            name = f"{row['table_name']}.{row['column_name']}"
            if row["ucd"] and (fault := ucd_fault(row["ucd"])):
                yield f"{name}: the UCD {row['ucd']}: {fault}"
            if row["unit"] and (fault := unit_fault(row["unit"])):
                yield f"{name}: {fault}"

    silent = [f"{row['table_name']}.{row['column_name']}" for row in rows if not row["description"]]
    doubts = [f"without a description: {', '.join(silent[:5])}"] if silent else []
    return Verdict.of(f"UCDs and units of {len(rows)} columns", faults(), doubts)


def unit_fault(unit: str) -> str | None:
    """What is wrong with a unit (VOUnits 1.1); None when it is right."""
    if unit == "%":  # which the standard lists and astropy does not read
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("error", u.UnitsWarning)
        try:
            u.Unit(unit, format="vounit", parse_strict="raise")
        except (ValueError, u.UnitsWarning):
            return f"{unit!r} is no unit"
    return None


def look_at_obscore(site: Site) -> Verdict:
    """Whether ObsCore has the columns of the standard, with its types, units, UCDs and utypes."""
    rows = {
        row["column_name"].strip('"').lower(): row
        for row in read_columns(site)
        if row["table_name"].lower() == OBSCORE
    }

    def faults() -> Iterator[str]:
        for column in obscore_columns():
            row = rows.get(column.name)
            if row is None:
                if column.is_mandatory:
                    yield f"{column.name} is missing"
                continue
            for field in ("datatype", "unit", "ucd", "utype"):
                wanted, found = getattr(column, field), row[field] or ""
                allowed = {wanted.lower(), ALSO.get((column.name, field), wanted).lower()}
                # The unit of an error is that of the observable, which only the archive knows.
                if found.lower() not in allowed and (column.name, field) != ("o_stat_error", "unit"):
                    yield f"{column.name} has the {field} {found!r}, the standard {wanted!r}"
            if column.xtypes and row["xtype"] not in column.xtypes:
                yield f"{column.name} has the xtype {row['xtype']!r}, not {' or '.join(column.xtypes)}"

    return Verdict.of(f"{len(rows)} columns by ObsCore 1.1", faults())
