"""Versions of the standard from their TOML files: a version extends another and says what differs."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from ingest.expression import Expression, compile_expression
from ingest.phase3.standard.model import Category, Keyword, Note, Obligation, Rule, Standard
from vo_server.errors import UsageFault

VERSIONS = ("6", "8")
_DOCUMENTS = {"rules": "rules.toml", "6": "v6.toml", "8": "v8.toml"}
_TABLES = ("categories", "keywords", "notes", "rules")
_BOUNDS = {"min": "low", "max": "high"}


@cache
def load(version: str = "8") -> Standard:
    """The standard of ``version``, or of a TOML file that extends one.

    Raises
    ------
    UsageFault
        There is no such version, or the file says what cannot be.
    """
    return _standard(_merged(version, ()))


def _merged(version: str, above: tuple[str, ...]) -> dict[str, Any]:
    """The document of ``version`` over those that it extends."""
    if version in above:
        raise UsageFault(f"the standard {version} extends itself")
    document = _document(version)
    base = document.pop("extends", None)
    if base is None:
        return document
    return _over(_merged(str(base), (*above, version)), document)


def _document(version: str) -> dict[str, Any]:
    if name := _DOCUMENTS.get(version):
        return tomllib.loads(files("ingest.phase3.standard").joinpath(name).read_text(encoding="utf-8"))
    path = Path(version)
    if not path.is_file():
        raise UsageFault(f"there is no standard {version!r}; there are {', '.join(VERSIONS)} and TOML files")
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise UsageFault(f"{path.name} is not TOML: {exc}") from exc
    if "extends" not in document:
        raise UsageFault(f'{path.name} must say which version it extends: extends = "8"')
    return document


def _over(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """``above`` laid over ``below``; a table with ``removed = true`` takes its entry away."""
    merged = dict(below)
    for key, value in above.items():
        if isinstance(value, dict) and value.get("removed"):
            merged.pop(key, None)
        elif isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _over(merged[key], value)
        else:
            merged[key] = value
    return merged


def _standard(document: Mapping[str, Any]) -> Standard:
    tables: dict[str, dict[str, Any]] = {name: {} for name in _TABLES}
    makers = {"categories": _category, "keywords": _keyword, "notes": _note, "rules": _rule}
    for table, make in makers.items():
        for key, fields in document.get(table, {}).items():
            try:
                tables[table][key] = make(key, dict(fields))
            except (TypeError, KeyError, ValueError, re.error) as exc:
                raise UsageFault(f"{table}.{key} of the standard cannot be read: {exc}") from exc
    head = {name: document.get(name) for name in ("version", "title", "hduvers")}
    reserved = frozenset(map(str, document.get("reserved_columns", ())))
    number = int(head["hduvers"] or 0)
    return Standard(str(head["version"]), str(head["title"]), number, **tables, reserved_columns=reserved)


def _expression(fields: dict[str, Any], name: str) -> Expression | None:
    text = fields.pop(name, None)
    return compile_expression(text) if text else None


def _category(key: str, fields: dict[str, Any]) -> Category:
    needs = tuple(fields.pop("needs", ()))
    return Category(key, needs=needs, when=_expression(fields, "when"), **fields)


def _note(_: str, fields: dict[str, Any]) -> Note:
    return Note(when=_expression(fields, "when"), **fields)


def _rule(name: str, fields: dict[str, Any]) -> Rule:
    that, when = _expression(fields, "that"), _expression(fields, "when")
    return Rule(name, that=that, when=when, categories=tuple(fields.pop("categories", ())), **fields)


def _keyword(name: str, fields: dict[str, Any]) -> Keyword:
    uses = {key: Obligation.parse(code) for key, code in fields.pop("use").items()}
    if "default" not in uses:
        raise ValueError("use has no default")
    pattern = fields.pop("pattern", None)
    for told, field in _BOUNDS.items():
        if told in fields:
            fields[field] = fields.pop(told)
    return Keyword(
        name,
        uses=uses,
        pattern=re.compile(pattern) if pattern else None,
        allowed=tuple(fields.pop("allowed", ())),
        spellings=tuple(fields.pop("spellings", ())),
        **fields,
    )
