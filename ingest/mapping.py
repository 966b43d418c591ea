"""Declarative mappings, one TOML file per collection: which file is which, and what its columns are.

A mapping is checked when it is loaded, not when the file comes that trips over it: columns, derivations,
names in expressions, units, and the order in which the fields can be computed.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from graphlib import CycleError, TopologicalSorter
from typing import Any

from astropy import units

from ingest.fitsfile import FitsFile
from ingest.report import Explained, Finding
from ingest.rules import Rule, Underivable
from vo_server.errors import UsageFault
from vo_server.tables import Column, Table

#: Columns that the archive itself fills, by table.
ARCHIVE_COLUMNS = {
    "ivoa.obscore": frozenset(
        {
            "dp_id", "obs_publisher_did", "access_url", "access_format", "access_estsize", "preview_html",
            "publication_date", "last_mod_date",
        }
    ),
    "dbo.raw": frozenset(
        {
            "dp_id", "access_url", "datalink_url", "access_estsize", "last_mod_date", "raw_type", "do_catg",
            "rule_set", "classification",
        }
    ),
}  # fmt: skip
_BOUNDS = {
    "s_ra": (0.0, 360.0), "s_dec": (-90.0, 90.0), "ra": (0.0, 360.0), "dec": (-90.0, 90.0),
    "ra_pnt": (0.0, 360.0), "dec_pnt": (-90.0, 90.0), "calib_level": (0, 4), "em_min": (0, math.inf),
    "em_max": (0, math.inf), "s_fov": (0, 360), "t_exptime": (0, math.inf), "exposure": (0, math.inf),
}  # fmt: skip
_INTEGERS = {"short": 15, "int": 31, "long": 63}


@dataclass(frozen=True, slots=True)
class Match:
    """Which files a mapping is for; every condition must hold.

    Attributes
    ----------
    headers : tuple
        Pairs of a keyword and patterns (``SCIENCE.*``) of which one must match its value in one of the first
        two headers; no patterns: the keyword must be absent.
    paths : tuple of str
        Patterns of which one must match the path; empty: any path.
    """

    headers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    paths: tuple[str, ...] = ()

    def __call__(self, file: FitsFile) -> bool:
        """Whether ``file`` is one of those."""
        if self.paths and not any(fnmatchcase(file.path, pattern) for pattern in self.paths):
            return False
        return all(self._holds(file, keyword, patterns) for keyword, patterns in self.headers)

    @staticmethod
    def _holds(file: FitsFile, keyword: str, patterns: tuple[str, ...]) -> bool:
        values = [str(value) for hdu in file.hdus[:2] if (value := hdu.get(keyword)) is not None]
        if not patterns:
            return not values
        return any(fnmatchcase(value, pattern) for value in values for pattern in patterns)


@dataclass(frozen=True, slots=True)
class Field:
    """A column, or a value on the way to one, and the rules for it: the first that gives a value wins."""

    name: str
    rules: tuple[tuple[Rule, float], ...]  #: each with the factor from its unit to the column's
    column: Column | None


@dataclass(frozen=True, slots=True)
class Mapped:
    """The values of one file and what was wrong on the way."""

    fields: dict[str, Any]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Collection:
    """One collection's mapping; ``fields`` are in an order in which they can be computed."""

    name: str
    title: str
    kind: str
    priority: int
    match: Match
    table: Table | None
    fields: tuple[Field, ...]

    def apply(self, file: FitsFile) -> Mapped:
        """The columns of ``file``, null where unknown; a value that cannot be is left out, with a finding."""
        values: dict[str, Any] = {}
        findings: dict[tuple[str, str], Finding] = {}
        for field in self.fields:
            value, _, wrong = _evaluate(field, file, values)
            values[field.name] = value
            findings |= {(finding.rule, finding.message): finding for finding in wrong}
        row = {field.name: values[field.name] for field in self.fields if field.column is not None}
        return Mapped(row, tuple(findings.values()))

    def explain(self, file: FitsFile) -> list[Explained]:
        """Each field, its value, and the rule that gave it; in the order of the table, other fields first."""
        values: dict[str, Any] = {}
        rows = []
        for field in self.fields:
            value, rule, wrong = _evaluate(field, file, values)
            values[field.name] = value
            origin = rule.origin(file) if rule else "; ".join(f.message for f in wrong) or "unknown"
            rows.append(Explained(field.name, value, origin))
        place = {
            column.name: number for number, column in enumerate(self.table.columns if self.table else ())
        }
        return sorted(rows, key=lambda row: place.get(row.column, -1))


