"""The sky: positions, regions, their pixels and shapes, and the SQL functions that compare them.

Everything is ICRS degrees outside and unit vectors inside.  The functions of the database's schema ``vo``
are in ``sql/``.
"""

from vo_server.sky.mocs import format_moc, groups_of, multirange_literal, parse_cells, parse_moc
from vo_server.sky.pixels import LAST
from vo_server.sky.points import cone_ranges, hpx, polygon_ranges, shape_ranges
from vo_server.sky.regions import (
    MOST_VERTICES,
    Circle,
    Moc,
    Polygon,
    Position,
    Range,
    Region,
    Union,
    box,
    format_stcs,
    parse_region,
)
from vo_server.sky.shapes import bounding_circle, box_literal, box_of, shape_literal, shape_of

__all__ = [
    "LAST",
    "MOST_VERTICES",
    "Circle",
    "Moc",
    "Polygon",
    "Position",
    "Range",
    "Region",
    "Union",
    "bounding_circle",
    "box",
    "box_literal",
    "box_of",
    "cone_ranges",
    "format_moc",
    "format_stcs",
    "groups_of",
    "hpx",
    "multirange_literal",
    "parse_cells",
    "parse_moc",
    "parse_region",
    "polygon_ranges",
    "shape_literal",
    "shape_of",
    "shape_ranges",
]
