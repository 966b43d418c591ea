"""Example queries for people and programs: XHTML with RDFa (DALI 1.1 and TAP 1.1, DALI-examples)."""

import re
from collections.abc import Sequence
from typing import cast

from lxml import etree

from vo_server.examples import Example
from vo_server.tables import Catalog

XHTML = "http://www.w3.org/1999/xhtml"
VOCABULARY = "http://www.ivoa.net/rdf/examples#"
TABLE_NAME = re.compile(r"\b(?:FROM|JOIN)\s+([A-Za-z_]\w*\.[A-Za-z_]\w*)", re.IGNORECASE)


def tables_of(query: str, catalog: Catalog) -> list[str]:
    """The published tables that a query names, each once, in their own spelling."""
    found = (catalog.table(name) for name in TABLE_NAME.findall(query))
    return list(dict.fromkeys(table.name for table in found if table))


def examples_page(examples: Sequence[Example], catalog: Catalog, archive_name: str) -> bytes:
    """The document at ``/tap/examples``: well-formed, readable without style or script."""
    title = f"Example queries for the {archive_name}"
    page = etree.Element(f"{{{XHTML}}}html", nsmap=cast(dict[str, str], {None: XHTML}), lang="en")
    head = _element(page, "head")
    _element(head, "meta", charset="utf-8")
    _element(head, "title", title)
    body = _element(page, "body", vocab=VOCABULARY)
    _element(body, "h1", title)
    _element(body, "p", "TAP clients such as TOPCAT and pyvo read this page and offer its queries.")
    for example in examples:
        _append(body, example, catalog)
    return etree.tostring(page, encoding="UTF-8", xml_declaration=False, doctype="<!DOCTYPE html>")


def _append(body: etree._Element, example: Example, catalog: Catalog) -> None:
    block = _element(body, "div", id=example.id, resource=f"#{example.id}", typeof="example")
    _element(block, "h2", example.title, property="name")
    _element(block, "p", example.text)
    _element(block, "pre", example.query, property="query")
    tables = tables_of(example.query, catalog)
    if tables:
        line = _element(block, "p", "Tables: ")
        for name in tables:
            _element(line, "em", name, property="table").tail = " "


def _element(parent: etree._Element, tag: str, text: str = "", **attributes: str) -> etree._Element:
    child = etree.SubElement(parent, f"{{{XHTML}}}{tag}", attrib=attributes)
    child.text = text or None
    return child
