"""Numbers, intervals and instants as parameters write them (DALI 1.1; SIA 2.0, {query} resource)."""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from vo_server.errors import UsageFault

#: A floating-point number as VOTable writes it, or one of its infinities.
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?[iI]nf(inity)?", re.ASCII)

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d(\.\d{1,6})?)?Z?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Interval:
    """Numbers from ``low`` to ``high``, both included; an infinite bound is none."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Period:
    """Instants from ``low`` to ``high`` in UTC, both included; None is no bound."""

    low: datetime | None
    high: datetime | None


def parse_number(text: str) -> float:
    """A number as VOTable writes it; ``Inf`` in any sign is one, ``NaN`` is not.

    Raises
    ------
    UsageFault
        Anything else.
    """
    if not NUMBER.fullmatch(text):
        raise UsageFault(f"{text[:40]!r} is not a number")
    return float(text)


def parse_interval(name: str, text: str) -> Interval:
    """A number, or two: the bounds, ``-Inf`` and ``+Inf`` for none (SIA 2.0, {query} resource).

    Raises
    ------
    UsageFault
        Not one or two numbers, or the first is greater.
    """
    wanted = "send one number or two, such as '300 600', '-Inf 600' or '300 +Inf'"
    try:
        numbers = [parse_number(word) for word in text.split()]
    except UsageFault as exc:
        raise UsageFault(f"{name}={text[:60]!r}: {exc}; {wanted}") from None
    if len(numbers) not in (1, 2):
        raise UsageFault(f"{name}={text[:60]!r} has {len(numbers)} numbers: {wanted}")
    low, high = numbers[0], numbers[-1]
    if low > high:
        raise UsageFault(f"{name}={text[:60]!r}: the lower bound comes first")
    if low == high and math.isinf(low):
        raise UsageFault(f"{name}={text[:60]!r} names no finite number: {wanted}")
    return Interval(low, high)


def parse_period(name: str, text: str) -> Period:
    """An instant, or two in ISO 8601 (DALI 1.1, Timestamp), or ``-Inf`` and ``+Inf`` for no bound.

    Raises
    ------
    UsageFault
        Not one or two instants, or the first is later.
    """
    words = text.split()
    if len(words) not in (1, 2):
        raise UsageFault(
            f"{name}={text[:60]!r} wants one instant or two, such as '2020-01-01 2021-06-01T12:00:00'"
        )
    low, high = (_parse_instant(name, word) for word in (words[0], words[-1]))
    if low == high == math.inf or low == high == -math.inf:
        raise UsageFault(f"{name}={text[:60]!r} names no instant")
    bounds = [bound if isinstance(bound, datetime) else None for bound in (low, high)]
    if (bounds[0] and bounds[1] and bounds[0] > bounds[1]) or low == math.inf or high == -math.inf:
        raise UsageFault(f"{name}={text[:60]!r}: the earlier instant comes first")
    return Period(*bounds)


def _parse_instant(name: str, word: str) -> datetime | float:
    if re.fullmatch(r"[+-]?inf(inity)?", word, re.ASCII | re.IGNORECASE):
        return float(word)
    try:
        if not _INSTANT.fullmatch(word):
            raise ValueError(word)
        return datetime.fromisoformat(word.removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError:
        raise UsageFault(
            f"{name}={word[:40]!r} is not an instant: send 2020-01-31 or 2020-01-31T12:00:00, in UTC"
        ) from None
