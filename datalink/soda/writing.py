"""HDUs written one after the other, their data in pieces, with right checksums (FITS 4.0, Appendix J)."""

from collections.abc import Iterable
from typing import BinaryIO

from astropy.io import fits

from vo_server.files.checksums import OFFSET, UNSET, encode, sum32

BLOCK = 2880  #: bytes (FITS 4.0, Overall file structure)


def put_in_order(header: fits.Header) -> None:
    """Move the mandatory keywords to their places (FITS 4.0, Mandatory keywords): some old files need it."""
    axes = [f"NAXIS{n}" for n in range(1, int(header["NAXIS"]) + 1)]
    first = "SIMPLE" if "SIMPLE" in header and "XTENSION" not in header else "XTENSION"
    rest = [] if first == "SIMPLE" else ["PCOUNT", "GCOUNT"]
    for place, keyword in enumerate((first, "BITPIX", "NAXIS", *axes, *rest)):
        if header.index(keyword) != place:
            card = header.cards[keyword]
            del header[keyword]
            header.insert(place, card)


def write_hdu(sink: BinaryIO, header: fits.Header, pieces: Iterable[bytes]) -> int:
    """Write a header and its data; the bytes of the data without their padding.

    The sums of the data are known when they are written: the header is written again then, at its place.

    Parameters
    ----------
    sink : binary file
        One that can seek.
    header : Header
        It gets CHECKSUM and DATASUM as its last cards.
    """
    for keyword in ("CHECKSUM", "DATASUM", "ZHECKSUM", "ZDATASUM"):
        header.remove(keyword, ignore_missing=True)
    put_in_order(header)
    header["CHECKSUM"] = (UNSET, "HDU checksum")
    header["DATASUM"] = ("0", "data unit checksum")
    place = sink.tell()
    sink.write(header.tostring().encode("ascii"))
    size, total, rest = 0, 0, b""
    for piece in pieces:
        sink.write(piece)
        size += len(piece)
        whole = rest + piece
        cut = len(whole) - len(whole) % 4
        total, rest = sum32(memoryview(whole)[:cut], total), whole[cut:]
    if rest:
        total = sum32(rest + bytes(4 - len(rest)), total)
    sink.write(bytes(-size % BLOCK))
    end = sink.tell()
    header["DATASUM"] = str(total)
    text = bytearray(header.tostring().encode("ascii"))
    at = text.index(b"CHECKSUM=") + OFFSET
    text[at : at + 16] = encode(sum32(text, total))
    sink.seek(place)
    sink.write(text)
    sink.seek(end)
    return size
