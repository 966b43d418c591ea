"""CHECKSUM and DATASUM of every HDU (FITS 4.0, Appendix J; SDP 5.12)."""

from collections.abc import Iterator

from ingest.phase3.bytesums import total
from ingest.phase3.finding import Mark
from ingest.phase3.product import Product

_ZERO = (0, 0xFFFFFFFF)  #: both are zero in ones' complement


def check(product: Product) -> Iterator[Mark]:
    """Sums that differ from what the headers say; missing ones are told with the keywords."""
    for hdu, datasum in zip(product.file.hdus, product.datasums, strict=True):
        place = product.places[hdu.index]
        told = hdu.text_of("DATASUM")
        is_wrong = told is not None and told.isdigit() and not _same(int(told), datasum)
        if is_wrong:
            yield Mark("DATASUM_WRONG", str(told), hdu.index, "DATASUM", f"{datasum}, the sum of the data")
        if hdu.text_of("CHECKSUM") is None:
            continue
        if total(product.data[place.header : place.data], datasum) not in _ZERO:
            yield Mark("CHECKSUM_WRONG", str(hdu.get("CHECKSUM")), hdu.index, "CHECKSUM")


def _same(first: int, second: int) -> bool:
    return first == second or (first in _ZERO and second in _ZERO)
