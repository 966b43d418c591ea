"""What shapes have in common, and how far points are from them, against GEOS in the plane and long doubles.

In a gnomonic projection great circles are straight lines, so what two polygons share has the outline that it
has in the plane; its area is taken on the sphere.
"""

import math

import numpy as np
import pytest
import shapely
import sqlalchemy as sa
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.vo_server.sky.places import Longs, decs, gnomonic, ras, separation, stars, stars_at, vector
from tests.vo_server.sky.test_shapes import STERADIAN, Star, against_database, ask
from vo_server.sky import Circle, Polygon, parse_region


def outline(region: Circle | Polygon, center: Longs) -> shapely.Polygon:
    """A region in the plane around a centre."""
    if isinstance(region, Polygon):
        return shapely.Polygon(gnomonic(vector(*np.array(region.vertices).T), center).astype(float))
    bearings = np.linspace(0, 2 * np.pi, 4000, endpoint=False)
    middle = vector(region.ra, region.dec)
    east = np.cross([0, 0, 1] if abs(middle[2]) < 0.9 else [1, 0, 0], middle)
    east = east / np.sqrt((east * east).sum())
    reach = math.radians(region.radius)
    found = np.cos(reach) * middle + np.sin(reach) * (
        np.cos(bearings)[:, None] * east + np.sin(bearings)[:, None] * np.cross(middle, east)
    )
    return shapely.Polygon(gnomonic(found, center).astype(float))


def blur(a: shapely.Polygon, b: shapely.Polygon) -> float:
    """Steradians in doubt.

    Corners that are not on the other outline, but nearer to it than 1e-12 radians, are on it for the database
    (sky/sql/pairs.sql). All corners are unit vectors, of which no number is known better than to 1e-16.
    """
    pairs = (a, b), (b, a)
    away = np.concatenate([shapely.distance(shapely.points(x.exterior.coords), y.exterior) for x, y in pairs])
    near = 1e-12 if np.any((away > 0) & (away < 1e-12)) else 0.0
    return (near + 1e-15) * float(min(a.length, b.length))


def area(plane: shapely.Geometry) -> float:
    """Steradians of what a plane outline is on the sphere, around the projection's centre."""
    if isinstance(plane, shapely.Polygon):
        rings = [plane.exterior, *plane.interiors]
        return abs(_turned(rings[0])) - sum(abs(_turned(ring)) for ring in rings[1:])
    return sum(area(part) for part in getattr(plane, "geoms", ()))


def _turned(ring: shapely.LinearRing) -> float:
    """The solid angle of the outline, from triangles with the centre (van Oosterom and Strackee 1983)."""
    flat = np.array(ring.coords, np.longdouble)
    size = np.sqrt(1 + (flat * flat).sum(axis=1))
    (x, y), z = flat.T / size, 1 / size
    cross = x[:-1] * y[1:] - x[1:] * y[:-1]
    dot = x[:-1] * x[1:] + y[:-1] * y[1:] + z[:-1] * z[1:]
    return float((2 * np.arctan2(cross, 1 + z[:-1] + z[1:] + dot)).sum())


@against_database
@given(stars(), st.floats(0.1, 2), st.floats(-1, 1), st.data())
def test_polygons_share_what_they_share_in_the_plane(
    connection: sa.Connection, star: Star, scale: float, shift: float, data: st.DataObject
) -> None:
    (ra, dec), vertices = star
    size = float(separation(ra, dec, *np.array(vertices).T).max())
    other = data.draw(stars_at(ra, max(-90.0, min(90.0, dec + shift * size)), min(40.0, size * scale)))
    a, b = Polygon(vertices), Polygon(other)
    center = vector(ra, dec)
    assume(min(vector(*np.array(other).T) @ center) > 0.1)
    planes = outline(a, center), outline(b, center)
    assume(all(plane.is_valid for plane in planes))
    expected = area(planes[0].intersection(planes[1]))
    found = ask(connection, "vo.overlap(:a, :b)", a=a, b=b)
    assert isinstance(found, float)
    smaller = min(area(plane) for plane in planes)
    assert found / STERADIAN == pytest.approx(expected, rel=1e-9, abs=1e-9 * smaller + blur(*planes))
    assert ask(connection, "vo.overlap(:b, :a)", a=a, b=b) == pytest.approx(
        found, rel=1e-9, abs=(1e-9 * smaller + blur(*planes)) * STERADIAN
    )


