"""The map of the holdings."""

import healpy
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.sky_map import ORDER, dots, graticule, mollweide

angles = st.floats(0, 360, exclude_max=True)
latitudes = st.floats(-90, 90)


@given(angles, latitudes)
def test_every_position_is_inside_the_ellipse(ra: float, dec: float) -> None:
    x, y = mollweide(np.array([ra]), np.array([dec]))
    assert x[0] ** 2 + (2 * y[0]) ** 2 <= 1 + 1e-9


@given(angles, st.floats(-89.9, 89.9))
def test_the_projection_can_be_inverted(ra: float, dec: float) -> None:
    x, y = mollweide(np.array([ra]), np.array([dec]))
    theta = np.arcsin(2 * y)
    lat = np.degrees(np.arcsin(np.clip((2 * theta + np.sin(2 * theta)) / np.pi, -1, 1)))
    lon = -180 * x / np.cos(theta)
    assert lat[0] == pytest.approx(dec, abs=1e-4)
    assert np.cos(np.radians(lon[0] - ra)) == pytest.approx(1, abs=1e-6)


def test_the_map_has_ra_zero_in_the_middle_and_east_to_the_left() -> None:
    x, y = mollweide(np.array([0.0, 90.0, 270.0, 0.0]), np.array([0.0, 0.0, 0.0, 90.0]))
    assert x[0] == 0
    assert x[1] < 0 < x[2]
    assert y[3] == pytest.approx(0.5)


def test_equal_areas_on_the_sky_are_equal_areas_on_the_map() -> None:
    # Monte Carlo: the share of a uniform sky that falls into the middle half of the map's area.
    rng = np.random.default_rng(1)
    ra = rng.uniform(0, 360, 200_000)
    dec = np.degrees(np.arcsin(rng.uniform(-1, 1, 200_000)))
    x, y = mollweide(ra, dec)
    assert np.mean(x**2 + (2 * y) ** 2 < 0.5) == pytest.approx(0.5, abs=0.005)


def test_a_dot_lies_in_its_cell_and_grows_with_its_count() -> None:
    cell = healpy.ang2pix(2**ORDER, 10.68, 41.27, nest=True, lonlat=True)
    small, large = dots([int(cell), 0], [1, 1000])
    assert abs(small.ra - 10.68) < 4
    assert abs(small.dec - 41.27) < 4
    assert small.radius < large.radius
    assert dots([], []) == []


def test_the_graticule_stays_inside_the_picture() -> None:
    for path in graticule():
        for pair in path[1:].split("L"):
            x, y = map(float, pair.split())
            assert abs(x) <= 1
            assert abs(y) <= 0.5
