"""The nodes that `resolve` puts in the place of names and calls: columns, functions, geometry."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tap.adql.errors import Place
from tap.adql.kinds import Kind, Type
from tap.adql.tree import NOWHERE, Condition, Expression
from vo_server.engine import ZoneIndex
from vo_server.sky import Region
from vo_server.tables import Column, PointIndex


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
    uploaded : str
        The database's name of a table that comes with the query; empty for all others.
    """

    name: str
    label: tuple[str, ...]
    columns: Mapping[str, Column]
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    points: tuple[PointIndex, ...] = ()
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    uploaded: str = ""


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
    at: Place = field(default=NOWHERE, compare=False)


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


@dataclass(frozen=True, slots=True)
class Near(Condition):
    """What must hold of two points within some degrees of each other: the first step of a crossmatch.

    Attributes
    ----------
    arguments : tuple of Expression
        The indexed coordinates, the others, and the radius.
    size : float or None
        The radius, where it is the same for all rows.
    zone : ZoneIndex or None
        An index that it wants on an uploaded table.
    """

    arguments: tuple[Expression, ...]
    size: float | None
    zone: ZoneIndex | None = None


class Geometry(Expression):
    """A point or a region on the sky (ADQL 2.1, Geometrical functions)."""

    __slots__ = ()


_POINT = Type(Kind.POINT)
_REGION = Type(Kind.REGION)
_ANSWER = Type(Kind.INT)
_ARC = Type(Kind.DOUBLE, "deg", "pos.angDistance")
_AREA = Type(Kind.DOUBLE, "deg**2", "phys.angArea")


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
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Intersects(Expression):
    """``INTERSECTS(left, right)``: 1 or 0."""

    left: Expression
    right: Expression
    type: Type = _ANSWER
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Distance(Expression):
    """Arc between two points, degrees."""

    left: Point
    right: Point
    type: Type = _ARC
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Remoteness(Expression):
    """Arc from a point to the nearest place of a region, degrees; 0 inside."""

    region: Expression
    point: Point
    type: Type = _ARC
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Overlap(Expression):
    """Square degrees that two geometries have in common."""

    left: Expression
    right: Expression
    type: Type = _AREA
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Measure(Expression):
    """A number taken from a geometry by a function of its shape: its area, its centre."""

    function: str
    geometry: Expression
    type: Type
    at: Place = field(default=NOWHERE, compare=False)
