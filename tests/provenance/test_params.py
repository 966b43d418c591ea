"""The parameters of ``/provenance``: what may be sent, and what is said of the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.params import FORMATS, MAX_DEPTH, MAX_IDS, ProvenanceParams, parse_depth, parse_responseformat
from vo_server.errors import UsageFault
from vo_server.parameters import Parameters


def read(*items: tuple[str, str]) -> ProvenanceParams:
    return ProvenanceParams.from_parameters(Parameters(items))


def test_without_more_than_an_id_all_that_is_back_is_told_as_json() -> None:
    found = read(("id", " a "))
    assert (found.ids, found.depth, found.direction) == (("a",), MAX_DEPTH, "BACK")
    assert found.responseformat.media_type == "application/json"


def test_ids_may_be_many_and_each_counts_once() -> None:
    assert read(("ID", "a"), ("id", "b"), ("Id", "a"), ("ID", "")).ids == ("a", "b")


@pytest.mark.parametrize(("text", "depth"), [("0", 0), ("7", 7), ("all", MAX_DEPTH), ("ALL", MAX_DEPTH)])
def test_a_depth_is_a_number_or_all(text: str, depth: int) -> None:
    assert parse_depth(text) == depth


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ((), "ID is missing"),
        ((("ID", " "),), "ID is missing"),
        (tuple(("ID", str(n)) for n in range(MAX_IDS + 1)), f"at most {MAX_IDS}"),
        ((("ID", "a"), ("DEPTH", "-1")), "DEPTH='-1'.*0 to 100"),
        ((("ID", "a"), ("DEPTH", "1.5")), "DEPTH"),
        ((("ID", "a"), ("DEPTH", "101")), "0 to 100"),
        ((("ID", "a"), ("DEPTH", "9" * 5000)), "DEPTH"),
        ((("ID", "a"), ("DEPTH", "1"), ("DEPTH", "2")), "DEPTH is given 2 times"),
        ((("ID", "a"), ("DIRECTION", "UP")), "BACK or FORTH"),
        ((("ID", "a"), ("RESPONSEFORMAT", "votable")), "PROV-SVG"),
    ],
)
def test_what_is_wrong_is_said(items: tuple[tuple[str, str], ...], message: str) -> None:
    with pytest.raises(UsageFault, match=message):
        read(*items)


def test_a_format_has_a_name_a_short_one_and_a_media_type() -> None:
    for form in FORMATS:
        for text in (
            form.name,
            form.name.lower(),
            form.name[5:],
            form.media_type,
            f'{form.media_type}; charset="UTF-8"',
        ):
            assert parse_responseformat(text).name == form.name
    assert parse_responseformat("text/xml").media_type == "text/xml"


@given(st.text())
def test_no_text_makes_anything_but_a_format_or_a_fault(text: str) -> None:
    try:
        found = parse_responseformat(text)
    except UsageFault:
        return
    assert found.name in {form.name for form in FORMATS}
