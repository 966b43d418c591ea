"""Whether a file is laid out as FITS and the standard want it (FITS 4.0; SDP 3)."""

import re
from collections import Counter
from collections.abc import Iterator

from ingest.fitsfile import Hdu
from ingest.phase3.finding import Mark
from ingest.phase3.product import LISTS, Product

LONGEST_NAME = 68  #: characters: what a keyword's value can hold
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+:-]*")
_COMMENTARY = frozenset({"", "COMMENT", "HISTORY", "CONTINUE"})


def check(product: Product) -> Iterator[Mark]:
    """Everything that can be told of any FITS file."""
    for index, fault in product.faults:
        yield Mark(fault.rule, fault.message, index, fault.keyword)
    yield from _names(product)
    for hdu in product.file.hdus:
        yield from _order(hdu)
        yield from _counts(hdu)
        yield from _repeated(hdu)
        yield from _long_strings(hdu)
        yield from _fill(product, hdu)
        if hdu.get("XTENSION") == "BINTABLE":
            yield from _table(product, hdu)
    yield from _extension_names(product)
    wants_data = product.category is not None and product.category.form != "definition"
    if wants_data and all(place.size == 0 for place in product.places):
        yield Mark("NO_DATA", f"{len(product.file.hdus)} HDUs without data")


def _names(product: Product) -> Iterator[Mark]:
    name = product.file.path.rsplit("/", 1)[-1]
    yield from name_marks(name)
    packed = any(hdu.is_compressed_image for hdu in product.file.hdus)
    if not (name.endswith(".fits.fz") if packed else name.endswith(".fits")):
        what = "has tile-compressed images" if packed else f"is compressed ({product.compression})"
        yield Mark(
            "FILE_NAME_SUFFIX", f"{name}, which {what if packed or product.compression else 'is plain'}"
        )


def name_marks(name: str) -> Iterator[Mark]:
    """What is wrong with the name of any file (SDP 3.4)."""
    if len(name) > LONGEST_NAME:
        yield Mark("FILE_NAME_LENGTH", f"{len(name)} characters")
    if not _NAME.fullmatch(name):
        yield Mark("FILE_NAME_CHARACTERS", ascii(name)[1:-1])


def _order(hdu: Hdu) -> Iterator[Mark]:
    count = hdu.get("NAXIS")
    axes = [f"NAXIS{i}" for i in range(1, (count if isinstance(count, int) and 0 <= count < 1000 else 0) + 1)]
    first = ["SIMPLE"] if hdu.index == 0 else ["XTENSION"]
    wanted = [*first, "BITPIX", "NAXIS", *axes]
    if hdu.index:
        wanted += ["PCOUNT", "GCOUNT"]
    if hdu.get("XTENSION") in ("BINTABLE", "TABLE"):
        wanted.append("TFIELDS")
    came = [card.keyword for card in hdu.cards[: len(wanted)]]
    if came != wanted:
        differing = next((pair for pair in zip(wanted, came, strict=False) if pair[0] != pair[1]), None)
        keyword, found = differing or (wanted[len(came)], "the end of the header")
        yield Mark("CARD_ORDER", f"{found or 'a blank card'} where {keyword} is due", hdu.index, keyword)


def _counts(hdu: Hdu) -> Iterator[Mark]:
    """PCOUNT and GCOUNT of images (FITS 4.0, 7.1)."""
    for keyword, wanted in (("PCOUNT", 0), ("GCOUNT", 1)) if hdu.get("XTENSION") == "IMAGE" else ():
        if hdu.get(keyword) != wanted:
            came = f"{keyword} = {hdu.get(keyword)!r} in an IMAGE extension"
            yield Mark("STRUCTURE", came, hdu.index, keyword)


def _repeated(hdu: Hdu) -> Iterator[Mark]:
    counts = Counter(card.keyword for card in hdu.cards if card.keyword not in _COMMENTARY)
    for keyword, count in counts.items():
        if count > 1:
            yield Mark("KEYWORD_TWICE", f"{count} cards", hdu.index, keyword)


def _long_strings(hdu: Hdu) -> Iterator[Mark]:
    for card in hdu.cards:
        if card.keyword == "CONTINUE" or len(card.text) > 80:
            value = str(card.value or card.comment)
            yield Mark("LONG_STRING", f"{len(value)} characters in several cards", hdu.index, card.keyword)


def _fill(product: Product, hdu: Hdu) -> Iterator[Mark]:
    place = product.places[hdu.index]
    fill = bytes(product.data[place.data + place.size : place.end])
    blank = b" " if hdu.get("XTENSION") == "TABLE" else b"\0"
    if fill.strip(blank):
        yield Mark("FILL_BYTES", "other bytes behind the data", hdu.index)
    end = hdu.text.rfind(b"END     ")
    if end >= 0 and hdu.text[end + 3 :].strip():
        yield Mark("FILL_BYTES", "other bytes behind END", hdu.index)


def _table(product: Product, hdu: Hdu) -> Iterator[Mark]:
    if hdu.get("ZTABLE") is True:
        yield Mark("TABLE_COMPRESSED", "ZTABLE = T", hdu.index, "ZTABLE")
        return
    if hdu.is_compressed_image:
        return
    widths = []
    for column in product.columns(hdu):
        widths.append(column.width)
        if column.width is None:
            yield Mark("TFORM_FORM", repr(column.form), hdu.index, f"TFORM{column.number}")
    if None not in widths and (total := sum(width or 0 for width in widths)) != hdu.get("NAXIS1"):
        yield Mark(
            "TABLE_WIDTH", f"NAXIS1 = {hdu.get('NAXIS1')}, columns of {total} bytes", hdu.index, "NAXIS1"
        )


def _extension_names(product: Product) -> Iterator[Mark]:
    # The standard wants unique names in spectra; references by EXTNAME want them elsewhere, too.
    seen: dict[str, int] = {}
    for hdu in product.file.hdus[1:]:
        name = hdu.text_of("EXTNAME")
        if name is None:
            continue
        if name.upper() in seen and (hdu.name in LISTS or not name.startswith("OI_")):
            yield Mark("EXTNAME_TWICE", f"{name!r}, also HDU {seen[name.upper()]}", hdu.index, "EXTNAME")
        seen.setdefault(name.upper(), hdu.index)
