"""Corrections of header keywords: text of a header in, text with other cards out (FITS 4.0, Headers).

Corrected is the header as its bytes, so that what is delivered, what is mapped and what is kept are one text.
"""

import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from astropy.io import fits

from ingest.fitsfile import FitsFile, Hdu
from ingest.header import BLOCK, CARD, Card, Value
from vo_server.errors import UsageFault
from vo_server.files.checksums import OFFSET, UNSET, encode, sum32

_PLAIN = re.compile(r"[A-Z0-9_-]{1,8}")
MAX_VALUE = 2_000  #: characters
_LOGICALS = {"T": True, "TRUE": True, "F": False, "FALSE": False}


@dataclass(frozen=True, slots=True)
class Correction:
    """A keyword and the value that it should have.

    Attributes
    ----------
    keyword : str
        Dotted and without ``ESO``, as `ingest.header.Card` has it.
    """

    hdu: int
    keyword: str
    value: Value

    @property
    def vtype(self) -> str:
        """S, I, F or L, as `ingest.header.Card` has it."""
        return {str: "S", bool: "L", int: "I", float: "F"}[type(self.value)]


def parse_value(text: str, former: Card | None, keyword: str) -> Value:
    """A value as an operator writes it, of the type that the keyword has in the file, or else looks like.

    Raises
    ------
    UsageFault
        It is not of that type, or cannot stand in a header.
    """
    if len(text) > MAX_VALUE or not all(" " <= char <= "~" for char in text):
        raise UsageFault(f"a value has at most {MAX_VALUE} characters, all of them printable ASCII")
    vtype = former.vtype if former is not None else "C"
    found = _typed(text, vtype if vtype in "SIFL" else "C")
    if found is None:
        kind = {"I": "a number", "F": "a number", "L": "T or F"}[vtype]
        raise UsageFault(f"{keyword} is {kind} in this file, and {text!r} is not")
    return found


def _typed(text: str, vtype: str) -> Value:
    """The value of ``text``; None where it is not of that type. C means: whatever it looks like."""
    if vtype == "S":
        return text
    if vtype == "L":
        return _LOGICALS.get(text.strip().upper())
    number = _number(text)
    if number is not None or vtype in "IF":
        return float(number) if vtype == "F" and number is not None else number
    return _LOGICALS.get(text.strip(), text)


def _number(text: str) -> int | float | None:
    text = text.strip()
    if re.fullmatch(r"[+-]?\d{1,18}", text):
        return int(text)
    if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d{1,3})?", text):
        value = float(text.upper().replace("D", "E"))
        return value if abs(value) < float("inf") else None
    return None


def corrected(file: FitsFile, corrections: Sequence[Correction]) -> FitsFile:
    """``file`` as if its headers had said so; what depends on data (checksums) is as it was."""
    hdus = list(file.hdus)
    for index in sorted({correction.hdu for correction in corrections}):
        if index < len(hdus):
            hdus[index] = with_text(hdus[index], corrected_text(hdus[index], corrections))
    return replace(file, hdus=tuple(hdus), _memory={})


def card_of(hdu: Hdu, keyword: str) -> Card | None:
    """The card of a keyword with all of its lines: the first that has a value."""
    return next((card for card in hdu.cards if card.keyword == keyword and card.value is not None), None)


def with_text(hdu: Hdu, text: bytes) -> Hdu:
    """An HDU with another header."""
    return Hdu.parse(hdu.index, text)[0]


def corrected_text(hdu: Hdu, corrections: Iterable[Correction]) -> bytes:
    """The header of ``hdu`` with the corrections that are for it: whole blocks, up to END and padding."""
    lines = [hdu.text[start : start + CARD] for start in range(0, len(hdu.text), CARD)]
    end = next((pos for pos, line in enumerate(lines) if line[:8] == b"END     "), len(lines))
    del lines[end:]
    added: list[bytes] = []
    # From the end, so that a card of several lines does not move those before it.
    mine = [correction for correction in corrections if correction.hdu == hdu.index]
    known = [(card_of(hdu, correction.keyword), correction) for correction in mine]
    for card, correction in sorted(known, key=lambda pair: -pair[0].pos if pair[0] else 0):
        if card is None:
            added += _lines(new_card(correction))
        elif card.value != correction.value or type(card.value) is not type(correction.value):
            lines[card.pos : card.pos + len(card.text) // CARD] = _lines(changed_card(card, correction))
    # Blank cards before END keep room for additions (FITS 4.0, Blank keyword).
    text = b"".join((*lines, *added, b"END".ljust(CARD)))
    return text.ljust(-(-len(text) // BLOCK) * BLOCK)


def _lines(text: bytes) -> list[bytes]:
    return [text[start : start + CARD] for start in range(0, len(text), CARD)]


def changed_card(card: Card, correction: Correction) -> bytes:
    """``card`` with another value: its name and comment stay as they are written."""
    name = card.text.partition("=")[0].rstrip()
    return _render(name, correction.value, card.comment)


def new_card(correction: Correction) -> bytes:
    """A card of a keyword that the header does not have."""
    keyword = correction.keyword
    is_plain = "." not in keyword and _PLAIN.fullmatch(keyword)
    return _render(keyword if is_plain else f"HIERARCH ESO {keyword.replace('.', ' ')}", correction.value, "")


def _render(name: str, value: Value, comment: str) -> bytes:
    if not isinstance(value, str):
        # astropy cuts numbers to 16 digits, which not every double survives.
        number = ("T" if value else "F") if isinstance(value, bool) else repr(value).upper()
        head = f"{name} = {number}" if name.startswith("HIERARCH ") else f"{name:8}= {number:>20}"
        if len(head) > CARD:
            raise UsageFault(f"{name} is too long for a card with the value {number}")
        return (f"{head} / {comment}" if comment else head)[:CARD].ljust(CARD).encode("ascii", "replace")
    with warnings.catch_warnings():
        # A comment that no longer fits is cut.
        warnings.simplefilter("ignore", fits.verify.VerifyWarning)
        try:
            return str(fits.Card(name, value, comment).image).encode("ascii", "replace")
        except ValueError as exc:
            raise UsageFault(f"{name} cannot have the value {value!r}: {exc}") from exc


def signed(text: bytes, data_sum: int) -> bytes:
    """A header with the CHECKSUM that it should have, where it has one (FITS 4.0, Appendix J).

    Parameters
    ----------
    data_sum : int
        Of the data of the HDU.
    """
    place = next((at for at in range(0, len(text), CARD) if text[at : at + 10] == b"CHECKSUM= "), None)
    if place is None or text[place + 10 : place + OFFSET] != b"'":
        return text
    place += OFFSET
    bare = text[:place] + UNSET.encode() + text[place + 16 :]
    return bare[:place] + encode(sum32(bare, data_sum)) + bare[place + 16 :]
