"""From a cone to a statement on a published table (SCS 1.03, Compliance): pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from scs.params import ConeParams
from vo_server.engine import Statement, from_select
from vo_server.sky.sql import within_cone
from vo_server.tables import Column, PointIndex, Table

#: What the three columns of every answer are called (SCS 1.03; the UCD1+ words of its errata would be refused
#: by the validators of registries).
ID_UCD, RA_UCD, DEC_UCD = "ID_MAIN", "POS_EQ_RA_MAIN", "POS_EQ_DEC_MAIN"
MAIN_ID = "meta.id;meta.main"


@dataclass(frozen=True, slots=True)
class Cones:
    """A table that cones can be searched in: its position and the column that names a row."""

    table: Table
    point: PointIndex
    identifier: Column

    @classmethod
    def of(cls, table: Table) -> "Cones | None":
        """``table`` with its first position; None where it has none, or nothing names its rows."""
        identifier = find_identifier(table)
        if not table.points or identifier is None:
            return None
        return cls(table, table.points[0], identifier)

    def columns(self, verb: int) -> Sequence[Column]:
        """The columns of an answer (SCS 1.03, VERB), with the UCDs that the standard wants."""
        ucds = {self.identifier.name.lower(): ID_UCD, self.point.ra: RA_UCD, self.point.dec: DEC_UCD}
        chosen = [
            column
            for column in self.table.columns
            if column.name.lower() in ucds or verb == 3 or (verb == 2 and self._matters(column))
        ]
        return [self._adapted(column, ucds.get(column.name.lower())) for column in chosen]

    def _matters(self, column: Column) -> bool:
        """Whether a column is a principal one; where none is declared, all are."""
        return column.principal or not any(other.principal for other in self.table.columns)

    def _adapted(self, column: Column, ucd: str | None) -> Column:
        if ucd == ID_UCD:
            return replace(column, ucd=ucd, datatype="char", arraysize="*", xtype="")
        if ucd:
            return replace(column, ucd=ucd, datatype="double")
        # The three are said once in an answer, so nothing else may claim to be the main one.
        return replace(column, ucd=column.ucd.removesuffix(";meta.main"))


def find_identifier(table: Table) -> Column | None:
    """The column that names a row: the one whose UCD says so, else a primary key of one column."""
    for column in table.columns:
        if column.ucd == MAIN_ID:
            return column
    if len(table.primary_key) == 1:
        return table.by_name.get(table.primary_key[0].lower())
    return next((column for column in table.columns if column.ucd.startswith("meta.id")), None)


def build_statement(cones: Cones, params: ConeParams) -> Statement:
    """The rows in the cone, its edge included, in no order."""
    columns = cones.columns(params.verb)
    names = {column.name.lower() for column in cones.table.columns} | {
        cones.point.ra,
        cones.point.dec,
        cones.point.hpx,
    }
    schema, name = cones.table.relation
    relation = sa.table(name, *(sa.column(each) for each in sorted(names)), schema=schema)
    chosen = [_selected(relation.c[column.name.lower()], column) for column in columns]
    is_metadata = params.cone.radius == 0
    where = sa.false() if is_metadata else within_cone(relation, cones.point, params.cone)
    select: sa.Select[Any] = sa.select(*chosen).where(where)
    return from_select(select, columns)


def _selected(column: sa.ColumnElement[Any], wanted: Column) -> sa.ColumnElement[Any]:
    if wanted.ucd == ID_UCD:
        return sa.cast(column, sa.Text()).label(wanted.name.lower())
    if wanted.ucd in (RA_UCD, DEC_UCD):
        return sa.cast(column, sa.Double()).label(wanted.name.lower())
    return column
