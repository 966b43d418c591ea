"""The rules of the standard's data that are expressions over the keywords of one header."""

from collections.abc import Iterator
from typing import Any

from ingest.phase3.finding import Mark
from ingest.phase3.headers import merged
from ingest.phase3.product import Product
from ingest.phase3.standard import Rule


def check(product: Product) -> Iterator[Mark]:
    """Rules whose keywords are there and do not fit together."""
    if product.category is None:
        return
    head = {**product.known(product.primary).fields, "NOW": product.now}
    for rule in product.standard.rules.values():
        if rule.that is None or (rule.categories and product.category.key not in rule.categories):
            continue
        if rule.hdus == "science" and product.science:
            for hdu in product.science:
                fields = merged(head, product.known(hdu).fields)
                if told := broken(rule, fields):
                    yield Mark(rule.name, told, hdu.index, rule.keyword)
        elif told := broken(rule, head):
            yield Mark(rule.name, told, product.primary.index, rule.keyword)


def broken(rule: Rule, fields: dict[str, Any]) -> str:
    """What the header has, when it breaks the rule; empty when it does not, or when a keyword is missing."""
    assert rule.that is not None  # noqa: S101
    if any(fields.get(name) is None for name in rule.that.needs):
        return ""
    if (rule.when is not None and not rule.when(fields)) or rule.that(fields):
        return ""
    names = sorted(rule.that.needs | (rule.when.needs if rule.when else frozenset()))
    return ", ".join(f"{name.replace('_', '-') if name[:4] == 'MJD_' else name} = {fields[name]!r}"
                     for name in names if fields.get(name) is not None)  # fmt: skip
