"""Card by card: what our parser reads is what astropy reads."""

import re
import string
from typing import Any

import pytest
from astropy.io import fits
from astropy.io.fits.card import Undefined
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.header import CARD, Card, parse_cards

TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)
COMMENT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
NUMBERS = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
)
KEYWORD = st.text(string.ascii_uppercase + string.digits + "_-", min_size=1, max_size=8).filter(
    lambda keyword: keyword not in ("END", "COMMENT", "HISTORY", "CONTINUE", "HIERARCH")
)
WORD = st.text(string.ascii_uppercase + string.digits, min_size=1, max_size=6)
HIERARCH = st.lists(WORD, min_size=2, max_size=4).map(" ".join)


def shown(header: fits.Header) -> list[Card]:
    return parse_cards(header.tostring().encode("ascii"))[0]


def dotted(keyword: str) -> str:
    return keyword.removeprefix("ESO ").replace(" ", ".")


def assert_same(card: Card, expected: fits.Card) -> None:
    value: Any = expected.value
    if expected.keyword in ("COMMENT", "HISTORY", ""):
        assert (card.vtype, card.value, card.comment) == ("C", None, value)
        return
    assert card.keyword == dotted(expected.keyword)
    assert card.comment == expected.comment.strip()
    if isinstance(value, Undefined):
        assert (card.vtype, card.value) == ("C", None)
    elif isinstance(value, complex):
        assert card.vtype == "S"
    else:
        kind = {bool: "L", str: "S", int: "I", float: "F"}[type(value)]
        assert card.vtype == kind
        assert card.value == (value.rstrip() if isinstance(value, str) else value)


@settings(max_examples=300, deadline=None)
@given(KEYWORD, st.one_of(NUMBERS, TEXT), COMMENT)
def test_a_standard_card_reads_as_astropy_reads_it(keyword: str, value: Any, comment: str) -> None:
    with_comment = fits.Card(keyword, value, comment)
    try:
        image = with_comment.image
    except (ValueError, fits.VerifyError):
        return
    except fits.verify.VerifyWarning:  # the comment was cut
        return
    if len(image) > CARD or is_record_valued(image):
        return
    cards, faults = parse_cards(image.encode("ascii").ljust(2880))
    assert not faults
    assert_same(cards[0], fits.Card.fromstring(image))


def is_record_valued(image: str) -> bool:
    """Astropy splits ``DP1 = 'AXIS.1: 2'`` into two; we keep the string."""
    return re.search(r"'[A-Za-z_]\w*(\.\w+)*: +[-+.\d]", image) is not None


@settings(max_examples=200, deadline=None)
@given(HIERARCH, st.one_of(NUMBERS, TEXT.filter(lambda text: len(text) < 20)))
def test_a_hierarch_card_reads_as_astropy_reads_it(keyword: str, value: Any) -> None:
    header = fits.Header()
    try:
        header.append(fits.Card(f"HIERARCH ESO {keyword}", value), end=True)
        image = header.tostring()
    except (ValueError, fits.verify.VerifyWarning):
        return
    if is_record_valued(image):
        return
    card = parse_cards(image.encode("ascii"))[0][0]
    assert_same(card, fits.Card.fromstring(image[:CARD]))


# Without quotes: astropy may cut a doubled one in two, and what follows can then be read in two ways.
@settings(max_examples=200, deadline=None)
@given(
    st.text(
        st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="'"), min_size=70, max_size=400
    )
)
def test_a_long_string_is_put_together_as_astropy_does(value: str) -> None:
    if value.endswith("&"):
        value += "."
    header = fits.Header()
    header["LONGSTR"] = (value, "its comment")
    cards = shown(header)
    assert cards[0].value == header["LONGSTR"] == value
    assert cards[0].comment == "its comment"
    assert len(cards[0].text) % CARD == 0


def test_a_quote_in_a_long_string_may_be_cut_in_two() -> None:
    value = "0" * 66 + "'000"
    header = fits.Header({"LONGSTR": value})
    assert "'&'" in header.tostring()
    assert shown(header)[0].value == value


