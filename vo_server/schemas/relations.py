"""The SQLAlchemy tables of published schemas, with the columns and indexes that clients do not see."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import UserDefinedType

from vo_server.tables import Column, PointIndex, RegionIndex, Schema, Table

#: VOTable datatype -> type in PostgreSQL, which has no unsigned byte.
TYPES: dict[str, type[sa.types.TypeEngine[Any]]] = {
    "boolean": sa.Boolean,
    "unsignedByte": sa.SmallInteger,
    "short": sa.SmallInteger,
    "int": sa.Integer,
    "long": sa.BigInteger,
    "float": sa.REAL,
    "double": sa.Double,
    "char": sa.Text,
    "unicodeChar": sa.Text,
}


class Cube(UserDefinedType[str]):
    """A box in three dimensions (PostgreSQL's extension ``cube``), as text ``(x,y,z),(x,y,z)``."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """The name of the type in DDL."""
        return "cube"


def metadata(schemas: Iterable[Schema], *, views: bool = False) -> sa.MetaData:
    """The tables of ``schemas`` as they are in the database: lower-case, with the hidden columns.

    Views are among them only on request: what is made, compared and filled are tables.

    Beside every point pair lies its HEALPix pixel, beside every region its shape and its box
    (`vo_server.tables.PointIndex`, `vo_server.tables.RegionIndex`).
    """
    found = sa.MetaData()
    for schema in schemas:
        for table in schema.tables:
            if views or not table.is_view:
                _declare(found, table)
    return found


def column_type(column: Column) -> sa.types.TypeEngine[Any]:
    """The type of a column in the database; instants are UTC without a zone, vectors are arrays."""
    if column.xtype == "timestamp":
        return sa.TIMESTAMP()
    kind = TYPES[column.datatype]()
    return kind if column.is_text or column.arraysize is None else sa.ARRAY(kind)


def _declare(found: sa.MetaData, table: Table) -> None:
    schema, name = table.relation
    columns = [
        sa.Column(
            column.name.lower(),
            column_type(column),
            primary_key=column.name.lower() in table.primary_key,
            nullable=column.nullable,
            autoincrement=False if column.name.lower() in table.primary_key else "auto",
        )
        for column in table.columns
    ]
    hidden: list[sa.Column[Any]] = [sa.Column(point.hpx, sa.BigInteger) for point in table.points]
    for region in table.regions:
        hidden += [sa.Column(region.shape, sa.ARRAY(sa.Double)), sa.Column(region.box, Cube())]
    relation = sa.Table(name, found, *columns, *hidden, schema=schema)
    for index in table.indexes:
        sa.Index(index.name, *(relation.c[column] for column in index.columns), unique=index.unique)
    for column in table.columns:
        if "meta.ref.ivoid" in column.ucd.split(";"):
            _index_identifier(relation, column)
    for point in table.points:
        _index_point(relation, point)
    for region in table.regions:
        _index_region(relation, region)


def _index_identifier(relation: sa.Table, column: Column) -> None:
    """IVOA identifiers are compared without regard to case (IVOA Identifiers 2.0)."""
    name = column.name.lower()
    sa.Index(f"{relation.name}_{name}_folded", sa.func.lower(relation.c[name]))


def _index_point(relation: sa.Table, point: PointIndex) -> None:
    """B-trees for cones with constant arguments (pixels) and for crossmatches (zones of an arcminute)."""
    ra, dec = relation.c[point.ra], relation.c[point.dec]
    sa.Index(f"{relation.name}_{point.hpx}", relation.c[point.hpx])
    sa.Index(f"{relation.name}_{point.hpx}_zone", sa.cast(sa.func.floor(dec * 60), sa.Integer), ra)


def _index_region(relation: sa.Table, region: RegionIndex) -> None:
    sa.Index(f"{relation.name}_{region.box}", relation.c[region.box], postgresql_using="gist")
