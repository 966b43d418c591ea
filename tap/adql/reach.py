"""Which tables a query reads from end to end."""

from collections.abc import Callable, Iterator

from tap.adql import resolved, tree
from tap.adql.tree import Condition, Expression, Literal, Node

#: Schema and name in the database.
Relation = tuple[str, str]

FEW = 100  #: values of a key that are looked up one by one


def scanned_by(query: tree.Query, key_of: Callable[[Relation], str | None]) -> frozenset[Relation]:
    """The tables of which a resolved query wants more than the rows of a few keys, at least once.

    Parameters
    ----------
    key_of : callable
        The column by which the rows of a table are found quickly, if there is one.
    """
    scanned: set[Relation] = set()
    for select in _selects(query):
        restricted = _restricted(select)
        for table in _tables(select.sources):
            relation = (table.parts[0].name, table.parts[1].name)
            name = table.alias.name if table.alias else relation[1]
            if (name, key_of(relation)) not in restricted:
                scanned.add(relation)
    return frozenset(scanned)


def _selects(node: Node) -> Iterator[tree.Select]:
    if isinstance(node, tree.Select):
        yield node
    for child in node.children:
        yield from _selects(child)


def _tables(sources: tuple[tree.Source, ...]) -> Iterator[tree.TableName]:
    for source in sources:
        if isinstance(source, tree.TableName) and len(source.parts) == 2:
            yield source
        elif isinstance(source, tree.Join):
            yield from _tables((source.left, source.right))


def _restricted(select: tree.Select) -> set[tuple[str, str | None]]:
    """Columns, by the name of their relation, that have one of a few known values in every row."""
    conditions = [*_conjuncts(select.where), *_join_conditions(select.sources)]
    known: set[tuple[str, str | None]] = set()
    equal: list[set[tuple[str, str | None]]] = []
    for condition in conditions:
        if isinstance(condition, tree.Comparison) and condition.operator == "=":
            sides = condition.left, condition.right
            columns = {_column(side) for side in sides if isinstance(side, resolved.Field)}
            if len(columns) == 2:
                equal.append(columns)
            elif any(isinstance(side, Literal) for side in sides):
                known |= columns
        elif isinstance(condition, tree.InList) and isinstance(condition.operand, resolved.Field):
            is_short = len(condition.items) <= FEW and not condition.negated
            if is_short and all(isinstance(item, Literal) for item in condition.items):
                known.add(_column(condition.operand))
    # As often as there are equations: each may carry a value on to the next.
    for _ in equal:
        for columns in equal:
            if columns & known:
                known |= columns
    return known


def _column(field: Expression) -> tuple[str, str | None]:
    return (field.relation.name, field.column) if isinstance(field, resolved.Field) else ("", None)


def _conjuncts(condition: Condition | None) -> Iterator[Condition]:
    if isinstance(condition, tree.And):
        for item in condition.items:
            yield from _conjuncts(item)
    elif condition is not None:
        yield condition


def _join_conditions(sources: tuple[tree.Source, ...]) -> Iterator[Condition]:
    """The conditions of inner joins; those of outer ones leave rows that do not fulfil them."""
    for source in sources:
        if isinstance(source, tree.Join):
            if source.kind == "INNER":
                yield from _conjuncts(source.on)
            yield from _join_conditions((source.left, source.right))
