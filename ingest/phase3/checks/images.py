"""Images, mosaics and flux maps: layout, pixels, unit, sampling (SDP 6, 7)."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ingest.fitsfile import FitsFile, Hdu
from ingest.footprint import outlines
from ingest.phase3.checks.wcs import images_of, is_singular
from ingest.phase3.finding import Mark
from ingest.phase3.product import Product
from ingest.phase3.units import factor_to, kind_of_unit
from ingest.rules import Underivable
from ingest.spectral import filter_range

PIECE = 1 << 22  #: pixels looked at before the next are read
SAME_BAND = 2.0  #: factor between wavelengths of one filter
MOST_SAMPLED = 1_000_000  #: pixels from which the noise is estimated
PLAUSIBLE_NOISE = 30.0  #: times the scatter of the pixels
WIDTHS = ("PSF_FWHM", "SKY_RES")
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
    yield from _band(product)
    for hdu in images_of(product):
        if len(hdu.shape) != 2:
            yield Mark("IMAGE_AXES", f"NAXIS = {len(hdu.shape)}", hdu.index, "NAXIS")
        yield from _pixels(product, hdu)
        yield from _unit(product, hdu)
        yield from sampling(product, hdu)
        if product.category.form == "map":
            yield from _noise(product, hdu)


def _band(product: Product) -> Iterator[Mark]:
    """WAVELMIN and WAVELMAX against the filter, where it is known."""
    head = product.primary
    known = filter_range(head.text_of("INSTRUME"), head.text_of("FILTER"))
    if known is None:
        return
    for keyword, wave in zip(("WAVELMIN", "WAVELMAX"), known, strict=True):
        told = head.number(keyword)
        if told is not None and not wave / SAME_BAND <= told * 1e-9 <= wave * SAME_BAND:
            came = f"{told!r} nm, {head.text_of('FILTER')} has {wave * 1e9:.6g} nm"
            yield Mark("FILTER_LIMITS", came, head.index, keyword)


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


def _noise(product: Product, hdu: Hdu) -> Iterator[Mark]:
    """BNOISE against the scatter of the pixels, which bright sources hardly change."""
    pixels, told = product.pixels(hdu), hdu.number("BNOISE")
    factor = factor_to((hdu.text_of("BUNIT") or "").replace("beam", "").rstrip("/ "), "Jy")
    if pixels is None or told is None or factor is None:
        return
    values = pixels.reshape(-1)[:: max(1, pixels.size // MOST_SAMPLED)].astype(np.float64)
    values = values[np.isfinite(values)]
    scatter = 1.4826 * float(np.median(np.abs(values - np.median(values)))) * factor if values.size else 0.0
    if scatter > 0 and not scatter / PLAUSIBLE_NOISE <= told <= scatter * PLAUSIBLE_NOISE:
        yield Mark("MAP_NOISE", f"{told!r} Jy, the pixels scatter by {scatter:.4g} Jy", hdu.index, "BNOISE")


def sampling(product: Product, hdu: Hdu) -> Iterator[Mark]:
    """The width of a point in pixels, where it cannot be meant in arcsec."""
    holder = next((h for h in (hdu, product.primary) for k in WIDTHS if h.number(k) is not None), hdu)
    keyword = next((word for word in WIDTHS if holder.number(word) is not None), WIDTHS[0])
    width = holder.number(keyword)
    if width is None or width <= 0 or is_singular(hdu):
        return
    try:
        found = outlines(FitsFile(product.file.path, product.file.name, (hdu,)))
    except Underivable:
        return
    for outline in found:
        sampled = width / outline.pixel_scale
        if not SAMPLED[0] <= sampled <= SAMPLED[1]:
            yield Mark("IMAGE_SAMPLING", f"{width:g} arcsec, {sampled:.3g} pixels", holder.index, keyword)
