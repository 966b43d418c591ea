"""A file that is checked: its headers, where its HDUs are, and their data without a copy."""

import gzip
import math
import mmap
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from ingest.fitsfile import FitsFile, Hdu, Limits, Refused, data_size, read_hdus
from ingest.header import BLOCK, Fault
from ingest.layout import is_companion, product_category
from ingest.phase3.bytesums import Bytes, total
from ingest.phase3.columns import Column, columns_of, row_dtype
from ingest.phase3.headers import KnownCards
from ingest.phase3.standard import Category, Standard
from ingest.scan import CHUNK, own_name

_KINDS = frozenset({"DATA", "ERROR", "QUALITY", "CONF", "BKG_DATA", "BKG_ERROR", "BKG_CONF"})
LISTS = frozenset({"PHASE3PROVENANCE", "PHASE3FILELIST"})
_PIXELS = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}


class _Buffer:
    """Bytes in memory as the reader of headers wants them."""

    def __init__(self, data: Bytes) -> None:
        self._data, self._position = data, 0

    def read(self, size: int) -> bytes:
        """The next bytes."""
        found = bytes(self._data[self._position : self._position + size])
        self._position += len(found)
        return found

    def skip(self, size: int) -> int:
        """Pass over the next bytes."""
        there = max(0, min(size, len(self._data) - self._position))
        self._position += there
        return there


@dataclass(frozen=True, slots=True)
class Place:
    """Where an HDU is in its file: bytes from the start of the file, and of the data without fill."""

    header: int
    data: int
    size: int
    end: int


