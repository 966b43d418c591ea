"""Conditions over header keywords: what rules of either language become, and what they say of a file.

A comparison with a keyword that the file does not have is false, whatever its operator.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from ingest.header import Value
from vo_server.errors import UsageFault

#: Keyword -> value; of pairs of files, those of the other one under ``inputFile.<keyword>``.
Keywords = Mapping[str, Value]
MAX_PATTERN = 500  #: characters of a regular expression
MAX_TEXT = 2_000  #: characters of a value that a pattern is held against; no card is longer


class Condition(Protocol):
    """Anything that has a value for a file."""

    def __call__(self, keywords: Keywords) -> Value:
        """The value: of a comparison, whether it holds; None where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that stands in the rule."""

    value: Value

    def __call__(self, keywords: Keywords) -> Value:
        """The value."""
        return self.value


@dataclass(frozen=True, slots=True)
class Keyword:
    """A header keyword, dotted: ``INS.MODE``, ``MJD-OBS``."""

    name: str

    def __call__(self, keywords: Keywords) -> Value:
        """Its value in the file."""
        return keywords.get(self.name)


def _equal(left: Value, right: Value) -> bool:
    pair = _numbers(left, right)
    if pair is not None:
        return pair[0] == pair[1]
    return isinstance(left, str) is isinstance(right, str) and left == right


def _numbers(left: Value, right: Value) -> tuple[float, float] | None:
    """Both as numbers when one is a number and the other is, or is written like, one."""
    if isinstance(left, str) and isinstance(right, str):
        return None
    if isinstance(left, bool) or isinstance(right, bool) or left is None or right is None:
        return None
    try:
        return float(left), float(right)
    except ValueError:
        return None


def _ordered(test: Callable[[float, float], bool]) -> Callable[[Value, Value], bool]:
    def compare(left: Value, right: Value) -> bool:
        pair = _numbers(left, right)
        if pair is not None:
            return test(*pair)
        return isinstance(left, str) and isinstance(right, str) and test(left, right)  # type: ignore[arg-type]

    return compare


def _like(text: Value, pattern: Value) -> bool:
    return isinstance(text, str) and _wildcards(str(pattern)).fullmatch(text[:MAX_TEXT]) is not None


@lru_cache(maxsize=10_000)
def _wildcards(pattern: str) -> re.Pattern[str]:
    """``%`` stands for any characters; possessive, so that no pattern takes long."""
    pieces = pattern.split("%")
    middle = "".join(f"(?>.*?{re.escape(piece)})" for piece in pieces[1:-1] if piece)
    first, last = re.escape(pieces[0]), re.escape(pieces[-1])
    return re.compile(f"{first}{middle}.*{last}" if len(pieces) > 1 else first, re.DOTALL)


def _regexp(text: Value, pattern: Value) -> bool:
    return isinstance(text, str) and expression(str(pattern)).search(text[:MAX_TEXT]) is not None


@lru_cache(maxsize=1_000)
def expression(pattern: str) -> re.Pattern[str]:
    """A regular expression of a rule, ready for use.

    Raises
    ------
    UsageFault
        It is none, or longer than `MAX_PATTERN`.
    """
    if len(pattern) > MAX_PATTERN:
        raise UsageFault(f"a regular expression has {len(pattern)} characters; the most is {MAX_PATTERN}")
    try:
        return re.compile(pattern)
    except re.error as exc:
        raise UsageFault(f"{pattern!r} is not a regular expression: {exc}") from exc


#: Operator -> does it hold for two values, neither of which is missing?
OPERATORS: Mapping[str, Callable[[Value, Value], bool]] = {
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<": _ordered(lambda left, right: left < right),
    "<=": _ordered(lambda left, right: left <= right),
    ">": _ordered(lambda left, right: left > right),
    ">=": _ordered(lambda left, right: left >= right),
    "?=": _equal,
    "like": _like,
    "regexp": _regexp,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two operands and the operator between them."""

    left: Condition
    operator: str
    right: Condition

    def __call__(self, keywords: Keywords) -> bool:
        """Whether it holds."""
        left, right = self.left(keywords), self.right(keywords)
        if left is None or right is None:
            # "?=" asks only where both have a value: of VIMOS's four filter wheels a file has one.
            return self.operator == "?="
        return OPERATORS[self.operator](left, right)


#: Word behind "is" -> does it hold for a value?
KINDS: Mapping[str, Callable[[Value], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "true": lambda value: value is True,
    "false": lambda value: value is False,
    "defined": lambda value: value is not None,
    "undefined": lambda value: value is None,
}


@dataclass(frozen=True, slots=True)
class Kind:
    """Of what kind a value is: ``PRO.CATG is string``, ``INS.LAMP1.ST is TRUE``."""

    operand: Condition
    kind: str

    def __call__(self, keywords: Keywords) -> bool:
        """Whether it is."""
        return KINDS[self.kind](self.operand(keywords))


@dataclass(frozen=True, slots=True)
class Words:
    """Comma-separated words of which all, or any, must be in a value; their order means nothing.

    Attributes
    ----------
    wanted : frozenset of str
        In capitals.
    """

    keyword: str
    wanted: frozenset[str]
    every: bool = True

    def __call__(self, keywords: Keywords) -> bool:
        """Whether they are there."""
        value = keywords.get(self.keyword)
        if not isinstance(value, str):
            return False
        there = {word.strip().upper() for word in value.split(",")}
        return self.wanted <= there if self.every else bool(self.wanted & there)


@dataclass(frozen=True, slots=True)
class Every:
    """All of the conditions hold (``and``)."""

    parts: tuple[Condition, ...]

    def __call__(self, keywords: Keywords) -> bool:
        """Whether they do."""
        return all(part(keywords) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Any:
    """At least one of the conditions holds (``or``)."""

    parts: tuple[Condition, ...]

    def __call__(self, keywords: Keywords) -> bool:
        """Whether one does."""
        return any(part(keywords) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    """The condition does not hold."""

    part: Condition

    def __call__(self, keywords: Keywords) -> bool:
        """Whether it does not."""
        return not self.part(keywords)
