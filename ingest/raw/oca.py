"""Reading ESO's rule files (OCA: organisation, classification, association) into data.

Pipelines come with one for each instrument; there is no published grammar, so `oca.lark` is written from
these files. Names of the language's parts are ESO's: a classification gives keywords to a file, an
organisation says which files an action is executed for, an action says which calibrations a recipe needs.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError

from ingest.raw import conditions
from ingest.raw.conditions import Condition, Keyword, Literal
from vo_server.errors import UsageFault

MAX_SIZE = 4 * 1024 * 1024  #: bytes of a rule file; the largest known has 150,000
MAX_DEPTH = 40  #: parentheses inside each other
_NESTING = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|//[^\n]*|/\*.*?\*/|[()]|\bnot\b", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Classification:
    """What a file that fulfils ``condition`` is: keywords and their values, in the order of the rule."""

    condition: Condition
    assignments: tuple[tuple[str, Condition], ...]


@dataclass(frozen=True, slots=True)
class Organisation:
    """Which files make a group, and the action to execute for each group.

    Attributes
    ----------
    source : str
        The set of files: ``inputFiles``.
    grouping : tuple of str
        Files of one group have the same values of these keywords.
    alias : tuple of two str, or None
        Name and file tag of the grouping: ``as (TPL_A,tpl)``.
    settings : mapping
        What was set before: ``minRet``, in lower case.
    """

    action: str
    source: str
    condition: Condition | None
    grouping: tuple[str, ...] = ()
    alias: tuple[str, str] | None = None
    settings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Association:
    """Files that an action takes in: ``tag`` is their role, ``inputFile.KEY`` a keyword of the main file.

    Attributes
    ----------
    at_least, at_most : int or None
        ``minRet`` and ``maxRet``; 0 means that it may be missing.
    """

    tag: str
    source: str
    condition: Condition | None
    at_least: int | None
    at_most: int | None


@dataclass(frozen=True, slots=True)
class Recipe:
    """The program of an action, with its parameters."""

    name: str
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Product:
    """What an action makes, as keywords of the product."""

    name: str
    assignments: tuple[tuple[str, Condition], ...]


@dataclass(frozen=True, slots=True)
class Action:
    """A step of processing."""

    name: str
    associations: tuple[Association, ...] = ()
    recipes: tuple[Recipe, ...] = ()
    products: tuple[Product, ...] = ()
    priority: float | None = None


@dataclass(frozen=True, slots=True)
class RuleFile:
    """Everything in one file, each part in its order."""

    name: str
    classifications: tuple[Classification, ...] = ()
    organisations: tuple[Organisation, ...] = ()
    actions: tuple[Action, ...] = ()


def read(path: Path) -> RuleFile:
    """The rules in a file.

    Raises
    ------
    UsageFault
        It cannot be read, is too large, or is not in the language; the message has line and column.
    """
    try:
        size = path.stat().st_size
        if size > MAX_SIZE:
            raise UsageFault(f"{path.name} has {size} bytes; a rule file has at most {MAX_SIZE}")
        text = path.read_text(encoding="latin-1")
    except OSError as exc:
        raise UsageFault(f"{path.name} cannot be read: {exc.strerror}") from exc
    return parse(text, path.name)


def parse(text: str, name: str = "rules") -> RuleFile:
    """The rules in a text.

    Raises
    ------
    UsageFault
        It is not in the language.
    """
    _check_nesting(text, name)
    try:
        parts: list[Any] = _parser().parse(text)  # type: ignore[assignment]  # the transformer's result
    except UnexpectedInput as exc:
        raise UsageFault(f"{name}, line {exc.line}, column {exc.column}: {_explain(exc)}") from None
    except VisitError as exc:
        if isinstance(exc.orig_exc, UsageFault):
            raise UsageFault(f"{name}: {exc.orig_exc}") from exc.orig_exc
        raise
    return RuleFile(
        name,
        tuple(part for part in parts if isinstance(part, Classification)),
        tuple(part for part in parts if isinstance(part, Organisation)),
        tuple(part for part in parts if isinstance(part, Action)),
    )


def _check_nesting(text: str, name: str) -> None:
    depth = negations = 0
    for match in _NESTING.finditer(text):
        word = match[0].lower()
        depth += (word == "(") - (word == ")")
        negations = negations + 1 if word == "not" else 0
        if depth + negations > MAX_DEPTH:
            line = text.count("\n", 0, match.start()) + 1
            raise UsageFault(f"{name}, line {line}: nested more than {MAX_DEPTH} deep")


def _explain(exc: UnexpectedInput) -> str:
    if isinstance(exc, UnexpectedCharacters):
        return f"the character {exc.char!r} means nothing here"
    expected = sorted(word.strip("_").lower() for word in getattr(exc, "accepts", None) or exc.expected)  # type: ignore[attr-defined]
    wanted = ", ".join(expected)
    if isinstance(exc, UnexpectedToken) and exc.token.type != "$END":
        return f"{str(exc.token)!r} cannot stand here; wanted is one of {wanted}"
    return f"the file ends too early; wanted is one of {wanted}"


@cache
def _parser() -> Lark:
    grammar = files("ingest.raw").joinpath("oca.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", transformer=_Builder(), maybe_placeholders=True)


Assignment = tuple[str, Condition]
Setting = tuple[str, float]


@v_args(inline=True)
class _Builder(Transformer[Token, Any]):
    """The data, from the leaves up."""

    def start(self, *parts: Any) -> list[Any]:
        """Statements; a setting is for the next organisation."""
        found: list[Any] = []
        settings: dict[str, float] = {}
        for part in parts:
            if isinstance(part, tuple):
                settings[part[0]] = part[1]
                continue
            if isinstance(part, Organisation) and settings:
                action, source, condition = part.action, part.source, part.condition
                part = Organisation(action, source, condition, part.grouping, part.alias, settings)
                settings = {}
            found.append(part)
        return found

    def classification(self, condition: Condition, *assignments: Assignment) -> Classification:
        return Classification(condition, assignments)

    def assignment(self, name: Token, value: Condition) -> Assignment:
        return str(name), value

    def setting(self, name: Token, number: Token) -> Setting:
        return name.lower(), float(number)

    def organisation(
        self, action: Token, source: Token, condition: Condition | None, grouping: Any
    ) -> Organisation:
        keywords, alias = grouping or ((), None)
        return Organisation(str(action), str(source), condition, keywords, alias)

    def grouping(self, *names: Token | None) -> tuple[tuple[str, ...], tuple[str, str] | None]:
        *keywords, title, tag = names
        alias = (str(title), str(tag)) if title is not None and tag is not None else None
        return tuple(map(str, keywords)), alias

    def action(self, name: Token, *parts: Any) -> Action:
        """The parts of an action; minRet and maxRet are for the selections behind them."""
        settings: dict[str, float] = {}
        associations = []
        for part in parts:
            if isinstance(part, tuple):
                settings[part[0]] = part[1]
            elif isinstance(part, Association):
                bounds = (settings.pop("minret", None), settings.pop("maxret", None))
                least, most = (None if bound is None else int(bound) for bound in bounds)
                associations.append(Association(part.tag, part.source, part.condition, least, most))
        return Action(
            str(name),
            tuple(associations),
            tuple(part for part in parts if isinstance(part, Recipe)),
            tuple(part for part in parts if isinstance(part, Product)),
            settings.get("priority"),
        )

    def association(self, tag: Token, source: Token, condition: Condition | None) -> Association:
        return Association(str(tag), str(source), condition, None, None)

    def product(self, name: Token, *assignments: Assignment) -> Product:
        return Product(str(name), assignments)

    def recipe(self, name: Token, parameters: tuple[str, ...] | None) -> Recipe:
        return Recipe(str(name), parameters or ())

    def parameters(self, *texts: Token) -> tuple[str, ...]:
        return tuple(text[1:-1] for text in texts)

    def disjunction(self, *parts: Condition) -> Condition:
        return conditions.Any(parts)

    def conjunction(self, *parts: Condition) -> Condition:
        return conditions.Every(parts)

    def inversion(self, part: Condition) -> Condition:
        return conditions.Not(part)

    def comparison(self, left: Condition, operator: Token, right: Condition | Token) -> Condition:
        name = operator.lower()
        if isinstance(right, Token):
            right = Literal(right[1:-1])
            if name == "regexp":
                conditions.expression(str(right.value))
        return conditions.Comparison(left, name, right)

    def kind(self, operand: Condition, word: Token) -> Condition:
        if word.lower() not in conditions.KINDS:
            allowed = ", ".join(conditions.KINDS)
            raise UsageFault(f"line {word.line}: a value is never {str(word)!r}; it may be {allowed}")
        return conditions.Kind(operand, word.lower())

    def keyword(self, name: Token) -> Condition:
        return Keyword(str(name))

    def text(self, token: Token) -> Condition:
        return Literal(token[1:-1])

    def number(self, token: Token) -> Condition:
        return Literal(int(token) if token.lstrip("+-").isdigit() else float(token))

    def true(self, _: Token) -> Condition:
        return Literal(True)

    def false(self, _: Token) -> Condition:
        return Literal(False)
