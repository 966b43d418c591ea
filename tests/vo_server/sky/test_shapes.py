"""Shapes in Python and their exact tests in PostgreSQL, against geometry in long doubles."""

import math

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.vo_server.sky.places import (
    decs,
    gnomonic,
    in_plane_polygon,
    plane_distance,
    ras,
    separation,
    stars,
    vector,
)
from vo_server import sky
from vo_server.errors import UsageFault
from vo_server.sky import Circle, Polygon, Range, Union
from vo_server.sky.vectors import enclosing_cap, unit

Star = tuple[tuple[float, float], tuple[tuple[float, float], ...]]

STERADIAN = (180 / math.pi) ** 2  #: square degrees

against_database = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def ask(connection: sa.Connection, expression: str, **values: sky.Region | float) -> object:
    """The value of an SQL expression; regions are given as shapes."""
    bound = {k: sky.shape_of(v).tolist() if not isinstance(v, float) else v for k, v in values.items()}
    for name, value in bound.items():
        kind = "float8[]" if isinstance(value, list) else "float8"
        expression = expression.replace(f":{name}", f"CAST(:{name} AS {kind})")
    return connection.execute(sa.text(f"SELECT {expression}"), bound).scalar()


@against_database
@given(ras, decs, ras, decs)
def test_distances_are_those_of_long_doubles(
    connection: sa.Connection, ra1: float, dec1: float, ra2: float, dec2: float
) -> None:
    found = ask(connection, "vo.distance(:a, :b, :c, :d)", a=ra1, b=dec1, c=ra2, d=dec2)
    assert found == pytest.approx(float(separation(ra1, dec1, ra2, dec2)), abs=1e-12, rel=1e-12)


@against_database
@given(stars(), st.floats(0, 2 * math.pi), st.floats(0, 1.5))
def test_a_point_is_in_a_polygon_when_it_is_in_the_plane(
    connection: sa.Connection,
    star: Star,
    bearing: float,
    reach: float,
) -> None:
    (ra, dec), vertices = star
    center = vector(ra, dec)
    polygon = gnomonic(vector(*np.array(vertices).T), center)
    size = float(np.sqrt((polygon**2).sum(axis=1)).max())
    point = np.array([math.cos(bearing), math.sin(bearing)], np.longdouble) * size * reach
    if plane_distance(polygon, point) < 1e-9 * size + 1e-12:
        return  # on the outline: either answer is right
    east = np.cross([0, 0, 1] if abs(center[2]) < 0.9 else [1, 0, 0], center)
    east = east / np.sqrt((east * east).sum())
    place = center + point[0] * east + point[1] * np.cross(center, east)
    a = round(float(np.degrees(np.arctan2(place[1], place[0]))), 12)
    d = round(float(np.degrees(np.arctan2(place[2], np.hypot(place[0], place[1])))), 12)
    found = ask(connection, "vo.contains_point(:s, :a, :d)", s=Polygon(vertices), a=a, d=d)
    assert found is in_plane_polygon(polygon, point)


@against_database
@given(ras, decs, st.floats(1e-6, 180), ras, decs)
def test_a_point_is_in_a_circle_within_its_radius(
    connection: sa.Connection, ra: float, dec: float, radius: float, a: float, d: float
) -> None:
    apart = float(separation(ra, dec, a, d))
    if abs(apart - radius) < 1e-10:
        return
    found = ask(connection, "vo.contains_point(:s, :a, :d)", s=Circle(ra, dec, radius), a=a, d=d)
    assert found is (apart < radius)
    made = ask(
        connection, "vo.contains_point(vo.circle_shape(:r, :e, :s), :a, :d)", r=ra, e=dec, s=radius, a=a, d=d
    )
    assert made is found


@against_database
@given(st.builds(Circle, ras, decs, st.floats(0, 90)), st.builds(Circle, ras, decs, st.floats(0, 90)))
def test_circles_meet_and_hold_each_other_by_their_radii(
    connection: sa.Connection, one: Circle, two: Circle
) -> None:
    apart = float(separation(one.ra, one.dec, two.ra, two.dec))
    if min(abs(apart - one.radius - two.radius), abs(apart + two.radius - one.radius)) < 1e-10:
        return
    assert ask(connection, "vo.intersects(:a, :b)", a=one, b=two) is (apart < one.radius + two.radius)
    assert ask(connection, "vo.contains(:a, :b)", a=one, b=two) is (apart + two.radius < one.radius)


