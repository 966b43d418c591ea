"""Numbered keywords: PROV1, PROV2, ... without gaps and repetitions, and what MULTI stands for (SDP 5.1)."""

from collections import Counter
from collections.abc import Iterator

from ingest.fitsfile import Hdu
from ingest.phase3.finding import Mark
from ingest.phase3.headers import Occurrence, typed
from ingest.phase3.product import Product
from ingest.phase3.standard import Keyword

_LISTED = ("list", "beside", "corners")


def check(product: Product) -> Iterator[Mark]:
    """What is wrong with lists, in the primary header."""
    if product.category is None:
        return
    head = product.primary
    for keyword, _ in product.standard.uses(product.category):
        occurrences = product.known(head).by_name.get(keyword.name, [])
        if keyword.index in _LISTED and occurrences:
            yield from _numbers(keyword, occurrences, head)
        if keyword.distinct:
            yield from _repeated(occurrences, head)
        if keyword.list:
            yield from _multi(product, keyword)


def _numbers(keyword: Keyword, occurrences: list[Occurrence], head: Hdu) -> Iterator[Mark]:
    for occurrence in occurrences:
        number = str(occurrence.index[0])
        if number.startswith("0"):
            yield Mark("KEYWORD_INDEX", f"the number {number}", head.index, occurrence.card.keyword)
    if keyword.index == "beside":
        return
    groups: dict[str, set[int]] = {}
    for occurrence in occurrences:
        number, letter = (
            str(occurrence.index[0]),
            str(occurrence.index[1]) if len(occurrence.index) > 1 else "",
        )
        groups.setdefault(letter, set()).add(int(number))
    for letter, numbers in groups.items():
        gaps = sorted(set(range(1, max(numbers) + 1)) - numbers) if max(numbers) <= 99_999 else []
        if gaps:
            yield Mark(
                "KEYWORD_INDEX",
                f"number {gaps[0]} is missing",
                head.index,
                f"{keyword.stem}{gaps[0]}{letter}",
            )


def _repeated(occurrences: list[Occurrence], head: Hdu) -> Iterator[Mark]:
    counts = Counter(typed(occurrence) for occurrence in occurrences)
    for occurrence in occurrences:
        value = typed(occurrence)
        if counts[value] > 1:
            yield Mark(
                "KEYWORD_REPEATED", f"{value!r} {counts[value]} times", head.index, occurrence.card.keyword
            )
            counts[value] = 1


def _multi(product: Product, keyword: Keyword) -> Iterator[Mark]:
    head = product.primary
    is_multi = head.text_of(keyword.name) == "MULTI"
    stem = product.standard.keywords[keyword.list].stem
    count = len(product.known(head).by_name.get(keyword.list, ()))
    if is_multi and count < 2:
        yield Mark("KEYWORD_MULTI", f"MULTI, and {count} of {stem}1, {stem}2, ...", head.index, keyword.name)
    elif count and not is_multi and head.get(keyword.name) is not None:
        came = f"{head.get(keyword.name)!r}, and {count} of {stem}1, {stem}2, ..."
        yield Mark("KEYWORD_MULTI", came, head.index, keyword.name)
