"""HEALPix (Gorski et al. 2005) as everything here uses it: pixels of order 29, NESTED, and ranges of them."""

import sys
from collections.abc import Iterable

import numpy as np

# Where it finds matplotlib healpy loads it, to draw: half a second that every process would wait for.
_DRAWS = "matplotlib" not in sys.modules
if _DRAWS:
    sys.modules["matplotlib"] = None  # type: ignore[assignment]
import healpy  # noqa: E402

if _DRAWS:
    del sys.modules["matplotlib"]

__all__ = ["LAST", "MOST_RANGES", "ORDER", "Ranges", "fewer", "healpy", "merged"]

ORDER = 29
LAST = (12 << (2 * ORDER)) - 1  #: the largest pixel
MOST_RANGES = 64  #: in one condition

Ranges = list[tuple[int, int]]  #: both ends included, ascending, without a pixel in common


def merged(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """``ranges`` ascending, with those as one that overlap or touch."""
    found: Ranges = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return found


def fewer(ranges: Ranges) -> Ranges:
    """At most `MOST_RANGES` ranges around all of ``ranges``: the smallest gaps are closed."""
    if len(ranges) <= MOST_RANGES:
        return ranges
    lows, highs = np.array(ranges, np.int64).T
    gaps = lows[1:] - highs[:-1]
    kept = np.sort(np.argsort(gaps, kind="stable")[::-1][: MOST_RANGES - 1])
    lows, highs = lows[np.r_[0, kept + 1]], highs[np.r_[kept, len(highs) - 1]]
    return list(zip(lows.tolist(), highs.tolist(), strict=True))
