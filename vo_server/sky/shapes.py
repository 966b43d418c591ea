"""Regions as numbers for the exact tests in the database.

A **shape** is one ``float8[]``:

====== ==========================================================================================
index  content (from 1, as in SQL)
====== ==========================================================================================
1      number of parts
2-4    unit vector of the centre
5      outer cap: everything in the shape is within this squared chord of the centre (4 = all sky)
6      inner cap: everything within this squared chord of the centre is in the shape (-1 = none)
7...   per part: n, unit vector of its centre, its radius in radians, and 3 n numbers: the unit
       vectors of a polygon's vertices.  n = 0 is a circle; with radius 0, a point.
====== ==========================================================================================

Squared chords (``4 sin^2(r/2)``) compare angles without loss at small ones and without trigonometry.
A **box** is the bounding box of the outer cap in three dimensions, for GiST: it knows no pole and no RA 0.
"""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from vo_server.errors import UsageFault
from vo_server.sky.mocs import polygons_of
from vo_server.sky.regions import Circle, Moc, Polygon, Position, Range, Region, Union
from vo_server.sky.vectors import CHORD_ERROR, Floats, angle, cross, enclosing_cap, position, unit

#: Radians; a larger polygon is ambiguous: its vertices enclose two areas of much the same size.
LARGEST_CAP = math.radians(88.0)
HEADER = 6  #: numbers before the first part
_STEP = 1.0  #: degrees between vertices along a parallel: at most 16 arcsec from it
_TILE = 45.0  #: degrees; larger ranges are cut

Box = tuple[tuple[float, float, float], tuple[float, float, float]]


def shape_of(region: Region) -> Floats:
    """The shape of a region; see the module for its layout.

    Raises
    ------
    UsageFault
        A polygon with fewer than three different vertices, or one that does not fit into a cap of
        88 degrees (it would also be the outline of its complement), or a MOC of too many cells.
    """
    parts = [_part(piece) for piece in _pieces(region)]
    center, outer = _outer_cap(parts)
    inner = max((_inner_radius(part, center) for part in parts), default=-1.0)
    head = [float(len(parts)), *center, _chord2(outer, 1), _chord2(inner, -1) if inner > 0 else -1.0]
    return np.concatenate([head, *parts])


def box_of(shape: Floats) -> Box:
    """The corners of the bounding box of the shape's outer cap."""
    radius = 2 * math.asin(min(1.0, math.sqrt(shape[4]) / 2)) + 1e-12
    low, high = [], []
    center = shape[1:4]
    for axis in range(3):
        # Not acos, which is good to 1e-8 only near the axis.
        tilt = math.atan2(math.hypot(center[axis - 1], center[axis - 2]), center[axis])
        low.append(-1.0 if tilt + radius >= math.pi else math.cos(tilt + radius) - CHORD_ERROR)
        high.append(1.0 if tilt <= radius else math.cos(tilt - radius) + CHORD_ERROR)
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])


def shape_literal(shape: Floats) -> str:
    """The text of a ``float8[]`` that PostgreSQL reads back to the same numbers."""
    return "{" + ",".join(map(repr, shape.tolist())) + "}"


def box_literal(box: Box) -> str:
    """The text of a ``cube`` that PostgreSQL reads back to the same numbers."""
    return ",".join("(" + ",".join(map(repr, corner)) + ")" for corner in box)


def bounding_circle(region: Region) -> Circle:
    """The smallest circle around a region; for a union, one that is close to it."""
    if isinstance(region, Circle):
        return region
    if isinstance(region, Position):
        return Circle(region.ra, region.dec, 0.0)
    center, radius = _outer_cap([_part(piece) for piece in _pieces(region)])
    ra, dec = position(center)
    return Circle(ra, dec, math.degrees(radius))


def _pieces(region: Region) -> Iterable[Circle | Polygon]:
    match region:
        case Position(ra, dec):
            yield Circle(ra, dec, 0.0)
        case Circle() | Polygon():
            yield region
        case Range():
            yield from _tiles(region)
        case Moc():
            yield from polygons_of(region)
        case Union(parts):
            for part in parts:
                yield from _pieces(part)


def _tiles(region: Range) -> Iterable[Polygon]:
    """A range as polygons; parallels are no great circles, so their vertices lie close together."""
    width = region.ra_max - region.ra_min
    width = width if width >= 0 else width + 360.0
    columns = max(1, math.ceil(width / _TILE))
    height = region.dec_max - region.dec_min
    rows = max(1, math.ceil(height / _TILE))
    for i in range(columns):
        west, east = region.ra_min + width * i / columns, region.ra_min + width * (i + 1) / columns
        for j in range(rows):
            height = region.dec_max - region.dec_min
            yield _tile(
                west, east, region.dec_min + height * j / rows, region.dec_min + height * (j + 1) / rows
            )


