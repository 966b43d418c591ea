"""What there is to see in a FITS file: its first image, cube or spectrum, or the places of its sources."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
from numpy.typing import NDArray

from datalink.soda.tables import position_columns, spectral_column

Floats = NDArray[np.float64]

SIDE = 2048  #: pixels of the longer side of an image, at least, before it is read with a stride
PLANES = 128  #: of a cube that are read, evenly over its spectral axis
MOST_SOURCES = 20_000  #: of a catalogue
#: Names of the columns of fluxes (Phase 3, spectrum format), the best first.
FLUX_NAMES = ("FLUX", "FLUX_REDUCED", "FLUX_NORM", "FLUXDENS", "FLAM", "FNU", "COUNTS")


class Unpicturable(Exception):
    """Nothing in the file can be drawn."""


@dataclass(frozen=True)
class Spectrum:
    """A line: coordinates, values and what they are."""

    wave: Floats
    flux: Floats
    wave_label: str = ""
    flux_label: str = ""


@dataclass(frozen=True)
class Image:
    """Pixels (ny, nx), the coordinates that they have, and of a cube the mean spectrum.

    Attributes
    ----------
    wcs : astropy.wcs.WCS or None
        Of the pixels as they are here.
    """

    values: Floats
    wcs: Any = None
    unit: str = ""
    spectrum: Spectrum | None = None


@dataclass(frozen=True)
class Sources:
    """Places on the sky, degrees."""

    ra: Floats
    dec: Floats


View = Image | Spectrum | Sources


def view_of(path: Path) -> View:
    """The first thing in a FITS file that can be seen.

    Raises
    ------
    Unpicturable
        There is none, or the file cannot be read.
    """
    try:
        # astropy does not map scaled images into memory; `physical` scales what it reads.
        options = {"memmap": True, "lazy_load_hdus": True, "do_not_scale_image_data": True}
        with fits.open(path, **options) as hdus:
            for hdu in hdus:
                view = _see(hdu)
                if view is not None:
                    return view
    # What a damaged file does to astropy has no common type.
    except (OSError, ValueError, TypeError, KeyError, IndexError, fits.VerifyError) as exc:
        raise Unpicturable("the file cannot be read as FITS") from exc
    raise Unpicturable("there is no image, no spectrum and no position in the file")


def _see(hdu: Any) -> View | None:
    if isinstance(hdu, fits.BinTableHDU):
        return _spectrum_of_table(hdu) or _sources(hdu)
    shape = tuple(n for n in (hdu.shape or ()))
    if not shape or min(shape) < 1:
        return None
    axes = [n for n in shape if n > 1]
    if len(axes) == 1:
        values = physical(hdu.data, hdu.header).reshape(-1)
        unit = str(hdu.header.get("CUNIT1", "") or "")
        return Spectrum(_linear_axis(hdu.header, len(values), 1), values, unit, _unit(hdu))
    if len(axes) in (2, 3):
        return _image(hdu, axes)
    return None


def _image(hdu: Any, axes: list[int]) -> Image:
    """The image, or the mean of some planes of the cube, read with a stride where it is large."""
    data = hdu.data.reshape(axes)
    step = max(1, max(axes[-2:]) // SIDE)
    wcs = _plane(hdu.header, step)
    if len(axes) == 2:
        return Image(physical(data[::step, ::step], hdu.header), wcs, _unit(hdu))
    planes = np.unique(np.linspace(0, axes[0] - 1, min(PLANES, axes[0])).astype(int))
    total, count = np.zeros(data[0, ::step, ::step].shape), np.zeros(data[0, ::step, ::step].shape)
    means = []
    for plane in planes:
        values = physical(data[plane, ::step, ::step], hdu.header)
        finite = np.isfinite(values)
        total += np.where(finite, values, 0.0)
        count += finite
        means.append(values[finite].mean() if finite.any() else np.nan)
    flat = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    wave = _linear_axis(hdu.header, axes[0], 3)[planes]
    label = str(hdu.header.get("CUNIT3", "") or "channel")
    return Image(flat, wcs, _unit(hdu), Spectrum(wave, np.array(means), label, _unit(hdu)))


def _plane(header: fits.Header, step: int) -> Any:
    """The coordinates on the sky of an image read with a stride; None where they are not understood."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            wcs = WCS(header).celestial
            return wcs if step == 1 else wcs[::step, ::step]
        # MemoryError is how wcslib reports some contradictions.
        except (ValueError, KeyError, TypeError, MemoryError, AssertionError, NotImplementedError, OSError):
            return None


def _unit(hdu: Any) -> str:
    return str(hdu.header.get("BUNIT", "") or "").strip()


def physical(raw: Any, header: Any) -> Floats:
    """Physical values of stored ones (FITS 4.0, BSCALE, BZERO, BLANK)."""
    values = np.array(raw, dtype=np.float64)
    if raw.dtype.kind in "iu" and "BLANK" in header:
        values[raw == header["BLANK"]] = np.nan
    return values * float(header.get("BSCALE", 1.0)) + float(header.get("BZERO", 0.0))


def _spectrum_of_table(hdu: Any) -> Spectrum | None:
    names = hdu.columns.names
    upper = [name.upper() for name in names]
    wave = spectral_column(hdu)
    flux = next((upper.index(name) for name in FLUX_NAMES if name in upper), None)
    if wave is None or flux is None or not len(hdu.data):
        return None
    # One row with vectors (Phase 3), or one row per point.
    x, y = (np.asarray(hdu.data.field(column), dtype=np.float64) for column in (wave, flux))
    x, y = (values[0] if values.ndim > 1 else values for values in (x, y))
    if x.shape != y.shape:
        return None
    units = (hdu.columns[column].unit for column in (wave, flux))
    labels = [
        f"{names[n]} [{unit}]" if unit else names[n] for n, unit in zip((wave, flux), units, strict=True)
    ]
    return Spectrum(x.reshape(-1), y.reshape(-1), *labels)


def _sources(hdu: Any) -> Sources | None:
    columns = position_columns(hdu)
    if columns is None or not len(hdu.data):
        return None
    step = max(1, len(hdu.data) // MOST_SOURCES)
    lon, lat = (np.asarray(hdu.data.field(column), np.float64)[::step] for column in columns)
    good = np.isfinite(lon) & np.isfinite(lat)
    return Sources(lon[good], lat[good]) if good.any() else None


def _linear_axis(header: Any, size: int, axis: int) -> Floats:
    step = header.get(f"CDELT{axis}") or header.get(f"CD{axis}_{axis}") or 1.0
    start, pixel = float(header.get(f"CRVAL{axis}", 0.0)), float(header.get(f"CRPIX{axis}", 1.0))
    return start + (np.arange(size) + 1.0 - pixel) * step
