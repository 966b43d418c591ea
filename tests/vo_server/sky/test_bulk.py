"""Many shapes at once are the shapes one by one."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vo_server import sky
from vo_server.errors import UsageFault
from vo_server.sky.bulk import shape_literals
from vo_server.sky.regions import Region

POSITIONS = st.tuples(st.floats(0, 359.999), st.floats(-90, 90))
SIZES = st.floats(1e-5, 20)


@st.composite
def polygons(draw: st.DrawFn) -> sky.Polygon:
    """Points at random distances around a place: convex or not, in either order."""
    ra, dec = draw(POSITIONS)
    size = draw(SIZES)
    count = draw(st.integers(3, 6))
    vertices = []
    for i in range(count):
        distance = size * draw(st.floats(0.3, 1.0))
        turn = 2 * math.pi * (i + draw(st.floats(-0.2, 0.2))) / count
        lat = max(-90.0, min(90.0, dec + distance * math.cos(turn)))
        lon = (ra + distance * math.sin(turn) / max(0.05, math.cos(math.radians(lat)))) % 360.0
        vertices.append((lon, lat))
    return sky.Polygon(tuple(vertices))


CIRCLES = st.builds(sky.Circle, st.floats(0, 359.999), st.floats(-90, 90), SIZES)


def numbers(text: str) -> list[float]:
    return [float(word) for word in text.strip("{}").replace("(", "").replace(")", "").split(",")]


@settings(max_examples=300, deadline=None)
@given(st.one_of(polygons(), CIRCLES))
def test_a_shape_made_in_bulk_is_the_one_made_alone(region: Region) -> None:
    (literal,) = shape_literals([sky.format_stcs(region)])
    try:
        shape = sky.shape_of(region)
    except UsageFault:
        return
    if literal is None:
        return
    made = numbers(literal[0])
    assert len(made) == len(shape)
    # Vertices, counts and centres are the same; caps are bounds: outer ones as small, inner ones not larger.
    assert made[0] == shape[0]
    assert made[10:] == pytest.approx(shape[10:].tolist(), abs=1e-9)
    assert np.array(made[1:4]) == pytest.approx(shape[1:4], abs=1e-7)
    assert made[11:] == shape[11:].tolist() if made[6] else True
    # The direction of a cap through three vertices has an error of 1e-16 by the size of their triangle.
    assert made[4] <= shape[4] * (1 + 1e-6) + 1e-15
    assert made[5] <= max(shape[5], 0) * (1 + 1e-6) + 1e-15
    for vertex in np.array(made[11:]).reshape(-1, 3):
        assert float(((vertex - made[1:4]) ** 2).sum()) <= made[4]
    corners = np.array(numbers(literal[1]))
    assert corners == pytest.approx(np.array(sky.box_of(shape)).ravel(), abs=1e-7)


def test_what_is_not_simple_is_left_to_others() -> None:
    texts = [
        "UNION ICRS ( CIRCLE 1 2 3 CIRCLE 2 3 4 )", "CIRCLE ICRS 1 2", "POLYGON ICRS 0 0 1 0", "",
        "CIRCLE ICRS 1 95 1", "POLYGON ICRS 0 0 1 e 1 1", "POLYGON ICRS 0 0 90 0 90 60",
        "POLYGON ICRS 1 1 1 1 2 2", "CIRCLE ICRS 0 0 89", "POLYGON ICRS 0 0 1 0 1 1 0",
        "CIRCLE FK5 1 2 3",
    ]  # fmt: skip
    assert shape_literals(texts) == [None] * len(texts)


def test_rows_stay_in_order() -> None:
    texts = ["CIRCLE ICRS 10.0 20.0 1.0", "x", "POLYGON ICRS 0 0 1 0 1 1", "CIRCLE ICRS 30.0 20.0 1.0"]
    alone = [shape_literals([text])[0] for text in texts]
    assert shape_literals(texts) == alone
    assert [literal is None for literal in alone] == [False, True, False, False]
