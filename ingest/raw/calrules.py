"""Reading our own rules, the language ``calrules/1``: YAML, one file for each instrument.

Here only ``classify`` (an ordered list of ``{tag, raw_type, when}``, the last that matches wins) and
``derived`` (keywords with the value of a condition) become rules; set-ups, validity ranges and actions say
how calibrations belong to frames. A condition in ``when`` is a plain value (equality), or one of ``tokens``
(all of these words, in any order), ``any_token``, ``in``, ``like``, ``like_any`` (wildcard ``%``) and
``regex``.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from ingest.raw import conditions
from ingest.raw.conditions import Comparison, Condition, Every, Keyword, Literal, Words
from ingest.raw.oca import MAX_SIZE, Classification
from vo_server.errors import UsageFault

LANGUAGE = "calrules/1"


def read(path: Path) -> tuple[str, tuple[Classification, ...]] | None:
    """Instrument (INSTRUME) and classification rules of a file; None for YAML of another kind.

    Raises
    ------
    UsageFault
        It cannot be read, or a rule is malformed; the message names rule and keyword.
    """
    try:
        if path.stat().st_size > MAX_SIZE:
            raise UsageFault(f"{path.name} has more than {MAX_SIZE} bytes")
        text = path.read_text(encoding="utf-8")
        document = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe in C
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise UsageFault(f"{path.name} cannot be read: {exc}") from exc
    if not isinstance(document, dict) or document.get("language") != LANGUAGE:
        return None
    try:
        return str(document["instrument"]), classifications(document)
    except KeyError as exc:
        raise UsageFault(f"{path.name}: {exc.args[0]} is missing") from exc
    except (AttributeError, TypeError) as exc:
        raise UsageFault(f"{path.name}: a value has another form than {LANGUAGE} has: {exc}") from exc
    except UsageFault as exc:
        raise UsageFault(f"{path.name}: {exc}") from exc


def classifications(document: Mapping[str, Any]) -> tuple[Classification, ...]:
    """The rules of ``classify``, each followed by what is derived of every file."""
    rules = []
    for number, rule in enumerate(document["classify"], 1):
        try:
            when = [_condition(str(keyword), wanted) for keyword, wanted in rule["when"].items()]
            values = {"DO.CATG": rule["tag"], "RAW.TYPE": rule.get("raw_type")}
        except (KeyError, AttributeError, TypeError) as exc:
            raise UsageFault(f"classify, rule {number}: wanted are tag, when and perhaps raw_type") from exc
        except UsageFault as exc:
            raise UsageFault(f"classify, rule {number} ({rule.get('tag')}): {exc}") from exc
        assignments = [(name, Literal(str(value))) for name, value in values.items() if value is not None]
        rules.append(Classification(Every(tuple(when)), tuple(assignments)))
    for name, wanted in (document.get("derived") or {}).items():
        condition = _condition(wanted["key"], {k: v for k, v in wanted.items() if k != "key"})
        rules.append(Classification(Literal(True), ((str(name), condition),)))
    return tuple(rules)


def _any_of(keyword: str, operator: str, values: Any) -> Condition:
    return conditions.Any(tuple(Comparison(Keyword(keyword), operator, Literal(value)) for value in values))


def _words(values: Any) -> frozenset[str]:
    return frozenset(str(value).upper() for value in values)


def _matching(keyword: str, pattern: Any) -> Condition:
    conditions.expression(str(pattern))
    return Comparison(Keyword(keyword), "regexp", Literal(str(pattern)))


_TESTS: Mapping[str, Callable[[str, Any], Condition]] = {
    "tokens": lambda keyword, values: Words(keyword, _words(values)),
    "any_token": lambda keyword, values: Words(keyword, _words(values), every=False),
    "in": lambda keyword, values: _any_of(keyword, "==", values),
    "like": lambda keyword, value: Comparison(Keyword(keyword), "like", Literal(str(value))),
    "like_any": lambda keyword, values: _any_of(keyword, "like", values),
    "regex": _matching,
}


def _condition(keyword: str, wanted: Any) -> Condition:
    if not isinstance(wanted, dict):
        return Comparison(Keyword(keyword), "==", Literal(wanted))
    if unknown := wanted.keys() - _TESTS.keys():
        allowed = ", ".join(_TESTS)
        raise UsageFault(f"{keyword}: {', '.join(map(str, unknown))} is not known; known are {allowed}")
    for test in ("tokens", "any_token", "in", "like_any"):
        if test in wanted and not isinstance(wanted[test], list):
            raise UsageFault(f"{keyword}: {test} wants a list")
    return Every(tuple(_TESTS[test](keyword, value) for test, value in wanted.items()))
