"""Strategies for places on the sky, and geometry in long doubles that shares nothing with the product's."""

import numpy as np
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

#: Twelve digits: PostgreSQL calls the square of less than 1e-154 an underflow.
ras = st.one_of(
    st.floats(0, 360, exclude_max=True).map(lambda x: round(x, 12) % 360),
    st.sampled_from([0.0, 1e-9, 90.0, 180.0, 359.999999999]),
)
decs = st.one_of(
    st.floats(-90, 90).map(lambda x: round(x, 12)), st.sampled_from([-90.0, -89.999999, 0.0, 89.999999, 90.0])
)

Longs = NDArray[np.longdouble]


def vector(ra: ArrayLike, dec: ArrayLike) -> Longs:
    """Unit vectors (..., 3) in long doubles."""
    lon = np.asarray(ra, np.longdouble) * np.longdouble(np.pi) / 180
    lat = np.asarray(dec, np.longdouble) * np.longdouble(np.pi) / 180
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)


def separation(ra1: ArrayLike, dec1: ArrayLike, ra2: ArrayLike, dec2: ArrayLike) -> NDArray[np.float64]:
    """Angles in degrees: by the chord, and by the chord to the antipode for more than 90 degrees."""
    a, b = np.broadcast_arrays(vector(ra1, dec1), vector(ra2, dec2))
    near = 2 * np.arcsin(np.minimum(1, np.linalg.norm((a - b).astype(np.longdouble), axis=-1) / 2))
    far = np.longdouble(np.pi) - 2 * np.arcsin(np.minimum(1, np.linalg.norm(a + b, axis=-1) / 2))
    return np.asarray(np.degrees(np.where(near < 1.5, near, far)), np.float64)


def gnomonic(points: Longs, center: Longs) -> Longs:
    """Plane coordinates (..., 2) about a centre: great circles are straight lines."""
    east = np.cross([0, 0, 1] if abs(center[2]) < 0.9 else [1, 0, 0], center)
    east = east / np.sqrt((east * east).sum())
    north = np.cross(center, east)
    depth = points @ center
    return np.stack([points @ east / depth, points @ north / depth], axis=-1)


def in_plane_polygon(polygon: Longs, point: Longs) -> bool:
    """Winding number by angles, which no even-odd rule shares; the polygon is simple."""
    spokes = polygon - point
    ahead = np.roll(spokes, -1, axis=0)
    turn = np.arctan2(
        spokes[:, 0] * ahead[:, 1] - spokes[:, 1] * ahead[:, 0],
        spokes[:, 0] * ahead[:, 0] + spokes[:, 1] * ahead[:, 1],
    )
    return bool(abs(turn.sum()) > 3)


def plane_distance(polygon: Longs, point: Longs) -> float:
    """From a point to the outline of a polygon in the plane."""
    start, along = polygon, np.roll(polygon, -1, axis=0) - polygon
    where = np.clip(((point - start) * along).sum(axis=1) / (along * along).sum(axis=1), 0, 1)
    gap = start + where[:, None] * along - point
    return float(np.sqrt((gap * gap).sum(axis=1)).min())


@st.composite
def stars(draw: st.DrawFn) -> tuple[tuple[float, float], tuple[tuple[float, float], ...]]:
    """A centre and a simple polygon around it, convex or not: no gap is half a turn."""
    ra, dec = draw(ras), draw(decs)
    return (ra, dec), draw(stars_at(ra, dec, 10 ** draw(st.floats(-4, 1.5))))


@st.composite
def stars_at(draw: st.DrawFn, ra: float, dec: float, size: float) -> tuple[tuple[float, float], ...]:
    """A simple polygon around a place, its farthest corners ``size`` degrees from there."""
    n = draw(st.integers(3, 12))
    reaches = np.array(draw(st.lists(st.floats(0.2, 1), min_size=n, max_size=n))) * size
    bearings = (
        (np.arange(n) + np.array(draw(st.lists(st.floats(0, 0.4), min_size=n, max_size=n)))) / n * 2 * np.pi
    )
    center = vector(ra, dec)
    east = np.cross([0, 0, 1] if abs(center[2]) < 0.9 else [1, 0, 0], center)
    east = east / np.sqrt((east * east).sum())
    north = np.cross(center, east)
    away = np.radians(reaches)[:, None]
    found = np.cos(away) * center + np.sin(away) * (
        np.cos(bearings)[:, None] * north + np.sin(bearings)[:, None] * east
    )
    lon = np.degrees(np.arctan2(found[:, 1], found[:, 0])) % 360
    lat = np.degrees(np.arctan2(found[:, 2], np.hypot(found[:, 0], found[:, 1])))
    return tuple((round(float(a), 12) % 360, round(float(b), 12)) for a, b in zip(lon, lat, strict=True))
