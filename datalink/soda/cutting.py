"""From a file of the archive and a cut to a new FITS file (SODA 1.0, Filtering Parameters)."""

import gzip
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from astropy.io import fits

from datalink.soda.faults import Inapplicable, NothingThere
from datalink.soda.images import (
    LOOKUPS,
    Window,
    cut_header,
    find_window,
    is_image,
    item_size,
    moved_lookup,
    pixel_pieces,
    section_window,
)
from datalink.soda.params import Cut, Section
from datalink.soda.tables import cut_table
from datalink.soda.writing import write_hdu
from vo_server.errors import FatalFault, UsageFault
from vo_server.sky import Moc, format_moc

MAX_UNPACKED = 2 * 1024**3  #: bytes of a file that has to be unpacked before it is cut
LONGEST_HISTORY = 1_000  #: characters of a MOC that a part's history keeps
MAX_TABLE = 512 * 1024**2  #: bytes of a file whose tables are cut, which happens in memory
_STRUCTURE = (
    "SIMPLE",
    "XTENSION",
    "BITPIX",
    "NAXIS",
    "PCOUNT",
    "GCOUNT",
    "EXTEND",
    "BSCALE",
    "BZERO",
    "BLANK",
)


def cut_file(path: Path, cut: Cut, name: str, sink: BinaryIO, largest: int) -> None:
    """Write the part of a FITS file that ``cut`` wants into ``sink``.

    Parameters
    ----------
    name : str
        What the history of the part calls the file.
    sink : binary file
        One that can seek, at its start.
    largest : int
        Bytes of pixels that the part may have.

    Raises
    ------
    NothingThere
        The file has nothing of what is wanted.
    UsageFault
        A parameter is about an axis that the data do not have, or the part is too large.
    FatalFault
        The file cannot be read as FITS.
    """
    with _opened(path) as hdus:
        history = [f"Part of {name}, made by SODA:", *describe(cut)]
        images = [hdu for hdu in hdus if is_image(hdu)]
        try:
            if not images:
                raise Inapplicable("there is no image in the file")
            windows = _plan(hdus, images, cut)
        except Inapplicable as exc:
            if cut.section is not None or not any(isinstance(hdu, fits.BinTableHDU) for hdu in hdus):
                raise
            _write_tables(hdus, cut, history, sink, path.stat().st_size, exc)
            return
        if not windows:
            raise NothingThere
        _check_size(hdus, windows, largest)
        _write_images(hdus, windows, history, sink)


@contextmanager
def _opened(path: Path) -> Iterator[fits.HDUList]:
    with tempfile.NamedTemporaryFile(prefix="vo-server-soda-") as unpacked, warnings.catch_warnings():
        # What astropy repairs in a header does not matter to its pixels.
        warnings.simplefilter("ignore")
        try:
            if _is_packed(path):
                _unpack(path, unpacked)
                path = Path(unpacked.name)
            # Pixels are passed on as they are stored, scaled integers included.
            with fits.open(path, memmap=True, do_not_scale_image_data=True, lazy_load_hdus=True) as hdus:
                yield hdus
        # What a damaged file does to astropy has no common type.
        except (OSError, ValueError, TypeError, KeyError, IndexError, EOFError, fits.VerifyError) as exc:
            raise FatalFault(
                f"the file cannot be cut, because it is not right FITS: {type(exc).__name__}"
            ) from exc


def _is_packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _unpack(path: Path, target: Any) -> None:
    with gzip.open(path) as source:
        while piece := source.read(1024 * 1024):
            target.write(piece)
            if target.tell() > MAX_UNPACKED:
                raise UsageFault(f"the file has more than {MAX_UNPACKED} bytes unpacked: download it instead")
    target.flush()


def _plan(hdus: fits.HDUList, images: list[Any], cut: Cut) -> dict[int, Window]:
    """The window of each image that has one, by the number of its HDU."""
    if cut.section is not None:
        number, hdu = _named(hdus, images, cut.section)
        window = section_window(hdu, cut.section)
        return {} if window is None else {number: window}
    found: dict[int, Window] = {}
    reasons: list[Inapplicable] = []
    latest: dict[tuple[int, ...], Window | None] = {}
    for number, hdu in enumerate(hdus):
        if not is_image(hdu):
            continue
        try:
            window = latest[hdu.shape] = find_window(hdu, hdus, cut)
        except Inapplicable as exc:
            reasons.append(exc)
            # Masks and errors without coordinates of their own share the pixels of the image before them.
            window = latest.get(hdu.shape)
        if window is not None:
            found[number] = window
    if len(reasons) == len(images):
        raise reasons[0]
    return found


