"""What a TAP request may say, and what it is told otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap.params import MAX_QUERY, TapParams
from vo_server.config import Settings
from vo_server.errors import UsageFault
from vo_server.parameters import Parameters

SETTINGS = Settings.model_validate({"maxrec_default": 100, "maxrec_limit": 1000})
GOOD = {"LANG": "ADQL", "QUERY": "SELECT 1 AS one FROM tap_schema.tables"}


def parse(**values: str) -> TapParams:
    return TapParams.from_parameters(Parameters({**GOOD, **values}.items()), SETTINGS)


def test_the_least_request_gets_votable_and_the_default_maxrec() -> None:
    params = parse()
    assert (params.lang, params.responseformat.name, params.maxrec, params.runid) == (
        "ADQL",
        "votable",
        100,
        None,
    )


@pytest.mark.parametrize("lang", ["ADQL", "adql", "ADQL-2.0", "ADQL-2.1", "adql-2.1"])
def test_every_adql_we_read_is_accepted(lang: str) -> None:
    assert parse(LANG=lang).lang == lang.upper()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"LANG": ""}, "LANG is missing"),
        ({"LANG": "PQL"}, "unknown query language"),
        ({"QUERY": " "}, "QUERY is missing"),
        ({"QUERY": "x" * (MAX_QUERY + 1)}, "at most"),
        ({"MAXREC": "-1"}, "MAXREC=-1 is negative"),
        ({"MAXREC": "many"}, "MAXREC wants a whole number"),
        ({"MAXREC": "1e3"}, "MAXREC wants a whole number"),
        ({"RESPONSEFORMAT": "foo"}, "foo"),
        ({"REQUEST": "getCapabilities"}, "doQuery"),
        ({"UPLOAD": "t,ftp://t"}, "UPLOAD of t"),
        ({"RUNID": "x" * 65}, "RUNID"),
    ],
)
def test_a_wrong_value_is_refused_with_its_name(values: dict[str, str], message: str) -> None:
    with pytest.raises(UsageFault, match=message):
        parse(**values)


def test_old_and_spurious_parameters_do_no_harm() -> None:
    params = parse(REQUEST="doQuery", VERSION="1.0", FORMAT="csv", WHATEVER="x", RUNID="night-1")
    assert (params.responseformat.name, params.runid) == ("csv", "night-1")


@given(st.integers(min_value=0, max_value=10**30))
def test_maxrec_never_exceeds_the_limit(number: int) -> None:
    assert parse(MAXREC=str(number)).maxrec == min(number, 1000)


def test_a_parameter_given_twice_with_two_values_is_refused() -> None:
    items = [*GOOD.items(), ("maxrec", "1"), ("MAXREC", "2")]
    with pytest.raises(UsageFault, match="MAXREC is given 2 times"):
        TapParams.from_parameters(Parameters(items), SETTINGS)
