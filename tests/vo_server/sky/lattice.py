"""Polygons on a small lattice in the plane, compared in exact arithmetic: touching is common there.

Plane and sky correspond as in a gnomonic projection, in which great circles are straight lines.
"""

from fractions import Fraction
from itertools import pairwise

import numpy as np

Point = tuple[Fraction, Fraction]
Outline = tuple[tuple[int, int], ...]


def edges(polygon: Outline) -> list[tuple[Point, Point]]:
    """The edges, each as its two ends."""
    points = [(Fraction(x), Fraction(y)) for x, y in polygon]
    return list(zip(points, points[1:] + points[:1], strict=True))


def turn(a: Point, b: Point, c: Point) -> int:
    """1 where c is left of the line from a to b, -1 where it is right of it, 0 on it."""
    size = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return (size > 0) - (size < 0)


def is_on(point: Point, a: Point, b: Point) -> bool:
    """Whether a point is on an edge, ends included."""
    return turn(a, b, point) == 0 and all(min(a[i], b[i]) <= point[i] <= max(a[i], b[i]) for i in range(2))


def edges_meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether two edges have a point in common."""
    if turn(a, b, c) * turn(a, b, d) < 0 and turn(c, d, a) * turn(c, d, b) < 0:
        return True
    return is_on(c, a, b) or is_on(d, a, b) or is_on(a, c, d) or is_on(b, c, d)


def is_simple(polygon: Outline) -> bool:
    """Whether the outline neither meets itself nor has a vertex on a straight line."""
    found = edges(polygon)
    n = len(found)
    if len(set(polygon)) < n or any(turn(*found[i], found[(i + 1) % n][1]) == 0 for i in range(n)):
        return False
    apart = [(i, j) for i in range(n) for j in range(i + 2, n) if (i, j) != (0, n - 1)]
    return not any(edges_meet(*found[i], *found[j]) for i, j in apart)


def covers_point(polygon: Outline, point: Point) -> bool:
    """Whether a point is inside a polygon or on its outline."""
    inside = False
    for a, b in edges(polygon):
        if is_on(point, a, b):
            return True
        if (a[1] > point[1]) != (b[1] > point[1]):
            inside ^= a[0] + (b[0] - a[0]) * (point[1] - a[1]) / (b[1] - a[1]) > point[0]
    return inside


def intersects(one: Outline, two: Outline) -> bool:
    """Whether two polygons have a point in common."""
    return (
        covers_point(one, edges(two)[0][0])
        or covers_point(two, edges(one)[0][0])
        or any(edges_meet(*a, *b) for a in edges(one) for b in edges(two))
    )


def contains(outer: Outline, inner: Outline) -> bool:
    """Whether a polygon covers another: between two cuts of an edge, the ends and the middle."""
    for c, d in edges(inner):
        cuts = sorted(
            {Fraction(0), Fraction(1), *(cut for edge in edges(outer) for cut in _cuts(c, d, *edge))}
        )
        places = cuts + [(low + high) / 2 for low, high in pairwise(cuts)]
        if not all(covers_point(outer, (c[0] + u * (d[0] - c[0]), c[1] + u * (d[1] - c[1]))) for u in places):
            return False
    return True


def _cuts(c: Point, d: Point, a: Point, b: Point) -> list[Fraction]:
    """Where the line through a and b, or these two on the same line, cut the edge from c to d."""
    along, across = (d[0] - c[0], d[1] - c[1]), (b[0] - a[0], b[1] - a[1])
    size = along[0] * across[1] - along[1] * across[0]
    if size:
        cuts = [((a[0] - c[0]) * across[1] - (a[1] - c[1]) * across[0]) / size]
    elif turn(c, d, a) == 0:
        length = along[0] ** 2 + along[1] ** 2
        cuts = [((p[0] - c[0]) * along[0] + (p[1] - c[1]) * along[1]) / length for p in (a, b)]
    else:
        cuts = []
    return [cut for cut in cuts if 0 < cut < 1]


def on_sky(
    polygon: Outline, side: int, center: tuple[float, float], size: float
) -> list[tuple[float, float]]:
    """Vertices in degrees; the lattice's ``side`` is ``size`` on the tangent plane at ``center``."""
    lon, lat = np.radians(center)
    out = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    east = np.array([-np.sin(lon), np.cos(lon), 0.0])
    plane = (np.array(polygon) / side - 0.5) * size
    found = out + plane[:, :1] * east + plane[:, 1:] * np.cross(out, east)
    ra = np.degrees(np.arctan2(found[:, 1], found[:, 0])) % 360
    dec = np.degrees(np.arctan2(found[:, 2], np.hypot(found[:, 0], found[:, 1])))
    return [(float(a), float(d)) for a, d in zip(ra, dec, strict=True)]
