"""The parameters of SIA 2.0: every value of the standard, every mistake a UsageFault."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sia.params import PARAMETERS, SiaParams
from vo_server.config import Settings
from vo_server.errors import UsageFault
from vo_server.intervals import Interval, Period, parse_interval, parse_period
from vo_server.parameters import Parameters

SETTINGS = Settings(maxrec_default=100, maxrec_limit=1000)
#: SIA 2.0 (ivoa-std/SIA), the parameter of the 2.1 draft, and ours.
NAMES = (
    "POS BAND TIME POL FOV SPATRES SPECRP EXPTIME TIMERES ID COLLECTION FACILITY INSTRUMENT DPTYPE CALIB"
    " TARGET FORMAT RELEASEDATE MOC"
)


def params(*items: tuple[str, str]) -> SiaParams:
    return SiaParams.from_parameters(Parameters(items), SETTINGS)


def test_every_parameter_of_the_standard_is_there() -> None:
    assert {item.name for item in PARAMETERS} == set(NAMES.split())


def test_nothing_asked_is_no_constraint() -> None:
    found = params()
    assert all(getattr(found, item.name.lower()) == () for item in PARAMETERS)
    assert found.maxrec == 100
    assert found.responseformat.name == "votable"


def test_values_of_one_parameter_are_kept_in_order_and_once() -> None:
    found = params(("TARGET", "M 31"), ("target", "m 31"), ("Target", "M 31"), ("TARGET", " "))
    assert found.target == ("M 31", "m 31")


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("300 600", 300, 600),
        ("300 +Inf", 300, math.inf),
        ("-Inf 600", -math.inf, 600),
        ("-Inf +Inf", -math.inf, math.inf),
        ("550", 550, 550),
        ("500e-9 550E-9", 500e-9, 550e-9),
        ("-inf  inf", -math.inf, math.inf),
    ],
)
def test_intervals_of_the_standard(text: str, low: float, high: float) -> None:
    assert parse_interval("BAND", text) == Interval(low, high)


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_every_interval_is_read_as_it_is_written(a: float, b: float) -> None:
    low, high = sorted((a, b))
    if low == high and math.isinf(low):
        return
    assert parse_interval("TIME", f"{low!r} {high!r}") == Interval(low, high)


@pytest.mark.parametrize(
    "text", ["", "a", "1 2 3", "2 1", "NaN", "1 NaN", "Inf", "+Inf +Inf", "1,2", "1/2", "0x10"]
)
def test_a_wrong_interval_is_a_usage_fault_that_names_it(text: str) -> None:
    with pytest.raises(UsageFault, match="FOV="):
        parse_interval("FOV", text)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2020-01-31", datetime(2020, 1, 31, tzinfo=UTC), datetime(2020, 1, 31, tzinfo=UTC)),
        (
            "2020-01-31T12:00:00.5Z 2021-01-01",
            datetime(2020, 1, 31, 12, 0, 0, 500000, UTC),
            datetime(2021, 1, 1, tzinfo=UTC),
        ),
        ("-Inf 2021-01-01", None, datetime(2021, 1, 1, tzinfo=UTC)),
        ("2021-01-01 +Inf", datetime(2021, 1, 1, tzinfo=UTC), None),
        ("-Inf Inf", None, None),
    ],
)
def test_periods(text: str, low: datetime | None, high: datetime | None) -> None:
    assert parse_period("RELEASEDATE", text) == Period(low, high)


@pytest.mark.parametrize(
    "text",
    ["now", "2020", "2020-02-30", "2020-01-01T12", "2021-01-01 2020-01-01", "Inf", "+Inf -Inf",
     "2020-01-01 -Inf", "2020-01-01+02:00", "1 2 3"],
)  # fmt: skip
def test_a_wrong_period_is_a_usage_fault_that_names_it(text: str) -> None:
    with pytest.raises(UsageFault, match="RELEASEDATE="):
        parse_period("RELEASEDATE", text)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("POL", "Z", "I Q U V"),
        ("POL", "i", "I Q U V"),
        ("DPTYPE", "spectrum", "image cube"),
        ("CALIB", "5", "0 1 2 3 4"),
        ("CALIB", "two", "0 1 2 3 4"),
        ("TARGET", "x" * 1001, "at most 1000"),
        ("MAXREC", "-1", "negative"),
        ("MAXREC", "many", "whole number"),
        ("RESPONSEFORMAT", "foo", "foo"),
        ("POS", "BOX 1 2 3 4", "POS="),
    ],
)
def test_a_wrong_value_says_what_is_allowed(name: str, text: str, told: str) -> None:
    with pytest.raises(UsageFault, match=told):
        params((name, text))


def test_maxrec_stays_within_the_limit() -> None:
    assert params(("MAXREC", "5000")).maxrec == 1000
    assert params(("MAXREC", "0")).maxrec == 0


def test_unknown_parameters_are_ignored() -> None:
    assert params(("VERB", "2"), ("REQUEST", "query")) == params()


def test_every_numeric_parameter_takes_an_interval() -> None:
    names = [item.name for item in PARAMETERS if item.kind == "interval"]
    assert names == ["BAND", "TIME", "FOV", "SPATRES", "SPECRP", "EXPTIME", "TIMERES"]
    for name in names:
        assert getattr(params((name, "1 2"), (name, "5")), name.lower()) == (Interval(1, 2), Interval(5, 5))
