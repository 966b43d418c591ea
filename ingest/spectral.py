"""Wavelength ranges, in metres and in vacuum, from keywords, WCS axes, table columns and filters."""

import math
import tomllib
from functools import cache
from importlib.resources import files

import numpy as np
from astropy import units
from astropy.io import fits

from ingest.fitsfile import FitsFile, Hdu
from ingest.footprint import wcs_of
from ingest.layout import data_hdus, science_hdu, table_hdus
from ingest.rules import Underivable

Range = tuple[float, float]
LIGHT = 299_792_458.0  #: m/s
AIR_FROM = 200e-9  #: m; shorter wavelengths are always given in vacuum
#: TTYPE of a column of wavelengths, in capitals; logarithms to base 10 are marked so.
_WAVELENGTHS = {
    "WAVE": False,
    "WAVELENGTH": False,
    "LAMBDA": False,
    "LAM": False,
    "WL": False,
    "LOGLAM": True,
}
MOST_ELEMENTS = 50_000_000  #: of a column that is read


def refractive_index(wavelength: float) -> float:
    """Of standard air (15 C, 1013.25 hPa) at a vacuum ``wavelength`` in metres (Birch & Downs 1994).

    Line lists and pipelines mean this air. The formula of FITS WCS paper III for AWAV is that of air at
    0 C, and 0.09 angstrom off at H alpha.
    """
    inverse = (1e-6 / wavelength) ** 2
    return 1.0 + 8.34254e-5 + 2.406147e-2 / (130.0 - inverse) + 1.5998e-4 / (38.9 - inverse)


def air_to_vacuum(wavelength: float) -> float:
    """The vacuum wavelength, metres, of a wavelength in air; below 200 nm it is one already."""
    if wavelength < AIR_FROM:
        return wavelength
    vacuum = wavelength
    for _ in range(3):  # the index belongs to the vacuum wavelength; converges to 1e-15 at once
        vacuum = wavelength * refractive_index(vacuum)
    return vacuum


def is_in_air(file: FitsFile) -> bool:
    """Whether the file's wavelengths are in air: by the UCD of its first column or the type of its axis."""
    hdus = (file.primary, file.once(science_hdu))
    for hdu in hdus:
        if "obs.atmos" in str(hdu.get("TUCD1") or ""):
            return True
        if any(str(hdu.get(f"CTYPE{i}") or "").startswith("AWAV") for i in range(1, 6)):
            return True
    return False


def keyword_range(file: FitsFile) -> Range | None:
    """WAVELMIN and WAVELMAX (nm; SDP standard)."""
    for hdu in (file.primary, file.once(science_hdu)):
        low, high = hdu.number("WAVELMIN"), hdu.number("WAVELMAX")
        if low and high and 0 < low <= high:
            return _vacuum(file, low * 1e-9, high * 1e-9)
    return None


def _vacuum(file: FitsFile, low: float, high: float) -> Range:
    return (air_to_vacuum(low), air_to_vacuum(high)) if is_in_air(file) else (low, high)


def axis_range(file: FitsFile) -> Range | None:
    """The range of the spectral WCS axis, outer edges of the first and the last pixel."""
    for hdu in file.once(data_hdus):
        if any("CTYPE" in keyword for keyword in hdu.by_keyword) and (found := _axis_range(hdu)):
            return found
    return None


def _axis_range(hdu: Hdu) -> Range | None:
    wcs = wcs_of(hdu)
    axis = wcs.wcs.spec
    if axis < 0 or axis >= len(hdu.shape):
        return None
    pixels = np.tile(wcs.wcs.crpix, (2, 1))
    pixels[:, axis] = 0.5, hdu.shape[axis] + 0.5
    ends = wcs.wcs_pix2world(pixels, 1)[:, axis]
    kind = str(wcs.wcs.ctype[axis])[:4].strip()
    values = [_wavelength(kind, float(end), wcs) for end in ends]
    low, high = min(values), max(values)
    if not (low > 0 and math.isfinite(high)):
        raise Underivable("WCS", f"the spectral axis ({kind}) does not give wavelengths", hdu.index)
    return low, high


