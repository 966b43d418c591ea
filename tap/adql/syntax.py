"""What to tell a person whose query the grammar refuses."""

import re

from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from tap.adql.errors import AdqlError, Place
from tap.adql.words import TOKENS, WORDS

#: Most things to list as expected; the whole set of an expression has forty.
SHOWN = 6

#: Forms of other dialects, each with the ADQL for it: tried at the refused place and at the word before.
HABITS = (
    (r"limit\b", "ADQL has no LIMIT: write SELECT TOP n ..."),
    (r"fetch\b", "ADQL has no FETCH: write SELECT TOP n ..."),
    (r"escape\b", "ADQL's LIKE has no ESCAPE"),
    (
        r"(?:insert|update|delete|drop|create|alter|truncate|grant|copy|set|begin|call|do)\b",
        "only SELECT queries are taken",
    ),
    (r"::", "ADQL has no '::': write CAST(value AS type)"),
    (r"==", "write '=' for equality"),
    (r"/\*", "a comment begins with '--' and ends with the line"),
    (r"`", 'put names in double quotes: "name"'),
    (r"\[", 'put names in double quotes: "name"'),
    (r"timestamp\s*'|date\s*'", "write CAST('2024-01-31T12:00:00' AS TIMESTAMP)"),
    (r"interval\b", "ADQL has no INTERVAL: compare MJD or two timestamps"),
    (r"now\s*\(", "write CURRENT_TIMESTAMP"),
    (r"recursive\b", "WITH is not recursive in ADQL"),
    (r"over\b", "ADQL has no window functions"),
    (r"(?:any|some|all)\s*\(", "ADQL has no ANY, SOME or ALL: write IN or EXISTS"),
    (r"nulls\b", "ADQL's ORDER BY takes only ASC or DESC"),
)


def explain_token(exc: UnexpectedToken, text: str) -> AdqlError:
    """The error for a token in a place where the grammar has no use for it."""
    token = exc.token
    ended = token.type == "$END"
    at: Place = _end(text) if ended else (token.line or 1, token.column or 1)
    offset = len(text) if ended else token.start_pos or 0
    if (habit := _habit(text, offset)) is not None:
        return AdqlError(habit, at)
    accepted = exc.accepts or set()
    if ended:
        what = "the query ends too early" if text.strip() else "the query is empty"
    elif token.type == "_SEMICOLON" or _follows_semicolon(text, offset):
        return AdqlError("one query at a time: nothing may follow ';'", at)
    else:
        what = (
            f"{token!s} is not possible here" if len(token) < 60 else f"{token[:57]}... is not possible here"
        )
    if "NAME" in accepted and token.type in ("RESERVED", "FUNCTION", "TYPE", *WORDS):
        return AdqlError(
            f'{token} is a reserved word: as a name it must be written "{token.lower()}"',
            at,
            expected=_words(accepted),
        )
    if "COMPARE" in accepted and accepted <= _AFTER_OPERAND and re.search(r"\)\s*$", text[:offset]):
        what += " (a function is no condition by itself: compare it, as in 1 = CONTAINS(...))"
    expected = _words(accepted)
    return AdqlError(f"{what}; expected {_listed(expected)}", at, expected=expected)


def explain_character(exc: UnexpectedCharacters, text: str) -> AdqlError:
    """The error for a character that begins no token."""
    at: Place = (exc.line, exc.column)
    offset = exc.pos_in_stream or 0
    if (habit := _habit(text, offset)) is not None:
        return AdqlError(habit, at)
    character = text[offset]
    if character == "'":
        return AdqlError("the string is not closed: a quote inside it is written twice ('')", at)
    if character == '"':
        return AdqlError("the name in double quotes is empty or not closed", at)
    if character == "_":
        return AdqlError('a name begins with a letter, or must be written in double quotes: "_name"', at)
    return AdqlError(f"{character!r} has no meaning in ADQL", at)


_AFTER_OPERAND = frozenset({"COMPARE", "NOT", "BETWEEN", "IN", "LIKE", "ILIKE", "_IS", "_RPAR", "_DOT"}) | {
    "PLUS", "MINUS", "STAR", "SLASH", "PERCENT", "_CONCAT",
}  # fmt: skip


def _habit(text: str, offset: int) -> str | None:
    before = re.search(r"(\w+)\s*$", text[:offset])
    for start in (offset, max(offset - 1, 0), before.start() if before else offset):
        for pattern, advice in HABITS:
            if re.compile(pattern, re.IGNORECASE).match(text, start):
                return advice
    return None


def _follows_semicolon(text: str, offset: int) -> bool:
    return text[:offset].rstrip().endswith(";")


def _end(text: str) -> Place:
    stripped = text.rstrip()
    return stripped.count("\n") + 1, len(stripped) - stripped.rfind("\n")


def _words(accepted: set[str]) -> tuple[str, ...]:
    """Names of the accepted tokens: names and numbers first, then the grammar's own words."""
    ranks = {kind: rank for rank, kind in enumerate(TOKENS)}
    order = sorted(accepted, key=lambda kind: (kind not in ranks, ranks.get(kind, 0), kind.lstrip("_")))
    if "NAME" in accepted and "STRING" in accepted:  # any expression: its operators say nothing more
        order = ["a value", *(k for k in order if k in ("STAR", "DISTINCT", "_TOP"))]
        return tuple(TOKENS.get(kind, kind.lstrip("_")) for kind in order)
    order = [kind for kind in order if kind not in ("DELIMITED", "RESERVED")]
    operators = {"PLUS", "MINUS", "STAR", "SLASH", "PERCENT", "_CONCAT", "_DOT"}
    plain = [kind for kind in order if kind not in operators]
    return tuple(TOKENS.get(kind, kind.lstrip("_")) for kind in plain or order)


def _listed(expected: tuple[str, ...]) -> str:
    shown = list(expected[:SHOWN])
    if len(expected) > SHOWN:
        shown.append("...")
    return " or ".join(([", ".join(shown[:-1])] if len(shown) > 1 else []) + shown[-1:])
