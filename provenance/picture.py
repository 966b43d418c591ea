"""The picture of a graph, in SVG: time goes from left to right, files and recipes are boxes with links."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from lxml import etree

from provenance.boxes import (
    CHIP_HEIGHT,
    COLOURS,
    LONGEST,
    Item,
    common_prefix,
    grid,
    make_items,
    shortened,
    shown_relations,
    size_of,
    texts_of,
)
from provenance.document import CUT, MISSING, instant, printable
from provenance.graph import Node, Relation
from provenance.layout import Box, Layout, arrange
from provenance.story import Story
from vo_server.config import Settings
from vo_server.services import PROVENANCE_PATH

SVG = "http://www.w3.org/2000/svg"
MARGIN, HEAD, FOOT = 24.0, 64.0, 24.0  #: pixels
_STYLE = """
text { font-family: 'DejaVu Sans', Verdana, Helvetica, Arial, sans-serif; font-size: 11px; fill: #111827; }
.title { font-size: 16px; font-weight: bold; }
.small { font-size: 10px; fill: #4b5563; }
.recipe { font-weight: bold; fill: #ffffff; }
.version { font-size: 10px; fill: #d1d5db; }
.chip { font-family: 'DejaVu Sans Mono', Menlo, Consolas, monospace; font-size: 10.5px; }
.line { fill: none; stroke: #94a3b8; stroke-width: 1.2; }
.derived { stroke-dasharray: 2 3; }
a:hover rect, a:focus rect { stroke-width: 2.5; }
a:hover .chip, a:focus .chip { text-decoration: underline; }
"""


def draw(story: Story, settings: Settings) -> bytes:
    """The picture as an SVG document.

    Every node has a link: a file to what belongs to it (DataLink), a recipe and a file that is not in the
    archive to their own provenance.
    """
    relations = shown_relations(story)
    items = make_items(story, relations)
    of = {node: item for item in items for node in item.nodes}
    lines: dict[tuple[Item, Item], Relation] = {}
    direction = story.graph.direction
    for relation in relations:
        ends = of[relation.near(direction)], of[relation.far(direction)]
        if ends[0] != ends[1]:
            lines.setdefault(ends, relation)
    sizes = {item: size_of(item) for item in items}
    layout = arrange(sizes, list(lines), backwards=direction == "BACK")
    return _Painter(story, settings, layout).paint(list(lines.items()))


class _Painter:
    """Paints one picture."""

    def __init__(self, story: Story, settings: Settings, layout: Layout[Item]) -> None:
        self._story = story
        self._settings = settings
        self._layout = layout
        width = max(layout.width + 2 * MARGIN, 900.0)
        height = layout.height + HEAD + FOOT + 2 * MARGIN
        size = {
            "width": f"{width:.0f}",
            "height": f"{height:.0f}",
            "viewBox": f"0 0 {width:.0f} {height:.0f}",
        }
        namespaces: Any = {None: SVG}
        self._root = etree.Element(f"{{{SVG}}}svg", size, nsmap=namespaces)
        self._root.set("role", "img")
        # A picture that needs less than the least width is in the middle of it.
        self._left, self._top = (width - layout.width) / 2, HEAD + MARGIN

    def paint(self, lines: Sequence[tuple[tuple[Item, Item], Relation]]) -> bytes:
        """Everything: background, head, lines, boxes."""
        asked = self._story.graph.starts
        names = ", ".join(self._name(node) for node in asked[:3]) + (" ..." if len(asked) > 3 else "")
        what = "Provenance of" if self._story.graph.direction == "BACK" else "What was made of"
        _add(self._root, "title", f"{what} {names}")
        _add(self._root, "style", _STYLE)
        _add(self._root, "rect", width="100%", height="100%", fill="#ffffff")
        _add(self._root, "text", f"{what} {shortened(names, 90)}", x=MARGIN, y=30, **{"class": "title"})
        self._legend()
        self._arrow()
        for number, (ends, relation) in enumerate(lines):
            self._line(ends, relation, self._layout.bends[number])
        for box in self._layout.boxes.values():
            self._box(box)
        content: bytes = etree.tostring(self._root, xml_declaration=True, encoding="UTF-8")
        return content

    def _name(self, node: Node) -> str:
        if node.kind == "activity" and node.id in self._story.activities:
            return self._story.activities[node.id].recipe
        return node.id

    def _legend(self) -> None:
        """The colours that are in the picture."""
        shown = {item.colour for item in self._layout.boxes}
        x = MARGIN
        for key, (fill, line, text) in COLOURS.items():
            if key not in shown:
                continue
            dashes = {"stroke-dasharray": "4 3"} if key == "missing" else {}
            _add(self._root, "rect", x=x, y=46, width=14, height=12, rx=3, fill=fill, stroke=line, **dashes)
            _add(self._root, "text", text, x=x + 20, y=56, **{"class": "small"})
            x += 34 + 6.0 * len(text)
        if any(node in self._story.graph.cut for node in self._story.graph.distance):
            _add(self._root, "text", f"… {CUT}", x=x, y=56, **{"class": "small"})

    def _arrow(self) -> None:
        marker = _add(
            _add(self._root, "defs"), "marker", id="arrow", viewBox="0 0 8 8", refX=7, refY=4, markerWidth=7,
            markerHeight=7, orient="auto",
        )  # fmt: skip
        _add(marker, "path", d="M0,0.5 L7,4 L0,7.5 z", fill="#94a3b8")

    def _line(
        self, ends: tuple[Item, Item], relation: Relation, bends: Sequence[tuple[float, float, float]]
    ) -> None:
        """A line from the earlier to the later: arrows show how data went."""
        near, far = (self._layout.boxes[item] for item in ends)
        stops = list(bends)
        if self._story.graph.direction == "BACK":
            near, far = far, near
            stops.reverse()
        x, y = near.right + self._left, near.middle + self._top
        # Straight within a column, where other boxes are above and below.
        path = f"M{near.x + near.width + self._left:.1f},{y:.1f} H{x:.1f}"
        for left, right, middle in [*stops, (far.left, far.x, far.middle)]:
            to_x, to_y = left + self._left, middle + self._top
            reach = max(abs(to_x - x) / 2, 30.0)
            path += f" C{x + reach:.1f},{y:.1f} {to_x - reach:.1f},{to_y:.1f} {to_x:.1f},{to_y:.1f}"
            path += f" H{right + self._left:.1f}"
            x, y = right + self._left, to_y
        style = "line derived" if relation.kind in ("wasDerivedFrom", "wasInformedBy") else "line"
        drawn = _add(self._root, "path", d=path, **{"class": style, "marker-end": "url(#arrow)"})
        _add(drawn, "title", f"{relation.kind} {relation.role or ''}".strip())

    def _box(self, box: Box[Item]) -> None:
        if len(box.item.nodes) > 1:
            self._stack(box)
            return
        node = box.item.nodes[0]
        link = self._link(self._root, node)
        self._frame(link, box, is_asked=node in self._story.graph.starts)
        x, y = box.x + self._left, box.y + self._top
        first, second = self._lines(node, box.item.role)
        styles = ("recipe", "version") if node.kind == "activity" else ("", "small")
        for text, style, down in ((first, styles[0], 19), (second, styles[1], 34)):
            shown = shortened(text, LONGEST if down == 19 else LONGEST + 4)
            _add(link, "text", shown, x=x + 14, y=y + down, **({"class": style} if style else {}))
        if node in self._story.graph.cut:
            _add(
                link,
                "text",
                "…",
                x=x + box.width - 18,
                y=y + 26,
                **({"class": styles[0]} if styles[0] else {}),
            )

    def _stack(self, box: Box[Item]) -> None:
        """Many alike files: a frame, what they have in common, and a line of text for each."""
        self._frame(self._root, box, is_asked=False)
        item, x, y = box.item, box.x + self._left, box.y + self._top
        _, rows, width = grid(item)
        kind = COLOURS[item.colour][2]
        head = f"{len(item.nodes)} × {kind}" if kind != MISSING else f"{len(item.nodes)} files, {kind}"
        head += f" · {item.role}" if item.role else ""
        _add(self._root, "text", shortened(head, int(box.width / 6.8)), x=x + 14, y=y + 17)
        if prefix := common_prefix(item):
            _add(self._root, "text", f"{prefix}…", x=x + 14, y=y + 31, **{"class": "small"})
        for n, (node, text) in enumerate(zip(item.nodes, texts_of(item), strict=True)):
            link = self._link(self._root, node)
            left, top = x + 8 + n // rows * width, y + 36 + n % rows * CHIP_HEIGHT
            _add(
                link,
                "rect",
                x=left,
                y=top,
                width=width,
                height=CHIP_HEIGHT,
                fill="#ffffff",
                **{"fill-opacity": 0},
            )
            _add(link, "text", text, x=left + 6, y=top + 13, **{"class": "chip"})

    def _frame(self, parent: Any, box: Box[Item], *, is_asked: bool) -> None:
        fill, line, _ = COLOURS[box.item.colour]
        dashes = {"stroke-dasharray": "5 3"} if box.item.colour == "missing" else {}
        _add(
            parent, "rect", x=box.x + self._left, y=box.y + self._top, width=box.width, height=box.height,
            rx=box.height / 2 if box.item.colour == "activity" else 6, fill=fill, stroke=line,
            **{"stroke-width": 3 if is_asked else 1.2, **dashes},
        )  # fmt: skip

    def _link(self, parent: Any, node: Node) -> Any:
        """The element that leads to more about a node, with all that its box has no room for."""
        link = _add(parent, "a", href=self._address(node), target="_top")
        _add(link, "title", "\n".join(self._told(node)))
        return link

    def _address(self, node: Node) -> str:
        root = self._settings.root_url
        if node.kind == "entity" and node.id in self._story.files:
            did = f"ivo://{self._settings.authority}/ID?{node.id}"
            return f"{root}/datalink/links?ID={quote(did, safe='')}"
        way = "" if node.kind == "activity" else "&DIRECTION=FORTH"
        return f"{root}{PROVENANCE_PATH}?ID={quote(node.id, safe='')}{way}&RESPONSEFORMAT=PROV-SVG"

    def _lines(self, node: Node, role: str | None) -> tuple[str, str]:
        """The two lines of text in a box."""
        if node.kind == "activity":
            told = self._story.activities[node.id]
            when = instant(told.started)[:10]
            return told.recipe, " · ".join(part for part in (told.pipeline, when) if part)
        file = self._story.files.get(node.id)
        if file is None:
            return node.id, role or MISSING
        return node.id, role or file.category or file.kind

    def _told(self, node: Node) -> Iterator[str]:
        """The lines of the text that appears beside the pointer."""
        if node.kind == "activity":
            told = self._story.activities[node.id]
            yield from (part for part in (told.recipe, told.pipeline, told.drs) if part)
            if told.started:
                yield (
                    f"{instant(told.started)} to {instant(told.ended)}"
                    if told.ended
                    else instant(told.started)
                )
            yield from (f"{name} = {value}" for name, value, _ in told.parameters[:40])
        else:
            file = self._story.files.get(node.id)
            yield node.id
            if file is None:
                yield MISSING
            else:
                yield from (part for part in (file.title, file.category, file.origfile) if part)
                if file.release_date:
                    yield f"public from {instant(file.release_date)}"
        if node in self._story.graph.cut:
            yield CUT


def _add(parent: Any, name: str, text: str | None = None, /, **attributes: Any) -> Any:
    """A new element; numbers become texts."""
    values = {
        key: f"{value:.1f}" if isinstance(value, float) else printable(str(value))
        for key, value in attributes.items()
    }
    element = etree.SubElement(parent, f"{{{SVG}}}{name}", values)
    if text is not None:
        # Line feeds are for style and for the text beside the pointer.
        element.text = "\n".join(printable(line) for line in text.split("\n"))
    return element
