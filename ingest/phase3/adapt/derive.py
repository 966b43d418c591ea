"""What recipes derive from headers and data: wavelengths, noise, limits, originating files."""

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.fitsfile import FitsFile, Hdu
from ingest.footprint import centre
from ingest.phase3.product import Product, opened
from ingest.phase3.standard import load
from ingest.phase3.units import factor_to, parse_unit
from ingest.rules import Derivation
from vo_server.wavelengths import LIGHT

MOST_SAMPLED = 2_000_000  #: values from which a noise is estimated
FLUX_UNIT = "erg s**(-1) cm**(-2) angstrom**(-1)"
_ERRORS = ("STAT", "ERROR", "ERR", "VAR")


def cube(file: FitsFile) -> Hdu | None:
    """The first image of three axes that holds no errors."""
    return next((hdu for hdu in file.hdus if len(hdu.shape) == 3 and hdu.name not in _ERRORS), None)


def _axis(file: FitsFile) -> tuple[float, float] | None:
    """The first and the last wavelength of a cube, nm, in the medium of its axis."""
    hdu = cube(file)
    if hdu is None:
        return None
    value, pixel, step = (hdu.number(name) for name in ("CRVAL3", "CRPIX3", "CD3_3"))
    factor = factor_to(hdu.text_of("CUNIT3") or "", "nm")
    if value is None or pixel is None or step is None or factor is None:
        return None
    ends = [(value + (plane - pixel) * step) * factor for plane in (1, hdu.shape[2])]
    return min(ends), max(ends)


def first_wavelength(file: FitsFile) -> float | None:
    """The shortest wavelength of a cube's axis, nm."""
    ends = file.once(_axis)
    return None if ends is None else round(ends[0], 6)


def last_wavelength(file: FitsFile) -> float | None:
    """The longest wavelength of a cube's axis, nm."""
    ends = file.once(_axis)
    return None if ends is None else round(ends[1], 6)


def centre_ra(file: FitsFile) -> float | None:
    """Right ascension of the centre of the images."""
    found = file.once(centre)
    return None if found is None else round(found[0], 7)


def centre_dec(file: FitsFile) -> float | None:
    """Declination of the centre of the images."""
    found = file.once(centre)
    return None if found is None else round(found[1], 7)


def raw_files(file: FitsFile) -> list[str]:
    """The science frames (PRO REC1 RAWi NAME) as the archive names them; else ARCFILE."""
    found: list[str] = []
    while name := file.primary.text_of(f"PRO.REC1.RAW{len(found) + 1}.NAME"):
        found.append(name.removesuffix(".fz").removesuffix(".fits"))
    if not found and (name := file.primary.text_of("ARCFILE")) and not name.startswith("ADP."):
        found.append(name.removesuffix(".fits"))
    return list(dict.fromkeys(found))


def raw_count(file: FitsFile) -> int | None:
    """The number of raw science frames."""
    return len(raw_files(file)) or None


def pixel_noise(file: FitsFile) -> float | None:
    """The median noise of a cube's pixels, erg/s/cm2/angstrom, of its variances or of its own scatter."""
    hdu = cube(file)
    if hdu is None:
        return None
    unit = parse_unit(hdu.text_of("BUNIT") or file.primary.text_of("BUNIT") or "")
    scale = None if unit is None else float(unit.to(parse_unit(FLUX_UNIT)))
    with opened(Path(file.path), load()) as product:
        variances = next((_sample(product, each) for each in file.hdus if each.name in _ERRORS), None)
        values = _sample(product, hdu) if variances is None else variances
    if scale is None or values is None or not values.size:
        return None
    noise = math.sqrt(float(np.median(values))) if variances is not None else _scatter(values)
    return float(f"{noise * scale:.4g}") if noise > 0 else None


def limiting_magnitude(file: FitsFile, pixnoise: float | None, sky_res: float | None) -> float | None:
    """The AB magnitude of a point with five times the noise of the white-light image (SDP 5.11)."""
    hdu, ends = cube(file), file.once(_axis)
    if hdu is None or ends is None or not pixnoise or not sky_res:
        return None
    side = abs(hdu.number("CD2_2") or 0.0) * 3600.0 or abs(hdu.number("CD2_1") or 0.0) * 3600.0
    if side <= 0:
        return None
    white = pixnoise / math.sqrt(hdu.shape[2])
    # Noise of a point that is extracted optimally: sigma times the root of the effective area, 4 pi s^2.
    pixels = 4 * math.pi * (sky_res / side / 2.3548) ** 2
    wave = (ends[0] + ends[1]) / 2 * 10.0  # angstrom
    flux = 5 * white * math.sqrt(pixels) * wave**2 / (LIGHT * 1e10)
    return round(-2.5 * math.log10(flux) - 48.6, 3)


def _sample(product: Product, hdu: Hdu) -> NDArray[np.float64] | None:
    """Up to MOST_SAMPLED finite values from all over an image."""
    pixels = product.pixels(hdu)
    if pixels is None:
        return None
    values = pixels.reshape(-1)[:: max(1, pixels.size // MOST_SAMPLED)].astype(np.float64)
    return np.asarray(values[np.isfinite(values)])


def _scatter(values: NDArray[np.float64]) -> float:
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))


def end_of_exposures(file: FitsFile, start: float | None, exptime: float | None) -> float | None:
    """MJD of the end: the start of the last frame, by its name, and its share of the exposure time."""
    if start is None or exptime is None:
        return None
    return round(start + exptime / 86400.0, 8)


def sky_resolution(file: FitsFile) -> float | None:
    """The seeing of the observatory's monitor, mean of start and end, arcsec."""
    told = [file.primary.number(f"TEL.AMBI.FWHM.{when}") for when in ("START", "END")]
    values = [value for value in told if value is not None and value > 0]
    return round(sum(values) / len(values), 3) if values else None


DERIVATIONS: dict[str, Any] = {
    "first_wavelength": Derivation(first_wavelength, unit="nm"),
    "last_wavelength": Derivation(last_wavelength, unit="nm"),
    "centre_ra": Derivation(centre_ra, unit="deg"),
    "centre_dec": Derivation(centre_dec, unit="deg"),
    "raw_files": Derivation(raw_files),
    "raw_count": Derivation(raw_count),
    "pixel_noise": Derivation(pixel_noise),
    "limiting_magnitude": Derivation(limiting_magnitude, ("PIXNOISE", "SKY_RES"), "mag"),
    "end_of_exposures": Derivation(end_of_exposures, ("MJD_OBS", "EXPTIME"), "d"),
    "sky_resolution": Derivation(sky_resolution, unit="arcsec"),
}
