"""The geometry functions: calls -> nodes, fixed numbers checked (ADQL 2.1, Geometrical functions)."""

from collections.abc import Callable

from tap.adql import geometry_catalogue as catalogue
from tap.adql import resolved, tree
from tap.adql.arguments import (
    ANGLES,
    DOUBLE,
    as_geometry,
    as_number,
    as_point,
    center_and_rest,
    center_of,
    check_count,
    circle_around,
    frame_named,
    framed_point,
    place_of,
    read_region,
)
from tap.adql.constants import constant, fixed_numbers
from tap.adql.errors import AdqlError, Place
from tap.adql.functions import GEOMETRY
from tap.adql.kinds import GEOMETRIES, Kind, Type
from tap.adql.resolved import Apply, FixedRegion, Point
from tap.adql.tree import Expression, Literal
from vo_server import sky

_FRAMED = frozenset({"POINT", "CIRCLE", "BOX", "POLYGON"})


class GeometryCalls:
    """Resolves calls of geometry functions whose arguments are resolved."""

    def __init__(self) -> None:
        self._calls: dict[str, Callable[[list[Expression], str, tree.Call], Expression]] = {
            "POINT": _point,
            "CIRCLE": _circle,
            "BOX": _box,
            "POLYGON": _polygon,
            "REGION": _region,
            "CONTAINS": _contains,
            "INTERSECTS": _intersects,
            "DISTANCE": _distance,
            "AREA": _area,
            "CENTROID": _centroid,
            "COORD1": _coordinate,
            "COORD2": _coordinate,
            "COORDSYS": _coordsys,
            "IVO_HEALPIX_INDEX": catalogue.healpix_index,
            "IVO_HEALPIX_CENTER": catalogue.healpix_center,
            "IVO_EPOCH_PROP_POS": catalogue.epoch_position,
            "IVO_GEOM_TRANSFORM": catalogue.transformed,
            "IVO_MOC": catalogue.moc,
            "ESO_INTERSECTION": catalogue.overlap,
        }

    def resolve(self, name: str, arguments: list[Expression], node: tree.Call) -> Expression:
        """The node for a call.

        Raises
        ------
        AdqlError
            Arguments of the wrong number, kind or range.
        """
        frame = "ICRS"
        if name in _FRAMED and arguments and arguments[0].type.kind in (Kind.TEXT, Kind.NULL):
            frame = frame_named(arguments.pop(0), node.at)
        return self._calls[name](arguments, frame, node)


def fixed_cast(node: tree.Cast, operand: Expression) -> Expression:
    """``CAST('12.3 45.6 1.0' AS CIRCLE)``: DALI's serialisation of a geometry (ADQL 2.1, CAST)."""
    if not isinstance(operand, Literal) or not isinstance(operand.value, str):
        raise AdqlError(f"CAST AS {node.target} takes a string of numbers", node.at)
    numbers = [_parsed(word, operand.at) for word in operand.value.split()]
    values: list[Expression] = [Literal(number, operand.at, DOUBLE) for number in numbers]
    call = tree.Call(node.target, tuple(values), at=node.at)
    return GeometryCalls().resolve(node.target, values, call)


def _parsed(word: str, at: Place) -> float:
    try:
        return float(word)
    except ValueError:
        raise AdqlError(f"{word!r} is not a number", at) from None


