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
from vo_server.wavelengths import LIGHT, air_to_vacuum, vacuum_wavelengths

Range = tuple[float, float]
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
    return _from_air(low, high) if is_in_air(file) else (low, high)


def _from_air(low: float, high: float) -> Range:
    return float(air_to_vacuum(low)), float(air_to_vacuum(high))


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
    rest = wcs.wcs.restwav or (LIGHT / wcs.wcs.restfrq if wcs.wcs.restfrq else math.nan)
    values = vacuum_wavelengths(kind, ends, rest)
    low, high = float(values.min()), float(values.max())
    if not (low > 0 and math.isfinite(high)):
        raise Underivable("WCS", f"the spectral axis ({kind}) does not give wavelengths", hdu.index)
    return low, high


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
            return _from_air(first, last) if air else _vacuum(file, first, last)
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
