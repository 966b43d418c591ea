"""The headers of a FITS file, read without touching the data (FITS 4.0, FITS file organization)."""

import math
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, TypeVar

from ingest.header import BLOCK, CARD, Card, Fault, Value
from vo_server.files.checksums import sum32
from vo_server.headers.cards import card_of, cards_of, parse_lines, value_of
from vo_server.headers.lines import SEPARATOR, Line
from vo_server.headers.sections import StoredHeader, store

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may cost to read; a file beyond is refused, not read on.

    Attributes
    ----------
    header_bytes : int
        Of one header. The largest known in the wild, of long HISTORY, are about 2 MB.
    hdus : int
        In one file.
    inflated_bytes : int
        What a compressed file may become.
    """

    header_bytes: int = 16 * 1024**2
    hdus: int = 20_000
    inflated_bytes: int = 16 * 1024**3


_PIECE = 1 << 20  #: bytes of data that are summed up at once


class Source(Protocol):
    """Bytes in order: a file, or what a compressed file inflates to."""

    def read(self, size: int) -> bytes:
        """The next ``size`` bytes; fewer at the end."""
        ...

    def skip(self, size: int) -> int:
        """Pass over ``size`` bytes; how many there were."""
        ...


class Refused(Exception):
    """The file cannot be taken: ``fault`` says why, in HDU ``hdu``."""

    def __init__(self, rule: str, message: str, hdu: int | None = None, keyword: str | None = None):
        super().__init__(message)
        self.fault = Fault(rule, keyword, message)
        self.hdu = hdu


class Cards(Mapping[str, Card]):
    """The first card of each keyword that has a value; read when it is asked for."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        # Backwards, so that the first of a keyword stays.
        self._places = {lines[pos][0].keyword: pos for pos in range(len(lines) - 1, -1, -1)}

    def value(self, keyword: str) -> Value:
        """The value of ``keyword``; None when there is none."""
        pos = self._place(keyword)
        return None if pos is None else value_of(self._lines[pos])

    def _place(self, keyword: str) -> int | None:
        """The position of the first line of ``keyword`` with a value."""
        first = self._places.get(keyword)
        if first is None or _has_value(self._lines[first]):
            return first
        others = range(first + 1, len(self._lines))
        lines = self._lines
        return next((p for p in others if lines[p].form.keyword == keyword and _has_value(lines[p])), None)

    def __getitem__(self, keyword: str) -> Card:
        """The card of ``keyword``; KeyError when there is none."""
        pos = self._place(keyword)
        if pos is None:
            raise KeyError(keyword)
        card, end = card_of(pos, self._lines[pos]), pos + 1
        while end < len(self._lines) and self._lines[end].form.kind == "X":
            end += 1
        return card._replace(text="".join(line.text for line in self._lines[pos:end]))

    def __iter__(self) -> Iterator[str]:
        """The keywords, in no order."""
        return (keyword for keyword in self._places if self._place(keyword) is not None)

    def __len__(self) -> int:
        """How many there are."""
        return sum(1 for _ in self)


def _has_value(line: Line) -> bool:
    return line.form.kind in "VB" and line.slot.lstrip(" ")[:1] not in ("", SEPARATOR)


