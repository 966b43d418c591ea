"""The products of the archive: the table ObsCore, and conditions on it that the access protocols share."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from vo_server import schemas
from vo_server.intervals import Interval, Period
from vo_server.positions import Shape
from vo_server.sky import Circle, Range
from vo_server.sky.sql import intersects
from vo_server.tables import Column, RegionIndex

OBSCORE = "ivoa.obscore"
#: ObsCore 1.1, pol_states.
POLARIZATIONS = ("I", "Q", "U", "V", "RR", "LL", "RL", "LR", "XX", "YY", "XY", "YX", "POLI", "POLA")
Condition = ColumnElement[bool]
#: From columns to expressions by the names of columns that they make.
Made = Callable[[Any], Mapping[str, ColumnElement[Any]]]
Join = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class ObsCore:
    """The table of products: as it is in the database, and its columns as clients see them."""

    relation: sa.Table
    columns: tuple[Column, ...]
    region: RegionIndex

    @classmethod
    def read(cls) -> "ObsCore":
        """The built-in declaration."""
        declared = schemas.builtin()
        (table,) = (t for schema in declared for t in schema.tables if t.name.lower() == OBSCORE)
        return cls(schemas.metadata(declared).tables[OBSCORE], table.columns, table.regions[0])


def select_in_formats(
    obscore: ObsCore,
    prefixes: Mapping[str, str],
    columns: Sequence[str],
    made: Made,
    join: Join = lambda rows: rows,
) -> sa.Select[Any]:
    """A row for each product in each format (SIA 1.0 and SSA 1.1 name them so); none without formats.

    Parameters
    ----------
    prefixes : mapping
        Media type to the address of a product in that format, up to its identifier.
    columns : sequence of str
        The names of the columns wanted.
    made : callable
        From the columns of the formats, ``media_type`` and ``prefix``, what each column is made of.
    join : callable, optional
        Adds tables to those that are selected from.
    """
    names = (sa.column("media_type", sa.Text), sa.column("prefix", sa.Text))
    form = sa.values(*names, name="form").data(list(prefixes.items()) or [("", "")])
    expressions = made(form.c)
    select = sa.select(*(expressions[name].label(name) for name in columns)).select_from(
        join(obscore.relation.join(form, sa.true()))
    )
    return select if prefixes else select.where(sa.false())


def any_of(alternatives: Iterable[Condition]) -> Iterable[Condition]:
    """One condition for several alternatives; none where there are none."""
    found = list(alternatives)
    return [sa.or_(*found)] if found else []


def is_one_of(column: ColumnElement[Any], values: Iterable[Any]) -> Iterable[Condition]:
    """Equality with one of ``values``; nothing where there are none."""
    found = list(values)
    return [column.in_(found)] if found else []


def within_shape(obscore: ObsCore, shape: Shape) -> Condition:
    """Whether a product's footprint touches ``shape`` (SIA 2.0, POS)."""
    if isinstance(shape, Range) and shape.ra_max - shape.ra_min >= 360:
        south, north = shape.dec_min, shape.dec_max
        if south <= -90 and north >= 90:
            return obscore.relation.c[obscore.region.shape].is_not(None)
        # All around a pole a range is exactly a circle; others have edges along parallels, which are met
        # to 16 arcsec.
        if north >= 90:
            shape = Circle(0.0, 90.0, 90.0 - south)
        elif south <= -90:
            shape = Circle(0.0, -90.0, 90.0 + north)
    return intersects(obscore.relation, obscore.region, shape)


def overlaps(lower: ColumnElement[Any], upper: ColumnElement[Any], interval: Interval) -> Condition:
    """Whether ``[lower, upper]`` and ``interval`` have a value in common."""
    return sa.and_(_at_most(lower, interval.high), _at_least(upper, interval.low))


def is_between(column: ColumnElement[Any], interval: Interval) -> Condition:
    """Whether a value lies within ``interval``."""
    return sa.and_(_at_least(column, interval.low), _at_most(column, interval.high))


def is_released(column: ColumnElement[Any], period: Period) -> Condition:
    """Whether an instant (UTC, without a zone in the database) lies within ``period``."""
    conditions: list[Condition] = [column.is_not(None)]
    if period.low is not None:
        conditions.append(column >= period.low.replace(tzinfo=None))
    if period.high is not None:
        conditions.append(column <= period.high.replace(tzinfo=None))
    return sa.and_(*conditions)


def _at_least(column: ColumnElement[Any], bound: float) -> Condition:
    # An index serves a comparison with a number; without a bound only NULL is left out.
    return column.is_not(None) if bound == -math.inf else column >= bound


def _at_most(column: ColumnElement[Any], bound: float) -> Condition:
    return column.is_not(None) if bound == math.inf else column <= bound
