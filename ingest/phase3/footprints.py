"""Footprints of catalogues: corners FPRAia, FPDEia as polygons on the sphere (SDP 5.16)."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ingest.fitsfile import Hdu
from vo_server.sky.shapes import inside_polygon
from vo_server.sky.vectors import unit

Floats = NDArray[np.float64]
_SQUARE_DEGREES = (180.0 / np.pi) ** 2


@dataclass(frozen=True)
class Footprint:
    """One region: its letter (empty for the only one) and its corners in degrees."""

    letter: str
    ra: tuple[float, ...]
    dec: tuple[float, ...]

    @property
    def vectors(self) -> Floats:
        """Unit vectors of the corners, (n, 3)."""
        return unit(self.ra, self.dec)

    @property
    def area(self) -> float:
        """Square degrees; negative when the corners run clockwise as seen on the sky."""
        corners = self.vectors
        total = 0.0
        first = corners[0]
        for second, third in pairwise(corners[1:]):
            # Solid angle of a triangle (Van Oosterom and Strackee 1983).
            volume = float(first @ np.cross(second, third))
            total += 2 * np.arctan2(volume, 1 + first @ second + second @ third + third @ first)
        return float(total) * _SQUARE_DEGREES

    def contains(self, ra: float, dec: float) -> bool:
        """Whether a position is inside."""
        return bool(inside_polygon(self.vectors, unit(ra, dec)))

    def count(self, ra: Floats, dec: Floats) -> int:
        """How many of the positions are inside, edges by great circles."""
        return int(np.count_nonzero(self.mask(ra, dec)))

    def mask(self, ra: Floats, dec: Floats) -> NDArray[np.bool_]:
        """Which of the positions are inside a convex region; of others, which are in its bounding cap."""
        points, corners = unit(ra, dec), self.vectors
        normals = np.cross(corners, np.roll(corners, -1, axis=0)) * (1.0 if self.area >= 0 else -1.0)
        is_convex = bool((corners @ normals.T > -1e-12).all())
        if is_convex:
            return np.asarray((points @ normals.T > -1e-9).all(axis=1))
        middle = corners.sum(axis=0)
        middle /= np.linalg.norm(middle)
        return np.asarray(points @ middle >= (corners @ middle).min() - 1e-9)


def footprints(head: Hdu) -> tuple[tuple[Footprint, ...], tuple[str, ...]]:
    """The regions of a header, and the letters of those whose corners do not pair or are fewer than three."""
    found, broken = [], []
    letters = {
        name[-1] if name[-1].isalpha() else "" for name in head.by_keyword if name[:5] in ("FPRA1", "FPDE1")
    }
    for letter in sorted(letters):
        ra = _values(head, "FPRA", letter)
        dec = _values(head, "FPDE", letter)
        if len(ra) != len(dec) or len(ra) < 3:
            broken.append(letter)
        elif all(0 <= a < 360 for a in ra) and all(-90 <= d <= 90 for d in dec):
            found.append(Footprint(letter, ra, dec))
    return tuple(found), tuple(broken)


def _values(head: Hdu, stem: str, letter: str) -> tuple[float, ...]:
    values: list[float] = []
    while (value := head.number(f"{stem}{len(values) + 1}{letter}")) is not None:
        values.append(value)
    return tuple(values)
