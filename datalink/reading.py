"""What a preview shows of a FITS file: its first image, its cube seen as one image, or its spectrum.

``python -m datalink.reading FILE`` writes the PNG to standard output; the server runs it like this, so that a
large or damaged file costs the server itself neither memory nor a thread.
"""

import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from datalink.pictures import SIDE, draw_image, draw_spectrum

Floats = NDArray[np.float64]

PLANES = 64  #: of a cube that are averaged, evenly over its spectral axis
#: Names of the columns of a spectrum (Phase 3, spectrum format), the best first.
WAVE_NAMES = ("WAVE", "WAVELENGTH", "LAMBDA", "LAM", "FREQ", "FREQUENCY", "ENER")
FLUX_NAMES = ("FLUX", "FLUX_REDUCED", "FLUX_NORM", "FLUXDENS", "FLAM", "FNU", "COUNTS")


NOTHING = 3  #: exit status where nothing can be drawn


class Unpicturable(Exception):
    """Nothing in the file can be drawn."""


def picture_of(path: Path) -> bytes:
    """The PNG of the first thing in a FITS file that can be drawn.

    Raises
    ------
    Unpicturable
        There is none, or the file cannot be read.
    """
    try:
        # astropy does not map scaled images into memory; `_values` scales what it reads.
        options = {"memmap": True, "lazy_load_hdus": True, "do_not_scale_image_data": True}
        with fits.open(path, **options) as hdus:
            for hdu in hdus:
                drawn = _draw(hdu)
                if drawn is not None:
                    return drawn
    # What a damaged file does to astropy has no common type.
    except (OSError, ValueError, TypeError, KeyError, IndexError, fits.VerifyError) as exc:
        raise Unpicturable("the file cannot be read as FITS") from exc
    raise Unpicturable("there is no image and no spectrum in the file")


def main(arguments: Sequence[str]) -> int:
    """Write the picture of the file that is named; the exit status."""
    warnings.simplefilter("ignore")  # what astropy repairs in a header does not matter to a picture
    try:
        picture = picture_of(Path(arguments[0]))
    except (Unpicturable, MemoryError):
        return NOTHING
    sys.stdout.buffer.write(picture)
    return 0


def _draw(hdu: Any) -> bytes | None:
    if isinstance(hdu, fits.BinTableHDU) and not isinstance(hdu, fits.CompImageHDU):
        spectrum = _table_spectrum(hdu)
        return None if spectrum is None else draw_spectrum(*spectrum)
    shape = tuple(n for n in (hdu.shape or ()))
    if not shape or min(shape) < 1:
        return None
    axes = [n for n in shape if n > 1]
    if len(axes) == 1:
        values = _values(hdu.data, hdu.header).reshape(-1)
        return draw_spectrum(_linear_axis(hdu.header, len(values)), values)
    if len(axes) in (2, 3):
        return draw_image(_flat(hdu, axes))
    return None


def _flat(hdu: Any, axes: list[int]) -> Floats:
    """The image, or the mean of some planes of the cube, read with a stride where it is large."""
    data = hdu.data.reshape(axes)
    step = max(1, max(axes[-2:]) // (4 * SIDE))
    if len(axes) == 2:
        return _values(data[::step, ::step], hdu.header)
    planes = np.unique(np.linspace(0, axes[0] - 1, min(PLANES, axes[0])).astype(int))
    total, count = np.zeros(data[0, ::step, ::step].shape), np.zeros(data[0, ::step, ::step].shape)
    for plane in planes:
        values = _values(data[plane, ::step, ::step], hdu.header)
        finite = np.isfinite(values)
        total += np.where(finite, values, 0.0)
        count += finite
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _values(raw: Any, header: Any) -> Floats:
    """Physical values of stored ones (FITS 4.0, BSCALE, BZERO, BLANK)."""
    values = np.array(raw, dtype=np.float64)
    if raw.dtype.kind in "iu" and "BLANK" in header:
        values[raw == header["BLANK"]] = np.nan
    return values * float(header.get("BSCALE", 1.0)) + float(header.get("BZERO", 0.0))


def _table_spectrum(hdu: Any) -> tuple[Floats, Floats] | None:
    names = {name.upper(): name for name in hdu.columns.names}
    wave = next((names[name] for name in WAVE_NAMES if name in names), None)
    flux = next((names[name] for name in FLUX_NAMES if name in names), None)
    if wave is None or flux is None or not len(hdu.data):
        return None
    # One row with vectors (Phase 3), or one row per point.
    x, y = (np.asarray(hdu.data[name], dtype=np.float64) for name in (wave, flux))
    x, y = (values[0] if values.ndim > 1 else values for values in (x, y))
    if x.shape != y.shape:
        return None
    return x.reshape(-1), y.reshape(-1)


def _linear_axis(header: Any, size: int) -> Floats:
    step = header.get("CDELT1") or header.get("CD1_1") or 1.0
    return (
        float(header.get("CRVAL1", 0.0)) + (np.arange(size) + 1.0 - float(header.get("CRPIX1", 1.0))) * step
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
