"""The lines of a FITS header, taken apart into what many headers share and what is this header's own.

``HIERARCH ESO TEL AIRM START = 1.234 / Airmass at start`` is a *form* (all but ``1.234``) and a *slot*
(``1.234``). The form comes back in thousands of files, so it is read, named and stored once; the slot is what
a file adds. Form and slot together are the line again, to the byte.
"""

import re
from functools import cache
from math import inf
from typing import NamedTuple

CARD = 80  #: bytes of a line
#: Between the parts of a slot: a value, its comment, and of a long string the whole value and comment.
SEPARATOR = "\t"
_REMEMBERED = 1 << 16  #: lines, and forms; a process forgets them all when there are more

# A quote is doubled inside a string; a single one that cannot be the end is what many write ('O'Meara').
_STRING = r"'(?:[^']++|''|'(?=[^ /']))*+'(?![^ /])"
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[EDed][+-]?\d+)?")
_PLAIN_NUMBER = re.compile(r" *[+-]?\d+\.?\d*")
_EXPONENT = re.compile(r"[EDed][+-]?\d{3}")
_REST = re.compile(rf" *({_STRING}|\([^)]*\)(?![^ /])) *(/.*)?$")
_DIGIT = re.compile(r"\d")
_CONTINUED = re.compile(rf" +({_STRING}) *(/.*)?$")
_STANDARD = re.compile(r"[A-Z0-9_-]+")
_UNIT = re.compile(r"\[([^\]]{1,40})\]")
_COMMENTARY = frozenset({"COMMENT ", "HISTORY ", "        "})


class Form:
    """What a line has in common with those of other files; one object for all that are equal.

    Attributes
    ----------
    kind : str
        ``V`` a value, ``B`` a number beyond what a double holds, ``C`` no value: commentary, or a line that
        cannot be read, ``X`` a CONTINUE that belongs to the string before it.
    head, tail : str
        What stands before and behind the slot.
    keyword : str
        ``HIERARCH ESO`` keywords with dots and without the prefix (``DPR.CATG``), others as they are.
    comment : str
    unit : str
        What the comment begins with in brackets; empty where it does not.
    category : str
        Lines of one category that follow each other are stored together.
    is_bad : bool
        Whether the line follows no convention.
    """

    __slots__ = ("category", "comment", "head", "is_bad", "keyword", "kind", "tail", "unit")

    def __init__(self, kind: str, head: str, tail: str, keyword: str, *, is_bad: bool = False) -> None:
        self.kind, self.head, self.tail, self.keyword, self.is_bad = kind, head, tail, keyword, is_bad
        self.comment = comment_of(tail)
        self.unit = unit_of(self.comment)
        self.category = "#" if kind == "C" else keyword.partition(".")[0] if "." in keyword else ""


class Line(NamedTuple):
    """One line of a header."""

    form: Form
    slot: str

    @property
    def text(self) -> str:
        """The 80 characters."""
        return rendered(self.form.head, self.slot, self.form.tail)


def rendered(head: str, slot: str, tail: str) -> str:
    """The line that was taken apart: what the slot has beyond value and comment is a copy for readers."""
    if SEPARATOR in slot:
        value, comment, *_ = slot.split(SEPARATOR)
        return f"{head}{value}{tail or comment}".ljust(CARD)
    return f"{head}{slot}{tail}".ljust(CARD)


def comment_of(tail: str) -> str:
    """The comment in what follows a value."""
    return tail.lstrip(" ").removeprefix("/").strip()


def unit_of(comment: str) -> str:
    """The unit that a comment begins with, in brackets; empty where it does not."""
    found = _UNIT.match(comment) if comment[:1] == "[" else None
    return found[1] if found else ""


def split_lines(text: str) -> list[Line]:
    """The lines of a header without its END, each taken apart.

    Parameters
    ----------
    text : str
        Printable ASCII.
    """
    known = _LINES
    if len(known) > _REMEMBERED:
        known.clear()
        form.cache_clear()
        _keyword.cache_clear()
        _NUMERIC.clear()
    lines = []
    for start in range(0, len(text), CARD):
        line = text[start : start + CARD]
        found = known.get(line)
        lines.append(_split(line) if found is None else found)
    return _with_continued(lines) if "CONTINUE" in text else lines


#: Two thirds of all lines are the same in another file of the instrument.
_LINES: dict[str, Line] = {}
#: What stands before a value, with the equals sign -> the last form of it that had a number and a comment.
_NUMERIC: dict[str, Form] = {}


@cache
def form(kind: str, head: str, tail: str, keyword: str, is_bad: bool = False) -> Form:
    """The form of these parts."""
    return Form(kind, head, tail, keyword, is_bad=is_bad)


def _split(whole: str) -> Line:
    line = whole.rstrip(" ")
    place = line.find("=") + 1
    # Most lines that are new have another number than the last of their kind. They are not remembered: they
    # will not come again, and a dictionary that a cache holds is faster.
    last = _NUMERIC.get(line[:place])
    if last is not None and line.endswith(last.tail):
        slot = line[len(last.head) : len(line) - len(last.tail)]
        if _PLAIN_NUMBER.fullmatch(slot):
            return Line(last, slot)
    found = _LINES[whole] = _split_slowly(line, place)
    return found


