"""Where the boxes of a picture are: columns in the order of time, and few lines that cross.

The columns are the longest ways from what was asked for; the order in a column is that of igraph's layout
after Sugiyama. Boxes have sizes, which that layout does not know: their places follow here.
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Generic, TypeVar

import igraph

T = TypeVar("T", bound=Hashable)

GAP, LANE = 14.0, 84.0  #: pixels between boxes, and between columns
_BEND = 8.0  #: pixels that a line takes where it passes a column
_SWEEPS = 6  #: how often columns are pulled towards their neighbours
_ORDERED = 4_000  #: lines and bends beyond which the order of columns is left as it is found


@dataclass(frozen=True, slots=True)
class Box(Generic[T]):
    """A rectangle: its left upper corner and its size, in pixels, and the edges of its column."""

    item: T
    x: float
    y: float
    width: float
    height: float
    left: float
    right: float

    @property
    def middle(self) -> float:
        """Half way down."""
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Layout(Generic[T]):
    """A picture without its paint.

    Attributes
    ----------
    boxes : dict
        Item -> its rectangle.
    bends : list of list
        For each line, the points (x1, x2, y) where it passes columns, from its first end to its second.
    """

    boxes: Mapping[T, Box[T]]
    bends: Sequence[Sequence[tuple[float, float, float]]]
    width: float
    height: float


def arrange(
    sizes: Mapping[T, tuple[float, float]], lines: Sequence[tuple[T, T]], *, backwards: bool
) -> Layout[T]:
    """Put boxes of ``sizes`` into columns so that every line leads from one to a later one.

    Parameters
    ----------
    sizes : dict
        Item -> width and height; what was asked for comes first.
    lines : sequence of pairs
        From an item to the one a step further away from what was asked for.
    backwards : bool
        Whether a step further is to the left: back in time.
    """
    items = list(sizes)
    place = {item: n for n, item in enumerate(items)}
    ends = [(place[a], place[b]) for a, b in lines]
    column = _columns(len(items), ends)
    points, hops, ways = _with_bends(column, ends)
    order = _order(points, hops)
    heights = [sizes[items[n]][1] if n < len(items) else _BEND for n in range(len(points))]
    middles = _middles(order, hops, heights)
    widths: dict[int, float] = defaultdict(float)
    for n, item in enumerate(items):
        widths[points[n]] = max(widths[points[n]], sizes[item][0])
    count = max(points, default=0) + 1
    lefts, width = [0.0] * count, 0.0
    for c in range(count - 1, -1, -1) if backwards else range(count):
        lefts[c] = width
        width += widths[c] + LANE
    top = min((middles[n] - heights[n] / 2 for n in range(len(points))), default=0.0)
    bottom = max((middles[n] + heights[n] / 2 for n in range(len(points))), default=0.0)
    boxes = {
        item: Box(
            item,
            # At the side of what comes next, so that lines need not pass wider boxes.
            lefts[points[n]] + (widths[points[n]] - sizes[item][0] if backwards else 0.0),
            middles[n] - heights[n] / 2 - top,
            *sizes[item],
            lefts[points[n]],
            lefts[points[n]] + widths[points[n]],
        )
        for n, item in enumerate(items)
    }
    bends = [
        [(lefts[points[n]], lefts[points[n]] + widths[points[n]], middles[n] - top) for n in way]
        for way in ways
    ]
    return Layout(boxes, bends, max(width - LANE, 0.0), bottom - top)


def _columns(count: int, ends: Sequence[tuple[int, int]]) -> list[int]:
    """The longest way to each item; lines that close a circle are passed over."""
    graph: Any = igraph.Graph(n=count, edges=ends, directed=True)
    graph.delete_edges(graph.feedback_arc_set(method="eades"))
    column = [0] * count
    for n in graph.topological_sorting():
        for successor in graph.successors(n):
            column[successor] = max(column[successor], column[n] + 1)
    return column


def _with_bends(
    column: Sequence[int], ends: Sequence[tuple[int, int]]
) -> tuple[list[int], list[tuple[int, int]], list[list[int]]]:
    """The columns, with a point where a line passes one; the short lines; the points of each line."""
    points, hops, ways = list(column), list[tuple[int, int]](), list[list[int]]()
    for a, b in ends:
        step = 1 if column[b] > column[a] else -1
        way = []
        last = a
        for c in range(column[a] + step, column[b], step):
            way.append(len(points))
            points.append(c)
            hops.append((last, way[-1]))
            last = way[-1]
        if column[a] != column[b]:
            hops.append((last, b))
        ways.append(way)
    return points, hops, ways


def _order(points: Sequence[int], hops: Sequence[tuple[int, int]]) -> list[list[int]]:
    """The points of each column from top to bottom."""
    columns: dict[int, list[int]] = defaultdict(list)
    for n, c in enumerate(points):
        columns[c].append(n)
    if len(points) <= _ORDERED:
        forward = [(a, b) if points[a] < points[b] else (b, a) for a, b in hops]
        graph: Any = igraph.Graph(n=len(points), edges=forward, directed=True)
        layout = graph.layout_sugiyama(layers=list(points), maxiter=100)
        for found in columns.values():
            found.sort(key=lambda n: layout[n][0])
    order = [columns[c] for c in sorted(columns)]
    _gather(order, hops)
    return order


def _gather(order: Sequence[list[int]], hops: Sequence[tuple[int, int]]) -> None:
    """Put those points of a column together that hang on the same points of the one before."""
    near: dict[int, list[int]] = defaultdict(list)
    for a, b in hops:
        near[a].append(b)
        near[b].append(a)
    for before, found in pairwise(order):
        rank = {n: r for r, n in enumerate(before)}

        def wanted(n: int, rank: Mapping[int, int] = rank) -> float:
            ranks = [rank[m] for m in near[n] if m in rank]
            return sum(ranks) / len(ranks) if ranks else 0.0

        found.sort(key=wanted)


def _middles(
    order: Sequence[Sequence[int]], hops: Sequence[tuple[int, int]], heights: Sequence[float]
) -> list[float]:
    """How far down the middle of each point is: near its neighbours', and none upon another."""
    near: dict[int, list[int]] = defaultdict(list)
    for a, b in hops:
        near[a].append(b)
        near[b].append(a)
    middles = [0.0] * len(heights)
    for column in order:
        _spread(column, dict.fromkeys(column, 0.0), heights, middles)
    for sweep in range(_SWEEPS):
        for column in order if sweep % 2 else reversed(order):
            wanted = {
                n: sum(middles[m] for m in near[n]) / len(near[n]) if near[n] else middles[n] for n in column
            }
            _spread(column, wanted, heights, middles)
    return middles


def _spread(
    column: Sequence[int], wanted: Mapping[int, float], heights: Sequence[float], middles: list[float]
) -> None:
    """Give the points of a column their places in order, as near to the ones wanted as can be.

    Neighbours that would overlap become one block, which is where its points want to be on average.
    """
    blocks: list[tuple[list[int], float, float]] = []  # points, height, upper edge
    for n in column:
        block = [n], heights[n], wanted[n] - heights[n] / 2
        while blocks and blocks[-1][2] + blocks[-1][1] + GAP > block[2]:
            members = blocks.pop()[0] + block[0]
            height = sum(heights[m] for m in members) + GAP * (len(members) - 1)
            below, tops = 0.0, []
            for m in members:
                tops.append(wanted[m] - heights[m] / 2 - below)
                below += heights[m] + GAP
            block = members, height, sum(tops) / len(tops)
        blocks.append(block)
    for members, _, top in blocks:
        for m in members:
            middles[m] = top + heights[m] / 2
            top += heights[m] + GAP
