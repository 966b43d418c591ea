"""Tree -> PostgreSQL's text; knows the database and decides nothing.

Every literal is written anew from its value, never copied from the query: COPY, by which results are
read, takes no parameters.
"""

from collections.abc import Callable
from typing import Any

from tap.adql import resolved, tree
from tap.adql.functions import CASTS
from tap.adql.tree import Condition, Expression, Literal

_COMPOUND = (tree.Chain, tree.Concatenation, tree.Sign)


def emit(query: tree.Query) -> str:
    """The SQL of a lowered query."""
    return _query(query)


def quote(text: str) -> str:
    """A string literal; ``standard_conforming_strings`` is on, so a backslash is one."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A name in double quotes."""
    return '"' + name.replace('"', '""') + '"'


# Queries.


def _query(node: tree.Query) -> str:
    parts = []
    if node.tables:
        parts.append(
            "WITH " + ", ".join(f"{identifier(t.name.name)} AS ({_query(t.query)})" for t in node.tables)
        )
    parts.append(f"({_query(node.body)})" if isinstance(node.body, tree.Query) else _body(node.body))
    if node.order:
        parts.append("ORDER BY " + ", ".join(map(_order, node.order)))
    if isinstance(node.body, tree.Select) and node.body.top is not None:
        parts.append(f"LIMIT {node.body.top}")
    if node.offset is not None:
        parts.append(f"OFFSET {node.offset}")
    return " ".join(parts)


def _body(node: tree.Select | tree.SetOperation) -> str:
    if isinstance(node, tree.Select):
        return _select(node)
    parts = [_operand(node.first)]
    for operator, every, body in node.rest:
        parts.append(f"{operator} ALL" if every else operator)
        parts.append(_operand(body))
    return " ".join(parts)


def _operand(node: tree.Body) -> str:
    if isinstance(node, tree.Select):
        return _select(node) if node.top is None else f"({_select(node)} LIMIT {node.top})"
    return f"({_query(node) if isinstance(node, tree.Query) else _body(node)})"


def _select(node: tree.Select) -> str:
    parts = ["SELECT DISTINCT" if node.distinct else "SELECT", ", ".join(map(_item, node.items))]
    parts.append("FROM " + ", ".join(map(_source, node.sources)))
    if node.where is not None:
        parts.append(f"WHERE {_condition(node.where)}")
    if node.group:
        parts.append("GROUP BY " + ", ".join(map(_term, node.group)))
    if node.having is not None:
        parts.append(f"HAVING {_condition(node.having)}")
    return " ".join(parts)


def _item(node: tree.Item) -> str:
    text = _value(node.expression)
    if node.alias is None or (
        isinstance(node.expression, resolved.Field) and node.expression.column == node.alias.name
    ):
        return text
    return f"{text} AS {identifier(node.alias.name)}"


def _source(node: tree.Source) -> str:
    if isinstance(node, tree.TableName):
        name = ".".join(identifier(part.name) for part in node.parts)
        return name if node.alias is None else f"{name} AS {identifier(node.alias.name)}"
    if isinstance(node, tree.Derived):
        return f"({_query(node.query)}) AS {identifier(node.alias.name)}"
    right = f"({_source(node.right)})" if isinstance(node.right, tree.Join) else _source(node.right)
    kind = "JOIN" if node.kind == "INNER" else f"{node.kind} JOIN"
    condition = "" if node.on is None else f" ON {_condition(node.on)}"
    return f"{_source(node.left)} {kind} {right}{condition}"


def _order(node: tree.Order) -> str:
    text = str(node.term) if isinstance(node.term, int) else _term(node.term)
    return f"{text} DESC" if node.descending else text


def _term(node: Expression) -> str:
    """A term of ORDER BY or GROUP BY, where a bare name or constant could mean an output column."""
    if isinstance(node, resolved.Field):
        return f"{identifier(node.relation.name)}.{identifier(node.column)}"
    if isinstance(node, Literal):
        return f"({_value(node)})::text"
    return _value(node)


# Values.


def _value(node: Expression) -> str:
    return _VALUES[type(node)](node)


