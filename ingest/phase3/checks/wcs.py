"""Where the pixels are on the sky, and whether RA and DEC are there (SDP 5.4; FITS WCS papers I, II)."""

import math
from collections.abc import Iterator

import numpy as np
from astropy.wcs.utils import proj_plane_pixel_scales

from ingest.fitsfile import FitsFile, Hdu
from ingest.footprint import Outline, outlines, separation, wcs_of
from ingest.phase3.finding import Mark
from ingest.phase3.product import Product
from ingest.rules import Underivable
from vo_server import sky
from vo_server.errors import UsageFault
from vo_server.sky.shapes import inside_polygon
from vo_server.sky.vectors import unit

SMALLEST, LARGEST = 1e-4 / 3600, 1.0  #: degrees; side of a pixel
LONGEST_SIDE = 3.0  #: times the other side of a pixel
NEAR = 0.25  #: of the size of an image: how far RA and DEC may be from its centre
_SECONDS = 1e-4  #: degrees added to a footprint: a third of an arc second


def check(product: Product) -> Iterator[Mark]:
    """World coordinates of the science images, and the place of RA and DEC in them."""
    found: list[Outline] = []
    for hdu in images_of(product):
        marks = tuple(_axes(hdu))
        yield from marks
        if not marks:
            yield from _outline(product, hdu, found)
    if found:
        yield from _position(product, found)


def images_of(product: Product) -> tuple[Hdu, ...]:
    """The science images, the primary one or extensions."""
    form = product.category.form if product.category else ""
    return (product.primary,) if form in ("image", "map") else product.science


def _axes(hdu: Hdu) -> Iterator[Mark]:
    """What the keywords alone tell."""
    kinds = [str(hdu.get(f"CTYPE{i}") or "") for i in (1, 2)]
    if all(kinds) and not (_is_longitude(kinds[0]) and _is_latitude(kinds[1])):
        swapped = _is_longitude(kinds[1]) and _is_latitude(kinds[0])
        if not swapped or kinds[0][4:] != kinds[1][4:]:
            wrong = 1 if not _is_longitude(kinds[0]) else 2
            yield Mark("WCS_AXES", " and ".join(map(repr, kinds)), hdu.index, f"CTYPE{wrong}")
    for i in (1, 2):
        told = hdu.text_of(f"CUNIT{i}")
        if told is not None and told != "deg":
            yield Mark("WCS_UNIT", repr(told), hdu.index, f"CUNIT{i}")
        yield from _reference(hdu, i, kinds[i - 1])
    alternatives = [name for name in hdu.by_keyword if name.startswith(("CTYPE1", "CRVAL1")) and name[6:]]
    if alternatives and alternatives[0][6:].isalpha():
        yield Mark("WCS_SEVERAL", alternatives[0], hdu.index, alternatives[0])


def _reference(hdu: Hdu, axis: int, kind: str) -> Iterator[Mark]:
    value = hdu.number(f"CRVAL{axis}")
    low, high = (-90.0, 90.0) if _is_latitude(kind) else (-180.0, 360.0)
    if value is not None and not low <= value <= high:
        yield Mark("WCS_REFERENCE", repr(value), hdu.index, f"CRVAL{axis}")


def _is_longitude(kind: str) -> bool:
    return kind[:4] in ("RA--", "GLON", "ELON")


def _is_latitude(kind: str) -> bool:
    return kind[:4] in ("DEC-", "GLAT", "ELAT")


def is_singular(hdu: Hdu) -> bool:
    """Whether the matrix of the first two axes gives pixels no area."""
    a, b, c, d = (hdu.number(f"CD{i}_{j}") or 0.0 for i in (1, 2) for j in (1, 2))
    return not math.isfinite(a * d - b * c) or a * d == b * c


def _outline(product: Product, hdu: Hdu, found: list[Outline]) -> Iterator[Mark]:
    """The outline of one image, put into ``found``, or why there is none."""
    matrix = [hdu.number(f"CD{i}_{j}") for i in (1, 2) for j in (1, 2)]
    if None in matrix or any(hdu.number(f"{word}{i}") is None for word in ("CRVAL", "CRPIX") for i in (1, 2)):
        return  # what is missing is told with the keywords
    if is_singular(hdu):
        came = "CD = ({!r}, {!r}; {!r}, {!r})".format(*matrix)
        yield Mark("WCS_SINGULAR", came, hdu.index, "CD1_1")
        return
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            scales = proj_plane_pixel_scales(wcs_of(hdu).celestial)
        outline = outlines(FitsFile(product.file.path, product.file.name, (hdu,)))[0]
    except (Underivable, IndexError, ValueError) as exc:
        reason = exc.message if isinstance(exc, Underivable) else "there are no celestial axes"
        yield Mark("WCS_UNUSABLE", reason, hdu.index, "CTYPE1")
        return
    short, long = float(np.min(scales)), float(np.max(scales))
    if not SMALLEST <= short <= long <= LARGEST or long > LONGEST_SIDE * short:
        yield Mark("WCS_SCALE", f"{short * 3600:.6g} by {long * 3600:.6g} arcsec", hdu.index, "CD1_1")
    found.append(outline)


def _position(product: Product, found: list[Outline]) -> Iterator[Mark]:
    head = product.primary
    ra, dec = head.number("RA"), head.number("DEC")
    if ra is None or dec is None or not (0 <= ra < 360 and -90 <= dec <= 90):
        return
    polygons = [sky.Polygon(outline.vertices) for outline in found]
    try:
        circle = sky.bounding_circle(polygons[0] if len(polygons) == 1 else sky.Union(tuple(polygons)))
    except UsageFault as exc:
        yield Mark("WCS_UNUSABLE", str(exc), found[0].hdu, "CD1_1")
        return
    distance = separation(ra, dec, circle.ra, circle.dec)
    is_inside = distance <= circle.radius + _SECONDS
    if is_inside and len(polygons) == 1 and distance > _SECONDS:
        is_inside = inside_polygon(unit(*zip(*polygons[0].vertices, strict=True)), unit(ra, dec))
    if not is_inside:
        came = f"{distance:.6g} deg from the centre of the images, whose radius is {circle.radius:.6g} deg"
        yield Mark("WCS_POSITION", f"RA = {ra!r}, DEC = {dec!r}: {came}", head.index, "RA")
    elif distance > 2 * NEAR * circle.radius + _SECONDS:
        came = f"{distance:.6g} deg from the centre {circle.ra:.6f}, {circle.dec:.6f}"
        yield Mark("WCS_CENTRE", f"RA = {ra!r}, DEC = {dec!r}: {came}", head.index, "RA")
