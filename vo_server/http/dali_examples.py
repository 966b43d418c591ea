"""Examples of requests for people and programs: XHTML with RDFa (DALI 1.2, DALI-examples)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from lxml import etree

XHTML = "http://www.w3.org/1999/xhtml"
MEDIA_TYPE = "application/xhtml+xml"
VOCABULARY = "http://www.ivoa.net/rdf/examples#"


@dataclass(frozen=True, slots=True)
class Shown:
    """One example as the page shows it.

    Attributes
    ----------
    query : str
        ADQL (TAP 1.1, query); empty for services without.
    tables : sequence of str
        What the query reads (TAP 1.1, table).
    parameters : sequence of (str, str)
        Names and values of the request (DALI 1.2, generic-parameter).
    """

    id: str
    title: str
    text: str
    query: str = ""
    tables: Sequence[str] = ()
    parameters: Sequence[tuple[str, str]] = ()


def examples_page(title: str, introduction: str, examples: Sequence[Shown]) -> bytes:
    """The document: well-formed, readable without style or script."""
    page = etree.Element(f"{{{XHTML}}}html", nsmap=cast(dict[str, str], {None: XHTML}), lang="en")
    head = _element(page, "head")
    _element(head, "meta", charset="utf-8")
    _element(head, "title", title)
    body = _element(page, "body", vocab=VOCABULARY)
    _element(body, "h1", title)
    _element(body, "p", introduction)
    for example in examples:
        _append(body, example)
    return etree.tostring(page, encoding="UTF-8", xml_declaration=False, doctype="<!DOCTYPE html>")


def _append(body: etree._Element, example: Shown) -> None:
    block = _element(body, "div", id=example.id, resource=f"#{example.id}", typeof="example")
    _element(block, "h2", example.title, property="name")
    _element(block, "p", example.text)
    if example.query:
        _element(block, "pre", example.query, property="query")
    if example.tables:
        line = _element(block, "p", "Tables: ")
        for name in example.tables:
            _element(line, "em", name, property="table").tail = " "
    if example.parameters:
        listed = _element(block, "ul")
        for name, value in example.parameters:
            pair = _element(listed, "li", property="generic-parameter", typeof="keyval")
            _element(pair, "span", name, property="key").tail = " = "
            _element(pair, "code", value, property="value")


def _element(parent: etree._Element, tag: str, text: str = "", **attributes: str) -> etree._Element:
    child = etree.SubElement(parent, f"{{{XHTML}}}{tag}", attrib=attributes)
    child.text = text or None
    return child
