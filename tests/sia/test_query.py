"""What a SIA query finds: checked against brute force and against the words of the standard."""

import csv
from io import StringIO
from urllib.parse import urlencode

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import Latitude, Longitude, SkyCoord
from mocpy import MOC
from numpy.typing import NDArray
from starlette.testclient import TestClient

from tests.sia.conftest import ONES, SKY, Caps

Floats = NDArray[np.float64]
Items = list[tuple[str, str]]


def found(client: TestClient, collection: str, *items: tuple[str, str]) -> set[str]:
    params = [("COLLECTION", collection), ("RESPONSEFORMAT", "csv"), *items]
    answer = client.get(f"/sia2/query?{urlencode(params)}")
    assert answer.status_code == 200, answer.text
    return {row["dp_id"] for row in csv.DictReader(StringIO(answer.text))}


def centres(caps: Caps) -> SkyCoord:
    return SkyCoord(caps.ra * u.deg, caps.dec * u.deg)


@pytest.mark.parametrize(
    ("ra", "dec", "radius"),
    [(10, 20, 30), (0, 0, 1), (359.9, 0.1, 0.3), (123, 90, 0.5), (0, -90, 2), (200, -45, 90), (80, 10, 170),
     (5, 5, 0)],
)  # fmt: skip
def test_a_circle_finds_what_touches_it(
    client: TestClient, caps: Caps, ra: float, dec: float, radius: float
) -> None:
    distance = centres(caps).separation(SkyCoord(ra * u.deg, dec * u.deg)).deg
    expected = {
        name for name, d, r in zip(caps.dp_ids, distance, caps.radius, strict=True) if d <= radius + r
    }
    assert found(client, SKY, ("POS", f"CIRCLE {ra} {dec} {radius}")) == expected


def unit(ra: Floats, dec: Floats) -> Floats:
    lon, lat = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)


def distance_to_range(caps: Caps, ra1: float, ra2: float, dec1: float, dec2: float) -> Floats:
    """Degrees from each centre to the nearest of many points of a range (0 inside)."""
    width = ra2 - ra1 if ra2 >= ra1 else ra2 - ra1 + 360
    inside = ((caps.ra - ra1) % 360 <= width) & (caps.dec >= dec1) & (caps.dec <= dec2)
    inside |= (width >= 360) & (caps.dec >= dec1) & (caps.dec <= dec2)
    along, up = np.linspace(0, width, 2001), np.linspace(dec1, dec2, 2001)
    edge_ra = np.concatenate([ra1 + along, ra1 + along, np.full(2001, ra1), np.full(2001, ra1 + width)])
    edge_dec = np.concatenate([np.full(2001, dec1), np.full(2001, dec2), up, up])
    chords = unit(caps.ra, caps.dec)[:, None] - unit(edge_ra, edge_dec)[None]
    nearest = np.degrees(2 * np.arcsin(np.linalg.norm(chords, axis=2).min(axis=1) / 2))
    return np.where(inside, 0.0, nearest)


@pytest.mark.parametrize(
    ("ra1", "ra2", "dec1", "dec2"),
    [(10, 60, -20, 40), (350, 10, -5, 5), (0, 360, -10, 10), (0, 360, 89.5, 90), (0, 360, -90, -60),
     (0, 360, -90, 90), (0, 180, 0, 90), (0, 360, -30, 90)],
)  # fmt: skip
def test_a_range_finds_what_touches_it(
    client: TestClient, caps: Caps, ra1: float, ra2: float, dec1: float, dec2: float
) -> None:
    distance = distance_to_range(caps, ra1, ra2, dec1, dec2)
    names = found(client, SKY, ("POS", f"RANGE {ra1} {ra2} {dec1} {dec2}"))
    # The nearest point may lie up to 0.09 degrees from one of the edge's; parallels are met to 16 arcsec.
    sure = {n for n, d, r in zip(caps.dp_ids, distance, caps.radius, strict=True) if d <= r - 0.005}
    maybe = {n for n, d, r in zip(caps.dp_ids, distance, caps.radius, strict=True) if d <= r + 0.1}
    assert sure <= names <= maybe


@pytest.mark.parametrize("moc", ["1/0-20", "4/100-300 8/100000-100100 29/5", "3/0 64 127 255 500"])
def test_a_moc_finds_what_touches_its_cells(client: TestClient, caps: Caps, moc: str) -> None:
    cells = MOC.from_string(moc, "ascii")

    def touched(margin: float) -> set[str]:
        """The footprints, larger by some degrees, one of whose cells of 1.7 arcmin is in the MOC."""
        return {
            name
            for name, ra, dec, radius in zip(caps.dp_ids, caps.ra, caps.dec, caps.radius, strict=True)
            if radius + margin > 0
            and not cells.intersection(
                MOC.from_cone(
                    Longitude(ra * u.deg),
                    Latitude(dec * u.deg),
                    radius=(radius + margin) * u.deg,
                    max_depth=11,
                )
            ).empty()
        }

    names = found(client, SKY, ("MOC", moc))
    assert names
    assert touched(-0.06) <= names <= touched(0.0)