@dataclass(frozen=True)
class Hdu:
    """One header: its lines, and its text for libraries that read headers their own way."""

    index: int
    lines: tuple[Line, ...] = field(repr=False)
    text: bytes = field(repr=False)

    @classmethod
    def parse(cls, index: int, text: bytes) -> tuple["Hdu", list[Fault]]:
        """The header of ``text``, and what is wrong with it."""
        lines, faults = parse_lines(text)
        return cls(index, tuple(lines), text), faults

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        """All cards, in order."""
        return tuple(cards_of(self.lines))

    @cached_property
    def stored(self) -> StoredHeader:
        """The header as the archive keeps it."""
        return store(self.text, self.lines)

    @cached_property
    def by_keyword(self) -> Cards:
        """The first card of each keyword that has a value."""
        return Cards(self.lines)

    def get(self, keyword: str) -> Value:
        """The value of ``keyword``, or None."""
        return self.by_keyword.value(keyword)

    def number(self, keyword: str) -> float | None:
        """The value of ``keyword`` when it is a finite number."""
        value = self.get(keyword)
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        return float(value) if is_number else None  # type: ignore[arg-type]

    def text_of(self, keyword: str) -> str | None:
        """The value of ``keyword`` when it is a string that is not blank."""
        value = self.get(keyword)
        return value.strip() or None if isinstance(value, str) else None

    def numbered(self, word: str) -> list[Value]:
        """The values of ``word1``, ``word2``, ... up to the first that is missing."""
        values: list[Value] = []
        while (value := self.get(f"{word}{len(values) + 1}")) is not None:
            values.append(value)
        return values

    @cached_property
    def is_compressed_image(self) -> bool:
        """Whether a table holds a tile-compressed image (FITS 4.0, Tiled image compression)."""
        return self.get("ZIMAGE") is True

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """NAXIS1, NAXIS2, ... of the image, also of a tile-compressed one; of a table, its bytes and rows."""
        prefix = "ZNAXIS" if self.is_compressed_image else "NAXIS"
        count = self.get(prefix)
        axes = [self.get(f"{prefix}{i}") for i in range(1, (count if isinstance(count, int) else 0) + 1)]
        return tuple(axis for axis in axes if isinstance(axis, int))

    @property
    def name(self) -> str:
        """EXTNAME in capitals; ``PRIMARY`` for HDU 0 without one."""
        return (self.text_of("EXTNAME") or ("PRIMARY" if self.index == 0 else "")).upper()

    @property
    def is_image(self) -> bool:
        """Whether the HDU has an image of at least one pixel."""
        kind = self.get("XTENSION")
        is_array = self.index == 0 or kind in ("IMAGE", "IUEIMAGE") or self.is_compressed_image
        return is_array and len(self.shape) > 0 and all(axis > 0 for axis in self.shape)

    @property
    def is_table(self) -> bool:
        """Whether the HDU is a table of columns."""
        return self.get("XTENSION") in ("BINTABLE", "TABLE", "A3DTABLE") and not self.is_compressed_image


@dataclass(frozen=True)
class FitsFile:
    """The headers of one file.

    Attributes
    ----------
    path : str
        Where the file is.
    name : str
        The file's name without directory and without the suffix of a compression.
    """

    path: str
    name: str
    hdus: tuple[Hdu, ...]
    sha256: str = ""
    _memory: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def primary(self) -> Hdu:
        """HDU 0."""
        return self.hdus[0]

    def once(self, function: "Callable[[FitsFile], T]") -> T:
        """``function(self)``, computed the first time only: several columns come from one footprint."""
        if function not in self._memory:
            self._memory[function] = function(self)
        return self._memory[function]  # type: ignore[no-any-return]


def read_hdus(
    source: Source, limits: Limits, *, with_sums: bool = True
) -> tuple[tuple[Hdu, ...], list[tuple[int, Fault]]]:
    """All headers of a FITS stream, and what is wrong with them by HDU.

    ``with_sums`` compares the data with DATASUM and CHECKSUM, for which they are read.

    Raises
    ------
    Refused
        The stream is no FITS file, ends early, or is beyond ``limits``.
    """
    hdus: list[Hdu] = []
    faults: list[tuple[int, Fault]] = []
    while True:
        index = len(hdus)
        if index >= limits.hdus:
            raise Refused("HEADER_SIZE", f"more than {limits.hdus} HDUs", index)
        block = source.read(BLOCK)
        if not block:
            return tuple(hdus), faults
        if not block.startswith((b"XTENSION",) if hdus else (b"SIMPLE  =",)):
            if not hdus:
                raise Refused("NOT_FITS", f"the file begins with {block[:16]!r}, not with SIMPLE  =", 0)
            faults.append((index, Fault("TRAILING_BYTES", None, "what follows the last HDU is not an HDU")))
            return tuple(hdus), faults
        text = _read_header(source, block, index, limits)
        hdu, wrong = Hdu.parse(index, text)
        faults.extend((index, fault) for fault in wrong)
        hdus.append(hdu)
        faults.extend((index, fault) for fault in _skip_data(source, hdu, with_sums))


