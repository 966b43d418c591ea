"""Reading the mappings: TOML files that come with the product, and the operator's own."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from ingest.derive import DERIVATIONS
from ingest.mapping import Collection, Match, build
from ingest.rules import Rule, parse_rule
from vo_server import schemas
from vo_server.errors import UsageFault
from vo_server.tables import Table

#: Kind of file -> the published table of its rows.
TABLES = {"raw": "dbo.raw", "product": "ivoa.obscore", "ancillary": None}
_KEYS = frozenset({"name", "title", "kind", "priority", "extends", "abstract", "match", "fields", "columns"})
_MATCH_KEYS = frozenset({"header", "missing", "path"})
Document = dict[str, Any]


@cache
def presets() -> tuple[Collection, ...]:
    """The mappings that come with the product."""
    return load_collections([files("ingest.presets")])


def load_collections(directories: Iterable[Traversable | Path]) -> tuple[Collection, ...]:
    """Every mapping in ``directories``; a name in a later one replaces that of an earlier.

    Raises
    ------
    UsageFault
        A file is not TOML or not a mapping; the message names the file, the column and what is wrong.
    """
    documents: dict[str, tuple[str, Document]] = {}
    for directory in directories:
        for entry in sorted(directory.iterdir(), key=lambda entry: entry.name):
            if entry.name.endswith(".toml"):
                document = _read(entry)
                documents[document["name"]] = (entry.name, document)
    collections = []
    for name, (source, document) in documents.items():
        try:
            whole = _inherit(name, documents)
            if not document.get("abstract", False):
                collections.append(_collection(whole))
        except UsageFault as exc:
            raise UsageFault(f"{source}: {exc}") from exc
    return tuple(collections)


def _read(entry: Traversable | Path) -> Document:
    try:
        document = tomllib.loads(entry.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as exc:
        raise UsageFault(f"{entry.name}: {exc}") from exc
    if unknown := document.keys() - _KEYS:
        allowed = ", ".join(sorted(_KEYS))
        raise UsageFault(f"{entry.name}: {', '.join(sorted(unknown))}: not known; known are {allowed}")
    document.setdefault("name", entry.name.removesuffix(".toml"))
    return document


def _inherit(
    name: str, documents: Mapping[str, tuple[str, Document]], below: tuple[str, ...] = ()
) -> Document:
    """The document with what it ``extends`` beneath: columns and fields one by one, the rest as a whole."""
    if name in below:
        raise UsageFault(f"these mappings extend each other: {' -> '.join((*below, name))}")
    if name not in documents:
        raise UsageFault(
            f"extends {name!r}, which is not a mapping; there are {', '.join(sorted(documents))}"
        )
    document = documents[name][1]
    if "extends" not in document:
        return document
    parent = _inherit(document["extends"], documents, (*below, name))
    merged = {key: {**parent.get(key, {}), **document.get(key, {})} for key in ("fields", "columns")}
    return {**parent, **document, **merged}


def _collection(document: Document) -> Collection:
    kind = document.get("kind")
    if kind not in TABLES:
        raise UsageFault(f"kind is {kind!r}; allowed are {', '.join(TABLES)}")
    table = _table(TABLES[kind])
    columns = table.by_name if table else {}
    if strange := document.get("columns", {}).keys() - columns.keys():
        raise UsageFault(f"{', '.join(sorted(strange))}: not columns of {table.name if table else kind}")
    if both := document.get("fields", {}).keys() & columns.keys():
        raise UsageFault(f"fields.{', '.join(sorted(both))}: the name is that of a column")
    rules = {
        field: _rules(f"{group}.{field}", value)
        for group in ("fields", "columns")
        for field, value in document.get(group, {}).items()
    }
    return build(document["name"], document, _match(document.get("match", {})), table, rules)


@cache
def _table(name: str | None) -> Table | None:
    tables = (table for schema in schemas.builtin() for table in schema.tables)
    return next((table for table in tables if table.name.lower() == name), None)


def _rules(place: str, value: Any) -> list[Rule]:
    """One rule or a list of them."""
    try:
        return [parse_rule(rule, DERIVATIONS) for rule in (value if isinstance(value, list) else [value])]
    except UsageFault as exc:
        raise UsageFault(f"{place}: {exc}") from exc


def _match(fields: Mapping[str, Any]) -> Match:
    if unknown := fields.keys() - _MATCH_KEYS:
        allowed = ", ".join(sorted(_MATCH_KEYS))
        raise UsageFault(f"match.{', '.join(sorted(unknown))}: not known; known are {allowed}")
    headers = [(keyword.upper(), _listed(value)) for keyword, value in fields.get("header", {}).items()]
    headers += [(keyword.upper(), ()) for keyword in _listed(fields.get("missing", ()))]
    return Match(tuple(headers), _listed(fields.get("path", ())))


def _listed(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(str(one) for one in value)
