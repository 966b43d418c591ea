"""Trees of queries that differ only in their numbers: parsed once, then filled in.

Clients ask the same query for one place after the other. Its tree has the same shape every time, so the tree
of the first is kept under the text without its numbers and gets the numbers of the next.
"""

import re
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace

from tap.adql import tree
from tap.adql.errors import Place
from tap.adql.parse import parse, place, read_number

KEPT = 256  #: trees
LONGEST = 10_000  #: characters; longer queries are seldom repeated

#: What has digits that are part of a name or of the tree's shape, and the numbers
#: (ADQL 2.1, BNF: <unsigned_numeric_literal>).
_TOKEN = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|\b(?i:TOP|OFFSET)\s+[0-9]+|[^\W\d]\w*"
    r"|(0[xX][0-9A-Fa-f]+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)",
    re.DOTALL,
)

MARK = "\0"  #: stands for a number; no query has it


@dataclass(frozen=True)
class Template:
    """A tree, the order of its numbers by their places, and which of its nodes (by identity) have some."""

    query: tree.Query
    order: dict[Place, int]
    above: frozenset[int]


class Templates:
    """A memory of trees, shared by the threads of a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Template | None] = OrderedDict()

    def tree(self, text: str) -> tuple[tree.Query, bool]:
        """The tree of a query, and whether the places in it are those of ``text``.

        Raises
        ------
        AdqlError
            As `parse`.
        """
        if len(text) > LONGEST or MARK in text:
            return parse(text), True
        skeleton, numbers = take_numbers(text)
        with self._lock:
            template = self._known.get(skeleton)
            if template is not None:
                self._known.move_to_end(skeleton)
        if template is not None:
            return fill(template, numbers), False
        query = parse(text)
        if skeleton not in self._known:
            made = make_template(query, text)
            with self._lock:
                self._known[skeleton] = made
                if len(self._known) > KEPT:
                    self._known.popitem(last=False)
        return query, True


def take_numbers(text: str) -> tuple[str, list[tree.Literal | None]]:
    """The text with a mark for each number that tells what type it has, and the numbers."""
    parts: list[str] = []
    numbers: list[tree.Literal | None] = []
    end = 0
    for match in _TOKEN.finditer(text):
        if match[1] is not None:
            literal = read_number(match[1])
            parts += [text[end : match.start()], MARK, "?" if literal is None else literal.type.kind.name]
            numbers.append(literal)
            end = match.end()
    return "".join([*parts, text[end:]]), numbers


def make_template(query: tree.Query, text: str) -> Template | None:
    """The tree with the order of its numbers; None where one of the text is no literal of the tree."""
    order = {
        place(text, match.start()): index
        for index, match in enumerate(match for match in _TOKEN.finditer(text) if match[1] is not None)
    }
    found: list[Place] = []
    above: set[int] = set()

    def look(node: tree.Node) -> bool:
        if isinstance(node, tree.Literal):
            if node.at in order:
                found.append(node.at)
            return node.at in order
        below = [look(child) for child in node.children]
        if True in below:
            above.add(id(node))
            return True
        return False

    look(query)
    return Template(query, order, frozenset(above)) if sorted(found) == sorted(order) else None


def fill(template: Template, numbers: list[tree.Literal | None]) -> tree.Query:
    """The tree with other numbers of the same types."""

    def change(node: tree.Node) -> tree.Node:
        if isinstance(node, tree.Literal):
            index = template.order.get(node.at)
            literal = None if index is None else numbers[index]
            return node if literal is None else replace(node, value=literal.value)
        # The template keeps its nodes, so no other can have the identity of one.
        return node.rebuilt(change) if id(node) in template.above else node

    filled = change(template.query)
    if not isinstance(filled, tree.Query):
        raise TypeError("a filled template is a query")
    return filled
