"""Every kind of Phase 3 product as a row of ObsCore: the numbers that the standard and the header demand."""

import math
from pathlib import Path
from typing import Any

import pytest

from ingest.collections import presets
from ingest.raw.classify import load_classifier
from ingest.raw.programmes import load_programmes
from ingest.raw.registration import Registration
from ingest.read import Parsed, read
from ingest.scan import Candidate, candidate
from tests.ingest import samples
from vo_server import sky
from vo_server.headers.rows import keyword_rows

REGISTRATION = Registration(load_classifier(), load_programmes())


def parsed(path: Path) -> Parsed:
    found = candidate(path)
    assert isinstance(found, Candidate)
    result = read(found, presets(), registration=REGISTRATION)
    assert isinstance(result, Parsed), result.findings
    return result


def assert_row(row: dict[str, Any], expected: dict[str, Any]) -> None:
    for column, value in expected.items():
        if isinstance(value, float):
            assert row[column] == pytest.approx(value, rel=1e-9), column
        else:
            assert row[column] == value, column


def test_an_image(tmp_path: Path) -> None:
    result = parsed(samples.image(tmp_path / "tile.fits", PRODLVL=3))
    assert result.findings == ()
    assert (result.kind, result.category, result.origfile) == ("product", "SCIENCE.IMAGE", "tile.fits")
    low, high = 1990e-9, 2310e-9
    assert_row(
        result.row,
        {
            "dataproduct_type": "image", "dataproduct_subtype": "tile", "calib_level": 3,
            "obs_collection": "HAWKI", "obs_id": "4000123", "target_name": "NGC 1234",
            "s_ra": 150.25, "s_dec": -30.5, "s_resolution": 0.7, "s_pixel_scale": 18.0,
            "s_xel1": 20, "s_xel2": 20, "t_min": 60000.25, "t_max": 60000.2525, "t_exptime": 120.0,
            "t_xel": 1,
            "t_resolution": (60000.2525 - 60000.25) * 86400, "em_min": low, "em_max": high,
            "em_res_power": (low + high) / 2 / (high - low), "em_xel": 1, "o_ucd": "phot.count",
            "o_calib_status": "absolute", "pol_states": None, "pol_xel": None,
            "facility_name": "ESO-VLT-U4", "instrument_name": "HAWKI", "proposal_id": "110.23XY.001",
            "obs_title": "HAWKI NGC 1234 Ks", "obs_creator_name": "ESO", "filter": "Ks", "abmaglim": 22.5,
            "snr": None, "strehl": None, "multi_ob": "S", "n_obs": 2, "obstech": "IMAGE,JITTER",
            "p3orig": "IDP",
            "obs_creator_did": "ivo://eso.org/origfile?tile.fits",
        },
    )  # fmt: skip
    diagonal = 2 * math.degrees(math.atan(math.radians(0.1) * math.sqrt(2) / 2))
    assert result.row["s_fov"] == pytest.approx(diagonal, rel=1e-9)
    assert isinstance(sky.parse_region(result.row["s_region"]), sky.Polygon)
    assert result.provenance == ("HAWKI.2023-02-25T06:00:00.000", "HAWKI.2023-02-25T06:02:00.000")


@pytest.mark.parametrize("air", [True, False])
def test_a_spectrum(tmp_path: Path, air: bool) -> None:
    row = parsed(samples.spectrum(tmp_path / "x.fits", air=air)).row
    assert_row(
        row,
        {
            "dataproduct_type": "spectrum", "dataproduct_subtype": None, "calib_level": 2,
            "s_ra": 150.25, "s_dec": -30.5, "s_fov": 0.0005, "s_xel1": None, "s_pixel_scale": None,
            "s_resolution": None, "t_resolution": 216.0, "em_res_power": 42000.0, "em_xel": 50,
            "o_ucd": "phot.flux.density;em.wl;stat.uncalib;meta.main", "o_calib_status": "uncalibrated",
            "snr": 33.5, "abmaglim": None, "obs_title": "A spectrum of NGC 1234", "instrument_name": "UVES",
        },
    )  # fmt: skip
    assert row["em_min"] == pytest.approx(400.1131e-9 if air else 400e-9, rel=1e-6)
    assert sky.parse_region(row["s_region"]) == sky.Circle(150.25, -30.5, 0.00025)


def test_a_normalized_spectrum(tmp_path: Path) -> None:
    row = parsed(samples.spectrum(tmp_path / "x.fits", CONTNORM=True)).row
    assert row["o_calib_status"] == "normalized"


def test_a_cube_across_ra_0(tmp_path: Path) -> None:
    row = parsed(samples.cube(tmp_path / "x.fits")).row
    assert_row(
        row,
        {
            "dataproduct_type": "cube", "dataproduct_subtype": "ifs", "s_resolution": 0.8, "s_xel1": 10,
            "s_xel2": 10, "em_xel": 16, "em_res_power": 2989.0, "o_ucd": "phot.flux.density;em.wl",
            "abmaglim": 24.4, "s_pixel_scale": 6.0,
        },
    )  # fmt: skip
    assert min(row["s_ra"], 360 - row["s_ra"]) < 1e-9
    # No WAVELMIN: the edges of the planes, from air to vacuum (480 nm: +0.1341 nm).
    assert row["em_min"] == pytest.approx((479.375 + 0.1340) * 1e-9, rel=2e-7)


