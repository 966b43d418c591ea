"""Expressions of ADQL that nobody thought of, each with a second opinion on its value, which is Python's.

Nothing here is shared with the product but the rules of ADQL 2.1 and of PostgreSQL's arithmetic. What the
database refuses (a division by zero, an overflow) and what no two libraries agree on to the last bit (whether
a sum of sines is above zero) is not made: see `Unsure`.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import numpy as np

from tests.vo_server.sky.places import separation

Row = dict[str, Any]
#: The value in a row; the number is what a library function may be wrong by, as a factor.
Value = Callable[[Row, float], Any]

RANGES = {"short": 2**15, "int": 2**31, "long": 2**63}
RANKS = ("short", "int", "long", "float", "double")
COLUMNS = {
    "s": "short", "i": "int", "l": "long", "f": "float", "d": "double", "e": "double", "t": "text",
    "u": "text", "ra": "double", "de": "double",
}  # fmt: skip
ROWS: tuple[Row, ...] = tuple(
    dict(zip(COLUMNS, values, strict=True))
    for values in (
        (7, -12, 2**40, 1.5, 0.1, -2.75, "abc", "A%c", 10.5, -30.25),
        (-3, 100_000, -5, -0.1, 1e10, 3.0, "", "x_y", 359.9, 89.5),
        (0, 0, 0, 0.0, 0.0, 0.5, "It's", "\\", 0.0, 0.0),
        (None, 5, 9, None, -0.5, None, None, "abc", 180.0, -90.0),
        (1, None, None, 2.0, None, 45.0, "abc", None, None, 45.0),
        (12, 2, 3, 1e-3, 2.5, 7.0, "aBc", "abc", 123.456, 12.5),
    )
)


class Unsure(Exception):
    """The database would refuse this, or rounding decides the value."""


@dataclass(frozen=True)
class Made:
    """An expression, its kind and its value."""

    text: str
    kind: str
    value: Value


def expected(made: Made) -> list[Any]:
    """The value in every row, and how far it may be off; raises `Unsure`."""
    found = []
    for row in ROWS:
        exact, *others = (made.value(row, 1 + noise) for noise in (0.0, 4e-15, -4e-15))
        if made.kind in ("float", "double") and exact is not None and None not in others:
            reach = max(abs(other - exact) for other in others)
            if not reach <= 1e-6 * abs(exact) + 1e-300:
                raise Unsure
            found.append((exact, 4 * reach + 1e-14 * abs(exact)))
            continue
        if any(other != exact for other in others):
            raise Unsure
        found.append((exact, 0))
    return found


class Maker:
    """Makes expressions by chance."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def any(self) -> Made:
        """An expression of any kind."""
        return self._chance.choice([self.number, self.number, self.text, self.truth, self.geometry])(4)

    def number(self, depth: int) -> Made:
        """A number."""
        if depth == 0 or self._chance.random() < 0.15:
            return self._chance.choice([self._column, self._literal])()
        return self._chance.choice(
            [self._sum, self._sum, self._product, self._function, self._rounded, self._power, self._sign,
             self._cast, self._chosen, self._conditional, self._remainder, self.geometry]
        )(depth - 1)  # fmt: skip

    def _column(self) -> Made:
        name = self._chance.choice([name for name, kind in COLUMNS.items() if kind in RANKS])
        return Made(name, COLUMNS[name], lambda row, noise: _read(row, name))

    def _literal(self) -> Made:
        if self._chance.random() < 0.5:
            value: Any = self._chance.choice([0, 1, 2, 3, 10, 255, 40_000])
            text = self._chance.choice([str(value), hex(value)])
            return Made(text, "int", lambda row, noise: value)
        value = self._chance.choice([0.5, 1.5, 2.0, 0.1, 1e-3, 1.25e5, 3.75])
        text = self._chance.choice([repr(value), f"{value:e}", repr(value).removesuffix("0")])
        return Made(text, "double", lambda row, noise: value)

    def _sum(self, depth: int) -> Made:
        left, right = self.number(depth), self.number(depth)
        operator = self._chance.choice("+-")
        return self._calculated(left, operator, right)

    def _product(self, depth: int) -> Made:
        left, right = self.number(depth), self.number(depth)
        return self._calculated(left, self._chance.choice("*/"), right)

    def _calculated(self, left: Made, operator: str, right: Made) -> Made:
        kind = _met(left.kind, right.kind)

        def value(row: Row, noise: float) -> Any:
            a, b = left.value(row, noise), right.value(row, noise)
            return None if a is None or b is None else _arithmetic(kind, a, operator, b)

        return Made(f"({left.text}) {operator} ({right.text})", kind, value)

    def _remainder(self, depth: int) -> Made:
        left, right = self.number(depth), self.number(depth)
        whole = left.kind in RANGES and right.kind in RANGES
        kind = _met(left.kind, right.kind) if whole else "double"

        def value(row: Row, noise: float) -> Any:
            a, b = left.value(row, noise), right.value(row, noise)
            if a is None or b is None:
                return None
            if b == 0:
                raise Unsure
            if whole:
                return int(math.copysign(abs(a) % abs(b), a)) if abs(a) % abs(b) else 0
            # In decimals, as PostgreSQL's numeric; doubles have at most 17 digits.
            with localcontext(prec=700):
                return float(Decimal(_shown(a)) % Decimal(_shown(b))) + 0.0  # decimals know no negative zero

        text = f"({left.text}) % ({right.text})" if whole and self._chance.random() < 0.5 else ""
        return Made(text or f"MOD({left.text}, {right.text})", kind, value)

    def _sign(self, depth: int) -> Made:
        operand = self.number(depth)

        def value(row: Row, noise: float) -> Any:
            found = operand.value(row, noise)
            return None if found is None else _checked(operand.kind, -found)

        return Made(f"-({operand.text})", operand.kind, value)

    def _function(self, depth: int) -> Made:
        name, function = self._chance.choice(FUNCTIONS)
        operand = self.number(depth)

        def value(row: Row, noise: float) -> Any:
            found = operand.value(row, noise)
            if found is None:
                return None
            try:
                return _checked("double", function(float(found)) * (noise if name not in EXACT else 1))
            except (ValueError, OverflowError, ZeroDivisionError) as exc:
                raise Unsure from exc

        if name == "ABS":
            return Made(
                f"ABS({operand.text})", operand.kind, lambda row, noise: _absolute(operand, row, noise)
            )
        return Made(f"{name}({operand.text})", "double", value)

    def _power(self, depth: int) -> Made:
        base, exponent = self.number(depth), self.number(0)
        name, function = self._chance.choice([("POWER", math.pow), ("ATAN2", math.atan2)])

        def value(row: Row, noise: float) -> Any:
            a, b = base.value(row, noise), exponent.value(row, noise)
            if a is None or b is None:
                return None
            try:
                found = function(float(a), float(b))
            except (ValueError, OverflowError, ZeroDivisionError) as exc:
                raise Unsure from exc
            if name == "POWER" and found == 0 != a:
                raise Unsure
            return _checked("double", found * noise)

        return Made(f"{name}({base.text}, {exponent.text})", "double", value)

    def _rounded(self, depth: int) -> Made:
        operand, places = self.number(depth), self._chance.choice([None, 0, 1, 2, 3, -1])
        name, mode = self._chance.choice([("ROUND", ROUND_HALF_UP), ("TRUNCATE", ROUND_DOWN)])

        def value(row: Row, noise: float) -> Any:
            found = operand.value(row, noise)
            if found is None:
                return None
            if abs(found) > 1e25:
                raise Unsure
            if places is None:
                return float(np.rint(float(found)) if name == "ROUND" else np.trunc(float(found)))
            with localcontext(prec=400):
                return float(Decimal(_shown(found)).quantize(Decimal(1).scaleb(-places), mode)) + 0.0

        text = f"{name}({operand.text})" if places is None else f"{name}({operand.text}, {places})"
        return Made(text, "double", value)

    def _cast(self, depth: int) -> Made:
        operand = self.number(depth)
        target, kind = self._chance.choice(
            [("SMALLINT", "short"), ("INTEGER", "int"), ("BIGINT", "long"), ("REAL", "float"),
             ("DOUBLE PRECISION", "double")]
        )  # fmt: skip

        def value(row: Row, noise: float) -> Any:
            found = operand.value(row, noise)
            if found is None:
                return None
            if kind in RANGES:
                return _checked(
                    kind, int(round(float(found)) if operand.kind in ("float", "double") else found)
                )
            return _checked(kind, _real(found) if kind == "float" else float(found))

        return Made(f"CAST({operand.text} AS {target})", kind, value)

    def _chosen(self, depth: int) -> Made:
        first, second = self.number(depth), self.number(depth)
        kind = _widest(first.kind, second.kind)

        def value(row: Row, noise: float) -> Any:
            one, two = first.value(row, noise), second.value(row, noise)
            return _as(kind, two if one is None else one)

        return Made(f"COALESCE({first.text}, {second.text})", kind, value)

    def _conditional(self, depth: int) -> Made:
        when, then, otherwise = self.condition(depth), self.number(depth), self.number(depth)
        kind = _widest(then.kind, otherwise.kind)

        def value(row: Row, noise: float) -> Any:
            # PostgreSQL works out constants in either branch.
            one, two = then.value(row, noise), otherwise.value(row, noise)
            return _as(kind, one if when.value(row, noise) is True else two)

        return Made(f"CASE WHEN {when.text} THEN {then.text} ELSE {otherwise.text} END", kind, value)

    def geometry(self, depth: int) -> Made:
        """A number that geometry gives."""
        return self._chance.choice(
            [self._distance, self._inside, self._meeting, self._area, self._coordinate]
        )()

    def _angle(self, low: int, high: int, column: str) -> Made:
        if self._chance.random() < 0.4:
            return Made(column, "double", lambda row, noise: row[column])
        value = round(self._chance.uniform(low, high), self._chance.choice([0, 3]))
        return Made(repr(value), "double", lambda row, noise: value)

    def _point(self) -> tuple[str, Callable[[Row], tuple[float, float] | None]]:
        ra, dec = self._angle(0, 360, "ra"), self._angle(-90, 90, "de")

        def place(row: Row) -> tuple[float, float] | None:
            found = ra.value(row, 1), dec.value(row, 1)
            return None if None in found else found

        frame = self._chance.choice(["", "'ICRS', ", "'', "])
        return f"POINT({frame}{ra.text}, {dec.text})", place

    def _distance(self) -> Made:
        (one, a), (two, b) = self._point(), self._point()

        def value(row: Row, noise: float) -> Any:
            p, q = a(row), b(row)
            if p is None or q is None:
                return None
            found = float(separation(*p, *q))
            if found < 1e-6 or found > 180 - 1e-6:  # there the two formulas differ by rounding
                raise Unsure
            return found * (1 + 30 * (noise - 1))

        return Made(f"DISTANCE({one}, {two})", "double", value)

    def _within(self, text: str, reach: float, places: list[Any]) -> Made:
        def value(row: Row, noise: float) -> Any:
            p, q = (place(row) for place in places)
            if p is None or q is None:
                return None
            apart = float(separation(*p, *q))
            if abs(apart - reach) < 1e-9:
                raise Unsure
            return int(apart < reach)

        return Made(text, "int", value)

    def _inside(self) -> Made:
        (one, a), (two, b) = self._point(), self._point()
        radius = self._chance.choice([1, 30, 45.5, 90, 120])
        return self._within(f"CONTAINS({one}, CIRCLE({two}, {radius}))", radius, [a, b])

    def _meeting(self) -> Made:
        (one, a), (two, b) = self._point(), self._point()
        first, second = self._chance.choice([1, 20, 60]), self._chance.choice([2, 25.5])
        text = f"INTERSECTS(CIRCLE({one}, {first}), CIRCLE({two}, {second}))"
        return self._within(text, first + second, [a, b])

    def _area(self) -> Made:
        one, place = self._point()
        radius = self._chance.choice([0.001, 1, 30, 90, 150])

        def value(row: Row, noise: float) -> Any:
            if place(row) is None:
                return None
            return 4 * math.pi * math.sin(math.radians(radius) / 2) ** 2 * math.degrees(1) ** 2 * noise

        return Made(f"AREA(CIRCLE({one}, {radius}))", "double", value)

    def _coordinate(self) -> Made:
        ra, dec = self._angle(0, 360, "ra"), self._angle(-90, 90, "de")
        number, kept = self._chance.choice([(1, ra), (2, dec)])
        # A point with a NULL is one all the same: each of its coordinates is what it was.
        return Made(f"COORD{number}(POINT({ra.text}, {dec.text}))", "double", kept.value)

    def text(self, depth: int) -> Made:
        """A string."""
        if depth == 0 or self._chance.random() < 0.3:
            if self._chance.random() < 0.5:
                name = self._chance.choice(["t", "u"])
                return Made(name, "text", lambda row, noise: row[name])
            value = self._chance.choice(["", "abc", "It's", "100%", "a\\b", "Ångström", '"q"'])
            return Made("'" + value.replace("'", "''") + "'", "text", lambda row, noise: value)
        kind = self._chance.choice(["||", "case", "number", "when", "part"])
        first = self.text(depth - 1)
        if kind == "||":
            second = self.text(depth - 1)
            return Made(
                f"{first.text} || {second.text}",
                "text",
                lambda row, noise: _both(
                    first.value(row, noise), second.value(row, noise), lambda a, b: a + b
                ),
            )
        if kind == "case" and "Å" not in first.text:
            name, change = self._chance.choice([("LOWER", str.lower), ("UPPER", str.upper)])
            return Made(
                f"{name}({first.text})", "text", lambda row, noise: _if_known(first.value(row, noise), change)
            )
        if kind == "number":
            number = self.number(depth - 1)
            if number.kind in RANGES:
                return Made(
                    f"CAST({number.text} AS VARCHAR)",
                    "text",
                    lambda row, noise: _if_known(number.value(row, noise), str),
                )
        if kind == "part":
            start, length = self._chance.choice([1, 2, 9]), self._chance.choice([0, 1, 5])
            return Made(
                f"ESO_SUBSTRING({first.text}, {start}, {length})",
                "text",
                lambda row, noise: _if_known(
                    first.value(row, noise), lambda s: s[start - 1 : start - 1 + length]
                ),
            )
        when, second = self.condition(depth - 1), self.text(depth - 1)

        def chosen(row: Row, noise: float) -> Any:
            one, two = first.value(row, noise), second.value(row, noise)
            return one if when.value(row, noise) is True else two

        return Made(f"CASE WHEN {when.text} THEN {first.text} ELSE {second.text} END", "text", chosen)

    def truth(self, depth: int) -> Made:
        """A condition as a number: 1, 0, or NULL where it is neither true nor false."""
        when = self.condition(depth)
        return Made(
            f"CASE WHEN {when.text} THEN 1 WHEN NOT ({when.text}) THEN 0 END",
            "int",
            lambda row, noise: {True: 1, False: 0, None: None}[when.value(row, noise)],
        )

    def condition(self, depth: int) -> Made:
        """A condition."""
        made = [self._comparison, self._between, self._in, self._like, self._null]
        if depth > 0:
            made += [self._and, self._and, self._not]
        return self._chance.choice(made)(max(0, depth - 1))

    def _and(self, depth: int) -> Made:
        first, second = self.condition(depth), self.condition(depth)
        name, decides = self._chance.choice([("AND", False), ("OR", True)])

        def value(row: Row, noise: float) -> Any:
            found = first.value(row, noise), second.value(row, noise)
            return decides if decides in found else None if None in found else not decides

        return Made(f"({first.text}) {name} ({second.text})", "bool", value)

    def _not(self, depth: int) -> Made:
        inner = self.condition(depth)
        return Made(
            f"NOT ({inner.text})",
            "bool",
            lambda row, noise: _if_known(inner.value(row, noise), lambda truth: not truth),
        )

    def _comparison(self, depth: int) -> Made:
        kind = self._chance.choice([self.number, self.number, self.text])
        left, right = kind(depth), kind(depth)
        name = self._chance.choice(["=", "<>", "!="] if left.kind == "text" else list(COMPARISONS))
        compare = COMPARISONS[name]
        return Made(
            f"{left.text} {name} {right.text}",
            "bool",
            lambda row, noise: _both(left.value(row, noise), right.value(row, noise), compare),
        )

    def _between(self, depth: int) -> Made:
        value, low, high = self.number(depth), self.number(0), self.number(0)
        negated = self._chance.random() < 0.3

        def truth(row: Row, noise: float) -> Any:
            x, a, b = (made.value(row, noise) for made in (value, low, high))
            tests = [_both(a, x, lambda p, q: bool(p <= q)), _both(x, b, lambda p, q: bool(p <= q))]
            found = False if False in tests else None if None in tests else True
            return _if_known(found, lambda t: t is not negated)

        return Made(
            f"{value.text} {'NOT ' if negated else ''}BETWEEN {low.text} AND {high.text}", "bool", truth
        )

    def _in(self, depth: int) -> Made:
        kind = self._chance.choice([self.number, self.text])
        value, items = kind(depth), [kind(0) for _ in range(self._chance.randint(1, 4))]
        negated = self._chance.random() < 0.3

        def truth(row: Row, noise: float) -> Any:
            x = value.value(row, noise)
            tests = [_both(x, item.value(row, noise), lambda p, q: bool(p == q)) for item in items]
            found = True if True in tests else None if None in tests else False
            return _if_known(found, lambda t: t is not negated)

        listed = ", ".join(item.text for item in items)
        return Made(f"{value.text} {'NOT ' if negated else ''}IN ({listed})", "bool", truth)

    def _like(self, depth: int) -> Made:
        value = self.text(depth)
        pattern = self.text(0) if self._chance.random() < 0.5 else None
        word = self._chance.choice(["a%", "%c", "_b_", "%", "", "A%", "100%", "%\\%", "It's"])
        text = pattern.text if pattern else "'" + word.replace("'", "''") + "'"
        negated, blind = self._chance.random() < 0.3, self._chance.random() < 0.3

        def truth(row: Row, noise: float) -> Any:
            x, p = value.value(row, noise), pattern.value(row, noise) if pattern else word
            if x is None or p is None:
                return None
            if blind:
                x, p = x.lower(), p.lower()
            return _matches(x, p) is not negated

        operator = f"{'NOT ' if negated else ''}{'ILIKE' if blind else 'LIKE'}"
        return Made(f"{value.text} {operator} {text}", "bool", truth)

    def _null(self, depth: int) -> Made:
        value = self._chance.choice([self.number, self.text])(depth)
        negated = self._chance.random() < 0.5
        return Made(
            f"({value.text}) IS {'NOT ' if negated else ''}NULL",
            "bool",
            lambda row, noise: (value.value(row, noise) is None) is not negated,
        )


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "<>": lambda a, b: bool(a != b),
    "!=": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    ">": lambda a, b: bool(a > b),
    "<=": lambda a, b: bool(a <= b),
    ">=": lambda a, b: bool(a >= b),
}
FUNCTIONS: tuple[tuple[str, Callable[[float], float]], ...] = (
    ("ABS", abs),
    ("CEILING", lambda x: float(np.ceil(x))),
    ("FLOOR", lambda x: float(np.floor(x))),
    ("DEGREES", math.degrees),
    ("RADIANS", math.radians),
    ("EXP", lambda x: _above_zero(math.exp(x))),
    ("LOG", math.log),
    ("LOG10", math.log10),
    ("SQRT", math.sqrt),
    ("SIN", math.sin),
    ("COS", math.cos),
    ("TAN", math.tan),
    ("COT", lambda x: 1 / math.tan(x)),
    ("ASIN", math.asin),
    ("ACOS", math.acos),
    ("ATAN", math.atan),
)
#: What every library gives to the last bit.
EXACT = frozenset({"CEILING", "FLOOR", "SQRT"})


