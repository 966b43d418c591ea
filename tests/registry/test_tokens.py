"""Tokens tell what was put into them, and nobody else can make one."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.faults import OaiFault
from registry.params import Selection
from registry.tokens import Position, Signer, read_or_make_key

INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))
SELECTIONS = st.builds(
    Selection, st.sampled_from(["ivo_vor", "oai_dc"]), st.none() | INSTANTS, st.none() | INSTANTS
)
POSITIONS = st.builds(
    Position, INSTANTS, st.text(st.characters(exclude_categories=["Cs"])), st.integers(0), st.integers(0)
)


@given(SELECTIONS, POSITIONS)
def test_a_token_is_read_as_it_was_written(selection: Selection, position: Position) -> None:
    signer = Signer(b"k" * 32)
    token = signer.write("ListRecords", selection, position)
    assert token.replace("-", "").replace("_", "").replace(".", "").isalnum()
    assert signer.read("ListRecords", token) == (selection, position)
    for other in (Signer(b"l" * 32), signer):
        verb = "ListRecords" if other is not signer else "ListIdentifiers"
        with pytest.raises(OaiFault) as caught:
            other.read(verb, token)
        assert caught.value.code == "badResumptionToken"


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 200), st.characters(codec="ascii"))
def test_no_other_text_is_a_token(text: str, place: int, letter: str) -> None:
    signer = Signer(b"k" * 32)
    position = Position(datetime(2026, 1, 1, tzinfo=UTC), "ivo://a.b/c", 1, 2)
    token = signer.write("ListRecords", Selection("oai_dc"), position)
    changed = token[:place] + letter + token[place + 1 :]
    for given_text in {text, changed, token + letter, token[:-1]} - {token}:
        with pytest.raises(OaiFault) as caught:
            signer.read("ListRecords", given_text)
        assert caught.value.code == "badResumptionToken"


def test_the_key_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    path = tmp_path / "state" / "oai.key"
    key = read_or_make_key(path)
    assert len(key) == 32
    assert read_or_make_key(path) == key
    assert path.stat().st_mode & 0o077 == 0
    assert list(path.parent.iterdir()) == [path]