@against_database
@given(stars(), st.floats(0.05, 2), st.floats(0, 1.5), st.floats(0, 360))
def test_a_circle_and_a_polygon(
    connection: sa.Connection, star: Star, size: float, away: float, bearing: float
) -> None:
    (ra, dec), vertices = star
    reach = float(separation(ra, dec, *np.array(vertices).T).max())
    if reach > 20 or abs(dec) > 60:
        return
    place = (
        (ra + away * reach * math.cos(bearing) / math.cos(math.radians(dec))) % 360,
        dec + away * reach * math.sin(bearing) * 0.9,
    )
    circle, polygon = Circle(*place, reach * size), Polygon(vertices)
    center = vector(ra, dec)
    expected = area(outline(circle, center).intersection(outline(polygon, center)))
    found = ask(connection, "vo.overlap(:a, :b)", a=circle, b=polygon)
    assert isinstance(found, float)
    # The reference has a circle of 4000 corners.
    assert found / STERADIAN == pytest.approx(expected, abs=2e-6 * area(outline(circle, center)))


@against_database
@given(stars(), ras, decs, st.floats(1, 179))
def test_a_circle_and_all_but_it_share_the_whole_of_a_polygon(
    connection: sa.Connection, star: Star, ra: float, dec: float, radius: float
) -> None:
    polygon = Polygon(star[1])
    inside = ask(connection, "vo.overlap(:p, :c)", p=polygon, c=Circle(ra, dec, radius))
    outside = ask(connection, "vo.overlap(:c, :p)", p=polygon, c=Circle((ra + 180) % 360, -dec, 180 - radius))
    assert isinstance(inside, float)
    assert isinstance(outside, float)
    whole = ask(connection, "vo.area(:p)", p=polygon)
    assert inside + outside == pytest.approx(whole, rel=1e-9)


def lens(one: Circle, two: Circle) -> float:
    """Steradians in both of two circles that cross (Oberti, Tovchigrechko and Vakser 2006, in angles)."""
    a, b = math.radians(one.radius), math.radians(two.radius)
    d = math.radians(float(separation(one.ra, one.dec, two.ra, two.dec)))
    cot_a, cot_b, cot_d = 1 / math.tan(a), 1 / math.tan(b), 1 / math.tan(d)
    return 2 * (
        math.pi
        - math.acos(math.cos(d) / (math.sin(a) * math.sin(b)) - cot_a * cot_b)
        - math.cos(b) * math.acos(math.cos(a) / (math.sin(d) * math.sin(b)) - cot_d * cot_b)
        - math.cos(a) * math.acos(math.cos(b) / (math.sin(d) * math.sin(a)) - cot_d * cot_a)
    )


