"""Geometry functions beyond ADQL (IVOA Catalogue of ADQL User Defined Functions 1.1, and ESO)."""

from dataclasses import replace

from tap.adql import resolved, tree
from tap.adql.arguments import (
    ANGLES,
    DOUBLE,
    as_geometry,
    as_number,
    as_point,
    check_count,
    computed_point,
    frame_named,
    framed_point,
    pixel_column,
    place_of,
)
from tap.adql.constants import constant, fixed_numbers
from tap.adql.errors import AdqlError, Place
from tap.adql.kinds import INTEGERS, Kind, Type
from tap.adql.resolved import Apply, FixedRegion, Point
from tap.adql.tree import Expression, Literal
from vo_server import sky
from vo_server.errors import UsageFault


def healpix_index(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    """``ivo_healpix_index``; the pixels of an indexed pair of coordinates are stored."""
    check_count(len(arguments) in (2, 3), arguments, node)
    order = constant(arguments[0])
    if not isinstance(order, int) or not 0 <= order <= 29:
        raise AdqlError("the order is a number from 0 to 29", place_of(arguments[0], node.at))
    if len(arguments) == 2:
        point = as_point(arguments[1], node)
    else:
        point = framed_point(arguments[1], arguments[2], "ICRS", node.at)
    of = Type(Kind.LONG, ucd="pos.healpix")
    shift = 2 * (29 - order)
    known = fixed_numbers(point.ra, point.dec)
    if known is not None:
        pixel = Literal(int(sky.hpx(known[0], known[1])) >> shift, node.at, of)
        return Apply("({0})::bigint", (pixel,), of)
    stored = pixel_column(point)
    if stored is None:
        return Apply(f"vo.healpix_index({order}, {{0}}, {{1}})", (point.ra, point.dec), of)
    return Apply(f"({{0}} >> {shift})", (stored,), of)


def healpix_center(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    """``ivo_healpix_center``."""
    check_count(len(arguments) == 2, arguments, node)
    for argument in arguments:
        if argument.type.kind not in INTEGERS:
            raise AdqlError("ivo_healpix_center takes whole numbers", place_of(argument, node.at))
    return computed_point("vo.healpix_center(({0})::integer, ({1})::bigint)", arguments)


def epoch_position(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    """``ivo_epoch_prop_pos``."""
    check_count(len(arguments) == 8, arguments, node)
    for argument in arguments:
        if argument.type.kind is not Kind.NULL:
            as_number(argument, "an argument", node.at)
    numbers = ", ".join(f"({{{n}}})::double precision" for n in range(8))
    return computed_point(f"vo.epoch_position({numbers})", arguments)


def transformed(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    """``ivo_geom_transform`` between ICRS and galactic coordinates, of the points of a geometry."""
    check_count(len(arguments) == 3, arguments, node)
    source, target = frame_named(arguments[0], node.at), frame_named(arguments[1], node.at)
    geometry = arguments[2]
    if isinstance(geometry, FixedRegion):
        geometry = _spelled_out(geometry.region, node.at)
    if isinstance(geometry, resolved.Box | resolved.Field) and geometry.type.kind is Kind.REGION:
        raise AdqlError(f"{node.function.lower()} takes points, circles and polygons", node.at)

    def turned(point: Point) -> Point:
        if source == target:
            return point
        forward = "true" if target == "GALACTIC" else "false"
        return computed_point(f"vo.galactic({{0}}, {{1}}, {forward})", [point.ra, point.dec], ANGLES[target])

    framed = "" if target == "ICRS" else target
    if isinstance(geometry, resolved.Circle):
        of = replace(geometry.type, frame=framed)
        return resolved.Circle(turned(geometry.center), geometry.radius, of)
    if isinstance(geometry, resolved.Polygon):
        of = replace(geometry.type, frame=framed)
        return resolved.Polygon(tuple(map(turned, geometry.vertices)), of)
    point = turned(as_point(geometry, node))
    return replace(point, type=replace(point.type, frame=framed))


def _spelled_out(region: sky.Region, at: Place) -> Expression:
    """A fixed circle or polygon with its points as expressions."""

    def point(ra: float, dec: float) -> Point:
        return Point(Literal(float(ra), at, DOUBLE), Literal(float(dec), at, DOUBLE))

    match region:
        case sky.Circle(ra, dec, radius):
            return resolved.Circle(point(ra, dec), Literal(float(radius), at, DOUBLE))
        case sky.Polygon(vertices):
            return resolved.Polygon(tuple(point(*vertex) for vertex in vertices))
    raise AdqlError("only points, circles and polygons can be transformed", at)


def moc(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    """``ivo_moc``: DALI's serialisation of cells of the sky as a geometry (DALI 1.2, MOC)."""
    check_count(len(arguments) == 1, arguments, node)
    text = arguments[0]
    if not isinstance(text, Literal) or not isinstance(text.value, str):
        raise AdqlError("ivo_moc takes one string, such as '4/30-33 38 7/934'", place_of(text, node.at))
    try:
        return FixedRegion(sky.parse_moc(text.value))
    except UsageFault as exc:
        raise AdqlError(str(exc), text.at) from None


def overlap(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    """``ESO_INTERSECTION``."""
    check_count(len(arguments) == 2, arguments, node)
    return resolved.Overlap(as_geometry(arguments[0], node), as_geometry(arguments[1], node))
