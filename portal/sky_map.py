"""The holdings on the sky: counts per HEALPix cell, drawn as an SVG in the Mollweide projection."""

from collections.abc import Sequence
from dataclasses import dataclass

import healpy
import numpy as np
from numpy.typing import NDArray

ORDER = 4  #: cells of 3.7 degrees
SHIFT = 2 * (29 - ORDER)  #: bits between a cell of this order and an ``hpx`` value
_NEWTON_STEPS = 12  #: enough for 1e-6 everywhere but at the poles, which are set


@dataclass(frozen=True, slots=True)
class Dot:
    """A cell with data: where it is drawn (the map is 2 x 1, centre 0, 0) and how many rows it holds."""

    x: float
    y: float
    radius: float
    count: int
    ra: float
    dec: float


def mollweide(
    ra: NDArray[np.float64], dec: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Plane coordinates of ICRS degrees: x in -1..1 (east to the left, RA 0 in the middle), y in -0.5..0.5.

    Solves ``2t + sin 2t = pi sin(dec)`` by Newton's method (Snyder 1987, Map Projections, Mollweide).
    """
    lon = np.deg2rad((np.asarray(ra) + 180.0) % 360.0 - 180.0)
    lat = np.deg2rad(np.asarray(dec))
    polar = np.abs(lat) > np.pi / 2 - 1e-4
    theta = np.where(polar, np.sign(lat) * np.pi / 2, lat)
    target = np.pi * np.sin(lat)
    for _ in range(_NEWTON_STEPS):
        slope = 2 + 2 * np.cos(2 * theta)
        step = (2 * theta + np.sin(2 * theta) - target) / np.where(slope > 1e-9, slope, 1.0)
        theta = np.where(polar, theta, theta - step)
    return -lon / np.pi * np.cos(theta), 0.5 * np.sin(theta)


def dots(cells: Sequence[int], counts: Sequence[int]) -> list[Dot]:
    """One dot per cell of `ORDER` (NESTED), its area growing with the logarithm of the count."""
    if not len(cells):
        return []
    ra, dec = healpy.pix2ang(2**ORDER, np.asarray(cells, dtype=np.int64), nest=True, lonlat=True)
    x, y = mollweide(ra, dec)
    n = np.asarray(counts, dtype=np.float64)
    radius = 0.006 + 0.010 * np.log1p(n) / np.log1p(n.max())
    rows = zip(x, y, radius, counts, ra, dec, strict=True)
    return [Dot(float(a), float(b), float(r), int(c), float(u), float(v)) for a, b, r, c, u, v in rows]


def graticule() -> list[str]:
    """Meridians every 60 and parallels every 30 degrees, as values of an SVG path's ``d``."""
    lines = [
        (np.full(61, lon), np.linspace(-90, 90, 61))
        for lon in (180.001, 240.0, 300.0, 0.0, 60.0, 120.0, 180.0)
    ]
    lines += [(np.linspace(180.001, 540.0, 91), np.full(91, lat)) for lat in (-60.0, -30.0, 0.0, 30.0, 60.0)]
    paths = []
    for lon, lat in lines:
        x, y = mollweide(np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64))
        paths.append("M" + "L".join(f"{a:.4f} {-b:.4f}" for a, b in zip(x, y, strict=True)))
    return paths
