"""Polygons that touch or fill each other's notches, against exact arithmetic; and special places."""

import math

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.vo_server.sky import lattice
from tests.vo_server.sky.lattice import Outline
from vo_server import sky
from vo_server.sky import Circle, Polygon, Position, Union

SIDE = 4


@st.composite
def outlines(draw: st.DrawFn) -> Outline:
    """A simple polygon on the lattice, often not convex."""
    cell = st.integers(0, SIDE)
    points = draw(st.lists(st.tuples(cell, cell), min_size=3, max_size=7, unique=True))
    middle = [sum(axis) / len(points) for axis in zip(*points, strict=True)]
    if draw(st.integers(0, 3)):
        points.sort(key=lambda point: math.atan2(point[1] - middle[1], point[0] - middle[0]))
    polygon = tuple(points)
    assume(lattice.is_simple(polygon))
    return polygon


CENTERS = st.sampled_from([(0.0, 90.0), (0.0, -90.0), (0.0, 0.0), (359.9, 12.5), (77.7, -61.3)])
NOTCHED: Outline = ((0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2))


def compare(connection: sa.Connection, one: sky.Region, two: sky.Region) -> tuple[bool, bool]:
    """What the database says: whether the regions meet, and whether the first holds the second."""
    query = sa.text(
        "SELECT vo.intersects(a, b), vo.contains(a, b) FROM (SELECT :a ::float8[], :b ::float8[]) AS s(a, b)"
    )
    row = connection.execute(query, {"a": sky.shape_of(one).tolist(), "b": sky.shape_of(two).tolist()}).one()
    return row[0], row[1]


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(outlines(), outlines(), CENTERS, st.floats(-6, 0.8).map(lambda x: 10**x))
def test_polygons_compare_as_in_the_plane(
    connection: sa.Connection, one: Outline, two: Outline, center: tuple[float, float], size: float
) -> None:
    a, b = (Polygon(tuple(lattice.on_sky(outline, SIDE, center, size))) for outline in (one, two))
    assert compare(connection, a, b) == (lattice.intersects(one, two), lattice.contains(one, two))


@pytest.mark.parametrize(
    ("inner", "held"),
    [
        (((2, 1), (1, 2), (1, 1)), False),  # the notch itself: its vertices are all on the outline
        (((0, 0), (2, 0), (2, 1), (1, 2), (0, 2)), False),  # what a string around the outline encloses
        (((0, 0), (2, 0), (2, 1), (0, 1)), True),
        (NOTCHED, True),
    ],
)
@pytest.mark.parametrize("size", [1e-7, 1e-3, 1.0])
def test_a_notch_is_not_in_the_polygon(
    connection: sa.Connection, inner: Outline, held: bool, size: float
) -> None:
    outer = Polygon(tuple(lattice.on_sky(NOTCHED, 2, (10.0, 20.0), size)))
    assert compare(connection, outer, Polygon(tuple(lattice.on_sky(inner, 2, (10.0, 20.0), size)))) == (
        True,
        held,
    )


@pytest.mark.parametrize("size", [1e-6, 1e-4, 1.0, 60.0])
def test_bars_of_any_size_cross(connection: sa.Connection, size: float) -> None:
    across, along = sky.box(10, 20, size, size / 10), sky.box(10, 20, size / 10, size)
    assert compare(connection, across, along) == (True, False)


def test_a_large_circle_does_not_meet_what_it_leaves_out(connection: sa.Connection) -> None:
    # The polygon is around the antipode of the circle's centre, up to 9.22 degrees from there; caps meet.
    left_out = Polygon(((9.0, 2.0), (351.0, 2.0), (0.0, -5.0)))
    assert compare(connection, Circle(180.0, 0.0, 171.0), left_out) == (True, False)
    assert compare(connection, Circle(180.0, 0.0, 170.5), left_out) == (False, False)
    assert compare(connection, Circle(0.0, 0.0, 9.5), left_out) == (True, True)
    assert compare(connection, left_out, Position(180.0, 0.0)) == (False, False)


def test_a_union_does_not_hold_the_antipode_of_a_part(connection: sa.Connection) -> None:
    around_antipode = Polygon(((170.0, -9.0), (190.0, -9.0), (180.0, 12.0)))
    region = Union((Circle(355.0, 0.0, 1.0), Circle(5.0, 0.0, 1.0), Circle(0.0, 5.0, 1.0), around_antipode))
    assert compare(connection, region, Position(0.0, 1.0)) == (False, False)
    assert compare(connection, region, Position(180.0, 1.0)) == (True, True)


def test_a_circle_holds_a_polygon_around_its_centre(connection: sa.Connection) -> None:
    polygon = Polygon(((17.0, 87.8), (63.0, 84.7), (104.0, 87.0), (198.0, 88.2)))
    shapes = {"a": sky.shape_of(Circle(0.0, 90.0, 32.0)).tolist(), "b": sky.shape_of(polygon).tolist()}
    held = sa.text("SELECT vo.shape_holds(:a ::float8[], :b ::float8[])")
    assert connection.scalar(held, shapes) is True


def test_every_part_of_a_union_must_be_held(connection: sa.Connection) -> None:
    pair = Union((Circle(10.0, 0.0, 1.0), Circle(14.0, 0.0, 1.0)))
    assert compare(connection, Circle(12.0, 0.0, 3.0), pair) == (True, True)
    assert compare(connection, Circle(12.0, 0.0, 2.9), pair) == (True, False)
    assert compare(connection, pair, Circle(12.0, 0.0, 0.9)) == (False, False)


def test_boxes_are_made_whatever_the_search_path(connection: sa.Connection) -> None:
    text = "SELECT vo.shape_box(vo.circle_shape(0, 0, 180))::text"
    connection.exec_driver_sql("SET LOCAL search_path = ''")
    assert connection.exec_driver_sql(text).scalar() == "(-1, -1, -1),(1, 1, 1)"


@pytest.mark.parametrize(
    ("region", "ra", "dec"),
    [
        (Polygon(((0.0, 0.0), (90.0, 0.0), (0.0, 90.0))), 45.0, math.degrees(math.atan(math.sqrt(0.5)))),
        (Polygon(((10.0, 0.0), (10.0, 3e-6), (10.000003, 0.0))), 10.000001, 1e-6),
        (Circle(350.0, -20.0, 3.0), 350.0, -20.0),
        (Position(350.0, -20.0), 350.0, -20.0),
        (Union((Circle(10.0, 0.0, 1.0), Circle(14.0, 0.0, 1.0))), 12.0, 0.0),
        (sky.box(200.0, -85.0, 3.0, 1.0), 200.0, -85.0),
    ],
)
def test_centroids_are_those_of_the_area(
    connection: sa.Connection, region: sky.Region, ra: float, dec: float
) -> None:
    query = sa.text("SELECT vo.centroid_ra(s), vo.centroid_dec(s) FROM (SELECT :s ::float8[]) AS t(s)")
    found = connection.execute(query, {"s": sky.shape_of(region).tolist()}).one()
    assert (found[0], found[1]) == pytest.approx((ra, dec), abs=1e-9)


@pytest.mark.parametrize("side", [1e-6, 1e-3, 0.1])
def test_small_areas_are_those_of_the_plane(connection: sa.Connection, side: float) -> None:
    area = connection.scalar(
        sa.text("SELECT vo.area(vo.box_shape(211.5, 54.3, :w, :h))"), {"w": side, "h": side / 2}
    )
    assert area == pytest.approx(side * side / 2, rel=3e-6)
