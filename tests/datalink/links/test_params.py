"""The parameters of {links}: identifiers of this archive in every spelling, and formats."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalink.links.params import DATALINK, MAX_IDS, LinksParams, parse_responseformat
from vo_server.config import Settings
from vo_server.errors import NotFoundFault, UsageFault
from vo_server.identifiers import parse_id
from vo_server.parameters import Parameters

SETTINGS = Settings(authority="archive.example")
DP_ID = "ADP.2016-07-15T08:22:40.678"


@pytest.mark.parametrize(
    "text",
    [DP_ID, f"ivo://archive.example/ID?{DP_ID}", f"IVO://Archive.Example/id?{DP_ID.lower()}", DP_ID.lower()],
)
def test_every_spelling_of_an_identifier_means_its_file(text: str) -> None:
    assert DP_ID in parse_id(text, SETTINGS)


def test_an_identifier_is_looked_for_as_it_is_written_first() -> None:
    assert parse_id("Mixed.Case", SETTINGS) == ("Mixed.Case", "MIXED.CASE")


@pytest.mark.parametrize(
    "text", ["ivo://eso.org/ID?ADP.1", "ivo:", "ivo://archive.example/ID?", "ivo://archive.example/other"]
)
def test_an_identifier_of_somebody_else_is_not_found(text: str) -> None:
    with pytest.raises(NotFoundFault):
        parse_id(text, SETTINGS)


def test_an_identifier_has_a_length() -> None:
    with pytest.raises(UsageFault, match="501 characters"):
        parse_id("x" * 501, SETTINGS)


@given(st.text(min_size=1, max_size=600))
def test_no_identifier_makes_anything_but_candidates_or_a_fault(text: str) -> None:
    try:
        found = parse_id(text, SETTINGS)
    except (NotFoundFault, UsageFault):
        return
    assert 1 <= len(found) <= 2


def test_identifiers_are_kept_in_order_and_once() -> None:
    found = LinksParams.from_parameters(Parameters([("ID", "b"), ("id", "a"), ("ID", "b"), ("ID", " ")]))
    assert found.ids == ("b", "a")
    assert not found.is_truncated


def test_more_identifiers_than_are_answered_are_cut() -> None:
    items = [("ID", str(n)) for n in range(MAX_IDS + 1)]
    found = LinksParams.from_parameters(Parameters(items, most=MAX_IDS + 1))
    assert len(found.ids) == MAX_IDS
    assert found.is_truncated


def test_maxrec_zero_asks_for_the_columns_only() -> None:
    found = LinksParams.from_parameters(Parameters([("ID", "a"), ("MAXREC", "0")]))
    assert (found.ids, found.is_truncated) == ((), False)
    with pytest.raises(UsageFault, match="negative"):
        LinksParams.from_parameters(Parameters([("MAXREC", "-1")]))


@pytest.mark.parametrize(
    ("text", "name", "media_type"),
    [
        # DataLink 1.1, RESPONSEFORMAT: these mean TABLEDATA.
        (None, "votable/td", DATALINK),
        ("votable", "votable/td", DATALINK),
        ("application/x-votable+xml", "votable/td", DATALINK),
        ("application/x-votable+xml;content=datalink", "votable/td", DATALINK),
        ("text/xml", "votable/td", "text/xml"),
        ("votable/b2", "votable/b2", "application/x-votable+xml;serialization=binary2"),
        ("csv", "csv", "text/csv;header=present"),
    ],
)
def test_formats(text: str | None, name: str, media_type: str) -> None:
    found = parse_responseformat(text)
    assert (found.name, found.media_type) == (name, media_type)


def test_an_unknown_format_is_a_usage_fault() -> None:
    with pytest.raises(UsageFault, match="foo"):
        parse_responseformat("foo")
