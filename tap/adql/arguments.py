"""Arguments of geometry functions: checked, and brought to points, regions and numbers."""

import re
from collections.abc import Sequence

from tap.adql import resolved, tree
from tap.adql.constants import constant, fixed_numbers
from tap.adql.errors import AdqlError, Place, miscalled
from tap.adql.functions import GEOMETRY
from tap.adql.kinds import GEOMETRIES, NUMBERS, Kind, Type
from tap.adql.resolved import Apply, FixedRegion, Point
from tap.adql.tree import Expression, Literal
from vo_server import sky
from vo_server.errors import UsageFault

DOUBLE = Type(Kind.DOUBLE)
#: Names of the frame we store, with what clients put before and after it (STC-S 1.33).
_ICRS = re.compile(
    r"(?:ICRS|FK5|J2000|UNKNOWNFRAME|)(?:\s+(?:TOPOCENTER|GEOCENTER|BARYCENTER|SPHERICAL2))*", re.I
)
_GALACTIC = re.compile(r"GALACTIC(?:_II)?(?:\s+(?:TOPOCENTER|GEOCENTER|BARYCENTER|SPHERICAL2))*", re.I)
#: UCDs of the two angles of a frame.
ANGLES = {"ICRS": ("pos.eq.ra", "pos.eq.dec"), "GALACTIC": ("pos.galactic.lon", "pos.galactic.lat")}


def frame_named(argument: Expression, at: Place) -> str:
    """The frame that a string names: ICRS or GALACTIC; raises `AdqlError`."""
    if not isinstance(argument, Literal):
        raise AdqlError("the coordinate system is a string such as 'ICRS' (or is left out)", at)
    name = str(argument.value or "").strip()
    if _ICRS.fullmatch(name):
        return "ICRS"
    if _GALACTIC.fullmatch(name):
        return "GALACTIC"
    raise AdqlError(
        f"there is no coordinate system {name!r} here: use ICRS (FK5 and J2000 mean the same) or GALACTIC",
        argument.at,
    )


def framed_point(ra: Expression, dec: Expression, frame: str, at: Place) -> Point:
    """The point of two coordinates in a frame, in ICRS; raises `AdqlError`."""
    as_number(ra, "a coordinate", at)
    as_number(dec, "a coordinate", at)
    latitude = constant(dec)
    if latitude is not None and not -90 <= latitude <= 90:
        raise AdqlError(f"a declination is between -90 and 90 degrees, got {latitude}", place_of(dec, at))
    if frame == "ICRS":
        return Point(ra, dec)
    known = fixed_numbers(ra, dec)
    if known is None:
        return computed_point("vo.galactic({0}, {1}, false)", [ra, dec])
    position = read_region(f"POSITION GALACTIC {known[0] % 360.0!r} {known[1]!r}", at)
    if not isinstance(position, sky.Position):
        raise TypeError("a position was read as something else")
    return Point(Literal(float(position.ra), at, DOUBLE), Literal(float(position.dec), at, DOUBLE))


def computed_point(sql: str, arguments: list[Expression], ucds: tuple[str, str] = ANGLES["ICRS"]) -> Point:
    """The point of a database function that gives both coordinates as an array."""
    ra = Apply(f"({sql})[1]", tuple(arguments), Type(Kind.DOUBLE, "deg", ucds[0]))
    dec = Apply(f"({sql})[2]", tuple(arguments), Type(Kind.DOUBLE, "deg", ucds[1]))
    return Point(ra, dec)


def center_and_rest(
    arguments: list[Expression], frame: str, node: tree.Call
) -> tuple[Point, list[Expression]]:
    """The centre that a call begins with, as one point or two numbers, and the arguments after it."""
    check_count(len(arguments) >= 2, arguments, node)
    if arguments[0].type.kind in GEOMETRIES:
        return as_point(arguments[0], node), arguments[1:]
    return framed_point(arguments[0], arguments[1], frame, node.at), arguments[2:]