def _wavelength(kind: str, value: float, wcs: object) -> float:
    """The vacuum wavelength of a coordinate in SI units (FITS WCS paper III, table 1); NaN when unknown."""
    rest = wcs.wcs  # type: ignore[attr-defined]
    rest_wave = rest.restwav or (LIGHT / rest.restfrq if rest.restfrq else math.nan)
    match kind:
        case "WAVE":
            return value
        case "AWAV":
            return air_to_vacuum(value)
        case "FREQ":
            return LIGHT / value if value > 0 else math.nan
        case "WAVN":
            return 1.0 / value if value > 0 else math.nan
        case "ENER":
            return 1.986445857e-25 / value if value > 0 else math.nan
        case "VOPT":
            return rest_wave * (1 + value / LIGHT)
        case "ZOPT":
            return rest_wave * (1 + value)
        case "VRAD":
            return rest_wave / (1 - value / LIGHT)
        case "VELO" | "BETA":
            beta = value if kind == "BETA" else value / LIGHT
            return rest_wave * math.sqrt((1 + beta) / (1 - beta)) if abs(beta) < 1 else math.nan
    return math.nan


def column_range(file: FitsFile, *, unit: str = "", air: bool = False) -> Range | None:
    """The range of a table's column of wavelengths: TDMINi and TDMAXi, or the values themselves.

    Parameters
    ----------
    unit : str
        When the column does not say.
    air : bool
        The wavelengths are in air, though the header does not say so.
    """
    for hdu in file.once(table_hdus):
        for number, name in enumerate(hdu.numbered("TTYPE"), 1):
            is_log = _WAVELENGTHS.get(str(name).strip().upper())
            if is_log is None:
                continue
            low, high = hdu.number(f"TDMIN{number}"), hdu.number(f"TDMAX{number}")
            ends = (low, high) if low and high else _column_ends(file.path, hdu, number)
            if ends is None:
                return None
            if is_log:
                ends = (10 ** ends[0], 10 ** ends[1])
            try:
                factor = float(units.Unit(str(hdu.get(f"TUNIT{number}") or unit or "Angstrom")).to("m"))
            except (ValueError, units.UnitConversionError):
                factor = 1e-10 if is_log else math.nan
            first, last = ends[0] * factor, ends[1] * factor
            if not 0 < first <= last:
                return None
            return (air_to_vacuum(first), air_to_vacuum(last)) if air else _vacuum(file, first, last)
    return None


def _column_ends(path: str, hdu: Hdu, number: int) -> Range | None:
    """Smallest and largest value of a column, read from the file."""
    if math.prod(hdu.shape) > MOST_ELEMENTS * 8:
        return None
    try:
        with fits.open(path, memmap=False) as opened:
            values = np.asarray(opened[hdu.index].data.field(number - 1), dtype=np.float64)
    except (OSError, ValueError, TypeError, KeyError) as exc:
        raise Underivable("KEYWORD_VALUE", f"column {number} cannot be read: {exc}", hdu.index) from exc
    values = values[np.isfinite(values) & (values > 0)]
    return (float(values.min()), float(values.max())) if values.size else None


@cache
def filters() -> dict[tuple[str, str], Range]:
    """Ranges in metres by instrument (capitals; ``ANY`` for all) and filter, whose case matters."""
    text = files("ingest").joinpath("filters.toml").read_text(encoding="utf-8")
    return {
        (group.upper(), name): (low * 1e-9, high * 1e-9)
        for group, entries in tomllib.loads(text).items()
        for name, (low, high) in entries.items()
    }


def filter_range(instrument: str | None, filter_name: str | None) -> Range | None:
    """The range of a filter, or that of all when commas separate several; None when one is unknown."""
    found = []
    for name in (filter_name or "").split(","):
        keys = (((instrument or "").upper(), name.strip()), ("ANY", name.strip()))
        entry = next((filters()[key] for key in keys if key in filters()), None)
        if entry is None:
            return None
        found.append(entry)
    return min(low for low, _ in found), max(high for _, high in found)