def test_positions_count_cards_and_every_card_is_kept() -> None:
    header = fits.Header()
    header["A"] = 1
    header["LONG"] = "x" * 150
    header.append(("COMMENT", "free text"), end=True)
    header.append(("B", 2.5), end=True)
    cards = shown(header)
    assert [(card.keyword, card.pos) for card in cards] == [("A", 0), ("LONG", 1), ("COMMENT", 4), ("B", 5)]
    assert "".join(card.text for card in cards) == header.tostring()[: 6 * CARD]


@pytest.mark.parametrize(
    ("line", "keyword", "vtype", "value"),
    [
        ("HIERARCH ESO DPR CATG = 'SCIENCE ' / Observation category", "DPR.CATG", "S", "SCIENCE"),
        ("HIERARCH ESO DET DIT=1.5", "DET.DIT", "F", 1.5),
        ("HIERARCH VOS SYNTHETIC = T", "VOS.SYNTHETIC", "L", True),
        ("EXPTIME =             1.25D+02", "EXPTIME", "F", 125.0),
        ("OBJECT  = 'O''Meara'", "OBJECT", "S", "O'Meara"),
        ("OBSERVER= 'O'Meara'           / one quote", "OBSERVER", "S", "O'Meara"),
        ("OBJECT  = '  lead '", "OBJECT", "S", "  lead"),
        ("OBJECT  = ''", "OBJECT", "S", ""),
        ("UNDEF   =                      / nothing", "UNDEF", "C", None),
        ("CPLX    = (1.0, 2.0)", "CPLX", "S", "(1.0, 2.0)"),
        ("DATE-OBS= '2024-01-01' / [UTC] start", "DATE-OBS", "S", "2024-01-01"),
        ("FLAG    =                    F", "FLAG", "L", False),
    ],
)
def test_a_card_of_the_wild(line: str, keyword: str, vtype: str, value: Any) -> None:
    cards, faults = parse_cards(line.encode().ljust(CARD) + b"END".ljust(CARD))
    assert not faults
    assert (cards[0].keyword, cards[0].vtype, cards[0].value) == (keyword, vtype, value)


def test_the_unit_is_taken_from_the_comment() -> None:
    line = b"EXPTIME =                 12.5 / [s] Integration time"
    card = parse_cards(line.ljust(CARD))[0][0]
    assert (card.unit, card.comment) == ("s", "[s] Integration time")


@pytest.mark.parametrize(
    "line",
    [
        "OBJECT  = 'no closing quote",
        "DATE    = 2024-01-01",
        "SKEW    = -1.38E+00, -1.69E+00 /two numbers",
        "lower   =                    1",
        "JUSTTEXT without an equals sign",
        "CONTINUE  'of nothing'",
    ],
)
def test_a_card_that_cannot_be_read_is_kept_and_reported(line: str) -> None:
    cards, faults = parse_cards(line.encode().ljust(CARD) + b"NEXT    =                    1".ljust(CARD))
    assert [fault.rule for fault in faults] == ["BAD_CARD"]
    assert cards[0].vtype == "C"
    assert cards[0].text == line.ljust(CARD)
    assert cards[1].value == 1


def test_nul_and_other_bytes_are_reported_once_and_never_stored() -> None:
    block = b"OBJECT  = 'M\x0031'".ljust(CARD) + b"OBSERVER= 'Andr\xe9'".ljust(CARD)
    cards, faults = parse_cards(block)
    assert [fault.rule for fault in faults] == ["BAD_BYTES"]
    assert "NUL" in faults[0].message
    assert [card.value for card in cards] == ["M 31", "Andr?"]


@given(st.binary(max_size=CARD * 6))
def test_no_bytes_can_break_the_parser(block: bytes) -> None:
    cards, _ = parse_cards(block)
    assert all(32 <= ord(character) < 127 for card in cards for character in card.text)