def _split_slowly(line: str, place: int) -> Line:
    keyword = _keyword(line[:place], line[place : place + 1] in ("", " "))
    # One blank on either side of the value belongs to the form.
    start = place + 1 if line[place : place + 1] == " " else place
    end = _end_of_value(line, start) if keyword else -1
    if end < 0:
        head = line[:8]
        return Line(form("C", head, "", head.rstrip(" ").upper(), head.ljust(8) not in _COMMENTARY), line[8:])
    stop = end - 1 if start < end < len(line) and line[end - 1] == " " else end
    head, slot, tail = line[:start], line[start:stop], line[stop:]
    kind = "B" if _is_beyond(slot) else "V"
    if tail and (len(line) == CARD or _DIGIT.search(tail)):
        # Comments that hold a value themselves (hours of RA, the date that is meant by MJD-OBS), or may have
        # been cut where the value left no more room: each would be a form of its own.
        return Line(form(kind, head, "", keyword), f"{slot}{SEPARATOR}{tail}")
    found = form(kind, head, tail, keyword)
    if tail and _PLAIN_NUMBER.fullmatch(slot):
        _NUMERIC[line[:place]] = found
    return Line(found, slot)


def _end_of_value(line: str, start: int) -> int:
    """Where the comment begins, or the line ends; -1 when there is something that is no value."""
    rest = line[start:].lstrip(" ")
    if rest[:1] == "'":
        close = rest.find("'", 1) + 1
        behind = rest[close:]
        after = behind.lstrip(" ")
        if close and after[:1] in ("", "/") and behind[:1] in ("", " ", "/"):
            return len(line) - len(after)
    else:
        slash = line.find("/", start)
        end = len(line) if slash < 0 else slash
        token = line[start:end].strip(" ")
        if token in ("", "T", "F") or _NUMBER.fullmatch(token):
            return end
    # Doubled quotes, quotes that are none, complex numbers: one card in a thousand.
    match = _REST.match(line, start)
    if match is None:
        return -1
    return len(line) if match[2] is None else match.start(2)


@cache
def _keyword(head: str, is_followed_by_blank: bool) -> str:
    """The keyword before an equals sign; an empty one where the card is neither standard nor HIERARCH."""
    if head.startswith("HIERARCH ") and (keyword := head[9:-1].strip(" ")):
        return keyword.upper().removeprefix("ESO ").replace(" ", ".")
    if len(head) == 9 and is_followed_by_blank and head[:-1] not in _COMMENTARY:
        keyword = head[:-1].rstrip(" ")
        return keyword if _STANDARD.fullmatch(keyword) else ""
    return ""


def _is_beyond(slot: str) -> bool:
    """Whether a value is a number too large for a double, or too small not to be zero."""
    token = slot.strip(" ")
    if (len(token) < 300 and not _EXPONENT.search(token)) or token[:1] in ("'", "("):
        return False
    value = number(token)
    return value in (inf, -inf) or (value == 0 and token.strip("+-").strip("0.")[:1] not in ("", *"EDed"))


def number(token: str) -> float:
    """The value of a number; infinite where a double does not hold it."""
    return float(token.replace("D", "E").replace("d", "e"))


def _with_continued(lines: list[Line]) -> list[Line]:
    """``lines`` with CONTINUE ones as parts of the string that they continue (FITS 4.0, CONTINUE)."""
    found: list[Line] = []
    pos = 0
    while pos < len(lines):
        end = pos + 1
        parts = [_string(lines[pos])]
        while parts[-1] is not None and parts[-1][0].endswith("&") and end < len(lines):
            if (part := _continued(lines[end])) is None:
                break
            parts.append(part)
            end += 1
        if end > pos + 1:
            found += _joined(lines[pos:end], [part for part in parts if part is not None])
        else:
            found.append(lines[pos])
        pos = end
    return found


def _string(line: Line) -> tuple[str, str] | None:
    """What is in the quotes of a string without trailing blanks, and the comment; None of other lines."""
    value, _, tail = line.slot.partition(SEPARATOR)
    token = value.strip(" ")
    if line.form.kind != "V" or token[:1] != "'":
        return None
    return token[1:-1].rstrip(" "), comment_of(line.form.tail or tail)


def _continued(line: Line) -> tuple[str, str] | None:
    """The same of a CONTINUE line."""
    if line.form.keyword != "CONTINUE" or line.form.kind != "C":
        return None
    match = _CONTINUED.match(line.slot)
    return None if match is None else (match[1][1:-1].rstrip(" "), comment_of(match[2] or ""))


def _joined(lines: list[Line], parts: list[tuple[str, str]]) -> list[Line]:
    """The lines of a long string; the first also has the whole, as one string and one comment."""
    strings = [string for string, _ in parts]
    # A doubled quote may have been cut in two: first join, then read.
    whole = "".join([*(string.removesuffix("&") for string in strings[:-1]), strings[-1]])
    comment = " ".join(comment for _, comment in parts if comment)
    first = lines[0]
    slot = first.slot if SEPARATOR in first.slot else f"{first.slot}{SEPARATOR}"
    others = [Line(form("X", line.form.head, "", ""), line.slot) for line in lines[1:]]
    return [Line(first.form, f"{slot}{SEPARATOR}'{whole}'{SEPARATOR}{comment}"), *others]
