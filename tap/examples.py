"""Example queries, with the tables that they read (TAP 1.1, DALI-examples)."""

import re
from collections.abc import Iterator, Sequence

from vo_server.examples import Example
from vo_server.http.dali_examples import Shown
from vo_server.tables import Catalog

TABLE_NAME = re.compile(r"\b(?:FROM|JOIN)\s+([A-Za-z_]\w*\.[A-Za-z_]\w*)", re.IGNORECASE)
TITLE = "Example queries for the {}"
INTRODUCTION = "TAP clients such as TOPCAT and pyvo read this page and offer its queries."


def tables_of(query: str, catalog: Catalog) -> list[str]:
    """The published tables that a query names, each once, in their own spelling."""
    found = (catalog.table(name) for name in TABLE_NAME.findall(query))
    return list(dict.fromkeys(table.name for table in found if table))


def shown(examples: Sequence[Example], catalog: Catalog) -> Iterator[Shown]:
    """The examples as the page at ``/tap/examples`` has them."""
    for example in examples:
        tables = tables_of(example.query, catalog)
        yield Shown(example.id, example.title, example.text, example.query, tables)