def _read(row: Row, name: str) -> Any:
    value = row[name]
    return np.float32(value) if COLUMNS[name] == "float" and value is not None else value


def _above_zero(value: float) -> float:
    if value == 0:  # PostgreSQL calls that an underflow
        raise Unsure
    return value


def _met(left: str, right: str) -> str:
    """The kind of a calculation: two reals stay real, any other mix with one is double."""
    wide = max(left, right, key=RANKS.index)
    return "double" if wide == "float" and left != right else wide


def _widest(left: str, right: str) -> str:
    return max(left, right, key=RANKS.index)


def _as(kind: str, value: Any) -> Any:
    if value is None or kind in RANGES:
        return value
    return _real(value) if kind == "float" else float(value)


def _real(value: Any) -> np.float32:
    with np.errstate(all="ignore"):
        found = np.float32(value)
    if found == 0 and value != 0:
        raise Unsure
    _checked("float", found)
    return found


def _arithmetic(kind: str, a: Any, operator: str, b: Any) -> Any:
    if kind in RANGES:
        if operator == "/":
            if b == 0:
                raise Unsure
            quotient = abs(a) // abs(b)
            return _checked(kind, quotient if (a < 0) == (b < 0) else -quotient)
        return _checked(kind, {"+": a + b, "-": a - b, "*": a * b}[operator])
    a, b = _as(kind, a), _as(kind, b)
    if operator == "/" and b == 0:
        raise Unsure
    with np.errstate(all="ignore"):
        found = {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "/": lambda: a / b}[operator]()
    if operator in "*/" and found == 0 and a != 0 and b != 0:
        raise Unsure
    return _checked(kind, found)


