"""HiPS: tiles with the values of the images, and the files that clients look for."""

import io
from collections.abc import Iterator
from pathlib import Path

import healpy
import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS
from PIL import Image
from starlette.testclient import TestClient

from hips.build import build, directory_name
from tests.products import Holdings
from tests.serving import app, client, engine
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.errors import NotFoundFault, UsageFault
from vo_server.sky import Circle

__all__ = ["app", "client", "engine"]

COLLECTION = "TEST HiPS/é"
NAME = "TEST_HiPS__"
PLACES = ((30.0, 10.0), (0.2, -45.0), (31.5, 10.0))  # the last overlaps the first
LEVEL = 3


def image(path: Path, ra: float, dec: float) -> Path:
    """An image of 4 degrees whose values are declinations."""
    header = fits.Header(
        {"CTYPE1": "RA---TAN", "CRVAL1": ra, "CRPIX1": 100.5, "CDELT1": -0.02, "CUNIT1": "deg",
         "CTYPE2": "DEC--TAN", "CRVAL2": dec, "CRPIX2": 100.5, "CDELT2": 0.02, "CUNIT2": "deg"}
    )  # fmt: skip
    y, x = np.indices((200, 200))
    fits.PrimaryHDU(WCS(header).pixel_to_world(x, y).dec.deg.astype("f4"), header).writeto(path)
    return path


@pytest.fixture(scope="module")
def made(settings: Settings, database: Database, open_dir: Path) -> Iterator[Path]:
    directory = open_dir / "hips images"
    directory.mkdir()
    holdings = Holdings(database.owner, settings)
    try:
        for n, (ra, dec) in enumerate(PLACES):
            path = image(directory / f"{n}.fits", ra, dec)
            holdings.file(f"TEST.HIPS.{n}", path, sha256=f"{n:064x}")
            holdings.product(
                f"TEST.HIPS.{n}", Circle(ra, dec, 2.0), obs_collection=COLLECTION, s_pixel_scale=72.0
            )
        told: list[tuple[int, int | None]] = []
        yield build(
            COLLECTION,
            database.owner,
            settings,
            database.state_dir / "hips",
            lambda done, total, what: told.append((done, total)),
            LEVEL,
        )
        assert told == [(1, 3), (2, 3), (3, 3)]
    finally:
        holdings.clear()


def tile(ra: float, dec: float, ending: str) -> str:
    """Where the tile with a position is (HiPS 1.0, Tile path)."""
    number = int(healpy.ang2pix(1 << LEVEL, ra, dec, nest=True, lonlat=True))
    return f"/hips/{NAME}/Norder{LEVEL}/Dir{number // 10000 * 10000}/Npix{number}.{ending}"


def test_tiles_have_the_values_of_the_images(client: TestClient, made: Path) -> None:
    for ra, dec in PLACES:
        answer = client.get(tile(ra, dec, "fits"))
        assert answer.status_code == 200
        with fits.open(io.BytesIO(answer.content)) as hdus:
            data, wcs = hdus[0].data, WCS(hdus[0].header)
        assert data.shape == (512, 512)
        y, x = np.nonzero(np.isfinite(data))
        assert len(x) > 100
        place = wcs.pixel_to_world(x, y).icrs
        np.testing.assert_allclose(data[y, x], place.dec.deg, atol=0.02)
        near = [SkyCoord(*each, unit="deg").separation(place) < 3 * u.deg for each in PLACES]
        assert np.logical_or.reduce(near).all()
        inner = SkyCoord(ra, dec, unit="deg").separation(place) < 1.9 * u.deg
        # Every pixel of the tile that an image covers has a value.
        everywhere = wcs.pixel_to_world(*np.indices((512, 512))[::-1]).icrs
        assert inner.sum() == (SkyCoord(ra, dec, unit="deg").separation(everywhere) < 1.9 * u.deg).sum()


def test_browsers_get_pictures_of_the_tiles(client: TestClient, made: Path) -> None:
    answer = client.get(tile(*PLACES[0], "png"))
    assert answer.headers["content-type"] == "image/png"
    picture = Image.open(io.BytesIO(answer.content))
    assert (picture.size, picture.mode) == ((512, 512), "LA")
    assert picture.getchannel("A").getextrema() == (0, 255)


def test_properties_and_list_tell_what_clients_need(
    client: TestClient, made: Path, settings: Settings
) -> None:
    text = client.get(f"/hips/{NAME}/properties").text
    found = dict(line.split("=", 1) for line in text.splitlines())
    found = {key.strip(): value.strip() for key, value in found.items()}
    assert (found["hips_order"], found["hips_tile_width"], found["hips_frame"]) == ("3", "512", "equatorial")
    assert found["hips_tile_format"] == "png fits"
    assert found["obs_collection"] == COLLECTION
    records = client.get("/hipslist").text.split("\n\n")
    (record,) = (record for record in records if COLLECTION in record)
    assert f"= {settings.root_url}/hips/{NAME}" in record


def test_making_it_again_takes_the_place_of_the_former(
    client: TestClient, made: Path, settings: Settings, database: Database
) -> None:
    directory = database.state_dir / "hips"
    build(COLLECTION, database.owner, settings, directory, lambda *_: None, LEVEL)
    assert [path.name for path in directory.iterdir()] == [NAME]
    assert client.get(tile(*PLACES[1], "fits")).status_code == 200
    assert client.get(f"/hips/{NAME}/../../postgres.password").status_code == 404
    assert client.get(f"/hips/{NAME}/%2e%2e/%2e%2e/postgres.password").status_code == 404


def test_a_collection_without_images_is_said(settings: Settings, database: Database, tmp_path: Path) -> None:
    with pytest.raises(NotFoundFault, match="the collection 'nothing' has no public image"):
        build("nothing", database.owner, settings, tmp_path, lambda *_: None)
    with pytest.raises(UsageFault, match="level 12 is out of range"):
        build("nothing", database.owner, settings, tmp_path, lambda *_: None, 12)
    assert directory_name("../x/ä") == "_x__"
