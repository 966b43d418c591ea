"""PostgreSQL, in whose words all templates are written."""

import math

from tap.adql.dialects.dialect import Dialect

#: Zones of one arc minute up to which a crossmatch lists them one by one.
_LISTED_ZONES = 6


def zones(size: float | None) -> str:
    """The crossmatch condition: declination zones of one arc minute, and a window in right ascension.

    Three branches, for the window itself and for what of it lies beyond 0 or 360 degrees; the other two
    ask for no zone unless the window does, which costs next to nothing.  The zones of each are written in
    another way: alike, PostgreSQL's planner would draw them out of the OR and could not use the index.
    """
    # An arc of R degrees from declination d turns by at most R / cos(|d| + R) in right ascension.
    reach = "({4} + 1e-9)" if size is None else repr(size + 1e-9)
    ra = "({2} - 360 * floor({2} / 360))"
    window = f"{reach} / greatest(cos(radians(abs({{3}}) + {reach})), {reach} / 360)"
    branches = [
        f"({_zone_test(0, size, '')} AND {{0}} BETWEEN {ra} - {window} AND {ra} + {window})",
        f"({_zone_test(1, size, f'{ra} < {window}')} AND {{0}} >= {ra} + 360 - {window})",
        f"({_zone_test(2, size, f'{ra} + {window} >= 360')} AND {{0}} <= {ra} - 360 + {window})",
    ]
    return "(" + " OR ".join(branches) + ")"


def _zone_test(number: int, size: float | None, needed: str) -> str:
    """The zones of one branch; none where ``needed`` is false."""
    # No value of a column may overflow the integer: it is no declination, and the exact test drops it.
    dec, reach = "least(greatest({3}, -90), 90)", "least(greatest({4}, 0), 180)"
    low, high = (f"floor(({dec} {sign} {reach}) * 60 {sign} 1e-6)::integer" for sign in "-+")
    when, end = (f"CASE WHEN {needed} THEN ", " END") if needed else ("", "")
    zone = "floor({1} * 60)::integer"
    if size is not None and (count := math.ceil(size * 120 + 3e-6)) <= _LISTED_ZONES:
        # The index answers a list with one search per zone; most circles are in one zone.
        listed = ", ".join([low, *(f"{low} + {step}" for step in range(1, count)), high])
        return f"{zone} = ANY ({when}ARRAY[{listed}]{end})"
    below, above = (("", ""), (" - 1", ""), ("", " + 1"))[number]
    return f"{zone} BETWEEN {when}{low}{below}{end} AND {high}{above}"


POSTGRESQL = Dialect(
    "postgresql",
    zones,
    # ADQL's LIKE has no escape character, PostgreSQL's is the backslash.
    like_escape=" ESCAPE ''",
    like_backslash="\\\\",
)
