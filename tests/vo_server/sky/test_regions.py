"""Regions as text."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vo_server.sky.places import decs, ras, separation, stars
from vo_server import sky
from vo_server.errors import UsageFault
from vo_server.sky import Circle, Polygon, Position, Range, Union

circles = st.builds(Circle, ras, decs, st.floats(0, 180))
polygons = stars().map(lambda star: Polygon(star[1]))
positions = st.builds(Position, ras, decs)
simple = st.one_of(circles, polygons, positions)
unions = st.lists(simple, min_size=2, max_size=4).map(lambda parts: Union(tuple(parts)))


@given(st.one_of(simple, unions))
def test_what_is_written_is_read_back(region: sky.Region) -> None:
    assert sky.parse_region(sky.format_stcs(region)) == region


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("CIRCLE 10 20 0.5", Circle(10, 20, 0.5)),
        ("circle icrs 10 20 0.5", Circle(10, 20, 0.5)),
        ("Circle FK5 GEOCENTER 370 20 0.5", Circle(10, 20, 0.5)),
        ("Position J2000 -10 20", Position(350, 20)),
        ("POLYGON 1 2, 3 4, 5 2", Polygon(((1, 2), (3, 4), (5, 2)))),
        ("POLYGON J2000 1 2 3 4 5 2 1 2", Polygon(((1, 2), (3, 4), (5, 2)))),
        (
            "UNION ICRS ( CIRCLE 1 2 3 POLYGON 1 2 3 4 5 2 )",
            Union((Circle(1, 2, 3), Polygon(((1, 2), (3, 4), (5, 2))))),
        ),
        ("UNION J2000 (POLYGON J2000 1 2 3 4 5 2)", Polygon(((1, 2), (3, 4), (5, 2)))),
        ("RANGE 0 360 -2 2", Range(0, 360, -2, 2)),
        ("RANGE -Inf +Inf 80 +Inf", Range(0, 360, 80, 90)),
    ],
)
def test_every_form_that_clients_use_is_read(text: str, region: sky.Region) -> None:
    assert sky.parse_region(text) == region


def test_galactic_coordinates_become_icrs() -> None:
    # The galactic centre and north pole: Reid & Brunthaler 2004, IAU 1958 in J2000.
    center = sky.parse_region("POSITION GALACTIC 0 0")
    pole = sky.parse_region("CIRCLE GALACTIC 0 90 1")
    assert isinstance(center, Position)
    assert isinstance(pole, Circle)
    assert separation(center.ra, center.dec, 266.4049882865447, -28.93617776179147) < 1e-5
    assert separation(pole.ra, pole.dec, 192.85947, 27.12825) < 1e-4


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "ends too early"),
        ("CIRCLE", "ends too early"),
        ("CIRCLE 1 2", "ends too early"),
        ("CIRCLE 1 2 x", "number is missing"),
        ("CIRCLE 1 2 -1", "radius"),
        ("CIRCLE 1 2 181", "radius"),
        ("CIRCLE 1 91 1", "latitude"),
        ("CIRCLE NaN 1 1", "not allowed"),
        ("CIRCLE 1 1 Inf", "not allowed"),
        ("CIRCLE 1 2 3 4", "follows the end"),
        ("CIRCLE ECLIPTIC 1 2 3", "unknown frame"),
        ("POLYGON 1 2 3 4", "three or more pairs"),
        ("POLYGON 1 2 3 4 5", "three or more pairs"),
        ("POLYGON " + "1 2 " * 1001, "at most 1000"),
        ("ELLIPSE 1 2 3 4 5", "unknown shape"),
        ("RANGE 1 2 5 4", "RANGE"),
        ("RANGE -1 2 3 4", "RANGE"),
        ("BOX 1 2 180 4", "BOX"),
        ("UNION ICRS ( )", "at least one"),
        ("UNION ICRS ( CIRCLE 1 2 3", "ends too early"),
        ("UNION ( UNION ( CIRCLE 1 2 3 ) )", "UNION inside"),
        ("x" * 100_001, "too long"),
    ],
)
def test_what_is_no_region_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(UsageFault, match=reason):
        sky.parse_region(text)


@given(st.text(max_size=60))
def test_any_text_is_a_region_or_a_fault(text: str) -> None:
    try:
        region = sky.parse_region(text)
    except UsageFault:
        return
    assert isinstance(region, sky.Region)


@given(ras, st.floats(-89, 89), st.floats(0.001, 100), st.floats(0.001, 100))
def test_a_box_has_its_cross_in_the_middle_of_its_sides(
    ra: float, dec: float, width: float, height: float
) -> None:
    corners = sky.box(ra, dec, width, height).vertices
    assert len(corners) == 4
    reach = [float(separation(ra, dec, a, d)) for a, d in corners]
    assert reach == pytest.approx([reach[0]] * 4, abs=1e-8)
    # Right-angled spherical triangle of half a side and half the width (Napier).
    lon, lat = math.radians(width / 2), math.radians(height / 2)
    corner_lat = math.atan(math.tan(lat) * math.cos(lon))
    assert math.radians(reach[0]) == pytest.approx(math.acos(math.cos(lon) * math.cos(corner_lat)), abs=1e-7)