def _point(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    check_count(len(arguments) == 2, arguments, node)
    return framed_point(arguments[0], arguments[1], frame, node.at)


def _circle(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    center, rest = center_and_rest(arguments, frame, node)
    check_count(len(rest) == 1, arguments, node)
    radius = as_number(rest[0], "the radius", node.at)
    given = constant(radius)
    if given is not None and not 0 <= given <= 180:
        raise AdqlError(f"a radius is between 0 and 180 degrees, got {given}", place_of(radius, node.at))
    return circle_around(center, radius)


def _box(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    center, rest = center_and_rest(arguments, frame, node)
    check_count(len(rest) == 2, arguments, node)
    width, height = (as_number(value, "a size", node.at) for value in rest)
    for size in (width, height):
        given = constant(size)
        if given is not None and not 0 < given < 180:
            raise AdqlError(
                f"the sizes of a BOX are above 0 and below 180 degrees, got {given}", place_of(size, node.at)
            )
    known = fixed_numbers(center.ra, center.dec, width, height)
    if known is None:
        return resolved.Box(center, width, height)
    return FixedRegion(sky.box(*known))


def _polygon(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    if arguments and arguments[0].type.kind in GEOMETRIES:
        check_count(len(arguments) >= 3, arguments, node)
        vertices = [as_point(argument, node) for argument in arguments]
    else:
        check_count(len(arguments) >= 6 and len(arguments) % 2 == 0, arguments, node)
        coordinates = zip(arguments[::2], arguments[1::2], strict=True)
        vertices = [framed_point(ra, dec, frame, node.at) for ra, dec in coordinates]
    if len(vertices) > sky.MOST_VERTICES:
        raise AdqlError(f"a POLYGON has at most {sky.MOST_VERTICES} vertices, got {len(vertices)}", node.at)
    pairs = [fixed_numbers(vertex.ra, vertex.dec) for vertex in vertices]
    known = [pair for pair in pairs if pair is not None]
    if len(known) < len(vertices):
        return resolved.Polygon(tuple(vertices))
    words = " ".join(f"{ra % 360.0!r} {dec!r}" for ra, dec in known)
    return FixedRegion(read_region(f"POLYGON ICRS {words}", node.at))


def _region(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    check_count(len(arguments) == 1, arguments, node)
    text = arguments[0]
    if not isinstance(text, Literal) or not isinstance(text.value, str):
        raise AdqlError(f"REGION takes one string: {GEOMETRY['REGION']}", node.at)
    region = read_region(text.value, text.at)
    if isinstance(region, sky.Position):
        return Point(Literal(region.ra, text.at, DOUBLE), Literal(region.dec, text.at, DOUBLE))
    return FixedRegion(region)


def _contains(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    check_count(len(arguments) == 2, arguments, node)
    return resolved.Contains(as_geometry(arguments[0], node), as_geometry(arguments[1], node))


def _intersects(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    check_count(len(arguments) == 2, arguments, node)
    return resolved.Intersects(as_geometry(arguments[0], node), as_geometry(arguments[1], node))


def _distance(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    if len(arguments) == 4:
        a, b, c, d = arguments
        return resolved.Distance(framed_point(a, b, "ICRS", node.at), framed_point(c, d, "ICRS", node.at))
    check_count(len(arguments) == 2, arguments, node)
    for region, other in (arguments, arguments[::-1]):
        if region.type.kind is Kind.REGION:
            return resolved.Remoteness(as_geometry(region, node), as_point(other, node))
    return resolved.Distance(as_point(arguments[0], node), as_point(arguments[1], node))


def _area(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    check_count(len(arguments) == 1, arguments, node)
    of = Type(Kind.DOUBLE, "deg**2", "phys.angArea")
    return resolved.Measure("vo.area({0})", as_geometry(arguments[0], node), of)


def _centroid(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    check_count(len(arguments) == 1, arguments, node)
    geometry = as_geometry(arguments[0], node)
    return geometry if isinstance(geometry, Point) else center_of(geometry)


def _coordinate(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    check_count(len(arguments) == 1, arguments, node)
    point = as_point(arguments[0], node)
    first = node.function == "COORD1"
    value = point.ra if first else point.dec
    of = Type(Kind.DOUBLE, "deg", ANGLES[point.type.frame or "ICRS"][0 if first else 1])
    return Apply("({0})::double precision", (value,), of)


def _coordsys(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    check_count(len(arguments) == 1, arguments, node)
    geometry = as_geometry(arguments[0], node)
    return Literal(geometry.type.frame or "ICRS", node.at, Type(Kind.TEXT, ucd="meta.code;pos.frame"))
