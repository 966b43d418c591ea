"""Pixels and their ranges, against brute force."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.vo_server.sky.places import decs, ras, separation
from vo_server import sky
from vo_server.errors import UsageFault
from vo_server.sky.pixels import MOST_RANGES


def around(ra: float, dec: float, radius: float, count: int = 2000) -> np.ndarray:
    """Positions (n, 2) inside a cone in every direction, many of them close to its rim."""
    rng = np.random.default_rng(3)
    bearing = rng.uniform(0, 2 * np.pi, count)
    away = np.radians(radius) * np.where(rng.random(count) < 0.5, 1 - 1e-9, np.sqrt(rng.random(count)))
    lat = np.radians(dec)
    sin_dec = np.sin(lat) * np.cos(away) + np.cos(lat) * np.sin(away) * np.cos(bearing)
    lon = np.arctan2(
        np.sin(bearing) * np.sin(away) * np.cos(lat), np.cos(away) - np.sin(lat) * np.clip(sin_dec, -1, 1)
    )
    return np.stack([(ra + np.degrees(lon)) % 360, np.degrees(np.arcsin(np.clip(sin_dec, -1, 1)))], axis=1)


def inside(pixels: np.ndarray, ranges: list[tuple[int, int]]) -> np.ndarray:
    found: np.ndarray = np.any([(pixels >= low) & (pixels <= high) for low, high in ranges], axis=0)
    return found


@settings(max_examples=150, deadline=None)
@given(ras, decs, st.floats(-9, math.log10(180)).map(lambda x: 10**x))
@example(0.0, 90.0, 3.0)
@example(8.645557413270685, -45.33356162037444, 1.406729134866482e-06)
@example(0.0, 90.0, 0.0)
@example(0.0, -90.0, 10.0)
@example(359.9999, 0.0, 10.0)
@example(12.0, 41.8103, 180.0)
def test_no_position_of_a_cone_is_outside_its_ranges(ra: float, dec: float, radius: float) -> None:
    places = around(ra, dec, radius)
    # What rounding put outside of the cone is not asked for.
    places = places[separation(ra, dec, places[:, 0], places[:, 1]) <= radius]
    ranges = sky.cone_ranges(ra, dec, radius)
    assert 1 <= len(ranges) <= MOST_RANGES
    assert np.all(inside(sky.hpx(places[:, 0], places[:, 1]), ranges))


@settings(max_examples=60, deadline=None)
@given(ras, decs, st.floats(0.01, 30))
def test_ranges_are_not_much_larger_than_the_cone(ra: float, dec: float, radius: float) -> None:
    cells = sum(high - low + 1 for low, high in sky.cone_ranges(ra, dec, radius))
    sphere = 12 * 4.0**29
    cap = (1 - math.cos(math.radians(radius))) / 2
    assert cells / sphere < 4 * cap


@pytest.mark.parametrize("radius", [0.001, 0.1, 3.0, 10.0, 60.0, 120.0])
def test_cones_over_a_million_random_positions_lose_none(radius: float) -> None:
    rng = np.random.default_rng(7)
    ra = rng.uniform(0, 360, 1_000_000)
    dec = np.degrees(np.arcsin(rng.uniform(-1, 1, 1_000_000)))
    pixels = sky.hpx(ra, dec)
    for center in ((0.0, 0.0), (10.68, 41.27), (0.0, 90.0), (200.0, -89.0), (359.99, -30.0)):
        found = inside(pixels, sky.cone_ranges(*center, radius))
        assert np.all(separation(*center, ra[~found], dec[~found]) > radius)


def test_right_ascensions_are_the_same_a_turn_later() -> None:
    assert sky.hpx(-10.0, 20.0) == sky.hpx(350.0, 20.0) == sky.hpx(710.0, 20.0)


@pytest.mark.parametrize(("ra", "dec"), [(0.0, 90.1), (0.0, math.nan), (math.inf, 0.0), (math.nan, 0.0)])
def test_what_is_no_position_has_no_pixel(ra: float, dec: float) -> None:
    with pytest.raises(UsageFault, match="positions"):
        sky.hpx(ra, dec)


@pytest.mark.parametrize("radius", [-1.0, math.nan])
def test_what_is_no_radius_has_no_ranges(radius: float) -> None:
    with pytest.raises(UsageFault, match="not a cone"):
        sky.cone_ranges(0, 0, radius)


@settings(max_examples=60, deadline=None)
@given(ras, st.floats(-80, 80), st.floats(0.001, 20), st.integers(3, 9))
def test_no_position_of_a_polygon_is_outside_its_ranges(ra: float, dec: float, size: float, n: int) -> None:
    bearing = np.radians(np.linspace(0, 360, n, endpoint=False))
    lat, away = math.radians(dec), math.radians(size)
    sin_dec = math.sin(lat) * math.cos(away) + math.cos(lat) * math.sin(away) * np.cos(bearing)
    lon = np.arctan2(
        np.sin(bearing) * math.sin(away) * math.cos(lat),
        math.cos(away) - math.sin(lat) * sin_dec,
    )
    corners = np.stack([(ra + np.degrees(lon)) % 360, np.degrees(np.arcsin(sin_dec))], axis=1)
    ranges = sky.polygon_ranges(tuple(map(tuple, corners.tolist())))
    # A circle well inside of the polygon, and the vertices themselves.
    places = np.concatenate([around(ra, dec, size * math.cos(math.pi / n) * 0.99, 500), corners])
    assert np.all(inside(sky.hpx(places[:, 0], places[:, 1]), ranges))