@against_database
@given(stars(), st.floats(0.001, 3))
def test_a_polygon_meets_a_circle_that_reaches_its_outline(
    connection: sa.Connection,
    star: Star,
    factor: float,
) -> None:
    (ra, dec), vertices = star
    # The centre of a star polygon is inside; a circle around a vertex's continuation is outside of it.
    circle = Circle(ra, dec, 0.0)
    polygon = Polygon(vertices)
    assert ask(connection, "vo.intersects(:p, :c)", p=polygon, c=circle) is True
    assert ask(connection, "vo.contains(:p, :c)", p=polygon, c=circle) is True
    reaches = separation(ra, dec, *np.array(vertices).T)
    around = Circle(ra, dec, float(reaches.max()) * (1 + 1e-9) + 1e-12)
    assert ask(connection, "vo.contains(:c, :p)", p=polygon, c=around) is True
    part = Circle(ra, dec, float(reaches.max()) * min(factor, 0.999))
    assert ask(connection, "vo.contains(:c, :p)", p=polygon, c=part) is False
    assert ask(connection, "vo.intersects(:c, :p)", p=polygon, c=part) is True


@against_database
@given(stars(), stars())
def test_polygons_meet_whichever_comes_first(
    connection: sa.Connection,
    one: Star,
    two: Star,
) -> None:
    a, b = Polygon(one[1]), Polygon(two[1])
    meets = ask(connection, "vo.intersects(:a, :b)", a=a, b=b)
    assert meets is ask(connection, "vo.intersects(:b, :a)", a=a, b=b)
    assert ask(connection, "vo.intersects(:a, :a)", a=a) is True
    assert ask(connection, "vo.contains(:a, :a)", a=a) is True
    if not meets:
        assert ask(connection, "vo.contains(:a, :b)", a=a, b=b) is False
        for ra, dec in two[1]:
            assert ask(connection, "vo.contains_point(:a, :r, :d)", a=a, r=ra, d=dec) is False


@pytest.mark.parametrize(
    ("a", "b", "intersects", "contains"),
    [
        ("POLYGON 10 10 20 10 20 20 10 20", "POLYGON 12 12 14 12 14 14 12 14", True, True),
        ("POLYGON 10 10 20 10 20 20 10 20", "POLYGON 18 12 24 12 24 14 18 14", True, False),
        ("POLYGON 10 10 20 10 20 20 10 20", "POLYGON 21 12 24 12 24 14 21 14", False, False),
        # A cross: no vertex of one in the other.
        ("POLYGON 10 14 20 14 20 16 10 16", "POLYGON 14 10 16 10 16 20 14 20", True, False),
        # A notch: all vertices inside, the middle not.
        ("POLYGON 0 0 30 0 30 30 20 30 20 10 10 10 10 30 0 30", "POLYGON 2 15 28 15 28 20 2 20", True, False),
        ("POLYGON 0 0 30 0 30 30 20 30 20 10 10 10 10 30 0 30", "CIRCLE 15 20 2", False, False),
        ("UNION ( CIRCLE 0 0 1 CIRCLE 180 0 1 )", "CIRCLE 180 0.5 0.1", True, True),
        ("UNION ( CIRCLE 0 0 1 CIRCLE 180 0 1 )", "CIRCLE 90 0 80", False, False),
        ("CIRCLE 0 0 170", "POLYGON 179 -1 181 -1 181 1 179 1", False, False),
        ("CIRCLE 0 0 170", "POLYGON 179 60 181 60 181 61 179 61", True, True),
        ("POLYGON 0 80 120 80 240 80", "POSITION 77 90", True, True),
        ("POLYGON 359 -1 1 -1 1 1 359 1", "CIRCLE 0 0 0.5", True, True),
        ("CIRCLE 0 0 180", "POLYGON 0 80 120 80 240 80", True, True),
    ],
)
def test_regions_that_meet_or_hold_each_other(
    connection: sa.Connection, a: str, b: str, intersects: bool, contains: bool
) -> None:
    one, two = sky.parse_region(a), sky.parse_region(b)
    assert ask(connection, "vo.intersects(:a, :b)", a=one, b=two) is intersects
    assert ask(connection, "vo.intersects(:b, :a)", a=one, b=two) is intersects
    assert ask(connection, "vo.contains(:a, :b)", a=one, b=two) is contains


