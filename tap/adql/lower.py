"""Geometry -> conditions that an index can answer, each with the exact test beside it.

Points: HEALPix ranges for fixed shapes, declination zones for crossmatches.  Footprints: bounding boxes.
The layout of the indexes is `vo_server.tables.PointIndex` and `RegionIndex`; the functions are the
``vo`` schema's (`vo_server.sky`).
"""

from collections.abc import Iterator
from dataclasses import replace

from tap.adql import resolved, tree
from tap.adql.arguments import circle_around, pixel_column, pixel_of
from tap.adql.coerce import as_seen
from tap.adql.constants import constant, fixed_numbers
from tap.adql.functions import AS_INTEGER
from tap.adql.kinds import Kind, Type
from tap.adql.resolved import Apply, Constant, FixedRegion, Near, Point, Test
from tap.adql.tree import Condition, Expression, Literal, Node
from vo_server import sky
from vo_server.engine import ZoneIndex

_OTHER = Type(Kind.OTHER)
_LONG = Type(Kind.LONG)
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "<>": "<>"}


def lower(query: tree.Query) -> tree.Query:
    """The query without geometry, and with its outputs as clients see them."""
    lowered = _lowered(query)
    return tree.Query(_seen(lowered.body), lowered.order, lowered.offset, lowered.tables)  # type: ignore[attr-defined]


def _seen(body: tree.Body) -> tree.Body:
    if isinstance(body, tree.Query):
        return tree.Query(_seen(body.body), body.order, body.offset, body.tables)
    if isinstance(body, tree.SetOperation):
        return tree.SetOperation(
            _seen(body.first), tuple((op, every, _seen(b)) for op, every, b in body.rest)
        )
    items = tuple(tree.Item(as_seen(item.expression), item.alias) for item in body.items)
    return tree.Select(
        items, body.sources, body.distinct, body.top, body.where, body.group, body.having, body.at
    )


def _lowered(node: Node) -> Node:
    kind = type(node)
    if kind is resolved.Field or kind is Literal:
        return node
    if isinstance(node, tree.Item) and type(node.expression) is resolved.Field:
        return node  # most of what SELECT * gives
    if isinstance(node, tree.Comparison):
        return _comparison(node)
    if isinstance(node, resolved.Contains | resolved.Intersects):
        exact = _exact(node)
        return Apply(AS_INTEGER.format(exact.sql), exact.arguments, node.type, at=node.at)
    if isinstance(node, resolved.Distance):
        return replace(_distance(node.left, node.right), at=node.at)
    if isinstance(node, resolved.Remoteness):
        point = node.point
        return Apply(
            "vo.distance_to({0}, {1}, {2})",
            (_shape(node.region), _value(point.ra), _value(point.dec)),
            node.type,
            at=node.at,
        )
    if isinstance(node, resolved.Overlap):
        return Apply("vo.overlap({0}, {1})", (_shape(node.left), _shape(node.right)), node.type, at=node.at)
    if isinstance(node, resolved.Measure):
        return Apply(node.function, (_shape(node.geometry),), node.type, at=node.at)
    if isinstance(node, resolved.Geometry):
        return Apply("{0}", (_shape(node),), node.type)
    return node.rebuilt(_lowered)


def _value(node: Expression) -> Expression:
    return _lowered(node)  # type: ignore[return-value]  # an expression stays one


def _comparison(node: tree.Comparison) -> Node:
    for test, operator, value in (
        (node.left, node.operator, node.right),
        (node.right, _MIRRORED[node.operator], node.left),
    ):
        if isinstance(test, resolved.Contains | resolved.Intersects):
            wanted = _truth(operator, constant(value))
            if wanted is not None:
                return _true(test) if wanted else tree.Not(_exact(test))
        if isinstance(test, resolved.Distance) and operator in ("<", "<="):
            exact = tree.Comparison(_distance(test.left, test.right), operator, _value(value))
            return _all([*_cone(test.left, test.right, value), exact])
        if isinstance(test, resolved.Remoteness) and operator in ("<", "<="):
            exact = tree.Comparison(_value(test), operator, _value(value))
            return _all([*_around(test.point, value, test.region), exact])
    return node.rebuilt(_lowered)


def _truth(operator: str, value: float | None) -> bool | None:
    """What ``x operator value`` asks of an x that is 0 or 1, or None when it is no such question."""
    if operator in ("=", "<>") and value in (0, 1):
        return (value == 1) == (operator == "=")
    if (operator, value) in ((">", 0), (">=", 1)):
        return True
    if (operator, value) in (("<", 1), ("<=", 0)):
        return False
    return None


