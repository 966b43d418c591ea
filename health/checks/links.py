"""From products to their files: DataLink documents, their words, and what stands behind each link."""

import io
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from astropy.io import votable

from health.checks.documents import votable_faults
from health.checks.products import Product, sample
from health.site import Site
from health.verdict import Check, Verdict
from health.vocabulary import terms

PRODUCTS = 10  #: products that are looked at
DRAWN = 2  #: products whose pictures are looked at too: the first look at one draws it
PICTURES = ("#preview", "#thumbnail", "#preview-image", "#preview-plot")
FOLLOWED = 20  #: links of one product that are followed
FIRST = 2880  #: bytes that are read of a file


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a DataLink document; empty is NULL."""

    semantics: str
    access_url: str
    service_def: str
    error_message: str
    content_type: str
    link_authorized: str

    @property
    def is_open(self) -> bool:
        """Whether the server says that everybody may have it."""
        return bool(self.access_url) and self.link_authorized.lower() not in ("false", "0", "f")


def checks() -> Iterator[Check]:
    """The checks of links and of what they lead to."""
    yield Check("datalink", "links", look_at_links)


def look_at_links(site: Site) -> Verdict:
    """DataLink documents of random products, and the first bytes of what they link to."""
    products = sample(site, PRODUCTS)
    problems = [
        f"{product.did}: {fault}"
        for number, product in enumerate(products)
        for fault in product_faults(site, product, pictures=number < DRAWN)
    ]
    doubts = [] if products else ["there are no products"]
    return Verdict.of(f"{len(products)} products and what they link to", problems, doubts)


def product_faults(site: Site, product: Product, *, pictures: bool = True) -> Iterator[str]:
    """What is wrong with the links of one product."""
    if not product.access_url:
        return
    if "datalink" not in product.access_format:
        yield from _target_faults(site, product.access_url)
        return
    if not site.is_ours(product.access_url):
        yield f"access_url {product.access_url} is of another server"
        return
    reply = site.get(product.access_url)
    faults = list(votable_faults(reply)) if reply.status == 200 else [f"status {reply.status}"]
    yield from (f"access_url: {fault}" for fault in faults)
    if not faults:
        rows = read_links(reply.body)
        yield from link_faults(rows)
        for row in _followed(rows, pictures):
            yield from (f"{row.semantics}: {fault}" for fault in _target_faults(site, row.access_url))


def _followed(rows: Sequence[Row], pictures: bool) -> list[Row]:
    """The links to follow."""
    wanted = (row for row in rows if row.is_open and (pictures or row.semantics not in PICTURES))
    return list(islice(wanted, FOLLOWED))


def read_links(document: bytes) -> list[Row]:
    """The rows of a valid DataLink document."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table: Any = votable.parse_single_table(io.BytesIO(document)).to_table()
    names = {name.lower(): name for name in table.colnames}

    def text(row: Any, name: str) -> str:
        value = row[names[name]] if name in names else ""
        return "" if value is None or str(value) == "--" else str(value)

    return [Row(*(text(row, name) for name in Row.__slots__)) for row in table]


def link_faults(rows: Sequence[Row]) -> Iterator[str]:
    """What DataLink 1.1 forbids (The List of Links)."""
    known = terms("datalink-core")
    for row in rows:
        if sum(map(bool, (row.access_url, row.service_def, row.error_message))) != 1:
            yield f"{row.semantics or 'a row'}: not just one of access_url, service_def and error_message"
        if row.error_message and row.semantics == "#this":
            yield f"#this: {row.error_message}"
        if row.semantics.startswith("#") and row.semantics[1:] not in known:
            yield f"{row.semantics} is not in the vocabulary"
        if not row.semantics:
            yield "a link without semantics"
    if not any(row.semantics == "#this" for row in rows):
        yield "there is no #this"


def _target_faults(site: Site, url: str) -> Iterator[str]:
    """What is wrong with what a link leads to; those of other servers are left to them."""
    if not site.is_ours(url):
        return
    reply = site.get(url, first=FIRST)
    # What is sent by another address is there.
    if reply.status not in (200, 206, 302, 303, 307):
        yield f"{url} has the status {reply.status}"
    elif reply.status < 300 and not reply.body:
        yield f"{url} is empty"