def test_all_of_the_sky_is_everything_with_a_footprint(client: TestClient, caps: Caps) -> None:
    assert found(client, SKY, ("POS", "RANGE -Inf +Inf -Inf +Inf")) == set(caps.dp_ids)
    assert found(client, SKY) == {*caps.dp_ids, "TEST.SIA.NULL"}


@pytest.mark.parametrize("turn", [1, -1])
def test_a_polygon_is_its_smaller_side_whatever_its_direction(
    client: TestClient, caps: Caps, turn: int
) -> None:
    corners = [(355, -3), (5, -3), (5, 3), (355, 3)][::turn]
    names = found(client, SKY, ("POS", "POLYGON " + " ".join(f"{ra} {dec}" for ra, dec in corners)))
    offset = (caps.ra + 180) % 360 - 180
    inside = (abs(offset) < 5) & (abs(caps.dec) < 3)
    far = (abs(offset) > 6) | (abs(caps.dec) > 4)
    ids = np.array(caps.dp_ids)
    assert set(ids[inside]) <= names
    assert not names & set(ids[far])
    assert len(names) >= 40


def test_several_positions_are_alternatives(client: TestClient, caps: Caps) -> None:
    north, south = ("POS", "CIRCLE 0 90 2"), ("POS", "CIRCLE 0 -90 2")
    assert found(client, SKY, north, south) == found(client, SKY, north) | found(client, SKY, south)


@pytest.mark.usefixtures("ones")
@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], "NOTHING IMAGE CUBE"),
        ([("BAND", "4.5e-7")], "IMAGE"),
        ([("BAND", "4.9e-7")], "IMAGE CUBE"),
        ([("BAND", "5e-7 6e-7")], "IMAGE CUBE"),
        ([("BAND", "9.35e-7 +Inf")], "CUBE"),
        ([("BAND", "-Inf 4e-7")], "IMAGE"),
        ([("BAND", "-Inf +Inf")], "IMAGE CUBE"),
        ([("BAND", "550")], ""),
        ([("TIME", "59000.25")], "IMAGE"),
        ([("TIME", "59000.5 60000")], "IMAGE CUBE"),
        ([("TIME", "59000.6 59999")], ""),
        ([("POL", "I")], "IMAGE CUBE"),
        ([("POL", "Q"), ("POL", "V")], "CUBE"),
        ([("FOV", "0.1 1")], "IMAGE"),
        ([("FOV", "0.5")], "IMAGE"),
        ([("FOV", "-Inf 0.01"), ("FOV", "0.02 0.1")], "CUBE"),
        ([("SPATRES", "-Inf 0.7")], "CUBE"),
        ([("SPECRP", "1000 +Inf")], "CUBE"),
        ([("EXPTIME", "60 3600")], "IMAGE CUBE"),
        ([("EXPTIME", "-Inf 59.9"), ("EXPTIME", "3600.1 +Inf")], ""),
        ([("TIMERES", "-Inf 60")], "IMAGE"),
        ([("FACILITY", "Test's Telescope")], "CUBE"),
        ([("FACILITY", "test telescope")], ""),
        ([("INSTRUMENT", "TEST-CAMERA"), ("INSTRUMENT", "TEST-IFU")], "IMAGE CUBE"),
        ([("DPTYPE", "cube")], "CUBE"),
        ([("DPTYPE", "cube"), ("DPTYPE", "image")], "NOTHING IMAGE CUBE"),
        ([("CALIB", "3")], "CUBE"),
        ([("CALIB", "2"), ("CALIB", "3")], "NOTHING IMAGE CUBE"),
        ([("TARGET", "NGC 1")], "IMAGE"),
        ([("TARGET", "NGC %")], ""),
        ([("FORMAT", "image/fits")], "CUBE"),
        ([("RELEASEDATE", "2021-01-01 +Inf")], "CUBE"),
        ([("RELEASEDATE", "-Inf +Inf")], "IMAGE CUBE"),
        ([("RELEASEDATE", "2020-06-01")], "IMAGE"),
        ([("TARGET", "NGC 1"), ("DPTYPE", "cube")], ""),
        ([("TARGET", "x' OR '1'='1")], ""),
    ],
)
def test_each_parameter_finds_what_the_standard_says(client: TestClient, items: Items, expected: str) -> None:
    assert found(client, ONES, *items) == {f"TEST.ONE.{name}" for name in expected.split()}


@pytest.mark.usefixtures("ones")
def test_identifiers_have_no_case(client: TestClient) -> None:
    did = "IVO://VO-server.Example/id?test.one.cube"
    assert found(client, ONES, ("ID", did)) == {"TEST.ONE.CUBE"}
    assert found(client, ONES, ("ID", did[:-1])) == set()