def _true(node: resolved.Contains | resolved.Intersects) -> Condition:
    """The test that a geometry predicate is true, with what an index can answer of it first."""
    first, second = _operands(node)
    if isinstance(node, resolved.Intersects) and not isinstance(first, Point):
        for cells, other in ((first, second), (second, first)):
            if isinstance(cells, FixedRegion) and isinstance(cells.region, sky.Moc):
                return _touches(cells.region, other)
    return _all([*_indexed(first, second), _exact(node)])


def _touches(moc: sky.Moc, region: Expression) -> Condition:
    """The test that a region touches one of the cells, by groups of cells whose boxes an index can use."""
    groups = [resolved.Intersects(FixedRegion(group), region) for group in sky.groups_of(moc)]
    tests = tuple(_all([*_indexed(group.left, region), _exact(group)]) for group in groups)
    return tests[0] if len(tests) == 1 else tree.Or(tests)


def _operands(node: resolved.Contains | resolved.Intersects) -> tuple[Expression, Expression]:
    """The two geometries; of a point and a region the point comes first."""
    if isinstance(node, resolved.Contains):
        return node.inner, node.outer
    # ADQL 2.1, INTERSECTS: with a point it is CONTAINS.
    if isinstance(node.right, Point) and not isinstance(node.left, Point):
        return node.right, node.left
    return node.left, node.right


def _exact(node: resolved.Contains | resolved.Intersects) -> Test:
    first, second = _operands(node)
    if isinstance(first, Point):
        if isinstance(second, FixedRegion) and isinstance(second.region, sky.Moc):
            cells = Constant(sky.multirange_literal(second.region), "int8multirange", _OTHER)
            return Test("{0} @> ({1})::bigint", (cells, _value(pixel_of(first))))
        center, radius = _as_circle(second)
        if center is not None and radius is not None:
            distance = _distance(first, center)
            return Test(f"{distance.sql} <= {{4}}", (*distance.arguments, _value(radius)))
        return Test("vo.contains_point({0}, {1}, {2})", (_shape(second), _value(first.ra), _value(first.dec)))
    if isinstance(node, resolved.Contains):
        return Test("vo.contains({0}, {1})", (_shape(second), _shape(first)))
    return Test("vo.intersects({0}, {1})", (_shape(first), _shape(second)))


def _indexed(first: Expression, second: Expression) -> list[Condition]:
    """What must hold of indexed columns when the two geometries meet."""
    if isinstance(first, Point):
        center, radius = _as_circle(second)
        if center is not None and radius is not None:
            return _cone(first, center, radius)
        pixels = pixel_column(first)
        if pixels is not None and isinstance(second, FixedRegion):
            return _ranges(pixels, sky.shape_ranges(second.region))
    if any(isinstance(g, resolved.Field) and g.shape is not None and g.shape.box for g in (first, second)):
        return [Test("{0} && {1}", (_box(first), _box(second)))]
    return []


def _around(center: Point, radius: Expression, region: Expression) -> list[Condition]:
    """What must hold of an indexed region that is within ``radius`` degrees of a point."""
    size = constant(radius)
    if size is None or not 0 <= size <= 180:
        return []
    return _indexed(circle_around(center, radius), region)


def _as_circle(geometry: Expression) -> tuple[Point | None, Expression | None]:
    if isinstance(geometry, resolved.Circle):
        return geometry.center, geometry.radius
    if isinstance(geometry, FixedRegion) and isinstance(geometry.region, sky.Circle):
        circle = geometry.region
        return Point(_double(circle.ra), _double(circle.dec)), _double(circle.radius)
    return None, None


def _cone(left: Point, right: Point, radius: Expression) -> list[Condition]:
    """What must hold of indexed coordinates when two points are within ``radius`` degrees."""
    size = constant(radius)
    if size is not None and not 0 <= size <= 180:
        return []
    for near, far in ((left, right), (right, left)):
        pixels = pixel_column(near)
        if pixels is None:
            continue
        ra, dec = constant(far.ra), constant(far.dec)
        if ra is not None and dec is not None and size is not None:
            return _ranges(pixels, sky.cone_ranges(float(ra), float(dec), float(size)))
        if not _depends(pixels.relation, far, radius):
            return [_zones(near, far, radius, size)]
    return _uploaded_cone(left, right, radius, size)


def _uploaded_cone(left: Point, right: Point, radius: Expression, size: float | None) -> list[Condition]:
    """The same for a table that comes with the query and gets the index which it needs here."""
    for near, far in ((left, right), (right, left)):
        ra, dec = near.ra, near.dec
        if not isinstance(ra, resolved.Field) or not isinstance(dec, resolved.Field):
            continue
        relation = ra.relation
        if (
            not relation.uploaded
            or dec.relation is not relation
            or fixed_numbers(far.ra, far.dec) is not None
        ):
            continue
        if not _depends(relation, far, radius):
            zone = ZoneIndex(relation.uploaded, ra.column, dec.column)
            return [replace(_zones(near, far, radius, size), zone=zone)]
    return []


