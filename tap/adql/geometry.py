"""The geometry functions: calls -> nodes, fixed numbers checked (ADQL 2.1, Geometrical functions)."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from tap.adql import resolved, tree
from tap.adql.errors import AdqlError, Place, miscalled
from tap.adql.functions import GEOMETRY
from tap.adql.kinds import GEOMETRIES, INTEGERS, NUMBERS, Kind, Type
from tap.adql.resolved import Apply, FixedRegion, Point
from tap.adql.tree import Expression, Literal
from vo_server import sky
from vo_server.errors import UsageFault

_DOUBLE = Type(Kind.DOUBLE)
#: Names of the frame we store, with what clients put before and after it (STC-S 1.33).
_ICRS = re.compile(
    r"(?:ICRS|FK5|J2000|UNKNOWNFRAME|)(?:\s+(?:TOPOCENTER|GEOCENTER|BARYCENTER|SPHERICAL2))*", re.I
)
_GALACTIC = re.compile(r"GALACTIC(?:_II)?(?:\s+(?:TOPOCENTER|GEOCENTER|BARYCENTER|SPHERICAL2))*", re.I)
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
            "IVO_HEALPIX_INDEX": _healpix_index,
            "IVO_HEALPIX_CENTER": _healpix_center,
            "IVO_EPOCH_PROP_POS": _epoch_position,
            "IVO_GEOM_TRANSFORM": _transformed,
            "ESO_INTERSECTION": _overlap,
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
            frame = _frame(arguments.pop(0), node.at)
        return self._calls[name](arguments, frame, node)


def constant(value: Expression) -> float | int | None:
    """What a numeric expression of literals alone comes to, with PostgreSQL's integer division."""
    if isinstance(value, Literal):
        return (
            value.value
            if isinstance(value.value, int | float) and not isinstance(value.value, bool)
            else None
        )
    if isinstance(value, tree.Sign):
        inner = constant(value.operand)
        return inner if inner is None or value.sign == "+" else -inner
    if isinstance(value, tree.Chain):
        total = constant(value.first)
        for operator, operand in value.rest:
            right = constant(operand)
            if total is None or right is None:
                return None
            total = _calculated(total, operator, right)
        return total
    return None


def fixed_cast(node: tree.Cast, operand: Expression) -> Expression:
    """``CAST('12.3 45.6 1.0' AS CIRCLE)``: DALI's serialisation of a geometry (ADQL 2.1, CAST)."""
    if not isinstance(operand, Literal) or not isinstance(operand.value, str):
        raise AdqlError(f"CAST AS {node.target} takes a string of numbers", node.at)
    numbers = [_parsed(word, operand.at) for word in operand.value.split()]
    values: list[Expression] = [Literal(number, operand.at, _DOUBLE) for number in numbers]
    call = tree.Call(node.target, tuple(values), at=node.at)
    return GeometryCalls().resolve(node.target, values, call)


def _parsed(word: str, at: Place) -> float:
    try:
        return float(word)
    except ValueError:
        raise AdqlError(f"{word!r} is not a number", at) from None


def _calculated(left: float | int, operator: str, right: float | int) -> float | int | None:
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    if operator == "*":
        return left * right
    if right == 0:
        return None
    if isinstance(left, int) and isinstance(right, int):
        quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
        return quotient if operator == "/" else left - right * quotient
    return left / right


def _frame(argument: Expression, at: Place) -> str:
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


