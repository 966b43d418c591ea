"""Whether each keyword's value is one that it may have: type, allowed values, form, range, unit (SDP 5)."""

from collections.abc import Iterator
from functools import cache

from ingest.phase3.checks.keywords import headers_of
from ingest.phase3.finding import Mark
from ingest.phase3.headers import Occurrence, typed
from ingest.phase3.product import Product
from ingest.phase3.standard import Keyword
from ingest.phase3.units import parse_unit, same_unit

_UNCHECKED = ("forbidden", "contact")


def check(product: Product) -> Iterator[Mark]:
    """Values that are wrong in themselves, of every keyword that the category uses."""
    if product.category is None:
        return
    for keyword, obligation in product.standard.uses(product.category):
        if obligation.demand in _UNCHECKED:
            continue
        for hdu in headers_of(product, keyword, obligation):
            for occurrence in product.known(hdu).by_name.get(keyword.name, ()):
                unit = keyword.unit
                if unit.endswith("i"):
                    unit = hdu.text_of(f"{unit[:-1]}{occurrence.index[0]}") or ""
                for mark in of_occurrence(occurrence, unit):
                    yield mark._replace(hdu=hdu.index)


def of_occurrence(occurrence: Occurrence, wanted: str) -> Iterator[Mark]:
    """What is wrong with one card, whose value is in the unit ``wanted``."""
    keyword, card = occurrence.keyword, occurrence.card
    name, value = card.keyword, typed(occurrence)
    if not occurrence.is_typed:
        yield Mark("KEYWORD_TYPE", f"{value!r}", None, name, f"a {keyword.type}")
        return
    if isinstance(value, str):
        yield from _text(keyword, name, value)
    elif not isinstance(value, bool) and value is not None:
        yield from _number(keyword, name, value)
        unit = card.unit
        if wanted and unit and is_other_unit(unit, wanted):
            yield Mark("KEYWORD_UNIT", f"the comment says [{unit}]", None, name, wanted)


def _text(keyword: Keyword, name: str, value: str) -> Iterator[Mark]:
    if not value:
        if not keyword.blank:
            yield Mark(
                "KEYWORD_BLANK", "an empty string", None, name, f"{keyword.text}, a string that is not empty"
            )
        return
    if keyword.allowed and value not in keyword.allowed:
        allowed = ", ".join(map(str, keyword.allowed))
        yield Mark("KEYWORD_VALUE", repr(value), None, name, allowed)
    if keyword.pattern and not keyword.pattern.fullmatch(value):
        yield Mark(
            "KEYWORD_FORM", repr(value), None, name, f"{keyword.text}, as in /{keyword.pattern.pattern}/"
        )
    if keyword.is_unit and parse_unit(value) is None:
        yield Mark("UNIT_FORM", repr(value), None, name)


def _number(keyword: Keyword, name: str, value: float) -> Iterator[Mark]:
    if keyword.allowed and value not in keyword.allowed:
        yield Mark("KEYWORD_VALUE", repr(value), None, name, ", ".join(map(str, keyword.allowed)))
    is_low = (keyword.low is not None and value < keyword.low) or (
        keyword.above is not None and value <= keyword.above
    )
    is_high = (keyword.high is not None and value > keyword.high) or (
        keyword.below is not None and value >= keyword.below
    )
    if is_low or is_high:
        yield Mark("KEYWORD_RANGE", repr(value), None, name, range_of(keyword))


def range_of(keyword: Keyword) -> str:
    """The bounds of a keyword in words."""
    bounds = (
        ("at least", keyword.low),
        ("above", keyword.above),
        ("at most", keyword.high),
        ("below", keyword.below),
    )
    told = " and ".join(f"{word} {bound:g}" for word, bound in bounds if bound is not None)
    return f"{told} {keyword.unit}".strip()


@cache
def is_other_unit(came: str, wanted: str) -> bool:
    """Whether the bracket of a comment names another unit; what is no unit does not count."""
    if parse_unit(came) is None or came.strip() in ("", "-"):
        return False
    return not any(
        same_unit(came.removesuffix("/beam"), unit) for unit in (wanted, wanted.removesuffix("/beam"))
    )
