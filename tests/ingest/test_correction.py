"""Headers with other cards: what is changed, what stays as it was, and what may not be corrected."""

import io
from pathlib import Path
from typing import Any

import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from ingest.correction import Correction, corrected, corrected_text, parse_value, signed
from ingest.fitsfile import FitsFile
from ingest.header import CARD, Card
from ingest.scan import Candidate, candidate, scan
from tests.ingest import samples
from vo_server.errors import UsageFault
from vo_server.files.checksums import sum32
from vo_server.headers.correctable import parse_keyword


def scanned(path: Path) -> FitsFile:
    """The headers of a file."""
    found = candidate(path)
    assert isinstance(found, Candidate)
    file = scan(found).file
    assert file is not None
    return file


@pytest.fixture(scope="module")
def frame(tmp_path_factory: pytest.TempPathFactory) -> FitsFile:
    """A raw frame."""
    cards: dict[str, Any] = {
        "INS__MODE": ("WFM", "mode of the instrument"), "AIRM": (1.25, "[] airmass"), "ISON": (True, "lit"),
        "COUNT": (7, "[adu] so many"), "LONGER": ("x" * 150, "of several"), "AFTER": (1, "the long one"),
    }  # fmt: skip
    return scanned(samples.raw(tmp_path_factory.mktemp("correction") / "x.fits", **cards))


def lines(text: bytes) -> list[bytes]:
    """The cards of a header."""
    return [text[start : start + CARD] for start in range(0, len(text), CARD)]


def header(text: bytes) -> fits.Header:
    """A header as astropy reads it."""
    return fits.Header.fromstring(text.decode("ascii"))


@pytest.mark.parametrize(
    ("keyword", "value", "name"),
    [
        ("INS.MODE", "NFM", "HIERARCH ESO INS MODE"),
        ("OBJECT", "NGC 4321, not 1234: O'Hara", "OBJECT"),
        ("AIRM", 1.75, "AIRM"),
        ("AIRM", 1e-30, "AIRM"),
        ("ISON", False, "ISON"),
        ("COUNT", -3, "COUNT"),
        ("LONGER", "y" * 70, "LONGER"),
        ("OBJECT", "z" * 300, "OBJECT"),
    ],
)
def test_a_card_gets_another_value_and_keeps_name_and_comment(
    frame: FitsFile, keyword: str, value: Any, name: str
) -> None:
    text = corrected_text(frame.primary, [Correction(0, keyword, value)])
    assert len(text) % 2880 == 0
    before, after = header(frame.primary.text), header(text)
    assert after[name] == value
    assert after.comments[name] == before.comments[name]
    others = [card for card in before if card != name.removeprefix("HIERARCH ")]
    assert [after[card] for card in others] == [before[card] for card in others]
    assert list(after) == list(before)


def test_only_the_corrected_card_differs(frame: FitsFile) -> None:
    text = corrected_text(frame.primary, [Correction(0, "INS.MODE", "NFM")])
    pairs = list(zip(lines(frame.primary.text), lines(text), strict=True))
    assert [new for old, new in pairs if old != new] == [
        b"HIERARCH ESO INS MODE = 'NFM     ' / mode of the instrument".ljust(80)
    ]


@pytest.mark.parametrize(
    ("keyword", "card"),
    [
        ("NEWKEY", b"NEWKEY  =                    5"),
        ("DET.READ.NEW", b"HIERARCH ESO DET READ NEW = 5"),
        ("LONGPLAINNAME", b"HIERARCH ESO LONGPLAINNAME = 5"),
    ],
)
def test_a_keyword_that_the_file_lacks_is_added_before_the_end(
    frame: FitsFile, keyword: str, card: bytes
) -> None:
    text = corrected_text(frame.primary, [Correction(0, keyword, 5)])
    found = lines(text)
    assert found[found.index(b"END".ljust(80)) - 1] == card.ljust(80)


def test_the_value_of_the_file_changes_no_byte(frame: FitsFile) -> None:
    same = [Correction(0, "AIRM", 1.25), Correction(0, "INS.MODE", "WFM"), Correction(1, "INS.MODE", "X")]
    assert corrected_text(frame.primary, same) == frame.primary.text


def test_a_header_grows_by_whole_blocks(frame: FitsFile) -> None:
    added = [Correction(0, f"NEW{number}", number) for number in range(30)]
    text = corrected_text(frame.primary, added)
    assert len(text) == len(frame.primary.text) + 2880
    assert header(text)["NEW29"] == 29