def _operand_value(node: Expression) -> str:
    return f"({_value(node)})" if isinstance(node, _COMPOUND) else _value(node)


def _literal(node: Literal) -> str:
    value = node.value
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return quote(value)
    # A decimal literal would be numeric: slow, and not the double that ADQL means.
    return str(value) if isinstance(value, int) else f"{value!r}::double precision"


def _field(node: resolved.Field) -> str:
    column = identifier(node.column)
    return f"{identifier(node.relation.name)}.{column}" if node.qualified else column


def _chain(node: tree.Chain) -> str:
    factor = _factor if node.rest[0][0] in "+-" else _operand_value
    return factor(node.first) + "".join(f" {op} {factor(operand)}" for op, operand in node.rest)


def _factor(node: Expression) -> str:
    """An operand of a sum: a product needs no parentheses."""
    product = isinstance(node, tree.Chain) and node.rest[0][0] not in "+-"
    return _value(node) if product else _operand_value(node)


def _cast(node: tree.Cast) -> str:
    value = _value(node.operand)
    if node.length is not None:
        if node.target == "VARCHAR":
            return f"left(({value})::text, {node.length})"
        return f"rpad(({value})::text, {node.length})"
    return f"({value})::{CASTS[node.target][1]}"


def _case(node: tree.Case) -> str:
    branches = "".join(f" WHEN {_condition(when)} THEN {_value(then)}" for when, then in node.branches)
    otherwise = "" if node.otherwise is None else f" ELSE {_value(node.otherwise)}"
    return f"CASE{branches}{otherwise} END"


_VALUES: dict[type, Callable[[Any], str]] = {
    Literal: _literal,
    resolved.Field: _field,
    resolved.Apply: lambda node: node.sql.format(*map(_value, node.arguments)),
    resolved.Constant: lambda node: f"{quote(node.text)}::{node.sql_type}",
    tree.Sign: lambda node: f"{node.sign}{_operand_value(node.operand)}",
    tree.Chain: _chain,
    tree.Concatenation: lambda node: " || ".join(map(_operand_value, node.items)),
    tree.Cast: _cast,
    tree.Case: _case,
    tree.Scalar: lambda node: f"({_query(node.query)})",
}


# Conditions.


def _condition(node: Condition) -> str:
    return _CONDITIONS[type(node)](node)


def _and(node: tree.And) -> str:
    return " AND ".join(
        f"({_condition(item)})" if isinstance(item, tree.Or) else _condition(item) for item in node.items
    )


def _no(node: Any) -> str:
    return "NOT " if node.negated else ""


def _like(node: tree.Like) -> str:
    operator = f"{_no(node)}{'ILIKE' if node.blind else 'LIKE'}"
    # ADQL's LIKE has no escape character, PostgreSQL's is the backslash.
    if isinstance(node.pattern, Literal) and isinstance(node.pattern.value, str):
        doubled = node.pattern.value.replace("\\", "\\\\")
        return f"{_value(node.operand)} {operator} {quote(doubled)}"
    return f"{_value(node.operand)} {operator} {_operand_value(node.pattern)} ESCAPE ''"


_CONDITIONS: dict[type, Callable[[Any], str]] = {
    tree.And: _and,
    tree.Or: lambda node: " OR ".join(map(_condition, node.items)),
    tree.Not: lambda node: f"NOT ({_condition(node.item)})",
    tree.Comparison: lambda node: f"{_value(node.left)} {node.operator} {_value(node.right)}",
    tree.Between: lambda node: (
        f"{_value(node.operand)} {_no(node)}BETWEEN {_value(node.low)} AND {_value(node.high)}"
    ),
    tree.InList: lambda node: f"{_value(node.operand)} {_no(node)}IN ({', '.join(map(_value, node.items))})",
    tree.InQuery: lambda node: f"{_value(node.operand)} {_no(node)}IN ({_query(node.query)})",
    tree.Like: _like,
    tree.IsNull: lambda node: f"{_operand_value(node.operand)} IS {_no(node)}NULL",
    tree.Exists: lambda node: f"EXISTS ({_query(node.query)})",
    resolved.Test: lambda node: node.sql.format(*map(_value, node.arguments)),
}
