"""The types of ADQL expressions and how they combine (ADQL 2.1, Type system)."""

from dataclasses import dataclass, replace
from enum import Enum

from vo_server.tables import Column


class Kind(Enum):
    """What a value is; the numeric kinds follow PostgreSQL's types."""

    NULL = "NULL"
    BOOLEAN = "a boolean"
    SHORT = "a small integer"
    INT = "an integer"
    LONG = "a big integer"
    FLOAT = "a real number"
    DOUBLE = "a number"
    TEXT = "a string"
    TIMESTAMP = "a timestamp"
    POINT = "a point"
    REGION = "a region"
    OTHER = "an array"


#: From narrow to wide: two numbers of different kinds meet in the later one.
RANKS = (Kind.SHORT, Kind.INT, Kind.LONG, Kind.FLOAT, Kind.DOUBLE)
INTEGERS = frozenset({Kind.SHORT, Kind.INT, Kind.LONG})
NUMBERS = frozenset(RANKS)
GEOMETRIES = frozenset({Kind.POINT, Kind.REGION})

#: VOTable datatype, arraysize and xtype of a computed value.
FIELDS: dict[Kind, tuple[str, str | None, str]] = {
    Kind.NULL: ("char", "*", ""),
    Kind.BOOLEAN: ("boolean", None, ""),
    Kind.SHORT: ("short", None, ""),
    Kind.INT: ("int", None, ""),
    Kind.LONG: ("long", None, ""),
    Kind.FLOAT: ("float", None, ""),
    Kind.DOUBLE: ("double", None, ""),
    Kind.TEXT: ("char", "*", ""),
    Kind.TIMESTAMP: ("char", "*", "timestamp"),
    Kind.POINT: ("char", "*", "adql:POINT"),
    Kind.REGION: ("char", "*", "adql:REGION"),
    Kind.OTHER: ("double", "*", ""),
}
_SCALARS = {
    "boolean": Kind.BOOLEAN,
    "unsignedByte": Kind.SHORT,
    "short": Kind.SHORT,
    "int": Kind.INT,
    "long": Kind.LONG,
    "float": Kind.FLOAT,
    "double": Kind.DOUBLE,
}


@dataclass(frozen=True, slots=True)
class Type:
    """The kind of an expression and what is known about its meaning.

    Attributes
    ----------
    unit, ucd : str
        As in a VOTable FIELD; empty where there is none or it is not known.
    column : Column or None
        The published column whose values these are, unchanged.
    description : str
        What a computed value is; empty for that of the column.
    frame : str
        The coordinate system of a geometry; empty for ICRS.
    """

    kind: Kind
    unit: str = ""
    ucd: str = ""
    column: Column | None = None
    description: str = ""
    frame: str = ""


UNKNOWN = Type(Kind.NULL)


def kind_of(column: Column) -> Kind:
    """The kind of a published column's values."""
    if column.is_text:
        xtype = column.xtype.lower()
        if xtype == "timestamp":
            return Kind.TIMESTAMP
        return Kind.REGION if xtype in ("adql:region", "adql:point") else Kind.TEXT
    if column.arraysize in (None, "", "1"):
        return _SCALARS.get(column.datatype, Kind.OTHER)
    return Kind.OTHER


def settled(of: Type) -> Type:
    """The type of a sub-query's column: a NULL that nothing gave a type is a string in PostgreSQL."""
    return Type(Kind.TEXT) if of.kind is Kind.NULL else of


def output_column(name: str, of: Type) -> Column:
    """The metadata of a result's column called ``name``."""
    known = of.column
    if known is not None:
        meaning = of.description or known.description
        if (known.name, known.unit, known.ucd, known.description) == (name, of.unit, of.ucd, meaning):
            return known
        return replace(known, name=name, unit=of.unit, ucd=of.ucd, description=meaning, delimited=False)
    datatype, arraysize, xtype = FIELDS[of.kind]
    return Column(
        name, datatype, arraysize, xtype=xtype, unit=of.unit, ucd=of.ucd, description=of.description
    )


def met(left: Type, right: Type, kind: Kind) -> Type:
    """The type of a column whose values come from either side: what both agree on."""
    unit = left.unit if left.unit == right.unit else ""
    ucd = left.ucd if left.ucd == right.ucd else ""
    a, b = left.column, right.column
    if (
        a is None
        or b is None
        or left.kind is not right.kind
        or (a.datatype, a.xtype) != (b.datatype, b.xtype)
    ):
        return Type(kind, unit, ucd, description=left.description or (a.description if a else ""))
    arraysize = a.arraysize if a.arraysize == b.arraysize else "*"
    utype = a.utype if a.utype == b.utype else ""
    system = a.system if a.system == b.system else ""
    column = replace(a, arraysize=arraysize, utype=utype, system=system)
    return Type(kind, unit, ucd, a if column == a else column, left.description)


def arithmetic(left: Kind, right: Kind) -> Kind:
    """The kind of ``left + right``: two reals stay real, any other mix with a real is double."""
    wide = wider(left, right)
    return Kind.DOUBLE if wide is Kind.FLOAT and left is not right else wide


def wider(left: Kind, right: Kind) -> Kind:
    """The later one of two numeric kinds; NULL takes the kind of its neighbour."""
    if left is Kind.NULL or right is Kind.NULL:
        return right if left is Kind.NULL else left
    return max(left, right, key=RANKS.index)
