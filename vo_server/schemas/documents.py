"""Felis documents as `Schema` values.

Felis (PyPI ``lsst-felis``) defines the form of a document and checks it, see `vo_server.schemas.checks`. That
costs two seconds of imports, so a document that was checked before is only read here, without Felis.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from vo_server.schemas.reserved import RESERVED
from vo_server.tables import Column, ForeignKey, Index, PointIndex, RegionIndex, Schema, Table

#: The built-in schemas in the order in which clients see them.
BUILTIN = ("ivoa", "dbo", "phase3", "provenance", "header", "health", "tap_schema")

#: Felis datatype -> VOTable datatype.
DATATYPES = {
    "boolean": "boolean",
    "byte": "unsignedByte",
    "short": "short",
    "int": "int",
    "long": "long",
    "float": "float",
    "double": "double",
    "char": "char",
    "string": "char",
    "text": "char",
    "timestamp": "char",
    "unicode": "unicodeChar",
}
_REGULAR = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@cache
def builtin() -> tuple[Schema, ...]:
    """The schemas that every archive has."""
    return tuple(read(document(name)) for name in BUILTIN)


def document(name: str) -> str:
    """The Felis document of the built-in schema ``name``."""
    return files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")


def read(text: str) -> Schema:
    """The schema that a checked Felis document declares."""
    fields = load(text)
    return Schema(
        name=fields["name"],
        description=fields.get("description") or "",
        tables=tuple(_table(fields["name"], table) for table in fields["tables"]),
        utype=fields.get("votable:utype") or "",
    )


def load(text: str) -> Any:
    """The plain values of a YAML document."""
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe in C


def _table(schema: str, fields: Mapping[str, Any]) -> Table:
    name = fields["name"]
    ids = {
        column.get("@id", f"#{name}.{column['name']}"): column["name"].lower() for column in fields["columns"]
    }
    primary_key = tuple(ids[ref] for ref in _listed(fields.get("primaryKey")))
    points = tuple(
        PointIndex(p["ra"].lower(), p["dec"].lower(), p.get("hpx", "hpx").lower())
        for p in fields.get("vo:points", ())
    )
    regions = tuple(
        RegionIndex(r["region"].lower(), r["shape"].lower(), r["box"].lower())
        for r in fields.get("vo:regions", ())
    )
    indexes = tuple(_indexes(fields, ids))
    leading = {index.columns[0] for index in indexes} | {name for p in points for name in (p.ra, p.dec)}
    leading |= {r.region for r in regions} | set(primary_key[:1])
    systems = dict.fromkeys(map(str.lower, fields.get("vo:mjd", ())), "MJD")
    systems |= dict.fromkeys([name for p in points for name in (p.ra, p.dec)], "ICRS")
    systems |= dict.fromkeys([r.region for r in regions], "ICRS")
    columns = tuple(_column(column, leading, primary_key, systems) for column in fields["columns"])
    description = fields.get("description") or ""
    if "vo:extends" in fields:
        return _view(f"{schema}.{name}", description, columns, fields)
    return Table(
        name=f"{schema}.{name}",
        description=description,
        columns=columns,
        utype=fields.get("votable:utype") or "",
        table_index=fields.get("tap:table_index") or 0,
        points=points,
        regions=regions,
        keys=tuple(_keys(schema, fields, ids)),
        primary_key=primary_key,
        indexes=indexes,
        is_view=bool(fields.get("vo:view")),
        files=tuple(fields.get("vo:files", ())),
    )


def _view(name: str, description: str, columns: tuple[Column, ...], fields: Mapping[str, Any]) -> Table:
    """A view of a built-in table with more columns (``vo:extends``, only in documents of ours)."""
    parent = next(
        table for schema in builtin() for table in schema.tables if table.name == fields["vo:extends"]
    )
    key = ForeignKey(f"{name}_dp_id", ("dp_id",), parent.name, ("dp_id",), "The same file")
    return replace(
        parent,
        name=name,
        description=description,
        columns=(*parent.columns, *columns),
        table_index=fields.get("tap:table_index") or 0,
        keys=(key,),
        primary_key=(),
        indexes=(),
        is_view=True,
    )


def _column(
    fields: Mapping[str, Any], leading: set[str], primary_key: tuple[str, ...], systems: Mapping[str, str]
) -> Column:
    name, datatype = fields["name"], fields["datatype"]
    return Column(
        name=name,
        datatype=DATATYPES[datatype],
        arraysize=_arraysize(fields),
        xtype=fields.get("votable:xtype") or ("timestamp" if datatype == "timestamp" else ""),
        unit=fields.get("ivoa:unit") or fields.get("fits:tunit") or "",
        ucd=fields.get("ivoa:ucd") or "",
        utype=fields.get("votable:utype") or "",
        description=fields.get("description") or "",
        principal=bool(fields.get("tap:principal")),
        std=bool(fields.get("tap:std")),
        indexed=name.lower() in leading,
        nullable=fields.get("nullable", True) and name.lower() not in primary_key,
        delimited=name.upper() in RESERVED or not _REGULAR.fullmatch(name),
        system="UTC" if datatype == "timestamp" else systems.get(name.lower(), ""),
    )


def _arraysize(fields: Mapping[str, Any]) -> str | None:
    """The VOTable arraysize, as answers have it.

    That of text counts bytes, and Felis's length counts characters: no bound is told.
    """
    if fields.get("votable:arraysize") is not None:
        return str(fields["votable:arraysize"])
    return "*" if DATATYPES[fields["datatype"]] in ("char", "unicodeChar") else None


def _indexes(fields: Mapping[str, Any], ids: Mapping[str, str]) -> Iterable[Index]:
    for index in fields.get("indexes", ()):
        yield Index(index["name"].lower(), tuple(ids[ref] for ref in index["columns"]))
    for constraint in fields.get("constraints", ()):
        if constraint["@type"] == "Unique":
            columns = tuple(ids[ref] for ref in constraint["columns"])
            yield Index(constraint["name"].lower(), columns, unique=True)


def _keys(schema: str, fields: Mapping[str, Any], ids: Mapping[str, str]) -> Iterable[ForeignKey]:
    """Relations to other tables: Felis's foreign keys stay in the schema, ``vo:keys`` may leave it."""
    for key in fields.get("vo:keys", ()):
        columns = tuple(map(str.lower, key["columns"]))
        targets = tuple(map(str.lower, key["target_columns"]))
        yield ForeignKey(f"{schema}.{key['id']}", columns, key["target"], targets, key.get("description", ""))
    for constraint in fields.get("constraints", ()):
        if constraint["@type"] == "ForeignKey":
            columns = tuple(ids[ref] for ref in constraint["columns"])
            refs = [ref.removeprefix("#").partition(".") for ref in constraint["referencedColumns"]]
            yield ForeignKey(
                f"{schema}.{constraint['name']}",
                columns,
                f"{schema}.{refs[0][0]}",
                tuple(name.lower() for _, _, name in refs),
                constraint.get("description") or "",
            )


def _listed(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else value or []
