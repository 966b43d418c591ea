"""Who must have which keyword, and where (SDP 13, the matrix)."""

from collections.abc import Iterator
from typing import Any

from ingest.fitsfile import Hdu
from ingest.phase3.finding import Mark
from ingest.phase3.headers import expected, typed
from ingest.phase3.product import Product
from ingest.phase3.standard import Keyword, Obligation

_STATES = {"reserved": "KEYWORD_RESERVED", "contact": "KEYWORD_CONTACT", "forbidden": "KEYWORD_FORBIDDEN"}


def check(product: Product) -> Iterator[Mark]:
    """Keywords that are missing, forbidden, reserved or in the wrong header."""
    if product.category is None:
        yield from _category(product)
        return
    fields = product.known(product.primary).fields
    for keyword, obligation in product.standard.uses(product.category):
        if obligation.demand in ("mandatory", "recommended"):
            if not _applies(product, keyword, obligation, fields):
                continue
            yield from _missing(product, keyword, obligation)
        elif rule := _STATES.get(obligation.demand):
            yield from _present(product, keyword, rule)
    yield from _places(product)
    yield from _spellings(product)


def _category(product: Product) -> Iterator[Mark]:
    head = product.primary
    name = head.text_of("PRODCATG")
    if name is None:
        yield Mark("CATEGORY_MISSING", "no PRODCATG", head.index, "PRODCATG")
    elif not name.upper().startswith("ANCILLARY."):
        allowed = ", ".join((*product.standard.names, "ANCILLARY.*"))
        yield Mark("CATEGORY_UNKNOWN", name, head.index, "PRODCATG", f"one of {allowed}")


def _applies(product: Product, keyword: Keyword, obligation: Obligation, fields: dict[str, Any]) -> bool:
    """Whether the obligation holds for this file: its notes, ESO data, and what stands instead."""
    if keyword.instead_of or (obligation.eso and fields.get("NOESODAT") is True):
        return False
    if keyword.name == "PROVi" and (fields.get("PROVXTN") is True or _provenance_by_record(product)):
        return False
    notes = [
        product.standard.notes[number] for number in obligation.notes if number in product.standard.notes
    ]
    conditions = [note.when for note in notes if note.when is not None]
    if conditions:
        return all(condition(fields) for condition in conditions)
    return not obligation.where_applicable or any(note.index for note in notes)


def _provenance_by_record(product: Product) -> bool:
    cards = (card for hdu in product.science for card in hdu.cards if card.keyword.startswith("TXLNK"))
    return any(card.value in ("ARCFILE", "ORIGFILE") for card in cards)


def _missing(product: Product, keyword: Keyword, obligation: Obligation) -> Iterator[Mark]:
    rule = "KEYWORD_MISSING" if obligation.demand == "mandatory" else "KEYWORD_RECOMMENDED"
    notes = [
        product.standard.notes[number] for number in obligation.notes if number in product.standard.notes
    ]
    only = next((note.index for note in notes if note.index), None)
    for hdu in headers_of(product, keyword, obligation):
        for name in expected(keyword, hdu, only):
            if name in hdu.by_keyword or any(former in hdu.by_keyword for former in keyword.spellings):
                continue
            elsewhere = [other.index for other in product.file.hdus if name in other.by_keyword]
            came = f"not in this header, but in HDU {elsewhere[0]}" if elsewhere else "not there"
            yield Mark(rule, came, hdu.index, name, f"{name}: {keyword.text}{_unit(keyword)}")
    if obligation.primary and obligation.extension and obligation.demand == "mandatory" and not keyword.every:
        yield from _differing(product, keyword)


def headers_of(product: Product, keyword: Keyword, obligation: Obligation) -> list[Hdu]:
    """The headers in which the category wants ``keyword``."""
    if keyword.every:
        return list(product.file.hdus)
    by_column = keyword.index == "fields"
    found = [product.primary] if obligation.primary and not by_column else []
    if obligation.extension or by_column:
        found += product.science
        if keyword.companions:
            found += product.companions
        if keyword.name == "EXTNAME":
            return list(product.extensions)
    return found


def _unit(keyword: Keyword) -> str:
    return f", in {keyword.unit}" if keyword.unit and not keyword.index else ""


def _differing(product: Product, keyword: Keyword) -> Iterator[Mark]:
    name = keyword.name
    head = product.primary.get(name)
    for hdu in product.science:
        value = hdu.get(name)
        if head is None or value is None or _equal(head, value):
            continue
        yield Mark("KEYWORD_DIFFERS", f"{value!r}, in the primary header {head!r}", hdu.index, name)


def _equal(first: object, second: object) -> bool:
    if isinstance(first, (int, float)) and isinstance(second, (int, float)):
        return abs(first - second) <= 1e-7
    return first == second


def _present(product: Product, keyword: Keyword, rule: str) -> Iterator[Mark]:
    for hdu in product.file.hdus if rule == "KEYWORD_FORBIDDEN" else (product.primary,):
        for occurrence in product.known(hdu).by_name.get(keyword.name, ()):
            value = typed(occurrence)
            yield Mark(rule, repr(value), hdu.index, occurrence.card.keyword)


def _places(product: Product) -> Iterator[Mark]:
    for hdu in product.extensions:
        for name in ("PRODCATG", "ORIGFILE"):
            if (value := hdu.get(name)) is not None and hdu is not product.primary:
                yield Mark("KEYWORD_PLACE", repr(value), hdu.index, name)


def _spellings(product: Product) -> Iterator[Mark]:
    for former, keyword in product.standard.by_spelling.items():
        if former in product.primary.by_keyword:
            came = f"{former} = {product.primary.get(former)!r}"
            yield Mark("KEYWORD_SPELLING", came, product.primary.index, former, keyword.name)