def test_a_mosaic_is_a_union_of_its_detectors(tmp_path: Path) -> None:
    row = parsed(samples.mosaic(tmp_path / "x.fits")).row
    assert_row(
        row, {"dataproduct_type": "image", "dataproduct_subtype": "pawprint", "s_xel1": 8, "filter": "J"}
    )
    region = sky.parse_region(row["s_region"])
    assert isinstance(region, sky.Union)
    assert (row["s_ra"], row["s_dec"]) == pytest.approx((40.0, 10.0), abs=1e-4)
    # From corner to corner of two squares of 0.1 degrees, 0.2 apart.
    assert row["s_fov"] == pytest.approx(math.hypot(0.1, 0.3), rel=0.01)


def test_a_catalogue_has_the_footprint_of_its_corners(tmp_path: Path) -> None:
    row = parsed(samples.catalogue(tmp_path / "x.fits")).row
    assert_row(
        row,
        {
            "dataproduct_type": "measurements", "dataproduct_subtype": "catalog", "calib_level": 4,
            "filter": "J,Ks", "em_min": 1170e-9, "em_max": 2310e-9, "o_ucd": None, "s_xel1": None,
        },
    )  # fmt: skip
    assert row["s_fov"] == pytest.approx(2 * math.sqrt(2), rel=1e-3)
    assert min(row["s_ra"], 360 - row["s_ra"]) < 1e-6
    assert abs(row["s_dec"]) < 1e-6


@pytest.mark.parametrize(
    ("cards", "column", "value"),
    [
        ({"PRODCATG": "SCIENCE.IMAGE.FLUXMAP", "SKY_RES": 19.0}, "dataproduct_subtype", "fluxmap"),
        ({"PRODCATG": "SCIENCE.IMAGE.FLUXMAP", "SKY_RES": 19.0}, "s_resolution", 19.0),
        ({"PRODCATG": "SCIENCE.VISIBILITY"}, "dataproduct_type", "visibility"),
        ({"OBID2": 4000124}, "obs_id", "4000123,4000124"),
        ({"OBID2": 4000124}, "multi_ob", "M"),
        ({"OBID1": None}, "obs_id", "HAWKI.2023-02-25T06:00:00.000.fits"),
        ({"INSTRUME": "MULTI", "INSTR1": "VIMOS", "INSTR2": "HAWKI"}, "instrument_name", "VIMOS,HAWKI"),
        ({"PROG_ID": "MULTI", "PROGID1": "a", "PROGID2": "b"}, "proposal_id", "a,b"),
        ({"FILTER": "MULTI", "FILTER1": "J", "FILTER2": "H"}, "filter", "J,H"),
        ({"FILTER": "nobody's"}, "em_min", None),
        ({"BUNIT": "erg/s/cm2/Angstrom"}, "o_ucd", "phot.flux.density"),
        ({"STOKES": "I,Q,U"}, "pol_states", "/I/Q/U/"),
        ({"STOKES": "I,Q,U"}, "pol_xel", 3),
        ({"REFERENC": "2004A&A...425..367B"}, "bib_reference", "2004A&A...425..367B"),
        ({"REFERENC": ""}, "bib_reference", None),
    ],
)
def test_a_keyword_decides_a_column(tmp_path: Path, cards: dict[str, Any], column: str, value: Any) -> None:
    assert parsed(samples.image(tmp_path / "x.fits", **cards)).row[column] == value


def test_associated_files_keep_their_number_when_categories_are_only_told_of_some(tmp_path: Path) -> None:
    cards = {"ASSON1": "x_weight.fits", "ASSON2": "x.png", "ASSOC2": "ANCILLARY.PREVIEW"}
    result = parsed(samples.image(tmp_path / "x.fits", **dict[str, Any](cards)))
    assert [(a.name, a.category) for a in result.associations] == [
        ("x_weight.fits", None),
        ("x.png", "ANCILLARY.PREVIEW"),
    ]


def test_an_ancillary_file_has_no_row(tmp_path: Path) -> None:
    result = parsed(samples.image(tmp_path / "x.fits", PRODCATG="ANCILLARY.WEIGHTMAP"))
    assert (result.kind, result.category, result.row) == ("ancillary", "ANCILLARY.WEIGHTMAP", {})


def test_an_image_of_any_origin(tmp_path: Path) -> None:
    cards = {"PRODCATG": None, "TELESCOP": "HST", "INSTRUME": "WFPC2", "FILTER": "F606W", "P3ORIG": None,
             "PSF_FWHM": None, "OBID1": None, "PROV1": None}  # fmt: skip
    row = parsed(samples.image(tmp_path / "x.fits", **dict[str, Any](cards))).row
    assert_row(
        row,
        {
            "dataproduct_type": "image", "obs_collection": "HST", "obs_id": "x.fits", "calib_level": 2,
            "em_min": 509e-9, "em_max": 690e-9, "obs_creator_did": None,
        },
    )  # fmt: skip
    assert row["s_region"] is not None


def test_every_card_of_every_hdu_is_a_keyword_row(tmp_path: Path) -> None:
    headers = parsed(samples.spectrum(tmp_path / "x.fits")).headers
    rows = keyword_rows(("x", hdu, header) for hdu, header in enumerate(headers)).to_pylist()
    by_name = {(row["hdu"], row["keyword"]): row for row in rows}
    assert by_name[0, "SNR"] | {"pos": 0} == {
        "dp_id": "x", "hdu": 0, "pos": 0, "keyword": "SNR", "vtype": "F", "value_s": None, "value_n": 33.5,
        "value_l": None, "unit": None, "comment": "",
    }  # fmt: skip
    assert by_name[0, "CONTNORM"]["value_l"] is False
    assert by_name[1, "TTYPE1"]["value_s"] == "WAVE"
    assert by_name[1, "NELEM"]["value_n"] == 50.0
    for hdu in (0, 1):
        positions = [row["pos"] for row in rows if row["hdu"] == hdu]
        assert positions == list(range(len(positions)))
