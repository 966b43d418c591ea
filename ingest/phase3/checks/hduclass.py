"""How the extensions of one file refer to each other: HDUCLASS and its complements (SDP 5.10)."""

import re
from collections.abc import Iterator

from ingest.fitsfile import Hdu
from ingest.phase3.finding import Mark
from ingest.phase3.product import Product

#: What each reference points to, by the HDUCLAS2 of its target.
REFERENCES = {
    "SCIDATA": "DATA", "ERRDATA": "ERROR", "QUALDATA": "QUALITY", "CONFDATA": "CONF",
    "BKGDATA": "BKG_DATA", "BKGERR": "BKG_ERROR", "BKGCONF": "BKG_CONF",
}  # fmt: skip
_DETAILS = {
    "ERROR": ("MSE", "RMSE", "INVMSE", "INVRMSE"),
    "QUALITY": ("MASKZERO", "MASKONE", "FLAG32BIT", "FLAG16BIT"),
}
_FREE = ("BKG_DATA", "BKG_ERROR", "BKG_CONF")  #: may have pixels of their own
_WCS = re.compile(r"(CTYPE|CRVAL|CRPIX|CUNIT)[1-3]|CD[1-3]_[1-3]")


def check(product: Product) -> Iterator[Mark]:
    """Kinds, references, dimensions and coordinates of all image extensions."""
    images = [hdu for hdu in product.extensions if hdu.is_image]
    science = next((hdu for hdu in images if hdu.text_of("HDUCLAS2") == "DATA"), None)
    science = science or (product.science[0] if product.science else None)
    kinds = {(hdu.text_of("EXTNAME") or ""): (hdu.text_of("HDUCLAS2") or "") for hdu in images}
    for hdu in images:
        yield from _kind(product, hdu)
        yield from _references(product, hdu, kinds)
        if science is not None and hdu is not science:
            yield from _like(hdu, science)
    if science is not None:
        yield from _complete(product, science, images)


def _kind(product: Product, hdu: Hdu) -> Iterator[Mark]:
    first, second, third = (hdu.text_of(f"HDUCLAS{i}") for i in (1, 2, 3))
    if first is not None and first != "IMAGE":
        yield Mark("HDUCLASS_KIND", repr(first), hdu.index, "HDUCLAS1", "IMAGE")
    if second is not None and second not in REFERENCES.values():
        yield Mark("HDUCLASS_KIND", repr(second), hdu.index, "HDUCLAS2", ", ".join(REFERENCES.values()))
    if third is not None and second in _DETAILS and third not in _DETAILS[second]:
        yield Mark("HDUCLASS_DETAIL", repr(third), hdu.index, "HDUCLAS3", ", ".join(_DETAILS[second]))
    version = hdu.text_of("HDUVERS") or ""
    match = re.fullmatch(r"SDP version (\d{1,4})", version)
    if match and int(match[1]) > product.standard.hduvers:
        wanted = f"SDP version {product.standard.hduvers} or an earlier one"
        yield Mark("HDUCLASS_VERSION", repr(version), hdu.index, "HDUVERS", wanted)


def _references(product: Product, hdu: Hdu, kinds: dict[str, str]) -> Iterator[Mark]:
    own = hdu.text_of("EXTNAME")
    for keyword, kind in REFERENCES.items():
        target = hdu.text_of(keyword)
        if target is None:
            continue
        if target == own or (keyword == "SCIDATA" and hdu.text_of("HDUCLAS2") == "DATA"):
            if "HDUCLASS_SELF" in product.standard.rules:
                yield Mark("HDUCLASS_SELF", f"{keyword} = {target!r} in {own!r}", hdu.index, keyword)
        elif target not in kinds:
            there = ", ".join(filter(None, kinds)) or "none"
            yield Mark("HDUCLASS_REFERENCE", f"{target!r}; extensions are {there}", hdu.index, keyword)
        elif kinds[target] and kinds[target] != kind:
            yield Mark("HDUCLASS_REFERENCE", f"{target!r}, which is {kinds[target]}", hdu.index, keyword)


def _like(hdu: Hdu, science: Hdu) -> Iterator[Mark]:
    kind = hdu.text_of("HDUCLAS2")
    if kind in _FREE or kind is None:
        return
    if hdu.shape != science.shape:
        came = f"{' x '.join(map(str, hdu.shape))}, science {' x '.join(map(str, science.shape))}"
        yield Mark("HDUCLASS_SHAPE", came, hdu.index, "NAXIS")
        return
    for keyword in science.by_keyword:
        if not _WCS.fullmatch(keyword) or keyword not in hdu.by_keyword:
            continue
        ours, theirs = hdu.get(keyword), science.get(keyword)
        if ours != theirs and not _close(ours, theirs):
            yield Mark("HDUCLASS_WCS", f"{ours!r}, science {theirs!r}", hdu.index, keyword)


def _close(first: object, second: object) -> bool:
    if not isinstance(first, (int, float)) or not isinstance(second, (int, float)):
        return False
    return abs(first - second) <= 1e-9 * max(1.0, abs(first), abs(second))


def _complete(product: Product, science: Hdu, images: list[Hdu]) -> Iterator[Mark]:
    """References that must be there because the extension is (note 46 of version 8)."""
    for hdu in images:
        if hdu is science:
            continue
        kind = hdu.text_of("HDUCLAS2")
        keyword = next((word for word, other in REFERENCES.items() if other == kind and kind != "DATA"), None)
        if keyword and keyword not in science.by_keyword:
            came = f"not there, though HDU {hdu.index} has {kind}"
            yield Mark("HDUCLASS_REFERENCE", came, science.index, keyword, str(hdu.text_of("EXTNAME")))
        if keyword and "SCIDATA" not in hdu.by_keyword:
            wanted = str(science.text_of("EXTNAME"))
            yield Mark("HDUCLASS_REFERENCE", "not there", hdu.index, "SCIDATA", wanted)
