"""Expressions over mapped fields: a few words of Python, checked word by word, never given to ``eval``.

Null behaves as in SQL: arithmetic with null is null, a comparison with null is not true; ``x is None`` asks.
"""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vo_server.errors import UsageFault

Fields = Mapping[str, Any]
Evaluate = Callable[[Fields], Any]

MAX_NODES = 400  #: words in one expression
MAX_TEXT = 10_000  #: characters that an expression may make


def _text(*parts: Any) -> str | None:
    """The parts that are not null as one string, a blank between two."""
    return " ".join(str(part) for part in parts if part is not None and str(part) != "") or None


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _power(base: float, exponent: float) -> float:
    # Floating point from the start: integers would grow without limit.
    return math.pow(base, exponent)


@dataclass(frozen=True, slots=True)
class Function:
    """What an expression may call; ``strict`` functions give null when an argument is null."""

    call: Callable[..., Any]
    least: int
    most: int | None
    strict: bool = True


FUNCTIONS = {
    "abs": Function(abs, 1, 1),
    "ceil": Function(math.ceil, 1, 1),
    "coalesce": Function(_coalesce, 1, None, strict=False),
    "floor": Function(math.floor, 1, 1),
    "log10": Function(math.log10, 1, 1),
    "lower": Function(lambda text: str(text).lower(), 1, 1),
    "max": Function(max, 2, None),
    "min": Function(min, 2, None),
    "round": Function(round, 1, 2),
    "sqrt": Function(math.sqrt, 1, 1),
    "text": Function(_text, 1, None, strict=False),
    "upper": Function(lambda text: str(text).upper(), 1, 1),
}
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda item, text: str(item) in str(text),
    ast.NotIn: lambda item, text: str(item) not in str(text),
}


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression and the names of the fields that it needs."""

    source: str
    needs: frozenset[str]
    evaluate: Evaluate

    def __reduce__(self) -> tuple[Callable[[str], "Expression"], tuple[str]]:
        """An expression goes to another process as its text."""
        return compile_expression, (self.source,)

    def __call__(self, fields: Fields) -> Any:
        """The value for ``fields``; null when it cannot be computed (a division by zero, say)."""
        try:
            value = self.evaluate(fields)
        except (ArithmeticError, ValueError, TypeError):
            return None
        if isinstance(value, complex) or (isinstance(value, str) and len(value) > MAX_TEXT):
            return None
        return value


def compile_expression(source: str) -> Expression:
    """Check ``source`` and make it callable.

    Raises
    ------
    UsageFault
        It is not an expression, or has a word that is not allowed; the message names the word and its column.
    """
    try:
        tree = ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, RecursionError, MemoryError, ValueError) as exc:
        raise UsageFault(f"{source!r} is not an expression: {exc}") from exc
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    if sum(1 for _ in ast.walk(tree)) > MAX_NODES:
        raise UsageFault(f"the expression {source[:60]!r}... has more than {MAX_NODES} words")
    evaluate = _compile(tree, source)
    return Expression(source, frozenset(names - FUNCTIONS.keys()), evaluate)


def _compile(node: ast.expr, source: str) -> Evaluate:
    match node:
        case ast.Constant(value=value) if value is None or isinstance(value, (bool, int, float, str)):
            return lambda _: value
        case ast.Name(id=name) if name not in FUNCTIONS:
            return lambda fields: fields.get(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _compile(operand, source)
            return lambda fields: None if (value := inner(fields)) is None else -value
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = _compile(operand, source)
            return lambda fields: not inner(fields)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            return _binary(_ARITHMETIC[type(op)], _compile(left, source), _compile(right, source))
        case ast.BoolOp(op=op, values=values):
            parts = [_compile(value, source) for value in values]
            every = all if isinstance(op, ast.And) else any
            return lambda fields: every(part(fields) for part in parts)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            when, then, other = (_compile(part, source) for part in (test, body, orelse))
            return lambda fields: then(fields) if when(fields) else other(fields)
        case ast.Compare():
            return _comparison(node, source)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS:
            return _call(FUNCTIONS[name], name, [_compile(arg, source) for arg in args])
    raise UsageFault(
        f"{ast.unparse(node)!r} (column {node.col_offset + 1}) is not allowed in the expression {source!r}; "
        "allowed are fields, numbers, strings, arithmetic, comparisons, and/or/not, if/else "
        f"and the functions {', '.join(sorted(FUNCTIONS))}"
    )


def _binary(operate: Callable[[Any, Any], Any], left: Evaluate, right: Evaluate) -> Evaluate:
    def evaluate(fields: Fields) -> Any:
        first, second = left(fields), right(fields)
        if first is None or second is None:
            return None
        if isinstance(first, str) or isinstance(second, str):
            # Strings add; they are not repeated or formatted.
            if operate is not operator.add:
                raise TypeError("arithmetic with a string")
            return str(first) + str(second)
        return operate(first, second)

    return evaluate


def _comparison(node: ast.Compare, source: str) -> Evaluate:
    parts = [_compile(part, source) for part in (node.left, *node.comparators)]
    if len(parts) == 2 and isinstance(node.ops[0], (ast.Is, ast.IsNot)):
        comparator = node.comparators[0]
        if isinstance(comparator, ast.Constant) and comparator.value is None:
            wanted = isinstance(node.ops[0], ast.Is)
            return lambda fields: (parts[0](fields) is None) == wanted
    for op in node.ops:
        if type(op) not in _COMPARISONS:
            raise UsageFault(
                f"{ast.unparse(node)!r} is not allowed; compare with < <= > >= == != in, `is None`"
            )
    compare = [_COMPARISONS[type(op)] for op in node.ops]

    def evaluate(fields: Fields) -> bool:
        values = [part(fields) for part in parts]
        if any(value is None for value in values):
            return False
        return all(test(values[i], values[i + 1]) for i, test in enumerate(compare))

    return evaluate


def _call(function: Function, name: str, arguments: list[Evaluate]) -> Evaluate:
    most = function.most
    if len(arguments) < function.least or (most is not None and len(arguments) > most):
        wanted = (
            f"{function.least}"
            if most == function.least
            else f"{function.least} to {most or 'any number of'}"
        )
        raise UsageFault(f"{name}() takes {wanted} arguments, not {len(arguments)}")

    def evaluate(fields: Fields) -> Any:
        values = [argument(fields) for argument in arguments]
        if function.strict and any(value is None for value in values):
            return None
        return function.call(*values)

    return evaluate
