"""Regions of the sky as numbers: points on their edge, and which positions they hold."""

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from numpy.typing import NDArray

from vo_server.positions import Shape
from vo_server.sky import Circle, Moc, Polygon, Range, hpx
from vo_server.sky.mocs import polygons_of
from vo_server.sky.vectors import unit

Floats = NDArray[np.float64]

AROUND = 720  #: points on the edge of a circle
ALONG = 64  #: points on an edge of a polygon, or on a side of a range
ALONG_CELL = 8  #: points on an edge of one of many cells


def outline(region: Shape) -> tuple[Floats, Floats]:
    """Points on the edge of a region, its corners among them; ICRS degrees."""
    if isinstance(region, Circle):
        centre = SkyCoord(region.ra * u.deg, region.dec * u.deg)
        angles = np.linspace(0, 360, AROUND, endpoint=False) * u.deg
        edge = centre.directional_offset_by(angles, region.radius * u.deg)
        return np.asarray(edge.ra.deg), np.asarray(edge.dec.deg)
    if isinstance(region, Polygon):
        return _lonlat(_sides(region, ALONG))
    if isinstance(region, Moc):
        return _lonlat(np.concatenate([_sides(cell, ALONG_CELL) for cell in polygons_of(region)]))
    width = (region.ra_max - region.ra_min) % 360 or (360.0 if region.ra_max != region.ra_min else 0.0)
    along = region.ra_min + np.linspace(0, width, max(ALONG, AROUND))
    up = np.linspace(region.dec_min, region.dec_max, ALONG)
    lon = np.concatenate([along, along, np.full(ALONG, along[0]), np.full(ALONG, along[-1])]) % 360
    lat = np.concatenate([np.full(len(along), region.dec_min), np.full(len(along), region.dec_max), up, up])
    return lon, lat


def _sides(region: Polygon, count: int) -> Floats:
    """``count`` unit vectors on each edge, its beginning included."""
    vertices = unit(*np.array(region.vertices).T)
    share = np.linspace(0, 1, count, endpoint=False)[:, None]
    ends = np.roll(vertices, -1, axis=0)
    return np.concatenate([a * (1 - share) + b * share for a, b in zip(vertices, ends, strict=True)])


def holds(region: Shape, lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    """Which positions (ICRS degrees) are in a region; one that is NaN is not."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        if isinstance(region, Range):
            width = region.ra_max - region.ra_min
            around = ((lon - region.ra_min) % 360 <= width % 360) | (abs(width) >= 360)
            inside: NDArray[np.bool_] = around & (lat >= region.dec_min) & (lat <= region.dec_max)
            return inside
        if isinstance(region, Moc):
            return _in_cells(region, lon, lat)
        points = unit(lon, lat)
        if isinstance(region, Circle):
            chord = np.linalg.norm(points - unit(region.ra, region.dec), axis=-1)
            close: NDArray[np.bool_] = chord <= 2 * np.sin(np.radians(region.radius) / 2) + 1e-15
            return close
        found: NDArray[np.bool_] = _in_polygon(points, unit(*np.array(region.vertices).T))
        return found


def _in_cells(region: Moc, lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    seen = np.isfinite(lon) & (np.abs(lat) <= 90)
    pixels = hpx(lon[seen], lat[seen])
    lows, highs = np.array(region.ranges, np.int64).T
    which = np.searchsorted(lows, pixels, side="right") - 1
    inside = np.zeros(len(lon), bool)
    inside[seen] = (which >= 0) & (pixels <= highs[which])
    return inside


def _in_polygon(points: Floats, vertices: Floats) -> NDArray[np.bool_]:
    """By the even-odd rule in the gnomonic projection, where great circles are lines."""
    middle = vertices.sum(axis=0) / np.linalg.norm(vertices.sum(axis=0))
    east = np.cross([0.0, 0.0, 1.0] if abs(middle[2]) < 0.9 else [1.0, 0.0, 0.0], middle)
    east /= np.linalg.norm(east)
    north = np.cross(middle, east)
    depth = points @ middle
    x, y = points @ east / depth, points @ north / depth
    corners = vertices @ middle
    a, b = vertices @ east / corners, vertices @ north / corners
    inside = np.zeros(len(points), bool)
    for ax, ay, bx, by in zip(a, b, np.roll(a, -1), np.roll(b, -1), strict=True):
        crosses = (ay > y) != (by > y)
        inside ^= crosses & (x < ax + (y - ay) / ((by - ay) or 1.0) * (bx - ax))
    found: NDArray[np.bool_] = inside & (depth > 0)
    return found


def _lonlat(vectors: Floats) -> tuple[Floats, Floats]:
    x, y, z = vectors.T
    return np.degrees(np.arctan2(y, x)) % 360, np.degrees(np.arctan2(z, np.hypot(x, y)))
