"""FITS as bytes: cards, headers, images and tables of the synthetic observatory (FITS 4.0).

Astropy needs milliseconds for each HDU of a few hundred cards; the thousands of HDUs here are put together
from cached cards, and every one carries a correct CHECKSUM and DATASUM.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from vo_server.files.checksums import OFFSET, UNSET, encode, sum32

BLOCK = 2880  #: bytes (FITS 4.0, Overall file structure)

Value = str | bool | int | float
Card = tuple[str, Value, str]  #: keyword (with spaces: a HIERARCH keyword), value, comment


def _text(value: Value) -> str:
    """``value`` as FITS writes it (FITS 4.0, Keyword value)."""
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, str):
        return "'" + value.replace("'", "''").ljust(8) + "'"
    if isinstance(value, int):
        return str(value)
    mantissa, exponent, power = repr(float(value)).partition("e")
    return mantissa + ("" if "." in mantissa else ".0") + (f"E{power}" if exponent else "")


@lru_cache(maxsize=50_000, typed=True)
def card(keyword: str, value: Value, comment: str = "") -> bytes:
    """One 80-character card; a comment that does not fit is cut.

    Raises
    ------
    ValueError
        Keyword and value alone are longer than a card.
    """
    text = _text(value)
    if " " in keyword:
        line = f"HIERARCH {keyword} = {text}"
    else:
        line = f"{keyword:<8}= {text:<20}" if isinstance(value, str) else f"{keyword:<8}= {text:>20}"
    if len(line) > 80:
        raise ValueError(f"the card is {len(line)} characters long: {line}")
    if comment and len(line) < 77:
        line += f" / {comment}"
    return line[:80].ljust(80).encode("ascii")


def hdu(cards: Iterable[Card], data: bytes = b"") -> bytes:
    """One HDU: ``cards`` (the mandatory ones included), its checksums, END, and ``data`` padded with 0."""
    data += bytes(-len(data) % BLOCK)
    datasum = sum32(data)
    lines = [card(*entry) for entry in cards]
    position = 80 * len(lines) + OFFSET
    lines.append(card("CHECKSUM", UNSET, "HDU checksum"))
    lines.append(card("DATASUM", str(datasum), "data unit checksum"))
    lines.append(b"END".ljust(80))
    header = bytearray(b"".join(lines))
    header += b" " * (-len(header) % BLOCK)
    header[position : position + 16] = encode(sum32(bytes(header), datasum))
    return bytes(header) + data


def primary(cards: Sequence[Card], image: NDArray[np.generic] | None = None) -> bytes:
    """The primary HDU with ``image`` (or no data)."""
    head: Card = ("SIMPLE", True, "Standard FITS")
    extend: Card = ("EXTEND", True, "There may be extensions")
    return hdu([head, *_shape(image), extend, *_offset(image), *cards], _bytes(image))


def image_extension(cards: Sequence[Card], image: NDArray[np.generic]) -> bytes:
    """An IMAGE extension."""
    counts = (("PCOUNT", 0, "required keyword; must = 0"), ("GCOUNT", 1, "required keyword; must = 1"))
    head = ("XTENSION", "IMAGE", "FITS Extension first keyword")
    return hdu([head, *_shape(image), *counts, *_offset(image), *cards], _bytes(image))


def table_extension(
    cards: Sequence[Card], rows: NDArray[np.void], columns: Sequence[Sequence[Card]]
) -> bytes:
    """A BINTABLE extension of the packed, big-endian ``rows``; ``columns`` has the cards of each field."""
    layout: list[Card] = [
        ("XTENSION", "BINTABLE", "FITS Extension first keyword"),
        ("BITPIX", 8, "Number of bits per data pixel"),
        ("NAXIS", 2, "Number of data axes"),
        ("NAXIS1", rows.dtype.itemsize, "Length of a row in bytes"),
        ("NAXIS2", len(rows), "Number of rows"),
        ("PCOUNT", 0, "Parameter count"),
        ("GCOUNT", 1, "Group count"),
        ("TFIELDS", len(columns), "Number of table fields"),
    ]
    fields = [entry for column in columns for entry in column]
    return hdu([*layout, *cards, *fields], rows.tobytes())


def _shape(image: NDArray[np.generic] | None) -> list[Card]:
    """BITPIX and NAXISn of ``image``."""
    if image is None:
        return [("BITPIX", 8, "Number of bits per data pixel"), ("NAXIS", 0, "Number of data axes")]
    bitpix = image.dtype.itemsize * (-8 if image.dtype.kind == "f" else 8)
    axes: list[Card] = [
        (f"NAXIS{i}", length, f"Length of data axis {i}") for i, length in enumerate(reversed(image.shape), 1)
    ]
    return [
        ("BITPIX", bitpix, "Number of bits per data pixel"),
        ("NAXIS", image.ndim, "Number of data axes"),
        *axes,
    ]


def _offset(image: NDArray[np.generic] | None) -> list[Card]:
    """BSCALE and BZERO of unsigned integers; nothing for other types."""
    if image is None or image.dtype.kind != "u" or image.dtype.itemsize == 1:
        return []
    return [("BSCALE", 1.0, "real=bscale*value+bzero"), ("BZERO", _zero(image), "unsigned integers")]


def _zero(image: NDArray[np.generic]) -> float:
    """BZERO of unsigned integers (FITS 4.0, Keywords that describe arrays)."""
    return float(2 ** (8 * image.dtype.itemsize - 1))


def _bytes(image: NDArray[np.generic] | None) -> bytes:
    """``image`` in the byte order and with the integer offset of FITS."""
    if image is None:
        return b""
    if image.dtype.kind == "u" and image.dtype.itemsize > 1:
        # Flipping the top bit subtracts BZERO without leaving the type's range.
        image = np.bitwise_xor(image, image.dtype.type(int(_zero(image))))
    return image.astype(image.dtype.newbyteorder(">"), copy=False).tobytes()
