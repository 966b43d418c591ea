"""POS: every shape of the standard, and nothing else."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vo_server.errors import UsageFault
from vo_server.positions import parse_pos
from vo_server.sky import Circle, Polygon, Range

RA = st.floats(0, 360)
DEC = st.floats(-90, 90)


@given(RA, DEC, st.floats(0, 180))
def test_every_circle_is_read_as_it_is_written(ra: float, dec: float, radius: float) -> None:
    assert parse_pos(f"CIRCLE {ra!r} {dec!r} {radius!r}") == Circle(ra, dec, radius)


@given(st.lists(st.tuples(RA, DEC), min_size=3, max_size=20, unique_by=lambda v: (v[0] % 360, v[1])))
def test_every_polygon_is_read_as_it_is_written(vertices: list[tuple[float, float]]) -> None:
    text = "POLYGON " + " ".join(f"{ra!r} {dec!r}" for ra, dec in vertices)
    assert parse_pos(text) == Polygon(tuple(vertices))


@given(RA, RA, DEC, DEC)
def test_every_range_is_read_as_it_is_written(ra1: float, ra2: float, dec1: float, dec2: float) -> None:
    dec1, dec2 = sorted((dec1, dec2))
    assert parse_pos(f"RANGE {ra1!r} {ra2!r} {dec1!r} {dec2!r}") == Range(ra1, ra2, dec1, dec2)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        # The examples of SIA 2.0, POS.
        ("CIRCLE 12.0 34.0 0.5", Circle(12, 34, 0.5)),
        ("RANGE 12.0 12.5 34.0 36.0", Range(12, 12.5, 34, 36)),
        ("RANGE 0 360.0 -2.0 2.0", Range(0, 360, -2, 2)),
        ("RANGE 0 360.0 89.0 +Inf", Range(0, 360, 89, 90)),
        ("RANGE -Inf +Inf -Inf +Inf", Range(0, 360, -90, 90)),
        # DALI 1.2, Range: over the meridian 0.
        ("RANGE 359 1 -1 1", Range(359, 1, -1, 1)),
        # What clients write.
        ("  circle 1e1 -.5 +2. ", Circle(10, -0.5, 2)),
    ],
)
def test_positions_of_the_standards(text: str, shape: object) -> None:
    assert parse_pos(text) == shape


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("BOX 1 2 3 4", "CIRCLE ra dec radius"),
        ("12 34", "CIRCLE ra dec radius"),
        ("CIRCLE ICRS 12 34 1", "'ICRS' is not a number"),
        ("CIRCLE 12 34", "3 numbers"),
        ("CIRCLE 12 34 NaN", "'NaN' is not a number"),
        ("CIRCLE 12 34 -1", "radius -1"),
        ("CIRCLE 12 34 181", "radius 181"),
        ("CIRCLE 361 34 1", "out of range"),
        ("CIRCLE 12 90.1 1", "out of range"),
        ("CIRCLE 1_0 34 1", "'1_0' is not a number"),
        ("CIRCLE Inf 34 1", "out of range"),
        ("CIRCLE ١ 2 3", "is not a number"),
        ("RANGE 1 2 3", "4 numbers"),
        ("RANGE 1 2 4 3", "above the second"),
        ("POLYGON 1 2 3 4", "3 or more pairs"),
        ("POLYGON 1 2 3 4 5 6 7", "3 or more pairs"),
        ("POLYGON 1 2 3 4 1 2", "fewer than 3"),
        ("POLYGON " + "1 2 3 4 " * 300, "at most 500"),
    ],
)
def test_a_wrong_position_says_what_is_wanted(text: str, told: str) -> None:
    with pytest.raises(UsageFault, match=told.replace("(", r"\(")):
        parse_pos(text)


@given(st.text(max_size=60))
def test_no_text_makes_anything_but_a_shape_or_a_usage_fault(text: str) -> None:
    for value in (text, f"CIRCLE {text}", f"RANGE 1 {text}", f"POLYGON {text} 1 2"):
        try:
            shape = parse_pos(value) if value.strip() else Circle(0, 0, 0)
        except UsageFault:
            continue
        numbers = shape.vertices[0] if isinstance(shape, Polygon) else (getattr(shape, "radius", 0.0),)
        assert all(math.isfinite(number) for number in numbers)
