"""What the description of a computed column says: how it was computed, and from what."""

from collections.abc import Callable, Iterator
from typing import Any

from tap.adql import resolved, tree
from tap.adql.tree import Expression, Node
from vo_server.tables import Column

LONGEST = 200  #: characters of an expression; the query itself is in the INFO
_MANY = 8  #: arguments


def description(written: Expression, value: Expression) -> str:
    """The expression as the query has it; of a single column, also what that column is."""
    text = wording(written)
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}..."
    columns = {column.name: column.description for column in _columns(value)}
    if len(columns) == 1 and (known := next(iter(columns.values()))):
        return f"{text}: {known}"
    return text


def _columns(node: Node) -> Iterator[Column]:
    """The published columns that a value is computed from; those of a sub-query are its own business."""
    if isinstance(node, resolved.Field):
        if node.type.column is not None:
            yield node.type.column
    elif not isinstance(node, tree.Query):
        for child in node.children:
            yield from _columns(child)


def wording(node: Expression) -> str:
    """An expression as it could be written in a query, conditions and sub-queries left out."""
    return _WORDS[type(node)](node)


def _operand(node: Expression) -> str:
    compound = isinstance(node, tree.Chain | tree.Concatenation | tree.Sign)
    return f"({wording(node)})" if compound else wording(node)


def _literal(node: tree.Literal) -> str:
    if isinstance(node.value, str):
        return "'" + node.value.replace("'", "''") + "'"
    return "NULL" if node.value is None else str(node.value)


def _call(node: tree.Call) -> str:
    user_defined = node.function.startswith(("IVO_", "GAVO_", "ESO_"))
    name = node.function.lower() if user_defined else node.function
    words = [wording(argument) for argument in node.arguments[:_MANY]]
    if len(node.arguments) > _MANY:
        words.append("...")
    quantifier = f"{node.quantifier} " if node.quantifier else ""
    return f"{name}({quantifier}{', '.join(words)})"


def _case(node: tree.Case) -> str:
    branches = " ".join(f"WHEN ... THEN {wording(value)}" for _, value in node.branches[:_MANY])
    otherwise = "" if node.otherwise is None else f" ELSE {wording(node.otherwise)}"
    return f"CASE {branches}{otherwise} END"


_WORDS: dict[type, Callable[[Any], str]] = {
    tree.Literal: _literal,
    tree.Name: lambda node: ".".join(part.text for part in node.parts),
    tree.Call: _call,
    tree.Star: lambda node: "*",
    tree.Sign: lambda node: f"{node.sign}{_operand(node.operand)}",
    tree.Chain: lambda node: (
        _operand(node.first) + "".join(f" {operator} {_operand(value)}" for operator, value in node.rest)
    ),
    tree.Concatenation: lambda node: " || ".join(map(_operand, node.items)),
    tree.Cast: lambda node: f"CAST({wording(node.operand)} AS {node.target})",
    tree.Case: _case,
    tree.Scalar: lambda node: "(SELECT ...)",
}
