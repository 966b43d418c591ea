"""What a client may see: tables and columns, as every service and format needs them.

The values come from the Felis documents in ``vo_server/schemas`` (and the operators' own), read by
`vo_server.schemas`; TAP_SCHEMA, VOSI tables, VOTable FIELDs and the ADQL resolver all use these.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table or of a result.

    Attributes
    ----------
    datatype : str
        VOTable 1.4 primitive: ``boolean unsignedByte short int long float double char unicodeChar``.
    arraysize : str or None
        VOTable arraysize; text columns have ``*`` or a number, scalars ``None``.
    unit, ucd, utype, xtype, description : str
        As in a VOTable FIELD; empty where there is none.
    name : str
        The spelling that clients see; in the database it is lower case.
    """

    name: str
    datatype: str
    arraysize: str | None = None
    xtype: str = ""
    unit: str = ""
    ucd: str = ""
    utype: str = ""
    description: str = ""
    principal: bool = False
    std: bool = False
    indexed: bool = False
    nullable: bool = True
    delimited: bool = False  #: a query must put the name in double quotes
    system: str = ""  #: of coordinates or times: a key of `vo_server.formats.systems.SYSTEMS`

    @property
    def identifier(self) -> str:
        """The name as a query must spell it (TAP 1.1, TAP_SCHEMA, column_name)."""
        return f'"{self.name}"' if self.delimited else self.name

    @property
    def is_text(self) -> bool:
        """Whether the values are strings."""
        return self.datatype in ("char", "unicodeChar")


@dataclass(frozen=True, slots=True)
class PointIndex:
    """A pair of ICRS coordinates in degrees and the HEALPix column (NESTED, order 29) beside it.

    The table has B-trees on ``hpx`` and on ``(floor(dec*60)::int, ra)``.
    """

    ra: str
    dec: str
    hpx: str


@dataclass(frozen=True, slots=True)
class RegionIndex:
    """A region column (STC-S text), its exact ``float8[]`` shape and its bounding ``cube`` with GiST.

    See `vo_server.sky` for the layout of a shape.
    """

    region: str
    shape: str
    box: str


@dataclass(frozen=True, slots=True)
class Index:
    """A B-tree on columns of a table, by their lower-case names."""

    name: str
    columns: tuple[str, ...]
    unique: bool = False


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """``columns`` of a table refer to ``target_columns`` of ``target`` (TAP_SCHEMA.keys)."""

    key_id: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    description: str = ""


TEMPORARY = "pg_temp"  #: the schema in the database of tables that exist for one query


@dataclass(frozen=True)
class Table:
    """One published table; ``name`` is the full name as clients spell it (``ivoa.ObsCore``)."""

    name: str
    description: str
    columns: tuple[Column, ...]
    utype: str = ""
    table_index: int = 0
    points: tuple[PointIndex, ...] = ()
    regions: tuple[RegionIndex, ...] = ()
    keys: tuple[ForeignKey, ...] = ()
    primary_key: tuple[str, ...] = ()
    indexes: tuple[Index, ...] = ()
    is_view: bool = False
    files: tuple[str, ...] = ()  #: names of the files that its rows came from, where that is kept
    stored_as: tuple[str, str] | None = None  #: schema and name in the database, where they are others

    @cached_property
    def by_name(self) -> Mapping[str, Column]:
        """The columns under their lower-case names."""
        return {column.name.lower(): column for column in self.columns}

    @property
    def relation(self) -> tuple[str, str]:
        """Schema and name in the database: lower case."""
        schema, _, name = self.name.lower().partition(".")
        return self.stored_as or (schema, name)

    @property
    def is_temporary(self) -> bool:
        """Whether it exists for one query."""
        return self.relation[0] == TEMPORARY


@dataclass(frozen=True)
class Schema:
    """A named group of published tables (TAP_SCHEMA.schemas)."""

    name: str
    description: str
    tables: tuple[Table, ...]
    utype: str = ""


@dataclass(frozen=True)
class Catalog:
    """Everything that a client may query, found without regard to case."""

    schemas: tuple[Schema, ...]
    _tables: Mapping[str, Table] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the tables by lower-case name."""
        tables = {table.name.lower(): table for schema in self.schemas for table in schema.tables}
        object.__setattr__(self, "_tables", tables)

    def table(self, name: str) -> Table | None:
        """The table of that full name (``schema.table``, any case), or None."""
        return self._tables.get(name.lower())

    def including(self, schema: Schema) -> "Catalog":
        """These schemas and one more."""
        return Catalog((*self.schemas, schema))

    @cached_property
    def has_temporary(self) -> bool:
        """Whether some of the tables exist for one query."""
        return any(table.is_temporary for table in self.tables)

    @property
    def tables(self) -> Iterable[Table]:
        """All tables, in the order of their schemas."""
        return self._tables.values()
