"""Raw frames as rows of dbo.raw."""

import math
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.raw.derive import period_of, square
from tests.ingest import samples
from tests.ingest.test_footprint import from_plane, vector
from tests.ingest.test_products import assert_row, parsed
from vo_server import sky


def test_a_science_frame(tmp_path: Path) -> None:
    result = parsed(samples.raw(tmp_path / "x.fits"))
    assert (result.kind, result.category, result.prefix) == ("raw", "SCIENCE", "HAWKI")
    assert_row(
        result.row,
        {
            "date_obs": "2023-02-25T06:00:00.0000", "exp_start": datetime(2023, 2, 25, 6),
            "release_date": datetime(2024, 2, 25, 6), "dp_cat": "SCIENCE", "dp_type": "OBJECT",
            "dp_tech": "IMAGE,JITTER", "exposure": 60.0, "filter_path": "Ks", "instrument": "HAWKI",
            "lambda_min": 1990.0, "lambda_max": 2310.0, "mjd_obs": 60000.25, "ob_id": 4000123,
            "object": "NGC 1234", "origfile": "x.fits", "period": 110, "prog_id": "110.23XY.001",
            "ra": 150.25, "dec": -30.5, "ra_pnt": 150.25, "telescope": "ESO-VLT-U4", "tel_airm_start": 1.25,
            "det_dit": 10.0, "det_ndit": 6, "grat_path": None, "slit_path": None,
        },
    )  # fmt: skip
    region = sky.parse_region(result.row["s_region"])
    assert isinstance(region, sky.Polygon)
    assert 2 * sky.bounding_circle(region).radius == pytest.approx(0.125 * math.sqrt(2), rel=1e-4)


@pytest.mark.parametrize(
    ("cards", "column", "value"),
    [
        ({"DPR__TYPE": "BIAS", "DPR__CATG": "CALIB"}, "ra", None),
        ({"DPR__TYPE": "BIAS", "DPR__CATG": "CALIB"}, "s_region", None),
        ({"DPR__TYPE": "DARK", "DPR__CATG": "CALIB"}, "lambda_min", None),
        ({"DPR__TYPE": "LAMP,WAVE", "DPR__CATG": "CALIB"}, "dec_pnt", None),
        ({"DPR__TYPE": "FLAT,SKY", "DPR__CATG": "CALIB"}, "ra", 150.25),
        ({"DPR__CATG": "CALIB", "DPR__TYPE": "STD"}, "release_date", datetime(2023, 2, 25, 6)),
        ({"DPR__CATG": "ACQUISITION"}, "release_date", datetime(2024, 2, 25, 6)),
        ({"HIERARCH VOS RELEASE DATE": "2099-12-31"}, "release_date", datetime(2099, 12, 31)),
        ({"TEL__TARG__ALPHA": 100100.0, "TEL__TARG__DELTA": -303000.0}, "ra", 150.25),
        ({"TEL__TARG__DELTA": -303015.0}, "dec", -30.5 - 15 / 3600),
        ({"TEL__TARG__DELTA": 453000.0}, "dec", -30.5),
        ({"INSTRUME": "XSHOOTER", "SEQ__ARM": "NIR", "DPR__TECH": "ECHELLE"}, "lambda_max", 2480.0),
        ({"INSTRUME": "GIRAFFE", "INS__FILT__NAME": "L612.0-640.5", "DPR__TECH": "MOS"}, "lambda_min", 612.0),
        ({"INSTRUME": "UVES", "INS__GRAT2__WLEN": 580.0, "DPR__TECH": "ECHELLE"}, "lambda_max", 684.0),
        ({"INS__FILT1__NAME": "Z", "INS__FILT2__NAME": "free"}, "filter_path", "Z"),
        ({"OBS__PROG__ID": "094.D-0114(B)"}, "period", 94),
        ({"OBS__PROG__ID": "60.A-9100(A)"}, "period", 110),
        ({"OBS__PROG__ID": "60.A-9100(A)"}, "prog_type", 9),
        ({"OBS__PROG__ID": "194.B-0001(A)"}, "prog_type", 4),
        ({"OBS__PROG__ID": "0103.B-0001(A)"}, "period", 103),
    ],
)
def test_a_keyword_decides_a_column(tmp_path: Path, cards: dict[str, Any], column: str, value: Any) -> None:
    row = parsed(samples.raw(tmp_path / "x.fits", **cards)).row
    assert row[column] == (pytest.approx(value, rel=1e-9) if isinstance(value, float) else value)


@pytest.mark.parametrize(
    ("instant", "period"),
    [
        (datetime(2013, 4, 1), 91),  # the period that the access policy names
        (datetime(2013, 9, 30, 23, 59), 91),
        (datetime(2013, 3, 31), 90),
        (datetime(2011, 4, 1), 87),
        (datetime(2011, 10, 1), 88),
        (datetime(2012, 1, 15), 88),
    ],
)
def test_periods_begin_in_april_and_october(instant: datetime, period: int) -> None:
    assert period_of(instant) == period


@pytest.mark.parametrize(("ra", "dec"), [(150.0, -30.0), (0.0, 0.0), (10.0, 90.0), (0.001, -89.999)])
def test_a_square_field_is_turned_from_north_to_east(ra: float, dec: float) -> None:
    corners = square(ra, dec, 0.1, 30.0)
    half = math.degrees(math.tan(math.radians(0.05)))
    turn = math.radians(30.0)
    # The middle of the upper edge lies at position angle 30 degrees.
    top = [vector(*corner) for corner in corners]
    upper = from_plane(ra, dec, half * math.sin(turn), half * math.cos(turn))
    middles = [top[i] + top[(i + 1) % 4] for i in range(4)]
    distances = [float(abs(middle / (middle @ middle) ** 0.5 - upper).max()) for middle in middles]
    assert min(distances) < 1e-9
