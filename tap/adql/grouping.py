"""GROUP BY: which columns may stand outside aggregates (SQL-92, query specification)."""

from collections.abc import Iterator, Sequence

from tap.adql import resolved, tree
from tap.adql.errors import AdqlError, Place
from tap.adql.scope import Scope


def check_grouping(body: tree.Select, scope: Scope, places: Sequence[Place]) -> None:
    """Refuse a column that is neither grouped by nor inside an aggregate.

    Parameters
    ----------
    places : sequence of tuple
        Where the select list's entries are, for the message.
    """
    own = {id(relation) for relation in scope.relations}
    for number, item in enumerate(body.items):
        at = places[min(number, len(places) - 1)]
        _check(item.expression, body.group, own, at)
    if body.having is not None:
        _check(body.having, body.group, own, body.at)


def _check(node: tree.Node, group: tuple[tree.Expression, ...], own: set[int], at: Place) -> None:
    if node in group or (isinstance(node, resolved.Apply) and node.aggregate):
        return
    if isinstance(node, resolved.Field) and id(node.relation) in own:
        raise AdqlError(
            f"{node.column} must be in GROUP BY or inside an aggregate such as MAX({node.column})", at
        )
    for child in node.children:
        _check(child, group, own, at)


def has_aggregate(node: tree.Node) -> bool:
    """Whether an expression has an aggregate of its own query."""
    if isinstance(node, resolved.Apply) and node.aggregate:
        return True
    return not isinstance(node, tree.Query) and any(has_aggregate(child) for child in node.children)


def relations(node: tree.Node) -> Iterator[resolved.Relation]:
    """The relations whose columns an expression has, sub-queries apart."""
    if isinstance(node, resolved.Field):
        yield node.relation
    elif not isinstance(node, tree.Query):
        for child in node.children:
            yield from relations(child)