def _checked(kind: str, value: Any) -> Any:
    """The value, which the kind can hold."""
    if kind in RANGES:
        if not -RANGES[kind] <= value < RANGES[kind]:
            raise Unsure
    elif not math.isfinite(value):
        raise Unsure
    return value


def _shown(value: Any) -> str:
    """A number as PostgreSQL writes it: the shortest text that gives it back."""
    return str(value) if isinstance(value, np.float32) else repr(value)


def _absolute(operand: Made, row: Row, noise: float) -> Any:
    found = operand.value(row, noise)
    return None if found is None else _checked(operand.kind, abs(found))


def _both(a: Any, b: Any, function: Callable[[Any, Any], Any]) -> Any:
    if a is None or b is None:
        return None
    # A real that is compared with a double is one; numpy would make the double a real.
    return function(*(float(x) if isinstance(x, np.float32) else x for x in (a, b)))


def _if_known(value: Any, function: Callable[[Any], Any]) -> Any:
    return None if value is None else function(value)


def _matches(text: str, pattern: str) -> bool:
    """LIKE without an escape character, letter by letter."""
    if not pattern:
        return not text
    if pattern[0] == "%":
        return any(_matches(text[n:], pattern[1:]) for n in range(len(text) + 1))
    return bool(text) and pattern[0] in ("_", text[0]) and _matches(text[1:], pattern[1:])
