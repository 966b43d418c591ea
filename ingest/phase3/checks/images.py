"""Images, mosaics and flux maps: layout, pixels, unit, sampling (SDP 6, 7)."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ingest.fitsfile import FitsFile, Hdu
from ingest.footprint import outlines
from ingest.phase3.checks.wcs import images_of
from ingest.phase3.finding import Mark
from ingest.phase3.product import Product
from ingest.phase3.units import kind_of_unit
from ingest.rules import Underivable

PIECE = 1 << 22  #: pixels looked at before the next are read
SAMPLED = (0.02, 1000.0)  #: pixels in the width of a point
_IMAGE_UNITS = frozenset({"count", "counts", "electron", "flux", "flux density", "flux density by frequency"})


def check(product: Product) -> Iterator[Mark]:
    """What only images can have wrong."""
    assert product.category is not None  # noqa: S101
    is_primary = product.category.form in ("image", "map")
    head = product.primary
    if is_primary:
        if len(head.shape) != 2 or not head.is_image:
            yield Mark("PRIMARY_IMAGE", f"NAXIS = {head.get('NAXIS')}", head.index, "NAXIS")
            return
    else:
        if head.is_image:
            yield Mark("PRIMARY_DATA", f"NAXIS = {head.get('NAXIS')}", head.index, "NAXIS")
        if not product.science:
            yield Mark("IMAGE_MISSING", f"{len(product.extensions)} extensions")
    for hdu in images_of(product):
        if len(hdu.shape) != 2:
            yield Mark("IMAGE_AXES", f"NAXIS = {len(hdu.shape)}", hdu.index, "NAXIS")
        yield from _pixels(product, hdu)
        yield from _unit(product, hdu)
        yield from _sampling(product, hdu)


def _pixels(product: Product, hdu: Hdu) -> Iterator[Mark]:
    pixels = product.pixels(hdu)
    if pixels is None or pixels.size == 0:
        return
    blank = hdu.get("BLANK")
    low, high = extremes(pixels, blank if isinstance(blank, int) else None)
    if low is None:
        yield Mark("IMAGE_EMPTY", f"all of {pixels.size} pixels are blank", hdu.index)
    elif low == high:
        yield Mark("IMAGE_CONSTANT", f"all pixels are {low:g}", hdu.index)


def extremes(pixels: NDArray[np.generic], blank: int | None = None) -> tuple[float | None, float | None]:
    """The smallest and the largest pixel, up to the first two that differ; None when all are blank."""
    flat = pixels.reshape(-1)
    low = high = None
    for start in range(0, flat.size, PIECE):
        piece = flat[start : start + PIECE]
        piece = (
            piece[np.isfinite(piece)]
            if piece.dtype.kind == "f"
            else piece[piece != blank]
            if blank is not None
            else piece
        )
        if piece.size:
            least, most = float(piece.min()), float(piece.max())
            low, high = min(least, least if low is None else low), max(most, most if high is None else high)
            if low != high:
                break
    return low, high


def _unit(product: Product, hdu: Hdu) -> Iterator[Mark]:
    text = hdu.text_of("BUNIT")
    if text is None:
        return
    kind = kind_of_unit(text)
    assert product.category is not None  # noqa: S101
    if product.category.form == "map":
        if kind != "unknown" and not (kind == "flux density by frequency" and "beam" in text):
            yield Mark("MAP_BUNIT", repr(text), hdu.index, "BUNIT")
    elif kind not in _IMAGE_UNITS and kind != "unknown":
        yield Mark("IMAGE_BUNIT", repr(text), hdu.index, "BUNIT")


def _sampling(product: Product, hdu: Hdu) -> Iterator[Mark]:
    keyword = "PSF_FWHM" if hdu.number("PSF_FWHM") is not None else "SKY_RES"
    width = hdu.number(keyword)
    if width is None or width <= 0:
        return
    try:
        found = outlines(FitsFile(product.file.path, product.file.name, (hdu,)))
    except Underivable:
        return
    for outline in found:
        sampled = width / outline.pixel_scale
        if not SAMPLED[0] <= sampled <= SAMPLED[1]:
            yield Mark("IMAGE_SAMPLING", f"{width:g} arcsec, {sampled:.3g} pixels", hdu.index, keyword)
