"""Cone searches over HTTP, against distances worked out by astropy."""

import io
from typing import Any

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io.votable import parse
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from starlette.testclient import TestClient

from tests.scs.conftest import Points
from tests.serving import VOTABLE, query_status

PATH = "/scs/ivoa.ObsCore"


def search(client: TestClient, **parameters: Any) -> Any:
    answer = client.get(PATH, params={name.upper(): value for name, value in parameters.items()})
    assert answer.status_code == 200, answer.text
    assert query_status(answer.content)[0] in ("OK", "OVERFLOW"), answer.text
    return parse(io.BytesIO(answer.content), verify="ignore").get_first_table()


CENTRES = st.one_of(
    st.tuples(st.floats(0, 360), st.floats(-90, 90)),
    st.tuples(st.sampled_from([0.0, 360.0, 359.9, 0.2]), st.floats(-1, 1)),
    st.tuples(st.floats(0, 360), st.sampled_from([90.0, -90.0, 89.5, -89.7])),
)


@given(centre=CENTRES, radius=st.sampled_from([0.3, 1.0, 5.0, 40.0, 89.9, 120.0, 180.0]))
def test_a_cone_has_exactly_the_positions_within_its_radius(
    client: TestClient, points: Points, centre: tuple[float, float], radius: float
) -> None:
    ra, dec = centre
    distance = SkyCoord(points.ra, points.dec, unit="deg").separation(SkyCoord(ra, dec, unit="deg")).deg
    # What lies at the very edge may fall on either side.
    inside = {n for n, d in zip(points.names, distance, strict=True) if d < radius - 1e-9}
    near = {n for n, d in zip(points.names, distance, strict=True) if d < radius + 1e-9}
    found = {str(row["dp_id"]) for row in search(client, ra=ra, dec=dec, sr=radius, verb=3).array}
    assert inside <= {name for name in found if name.startswith("TEST.SCS")} <= near


def test_a_number_that_is_nearly_zero_is_zero(client: TestClient, points: Points) -> None:
    wanted = search(client, ra=0, dec=0, sr=0.3, verb=3).array["dp_id"]
    assert len(wanted) > 2
    assert sorted(search(client, ra=5e-324, dec=-1e-200, sr=0.3, verb=3).array["dp_id"]) == sorted(wanted)


def test_the_three_columns_have_the_words_of_the_standard(client: TestClient, points: Points) -> None:
    for verb in (1, 2, 3):
        table = search(client, ra=0, dec=0, sr=1, verb=verb)
        by_ucd = {field.ucd: field for field in table.fields}
        assert by_ucd["ID_MAIN"].datatype == "char"
        assert (by_ucd["POS_EQ_RA_MAIN"].datatype, by_ucd["POS_EQ_RA_MAIN"].unit.to_string()) == (
            "double",
            "deg",
        )
        assert by_ucd["POS_EQ_DEC_MAIN"].datatype == "double"
        assert [f.ucd for f in table.fields if str(f.ucd).endswith(";meta.main")] == []
        assert len(table.array) > 50


def test_verbosity_adds_columns(client: TestClient, points: Points) -> None:
    counts = [len(search(client, ra=0, dec=0, sr=1, verb=verb).fields) for verb in (1, 2, 3)]
    assert counts[0] == 3
    assert counts[0] < counts[1] < counts[2]
    assert len(search(client, ra=0, dec=0, sr=1).fields) == counts[1]


def test_a_radius_of_zero_gives_the_columns_only(client: TestClient, points: Points) -> None:
    table = search(client, ra=0, dec=0, sr=0)
    assert len(table.array) == 0
    assert len(table.fields) > 3


def test_maxrec_and_format_are_obeyed(client: TestClient, points: Points) -> None:
    answer = client.get(PATH, params={"RA": 0, "DEC": 0, "SR": 5, "MAXREC": 7})
    assert query_status(answer.content)[0] == "OVERFLOW"
    assert answer.headers["content-type"].startswith("text/xml")
    text = client.post(PATH, data={"ra": "0", "dec": "0", "sr": "5", "RESPONSEFORMAT": "csv"})
    assert text.headers["content-type"].startswith("text/csv")
    assert len(text.text.splitlines()) > 50


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("DEC=1&SR=1", "RA is missing: send RA in decimal degrees, 0 to 360"),
        ("RA=as3f&DEC=1&SR=1", "RA: 'as3f' is not a number"),
        ("RA=1&DEC=91&SR=1", "DEC=91 is out of range"),
        ("RA=1&DEC=NaN&SR=1", "DEC: 'NaN' is not a number"),
        ("RA=1&DEC=1&SR=-1", "SR=-1 is out of range: send SR in decimal degrees, 0 to 180"),
        ("RA=1&DEC=1&SR=Inf", "SR=Inf is out of range"),
        ("RA=1&RA=2&DEC=1&SR=1", "RA is given 2 times"),
        ("RA=1&DEC=1&SR=1&VERB=4", "VERB=4 is not known: send one of 1, 2, 3"),
        ("RA=1&DEC=1&SR=1&RESPONSEFORMAT=wax", "RESPONSEFORMAT 'wax' is unknown"),
    ],
)
def test_a_mistake_is_told_as_the_standard_tells_it(client: TestClient, query: str, message: str) -> None:
    answer = client.get(f"{PATH}?{query}")
    assert answer.status_code == 200
    root = etree.fromstring(answer.content)
    (error,) = (info for info in root.iter(f"{VOTABLE}INFO") if info.get("name") == "Error")
    assert message in error.get("value", "")
    assert query_status(answer.content)[0] == "ERROR"
    assert not list(root.iter(f"{VOTABLE}TABLE"))


@pytest.mark.parametrize("name", ["tap_schema.tables", "ivoa.nothing", "x" * 300])
def test_a_table_without_positions_says_where_cones_can_be_searched(client: TestClient, name: str) -> None:
    status, text = query_status(client.get(f"/scs/{name}?RA=1&DEC=1&SR=1").content)
    assert status == "ERROR"
    assert "they can in" in text
    assert "ivoa.ObsCore" in text


def test_every_row_is_there_once(client: TestClient, points: Points) -> None:
    found = [str(row["dp_id"]) for row in search(client, ra=0, dec=90, sr=180, verb=3).array]
    ours = [name for name in found if name.startswith("TEST.SCS")]
    np.testing.assert_array_equal(sorted(ours), sorted(points.names))
