"""The nodes of a query: one set for all passes, each of which takes a tree and returns a tree.

Names follow the BNF of ADQL 2.1 (Appendix A).  `parse` makes these nodes; `resolve` fills ``type`` and puts
the nodes of `tap.adql.resolved` in the place of names and calls; `lower` removes those of geometry.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import Any

from tap.adql.errors import Place
from tap.adql.kinds import UNKNOWN, Type

NOWHERE: Place = (1, 1)


class Node:
    """Anything in a tree."""

    __slots__ = ()

    @property
    def children(self) -> Iterator["Node"]:
        """The nodes directly below this one."""
        kind: Any = type(self)
        for name in _node_fields(kind):
            yield from _nodes(getattr(self, name))

    def rebuilt(self, change: Callable[["Node"], "Node"]) -> "Node":
        """The node with ``change`` applied to its children; the same one when none changes."""
        changes = {}
        kind: Any = type(self)
        for name in _node_fields(kind):
            before = getattr(self, name)
            after = _changed(before, change)
            if after is not before:
                changes[name] = after
        return replace(self, **changes) if changes else self  # type: ignore[type-var]  # all nodes are dataclasses


@cache
def _node_fields(kind: type[Any]) -> tuple[str, ...]:
    leaves = {"type", "at", "relation", "kind", "function", "sql", "zone", "size"}
    return tuple(f.name for f in fields(kind) if f.name not in leaves)


def _nodes(value: object) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _nodes(item)


def _changed(value: Any, change: Callable[[Node], Node]) -> Any:
    if isinstance(value, Node):
        return change(value)
    if isinstance(value, tuple) and value:
        items = tuple(_changed(item, change) for item in value)
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return value


class Expression(Node):
    """A value expression; ``type`` is known after `resolve`."""

    __slots__ = ()
    type: Type


class Condition(Node):
    """A search condition."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Identifier(Node):
    """A name as written; without double quotes its case has no meaning."""

    text: str
    delimited: bool = False
    at: Place = field(default=NOWHERE, compare=False)

    @property
    def name(self) -> str:
        """The name in the database."""
        return self.text if self.delimited else self.text.lower()


# Expressions as written.


@dataclass(frozen=True, slots=True)
class Literal(Expression):
    """A number, string, truth value or NULL."""

    value: int | float | str | bool | None
    at: Place = field(default=NOWHERE, compare=False)
    type: Type = UNKNOWN


@dataclass(frozen=True, slots=True)
class Name(Expression):
    """A column, with or without its table."""

    parts: tuple[Identifier, ...]
    type: Type = UNKNOWN

    @property
    def at(self) -> Place:
        """Where the name begins."""
        return self.parts[0].at


@dataclass(frozen=True, slots=True)
class Call(Expression):
    """A function with its arguments; ``COUNT(*)`` has a `Star` as its only argument."""

    function: str
    arguments: tuple[Expression, ...]
    quantifier: str | None = None
    at: Place = field(default=NOWHERE, compare=False)
    type: Type = UNKNOWN


@dataclass(frozen=True, slots=True)
class Star(Expression):
    """``*`` or ``table.*``."""

    qualifier: tuple[Identifier, ...] = ()
    at: Place = field(default=NOWHERE, compare=False)
    type: Type = UNKNOWN


@dataclass(frozen=True, slots=True)
class Sign(Expression):
    """``+x`` or ``-x``."""

    sign: str
    operand: Expression
    at: Place = field(default=NOWHERE, compare=False)
    type: Type = UNKNOWN


