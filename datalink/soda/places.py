"""Regions of the sky and ranges of the spectrum as pixels of an image (FITS WCS papers I to III)."""

import warnings
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import ICRS, BaseCoordinateFrame, SkyCoord
from astropy.io import fits
from astropy.wcs import WCS, FITSFixedWarning, NoConvergence, WcsError
from astropy.wcs.utils import wcs_to_celestial_frame
from numpy.typing import NDArray

from datalink.soda.regions import holds, outline
from vo_server.intervals import Interval
from vo_server.positions import Shape
from vo_server.wavelengths import LIGHT, vacuum_wavelengths

Floats = NDArray[np.float64]
Bounds = tuple[int, int]  #: the first pixel, from 0, and the one after the last

LATTICE = 48  #: pixels along each axis that are looked at where the edge of a region cannot be seen
BORDER = 8192  #: pixels along each side of an image that are looked at


def read_wcs(header: fits.Header, hdus: fits.HDUList) -> WCS | None:
    """The world coordinates of an image; None where the header has none that can be understood."""
    with warnings.catch_warnings():
        # What astropy repairs (old units, RADECSYS, MJD-OBS from DATE-OBS) it says by warnings.
        warnings.simplefilter("ignore")
        try:
            return WCS(header, hdus, fix=True)
        # MemoryError is how wcslib reports some contradictions.
        except (WcsError, MemoryError, ValueError, KeyError, TypeError, AssertionError, OSError):
            return None


def celestial(wcs: WCS) -> tuple[WCS, BaseCoordinateFrame] | None:
    """The two axes of the sky and their frame; None where there are none."""
    if not wcs.has_celestial:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FITSFixedWarning)
        try:
            plane = wcs.celestial
            return plane, wcs_to_celestial_frame(plane)
        except (WcsError, ValueError):
            return None


def pixel_box(
    plane: WCS, frame: BaseCoordinateFrame, size: tuple[int, int], region: Shape
) -> tuple[Bounds, Bounds] | None:
    """The columns and rows of an image that a region touches; None where it touches none.

    Parameters
    ----------
    plane, frame
        As `celestial` gives them.
    size : (nx, ny)
        Pixels of the image.
    """
    nx, ny = size
    x, y = _to_pixels(plane, frame, *outline(region))
    seen = np.isfinite(x) & np.isfinite(y)
    on_image = seen & (x >= -0.5) & (x <= nx - 0.5) & (y >= -0.5) & (y <= ny - 0.5)
    # The part of a region that is on the image ends where its own edge is, or that of the image.
    columns, rows, margin = _border(nx, ny) if seen.all() else _lattice(nx, ny)
    held = holds(region, *_to_sky(plane, frame, columns, rows))
    if not held.any() and not on_image.any():
        return None
    found = [
        np.concatenate([edge[on_image], pixels[held] - margin, pixels[held] + margin])
        for edge, pixels in ((x, columns), (y, rows))
    ]
    return _clip(found[0], nx), _clip(found[1], ny)


def _border(nx: int, ny: int) -> tuple[Floats, Floats, float]:
    """Pixels along the border of an image, and how far it is to the next."""
    along, up = _steps(nx, BORDER), _steps(ny, BORDER)
    columns = np.concatenate([along, along, np.zeros(len(up)), np.full(len(up), nx - 1.0)])
    rows = np.concatenate([np.zeros(len(along)), np.full(len(along), ny - 1.0), up, up])
    return columns, rows, float(max(nx, ny) > BORDER) * max(nx, ny) / BORDER


def _lattice(nx: int, ny: int) -> tuple[Floats, Floats, float]:
    """Pixels all over an image, and how far it is to the next: for regions whose edge cannot be seen."""
    columns, rows = np.meshgrid(_steps(nx, LATTICE), _steps(ny, LATTICE))
    return columns.ravel(), rows.ravel(), max(nx, ny) / LATTICE


def _steps(count: int, most: int) -> Floats:
    return np.unique(np.rint(np.linspace(0, count - 1, min(count, most))))


