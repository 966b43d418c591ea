"""Lists of values and ranges as SSA writes them (SSA 1.1, Range-list parameters): ``a/b,c,/d;qualifier``."""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from vo_server.errors import UsageFault
from vo_server.intervals import Interval, parse_number

MOST = 100  #: elements of one list
MJD_0 = datetime(1858, 11, 17, tzinfo=UTC)
_DATE = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d)(?P<time>[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?Z?)?)?",
    re.ASCII,
)

Read = Callable[[str, str], Interval]  #: the interval that one word of a parameter means


def split_list(name: str, text: str) -> tuple[list[str], str]:
    """The elements of a list and its qualifier, in lower case.

    Raises
    ------
    UsageFault
        There are more than `MOST`.
    """
    body, _, qualifier = text.partition(";")
    words = [word.strip() for word in body.split(",")]
    if len(words) > MOST:
        raise UsageFault(f"{name} has {len(words)} elements: at most {MOST} are read")
    return [word for word in words if word], qualifier.strip().lower()


def parse_ranges(name: str, text: str, read: Read, qualifiers: tuple[str, ...] = ()) -> tuple[Interval, ...]:
    """The intervals of a list, their bounds in either order; an open end is infinite.

    Raises
    ------
    UsageFault
        An element is malformed, or the qualifier is not one of ``qualifiers``.
    """
    words, qualifier = split_list(name, text)
    if qualifier and qualifier not in qualifiers:
        known = f"one of {' '.join(qualifiers)}" if qualifiers else "nothing"
        raise UsageFault(f"{name}: {qualifier[:40]!r} is not known after a semicolon: send {known}")
    return tuple(parse_range(name, word, read) for word in words)


def parse_range(name: str, word: str, read: Read) -> Interval:
    """The interval of one element: ``a``, ``a/b``, ``a/``, ``/b`` or ``/``."""
    parts = word.split("/")
    if len(parts) > 2:
        raise UsageFault(f"{name}={word[:60]!r}: send a value, or a range such as low/high, low/ or /high")
    if len(parts) == 1:
        return read(name, parts[0])
    ends = [read(name, part) if part else None for part in parts]
    found = [end for end in ends if end is not None]
    if not found:
        return Interval(-math.inf, math.inf)
    if None in ends:
        return Interval(-math.inf, found[0].high) if ends[0] is None else Interval(found[0].low, math.inf)
    return Interval(min(end.low for end in found), max(end.high for end in found))


def number(name: str, word: str) -> Interval:
    """One number."""
    try:
        value = parse_number(word)
    except UsageFault as exc:
        raise UsageFault(f"{name}={word[:60]!r}: {exc}") from None
    return Interval(value, value)


def date(name: str, word: str) -> Interval:
    """A date of ISO 8601 as MJD; one that is not precise is all of its year, month or day (SSA 1.1, TIME)."""
    match = _DATE.fullmatch(word)
    try:
        if match is None:
            raise ValueError(word)
        year, month, day = (int(match[part] or 1) for part in ("year", "month", "day"))
        begin = datetime(year, month, day, tzinfo=UTC)
        if match["time"]:
            instant = datetime.fromisoformat(word.removesuffix("Z")).replace(tzinfo=UTC)
            return Interval(mjd(instant), mjd(instant))
        if match["day"]:
            end = begin + timedelta(days=1)
        elif match["month"]:
            end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
        else:
            end = datetime(year + 1, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        raise UsageFault(
            f"{name}={word[:60]!r} is not a date: send 2020, 2020-01, 2020-01-31 or 2020-01-31T12:00:00 (UTC)"
        ) from None
    return Interval(mjd(begin), math.nextafter(mjd(end), -math.inf))


def mjd(instant: datetime) -> float:
    """Days since the start of the Modified Julian Date."""
    return (instant - MJD_0) / timedelta(days=1)
