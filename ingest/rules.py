"""The rules that give a column its value: constant, header, expression, derivation."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from ingest.expression import Expression, compile_expression
from ingest.fitsfile import FitsFile, Hdu
from ingest.header import Card
from ingest.layout import science_hdu
from vo_server.errors import UsageFault

Fields = Mapping[str, Any]


class Underivable(Exception):
    """A derivation found the header unusable: a finding, and no value."""

    def __init__(self, rule: str, message: str, hdu: int | None = None, keyword: str | None = None):
        super().__init__(message)
        self.rule, self.message, self.hdu, self.keyword = rule, message, hdu, keyword


@dataclass(frozen=True, slots=True)
class Derivation:
    """A named function from a file, and from fields mapped before, to a value.

    Attributes
    ----------
    function : callable
        ``function(file, *needs, **arguments)``; None when the value is unknown.
    needs : tuple of str
        Fields whose values it takes, in this order.
    unit : str
        Of the value.
    """

    function: Callable[..., Any]
    needs: tuple[str, ...] = ()
    unit: str = ""

    @property
    def arguments(self) -> frozenset[str]:
        """The arguments that a mapping may give."""
        parameters = inspect.signature(self.function).parameters.values()
        return frozenset(p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY)


class Rule(Protocol):
    """One way to a value."""

    @property
    def needs(self) -> frozenset[str]:
        """The fields that must be known before."""
        ...

    @property
    def unit(self) -> str | None:
        """Unit of the value; None when the rule does not say."""
        ...

    def value(self, file: FitsFile, fields: Fields) -> Any:
        """The value, or None."""
        ...

    def origin(self, file: FitsFile) -> str:
        """Where the value comes from, for `--explain`."""
        ...


@dataclass(frozen=True, slots=True)
class Constant:
    """The same value for every file of the collection."""

    constant: Any
    unit: str | None = None
    needs: frozenset[str] = frozenset()

    def value(self, file: FitsFile, fields: Fields) -> Any:
        """The constant."""
        return self.constant

    def origin(self, file: FitsFile) -> str:
        """Always the mapping."""
        return "constant"


@dataclass(frozen=True, slots=True)
class Header:
    """The first of ``keywords`` that has a value.

    Attributes
    ----------
    hdu : str
        ``any``: the primary header, then that of the science data; ``primary``, ``science``, or an EXTNAME.
    values : mapping or None
        What a header's word becomes; words that are not here give no value.
    """

    keywords: tuple[str, ...]
    hdu: str = "any"
    unit: str | None = None
    default: Any = None
    values: Mapping[str, Any] | None = None
    needs: frozenset[str] = frozenset()

    def value(self, file: FitsFile, fields: Fields) -> Any:
        """The value as the header has it, or the default."""
        found = self._find(file)
        if found is None:
            return self.default
        value = found[1].value
        if isinstance(value, str):
            value = value.strip() or self.default
        return value if self.values is None else self.values.get(str(value))

    def origin(self, file: FitsFile) -> str:
        """Keyword, HDU and card."""
        found = self._find(file)
        if found is None:
            return f"default ({', '.join(self.keywords)} are not in the header)"
        unit = f" in {self.unit}" if self.unit else ""
        return f"header {found[1].keyword}{unit} (HDU {found[0].index}, card {found[1].pos + 1})"

    def _find(self, file: FitsFile) -> tuple[Hdu, Card] | None:
        for hdu in self._hdus(file):
            for keyword in self.keywords:
                card = hdu.by_keyword.get(keyword)
                if card is not None:
                    return hdu, card
        return None

    def _hdus(self, file: FitsFile) -> tuple[Hdu, ...]:
        match self.hdu:
            case "primary":
                return (file.primary,)
            case "science":
                return (file.once(science_hdu),)
            case "any":
                science = file.once(science_hdu)
                return (file.primary,) if science.index == 0 else (file.primary, science)
        return tuple(hdu for hdu in file.hdus if hdu.name == self.hdu)


@dataclass(frozen=True, slots=True)
class Computed:
    """An expression over mapped fields."""

    expression: Expression
    unit: str | None = None

    @property
    def needs(self) -> frozenset[str]:
        """The names in the expression."""
        return self.expression.needs

    def value(self, file: FitsFile, fields: Fields) -> Any:
        """The value of the expression."""
        return self.expression(fields)

    def origin(self, file: FitsFile) -> str:
        """The expression."""
        return f"expression {self.expression.source}"


@dataclass(frozen=True, slots=True)
class Derived:
    """A named derivation."""

    name: str
    derivation: Derivation
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def needs(self) -> frozenset[str]:
        """What the derivation needs."""
        return frozenset(self.derivation.needs)

    @property
    def unit(self) -> str:
        """What the derivation gives."""
        return self.derivation.unit

    def value(self, file: FitsFile, fields: Fields) -> Any:
        """What the function returns."""
        given = [fields.get(name) for name in self.derivation.needs]
        return self.derivation.function(file, *given, **self.arguments)

    def origin(self, file: FitsFile) -> str:
        """Name of the derivation, what it needed, and what it does."""
        needs = f" from {', '.join(self.derivation.needs)}" if self.derivation.needs else ""
        meaning = (self.derivation.function.__doc__ or "").partition("\n")[0].strip().rstrip(".")
        return f"derivation {self.name}{needs}: {meaning}"


_KEYS = {
    "constant": {"constant", "unit"},
    "header": {"header", "hdu", "unit", "default", "values"},
    "expression": {"expression", "unit"},
    "derive": {"derive", "arguments"},
}


def parse_rule(fields: Any, derivations: Mapping[str, Derivation]) -> Rule:
    """One rule as TOML gives it.

    Raises
    ------
    UsageFault
        Not one of the four kinds, a key that its kind does not have, an unknown derivation, a bad expression.
    """
    kinds = [kind for kind in _KEYS if isinstance(fields, dict) and kind in fields]
    if len(kinds) != 1:
        raise UsageFault(f"wanted is one of {', '.join(_KEYS)}, got {fields!r}")
    kind = kinds[0]
    if unknown := fields.keys() - _KEYS[kind]:
        allowed = ", ".join(sorted(_KEYS[kind]))
        raise UsageFault(f"{kind} does not know {', '.join(sorted(unknown))}; it knows {allowed}")
    match kind:
        case "constant":
            return Constant(_constant(fields["constant"]), fields.get("unit"))
        case "header":
            return _header(fields)
        case "expression":
            return Computed(compile_expression(str(fields["expression"])), fields.get("unit"))
    return _derived(fields, derivations)


def _constant(value: Any) -> Any:
    if not isinstance(value, (str, int, float, bool, datetime)):
        raise UsageFault(f"a constant is a string, a number, a logical or a time, not {value!r}")
    return value


def _header(fields: dict[str, Any]) -> Header:
    keywords = fields["header"]
    keywords = [keywords] if isinstance(keywords, str) else keywords
    if not isinstance(keywords, list) or not keywords or not all(isinstance(k, str) for k in keywords):
        raise UsageFault(f"header is a keyword or a list of keywords, not {fields['header']!r}")
    hdu = str(fields.get("hdu", "any"))
    hdu = hdu if hdu in ("any", "primary", "science") else hdu.upper()
    keywords = tuple(keyword.upper().replace(" ", ".").removeprefix("ESO.") for keyword in keywords)
    return Header(keywords, hdu, fields.get("unit"), fields.get("default"), fields.get("values"))


def _derived(fields: dict[str, Any], derivations: Mapping[str, Derivation]) -> Derived:
    name = fields["derive"]
    if name not in derivations:
        raise UsageFault(f"there is no derivation {name!r}; there are {', '.join(sorted(derivations))}")
    arguments = fields.get("arguments", {})
    if unknown := arguments.keys() - derivations[name].arguments:
        allowed = ", ".join(sorted(derivations[name].arguments)) or "none"
        raise UsageFault(f"derivation {name} has no arguments {', '.join(sorted(unknown))}; it has {allowed}")
    return Derived(name, derivations[name], arguments)
