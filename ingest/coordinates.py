"""Positions between frames: ICRS at the inside, whatever headers say at the edge.

The frames that occur are rotations of ICRS: one matrix each, taken from astropy once, replaces a millisecond
of its frame machinery per position.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from astropy.coordinates import (
    FK5,
    ICRS,
    BarycentricMeanEcliptic,
    CartesianRepresentation,
    Galactic,
    SkyCoord,
    UnitSphericalRepresentation,
)
from astropy.wcs import WCS
from astropy.wcs.utils import wcs_to_celestial_frame
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FRAMES: dict[str, Any] = {"fk5": FK5, "galactic": Galactic, "ecliptic": BarycentricMeanEcliptic}


@cache
def _rotation(name: str) -> Floats:
    """Matrix from ICRS unit vectors to those of the frame, equinox J2000."""
    axes = SkyCoord(CartesianRepresentation(np.eye(3)), frame=ICRS())
    turned = axes.transform_to(FRAMES[name]()).represent_as(UnitSphericalRepresentation).to_cartesian().xyz
    return np.asarray(turned.value, dtype=np.float64)


def unit_vectors(lon: Floats, lat: Floats) -> Floats:
    """Unit vectors, shape (3, n), of positions in degrees."""
    lon, lat = np.radians(lon), np.radians(lat)
    return np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def positions(vectors: Floats) -> tuple[Floats, Floats]:
    """Longitudes in [0, 360) and latitudes, degrees, of vectors of shape (3, n)."""
    lon = np.degrees(np.arctan2(vectors[1], vectors[0])) % 360.0
    lat = np.degrees(np.arctan2(vectors[2], np.hypot(vectors[0], vectors[1])))
    return np.where(lon >= 360.0, 0.0, lon), lat


def galactic(ra: float | None, dec: float | None) -> tuple[float, float] | None:
    """Galactic longitude and latitude, degrees, of an ICRS position."""
    return _turned("galactic", ra, dec)


def ecliptic(ra: float | None, dec: float | None) -> tuple[float, float] | None:
    """Mean barycentric ecliptic longitude and latitude (J2000), degrees, of an ICRS position."""
    return _turned("ecliptic", ra, dec)


def _turned(name: str, ra: float | None, dec: float | None) -> tuple[float, float] | None:
    if ra is None or dec is None:
        return None
    lon, lat = positions(_rotation(name) @ unit_vectors(np.array([ra]), np.array([dec])))
    return float(lon[0]), float(lat[0])


def to_icrs(wcs: WCS, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """World coordinates of ``wcs`` as ICRS right ascensions and declinations, degrees."""
    frame = wcs_to_celestial_frame(wcs)
    if isinstance(frame, ICRS):
        return np.where(lon % 360.0 >= 360.0, 0.0, lon % 360.0), lat
    for name, kind in FRAMES.items():
        if isinstance(frame, kind) and frame.is_equivalent_frame(kind()):
            return positions(_rotation(name).T @ unit_vectors(lon, lat))
    turned = SkyCoord(lon, lat, unit="deg", frame=frame).icrs
    return np.asarray(turned.ra.deg), np.asarray(turned.dec.deg)


def counter_clockwise(vertices: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """``vertices`` counter-clockwise as seen from the origin (DALI 1.1, Polygon)."""
    vectors = unit_vectors(*(np.array(axis) for axis in zip(*vertices, strict=True))).T
    normal = np.cross(vectors, np.roll(vectors, -1, axis=0)).sum(axis=0)
    # Seen from inside the sphere the turn is the other way round than seen from outside.
    outward = float(normal @ vectors.sum(axis=0)) > 0
    return tuple(reversed(vertices)) if outward else tuple(vertices)
