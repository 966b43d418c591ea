"""SSA over HTTP, against the same constraints worked out in Python."""

import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from astropy.coordinates import SkyCoord
from astropy.io.votable import parse
from astropy.time import Time
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from starlette.testclient import TestClient

from tests.serving import VOTABLE, query_status

PATH = "/ssa/query"
Row = dict[str, Any]
Keep = Callable[[Row], bool]


def ask(client: TestClient, **parameters: Any) -> Any:
    query = {"REQUEST": "queryData", "MAXREC": 10_000, **{k.upper(): v for k, v in parameters.items()}}
    answer = client.get(PATH, params=query)
    assert answer.status_code == 200
    assert query_status(answer.content)[0] == "OK", answer.text
    return parse(io.BytesIO(answer.content), verify="ignore").get_first_table().array


def names(table: Any) -> set[str]:
    """The spectra of this module in a table."""
    return {str(name) for name in table["assoc_id"] if str(name).startswith("TEST.SSA")}


def dates(low: str = "2010-01-01") -> st.SearchStrategy[str]:
    return st.dates(date.fromisoformat(low), date(2024, 12, 31)).map(str)


def between(column: str, low: float, high: float) -> Keep:
    return lambda row: row[column] is not None and low <= row[column] <= high


def overlap(first: str, last: str, low: float, high: float) -> Keep:
    return lambda row: bool(row[first] <= high and row[last] >= low)


def mjd(text: str) -> float:
    return float(Time(text, scale="utc").mjd)


def near(spectra: list[Row], ra: float, dec: float, radius: float) -> set[str]:
    """The spectra whose aperture of 0.01 degrees touches a circle."""
    places = SkyCoord([(row["s_ra"], row["s_dec"]) for row in spectra], unit="deg")
    distance = SkyCoord(ra, dec, unit="deg").separation(places).deg
    return {row["dp_id"] for row, d in zip(spectra, distance, strict=True) if d <= radius + 0.01}


Constraint = tuple[str, str, Keep]  #: a parameter, its value, and what it keeps


@st.composite
def bands(draw: st.DrawFn) -> Constraint:
    low, high = sorted(draw(st.tuples(st.floats(1e-7, 5e-6), st.floats(1e-7, 5e-6))))
    text, bounds = draw(
        st.sampled_from(
            [
                (f"{low!r}/{high!r}", (low, high)),
                (f"{high!r}/{low!r}", (low, high)),
                (f"/{high!r}", (0.0, high)),
                (f"{low!r}/;observer", (low, 1e9)),
                (f"{low!r}", (low, low)),
                ("optical", (3e-7, 1e-6)),
            ]
        )
    )
    return "BAND", text, overlap("em_min", "em_max", *bounds)


@st.composite
def times(draw: st.DrawFn) -> Constraint:
    low, high = sorted(draw(st.tuples(dates("2016-01-01"), dates("2016-01-01"))))
    after = mjd(str(date.fromisoformat(high) + timedelta(days=1)))
    if draw(st.booleans()):
        return "TIME", f"{low}/{high}", overlap("t_min", "t_max", mjd(low), after)
    one = overlap("t_min", "t_max", mjd(low), mjd(low) + 1)
    two = overlap("t_min", "t_max", after - 1, after)
    return "TIME", f"{low},{high}", lambda row: one(row) or two(row)


@st.composite
def changes(draw: st.DrawFn) -> Constraint:
    low, high = sorted(draw(st.tuples(dates(), dates())))
    return "MTIME", f"{low}/{high}", lambda row: low <= row["last_mod_date"][:10] <= high


@st.composite
def minima(draw: st.DrawFn) -> Constraint:
    name, column = draw(st.sampled_from([("SPECRP", "em_res_power"), ("SNR", "snr")]))
    value = draw(st.floats(1, 1e5))
    return name, repr(value), between(column, value, 1e99)


@st.composite
def resolutions(draw: st.DrawFn) -> Constraint:
    if draw(st.booleans()):
        value = draw(st.floats(1e-5, 2e-3))
        return "SPATRES", repr(value), between("s_resolution", -1, value * 3600)
    value = draw(st.floats(1, 1e7))
    return "TIMERES", repr(value), between("t_resolution", -1, value)


