"""What the arrays of a spectrum hold, and whether the header tells it (SDP 5.6, 5.18, 8.1)."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ingest.fitsfile import Hdu
from ingest.phase3.checks.wavelengths import limits
from ingest.phase3.columns import Column
from ingest.phase3.finding import Mark
from ingest.phase3.product import Product
from ingest.phase3.units import factor_to
from vo_server.wavelengths import LIGHT, PLANCK_LIGHT

Floats = NDArray[np.float64]
PLAUSIBLE_SNR = 5.0  #: times the median of flux over error


def check(product: Product, hdu: Hdu, columns: Sequence[Column]) -> Iterator[Mark]:
    """What is wrong with coordinates, fluxes, errors and flags; nothing when the table cannot be read."""
    rows = product.rows(hdu)
    if rows is None or len(rows) < 1 or len(columns) < 2 or any(column.width == 0 for column in columns[:2]):
        return
    arrays = {
        column.number: np.atleast_1d(rows[f"f{column.number}"][0]) for column in columns if column.width
    }
    if arrays[1].dtype.kind not in "fiu" or arrays[2].dtype.kind not in "fiu":
        return
    axis = arrays[1].astype(np.float64)
    if not np.isfinite(axis).all():
        yield Mark("SPECTRUM_FINITE", f"{_count(~np.isfinite(axis))} coordinates", hdu.index, "TTYPE1")
        return
    if axis.size > 1:
        steps = np.diff(axis)
        if not (steps > 0).all():
            at = int(np.argmax(steps <= 0))
            came = f"element {at + 2} is {axis[at + 1]!r} after {axis[at]!r}"
            yield Mark("SPECTRUM_ORDER", came, hdu.index, "TTYPE1")
            return
        yield from _axis(product, hdu, columns[0], axis, steps)
    yield from _values(hdu, columns, arrays)
    if len(columns) > 2 and 3 in arrays and columns[2].name.upper().startswith("ERR"):
        yield from _noise(product, hdu, columns, arrays)


def _count(mask: NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(mask))


def _axis(product: Product, hdu: Hdu, column: Column, axis: Floats, steps: Floats) -> Iterator[Mark]:
    half = float(steps.max()) / 2
    for keyword, value in (("TDMIN1", float(axis[0])), ("TDMAX1", float(axis[-1]))):
        told = hdu.number(keyword)
        if told is not None and abs(told - value) > half:
            yield Mark("SPECTRUM_TDMIN", f"{told!r}, the array has {value!r}", hdu.index, keyword)
    waves = _wavelengths(column, axis)
    if waves is None:
        return
    head = product.primary
    low, high = float(waves.min()), float(waves.max())
    bins = np.abs(np.diff(waves))
    told_limits = head.number("WAVELMIN"), head.number("WAVELMAX")
    is_air = "obs.atmos" in column.ucd.split(";") if column.name.upper() == "WAVE" else None
    yield from limits(told_limits, (low, high), float(bins.max()) / 2, is_air, head.index, "SPECTRUM")
    told_bin, middle = head.number("SPEC_BIN"), float(np.median(bins))
    if told_bin is not None and not middle / 2 <= told_bin <= middle * 1.5:
        yield Mark(
            "SPECTRUM_BIN", f"{told_bin!r} nm, the median bin is {middle:.6g} nm", head.index, "SPEC_BIN"
        )


def _wavelengths(column: Column, axis: Floats) -> Floats | None:
    """The coordinates in nm; None when they are none, or in an unknown unit."""
    name = column.name.upper()
    if name == "WAVE":
        factor = factor_to(column.unit, "nm")
        return None if factor is None else axis * factor
    if axis[0] <= 0:
        return None
    if name == "FREQ" and (factor := factor_to(column.unit, "Hz")):
        return LIGHT / (axis * factor) * 1e9
    if name == "ENER" and (factor := factor_to(column.unit, "J")):
        return PLANCK_LIGHT / (axis * factor) * 1e9
    return None


def _values(hdu: Hdu, columns: Sequence[Column], arrays: dict[int, NDArray[np.generic]]) -> Iterator[Mark]:
    flux = arrays[2].astype(np.float64)
    if not np.isfinite(flux).any() or not np.any(flux[np.isfinite(flux)]):
        yield Mark("SPECTRUM_EMPTY", f"all of {flux.size} elements are NaN or zero", hdu.index, "TTYPE2")
    for column in columns[1:]:
        values = arrays.get(column.number)
        if values is None:
            continue
        if column.is_float and (infinite := _count(np.isinf(values))):
            yield Mark("SPECTRUM_FINITE", f"{infinite} infinite values", hdu.index, f"TTYPE{column.number}")
        if column.name.upper().startswith("QUAL"):
            if not column.is_integer:
                yield Mark("SPECTRUM_QUALITY", repr(column.form), hdu.index, f"TFORM{column.number}")
            elif negative := _count(np.signbit(values.astype(np.float64))):
                yield Mark(
                    "SPECTRUM_QUALITY", f"{negative} negative values", hdu.index, f"TTYPE{column.number}"
                )


def _noise(
    product: Product, hdu: Hdu, columns: Sequence[Column], arrays: dict[int, NDArray[np.generic]]
) -> Iterator[Mark]:
    if not (columns[1].is_float and columns[2].is_float):
        return
    flux, error = arrays[2].astype(np.float64), arrays[3].astype(np.float64)
    if negative := _count(error < 0):
        yield Mark("SPECTRUM_NEGATIVE_ERROR", f"{negative} elements", hdu.index, "TTYPE3")
    good = np.isfinite(flux) & np.isfinite(error) & (error > 0)
    quality = next((arrays[c.number] for c in columns if c.name.upper() == "QUAL" and c.is_integer), None)
    if quality is not None and quality.shape == good.shape:
        good &= quality == 0
    told = product.primary.number("SNR")
    if told is None or not good.any():
        return
    median = float(np.median(np.abs(flux[good]) / error[good]))
    if not median / PLAUSIBLE_SNR - 1 <= told <= median * PLAUSIBLE_SNR + 1:
        yield Mark("SPECTRUM_SNR", f"{told!r}, the median is {median:.4g}", product.primary.index, "SNR")
