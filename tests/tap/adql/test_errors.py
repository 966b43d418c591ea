"""Wrong queries: the place and the words that a client gets."""

import re

import pytest

from tap.adql import AdqlError, translate
from tap.adql.parse import MAX_LENGTH
from tests.tap.adql.cases import Case, read_cases
from vo_server.tables import Catalog

CASES = list(read_cases("errors.sql"))


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_refusal_tells_place_and_reason(case: Case, catalog: Catalog) -> None:
    match = re.fullmatch(r"(\d+):(\d+) (.*)", case.expected)
    assert match is not None
    with pytest.raises(AdqlError) as caught:
        translate(case.query, catalog)
    assert match[3] in str(caught.value)
    assert (caught.value.line, caught.value.column) == (int(match[1]), int(match[2]))
    assert str(caught.value).startswith(f"line {match[1]}, column {match[2]}: ")


def test_nearest_names_are_values_too(catalog: Catalog) -> None:
    with pytest.raises(AdqlError) as caught:
        translate("SELECT em_mim FROM ivoa.obscore", catalog)
    assert caught.value.nearest[0] == "em_min"


def test_expected_words_are_values_too(catalog: Catalog) -> None:
    with pytest.raises(AdqlError) as caught:
        translate("SELECT em_min ivoa.obscore", catalog)
    assert caught.value.expected == ("','", "FROM")


def test_a_query_beyond_the_length_is_refused_unread(catalog: Catalog) -> None:
    with pytest.raises(AdqlError, match="characters"):
        translate("(" * (MAX_LENGTH + 1), catalog)


@pytest.mark.parametrize("character", ["\0", "\ud800"])
def test_a_character_that_is_no_text_is_refused(character: str, catalog: Catalog) -> None:
    with pytest.raises(AdqlError, match="not text"):
        translate(f"SELECT '{character}' FROM dbo.raw", catalog)


def test_a_message_never_holds_sql_of_the_database(catalog: Catalog) -> None:
    for case in CASES:
        with pytest.raises(AdqlError) as caught:
            translate(case.query, catalog)
        assert "double precision" not in str(caught.value)
        assert "Token" not in str(caught.value)


def test_lists_and_polygons_have_limits(catalog: Catalog) -> None:
    numbers = ", ".join(map(str, range(20_001)))
    with pytest.raises(AdqlError, match="IN takes at most 20000 values, got 20001: upload them"):
        translate(f"SELECT ra FROM dbo.raw WHERE ra IN ({numbers})", catalog)
    corners = ", ".join(f"ra + {n}, dec" for n in range(1001))
    with pytest.raises(AdqlError, match="at most 1000 vertices, got 1001"):
        translate(f"SELECT AREA(POLYGON({corners})) FROM dbo.raw", catalog)
