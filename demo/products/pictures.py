"""Pixels of the synthetic sky: gnomonic coordinates, stars, noise, and PNG previews."""

import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.fitsbytes import Card

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Gnomonic:
    """A TAN projection: centre and pixel scale in degrees, size in pixels, position angle in degrees."""

    ra: float
    dec: float
    scale: float
    nx: int
    ny: int
    angle: float = 0.0
    x0: float | None = None
    y0: float | None = None

    @property
    def reference(self) -> tuple[float, float]:
        """CRPIX: the centre of the image unless it is given."""
        x0 = (self.nx + 1) / 2 if self.x0 is None else self.x0
        return x0, (self.ny + 1) / 2 if self.y0 is None else self.y0

    @property
    def matrix(self) -> NDArray[np.float64]:
        """CDi_j in degrees per pixel; east is left when the angle is 0."""
        c, s = np.cos(np.radians(self.angle)), np.sin(np.radians(self.angle))
        return self.scale * np.array([[-c, s], [s, c]]).round(15)

    def cards(self) -> list[Card]:
        """The WCS keywords as the standard wants them: CDi_j, never CDELT or PC."""
        x0, y0 = self.reference
        matrix = self.matrix
        return [
            ("CTYPE1", "RA---TAN", "Gnomonic projection"),
            ("CTYPE2", "DEC--TAN", "Gnomonic projection"),
            ("CRVAL1", self.ra, "[deg] RA at reference pixel"),
            ("CRVAL2", self.dec, "[deg] DEC at reference pixel"),
            ("CRPIX1", x0, "[pix] Reference pixel in X"),
            ("CRPIX2", y0, "[pix] Reference pixel in Y"),
            # Its default turns by 180 degrees for an image of the north pole itself (FITS paper II).
            ("LONPOLE", 180.0, "[deg] Native longitude of the celestial pole"),
            ("CUNIT1", "deg", "Unit of axis 1"),
            ("CUNIT2", "deg", "Unit of axis 2"),
            *((f"CD{i + 1}_{j + 1}", float(matrix[i, j]), "Transformation matrix element")
              for i in (0, 1) for j in (0, 1)),
            ("CSYER1", 1e-5, "[deg] Systematic error of axis 1"),
            ("CSYER2", 1e-5, "[deg] Systematic error of axis 2"),
            ("CRDER1", 1e-5, "[deg] Random error of axis 1"),
            ("CRDER2", 1e-5, "[deg] Random error of axis 2"),
        ]  # fmt: skip

    def sky(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
        """ICRS degrees of pixel positions, counted from 1 (FITS paper II, Gnomonic)."""
        x0, y0 = self.reference
        xi, eta = np.radians(self.matrix @ np.array([x - x0, y - y0]))
        dec0 = np.radians(self.dec)
        down = np.cos(dec0) - eta * np.sin(dec0)
        ra = (self.ra + np.degrees(np.arctan2(xi, down))) % 360
        return ra, np.degrees(np.arctan2(np.sin(dec0) + eta * np.cos(dec0), np.hypot(xi, down)))


@dataclass(frozen=True, slots=True)
class Stars:
    """Point sources on an image: pixel positions (counted from 1) and total counts."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    counts: NDArray[np.float64]


def scatter_stars(rng: np.random.Generator, number: int, nx: int, ny: int) -> Stars:
    """``number`` stars with a power law of brightness, away from the edges."""
    x, y = rng.uniform(4, nx - 3, number).round(3), rng.uniform(4, ny - 3, number).round(3)
    return Stars(x, y, (rng.pareto(1.1, number) + 1).clip(max=400).round(3) * 60)


def picture(rng: np.random.Generator, stars: Stars, nx: int, ny: int, fwhm: float = 2.4) -> Floats:
    """An image of ``stars`` with a Gaussian PSF (``fwhm`` in pixels) over a noisy, subtracted sky."""
    image = rng.standard_normal((ny, nx), dtype=np.float32)
    sigma = fwhm / 2.3548
    reach = np.arange(-7, 8)
    for x, y, counts in zip(stars.x - 1, stars.y - 1, stars.counts, strict=True):
        i, j = round(float(y)), round(float(x))
        rows, columns = i + reach, j + reach
        rows, columns = rows[(rows >= 0) & (rows < ny)], columns[(columns >= 0) & (columns < nx)]
        profile = np.outer(
            np.exp(-((rows - y) ** 2) / (2 * sigma**2)), np.exp(-((columns - x) ** 2) / (2 * sigma**2))
        )
        image[np.ix_(rows, columns)] += (counts / (2 * np.pi * sigma**2) * profile).astype(np.float32)
    return image


def png(image: Floats) -> bytes:
    """A grey preview of ``image``, north up as FITS viewers show it (PNG, Third Edition)."""
    low, high = np.percentile(image, (5, 99.5))
    scaled = np.arcsinh(np.clip((image - low) / max(high - low, 1e-6), 0, 1) * 10) / np.arcsinh(10)
    grey = (scaled[::-1] * 255).astype(np.uint8)
    lines = b"".join(b"\0" + row.tobytes() for row in grey)
    size = struct.pack(">IIBBBBB", image.shape[1], image.shape[0], 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", size), (b"IDAT", zlib.compress(lines, 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    """One PNG chunk: length, type, data, CRC."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
