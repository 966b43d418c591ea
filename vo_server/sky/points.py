"""Positions as HEALPix pixels (NESTED, order 29), and regions as ranges of them.

Ranges are taken from healpy with ``inclusive``: every position of the region is in one of them, some of
its surroundings too, so the exact test always follows.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vo_server.errors import UsageFault
from vo_server.sky.pixels import LAST, ORDER, Ranges, fewer, healpy
from vo_server.sky.regions import Circle, Moc, Polygon, Region
from vo_server.sky.shapes import bounding_circle, shape_of
from vo_server.sky.vectors import Floats, is_convex, unit

_DEEPEST = 24  #: healpy needs four times the resolution to be inclusive, and pixels of 12 mas are enough
_SMALLEST = 1e-3  #: degrees; the edges of smaller polygons are too short for healpy's cosines
_BLUR = 3e-8  #: radians (6 mas); healpy compares cosines, which are blind to less
_PIXELS = 400  #: wanted in a region: more make the ranges tighter and the query longer


def hpx(ra: ArrayLike, dec: ArrayLike) -> NDArray[np.int64]:
    """The pixels of ICRS positions in degrees; RA is any finite number.

    Raises
    ------
    UsageFault
        A coordinate is not finite, or a declination beyond -90..90.
    """
    lon, lat = np.asarray(ra, np.float64), np.asarray(dec, np.float64)
    if not (np.all(np.isfinite(lon)) and np.all(np.abs(lat) <= 90)):  # NaN is not <= 90
        raise UsageFault("positions are finite right ascensions and declinations between -90 and 90 degrees")
    pixels = healpy.ang2pix(1 << ORDER, np.mod(lon, 360.0), lat, nest=True, lonlat=True)
    return np.asarray(pixels, np.int64)


def cone_ranges(ra: float, dec: float, radius: float) -> Ranges:
    """Inclusive ranges of pixels that cover a cone (degrees), at most `MOST_RANGES`, ascending.

    Raises
    ------
    UsageFault
        Not a position, or a radius that is negative or not a number.
    """
    if not radius >= 0 or not abs(dec) <= 90 or not math.isfinite(ra):
        raise UsageFault(f"not a cone: {ra!r} {dec!r} {radius!r}")
    if radius >= 90.0:  # no index helps, and healpy loses pixels when radius and pixel exceed half a turn
        return [(0, LAST)]
    reach = math.radians(radius) * (1 + 1e-12) + _BLUR
    order = _order(2 * math.pi * (1 - math.cos(reach)))
    pixels = healpy.query_disc(1 << order, unit(ra, dec), reach, inclusive=True, fact=4, nest=True)
    return _ranges(pixels, order)


def polygon_ranges(vertices: tuple[tuple[float, float], ...]) -> Ranges:
    """Ranges as `cone_ranges`, for a polygon: tight for convex ones, else of the circle around it."""
    vectors = unit(*np.array(vertices).T)
    circle = bounding_circle(Polygon(vertices))
    if not is_convex(vectors) or not _SMALLEST < circle.radius < 60:
        return cone_ranges(circle.ra, circle.dec, circle.radius)
    order = _order(_area(vectors))
    pixels = healpy.query_polygon(1 << order, vectors, inclusive=True, fact=4, nest=True)
    return _ranges(pixels, order)


def shape_ranges(region: Region) -> Ranges:
    """Ranges as `cone_ranges`, for any region."""
    if isinstance(region, Polygon):
        return polygon_ranges(region.vertices)
    if isinstance(region, Circle):
        return cone_ranges(region.ra, region.dec, region.radius)
    if isinstance(region, Moc):
        return fewer(list(region.ranges))
    shape = shape_of(region)  # refuses what has no shape
    circle = bounding_circle(region)
    return cone_ranges(circle.ra, circle.dec, circle.radius) if shape[4] < 4 else [(0, LAST)]


def _order(area: float) -> int:
    """The order at which about `_PIXELS` pixels cover so many steradians."""
    wanted = _PIXELS * 4 * math.pi / 12 / max(area, 1e-30)
    return min(_DEEPEST, max(0, int(math.log(wanted, 4))))


def _area(vectors: Floats) -> float:
    """Steradians within a convex polygon, by its triangles around the middle."""
    middle = vectors.sum(axis=0)
    ends = np.roll(vectors, -1, axis=0)
    return float(
        np.sum(
            np.linalg.norm(np.cross(vectors - middle / len(vectors), ends - middle / len(vectors)), axis=1)
        )
        / 2
    )


def _ranges(pixels: NDArray[np.int64], order: int) -> Ranges:
    """Runs of pixels of ``order`` as ranges of order 29, few of them."""
    found = np.sort(np.asarray(pixels, np.int64))
    breaks = np.flatnonzero(np.diff(found) > 1)
    lows, highs = found[np.r_[0, breaks + 1]], found[np.r_[breaks, len(found) - 1]]
    shift = 2 * (ORDER - order)
    pairs = zip(lows.tolist(), highs.tolist(), strict=True)
    return fewer([(low << shift, ((high + 1) << shift) - 1) for low, high in pairs])
