"""Cards of a FITS header, ten times faster than a general library reads them (FITS 4.0, Headers).

The keyword store keeps every card of every file, and cards are most of what ingest reads. What is accepted:
standard cards, the HIERARCH convention, long strings (CONTINUE), and, with a fault, what others have written.
"""

import re
from typing import NamedTuple

BLOCK = 2880  #: bytes; headers and data come in such blocks
CARD = 80  #: bytes

Value = str | int | float | bool | None

#: All that may stand in a header; NUL becomes a blank, any other byte a question mark.
_PRINTABLE = bytes(range(32, 127))
_CLEAN = bytes(byte if 32 <= byte < 127 else (32 if byte == 0 else 63) for byte in range(256))

# A quote is doubled inside a string; a single one that cannot be the end is what many write ('O'Meara').
_STRING = r"'(?P<string>(?:[^']++|''|'(?=[^ /']))*+)'(?![^ /])"
# A number must be followed by a blank, a slash or the end: 2024-10-03 is not the integer 2024.
_VALUE = (
    rf" *(?:{_STRING}|(?P<logical>[TF])(?![^ /])|(?P<integer>[+-]?\d+)(?![^ /])"
    r"|(?P<real>[+-]?(?:\d+\.?\d*|\.\d+)(?:[EDed][+-]?\d+)?)(?![^ /])|(?P<complex>\([^)]*\))(?![^ /]))?"
    r" *(?:/(?P<comment>.*))?$"
)
_STANDARD = re.compile(r"(?=.{8}= )(?P<keyword>[A-Z0-9_-]+) *= " + _VALUE)
_HIERARCH = re.compile(r"HIERARCH +(?P<keyword>[!-<>-~](?:[ -<>-~]*[!-<>-~])?) *= ?" + _VALUE)
_CONTINUE = re.compile(rf"CONTINUE +{_STRING} *(?:/(?P<comment>.*))?$")
_UNIT = re.compile(r"\[([^\]]{1,40})\]")
_COMMENTARY = frozenset({"COMMENT ", "HISTORY ", "        "})


class Card(NamedTuple):
    """One keyword of a header.

    Attributes
    ----------
    pos : int
        Number of the (first) card in its header, from 0.
    keyword : str
        ``HIERARCH ESO`` keywords with dots and without the prefix (``DPR.CATG``), others as they are.
    vtype : str
        ``S`` string, ``I`` integer, ``F`` floating point, ``L`` logical, ``C`` comment or no value. A complex
        number is kept as the string that was written.
    text : str
        The card itself; of a long string, its cards one after the other.
    """

    pos: int
    keyword: str
    vtype: str
    value: Value
    unit: str | None
    comment: str
    text: str


class Fault(NamedTuple):
    """What is wrong with a header, before it is known which file and HDU it is in."""

    rule: str
    keyword: str | None
    message: str


def parse_cards(block: bytes) -> tuple[list[Card], list[Fault]]:
    """The cards of a header up to END, and what is wrong with them.

    Parameters
    ----------
    block : bytes
        A whole number of cards.

    Returns
    -------
    tuple
        The cards in order, blank ones included, and the faults; a card that cannot be read is kept as a
        comment (``vtype`` C).
    """
    faults: list[Fault] = []
    if strange := block.translate(None, _PRINTABLE):
        what = f"{len(strange)} bytes are not printable ASCII" + (", NUL among them" if 0 in strange else "")
        faults.append(Fault("BAD_BYTES", None, what))
        block = block.translate(_CLEAN)
    lines = _lines(block.decode("ascii"))
    cards: list[Card] = []
    pos = 0
    while pos < len(lines):
        following = pos + 1
        card = _parse(pos, lines[pos])
        if card is None:
            card, fault = _unreadable(pos, lines[pos])
            faults.append(fault)
        elif card.vtype == "S" and str(card.value)[-1:] == "&":
            while following < len(lines) and _CONTINUE.match(lines[following]):
                following += 1
            if following > pos + 1:
                card = _continued(card, lines[pos:following])
        cards.append(card)
        pos = following
    return cards, faults


def _lines(text: str) -> list[str]:
    lines = [text[start : start + CARD] for start in range(0, len(text), CARD)]
    end = next((pos for pos, line in enumerate(lines) if line[:8] == "END     "), len(lines))
    return lines[:end]


def _parse(pos: int, line: str) -> Card | None:
    """The card of one line; None when it cannot be read."""
    # The tests are ordered by how often they succeed: this function runs a thousand times a file.
    if line.startswith("HIERARCH ") and (match := _HIERARCH.match(line)):
        keyword, *rest = match.groups()
        keyword = keyword.upper().removeprefix("ESO ").replace(" ", ".")
    elif line[:8] in _COMMENTARY:
        return Card(pos, line[:8].rstrip(), "C", None, None, line[8:].rstrip(), line)
    elif match := _STANDARD.match(line):
        keyword, *rest = match.groups()
    else:
        return None
    *values, comment = rest
    unit = None
    if comment:
        comment = comment.strip()
        if comment[:1] == "[" and (found := _UNIT.match(comment)):
            unit = found[1]
    vtype, value = _value(*values)
    return Card(pos, keyword, vtype, value, unit, comment or "", line)


def _value(
    string: str | None, logical: str | None, integer: str | None, real: str | None, cplx: str | None
) -> tuple[str, Value]:
    """Type and value of what stands behind the equals sign (FITS 4.0, Value)."""
    if string is not None:
        # Trailing blanks mean nothing, leading ones do (FITS 4.0, Character string).
        return "S", string.rstrip().replace("''", "'")
    if integer is not None:
        return "I", int(integer)
    if real is not None:
        return "F", float(real.replace("D", "E").replace("d", "e"))
    if logical is not None:
        return "L", logical == "T"
    return ("C", None) if cplx is None else ("S", cplx)


def _continued(card: Card, lines: list[str]) -> Card:
    """``card`` with the strings of its CONTINUE cards behind its own (FITS 4.0, CONTINUE)."""
    first, *others = lines
    found = [_STANDARD.match(first) or _HIERARCH.match(first), *map(_CONTINUE.match, others)]
    strings = [match["string"].rstrip() for match in found if match]
    comments = [(match["comment"] or "").strip() for match in found if match]
    # A doubled quote may have been cut in two: first join, then read.
    joined = "".join([*(text.removesuffix("&") for text in strings[:-1]), strings[-1]])
    value = joined.replace("''", "'")
    return card._replace(value=value, comment=" ".join(filter(None, comments)), text="".join(lines))


def _unreadable(pos: int, line: str) -> tuple[Card, Fault]:
    """A card that follows no convention: kept as it is, and its fault."""
    keyword = line[:8].rstrip()
    card = Card(pos, keyword.upper(), "C", None, None, line[8:].strip(), line)
    return card, Fault("BAD_CARD", keyword, f"card {pos + 1} cannot be read: {line.rstrip()}")
