"""SIA 1.0 over HTTP, against geometry worked out by shapely in the plane and by astropy."""

import io
from typing import Any

import numpy as np
import pytest
from astropy.io.votable import parse
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from shapely import Point
from shapely import box as flat_box
from starlette.testclient import TestClient

from tests.serving import VOTABLE, query_status
from tests.sia.conftest import SKY, Caps

PATH = "/sia/query"


def ask(client: TestClient, **parameters: Any) -> Any:
    query = {"MAXREC": 100_000, **{name.upper(): value for name, value in parameters.items()}}
    answer = client.get(PATH, params=query)
    assert answer.status_code == 200
    assert query_status(answer.content)[0] == "OK", answer.text
    return parse(io.BytesIO(answer.content), verify="ignore").get_first_table().array


def found(client: TestClient, **parameters: Any) -> set[str]:
    table = ask(client, format="image/fits", verb=3, **parameters)
    names = [str(row["obs_publisher_did"]) for row in table if str(row["collection"]) == SKY]
    return {name.partition("?")[2] for name in names}


@given(
    centre=st.tuples(st.floats(-1.5, 1.5), st.floats(-1.5, 1.5)),
    size=st.tuples(st.floats(0.05, 4), st.floats(0.05, 4)),
    intersect=st.sampled_from(["COVERS", "ENCLOSED", "CENTER", "OVERLAPS"]),
)
def test_an_image_lies_to_the_region_as_intersect_says(
    client: TestClient, caps: Caps, centre: tuple[float, float], size: tuple[float, float], intersect: str
) -> None:
    # Near the equator the sky is flat enough: what lies within 0.01 degrees of a border may go either way.
    ra, dec = centre
    region = flat_box(ra - size[0] / 2, dec - size[1] / 2, ra + size[0] / 2, dec + size[1] / 2)
    got = found(client, pos=f"{ra % 360!r},{dec!r}", size=f"{size[0]!r},{size[1]!r}", intersect=intersect)
    for name, lon, lat, radius in zip(caps.dp_ids, caps.ra, caps.dec, caps.radius, strict=True):
        lon = (lon + 180) % 360 - 180
        if abs(lon) > 5 or abs(lat) > 5:
            assert name not in got
            continue
        small, large = (
            Point(lon, lat).buffer(r, quad_segs=64) for r in (max(radius - 0.01, 0), radius + 0.01)
        )
        claims = [
            {
                "COVERS": cap.covers(region),
                "ENCLOSED": region.covers(cap),
                "CENTER": cap.covers(Point(ra, dec)),
                "OVERLAPS": cap.intersects(region),
            }[intersect]
            for cap in (small, large)
        ]
        if claims[0] == claims[1]:
            assert (name in got) == claims[0], (name, lon, lat, radius)


def test_a_size_of_zero_is_a_point(client: TestClient, caps: Caps) -> None:
    for n in (0, 25, 50):
        pos = f"{float(caps.ra[n])!r},{float(caps.dec[n])!r}"
        for intersect in ("COVERS", "CENTER", "OVERLAPS"):
            assert caps.dp_ids[n] in found(client, pos=pos, size=0, intersect=intersect)


def test_the_whole_sky_has_every_image(client: TestClient, caps: Caps) -> None:
    assert found(client, pos="0,0", size=360) == set(caps.dp_ids)


@pytest.mark.parametrize(
    ("words", "types"),
    [
        ("ALL", {"image/fits", "image/png"}),
        ("image/fits", {"image/fits"}),
        ("image/fits,image/jpeg", {"image/fits"}),
        ("graphic", {"image/png"}),
        ("GRAPHIC-jpeg,png", {"image/png"}),
        ("image/jpeg", set()),
        ("", {"image/fits", "image/png"}),
    ],
)
def test_format_chooses_the_rows(client: TestClient, caps: Caps, words: str, types: set[str]) -> None:
    table = ask(client, pos=f"{caps.ra[0]},{caps.dec[0]}", size=0.01, format=words)
    assert {str(row["format"]) for row in table} == types


def test_verbosity_adds_columns(client: TestClient, caps: Caps) -> None:
    counts = [len(ask(client, pos="0,0", size=1, verb=verb).dtype) for verb in (0, 1, 2, 3)]
    assert counts == sorted(set(counts))
    assert len(ask(client, pos="0,0", size=1).dtype) == counts[2]


def test_metadata_tells_the_parameters_and_columns(client: TestClient) -> None:
    answer = client.get(PATH, params={"FORMAT": "METADATA"})
    root = etree.fromstring(answer.content)
    told = {param.get("name", "") for param in root.iter(f"{VOTABLE}PARAM")}
    assert {"INPUT:POS", "INPUT:SIZE", "INPUT:FORMAT", "INPUT:INTERSECT", "INPUT:VERB"} <= told
    ucds = {field.get("ucd") for field in root.iter(f"{VOTABLE}FIELD")}
    assert {"VOX:Image_Title", "VOX:Image_AccessReference", "VOX:Image_Format", "POS_EQ_RA_MAIN"} <= ucds
    assert query_status(answer.content)[0] == "OK"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SIZE=1", "POS is missing: send POS=ra,dec"),
        ("POS=1,2", "SIZE is missing: send SIZE=width,height"),
        ("POS=as3f,2&SIZE=1", "'as3f' is not a number"),
        ("POS=1,2,3&SIZE=1", "POS='1,2,3': send POS=ra,dec"),
        ("POS=361,2&SIZE=1", "POS='361,2' is out of range"),
        ("POS=1,NaN&SIZE=1", "'NaN' is not a number"),
        ("POS=1,2&SIZE=-1", "SIZE='-1' is out of range"),
        ("POS=1,2&SIZE=1,2,3", "SIZE='1,2,3'"),
        ("POS=1,2&SIZE=1&INTERSECT=NEAR", "send one of COVERS ENCLOSED CENTER OVERLAPS"),
        ("POS=1,2&SIZE=1&VERB=9", "VERB=9 is not known: send one of 0, 1, 2, 3"),
    ],
)
def test_a_mistake_is_told_inside_the_table(client: TestClient, query: str, message: str) -> None:
    answer = client.get(f"{PATH}?{query}")
    assert answer.status_code == 200
    status, text = query_status(answer.content)
    assert status == "ERROR"
    assert message in text


def test_positions_and_sizes_are_those_of_the_product(client: TestClient, caps: Caps) -> None:
    table = ask(client, pos=f"{caps.ra[3]},{caps.dec[3]}", size=0.01, format="image/fits", verb=3)
    (row,) = (row for row in table if str(row["obs_publisher_did"]).endswith(caps.dp_ids[3]))
    np.testing.assert_allclose([row["ra"], row["dec"]], [caps.ra[3], caps.dec[3]], rtol=1e-12)
    assert str(row["access_url"]).endswith(f"/download/{caps.dp_ids[3]}")