@dataclass(frozen=True, slots=True)
class Chain(Expression):
    """Operators of one precedence, from left to right: a long sum is one node, not a deep tree."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]
    at: Place = field(default=NOWHERE, compare=False)
    type: Type = UNKNOWN


@dataclass(frozen=True, slots=True)
class Concatenation(Expression):
    """``a || b || c``."""

    items: tuple[Expression, ...]
    at: Place = field(default=NOWHERE, compare=False)
    type: Type = UNKNOWN


@dataclass(frozen=True, slots=True)
class Cast(Expression):
    """``CAST(operand AS target)``; ``length`` of a CHAR or VARCHAR."""

    operand: Expression
    target: str
    length: int | None = None
    at: Place = field(default=NOWHERE, compare=False)
    type: Type = UNKNOWN


@dataclass(frozen=True, slots=True)
class Case(Expression):
    """``CASE WHEN condition THEN value ... ELSE value END``, an extension of ADQL."""

    branches: tuple[tuple[Condition, Expression], ...]
    otherwise: Expression | None = None
    at: Place = field(default=NOWHERE, compare=False)
    type: Type = UNKNOWN


@dataclass(frozen=True, slots=True)
class Scalar(Expression):
    """A sub-query that stands for its only value."""

    query: "Query"
    at: Place = field(default=NOWHERE, compare=False)
    type: Type = UNKNOWN


# Conditions.


@dataclass(frozen=True, slots=True)
class And(Condition):
    """All of ``items``."""

    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or(Condition):
    """Any of ``items``."""

    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not(Condition):
    """The opposite of ``item``."""

    item: Condition


@dataclass(frozen=True, slots=True)
class Comparison(Condition):
    """``left operator right``."""

    left: Expression
    operator: str
    right: Expression
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Between(Condition):
    """``operand BETWEEN low AND high``."""

    operand: Expression
    low: Expression
    high: Expression
    negated: bool = False
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class InList(Condition):
    """``operand IN (items)``."""

    operand: Expression
    items: tuple[Expression, ...]
    negated: bool = False
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class InQuery(Condition):
    """``operand IN (SELECT ...)``."""

    operand: Expression
    query: "Query"
    negated: bool = False
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Like(Condition):
    """``operand LIKE pattern``, or ILIKE when ``blind`` to case."""

    operand: Expression
    pattern: Expression
    negated: bool = False
    blind: bool = False
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class IsNull(Condition):
    """``operand IS NULL``."""

    operand: Expression
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Exists(Condition):
    """``EXISTS (SELECT ...)``."""

    query: "Query"


# Queries.


@dataclass(frozen=True, slots=True)
class Item(Node):
    """One entry of a select list."""

    expression: Expression
    alias: Identifier | None = None


@dataclass(frozen=True, slots=True)
class TableName(Node):
    """A table in FROM; ``parts`` are its schema and name, ``alias`` what the query calls it."""

    parts: tuple[Identifier, ...]
    alias: Identifier | None = None


@dataclass(frozen=True, slots=True)
class Derived(Node):
    """A sub-query in FROM."""

    query: "Query"
    alias: Identifier


@dataclass(frozen=True, slots=True)
class Join(Node):
    """Two table references; ``kind`` is INNER, LEFT, RIGHT, FULL or CROSS."""

    left: "Source"
    right: "Source"
    kind: str
    natural: bool = False
    on: Condition | None = None
    using: tuple[Identifier, ...] = ()
    at: Place = field(default=NOWHERE, compare=False)


Source = TableName | Derived | Join


@dataclass(frozen=True, slots=True)
class Select(Node):
    """``SELECT ... FROM ...`` up to HAVING (BNF: select_query)."""

    items: tuple[Item, ...]
    sources: tuple[Source, ...]
    distinct: bool = False
    top: int | None = None
    where: Condition | None = None
    group: tuple[Expression, ...] = ()
    having: Condition | None = None
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class SetOperation(Node):
    """UNION, EXCEPT and INTERSECT of one precedence, from left to right."""

    first: "Body"
    rest: tuple[tuple[str, bool, "Body"], ...]


@dataclass(frozen=True, slots=True)
class Order(Node):
    """One term of ORDER BY; an integer is the position of an output column, from 1."""

    term: Expression | int
    descending: bool = False
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class With(Node):
    """``name AS (query)``."""

    name: Identifier
    query: "Query"


@dataclass(frozen=True, slots=True)
class Query(Node):
    """A select expression with its WITH clause (BNF: query_specification, select_expression)."""

    body: "Body"
    order: tuple[Order, ...] = ()
    offset: int | None = None
    tables: tuple[With, ...] = ()


Body = Select | SetOperation | Query