def test_the_corrected_file_is_read_like_any_other(frame: FitsFile) -> None:
    found = corrected(frame, [Correction(0, "INS.MODE", "NFM"), Correction(5, "INS.MODE", "X")])
    assert found.primary.get("INS.MODE") == "NFM"
    assert found.primary.text_of("OBJECT") == "NGC 1234"
    assert frame.primary.get("INS.MODE") == "WFM"
    assert (found.sha256, found.name) == (frame.sha256, frame.name)


values = st.one_of(
    st.integers(-(10**15), 10**15),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200),
)


@given(st.dictionaries(st.sampled_from(["OBJECT", "INS.MODE", "LONGER", "AFTER", "NEW", "A.B"]), values))
def test_whatever_is_written_is_read_again(frame: FitsFile, wanted: dict[str, Any]) -> None:
    entries = [Correction(0, keyword, value) for keyword, value in wanted.items()]
    found = corrected(frame, entries).primary
    for keyword, value in wanted.items():
        # Trailing blanks of a string mean nothing (FITS 4.0, Character string).
        assert found.get(keyword) == (value.rstrip() if isinstance(value, str) else value)
    untouched = {"AIRM": 1.25, "ISON": True, "COUNT": 7, "EXPTIME": 60.0}
    assert {keyword: found.get(keyword) for keyword in untouched} == untouched


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("INS.MODE", "INS.MODE"),
        ("hierarch eso ins mode", "INS.MODE"),
        ("ESO INS MODE", "INS.MODE"),
        ("object", "OBJECT"),
        ("DATE-OBS", "DATE-OBS"),
    ],
)
def test_a_keyword_may_be_written_in_several_ways(text: str, keyword: str) -> None:
    assert parse_keyword(text) == keyword


@pytest.mark.parametrize(
    "text",
    ["BITPIX", "NAXIS2", "simple", "TFORM12", "ZTILE1", "CHECKSUM", "HISTORY", "ARCFILE", "END", "GCOUNT"],
)
def test_what_says_how_to_read_the_file_is_not_corrected(text: str) -> None:
    with pytest.raises(UsageFault, match="cannot be corrected"):
        parse_keyword(text)


@pytest.mark.parametrize("text", ["", "A..B", "A=B", "É", "A" * 61, "'", "A/B"])
def test_what_is_no_keyword_is_refused(text: str) -> None:
    with pytest.raises(UsageFault, match="is not a keyword"):
        parse_keyword(text)


def card(value: Any, vtype: str) -> Card:
    """A card of the file."""
    return Card(0, "K", vtype, value, None, "", "")


@pytest.mark.parametrize(
    ("text", "former", "value"),
    [
        ("5", card("4", "S"), "5"),
        ("5", card(4, "I"), 5),
        ("5.5", card(4, "I"), 5.5),
        ("5", card(4.0, "F"), 5.0),
        ("1.5D3", card(4.0, "F"), 1500.0),
        ("T", card(False, "L"), True),
        ("false", card(True, "L"), False),
        ("5", None, 5),
        ("5.", None, 5.0),
        ("T", None, True),
        ("five", None, "five"),
        ("x", card(None, "C"), "x"),
    ],
)
def test_a_value_is_of_the_type_that_the_file_has(text: str, former: Card | None, value: Any) -> None:
    found = parse_value(text, former, "K")
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "former", "message"),
    [
        ("five", card(4, "I"), "is a number in this file"),
        ("1e999", card(4.0, "F"), "is a number"),
        ("nan", card(4.0, "F"), "is a number"),
        ("yes", card(True, "L"), "is T or F"),
        ("a\nb", None, "printable ASCII"),
        ("é", None, "printable ASCII"),
        ("x" * 2001, None, "at most 2000"),
    ],
)
def test_a_value_that_cannot_be_is_refused(text: str, former: Card | None, message: str) -> None:
    with pytest.raises(UsageFault, match=message):
        parse_value(text, former, "K")


def test_a_signed_header_sums_up_to_nothing_with_its_data() -> None:
    stream = io.BytesIO()
    fits.PrimaryHDU(data=[[1, 2], [3, 4]]).writeto(stream, checksum=True)
    content = stream.getvalue()
    text, data = content[:2880], content[2880:]
    changed = text.replace(b"DATASUM =", b"DATASUM =").replace(b"T / conforms", b"T / CONFORMS")
    found = signed(changed, sum32(data))
    assert sum32(found + data) == 0xFFFFFFFF
    assert signed(text, sum32(data)) == text


def test_a_header_without_a_sum_stays_without() -> None:
    text = b"SIMPLE  =                    T".ljust(80) + b"END".ljust(2800)
    assert signed(text, 5) == text
