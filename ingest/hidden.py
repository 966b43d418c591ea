"""The columns that clients do not see: HEALPix pixels beside points, shapes and boxes beside regions."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from vo_server import sky
from vo_server.sky.bulk import shape_literals
from vo_server.tables import Table


def with_hidden_columns(table: Table, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """``rows`` with the hidden columns that ``table`` declares (`vo_server.tables`)."""
    filled = [dict(row) for row in rows]
    for point in table.points:
        placed = [row for row in filled if row.get(point.ra) is not None and row.get(point.dec) is not None]
        if placed:
            ra, dec = (np.array([row[name] for row in placed]) for name in (point.ra, point.dec))
            for row, pixel in zip(placed, sky.hpx(ra, dec), strict=True):
                row[point.hpx] = int(pixel)
    for region in table.regions:
        bare = [row for row in filled if row.get(region.region) is not None and region.shape not in row]
        literals = shape_literals([row[region.region] for row in bare])
        for row, literal in zip(bare, literals, strict=True):
            row[region.shape], row[region.box] = literal or shape_and_box(row[region.region])
    return filled


@lru_cache(maxsize=64)
def shape_and_box(text: str) -> tuple[str, str]:
    """The shape and the box of a region, as PostgreSQL reads them.

    Raises
    ------
    UsageFault
        The text is no region, or the region has no shape (it is too large, or a line).
    """
    shape = sky.shape_of(sky.parse_region(text))
    return sky.shape_literal(shape), sky.box_literal(sky.box_of(shape))


@lru_cache(maxsize=64)
def circle_around(text: str) -> sky.Circle:
    """The smallest circle around a region."""
    return sky.bounding_circle(sky.parse_region(text))
