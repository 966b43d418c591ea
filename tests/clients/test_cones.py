"""Cones and regions by TAP against a count in numpy over the same rows."""

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from pyvo.dal import TAPService

from demo.catalogue import M31, make_sources

pytestmark = pytest.mark.demo

CONES = [
    (*M31, 0.5),
    (*M31, 2.0),
    (0.0, 89.9, 1.0),
    (200.0, -89.95, 0.7),
    (0.0, 0.0, 0.8),
    (359.9, 0.1, 5.0),
    (120.0, -35.0, 20.0),
]


@pytest.fixture(scope="module")
def tap(demo_server: str) -> TAPService:
    return TAPService(f"{demo_server}/tap")


@pytest.fixture(scope="module")
def sources() -> SkyCoord:
    table = make_sources()
    return SkyCoord(table["ra"].to_numpy(), table["dec"].to_numpy(), unit="deg")


@pytest.mark.parametrize(("ra", "dec", "radius"), CONES)
@pytest.mark.parametrize(
    "condition",
    [
        "1 = CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', {ra}, {dec}, {radius}))",
        "DISTANCE(POINT(ra, dec), POINT({ra}, {dec})) < {radius}",
    ],
)
def test_a_cone_over_the_catalogue_has_exactly_the_right_rows(
    tap: TAPService, sources: SkyCoord, ra: float, dec: float, radius: float, condition: str
) -> None:
    where = condition.format(ra=ra, dec=dec, radius=radius)
    rows = tap.search(f"SELECT source_id FROM demo.sources WHERE {where} ORDER BY source_id", maxrec=200_000)
    distance = sources.separation(SkyCoord(ra, dec, unit="deg")).deg
    assert len(rows) > 100
    np.testing.assert_array_equal(rows["source_id"], np.flatnonzero(distance < radius) + 1)


def test_products_round_m31(tap: TAPService) -> None:
    every = tap.search("SELECT dp_id, s_ra, s_dec FROM ivoa.ObsCore WHERE s_ra IS NOT NULL", maxrec=10_000)
    places = SkyCoord(every["s_ra"], every["s_dec"], unit="deg")
    near = places.separation(SkyCoord(*M31, unit="deg")).deg < 1.5
    rows = tap.search(
        "SELECT dp_id FROM ivoa.ObsCore "
        f"WHERE 1 = CONTAINS(POINT('', s_ra, s_dec), CIRCLE('', {M31[0]}, {M31[1]}, 1.5))"
    )
    assert len(rows) > 20
    assert set(rows["dp_id"]) == set(every["dp_id"][near])


def test_footprints_that_hold_m31(tap: TAPService) -> None:
    """Every tile and cube centred on M31 holds it, and none whose centre is further than its own radius."""
    rows = tap.search(
        "SELECT dp_id, s_ra, s_dec, s_fov FROM ivoa.ObsCore "
        f"WHERE 1 = CONTAINS(POINT('', {M31[0]}, {M31[1]}), s_region)"
    )
    assert len(rows) >= 3
    places = SkyCoord(rows["s_ra"], rows["s_dec"], unit="deg")
    assert np.all(places.separation(SkyCoord(*M31, unit="deg")).deg <= np.array(rows["s_fov"]) / 2 + 1e-6)
    every = tap.search(
        "SELECT dp_id, s_ra, s_dec FROM ivoa.ObsCore WHERE dataproduct_type IN ('image', 'cube') "
        f"AND s_ra BETWEEN {M31[0] - 1e-5} AND {M31[0] + 1e-5} AND s_dec BETWEEN 41.26899 AND 41.26901"
    )
    assert len(every) >= 3
    assert set(every["dp_id"]) <= set(rows["dp_id"])