def wanted_zones(node: Node) -> Iterator[ZoneIndex]:
    """The indexes that a lowered query wants on tables that come with it."""
    if isinstance(node, Near) and node.zone is not None:
        yield node.zone
    for child in node.children:
        yield from wanted_zones(child)


def _ranges(pixels: resolved.Field, ranges: list[tuple[int, int]]) -> list[Condition]:
    """The condition that a pixel is in one of the ranges; none for all of the sky."""
    if ranges == [(0, sky.LAST)]:
        return []
    # One text for all of them: a node for each would cost more than the rest of a small query.
    tests = " OR ".join([f"{{0}} BETWEEN {low:d} AND {high:d}" for low, high in ranges])
    return [Test(f"({tests})", (pixels,))]


def _zones(near: Point, far: Point, radius: Expression, size: float | None) -> Near:
    return Near((near.ra, near.dec, *map(_enclosed, (far.ra, far.dec, radius))), size)


def _enclosed(value: Expression) -> Expression:
    """A value that may stand beside any operator of a template."""
    lowered = _value(value)
    plain = isinstance(lowered, resolved.Field | Literal)
    return lowered if plain else Apply("({0})", (lowered,), lowered.type)


def _depends(relation: resolved.Relation, center: Point, radius: Expression) -> bool:
    """Whether a circle is another one for each row of the relation."""
    return any(_mentions(value, relation) for value in (center.ra, center.dec, radius))


def _mentions(node: Node, relation: resolved.Relation) -> bool:
    if isinstance(node, resolved.Field):
        return node.relation is relation
    return any(_mentions(child, relation) for child in node.children)


def _distance(left: Point, right: Point) -> Apply:
    arguments = tuple(_value(value) for value in (left.ra, left.dec, right.ra, right.dec))
    return Apply("vo.distance({0}, {1}, {2}, {3})", arguments, Type(Kind.DOUBLE, "deg", "pos.angDistance"))


def _shape(geometry: Expression) -> Expression:
    """The ``float8[]`` of a geometry."""
    if isinstance(geometry, resolved.Field) and geometry.shape is not None:
        return resolved.Field(geometry.relation, geometry.shape.shape, _OTHER, geometry.qualified)
    if isinstance(geometry, FixedRegion):
        return Constant(sky.shape_literal(sky.shape_of(geometry.region)), "double precision[]", _OTHER)
    if isinstance(geometry, Point):
        return _made("vo.point_shape", geometry.ra, geometry.dec)
    if isinstance(geometry, resolved.Circle):
        return _made("vo.circle_shape", geometry.center.ra, geometry.center.dec, geometry.radius)
    if isinstance(geometry, resolved.Box):
        center = geometry.center
        return _made("vo.box_shape", center.ra, center.dec, geometry.width, geometry.height)
    if isinstance(geometry, resolved.Polygon):
        # As an array: a function takes no more than a hundred arguments.
        numbers = tuple(_value(value) for v in geometry.vertices for value in (v.ra, v.dec))
        places = ", ".join(f"{{{number}}}" for number in range(len(numbers)))
        return Apply(f"vo.polygon_shape(VARIADIC ARRAY[{places}]::float8[])", numbers, _OTHER)
    raise TypeError(f"{type(geometry).__name__} is no geometry")  # resolve lets none through


def _made(function: str, *arguments: Expression) -> Apply:
    places = ", ".join(f"{{{number}}}" for number in range(len(arguments)))
    return Apply(f"{function}({places})", tuple(_value(argument) for argument in arguments), _OTHER)


def _box(geometry: Expression) -> Expression:
    """The bounding cube of a geometry."""
    if isinstance(geometry, resolved.Field) and geometry.shape is not None and geometry.shape.box:
        return resolved.Field(geometry.relation, geometry.shape.box, _OTHER, geometry.qualified)
    region = geometry.region if isinstance(geometry, FixedRegion) else _position(geometry)
    if region is not None:
        return Constant(sky.box_literal(sky.box_of(sky.shape_of(region))), "cube", _OTHER)
    return Apply("vo.shape_box({0})", (_shape(geometry),), _OTHER)


def _position(geometry: Expression) -> sky.Position | None:
    """A point whose coordinates stand in the query."""
    if not isinstance(geometry, Point):
        return None
    known = fixed_numbers(geometry.ra, geometry.dec)
    return None if known is None else sky.Position(known[0] % 360.0, known[1])


def _double(value: float) -> Literal:
    return Literal(float(value), type=Type(Kind.DOUBLE))


def _all(conditions: list[Condition]) -> Condition:
    return conditions[0] if len(conditions) == 1 else tree.And(tuple(conditions))
