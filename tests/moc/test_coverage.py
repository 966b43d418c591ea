"""Coverages against the footprints that they are made of."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.time import Time
from mocpy import MOC, TimeMOC
from starlette.testclient import TestClient

from tests.products import Holdings
from tests.serving import app, client, engine, query_status
from vo_server.config import Settings
from vo_server.coverage.cells import space_moc
from vo_server.db import Database
from vo_server.sky import Circle, Polygon, format_stcs

__all__ = ["app", "client", "engine"]

COLLECTION = "TEST MOC/1"
PATH = "/moc/TEST%20MOC%2F1"
CAPS = ((10.0, 20.0, 0.5), (0.1, -0.2, 0.4), (200.0, 89.8, 0.3), (120.0, -60.0, 0.02))


@pytest.fixture(scope="module")
def products(settings: Settings, database: Database) -> Iterator[None]:
    holdings = Holdings(database.owner, settings)
    try:
        for n, (ra, dec, radius) in enumerate(CAPS):
            holdings.product(
                f"TEST.MOC.{n}",
                Circle(ra, dec, radius),
                obs_collection=COLLECTION,
                t_min=59000.0 + 10 * n,
                t_max=59000.5 + 10 * n,
            )
        yield
    finally:
        holdings.clear()


def distance_outside(lon: float, lat: float) -> float:
    """Degrees to the nearest cap."""
    place = SkyCoord(lon, lat, unit="deg")
    return min(float(place.separation(SkyCoord(a, d, unit="deg")).deg) - r for a, d, r in CAPS)


def read_fits(content: bytes, directory: Path) -> MOC:
    with fits.open(io.BytesIO(content)) as hdus:
        assert hdus[1].header["MOCORDER" if "MOCORDER" in hdus[1].header else "MOCORD_S"] > 0
    path = directory / "moc.fits"
    path.write_bytes(content)
    return MOC.from_fits(path)


def test_every_point_of_a_footprint_is_covered_and_nothing_far_from_one(
    client: TestClient, products: None, tmp_path: Path
) -> None:
    answer = client.get(PATH)
    assert answer.headers["content-type"] == "application/fits"
    moc = read_fits(answer.content, tmp_path)
    rng = np.random.default_rng(5)
    for ra, dec, radius in CAPS:
        centre = SkyCoord(ra, dec, unit="deg")
        places = centre.directional_offset_by(
            rng.uniform(0, 360, 500) * u.deg, radius * np.sqrt(rng.uniform(0, 1, 500)) * u.deg
        )
        assert moc.contains_lonlat(places.ra, places.dec).all()
        around = centre.directional_offset_by(rng.uniform(0, 360, 300) * u.deg, (radius + 0.2) * u.deg)
        assert not moc.contains_lonlat(around.ra, around.dec).any()
    assert distance_outside(50.0, 50.0) > 1
    assert not moc.contains_lonlat(50 * u.deg, 50 * u.deg).any()


def test_json_and_text_say_the_same(client: TestClient, products: None, tmp_path: Path) -> None:
    moc = read_fits(client.get(PATH, params={"ORDER": 6}).content, tmp_path)
    cells = client.get(PATH, params={"ORDER": 6, "FORMAT": "json"}).json()
    assert MOC.from_json(cells) == moc
    text = client.get(PATH, params={"ORDER": 6, "FORMAT": "ascii"}).text
    assert MOC.from_string(text) == moc
    assert max(int(order) for order in cells) == 6


def test_times_are_covered(client: TestClient, products: None) -> None:
    cells = client.get(PATH, params={"AXIS": "time", "FORMAT": "json"}).json()
    moc = TimeMOC.from_json(cells)
    inside = Time([59000.0, 59000.25, 59030.5], format="mjd", scale="utc")
    outside = Time([58999.9, 59001.0, 59005.0, 59031.0], format="mjd", scale="utc")
    assert moc.contains(inside.tdb).all()
    assert not moc.contains(outside.tdb).any()


def test_a_change_of_the_collection_changes_its_coverage(
    client: TestClient, products: None, settings: Settings, database: Database
) -> None:
    before = client.get(PATH, params={"FORMAT": "json"}).json()
    holdings = Holdings(database.owner, settings)
    try:
        holdings.product("TEST.MOC.NEW", Circle(50.0, 50.0, 1.0), obs_collection=COLLECTION)
        after = MOC.from_json(client.get(PATH, params={"FORMAT": "json"}).json())
        assert after.contains_lonlat(50 * u.deg, 50 * u.deg).all()
    finally:
        holdings.clear()
    assert client.get(PATH, params={"FORMAT": "json"}).json() == before


def test_collections_are_listed(client: TestClient, products: None) -> None:
    (found,) = (item for item in client.get("/moc").json() if item["collection"] == COLLECTION)
    assert found["products"] == len(CAPS)
    assert found["moc"].endswith(PATH)
    assert json.loads(client.get("/moc/all", params={"FORMAT": "json", "ORDER": 3}).text)


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/moc/nothing", 404, "there is no collection 'nothing' here"),
        (f"{PATH}?FORMAT=png", 400, "FORMAT='png' is unknown: send one of fits, json, ascii"),
        (f"{PATH}?ORDER=13", 400, "ORDER=13 is out of range: send 0 to 12"),
        (f"{PATH}?AXIS=energy", 400, "AXIS='energy' is unknown"),
    ],
)
def test_a_mistake_is_said(client: TestClient, products: None, path: str, status: int, message: str) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert message in query_status(answer.content)[1]


def test_polygons_and_unions_are_covered() -> None:
    square = Polygon(((10.0, 10.0), (10.0, 11.0), (9.0, 11.0), (9.0, 10.0)))
    moc = space_moc([format_stcs(square), "UNION ICRS ( CIRCLE 50 0 1 CIRCLE 60 0 1 )", "nonsense"], 8)
    lon, lat = np.array([9.5, 50, 60, 55, 12]) * u.deg, np.array([10.5, 0, 0, 0, 10.5]) * u.deg
    assert list(moc.contains_lonlat(lon, lat)) == [True, True, True, False, False]