@st.composite
def words(draw: st.DrawFn) -> Constraint:
    number = draw(st.integers(0, 25))
    name, text, column, kept = draw(
        st.sampled_from(
            [
                ("FLUXCALIB", "absolute", "o_calib_status", {"absolute"}),
                ("FLUXCALIB", "RELATIVE", "o_calib_status", {"absolute", "relative"}),
                ("FLUXCALIB", "normalized", "o_calib_status", {"normalized"}),
                ("TARGETNAME", f"hd{number}", "target_name", {f"HD {number}"}),
                ("TARGETNAME", f"HD {number},nothing", "target_name", {f"HD {number}"}),
                ("COLLECTION", "blue", "obs_collection", {"TEST-SSA-BLUE"}),
                ("COLLECTION", "RED", "obs_collection", {"TEST-SSA-red"}),
            ]
        )
    )
    return name, text, lambda row: row[column] in kept


def constraints() -> st.SearchStrategy[Constraint]:
    return st.one_of(bands(), times(), changes(), minima(), resolutions(), words())


@given(first=constraints(), second=constraints())
def test_constraints_keep_exactly_the_rows_that_satisfy_all_of_them(
    client: TestClient, spectra: list[Row], first: Constraint, second: Constraint
) -> None:
    chosen = {name: (text, keep) for name, text, keep in (first, second)}
    found = names(ask(client, format="fits", **{name: text for name, (text, _) in chosen.items()}))
    assert found == {row["dp_id"] for row in spectra if all(keep(row) for _, keep in chosen.values())}


@given(
    centre=st.one_of(
        st.tuples(st.floats(0, 360), st.floats(-90, 90)), st.tuples(st.just(0.0), st.floats(-1, 1))
    ),
    size=st.sampled_from([0.0, 0.5, 2.0, 60.0, 179.0]),
)
def test_a_region_finds_the_apertures_that_touch_it(
    client: TestClient, spectra: list[Row], centre: tuple[float, float], size: float
) -> None:
    found = names(ask(client, pos=f"{centre[0]!r},{centre[1]!r}", size=size, format="fits"))
    # What touches at the very edge may fall on either side.
    assert near(spectra, *centre, size / 2 - 1e-8) <= found <= near(spectra, *centre, size / 2 + 1e-8)


def test_a_position_in_galactic_coordinates_is_the_same_place(client: TestClient, spectra: list[Row]) -> None:
    place = SkyCoord(spectra[0]["s_ra"], spectra[0]["s_dec"], unit="deg").galactic
    text = f"{float(place.l.deg)!r},{float(place.b.deg)!r};GALACTIC"
    assert spectra[0]["dp_id"] in names(ask(client, pos=text))


def test_identifiers_find_one_spectrum_in_any_case(client: TestClient, spectra: list[Row]) -> None:
    table = ask(client, creatordid="IVO://TEST/creator#7", format="fits")
    assert names(table) == {"TEST.SSA.007"}
    assert names(ask(client, pubdid=str(table["publisher_did"][0]).lower())) == {"TEST.SSA.007"}


@pytest.mark.parametrize(
    ("words", "types"),
    [
        ("all", {"application/fits", "application/x-votable+xml", "image/png"}),
        ("FITS", {"application/fits"}),
        ("compliant", {"application/fits", "application/x-votable+xml"}),
        ("votable,graphic", {"application/x-votable+xml", "image/png"}),
        ("application/fits", {"application/fits"}),
        ("text/html", set()),
    ],
)
def test_format_chooses_the_rows(client: TestClient, spectra: list[Row], words: str, types: set[str]) -> None:
    table = ask(client, creatordid="ivo://test/creator#7", format=words)
    assert {str(row["format"]) for row in table} == types
    assert len(table) == len(types)


def test_top_gives_the_nearest_first(client: TestClient, spectra: list[Row]) -> None:
    table = ask(client, pos="0,0", size=4, top=5, format="fits")
    centre = SkyCoord(0, 0, unit="deg")
    distance = {
        row["dp_id"]: centre.separation(SkyCoord(row["s_ra"], row["s_dec"], unit="deg")).deg
        for row in spectra
    }
    assert [str(name) for name in table["assoc_id"]] == sorted(distance, key=lambda name: distance[name])[:5]
    assert list(table["score"]) == sorted(table["score"], reverse=True)


