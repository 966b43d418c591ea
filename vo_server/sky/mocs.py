"""Regions made of HEALPix cells (MOC 2.0): their text, their cells, and the polygons of these."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import NamedTuple

import numpy as np

from vo_server.errors import UsageFault
from vo_server.sky.pixels import ORDER, healpy, merged
from vo_server.sky.regions import Moc, Polygon
from vo_server.sky.vectors import position

LONGEST = 500_000  #: characters of one MOC
MOST_RANGES = 20_000  #: of one MOC
MOST_CELLS = 1_000  #: of a MOC that footprints are compared with
MOST_GROUPS = 32  #: of neighbouring cells; an index looks each of them up
#: Cells of this order have sides that are great circles to an arc second; those of larger ones get corners.
_STRAIGHT = 6
_TOKEN = re.compile(
    r"(?P<order>\d{1,2})/|(?P<low>\d{1,20})(?:-(?P<high>\d{1,20}))?(?=[\s,]|$)|[\s,]+", re.ASCII
)


class Cell(NamedTuple):
    """One HEALPix cell, NESTED."""

    order: int
    number: int

    def parent(self, order: int) -> "Cell":
        """The cell of ``order`` around this one; itself where it is that large."""
        return self if self.order <= order else Cell(order, self.number >> 2 * (self.order - order))


def parse_moc(text: str) -> Moc:
    """The MOC that a text such as ``4/30-33 38 52 7/324-934`` describes (MOC 2.0, ASCII serialization).

    Cells that are given twice, or within each other, count once.

    Raises
    ------
    UsageFault
        Not such a text, a cell that does not exist, no cell at all, or more than `LONGEST` characters or
        `MOST_RANGES` ranges.
    """
    if len(text) > LONGEST:
        raise UsageFault(f"a MOC of {len(text)} characters is too long: {LONGEST} are read")
    ranges = merged(_read(text.strip()))
    if not ranges:
        raise _fault(text, "it has no cell")
    if len(ranges) > MOST_RANGES:
        raise UsageFault(f"a MOC of {len(ranges)} ranges: at most {MOST_RANGES} are read, send a coarser one")
    return Moc(tuple(ranges))


def _read(text: str) -> Iterator[tuple[int, int]]:
    """Ranges of order 29, in the order of the text."""
    order, at = -1, 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _fault(text, f"{text[at : at + 20]!r} is not understood")
        at = match.end()
        if match["order"]:
            order = int(match["order"])
            if order > ORDER:
                raise _fault(text, f"orders go from 0 to {ORDER}, not to {order}")
        elif match["low"]:
            if order < 0:
                raise _fault(text, "cells come after their order")
            low, high = int(match["low"]), int(match["high"] or match["low"])
            if not low <= high < 12 << 2 * order:
                most = (12 << 2 * order) - 1
                raise _fault(text, f"{match[0]} are no cells of order {order}, which go from 0 to {most}")
            shift = 2 * (ORDER - order)
            yield low << shift, ((high + 1) << shift) - 1


def _fault(text: str, reason: str) -> UsageFault:
    shown = text if len(text) <= 60 else text[:57] + "..."
    return UsageFault(f"not a MOC: {shown!r}: {reason}; send order/cell cell-cell, such as 4/30-33 38 7/934")


def format_moc(moc: Moc) -> str:
    """The MOC as text, in its largest cells."""
    by_order = groupby(sorted(cells_of(moc)), key=lambda cell: cell.order)
    return " ".join(f"{order}/{' '.join(str(cell.number) for cell in cells)}" for order, cells in by_order)


def cells_of(moc: Moc) -> Iterator[Cell]:
    """The largest cells that the MOC consists of, along the sky's order of pixels."""
    for low, high in moc.ranges:
        start, end = low, high + 1
        while start < end:
            # The largest cell that begins here and ends in the range: two bits of a number are one order.
            shift = 2 * ORDER if start == 0 else min(2 * ORDER, (start & -start).bit_length() - 1 & ~1)
            while start + (1 << shift) > end:
                shift -= 2
            yield Cell(ORDER - shift // 2, start >> shift)
            start += 1 << shift


def parse_cells(text: str) -> Moc:
    """A MOC as `parse_moc` reads it, of so few cells that each can be compared with a region.

    Raises
    ------
    UsageFault
        As `parse_moc`, or there are more than `MOST_CELLS`.
    """
    moc = parse_moc(text)
    _few_cells(moc)
    return moc


def _few_cells(moc: Moc) -> list[Cell]:
    """The largest cells of a MOC that is compared with regions; raises `UsageFault` for too many."""
    cells = list(islice(cells_of(moc), MOST_CELLS + 1))
    if len(cells) > MOST_CELLS:
        raise UsageFault(
            f"a MOC of more than {MOST_CELLS} cells cannot be compared with regions: send a coarser one"
        )
    return cells


def polygons_of(moc: Moc) -> list[Polygon]:
    """A polygon for each of the largest cells.

    Raises
    ------
    UsageFault
        There are more than `MOST_CELLS`.
    """
    return [_polygon(cell) for cell in _few_cells(moc)]


def _polygon(cell: Cell) -> Polygon:
    step = 1 << max(0, _STRAIGHT - cell.order)
    corners = healpy.boundaries(1 << cell.order, cell.number, step=step, nest=True)
    return Polygon(tuple(position(corner) for corner in np.asarray(corners).T))


def groups_of(moc: Moc) -> tuple[Moc, ...]:
    """The MOC in at most `MOST_GROUPS` parts of cells that are close to each other.

    All together have a box as large as the sky, which no index can use; each of them has a small one. Raises
    as `polygons_of`.
    """
    cells = _few_cells(moc)
    for order in range(ORDER, -1, -1):
        groups = [(parent, list(found)) for parent, found in groupby(cells, key=lambda c: c.parent(order))]
        if len(groups) <= MOST_GROUPS:
            return tuple(moc_of(found) for _, found in groups)
    return (moc,)


def moc_of(cells: Iterable[Cell]) -> Moc:
    """The MOC of some cells."""
    shifts = ((cell, 2 * (ORDER - cell.order)) for cell in cells)
    return Moc(tuple(merged((c.number << shift, ((c.number + 1) << shift) - 1) for c, shift in shifts)))


def multirange_literal(moc: Moc) -> str:
    """The text of an ``int8multirange`` of pixels of order 29."""
    return "{" + ",".join(f"[{low},{high}]" for low, high in moc.ranges) + "}"