def _point(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    _wanted(len(arguments) == 2, arguments, node)
    return _framed_point(arguments[0], arguments[1], frame, node.at)


def _circle(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    center, rest = _center(arguments, frame, node)
    _wanted(len(rest) == 1, arguments, node)
    radius = _number(rest[0], "the radius", node.at)
    known = fixed_numbers(center.ra, center.dec, radius)
    given = constant(radius)
    if given is not None and not 0 <= given <= 180:
        raise AdqlError(f"a radius is between 0 and 180 degrees, got {given}", _place(radius, node.at))
    if known is None:
        return resolved.Circle(center, radius, Type(Kind.REGION, frame=center.type.frame))
    return FixedRegion(sky.Circle(known[0] % 360.0, known[1], known[2]))


def _box(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    center, rest = _center(arguments, frame, node)
    _wanted(len(rest) == 2, arguments, node)
    width, height = (_number(value, "a size", node.at) for value in rest)
    for size in (width, height):
        given = constant(size)
        if given is not None and not 0 < given < 180:
            raise AdqlError(
                f"the sizes of a BOX are above 0 and below 180 degrees, got {given}", _place(size, node.at)
            )
    known = fixed_numbers(center.ra, center.dec, width, height)
    if known is None:
        return resolved.Box(center, width, height)
    return FixedRegion(sky.box(*known))


def _polygon(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    if arguments and arguments[0].type.kind in GEOMETRIES:
        _wanted(len(arguments) >= 3, arguments, node)
        vertices = [_as_point(argument, node) for argument in arguments]
    else:
        _wanted(len(arguments) >= 6 and len(arguments) % 2 == 0, arguments, node)
        coordinates = zip(arguments[::2], arguments[1::2], strict=True)
        vertices = [_framed_point(ra, dec, frame, node.at) for ra, dec in coordinates]
    if len(vertices) > sky.MOST_VERTICES:
        raise AdqlError(f"a POLYGON has at most {sky.MOST_VERTICES} vertices, got {len(vertices)}", node.at)
    pairs = [fixed_numbers(vertex.ra, vertex.dec) for vertex in vertices]
    known = [pair for pair in pairs if pair is not None]
    if len(known) < len(vertices):
        return resolved.Polygon(tuple(vertices))
    words = " ".join(f"{ra % 360.0!r} {dec!r}" for ra, dec in known)
    return FixedRegion(_read(f"POLYGON ICRS {words}", node.at))


def _region(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    _wanted(len(arguments) == 1, arguments, node)
    text = arguments[0]
    if not isinstance(text, Literal) or not isinstance(text.value, str):
        raise AdqlError(f"REGION takes one string: {GEOMETRY['REGION']}", node.at)
    region = _read(text.value, text.at)
    if isinstance(region, sky.Position):
        return Point(Literal(region.ra, text.at, _DOUBLE), Literal(region.dec, text.at, _DOUBLE))
    return FixedRegion(region)


def _contains(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    _wanted(len(arguments) == 2, arguments, node)
    return resolved.Contains(_geometry(arguments[0], node), _geometry(arguments[1], node))


def _intersects(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    _wanted(len(arguments) == 2, arguments, node)
    return resolved.Intersects(_geometry(arguments[0], node), _geometry(arguments[1], node))


def _distance(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    if len(arguments) == 4:
        a, b, c, d = arguments
        return resolved.Distance(_framed_point(a, b, "ICRS", node.at), _framed_point(c, d, "ICRS", node.at))
    _wanted(len(arguments) == 2, arguments, node)
    for region, other in (arguments, arguments[::-1]):
        if region.type.kind is Kind.REGION:
            return resolved.Remoteness(_geometry(region, node), _as_point(other, node))
    return resolved.Distance(_as_point(arguments[0], node), _as_point(arguments[1], node))


def _overlap(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    _wanted(len(arguments) == 2, arguments, node)
    return resolved.Overlap(_geometry(arguments[0], node), _geometry(arguments[1], node))


def _area(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    _wanted(len(arguments) == 1, arguments, node)
    of = Type(Kind.DOUBLE, "deg**2", "phys.angArea")
    return resolved.Measure("vo.area({0})", _geometry(arguments[0], node), of)


def _centroid(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    _wanted(len(arguments) == 1, arguments, node)
    geometry = _geometry(arguments[0], node)
    return geometry if isinstance(geometry, Point) else _center_of(geometry)


def _coordinate(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    _wanted(len(arguments) == 1, arguments, node)
    point = _as_point(arguments[0], node)
    first = node.function == "COORD1"
    value = point.ra if first else point.dec
    of = Type(Kind.DOUBLE, "deg", _ANGLES[point.type.frame or "ICRS"][0 if first else 1])
    return Apply("({0})::double precision", (value,), of)


def _coordsys(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    _wanted(len(arguments) == 1, arguments, node)
    geometry = _geometry(arguments[0], node)
    return Literal(geometry.type.frame or "ICRS", node.at, Type(Kind.TEXT, ucd="meta.code;pos.frame"))


def _healpix_index(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    """``ivo_healpix_index``; the pixels of an indexed pair of coordinates are stored."""
    _wanted(len(arguments) in (2, 3), arguments, node)
    order = constant(arguments[0])
    if not isinstance(order, int) or not 0 <= order <= 29:
        raise AdqlError("the order is a number from 0 to 29", _place(arguments[0], node.at))
    if len(arguments) == 2:
        point = _as_point(arguments[1], node)
    else:
        point = _framed_point(arguments[1], arguments[2], "ICRS", node.at)
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


def _healpix_center(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    _wanted(len(arguments) == 2, arguments, node)
    for argument in arguments:
        if argument.type.kind not in INTEGERS:
            raise AdqlError("ivo_healpix_center takes whole numbers", _place(argument, node.at))
    return _pair("vo.healpix_center(({0})::integer, ({1})::bigint)", arguments)


def _epoch_position(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    _wanted(len(arguments) == 8, arguments, node)
    for argument in arguments:
        if argument.type.kind is not Kind.NULL:
            _number(argument, "an argument", node.at)
    numbers = ", ".join(f"({{{n}}})::double precision" for n in range(8))
    return _pair(f"vo.epoch_position({numbers})", arguments)


def _transformed(arguments: list[Expression], frame: str, node: tree.Call) -> Expression:
    """``ivo_geom_transform`` between ICRS and galactic coordinates, of the points of a geometry."""
    _wanted(len(arguments) == 3, arguments, node)
    source, target = _frame(arguments[0], node.at), _frame(arguments[1], node.at)
    geometry = arguments[2]
    if isinstance(geometry, FixedRegion):
        geometry = _spelled_out(geometry.region, node.at)
    if isinstance(geometry, resolved.Box | resolved.Field) and geometry.type.kind is Kind.REGION:
        raise AdqlError(f"{node.function.lower()} takes points, circles and polygons", node.at)

    def turned(point: Point) -> Point:
        if source == target:
            return point
        forward = "true" if target == "GALACTIC" else "false"
        return _pair(f"vo.galactic({{0}}, {{1}}, {forward})", [point.ra, point.dec], _ANGLES[target])

    framed = "" if target == "ICRS" else target
    if isinstance(geometry, resolved.Circle):
        of = replace(geometry.type, frame=framed)
        return resolved.Circle(turned(geometry.center), geometry.radius, of)
    if isinstance(geometry, resolved.Polygon):
        of = replace(geometry.type, frame=framed)
        return resolved.Polygon(tuple(map(turned, geometry.vertices)), of)
    point = turned(_as_point(geometry, node))
    return replace(point, type=replace(point.type, frame=framed))


def _spelled_out(region: sky.Region, at: Place) -> Expression:
    """A fixed circle or polygon with its points as expressions."""

    def point(ra: float, dec: float) -> Point:
        return Point(Literal(float(ra), at, _DOUBLE), Literal(float(dec), at, _DOUBLE))

    match region:
        case sky.Circle(ra, dec, radius):
            return resolved.Circle(point(ra, dec), Literal(float(radius), at, _DOUBLE))
        case sky.Polygon(vertices):
            return resolved.Polygon(tuple(point(*vertex) for vertex in vertices))
    raise AdqlError("only points, circles and polygons can be transformed", at)


#: UCDs of the two angles of a frame.
_ANGLES = {"ICRS": ("pos.eq.ra", "pos.eq.dec"), "GALACTIC": ("pos.galactic.lon", "pos.galactic.lat")}


def _pair(sql: str, arguments: list[Expression], ucds: tuple[str, str] = _ANGLES["ICRS"]) -> Point:
    """The point of a database function that gives both coordinates as an array."""
    ra = Apply(f"({sql})[1]", tuple(arguments), Type(Kind.DOUBLE, "deg", ucds[0]))
    dec = Apply(f"({sql})[2]", tuple(arguments), Type(Kind.DOUBLE, "deg", ucds[1]))
    return Point(ra, dec)


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


def _center(arguments: list[Expression], frame: str, node: tree.Call) -> tuple[Point, list[Expression]]:
    """The centre that a call begins with, as one point or two numbers, and the arguments after it."""
    _wanted(len(arguments) >= 2, arguments, node)
    if arguments[0].type.kind in GEOMETRIES:
        return _as_point(arguments[0], node), arguments[1:]
    return _framed_point(arguments[0], arguments[1], frame, node.at), arguments[2:]


def _framed_point(ra: Expression, dec: Expression, frame: str, at: Place) -> Point:
    _number(ra, "a coordinate", at)
    _number(dec, "a coordinate", at)
    latitude = constant(dec)
    if latitude is not None and not -90 <= latitude <= 90:
        raise AdqlError(f"a declination is between -90 and 90 degrees, got {latitude}", _place(dec, at))
    if frame == "ICRS":
        return Point(ra, dec)
    known = fixed_numbers(ra, dec)
    if known is None:
        return _pair("vo.galactic({0}, {1}, false)", [ra, dec])
    position = _read(f"POSITION GALACTIC {known[0] % 360.0!r} {known[1]!r}", at)
    if not isinstance(position, sky.Position):
        raise TypeError("a position was read as something else")
    return Point(Literal(float(position.ra), at, _DOUBLE), Literal(float(position.dec), at, _DOUBLE))


def _as_point(value: Expression, node: tree.Call) -> Point:
    if isinstance(value, Point):
        return value
    if value.type.kind is Kind.POINT:
        return _center_of(_geometry(value, node))
    raise AdqlError(f"{node.function} takes points; call it {GEOMETRY[node.function]}", node.at)


def _center_of(geometry: Expression) -> Point:
    ra = resolved.Measure("vo.centroid_ra({0})", geometry, Type(Kind.DOUBLE, "deg", "pos.eq.ra"))
    dec = resolved.Measure("vo.centroid_dec({0})", geometry, Type(Kind.DOUBLE, "deg", "pos.eq.dec"))
    return Point(ra, dec)


def _geometry(value: Expression, node: tree.Call) -> Expression:
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


def _number(value: Expression, what: str, at: Place) -> Expression:
    if value.type.kind not in NUMBERS:
        raise AdqlError(f"{what} is a number, not {value.type.kind.value}", _place(value, at))
    return value


def fixed_numbers(*values: Expression) -> tuple[float, ...] | None:
    """The values as numbers when all of them are constant."""
    numbers = [constant(value) for value in values]
    known = tuple(float(n) for n in numbers if n is not None and math.isfinite(n))
    return known if len(known) == len(values) else None


def _read(text: str, at: Place) -> sky.Region:
    try:
        region = sky.parse_region(text)
        sky.shape_of(region)  # caps near 90 degrees and degenerate polygons are refused here
    except UsageFault as exc:
        raise AdqlError(str(exc), at) from None
    return region


def _wanted(fits: bool, arguments: Sequence[Expression], node: tree.Call) -> None:
    if not fits:
        raise miscalled(node.function, len(arguments), GEOMETRY[node.function], node.at)


def _place(value: Expression, at: Place) -> Place:
    place: Place = getattr(value, "at", at)
    return at if place == tree.NOWHERE else place