def _named(hdus: fits.HDUList, images: list[Any], section: Section) -> tuple[int, Any]:
    """The image that SUB means."""
    if not section.hdu:
        return next((n, hdu) for n, hdu in enumerate(hdus) if hdu is images[0])
    for number, hdu in enumerate(hdus):
        if section.hdu in (str(number), hdu.name):
            if not is_image(hdu):
                raise UsageFault(f"SUB: the HDU {section.hdu!r} has no image")
            return number, hdu
    raise UsageFault(f"SUB: the file has no HDU {section.hdu[:40]!r}: send its number or its EXTNAME")


def _check_size(hdus: fits.HDUList, windows: dict[int, Window], largest: int) -> None:
    size = sum(window.count * item_size(hdus[number].header) for number, window in windows.items())
    if size > largest:
        raise UsageFault(f"the part has {size} bytes of pixels, and at most {largest} are cut: ask for less")


def _write_images(hdus: fits.HDUList, windows: dict[int, Window], history: list[str], sink: BinaryIO) -> None:
    for number, hdu in enumerate(hdus):
        window = windows.get(number)
        if number == 0:
            header = cut_header(hdu, window) if window else _without_data(hdu.header)
            for line in history:
                header.add_history(line)
            write_hdu(sink, header, pixel_pieces(hdu, window) if window else ())
        elif window:
            write_hdu(sink, cut_header(hdu, window), pixel_pieces(hdu, window))
        elif hdu.name in LOOKUPS and windows:
            write_hdu(sink, moved_lookup(hdu, next(iter(windows.values()))), _stored(hdu))
        elif isinstance(hdu, fits.BinTableHDU):
            write_hdu(sink, hdu.header.copy(), _stored(hdu))


def _without_data(header: fits.Header) -> fits.Header:
    """A primary header whose image is left out."""
    found = header.copy()
    for keyword in list(found):
        if keyword.startswith("NAXIS") and keyword != "NAXIS":
            del found[keyword]
    for keyword in ("BSCALE", "BZERO", "BLANK"):
        found.remove(keyword, ignore_missing=True)
    found["NAXIS"] = 0
    return found


def _stored(hdu: Any) -> Iterator[bytes]:
    """The data of an HDU as they are in the file, without their padding."""
    info = hdu.fileinfo()
    left = hdu.size
    with Path(info["file"].name).open("rb") as file:
        file.seek(info["datLoc"])
        while left > 0 and (piece := file.read(min(left, 1024 * 1024))):
            yield piece
            left -= len(piece)


def _write_tables(
    hdus: fits.HDUList, cut: Cut, history: list[str], sink: BinaryIO, size: int, reason: Inapplicable
) -> None:
    """Cut the tables of a file; ``reason`` is why its images cannot be cut."""
    if size > MAX_TABLE:
        raise UsageFault(f"the file has {size} bytes, and tables of at most {MAX_TABLE} are cut: download it")
    primary = hdus[0].header
    made: list[Any] = []
    reasons: list[Inapplicable] = []
    is_cut = False
    for hdu in hdus[1:]:
        if not isinstance(hdu, fits.BinTableHDU):
            continue
        try:
            part = cut_table(hdu, primary, cut)
        except Inapplicable as exc:
            reasons.append(exc)
            continue
        is_cut = True
        made += [] if part is None else [part]
    if not is_cut:
        raise reasons[0] if reasons else reason
    if not made:
        raise NothingThere
    header = _without_data(primary)
    for line in history:
        header.add_history(line)
    parts = fits.HDUList([fits.PrimaryHDU(header=header), *made])
    parts.writeto(sink, checksum=True, output_verify="silentfix")


def describe(cut: Cut) -> list[str]:
    """A cut in words, for the history of a part."""
    lines = []
    if isinstance(cut.pos, Moc):
        lines.append(f"MOC {format_moc(cut.pos)[:LONGEST_HISTORY]}")
    elif cut.pos is not None:
        lines.append(f"POS {cut.pos}")
    for name, value in (("BAND", cut.band), ("TIME", cut.time), ("SUB", cut.section)):
        if value is not None:
            lines.append(f"{name} {value}")
    if cut.pol:
        lines.append(f"POL {' '.join(cut.pol)}")
    return lines
