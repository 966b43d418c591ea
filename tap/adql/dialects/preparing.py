"""The pass for DuckDB: a real beside an integer stays a real there, names have no case, files no shapes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from tap.adql import resolved, tree
from tap.adql.errors import Unsupported
from tap.adql.kinds import NUMBERS, Kind, Type, arithmetic, wider
from tap.adql.tree import Expression, Node, Query

_DOUBLE = Type(Kind.DOUBLE)


def prepared(query: Query) -> Query:
    """The query with reals cast to double where PostgreSQL does so, and without the columns of shapes.

    Raises
    ------
    Unsupported
        Two of its tables have names that differ in case only, which this database takes for one.
    """
    spelled: dict[str, str] = {}
    for name in _names(query):
        if spelled.setdefault(name.lower(), name) != name:
            raise Unsupported(f"names of tables that differ in case only, such as {name}, are not possible")
    return _prepared(query)  # type: ignore[return-value]  # a query stays one


def _prepared(node: Node) -> Node:
    if isinstance(node, tree.Select):
        kept = tuple(item for item in node.items if not _is_shape(item))
        node = node if len(kept) == len(node.items) else replace(node, items=kept)
    if isinstance(node, resolved.Constant) and node.sql_type == "timestamp":
        return replace(node, text=_in_microseconds(node.text))
    made = node.rebuilt(_prepared)
    if isinstance(made, tree.Comparison):
        left, right = _together(made.left, made.right)
        return made if left is made.left and right is made.right else replace(made, left=left, right=right)
    if isinstance(made, tree.Between):
        operand, low, high = _together(made.operand, made.low, made.high)
        return replace(made, operand=operand, low=low, high=high)
    return _chain(made) if isinstance(made, tree.Chain) else made


def _in_microseconds(text: str) -> str:
    """A timestamp rounded as PostgreSQL rounds it; this database would cut it."""
    seconds, _, digits = text.partition(".")
    if len(digits) <= 6:
        return text
    fraction = timedelta(microseconds=round(float(f"0.{digits}") * 1e6))
    return (datetime.fromisoformat(seconds) + fraction).isoformat()


def _names(node: Node) -> Iterator[str]:
    """What the tables of a query are called in it; the columns of each differ in more than case."""
    match node:
        case resolved.Field():
            yield node.relation.name
        case tree.TableName(alias=alias) if alias is not None:
            yield alias.name
        case tree.Derived():
            yield node.alias.name
        case tree.With():
            yield node.name.name
    for child in node.children:
        yield from _names(child)


def _is_shape(item: tree.Item) -> bool:
    """Whether a column is there for tests of regions only, which this database refuses."""
    field = item.expression
    if not isinstance(field, resolved.Field) or field.type.kind is not Kind.OTHER:
        return False
    return any(field.column in (s.shape, s.box) for s in field.relation.shapes.values())


def _together(*values: Expression) -> tuple[Expression, ...]:
    """Values that are compared: all reals, or none of them."""
    kinds = {value.type.kind for value in values} & NUMBERS
    return tuple(map(_doubled, values)) if Kind.FLOAT in kinds and len(kinds) > 1 else values


def _doubled(value: Expression) -> Expression:
    return tree.Cast(value, "DOUBLE", type=_DOUBLE) if value.type.kind is Kind.FLOAT else value


def _chain(node: tree.Chain) -> Expression:
    """A chain cut where a sum of reals meets another kind."""
    if Kind.FLOAT not in {node.first.type.kind, *(operand.type.kind for _, operand in node.rest)}:
        return node
    total = node.first
    for operator, operand in node.rest:
        left, right = total.type.kind, operand.type.kind
        if Kind.NULL in (left, right):
            kind = wider(left, right)
        else:
            kind = arithmetic(left, right)
            if kind is Kind.DOUBLE:
                total, operand = _doubled(total), _doubled(operand)
        total = tree.Chain(total, ((operator, operand),), node.at, Type(kind))
    return replace(total, type=node.type) if isinstance(total, tree.Chain) else total
