"""What an operator knows of observing programmes: when their frames become public, and who observes what.

Rules are data, TOML: ``[[release]]`` with patterns of columns (``prog_id``, ``dp_cat``, ``dp_type``,
``dp_tech``, ``instrument``) and ``months`` (from the exposure) or ``until`` (a date); ``[[programme]]`` with
a pattern of ``prog_id`` and the columns that headers do not have. The first entry that matches decides.
"""

import calendar
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from ingest.mapping import as_instant
from vo_server.errors import UsageFault

PATTERNS = ("prog_id", "dp_cat", "dp_type", "dp_tech", "instrument")
#: Columns of dbo.raw that a programme may give, with their types.
FACTS: Mapping[str, type] = {"prog_title": str, "pi_coi": str, "prog_type": int, "obs_mode": str}
MAX_MONTHS = 1_200
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Patterns:
    """Columns and patterns (``179.A-*``), of which one must match each."""

    columns: tuple[tuple[str, tuple[str, ...]], ...]

    def match(self, row: Row) -> bool:
        """Whether the columns of ``row`` are like that."""
        return all(
            any(fnmatchcase(str(row.get(name) or ""), pattern) for pattern in patterns)
            for name, patterns in self.columns
        )


@dataclass(frozen=True, slots=True)
class ReleaseRule:
    """How long frames are proprietary: so many months from the exposure, or until an instant (UTC)."""

    patterns: Patterns
    months: int = 0
    until: datetime | None = None

    def release(self, exposed: datetime) -> datetime:
        """The instant from which everybody may have a frame; the instant itself belongs to it."""
        return self.until or after(exposed, self.months)


@dataclass(frozen=True, slots=True)
class Programme:
    """What is known of a programme, as columns of ``dbo.raw``."""

    patterns: Patterns
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Programmes:
    """The rules of an archive; those of the operator before the product's."""

    releases: tuple[ReleaseRule, ...]
    programmes: tuple[Programme, ...] = ()

    def release_date(self, row: Row) -> datetime | None:
        """When a frame becomes public; None where nobody knows when it was taken."""
        exposed = row.get("exp_start")
        if exposed is None:
            return None
        return next((rule.release(exposed) for rule in self.releases if rule.patterns.match(row)), exposed)

    def facts(self, row: Row) -> Mapping[str, Any]:
        """What is known of the programme of a frame."""
        found = (entry.facts for entry in self.programmes if entry.patterns.match(row))
        return next(found, {}) if row.get("prog_id") else {}


def after(instant: datetime, months: int) -> datetime:
    """``instant`` some months later; the last day of a month where that is shorter."""
    years, month = divmod(instant.month - 1 + months, 12)
    year, month = instant.year + years, month + 1
    return instant.replace(year=year, month=month, day=min(instant.day, calendar.monthrange(year, month)[1]))


def load_programmes(path: Path | None = None) -> Programmes:
    """The rules in force; of the operator's file where there is one.

    Raises
    ------
    UsageFault
        The file cannot be read or an entry is malformed; the message names it.
    """
    ours = _releases(_defaults(), "release.toml")
    if path is None:
        return Programmes(ours)
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise UsageFault(f"{path.name} cannot be read: {exc}") from exc
    if unknown := document.keys() - {"release", "programme"}:
        raise UsageFault(
            f"{path.name}: {', '.join(sorted(unknown))}: wanted are [[release]] and [[programme]]"
        )
    return Programmes((*_releases(document, path.name), *ours), _programmes(document, path.name))


@cache
def _defaults() -> dict[str, Any]:
    return tomllib.loads(files("ingest.raw").joinpath("release.toml").read_text(encoding="utf-8"))


def _releases(document: Mapping[str, Any], source: str) -> tuple[ReleaseRule, ...]:
    rules = []
    for number, entry in enumerate(document.get("release", ()), 1):
        where = f"{source}, release {number}"
        patterns = _patterns(entry, where, {"months", "until"})
        months, until = entry.get("months"), entry.get("until")
        if (months is None) == (until is None):
            raise UsageFault(f"{where}: wanted is one of months and until")
        if until is not None:
            rules.append(ReleaseRule(patterns, until=_instant(until, where)))
        elif isinstance(months, int) and 0 <= months <= MAX_MONTHS:
            rules.append(ReleaseRule(patterns, months))
        else:
            raise UsageFault(f"{where}: months is {months!r}; wanted is 0 to {MAX_MONTHS}")
    return tuple(rules)


def _instant(value: Any, where: str) -> datetime:
    if isinstance(value, datetime):
        return as_instant(value)
    if isinstance(value, date):
        return datetime.combine(value, time())
    raise UsageFault(f"{where}: until is {value!r}; wanted is a date without quotes, as 2031-04-01")


def _programmes(document: Mapping[str, Any], source: str) -> tuple[Programme, ...]:
    entries = []
    for number, entry in enumerate(document.get("programme", ()), 1):
        where = f"{source}, programme {number}"
        patterns = _patterns(entry, where, FACTS.keys())
        if "prog_id" not in entry:
            raise UsageFault(f"{where}: prog_id is missing")
        facts = {name: entry[name] for name in FACTS if name in entry}
        for name, value in facts.items():
            if type(value) is not FACTS[name]:
                raise UsageFault(f"{where}: {name} is {value!r}; wanted is {FACTS[name].__name__}")
        entries.append(Programme(patterns, facts))
    return tuple(entries)


def _patterns(entry: Any, where: str, others: Any) -> Patterns:
    if not isinstance(entry, dict):
        raise UsageFault(f"{where}: wanted are keys and values")
    if unknown := entry.keys() - {*PATTERNS, *others}:
        allowed = ", ".join((*PATTERNS, *sorted(others)))
        raise UsageFault(f"{where}: {', '.join(sorted(unknown))} is not known; known are {allowed}")
    columns = []
    for name in PATTERNS:
        if name in entry:
            value = entry[name]
            patterns = (value,) if isinstance(value, str) else value
            if not all(isinstance(pattern, str) for pattern in patterns):
                raise UsageFault(f"{where}: {name} is {value!r}; wanted is a pattern, or a list of them")
            columns.append((name, tuple(patterns)))
    return Patterns(tuple(columns))
