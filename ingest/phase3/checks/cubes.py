"""Cubes of integral-field spectrographs: layout, spectral axis, wavelengths (SDP 10; FITS WCS paper III)."""

from collections.abc import Iterator

from ingest.fitsfile import Hdu
from ingest.phase3.checks.images import extremes, sampling
from ingest.phase3.checks.wavelengths import limits
from ingest.phase3.finding import Mark
from ingest.phase3.product import Product
from ingest.phase3.units import factor_to, kind_of_unit

#: Kind of the unit of the third axis, by the first letters of CTYPE3.
AXES = {
    "AWAV": "wavelength", "WAVE": "wavelength", "FREQ": "frequency", "ENER": "energy", "VELO": "velocity",
    "VRAD": "velocity", "VOPT": "velocity",
}  # fmt: skip
_FLUXES = frozenset({"flux density", "flux density by frequency", "flux"})
MOST_HDUS = 3  #: the cube, its errors, its quality flags


def check(product: Product) -> Iterator[Mark]:
    """What only cubes can have wrong."""
    head = product.primary
    if head.is_image:
        yield Mark("PRIMARY_DATA", f"NAXIS = {head.get('NAXIS')}", head.index, "NAXIS")
    cubes = [hdu for hdu in product.science if len(hdu.shape) == 3]
    if not cubes:
        yield Mark("CUBE_MISSING", f"{len(product.science)} science images, none of three axes")
    images = [hdu for hdu in product.extensions if hdu.is_image]
    if len(product.science) > 1 or len(images) > MOST_HDUS:
        names = ", ".join(hdu.name or f"HDU {hdu.index}" for hdu in images)
        yield Mark("CUBE_SEVERAL", f"images {names}")
    for hdu in images:
        if len(hdu.shape) != 3:
            yield Mark("CUBE_AXES", f"NAXIS = {len(hdu.shape)}", hdu.index, "NAXIS")
    if cubes and not any(hdu.text_of("HDUCLAS2") == "ERROR" for hdu in images):
        yield Mark("CUBE_ERROR", "no extension with HDUCLAS2 = 'ERROR'", cubes[0].index)
    for hdu in cubes[:1]:
        yield from _contents(product, hdu)
        yield from _axis(product, hdu)
        yield from sampling(product, hdu)


def _contents(product: Product, hdu: Hdu) -> Iterator[Mark]:
    pixels = product.pixels(hdu)
    if pixels is not None and pixels.size and extremes(pixels)[0] is None:
        yield Mark("IMAGE_EMPTY", f"all of {pixels.size} values are blank", hdu.index)
    for holder in (product.primary, hdu):
        unit = holder.text_of("BUNIT")
        if unit and kind_of_unit(unit) not in _FLUXES | {"unknown"}:
            yield Mark("CUBE_BUNIT", repr(unit), holder.index, "BUNIT")


def _axis(product: Product, hdu: Hdu) -> Iterator[Mark]:
    kind, unit = hdu.text_of("CTYPE3"), hdu.text_of("CUNIT3")
    if kind is None:
        return
    if kind[:4] not in AXES:
        yield Mark("CUBE_AXIS", repr(kind), hdu.index, "CTYPE3")
        return
    if unit is None:
        return
    if kind_of_unit(unit) != AXES[kind[:4]]:
        if kind_of_unit(unit) != "unknown":
            yield Mark("CUBE_UNIT", repr(unit), hdu.index, "CUNIT3")
        return
    if AXES[kind[:4]] == "wavelength":
        yield from _limits(product, hdu, kind, unit)


def _limits(product: Product, hdu: Hdu, kind: str, unit: str) -> Iterator[Mark]:
    value, pixel, step = (hdu.number(name) for name in ("CRVAL3", "CRPIX3", "CD3_3"))
    factor = factor_to(unit, "nm")
    if value is None or pixel is None or step is None or factor is None:
        return
    first = (value + (1 - pixel) * step) * factor
    last = (value + (hdu.shape[2] - pixel) * step) * factor
    low, high = min(first, last), max(first, last)
    head, half = product.primary, abs(step) * factor / 2
    told = head.number("WAVELMIN"), head.number("WAVELMAX")
    yield from limits(told, (low, high), half, kind.startswith("AWAV"), head.index, "CUBE")