def _tile(west: float, east: float, south: float, north: float) -> Polygon:
    count = max(8, math.ceil((east - west) / _STEP)) + 1
    along = np.linspace(west, east, count)
    lower = [(0.0, -90.0)] if south <= -90 else [(float(ra) % 360, south) for ra in along]
    upper = [(0.0, 90.0)] if north >= 90 else [(float(ra) % 360, north) for ra in along[::-1]]
    return Polygon((*lower, *upper))


def _part(piece: Circle | Polygon) -> Floats:
    if isinstance(piece, Circle):
        return np.array([0.0, *unit(piece.ra, piece.dec), math.radians(piece.radius)])
    vectors = unit(*np.array(piece.vertices).T)
    kept = vectors[np.linalg.norm(vectors - np.roll(vectors, 1, axis=0), axis=1) > CHORD_ERROR]
    if len(kept) < 3:
        raise UsageFault("a polygon needs three different vertices")
    center, radius = enclosing_cap(kept)
    # Of vertices that no hemisphere holds, the cap leaves some out.
    if max(radius, *(angle(center, vector) for vector in kept)) > LARGEST_CAP:
        raise UsageFault(_TOO_LARGE)
    return np.concatenate([[float(len(kept))], center, [radius + 4 * CHORD_ERROR], kept.ravel()])


_TOO_LARGE = "a polygon must fit into a circle of 88 degrees radius: cut it into a union of smaller ones"


def _outer_cap(parts: Sequence[Floats]) -> tuple[Floats, float]:
    """Centre and radius (radians) of a cap around all parts."""
    if len(parts) == 1:
        return parts[0][1:4], float(parts[0][4])
    points = np.concatenate([part[5:].reshape(-1, 3) if part[0] else part[None, 1:4] for part in parts])
    middle = points.sum(axis=0)
    if float(np.min(points @ middle)) > 0:
        center, _ = enclosing_cap(points)
    else:
        length = float(np.linalg.norm(middle))
        center = middle / length if length > 1e-9 else points[0]
    return center, min(math.pi, max(_reach(part, center) for part in parts))


def _reach(part: Floats, center: Floats) -> float:
    """The largest angle between ``center`` and a point of the part."""
    whole = angle(center, part[1:4]) + float(part[4])
    if not part[0] or whole >= math.pi / 2:
        return whole
    return max(angle(center, vector) for vector in part[5:].reshape(-1, 3)) + 4 * CHORD_ERROR


def _inner_radius(part: Floats, center: Floats) -> float:
    """The radius (radians) of the largest cap around ``center`` inside the part; -1 when there is none."""
    if not part[0]:
        return float(part[4]) - angle(center, part[1:4])
    vectors = part[5:].reshape(-1, 3)
    # In the other hemisphere the count would tell of the antipode.
    if float(center @ part[1:4]) <= 0 or not inside_polygon(vectors, center):
        return -1.0
    ends = np.roll(vectors, -1, axis=0)
    return min(edge_distance(a, b, center) for a, b in zip(vectors, ends, strict=True))


def inside_polygon(vectors: Floats, point: Floats) -> bool:
    """Whether a point is inside a polygon that lies in one hemisphere.

    Counts the edges that cross the half great circle from the point to its antipode.
    """
    axis = np.zeros(3)
    axis[np.argmin(np.abs(point))] = 1.0
    normal = np.cross(point, axis)
    ahead = np.cross(normal, point)
    side, along = vectors @ normal, vectors @ ahead
    side2, along2 = np.roll(side, -1), np.roll(along, -1)
    crossing = (side >= 0) != (side2 >= 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        where = (side * along2 - side2 * along) / (side - side2)
    return bool(np.count_nonzero(crossing & (where > 0)) % 2)


def edge_distance(start: Floats, end: Floats, point: Floats) -> float:
    """The angle (radians) from a point to the great-circle arc between two others."""
    normal = cross(start, end - start)  # differences of neighbours are exact
    size = float(np.linalg.norm(normal))
    before, after = point - start, point - end
    if size > 0 and cross(normal, start) @ before >= 0 and cross(normal, end) @ after <= 0:
        return math.asin(min(1.0, abs(float(before @ normal)) / size))
    return min(angle(start, point), angle(end, point))


def _chord2(radius: float, sign: int) -> float:
    """The squared chord of an angle, rounded up (sign 1) or down (sign -1) by more than its error."""
    if radius >= math.pi:
        return 5.0
    chord = 2 * math.sin(radius / 2) + sign * 2 * CHORD_ERROR
    return chord * chord if chord > 0 else -1.0
