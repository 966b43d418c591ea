"""Parts of images and cubes: which pixels a cut wants, their coordinates, their bytes."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

from datalink.soda.faults import Inapplicable
from datalink.soda.params import STOKES, Cut, Section
from datalink.soda.places import Bounds, celestial, channel_edges, pixel_box, read_wcs, select_channels
from vo_server.errors import UsageFault
from vo_server.intervals import Interval

PIECE = 4 * 1024 * 1024  #: bytes that are read and written at once
READ_AHEAD = 128 * 1024  #: bytes of a run below which the system should read no more than it is asked for
#: Columns of the table of a lookup distortion are images too, and not of the sky.
LOOKUPS = ("WCSDVARR", "D2IMARR")
TIME_AXES = ("TIME", "UTC", "MJD", "TAI", "TT", "TDB")
_CRPIX = re.compile(r"CRPIX(\d)[A-Z]?")


@dataclass(frozen=True, slots=True)
class Window:
    """Pixels of an image.

    Attributes
    ----------
    bounds : tuple
        For each axis, in the order of FITS, the first pixel, from 0, and the one after the last.
    """

    bounds: tuple[Bounds, ...]

    @property
    def slices(self) -> tuple[slice, ...]:
        """The same for an array of numpy, whose axes come the other way round."""
        return tuple(slice(start, stop) for start, stop in reversed(self.bounds))

    @property
    def count(self) -> int:
        """Number of pixels."""
        return int(np.prod([stop - start for start, stop in self.bounds], dtype=np.int64))


def is_image(hdu: Any) -> bool:
    """Whether an HDU has pixels of the sky or of a spectrum."""
    return bool(
        isinstance(hdu, (fits.PrimaryHDU, fits.ImageHDU))
        and hdu.shape
        and min(hdu.shape) > 0
        and hdu.name not in LOOKUPS
    )


def section_window(hdu: Any, section: Section) -> Window | None:
    """The pixels of SUB that the image has; None where it has none of them.

    Raises
    ------
    UsageFault
        The image has another number of axes.
    """
    shape = tuple(reversed(hdu.shape))
    if len(section.ranges) != len(shape):
        raise UsageFault(f"SUB has {len(section.ranges)} axes, and the image has {len(shape)}")
    bounds = []
    for pixels, size in zip(section.ranges, shape, strict=True):
        first, last = pixels or (1, size)
        if first > size:
            return None
        bounds.append((first - 1, min(last, size)))
    return Window(tuple(bounds))


def find_window(hdu: Any, hdus: fits.HDUList, cut: Cut) -> Window | None:
    """The pixels that a cut wants; None where the image has none of them.

    Raises
    ------
    Inapplicable
        The image does not have the axis that a parameter is about.
    """
    shape = tuple(reversed(hdu.shape))
    wcs = read_wcs(hdu.header, hdus)
    if wcs is None:
        raise Inapplicable("the image has no world coordinates that are understood here")
    bounds: list[Bounds] = [(0, size) for size in shape]
    for axis, found in _axes(wcs, hdu.header, shape, cut).items():
        if found is None:
            return None
        bounds[axis] = found
    return Window(tuple(bounds))


def _axes(wcs: WCS, header: fits.Header, shape: tuple[int, ...], cut: Cut) -> Mapping[int, Bounds | None]:
    found: dict[int, Bounds | None] = {}
    if cut.pos is not None:
        sky = celestial(wcs)
        if sky is None:
            raise Inapplicable("POS, CIRCLE and POLYGON need an image of the sky, and this is none")
        lon, lat = sorted((wcs.wcs.lng, wcs.wcs.lat))
        if lat >= len(shape):
            raise Inapplicable("POS, CIRCLE and POLYGON need an image of the sky, and this is none")
        box = pixel_box(*sky, (shape[lon], shape[lat]), cut.pos)
        found[lon], found[lat] = box or (None, None)
    if cut.band is not None:
        axis = spectral_axis(wcs, header, shape)
        edges = None if axis is None else channel_edges(wcs, axis, shape[axis], header)
        if axis is None or edges is None:
            raise Inapplicable("BAND needs a spectral axis, and the image has none")
        found[axis] = select_channels(edges, cut.band)
    if cut.pol:
        axis = _named_axis(wcs, len(shape), ("STOKES",))
        if axis is None:
            raise Inapplicable("POL needs an axis of polarizations, and the image has none")
        found[axis] = _states(_values(wcs, axis, shape[axis]), cut.pol)
    if cut.time is not None:
        axis = _named_axis(wcs, len(shape), TIME_AXES)
        if axis is None:
            raise Inapplicable("TIME needs an axis of times, and the image has none")
        found[axis] = _times(wcs, axis, shape[axis], cut.time)
    return found


def spectral_axis(wcs: WCS, header: fits.Header, shape: tuple[int, ...]) -> int | None:
    """The axis of wavelengths, from 0; None where there is none."""
    if wcs.wcs.spec >= 0:
        return int(wcs.wcs.spec) if wcs.wcs.spec < len(shape) else None
    long = [axis for axis, size in enumerate(shape) if size > 1]
    # A spectrum before FITS WCS paper III: its one axis is LINEAR, LAMBDA or has no name, but a start.
    is_spectrum = len(long) == 1 and not wcs.has_celestial and f"CRVAL{long[0] + 1}" in header
    return long[0] if is_spectrum else None


def _named_axis(wcs: WCS, count: int, names: tuple[str, ...]) -> int | None:
    for axis, ctype in enumerate(list(wcs.wcs.ctype)[:count]):
        if str(ctype).partition("-")[0].strip().upper() in names:
            return axis
    return None


def _values(wcs: WCS, axis: int, count: int, offset: float = 0.0) -> Any:
    pixels = np.tile(np.asarray(wcs.wcs.crpix, np.float64) - 1.0, (count, 1))
    pixels[:, axis] = np.arange(count) + offset
    return wcs.all_pix2world(pixels, 0)[:, axis]


def _states(values: Any, wanted: tuple[str, ...]) -> Bounds | None:
    """The planes from the first to the last that is wanted: an axis has one step."""
    (chosen,) = np.nonzero(np.isin(np.rint(values), [STOKES[name] for name in wanted]))
    return (int(chosen[0]), int(chosen[-1]) + 1) if len(chosen) else None


def _times(wcs: WCS, axis: int, count: int, wanted: Interval) -> Bounds | None:
    scale = {"d": 1.0, "s": 1.0 / 86400.0}.get(str(wcs.wcs.cunit[axis]) or "s", 1.0 / 86400.0)
    start = float(np.nansum(wcs.wcs.mjdref))
    edges = [start + scale * np.asarray(_values(wcs, axis, count, side)) for side in (-0.5, 0.5)]
    low, high = np.minimum(*edges), np.maximum(*edges)
    (chosen,) = np.nonzero((high > wanted.low) & (low <= wanted.high))
    return (int(chosen[0]), int(chosen[-1]) + 1) if len(chosen) else None


def cut_header(hdu: Any, window: Window) -> fits.Header:
    """The header of the part: its size, and its reference pixels moved."""
    header = hdu.header.copy()
    for axis, (start, stop) in enumerate(window.bounds, 1):
        header[f"NAXIS{axis}"] = stop - start
    for keyword in list(header):
        match = _CRPIX.fullmatch(keyword)
        if match and int(match[1]) <= len(window.bounds):
            header[keyword] = float(header[keyword]) - window.bounds[int(match[1]) - 1][0]
    for axis, (start, _) in enumerate(window.bounds[:2], 1):
        # Without CRPIX the reference pixel is 0 (FITS 4.0); a WCS that says so much has to say it now.
        if start and f"CTYPE{axis}" in header and f"CRPIX{axis}" not in header:
            header[f"CRPIX{axis}"] = -float(start)
        if f"LTV{axis}" in header:
            header[f"LTV{axis}"] = float(header[f"LTV{axis}"]) - start
    return header


def moved_lookup(hdu: Any, window: Window) -> fits.Header:
    """The header of a lookup table of distortions, which counts the pixels of the whole image."""
    header = hdu.header.copy()
    for axis, (start, _) in enumerate(window.bounds[:2], 1):
        header[f"CRVAL{axis}"] = float(header.get(f"CRVAL{axis}", 0.0)) - start
    return header


def item_size(header: fits.Header) -> int:
    """Bytes of one pixel."""
    return abs(int(header["BITPIX"])) // 8


def pixel_pieces(hdu: Any, window: Window) -> Iterator[bytes]:
    """The bytes of the part in the order and the byte order of FITS, a few megabytes at a time."""
    if isinstance(hdu, fits.CompImageHDU):
        return _unpacked_pieces(hdu, window)
    return _stored_pieces(hdu, window)


def _unpacked_pieces(hdu: fits.CompImageHDU, window: Window) -> Iterator[bytes]:
    """Of a compressed image the tiles that hold the part are unpacked."""
    slices = window.slices
    lines = slices[0].stop - slices[0].start
    step = max(1, PIECE // max(1, window.count // lines * item_size(hdu.header)))
    for first in range(slices[0].start, slices[0].stop, step):
        part = (slice(first, min(first + step, slices[0].stop)), *slices[1:])
        raw = hdu.section[part]
        yield np.ascontiguousarray(raw, np.dtype(raw.dtype).newbyteorder(">")).tobytes()


def _stored_pieces(hdu: Any, window: Window) -> Iterator[bytes]:
    """Only what is wanted is read: mapped into memory, the surroundings of each line would be read too."""
    info = hdu.fileinfo()
    length, offsets = _runs(hdu.shape, window.slices, item_size(hdu.header))
    with Path(info["file"].name).open("rb", buffering=0) as file:
        descriptor = file.fileno()
        if length < READ_AHEAD and hasattr(os, "posix_fadvise"):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_RANDOM)
        found, size = [], 0
        for offset in offsets:
            for start in range(0, length, PIECE):
                found.append(_read(descriptor, info["datLoc"] + offset + start, min(PIECE, length - start)))
                size += len(found[-1])
                if size >= PIECE:
                    yield b"".join(found)
                    found, size = [], 0
        yield b"".join(found)


def _read(descriptor: int, position: int, size: int) -> bytes:
    data = os.pread(descriptor, size, position)
    if len(data) != size:
        raise OSError("the file ends before its image does")
    return data


def _runs(shape: tuple[int, ...], slices: tuple[slice, ...], item: int) -> tuple[int, Iterator[int]]:
    """The bytes of one run of neighbours in an array, and where each run begins."""
    axis = len(shape) - 1
    # Whole lines are neighbours of whole lines.
    while axis > 0 and slices[axis] == slice(0, shape[axis]):
        axis -= 1
    steps = [item * int(np.prod(shape[n + 1 :], dtype=np.int64)) for n in range(len(shape))]
    length = (slices[axis].stop - slices[axis].start) * steps[axis]
    ranges = (
        range(part.start * step, part.stop * step, step)
        for part, step in zip(slices[:axis], steps[:axis], strict=True)
    )
    outer = product(*ranges)
    return length, (sum(places) + slices[axis].start * steps[axis] for places in outer)