@dataclass(frozen=True)
class Product:
    """One FITS file with its data.

    Attributes
    ----------
    faults : tuple
        What the reader of headers found, by HDU.
    category : Category or None
        None for ancillary files and unknown categories.
    now : float
        MJD of today; times after it are wrong.
    """

    file: FitsFile
    data: Bytes = field(repr=False)
    faults: tuple[tuple[int, Fault], ...]
    compression: str | None
    category: Category | None
    standard: Standard = field(repr=False)
    now: float = math.inf
    _known: dict[int, KnownCards] = field(default_factory=dict, repr=False, compare=False)

    def known(self, hdu: Hdu) -> KnownCards:
        """The cards of ``hdu`` that the standard knows."""
        if hdu.index not in self._known:
            self._known[hdu.index] = KnownCards(hdu, self.standard)
        return self._known[hdu.index]

    @cached_property
    def datasums(self) -> tuple[int, ...]:
        """The ones' complement sum of the data of each HDU, fill included (FITS 4.0, Appendix J)."""
        return tuple(total(self.data[place.data : place.end]) for place in self.places)

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Where each HDU is."""
        found, start = [], 0
        for hdu in self.file.hdus:
            data = start + -(-len(hdu.text) // BLOCK) * BLOCK
            size = data_size(hdu)
            end = min(data + -(-size // BLOCK) * BLOCK, len(self.data))
            found.append(Place(start, data, size, end))
            start = end
        return tuple(found)

    @property
    def primary(self) -> Hdu:
        """The header that speaks for the file: the primary one, of fpack's files the packed primary."""
        hdus = self.file.hdus
        packed = len(hdus) > 1 and hdus[1].is_compressed_image and hdus[0].get("PRODCATG") is None
        return hdus[1] if packed and hdus[0].get("NAXIS") == 0 else hdus[0]

    @cached_property
    def extensions(self) -> tuple[Hdu, ...]:
        """All HDUs behind the primary."""
        return self.file.hdus[self.primary.index + 1 :]

    @cached_property
    def science(self) -> tuple[Hdu, ...]:
        """The extensions that hold what the category is about: images, tables, the cube, the spectrum."""
        form = self.category.form if self.category else ""
        images = tuple(hdu for hdu in self.extensions if hdu.is_image and not _is_companion(hdu))
        tables = tuple(hdu for hdu in self.extensions if hdu.is_table and hdu.name not in LISTS)
        if form in ("mosaic", "cube", "image extensions"):
            return images
        if form in ("catalogue", "definition"):
            return tuple(hdu for hdu in tables if hdu.name == "PHASE3CATALOG") or tables[:1]
        return tables if form in ("spectrum", "sources", "visibility") else ()

    @cached_property
    def companions(self) -> tuple[Hdu, ...]:
        """The extensions with errors, quality flags, confidence or background."""
        return tuple(hdu for hdu in self.extensions if hdu.is_image and _is_companion(hdu))

    def bytes_of(self, hdu: Hdu) -> Bytes:
        """The data of ``hdu`` without fill."""
        place = self.places[hdu.index]
        return self.data[place.data : place.data + place.size]

    def columns(self, hdu: Hdu) -> tuple[Column, ...]:
        """The columns of a BINTABLE."""
        return columns_of(hdu)

    def rows(self, hdu: Hdu) -> NDArray[np.void] | None:
        """The rows of a BINTABLE, big-endian, fields by number from 0; None when its layout is wrong."""
        dtype = row_dtype(columns_of(hdu))
        count = hdu.get("NAXIS2")
        if dtype is None or dtype.itemsize != hdu.get("NAXIS1") or not isinstance(count, int):
            return None
        return np.frombuffer(self.bytes_of(hdu)[: count * dtype.itemsize], dtype)

    def pixels(self, hdu: Hdu) -> NDArray[np.generic] | None:
        """The stored values of an image, axes as numpy has them; None of a compressed one."""
        bitpix = hdu.get("BITPIX")
        if hdu.is_compressed_image or not hdu.is_image or not isinstance(bitpix, int):
            return None
        count = math.prod(hdu.shape)
        found = np.frombuffer(self.bytes_of(hdu)[: count * abs(bitpix) // 8], _PIXELS[bitpix])
        return found.reshape(hdu.shape[::-1]) if found.size == count else None


def _is_companion(hdu: Hdu) -> bool:
    """Whether an image belongs to another one: by HDUCLAS2 where the standard knows it, else by its name."""
    kind = hdu.text_of("HDUCLAS2")
    return kind != "DATA" if kind in _KINDS else is_companion(hdu)


def categorise(file: FitsFile, standard: Standard) -> Category | None:
    """The category of PRODCATG; of one with several forms, the one whose condition holds."""
    name = product_category(file) or _packed_category(file)
    fields = {card.keyword: card.value for card in file.primary.cards}
    fitting = [category for category in standard.categories.values() if category.name == name]
    special = [category for category in fitting if category.when is not None and category.when(fields)]
    if special and len(file.hdus) > 1 and file.hdus[1].is_compressed_image and not product_category(file):
        special = []
    return next(iter(special or [category for category in fitting if category.when is None]), None)


def _packed_category(file: FitsFile) -> str:
    packed = len(file.hdus) > 1 and file.hdus[1].is_compressed_image
    return (file.hdus[1].text_of("PRODCATG") or "").upper() if packed else ""


@contextmanager
def opened(
    path: Path, standard: Standard, now: float = math.inf, limits: Limits | None = None
) -> Iterator[Product]:
    """The product in the file ``path``, its bytes mapped into memory as long as the context lasts.

    Raises
    ------
    Refused
        It is no FITS file, ends early, or is beyond ``limits``.
    OSError
        It cannot be read.
    """
    limits = limits or Limits()
    with path.open("rb") as stream:
        start = stream.read(BLOCK)
        if not start:
            raise Refused("EMPTY", "the file has no bytes")
        if start.startswith(b"\x1f\x8b"):
            with tempfile.TemporaryFile() as plain:
                _inflate(path, plain, limits.inflated_bytes)
                with _mapped(plain) as data:
                    yield _product(path, data, "gz", standard, now, limits)
            return
        with _mapped(stream) as data:
            yield _product(path, data, None, standard, now, limits)


def _product(
    path: Path, data: Bytes, compression: str | None, standard: Standard, now: float, limits: Limits
) -> Product:
    # Sums and repeated keywords have rules of their own here.
    hdus, found = read_hdus(_Buffer(data), limits, with_sums=False)
    faults = [(index, fault) for index, fault in found if fault.rule != "REPEATED"]
    file = FitsFile(str(path), own_name(str(path)), hdus)
    return Product(file, data, tuple(faults), compression, categorise(file, standard), standard, now)


@contextmanager
def _mapped(stream: IO[bytes]) -> Iterator[Bytes]:
    stream.seek(0, 2)
    size = stream.tell()
    stream.seek(0)
    if size <= CHUNK:
        yield stream.read()
        return
    mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    # Not closed by hand: arrays over the map may outlive this frame, and the last of them closes it.
    yield memoryview(mapped)


def _inflate(path: Path, plain: IO[bytes], limit: int) -> None:
    done = 0
    try:
        with gzip.open(path, "rb") as stream:
            while piece := stream.read(CHUNK):
                done += len(piece)
                if done > limit:
                    raise Refused("COMPRESSION", f"the file inflates to more than {limit} bytes")
                plain.write(piece)
    except (gzip.BadGzipFile, zlib.error) as exc:
        raise Refused("COMPRESSION", f"the compressed file is damaged: {exc}") from exc
    except EOFError as exc:
        raise Refused("TRUNCATED", "the compressed file ends early") from exc
