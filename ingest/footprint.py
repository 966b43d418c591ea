"""Where on the sky the pixels of a file are: outlines by WCS, their centre, size and pixel scale.

FITS WCS papers I, II; SIP and the other distortions that astropy knows. Everything is ICRS, in degrees.
"""

import math
import re
import warnings
from dataclasses import dataclass

import numpy as np
from astropy.io import fits
from astropy.io.fits.verify import VerifyWarning
from astropy.wcs import WCS, FITSFixedWarning, NoConvergence, WcsError
from astropy.wcs.utils import proj_plane_pixel_area

from ingest.coordinates import Floats, counter_clockwise, to_icrs
from ingest.fitsfile import FitsFile, Hdu
from ingest.layout import data_hdus
from ingest.rules import Underivable
from vo_server import sky

LONGEST_EDGE = 1.0  #: degrees; longer edges are cut, since pixel rows are no great circles
MOST_CUTS = 64  #: per edge
#: The keywords of a WCS (FITS 4.0, table 22; SIP; plate solutions of DSS): astropy looks at every card that
#: it is given. Lookup tables (CPDIS, D2IMDIS) shift positions by less than a few pixels and are left out.
_WCS_KEYWORDS = re.compile(
    r"WCSAXES|NAXIS\d*|(CTYPE|CRVAL|CRPIX|CDELT|CUNIT|CROTA)\d+|(CD|PC|PV|PS)\d+_\d+|(PC|CD)\d{6}|LONPOLE|LATPOLE"
    r"|RADEC?SYS|EQUINOX|EPOCH|SPECSYS|RESTFRE?Q|RESTWAV|VELREF|[AB]P?_(ORDER|\d+_\d+)"
    r"|(PLT|AMD[XY]|PPO)\w*|CNPIX\d|[XY]PIXELSZ"
)


@dataclass(frozen=True)
class Outline:
    """One image on the sky.

    Attributes
    ----------
    vertices : tuple
        ICRS positions in degrees, counter-clockwise, the first not repeated.
    pixel_scale : float
        Arcsec: the root of a pixel's area at the reference point.
    """

    hdu: int
    vertices: tuple[tuple[float, float], ...]
    centre: tuple[float, float]
    pixel_scale: float
    pixels: tuple[int, int]


def wcs_of(hdu: Hdu) -> WCS:
    """The world coordinates of a header.

    Raises
    ------
    Underivable
        The keywords contradict each other.
    """
    lines = (card.text for card in hdu.cards if _WCS_KEYWORDS.fullmatch(card.keyword))
    with warnings.catch_warnings():
        # What astropy repairs (old units, RADECSYS, MJD-OBS from DATE-OBS) it says by this class.
        warnings.simplefilter("ignore", FITSFixedWarning)
        warnings.simplefilter("ignore", VerifyWarning)
        try:
            return WCS(fits.Header.fromstring("".join(lines)), fix=True)
        except (WcsError, MemoryError, ValueError, KeyError, TypeError, AttributeError) as exc:
            # MemoryError is how wcslib reports some contradictions, AttributeError how astropy does.
            reason = str(exc).strip().splitlines()
            raise Underivable("WCS", f"the keywords do not make a WCS: {reason[-1:]}", hdu.index) from exc


def outlines(file: FitsFile) -> tuple[Outline, ...]:
    """The outline of every science image that has celestial coordinates.

    Raises
    ------
    Underivable
        Coordinates are there, and cannot be used.
    """
    found = (_outline(hdu) for hdu in file.once(data_hdus) if "CTYPE1" in hdu.by_keyword)
    return tuple(outline for outline in found if outline is not None)