def test_metadata_tells_every_parameter_and_column(client: TestClient) -> None:
    answer = client.get(PATH, params={"REQUEST": "queryData", "FORMAT": "METADATA", "POS": "nonsense"})
    root = etree.fromstring(answer.content)
    told = {param.get("name", ""): param for param in root.iter(f"{VOTABLE}PARAM")}
    for name in ("POS", "SIZE", "BAND", "TIME", "FORMAT", "TOP", "MAXREC", "PUBDID", "SNR"):
        assert told[f"INPUT:{name}"].find(f"{VOTABLE}DESCRIPTION") is not None
    fields = {field.get("name", ""): field for field in root.iter(f"{VOTABLE}FIELD")}
    assert {name.removeprefix("OUTPUT:") for name in told if name.startswith("OUTPUT:")} == set(fields)
    assert told["OUTPUT:acref"].get("utype") == fields["acref"].get("utype") == "ssa:Access.Reference"
    assert query_status(answer.content)[0] == "OK"


def test_every_answer_says_what_the_standard_wants_of_all_spectra(
    client: TestClient, spectra: list[Row]
) -> None:
    root = etree.fromstring(client.get(PATH, params={"POS": "0,0", "SIZE": "2"}).content)
    utypes = {element.get("utype") for element in root.iter(f"{VOTABLE}PARAM", f"{VOTABLE}FIELD")}
    assert {
        "ssa:Access.Reference", "ssa:Access.Format", "ssa:Dataset.DataModel", "ssa:Dataset.Length",
        "ssa:DataID.Title", "ssa:Curation.Publisher",
    } <= utypes  # fmt: skip
    (protocol,) = (info for info in root.iter(f"{VOTABLE}INFO") if info.get("name") == "SERVICE_PROTOCOL")
    assert (protocol.get("value"), protocol.text) == ("1.1", "SSAP")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("POS=as3f,1", "POS='as3f,1': 'as3f' is not a number; send POS=ra,dec"),
        ("POS=1", "POS='1': send POS=ra,dec"),
        ("POS=1,91", "out of range"),
        ("POS=1,NaN", "'NaN' is not a number"),
        ("POS=1,2;MARS", "the frame 'MARS' is not known"),
        ("POS=1,2&SIZE=-1", "SIZE='-1' is out of range"),
        ("BAND=x!", "BAND='x!' is not a known band: send metres, or one of radio"),
        ("BAND=1/2/3", "send a value, or a range"),
        ("BAND=1e-7;sink", "'sink' is not known after a semicolon: send one of source observer"),
        ("BAND=" + ",".join(["1"] * 101), "BAND has 101 elements: at most 100 are read"),
        ("TIME=yesterday", "is not a date: send 2020"),
        ("TIME=2020-13-01", "is not a date"),
        ("TIME=9999", "is not a date"),
        ("REQUEST=getCapabilities", "send REQUEST=queryData"),
        ("VERSION=2.0", "VERSION='2.0' is not spoken here: send 1.1"),
        ("TOP=0", "TOP=0 is not a number of rows"),
        ("TOP=many", "TOP wants a whole number"),
        ("FLUXCALIB=good", "FLUXCALIB='good' is not known"),
        ("WAVECALIB=good", "WAVECALIB='good' is not known"),
        ("SNR=high", "SNR='high': 'high' is not a number"),
        ("MAXREC=-1", "MAXREC=-1 is negative"),
    ],
)
def test_a_mistake_is_told_as_the_standard_tells_it(client: TestClient, query: str, message: str) -> None:
    answer = client.get(f"{PATH}?{query}")
    assert answer.status_code == 200
    status, text = query_status(answer.content)
    assert status == "ERROR"
    assert message in text


@pytest.mark.parametrize(
    "query", ["REDSHIFT=1/2", "VARAMPL=0.5", "TARGETCLASS=star", "COMPRESS=true", "RUNID=x", "BAND="]
)
def test_what_the_archive_does_not_know_constrains_nothing(
    client: TestClient, spectra: list[Row], query: str
) -> None:
    plain = ask(client, creatordid="ivo://test/creator#7")
    answer = client.get(f"{PATH}?CREATORDID=ivo://test/creator%237&{query}")
    assert len(parse(io.BytesIO(answer.content), verify="ignore").get_first_table().array) == len(plain) == 3
