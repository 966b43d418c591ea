"""Pointings against astropy, periods against known dates."""

from datetime import UTC, datetime, timedelta

import astropy.units as u
import pytest
from astropy.coordinates import AltAz, EarthLocation, SkyCoord
from astropy.time import Time
from astropy.utils import iers
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.ephemeris import ALTITUDE, LATITUDE, LONGITUDE, iso, mjd, period, pointing

PARANAL = EarthLocation(lat=LATITUDE * u.deg, lon=LONGITUDE * u.deg, height=ALTITUDE * u.m)


@settings(max_examples=25, deadline=None)
@given(ra=st.floats(0, 359), dec=st.floats(-85, 60), hours=st.floats(0, 4000))
def test_a_pointing_is_right_to_half_a_degree(ra: float, dec: float, hours: float) -> None:
    instant = datetime(2024, 10, 1, tzinfo=UTC) + timedelta(hours=hours)
    with iers.conf.set_temp("auto_download", False), iers.conf.set_temp("iers_degraded_accuracy", "ignore"):
        frame = AltAz(obstime=Time(instant), location=PARANAL)
        truth = SkyCoord(ra, dec, unit="deg").transform_to(frame)
    here = pointing(ra, dec, instant)
    # ESO counts azimuth from south over west, astropy from north over east.
    ours = SkyCoord(here.az + 180, here.alt, unit="deg")
    assert ours.separation(SkyCoord(truth.az, truth.alt)).deg < 0.5


def test_mjd_is_astropys() -> None:
    instant = datetime(2015, 11, 18, 9, 34, 3, 528_000, UTC)
    assert mjd(instant) == pytest.approx(57344.39865194, abs=1e-8)
    assert iso(instant) == "2015-11-18T09:34:03.528"


@pytest.mark.parametrize(
    ("day", "expected"),
    [((2011, 4, 1), 87), ((2013, 4, 1), 91), ((2013, 9, 30), 91), ((2013, 10, 1), 92), ((2014, 3, 31), 92)],
)
def test_periods(day: tuple[int, int, int], expected: int) -> None:
    assert period(datetime(*day, tzinfo=UTC)) == expected