def as_point(value: Expression, node: tree.Call) -> Point:
    """A value that must be a point; raises `AdqlError`."""
    if isinstance(value, Point):
        return value
    if value.type.kind is Kind.POINT:
        return center_of(as_geometry(value, node))
    raise AdqlError(f"{node.function} takes points; call it {GEOMETRY[node.function]}", node.at)


def circle_around(center: Point, radius: Expression) -> Expression:
    """The circle, fixed where all of its numbers stand in the query."""
    known = fixed_numbers(center.ra, center.dec, radius)
    if known is None:
        return resolved.Circle(center, radius, Type(Kind.REGION, frame=center.type.frame))
    return FixedRegion(sky.Circle(known[0] % 360.0, known[1], known[2]))


def center_of(geometry: Expression) -> Point:
    """The centre of a region."""
    ra = resolved.Measure("vo.centroid_ra({0})", geometry, Type(Kind.DOUBLE, "deg", "pos.eq.ra"))
    dec = resolved.Measure("vo.centroid_dec({0})", geometry, Type(Kind.DOUBLE, "deg", "pos.eq.dec"))
    return Point(ra, dec)


def as_geometry(value: Expression, node: tree.Call) -> Expression:
    """A value that must be a geometry with a shape; raises `AdqlError`."""
    if isinstance(value, resolved.Geometry):
        return value
    if isinstance(value, resolved.Field) and value.type.kind in GEOMETRIES:
        if value.shape is None:
            raise AdqlError(
                f"{value.column} has no indexed footprint here, so {node.function} cannot use it", node.at
            )
        return value
    raise AdqlError(
        f"{node.function} takes geometries, not {value.type.kind.value}; call it {GEOMETRY[node.function]}",
        node.at,
    )


def as_number(value: Expression, what: str, at: Place) -> Expression:
    """A value that must be a number; raises `AdqlError`."""
    if value.type.kind not in NUMBERS:
        raise AdqlError(f"{what} is a number, not {value.type.kind.value}", place_of(value, at))
    return value


def read_region(text: str, at: Place) -> sky.Region:
    """The region of an STC-S text; raises `AdqlError`."""
    try:
        region = sky.parse_region(text)
        sky.shape_of(region)  # caps near 90 degrees and degenerate polygons are refused here
    except UsageFault as exc:
        raise AdqlError(str(exc), at) from None
    return region


def check_count(fits: bool, arguments: Sequence[Expression], node: tree.Call) -> None:
    """Refuse a call whose number of arguments does not fit."""
    if not fits:
        raise miscalled(node.function, len(arguments), GEOMETRY[node.function], node.at)


def place_of(value: Expression, at: Place) -> Place:
    """Where a value stands in the query, else ``at``."""
    place: Place = getattr(value, "at", at)
    return at if place == tree.NOWHERE else place


def pixel_of(point: Point) -> Expression:
    """The HEALPix pixel of order 29 (NESTED) of a point: the stored one where there is one."""
    stored = pixel_column(point)
    if stored is not None:
        return stored
    known = fixed_numbers(point.ra, point.dec)
    if known is not None:
        return Literal(int(sky.hpx(*known)), type=Type(Kind.LONG))
    return Apply("vo.healpix_index(29, {0}, {1})", (point.ra, point.dec), Type(Kind.LONG))


def pixel_column(point: Point) -> resolved.Field | None:
    """The column with the HEALPix pixels of an indexed pair of coordinates."""
    ra, dec = point.ra, point.dec
    if (
        not isinstance(ra, resolved.Field)
        or not isinstance(dec, resolved.Field)
        or ra.relation is not dec.relation
    ):
        return None
    for index in ra.relation.points:
        if (index.ra.lower(), index.dec.lower()) == (ra.column.lower(), dec.column.lower()):
            return resolved.Field(ra.relation, index.hpx, Type(Kind.LONG), ra.qualified)
    return None