def _clip(values: Floats, count: int) -> Bounds:
    low, high = np.clip([values.min(), values.max()], -0.5, count - 0.5)
    start = min(int(np.floor(low + 0.5)), count - 1)
    # A region that ends exactly between two pixels does not touch the second.
    stop = max(int(np.ceil(high + 0.5)), start + 1)
    return start, min(stop, count)


def _to_sky(plane: WCS, frame: BaseCoordinateFrame, x: Any, y: Any) -> tuple[Floats, Floats]:
    """Pixels, from 0, to ICRS degrees; NaN where there is no sky."""
    with np.errstate(all="ignore"):
        world = plane.all_pix2world(x, y, 0)
    # Declination may be the first axis.
    lon, lat = world[plane.wcs.lng], world[plane.wcs.lat]
    return _as_icrs(np.asarray(lon, np.float64), np.asarray(lat, np.float64), frame)


def _as_icrs(lon: Floats, lat: Floats, frame: BaseCoordinateFrame) -> tuple[Floats, Floats]:
    good = np.isfinite(lon) & np.isfinite(lat)
    found = np.full((2, len(lon)), np.nan)
    if good.any():
        place = SkyCoord(lon[good] * u.deg, lat[good] * u.deg, frame=frame).transform_to(ICRS())
        found[:, good] = place.ra.deg, place.dec.deg
    return found[0], found[1]


def _to_pixels(plane: WCS, frame: BaseCoordinateFrame, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """ICRS degrees to pixels from 0; NaN where the projection does not show the place."""
    place = SkyCoord(lon * u.deg, lat * u.deg, frame=ICRS()).transform_to(frame)
    world = [place.spherical.lon.deg, place.spherical.lat.deg]
    if plane.wcs.lng > plane.wcs.lat:
        world.reverse()
    with np.errstate(all="ignore"):
        try:
            x, y = plane.all_world2pix(*world, 0)
        except NoConvergence as exc:
            # Far from the image a distortion has no inverse; without it the place is outside all the same.
            x, y = exc.best_solution.T
            rough = plane.wcs_world2pix(*world, 0)
            x, y = (np.where(np.isfinite(a), a, b) for a, b in zip((x, y), rough, strict=True))
    return np.asarray(x, np.float64), np.asarray(y, np.float64)


def channel_edges(wcs: WCS, axis: int, count: int, header: fits.Header) -> Floats | None:
    """Vacuum wavelengths, metres, of the edges of the channels of an axis; None where they are not known."""
    pixels = np.tile(np.asarray(wcs.wcs.crpix, np.float64) - 1.0, (count + 1, 1))
    pixels[:, axis] = np.arange(count + 1) - 0.5
    values = np.asarray(wcs.all_pix2world(pixels, 0)[:, axis], np.float64)
    kind = str(wcs.wcs.ctype[axis])[:4].strip().upper()
    if axis == wcs.wcs.spec:
        rest = wcs.wcs.restwav or (LIGHT / wcs.wcs.restfrq if wcs.wcs.restfrq else np.nan)
        found = vacuum_wavelengths(kind, values, rest)
    else:
        found = _plain_wavelengths(kind, values, str(wcs.wcs.cunit[axis]), header)
    return found if np.isfinite(found).all() else None


def _plain_wavelengths(kind: str, values: Floats, unit: str, header: fits.Header) -> Floats:
    """Of an axis that is called LINEAR or LAMBDA, as spectra before FITS WCS paper III have it."""
    if kind.startswith("LOG") or header.get("DC-FLAG") == 1:
        values = 10.0**values
    try:
        return np.asarray((values * u.Unit(unit or "Angstrom")).to_value("m", u.spectral()), np.float64)
    except (ValueError, u.UnitConversionError):
        return np.full_like(values, np.nan)


def select_channels(edges: Floats, band: Interval) -> Bounds | None:
    """The channels that share a wavelength with ``band``; None where there are none."""
    low, high = np.minimum(edges[:-1], edges[1:]), np.maximum(edges[:-1], edges[1:])
    (chosen,) = np.nonzero((high > band.low) & (low <= band.high))
    return (int(chosen[0]), int(chosen[-1]) + 1) if len(chosen) else None