def _outline(hdu: Hdu) -> Outline | None:
    wcs = wcs_of(hdu)
    if not wcs.has_celestial:
        return None
    lng, lat = wcs.wcs.lng, wcs.wcs.lat
    if max(lng, lat) >= len(hdu.shape):
        raise Underivable("WCS", "the celestial axes are not axes of the image", hdu.index)
    pixels = (hdu.shape[lng], hdu.shape[lat])
    # A copy of the two axes costs a millisecond, and most images have no other.
    plane = wcs if (wcs.naxis, lng, lat) == (2, 0, 1) else _celestial(wcs, hdu)
    corners = np.array(
        [(0.5, 0.5), (pixels[0] + 0.5, 0.5), (pixels[0] + 0.5, pixels[1] + 0.5), (0.5, pixels[1] + 0.5)]
    )
    ra, dec = _to_sky(plane, corners, hdu)
    cuts = [_cuts(ra[i], dec[i], ra[(i + 1) % 4], dec[(i + 1) % 4]) for i in range(4)]
    if max(cuts) > 1:
        edge = np.concatenate([_along(corners[i], corners[(i + 1) % 4], cuts[i]) for i in range(4)])
        ra, dec = _to_sky(plane, edge, hdu)
    middle = _to_sky(plane, np.array([[(pixels[0] + 1) / 2, (pixels[1] + 1) / 2]]), hdu)
    with np.errstate(over="ignore", invalid="ignore"):
        scale = math.sqrt(proj_plane_pixel_area(plane)) * 3600.0
    if not 0 < scale < math.inf:
        raise Underivable("WCS", "the transformation matrix is singular: pixels have no area", hdu.index)
    vertices = counter_clockwise([(float(a), float(d)) for a, d in zip(ra, dec, strict=True)])
    return Outline(hdu.index, vertices, (float(middle[0][0]), float(middle[1][0])), scale, pixels)


def _celestial(wcs: WCS, hdu: Hdu) -> WCS:
    try:
        return wcs.celestial
    except WcsError as exc:
        raise Underivable("WCS", f"the celestial axes are mixed with others: {exc}", hdu.index) from exc


def _to_sky(plane: WCS, pixels: Floats, hdu: Hdu) -> tuple[Floats, Floats]:
    try:
        lon, lat = plane.all_pix2world(pixels, 1).T
    except (WcsError, NoConvergence, ValueError) as exc:
        raise Underivable("WCS", f"pixels have no place on the sky: {exc}", hdu.index) from exc
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()) or np.abs(lat).max() > 90.0:
        raise Underivable("WCS", "corners of the image lie outside the projection", hdu.index)
    try:
        return to_icrs(plane, lon, lat)
    except ValueError as exc:
        message = f"{plane.wcs.lngtyp}, {plane.wcs.lattyp} are not coordinates of the sky"
        raise Underivable("WCS", message, hdu.index) from exc


def _cuts(ra1: float, dec1: float, ra2: float, dec2: float) -> int:
    return min(MOST_CUTS, max(1, math.ceil(separation(ra1, dec1, ra2, dec2) / LONGEST_EDGE)))


def _along(start: Floats, end: Floats, parts: int) -> Floats:
    return start + np.linspace(0.0, 1.0, parts, endpoint=False)[:, None] * (end - start)


def separation(ra1: float, dec1: float, ra2: float, dec2: float) -> float:
    """Degrees between two positions, by haversines."""
    lat1, lat2 = math.radians(dec1), math.radians(dec2)
    a = math.sin((lat2 - lat1) / 2) ** 2
    b = math.cos(lat1) * math.cos(lat2) * math.sin(math.radians(ra2 - ra1) / 2) ** 2
    return 2 * math.degrees(math.asin(min(1.0, math.sqrt(a + b))))


def footprint(file: FitsFile) -> sky.Region | None:
    """The sky that the science images cover: a polygon, or one for each detector (gaps stay gaps).

    Raises
    ------
    Underivable
        The coordinates are unusable.
    """
    parts = tuple(sky.Polygon(outline.vertices) for outline in file.once(outlines))
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else sky.Union(parts)


def centre(file: FitsFile) -> tuple[float, float] | None:
    """The middle pixel of one image, or the centre of the circle around several."""
    found = file.once(outlines)
    if len(found) == 1:
        return found[0].centre
    region = file.once(footprint)
    if region is None:
        return None
    circle = sky.bounding_circle(region)
    return circle.ra, circle.dec