@against_database
@given(ras, decs, st.floats(1, 150), st.floats(0.05, 0.95), st.floats(1, 150))
def test_circles_share_a_lens(
    connection: sa.Connection, ra: float, dec: float, radius: float, where: float, other: float
) -> None:
    # Between touching from inside and from outside.
    low, high = abs(radius - other), min(radius + other, 360 - radius - other)
    apart = low + where * (high - low)
    if high - low < 0.1 or not -90 <= dec + apart <= 90:
        return
    one, two = Circle(ra, dec, radius), Circle(ra, dec + apart, other)
    found = ask(connection, "vo.overlap(:a, :b)", a=one, b=two)
    assert isinstance(found, float)
    smaller = min(2 * math.pi * (1 - math.cos(math.radians(min(r, 180 - r)))) for r in (radius, other))
    assert found / STERADIAN == pytest.approx(lens(one, two), rel=1e-6, abs=1e-9 * smaller)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("CIRCLE 10 10 1", "CIRCLE 50 10 1", 0.0),
        ("CIRCLE 10 10 1", "CIRCLE 10 10 180", 2 * math.pi * (1 - math.cos(math.radians(1)))),
        ("CIRCLE 10 10 1", "POSITION 10 10", 0.0),
        # An octant, and the hemisphere around its middle's meridian.
        ("POLYGON 0 0 90 0 0 90", "CIRCLE 0 90 90", math.pi / 2),
        ("POLYGON 0 0 60 0 60 60 0 60", "POLYGON 30 -10 90 -10 90 70 30 70", None),
        (
            "UNION ( CIRCLE 10 10 1 CIRCLE 40 10 1 )",
            "CIRCLE 40 10 0.5",
            2 * math.pi * (1 - math.cos(math.radians(0.5))),
        ),
    ],
)
def test_regions_share(connection: sa.Connection, a: str, b: str, expected: float | None) -> None:
    one, two = parse_region(a), parse_region(b)
    found = ask(connection, "vo.overlap(:a, :b)", a=one, b=two)
    assert isinstance(found, float)
    if expected is None:
        assert isinstance(one, Polygon)
        assert isinstance(two, Polygon)
        center = vector(45, 30)
        expected = area(outline(one, center).intersection(outline(two, center)))
    assert found / STERADIAN == pytest.approx(expected, rel=1e-12)


@against_database
@given(stars(), ras, decs)
def test_a_point_is_as_far_as_the_nearest_place_of_the_outline(
    connection: sa.Connection, star: Star, ra: float, dec: float
) -> None:
    polygon = Polygon(star[1])
    found = ask(connection, "vo.distance_to(:s, :a, :d)", s=polygon, a=ra, d=dec)
    assert isinstance(found, float)
    if ask(connection, "vo.contains_point(:s, :a, :d)", s=polygon, a=ra, d=dec):
        assert found == 0
        return
    vertices = vector(*np.array(star[1]).T)
    steps = np.linspace(0, 1, 2001)[:, None]
    nearest = 180.0
    for start, end in zip(vertices, np.roll(vertices, -1, axis=0), strict=True):
        along = start + steps * (end - start)
        along = along / np.sqrt((along * along).sum(axis=1))[:, None]
        places = np.degrees(np.arctan2(along[:, 1], along[:, 0])), np.degrees(np.arcsin(along[:, 2]))
        nearest = min(nearest, float(separation(ra, dec, *places).min()))
    longest = float(separation(*np.array(star[1]).T, *np.roll(np.array(star[1]), -1, axis=0).T).max())
    assert found <= nearest + 1e-9
    assert found == pytest.approx(nearest, abs=longest / 2000 + 1e-9)


@pytest.mark.parametrize(
    ("region", "ra", "dec", "expected"),
    [
        ("CIRCLE 10 0 1", 13, 0, 2),
        ("CIRCLE 10 0 1", 10.5, 0, 0),
        ("CIRCLE 0 90 1", 77, -90, 179),
        ("POSITION 359 0", 1, 0, 2),
        ("UNION ( CIRCLE 10 0 1 CIRCLE 40 0 1 )", 38, 0, 1),
        ("POLYGON 0 0 90 0 0 90", 45, -10, 10),
    ],
)
def test_a_point_and_a_region(
    connection: sa.Connection, region: str, ra: float, dec: float, expected: float
) -> None:
    found = ask(connection, "vo.distance_to(:s, :a, :d)", s=parse_region(region), a=float(ra), d=float(dec))
    assert found == pytest.approx(expected, abs=1e-9)
