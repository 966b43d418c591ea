"""What the boxes of a picture show: one file or recipe each, or many alike files together.

Alike are files of one kind that one recipe read and of which nothing more is told.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from provenance.document import MISSING
from provenance.graph import Node, Relation
from provenance.story import Story

#: Kind of box -> fill, line, and what the legend says.
COLOURS = {
    "product": ("#dbeafe", "#1d4ed8", "product"),
    "raw": ("#dcfce7", "#15803d", "raw file"),
    "calibration": ("#fef3c7", "#b45309", "calibration that was used"),
    "ancillary": ("#ede9fe", "#6d28d9", "associated file"),
    "activity": ("#1f2937", "#111827", "recipe"),
    "missing": ("#ffffff", "#6b7280", MISSING),
}
BOX_WIDTH, BOX_HEIGHT = 232.0, 44.0  #: pixels
CHIP_HEIGHT, CHIP_LETTER = 18.0, 6.7  #: pixels of a line in a box of many files, and of a letter in it
STACK = 3  #: from so many alike files on they share a box
LONGEST = 33  #: characters of a line in a box


@dataclass(frozen=True, slots=True)
class Item:
    """What one box shows: a node, or many alike files; ``colour`` is a key of `COLOURS`."""

    nodes: tuple[Node, ...]
    colour: str
    role: str | None


def shown_relations(story: Story) -> list[Relation]:
    """The relations without derivations that a recipe explains already."""
    read: dict[Node, set[Node]] = defaultdict(set)
    for relation in story.graph.relations:
        if relation.kind == "used":
            read[relation.source].add(relation.target)
    explained = {
        (relation.source, target)
        for relation in story.graph.relations
        if relation.kind == "wasGeneratedBy"
        for target in read[relation.target]
    }
    return [
        relation
        for relation in story.graph.relations
        if relation.kind != "wasDerivedFrom" or (relation.source, relation.target) not in explained
    ]


def make_items(story: Story, relations: Sequence[Relation]) -> list[Item]:
    """The boxes, those of what was asked for first."""
    direction = story.graph.direction
    met = Counter(node for relation in relations for node in (relation.source, relation.target))
    roles = {relation.far(direction): relation for relation in relations}
    alike: dict[Any, list[Node]] = defaultdict(list)
    for node in story.graph.distance:
        relation = roles.get(node)
        colour = _colour(story, node, relation)
        role = relation.role if relation else None
        is_leaf = node.kind == "entity" and met[node] == 1 and relation is not None
        if (
            is_leaf
            and node not in story.graph.starts
            and node not in story.graph.cut
            and relation is not None
        ):
            alike[relation.near(direction), relation.kind, colour, role].append(node)
        else:
            alike[node].append(node)
    items = []
    for key, nodes in alike.items():
        colour, role = (key[2], key[3]) if isinstance(key, tuple) else _look(story, nodes[0], roles)
        groups = [tuple(nodes)] if len(nodes) >= STACK else [(node,) for node in nodes]
        items += [Item(group, colour, role) for group in groups]
    return items


def _look(story: Story, node: Node, roles: Mapping[Node, Relation]) -> tuple[str, str | None]:
    relation = roles.get(node)
    return _colour(story, node, relation), relation.role if relation else None


def _colour(story: Story, node: Node, relation: Relation | None) -> str:
    if node.kind == "activity":
        return "activity"
    file = story.files.get(node.id)
    if file is None:
        return "missing"
    if relation is not None and relation.type == "Calibration" and relation.target == node:
        return "calibration"
    return file.kind


def size_of(item: Item) -> tuple[float, float]:
    """Width and height of a box, in pixels."""
    if len(item.nodes) == 1:
        return BOX_WIDTH, BOX_HEIGHT
    columns, rows, width = grid(item)
    return max(columns * width + 16, BOX_WIDTH), rows * CHIP_HEIGHT + 44


def grid(item: Item) -> tuple[int, int, float]:
    """Columns and rows of the files in a box, and the width of a column."""
    count = len(item.nodes)
    letters = max(len(text) for text in texts_of(item))
    width = letters * CHIP_LETTER + 14
    # About three times as wide as high, where the texts allow it.
    columns = max(1, min(count, round((count * CHIP_HEIGHT * 2 / width) ** 0.5)))
    return columns, -(-count // columns), width


def common_prefix(item: Item) -> str:
    """What the names of all files in a box begin with, where that is worth to be said once."""
    first, last = min(node.id for node in item.nodes), max(node.id for node in item.nodes)
    same = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    found = first[:same]
    # Up to where a word or a number begins.
    cut = max(found.rfind(sign) for sign in ".T_-:/") + 1
    is_shorter = all(len(node.id) > cut for node in item.nodes)
    return found[:cut] if cut >= 6 and is_shorter else ""


def texts_of(item: Item) -> list[str]:
    """The names of the files in a box, without what is common to them."""
    prefix = common_prefix(item)
    return [shortened(node.id[len(prefix) :], LONGEST) for node in item.nodes]


def shortened(text: str, longest: int = LONGEST) -> str:
    """A text of at most ``longest`` characters: beginning and end stay."""
    if len(text) <= longest:
        return text
    kept = longest - 1
    return f"{text[: kept - kept // 2]}…{text[len(text) - kept // 2 :]}"
