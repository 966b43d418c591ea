"""Thumbnails of images, cubes, spectra and catalogues: arrays in, PNG out."""

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Floats = NDArray[np.float64]

KINDS = ("preview", "thumbnail")  #: of pictures
NOTHING = 3  #: exit status of `datalink.previews.reading` where nothing can be drawn
SIDE = 192  #: pixels of the longer side of a picture
PLOT = (192, 96)  #: pixels of a plot
_MARGIN = 4
_INK, _FRAME, _PAPER = (31, 78, 140), (160, 160, 160), (255, 255, 255)


def draw_image(values: Floats) -> bytes:
    """The PNG of an image, north (the last row) up, in grey: the middle 99 per cent of its values, asinh.

    Parameters
    ----------
    values : array (ny, nx)
        Any unit; what is not finite becomes black.

    Raises
    ------
    ValueError
        There is no finite value.
    """
    small = shrink(values, SIDE)
    grey = np.rint(255 * stretch(small)).astype(np.uint8)
    return _png(Image.fromarray(np.ascontiguousarray(grey[::-1])))


def draw_spectrum(wave: Floats, flux: Floats) -> bytes:
    """The PNG of a spectrum as a line in a frame, linear in both coordinates.

    Each column of pixels shows the least and the greatest flux that falls into it; the highest and lowest
    half per cent of the flux are cut off.

    Raises
    ------
    ValueError
        Fewer than two points are finite, or all have one coordinate.
    """
    usable = np.isfinite(wave) & np.isfinite(flux)
    wave, flux = wave[usable], flux[usable]
    if len(wave) < 2 or wave.min() == wave.max():
        raise ValueError("a spectrum needs two finite points")
    order = np.argsort(wave, kind="stable")
    width, height = PLOT[0] - 2 * _MARGIN, PLOT[1] - 2 * _MARGIN
    low, high = np.percentile(flux, (0.5, 99.5))
    span = (high - low) or max(abs(high), 1.0)
    x = (wave[order] - wave.min()) / (wave.max() - wave.min()) * (width - 1)
    y = (1.0 - np.clip((flux[order] - low + 0.05 * span) / (1.1 * span), 0.0, 1.0)) * (height - 1)
    picture = Image.new("RGB", PLOT, _PAPER)
    canvas = ImageDraw.Draw(picture)
    canvas.rectangle((_MARGIN - 1, _MARGIN - 1, PLOT[0] - _MARGIN, PLOT[1] - _MARGIN), outline=_FRAME)
    points = [(_MARGIN + a, _MARGIN + b) for a, b in _outline(x, y)]
    canvas.line(points, fill=_INK, width=1)
    return _png(picture)


def draw_places(ra: Floats, dec: Floats) -> bytes:
    """The PNG of positions (degrees) as dots on all of the sky, RA 0 in the middle and east to the left."""
    width, height = PLOT
    picture = Image.new("RGB", PLOT, _PAPER)
    canvas = ImageDraw.Draw(picture)
    canvas.rectangle((0, 0, width - 1, height - 1), outline=_FRAME)
    x = (0.5 - ((ra + 180) % 360 - 180) / 360) * (width - 1)
    y = (0.5 - dec / 180) * (height - 1)
    canvas.point(list(zip(x.tolist(), y.tolist(), strict=True)), fill=_INK)
    return _png(picture)


def shrink(values: Floats, side: int) -> Floats:
    """``values`` in blocks averaged so that the longer side has at most ``side`` pixels; NaN is left out."""
    step = max(1, -(-max(values.shape) // side))
    if step == 1:
        return values
    ny, nx = (n // step * step or n for n in values.shape)
    steps = [min(step, n) for n in (ny, nx)]
    blocks = values[:ny, :nx].reshape(ny // steps[0], steps[0], nx // steps[1], steps[1])
    finite = np.isfinite(blocks)
    count = finite.sum(axis=(1, 3))
    total = np.where(finite, blocks, 0.0).sum(axis=(1, 3))
    mean: Floats = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean


def stretch(values: Floats) -> Floats:
    """Brightness from 0 to 1: asinh between the 0.5th and the 99.5th percentile."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        raise ValueError("an image needs a finite value")
    low, high = np.percentile(finite, (0.5, 99.5))
    scaled = np.clip((values - low) / ((high - low) or 1.0), 0.0, 1.0)
    bright: Floats = np.nan_to_num(np.arcsinh(10.0 * scaled) / np.arcsinh(10.0), nan=0.0)
    return bright


def _outline(x: Floats, y: Floats) -> Sequence[tuple[float, float]]:
    """The points of a line with at most two per column of pixels: its least and greatest y."""
    column = np.rint(x).astype(np.int64)
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    least, greatest = np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)
    places = column[starts]
    return [
        (float(place), float(value))
        for place, pair in zip(places, zip(least, greatest, strict=True), strict=True)
        for value in pair
    ]


def _png(picture: Image.Image) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
