"""The nodes of a query: one set for all passes, each of which takes a tree and returns a tree.

Names follow the BNF of ADQL 2.1 (Appendix A).  `parse` makes the nodes of the first half; `resolve`
replaces names and calls by those of the second half and fills ``type``; `lower` removes geometry.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import Any

from tap.adql.errors import Place
from tap.adql.kinds import UNKNOWN, Kind, Type
from vo_server.sky import Region
from vo_server.tables import Column, PointIndex

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
    leaves = {"type", "at", "relation", "kind", "function", "sql"}
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


class Geometry(Expression):
    """A point or a region on the sky (ADQL 2.1, Geometrical functions)."""

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


# What `resolve` puts in the place of names and calls.


@dataclass(frozen=True, slots=True)
class Shape:
    """Where a relation keeps the geometry of one of its columns."""

    shape: str  #: column with the ``float8[]`` shape
    box: str | None = None  #: column with the bounding cube, if any


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """A table, sub-query or WITH table in scope; two are equal when they are the same one.

    Attributes
    ----------
    name : str
        What the emitted SQL calls it.
    label : tuple of str
        What the query calls it: its alias, or schema and table name, in lower case.
    columns : mapping of str to Column
        What clients see, under lower-case names.
    kinds : mapping of str to Kind
        Kinds that do not follow from the column's metadata.
    names : mapping of str to str
        Database names that are not the lower-case name.
    """

    name: str
    label: tuple[str, ...]
    columns: Mapping[str, Column]
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    points: tuple[PointIndex, ...] = ()
    shapes: Mapping[str, Shape] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Field(Expression):
    """One column of one relation."""

    relation: Relation
    column: str  #: name in the database
    type: Type = field(compare=False)
    qualified: bool = field(default=True, compare=False)

    @property
    def shape(self) -> Shape | None:
        """Where the geometry of this column is, if it has one."""
        return self.relation.shapes.get(self.column)


@dataclass(frozen=True, slots=True)
class Apply(Expression):
    """A template of SQL around arguments; see `tap.adql.functions`."""

    sql: str
    arguments: tuple[Expression, ...]
    type: Type
    aggregate: bool = False


@dataclass(frozen=True, slots=True)
class Constant(Expression):
    """A value that is written as text and read by the database as ``sql_type``."""

    text: str
    sql_type: str
    type: Type


@dataclass(frozen=True, slots=True)
class Test(Condition):
    """A template of SQL that is true or false."""

    sql: str
    arguments: tuple[Expression, ...]


_POINT = Type(Kind.POINT)
_REGION = Type(Kind.REGION)
_ANSWER = Type(Kind.INT)
_ARC = Type(Kind.DOUBLE, "deg", "pos.angDistance")


@dataclass(frozen=True, slots=True)
class Point(Geometry):
    """Two coordinates in degrees, ICRS."""

    ra: Expression
    dec: Expression
    type: Type = _POINT


@dataclass(frozen=True, slots=True)
class Circle(Geometry):
    """All points up to ``radius`` degrees from a centre."""

    center: Point
    radius: Expression
    type: Type = _REGION


@dataclass(frozen=True, slots=True)
class Polygon(Geometry):
    """Great circles from vertex to vertex."""

    vertices: tuple[Point, ...]
    type: Type = _REGION


@dataclass(frozen=True, slots=True)
class Box(Geometry):
    """A cross of ``width`` and ``height`` degrees around a centre (ADQL 2.1, BOX)."""

    center: Point
    width: Expression
    height: Expression
    type: Type = _REGION


@dataclass(frozen=True, slots=True)
class FixedRegion(Geometry):
    """A region all of whose numbers stand in the query."""

    region: Region
    type: Type = _REGION


@dataclass(frozen=True, slots=True)
class Contains(Expression):
    """``CONTAINS(inner, outer)``: 1 or 0."""

    inner: Expression
    outer: Expression
    type: Type = _ANSWER


@dataclass(frozen=True, slots=True)
class Intersects(Expression):
    """``INTERSECTS(left, right)``: 1 or 0."""

    left: Expression
    right: Expression
    type: Type = _ANSWER


@dataclass(frozen=True, slots=True)
class Distance(Expression):
    """Arc between two points, degrees."""

    left: Point
    right: Point
    type: Type = _ARC


@dataclass(frozen=True, slots=True)
class Measure(Expression):
    """A number taken from a geometry by a function of its shape: its area, its centre."""

    function: str
    geometry: Expression
    type: Type