def _read_header(source: Source, block: bytes, index: int, limits: Limits) -> bytes:
    """The whole header that begins with ``block``, up to the block of its END card."""
    blocks = [block]
    while not _has_end(block):
        if len(blocks) * BLOCK >= limits.header_bytes:
            raise Refused("HEADER_SIZE", f"no END card in the first {limits.header_bytes} bytes", index)
        block = source.read(BLOCK)
        if len(block) < BLOCK:
            raise Refused("TRUNCATED", "the file ends before the END card of the header", index)
        blocks.append(block)
    text = b"".join(blocks)
    return text[: len(text) // CARD * CARD]


def _has_end(block: bytes) -> bool:
    position = block.find(b"END ")
    while position >= 0:
        if position % CARD == 0 and not block[position + 3 : position + CARD].strip(b" \0"):
            return True
        position = block.find(b"END ", position + 1)
    return False


def data_size(hdu: Hdu) -> int:
    """Bytes of the data of ``hdu``, without padding (FITS 4.0, equations 1 and 2).

    Raises
    ------
    Refused
        BITPIX or an NAXIS keyword is missing or cannot be.
    """
    bitpix, count = hdu.get("BITPIX"), hdu.get("NAXIS")
    if bitpix not in (8, 16, 32, 64, -32, -64) or not isinstance(bitpix, int):
        raise Refused(
            "STRUCTURE", f"BITPIX is {bitpix}; allowed are 8, 16, 32, 64, -32, -64", hdu.index, "BITPIX"
        )
    if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= 999:
        raise Refused("STRUCTURE", f"NAXIS is {count}; allowed is 0 to 999", hdu.index, "NAXIS")
    sizes = dict(_sizes(hdu, count))
    axes = [sizes[f"NAXIS{i}"] for i in range(1, count + 1)]
    if not axes:
        return 0
    if axes[0] == 0 and hdu.get("GROUPS") is True:
        axes = axes[1:]
    return abs(bitpix) // 8 * sizes["GCOUNT"] * (sizes["PCOUNT"] + math.prod(axes))


def _sizes(hdu: Hdu, count: int) -> Iterator[tuple[str, int]]:
    for keyword, default in [
        *((f"NAXIS{i}", None) for i in range(1, count + 1)),
        ("PCOUNT", 0),
        ("GCOUNT", 1),
    ]:
        value = hdu.get(keyword)
        value = default if value is None else value
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise Refused(
                "STRUCTURE", f"{keyword} is {value}; wanted is an integer from 0", hdu.index, keyword
            )
        yield keyword, value


def _skip_data(source: Source, hdu: Hdu, with_sums: bool) -> list[Fault]:
    """Pass over the data and their padding; read them where the header has a sum of them."""
    size = data_size(hdu)
    padded = -(-size // BLOCK) * BLOCK
    has_sum = with_sums and any(hdu.text_of(keyword) for keyword in ("DATASUM", "CHECKSUM"))
    total = 0
    if has_sum:
        there, total = _summed(source, padded)
    else:
        there = source.skip(padded)
    if there < size:
        message = f"the data have {there} of {size} bytes"
        raise Refused("TRUNCATED", message, hdu.index)
    if there < padded:
        return [Fault("PADDING", None, f"the last block lacks {padded - there} bytes")]
    return _check_sums(hdu, total) if has_sum else []


def _summed(source: Source, size: int) -> tuple[int, int]:
    """How many of the next ``size`` bytes there are, and their sum."""
    there = total = 0
    while there < size and (data := source.read(min(_PIECE, size - there))):
        there += len(data)
        total = sum32(data.ljust(-(-len(data) // 4) * 4, b"\0"), total)
    return there, total


def _check_sums(hdu: Hdu, total: int) -> list[Fault]:
    """Compare the sum of the data with DATASUM, and that of the HDU with none (FITS 4.0, Appendix J).

    Raises
    ------
    Refused
        The data are not those that the header was written for.
    """
    datasum = hdu.text_of("DATASUM") or ""
    if datasum.isascii() and datasum.isdigit() and datasum.lstrip("0") != str(total).lstrip("0"):
        raise Refused("CHECKSUM", f"DATASUM is {datasum[:20]}, the data have {total}", hdu.index, "DATASUM")
    if hdu.text_of("CHECKSUM") and sum32(hdu.text, total) not in (0, 0xFFFFFFFF):
        message = "the header was changed after its CHECKSUM was written"
        return [Fault("CHECKSUM_OLD", "CHECKSUM", message)]
    return []