def _evaluate(
    field: Field, file: FitsFile, values: Mapping[str, Any]
) -> tuple[Any, Rule | None, list[Finding]]:
    findings: list[Finding] = []
    for rule, factor in field.rules:
        try:
            value = rule.value(file, values)
            if value is None:
                continue
            if factor != 1.0:
                value = float(value) * factor
            if field.column is not None:
                value = _convert(field.column, value)
        except Underivable as exc:
            findings.append(Finding(file.path, exc.rule, exc.message, exc.hdu, exc.keyword))
        except (ValueError, TypeError, OverflowError, UsageFault) as exc:
            message = f"{field.name} from {rule.origin(file)}: {exc}"
            findings.append(Finding(file.path, "KEYWORD_VALUE", message))
        else:
            if value is not None:
                return value, rule, findings
    return None, None, findings


def _convert(column: Column, value: Any) -> Any:
    """``value`` as the column's type.

    Raises
    ------
    ValueError
        It is not of that type, or out of the column's range.
    """
    if column.xtype == "timestamp":
        return as_instant(value)
    if column.is_text:
        return _as_text(value)
    number = float(value) if not isinstance(value, int) else value
    if not math.isfinite(number):
        return None
    low, high = _BOUNDS.get(column.name, (-math.inf, math.inf))
    if not low <= number <= high:
        raise ValueError(f"{value!r} is not between {low} and {high}")
    if bits := _INTEGERS.get(column.datatype):
        whole = int(number)
        if whole != number or abs(whole) >> bits:
            raise ValueError(f"{value!r} is not an integer of {bits + 1} bits")
        return whole
    return float(number)


def _as_text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "T" if value else "F"
    return str(value).strip() or None


def as_instant(value: Any) -> datetime:
    """An instant (UTC, without zone) from ISO 8601 text or MJD.

    Raises
    ------
    ValueError
        Neither of these.
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return datetime.fromtimestamp((value - 40587.0) * 86400.0, UTC).replace(tzinfo=None)
    text = str(value).strip()
    found = datetime.fromisoformat(text)
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def build(
    name: str, head: Mapping[str, Any], match: Match, table: Table | None, rules: Mapping[str, Sequence[Rule]]
) -> Collection:
    """A checked mapping.

    Raises
    ------
    UsageFault
        A column does not exist, is the archive's own or may not be null and has no rule; a unit cannot become
        the column's; fields need each other in a circle, or one that is not there.
    """
    columns = table.by_name if table else {}
    own = ARCHIVE_COLUMNS.get(table.name.lower(), frozenset()) if table else frozenset()
    if taken := own & rules.keys():
        raise UsageFault(f"{', '.join(sorted(taken))}: the archive itself fills these columns")
    given = {name for name, found in rules.items() if found}
    if table and (bare := {c.name for c in table.columns if not c.nullable} - own - given):
        raise UsageFault(f"{', '.join(sorted(bare))} of {table.name} may not be null and must have a rule")
    fields = [_field(field, rules[field], columns.get(field)) for field in _order(rules)]
    return Collection(
        name, str(head.get("title", name)), str(head["kind"]), int(head.get("priority", 0)), match, table,
        tuple(fields),
    )  # fmt: skip


def _field(name: str, rules: Sequence[Rule], column: Column | None) -> Field:
    return Field(name, tuple((rule, _factor(name, rule, column)) for rule in rules), column)


def _factor(name: str, rule: Rule, column: Column | None) -> float:
    """What a value in the rule's unit must be multiplied with to be in the column's."""
    if column is None or not rule.unit:
        return 1.0
    if not column.unit:
        raise UsageFault(f"{name}: the column has no unit, the rule says {rule.unit!r}")
    try:
        # Kilobytes aside, every unit of the published tables is known to astropy's FITS or VO units.
        return float(units.Unit(rule.unit).to(units.Unit(column.unit)))
    except (units.UnitConversionError, ValueError) as exc:
        raise UsageFault(f"{name}: {rule.unit!r} cannot become {column.unit!r}, the column's unit") from exc


def _order(rules: Mapping[str, Sequence[Rule]]) -> Iterable[str]:
    """The fields, each behind those that it needs."""
    needs = {name: set().union(*(rule.needs for rule in found)) for name, found in rules.items()}
    for name, wanted in needs.items():
        if absent := wanted - rules.keys():
            raise UsageFault(f"{name}: needs {', '.join(sorted(absent))}, which no rule gives")
    try:
        return tuple(TopologicalSorter(needs).static_order())
    except CycleError as exc:
        raise UsageFault(f"these fields need each other: {' -> '.join(exc.args[1])}") from exc


Choose = Callable[[FitsFile], Collection | None]


def choose(mappings: Iterable[Collection], file: FitsFile) -> Collection | None:
    """The mapping for ``file``: the first that matches, those of high priority first, then by name."""
    ordered = sorted(mappings, key=lambda mapping: (-mapping.priority, mapping.name))
    return next((mapping for mapping in ordered if mapping.match(file)), None)