@against_database
@given(stars())
def test_a_shape_of_the_database_is_the_shape_of_python(connection: sa.Connection, star: Star) -> None:
    (ra, dec), vertices = star
    numbers = ", ".join(f"{a!r}, {d!r}" for a, d in vertices)
    text = ask(connection, f"vo.region_text(vo.polygon_shape({numbers}))")
    found = sky.parse_region(str(text))
    assert isinstance(found, Polygon)
    assert len(found.vertices) == len(vertices)
    for (a, d), (b, e) in zip(found.vertices, vertices, strict=True):
        assert float(separation(a, d, b, e)) < 1e-12
    assert ask(connection, f"vo.contains_point(vo.polygon_shape({numbers}), :a, :d)", a=ra, d=dec) is True


@given(stars())
def test_the_box_holds_every_vertex_and_the_cap_too(
    star: Star,
) -> None:
    polygon = Polygon(star[1])
    shape = sky.shape_of(polygon)
    low, high = sky.box_of(shape)
    vectors = unit(*np.array(polygon.vertices).T)
    assert np.all(vectors >= np.array(low))
    assert np.all(vectors <= np.array(high))
    circle = sky.bounding_circle(polygon)
    reach = separation(circle.ra, circle.dec, *np.array(polygon.vertices).T)
    assert np.all(reach <= circle.radius * (1 + 1e-9) + 1e-9)


@given(stars())
def test_no_smaller_circle_holds_the_polygon(
    star: Star,
) -> None:
    vectors = unit(*np.array(star[1]).T)
    center, radius = enclosing_cap(vectors)
    rng = np.random.default_rng(5)
    for step in (1e-3, 1e-2, 0.1):
        for _ in range(20):
            other = center + rng.normal(size=3) * radius * step
            other = other / np.linalg.norm(other)
            reach = 2 * np.arcsin(np.linalg.norm(vectors - other, axis=1).max() / 2)
            assert reach >= radius * (1 - 1e-6)


@pytest.mark.parametrize(
    ("region", "area"),
    [
        (Circle(10, 20, 90), 2 * math.pi * STERADIAN),
        (Polygon(((0, 0), (90, 0), (0, 90))), math.pi / 2 * STERADIAN),
        (
            Union((Circle(0, 0, 1), Circle(90, 0, 1))),
            2 * 2 * math.pi * (1 - math.cos(math.radians(1))) * STERADIAN,
        ),
        # A zone between parallels: Archimedes.
        (Range(0, 360, -30, 30), 2 * math.pi * STERADIAN),
        (Range(350, 20, 60, 90), math.radians(30) * (1 - math.sin(math.radians(60))) * STERADIAN),
    ],
)
def test_areas_are_those_of_the_textbook(connection: sa.Connection, region: sky.Region, area: float) -> None:
    assert ask(connection, "vo.area(:s)", s=region) == pytest.approx(area, rel=2e-4)


@pytest.mark.parametrize(
    "region",
    [
        Polygon(((0, 0), (120, 0), (240, 0))),
        Polygon(((0, -80), (120, -10), (240, 80), (300, 0))),
        Polygon(((0, 0), (0, 0), (1, 1))),
    ],
)
def test_polygons_that_mean_nothing_are_refused(region: Polygon) -> None:
    with pytest.raises(UsageFault, match="polygon"):
        sky.shape_of(region)


def test_null_in_is_null_out(connection: sa.Connection) -> None:
    for call in (
        "vo.distance(NULL, 1, 2, 3)",
        "vo.contains_point(NULL, 1, 2)",
        "vo.contains_point(vo.circle_shape(0, 0, 1), NULL, 2)",
        "vo.intersects(NULL, vo.circle_shape(0, 0, 1))",
        "vo.contains(vo.circle_shape(0, 0, 1), NULL)",
        "vo.polygon_shape(1, 2, 3, NULL, 5, 6)",
    ):
        assert ask(connection, call) is None, call
