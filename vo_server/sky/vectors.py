"""Unit vectors on the sky, and the smallest cap around some of them."""

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

#: Chords of unit vectors in double precision are good to about this much.
CHORD_ERROR = 1e-15


def unit(ra: ArrayLike, dec: ArrayLike) -> Floats:
    """Unit vectors of ICRS positions in degrees: shape (..., 3)."""
    lon, lat = np.radians(np.asarray(ra, np.float64)), np.radians(np.asarray(dec, np.float64))
    vectors = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)
    # PostgreSQL calls products below 1e-308 an error; so far below a double's resolution they are zero.
    return np.where(np.abs(vectors) < 1e-60, 0.0, vectors)


def position(vector: Floats) -> tuple[float, float]:
    """ICRS degrees of one vector of any length: 0 <= ra < 360."""
    x, y, z = (float(value) for value in vector)
    ra = float(np.degrees(np.arctan2(y, x))) % 360.0
    return (0.0 if ra == 360.0 else ra), float(np.degrees(np.arctan2(z, np.hypot(x, y))))


def angle(first: Floats, second: Floats) -> float:
    """The angle between two unit vectors in radians, exact for small ones and for opposite ones."""
    return float(2 * np.arctan2(np.linalg.norm(first - second), np.linalg.norm(first + second)))


def cross(first: Floats, second: Floats) -> Floats:
    """The vector product of two vectors: numpy's takes ten times as long for so few numbers."""
    a, b, c = first.tolist()
    x, y, z = second.tolist()
    return np.array([b * z - c * y, c * x - a * z, a * y - b * x])


def enclosing_cap(vectors: Floats) -> tuple[Floats, float]:
    """Centre and radius (radians) of the smallest cap around unit vectors of one hemisphere.

    The cap is the one in which the smallest ball around the points cuts the sphere; found by adding
    point after point (Welzl 1991), in an order that is shuffled but the same every time.
    """
    points = np.unique(vectors, axis=0)
    points = points[np.random.default_rng(0).permutation(len(points))]
    center, radius = points[0], 0.0
    for i in range(1, len(points)):
        if _outside(points[i], center, radius):
            center, radius = _cap_through(points[:i], points[i])
    return center, radius


def _cap_through(points: Floats, through: Floats) -> tuple[Floats, float]:
    center, radius = through, 0.0
    for j, second in enumerate(points):
        if not _outside(second, center, radius):
            continue
        center, radius = _cap_of(through, second)
        for third in points[:j]:
            if _outside(third, center, radius):
                center, radius = _cap_of(through, second, third)
    return center, radius


def _cap_of(*points: Floats) -> tuple[Floats, float]:
    """The cap with two points at the ends of its diameter, or three on its rim."""
    axis = points[0] + points[1]
    if len(points) == 3:
        # The centre of the circle through their ends; differences of neighbours are exact.
        one, two = points[1] - points[0], points[2] - points[0]
        normal = cross(one, two)
        size = float(normal @ normal)
        if size > 0:
            axis = points[0] + cross((one @ one) * two - (two @ two) * one, normal) / (2 * size)
    length = np.linalg.norm(axis)
    if length < 1e-300:  # three points of one place, or opposite ones
        return points[0], max(angle(points[0], point) for point in points)
    center = axis / length
    return center, max(angle(center, point) for point in points)


def _outside(point: Floats, center: Floats, radius: float) -> bool:
    return angle(point, center) > radius * (1 + 1e-12) + 1e-15


def is_convex(vectors: Floats) -> bool:
    """Whether a polygon (n, 3) turns the same way at every vertex and once around."""
    before, after = np.roll(vectors, 1, axis=0), np.roll(vectors, -1, axis=0)
    turns = np.einsum("ij,ij->i", np.cross(before, vectors), after)
    if not (np.all(turns > 1e-14) or np.all(turns < -1e-14)):
        return False
    # A star turns the same way everywhere too, but more than once around.
    center = vectors.sum(axis=0)
    around = np.einsum("ij,j->i", np.cross(vectors, after), center)
    return bool(np.all(around > 0) or np.all(around < 0)) and _turns_once(vectors, center)


def _turns_once(vectors: Floats, center: Floats) -> bool:
    axis = center / np.linalg.norm(center)
    east = np.cross([0.0, 0.0, 1.0] if abs(axis[2]) < 0.9 else [1.0, 0.0, 0.0], axis)
    north = np.cross(axis, east)
    angles = np.arctan2(vectors @ north, vectors @ east)
    steps = [(b - a + np.pi) % (2 * np.pi) - np.pi for a, b in pairwise([*angles, angles[0]])]
    return bool(abs(abs(sum(steps)) - 2 * np.pi) < 1e-6)
