"""Conditions on stored regions and positions for SQLAlchemy: values bound, index first, exact test after."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION

from vo_server.sky.mocs import groups_of
from vo_server.sky.points import cone_ranges
from vo_server.sky.regions import Circle, Moc, Region
from vo_server.sky.shapes import box_literal, box_of, shape_of
from vo_server.tables import PointIndex, RegionIndex

_SHAPE = sa.ARRAY(DOUBLE_PRECISION)


def intersects(table: sa.FromClause, index: RegionIndex, region: Region) -> sa.ColumnElement[bool]:
    """Rows of ``table`` whose region has a point in common with ``region``.

    Raises
    ------
    UsageFault
        The region has no shape (see `vo_server.sky.shapes.shape_of`).
    """
    if isinstance(region, Moc):
        return sa.or_(*(_meets(table, index, group) for group in groups_of(region)))
    return _meets(table, index, region)


def _meets(table: sa.FromClause, index: RegionIndex, region: Region) -> sa.ColumnElement[bool]:
    bound, box = _bound(table, index, region)
    test = sa.func.vo.intersects(table.c[index.shape], bound, type_=sa.Boolean())
    return sa.and_(table.c[index.box].op("&&", is_comparison=True)(box), test)


def covers(table: sa.FromClause, index: RegionIndex, region: Region) -> sa.ColumnElement[bool]:
    """Rows of ``table`` whose region holds all of ``region``; raises as `intersects`."""
    bound, box = _bound(table, index, region)
    test = sa.func.vo.contains(table.c[index.shape], bound, type_=sa.Boolean())
    return sa.and_(table.c[index.box].op("&&", is_comparison=True)(box), test)


def is_within(table: sa.FromClause, index: RegionIndex, region: Region) -> sa.ColumnElement[bool]:
    """Rows of ``table`` whose region lies all in ``region``; raises as `intersects`."""
    bound, box = _bound(table, index, region)
    test = sa.func.vo.contains(bound, table.c[index.shape], type_=sa.Boolean())
    return sa.and_(table.c[index.box].op("&&", is_comparison=True)(box), test)


def within_cone(table: sa.FromClause, index: PointIndex, cone: Circle) -> sa.ColumnElement[bool]:
    """Rows of ``table`` whose position is in ``cone``, its edge included."""
    pixel = table.c[index.hpx]
    ranges = cone_ranges(cone.ra, cone.dec, cone.radius)
    near = sa.or_(*(pixel.between(_exact(low), _exact(high)) for low, high in ranges))
    distance = distance_to(table.c[index.ra], table.c[index.dec], cone.ra, cone.dec)
    return sa.and_(near, distance <= cone.radius)


def distance_to(
    ra: sa.ColumnElement[Any], dec: sa.ColumnElement[Any], to_ra: float, to_dec: float
) -> sa.ColumnElement[Any]:
    """The angle between stored positions and one in degrees."""
    # PostgreSQL calls the square of less than 1e-154 an underflow; 1e-15 degrees are far below any position.
    return sa.func.vo.distance(ra, dec, round(to_ra, 15), round(to_dec, 15))


def _exact(pixel: int) -> sa.ColumnElement[int]:
    return sa.bindparam(None, pixel, sa.BigInteger())


def _bound(
    table: sa.FromClause, index: RegionIndex, region: Region
) -> tuple[sa.ColumnElement[Any], sa.ColumnElement[Any]]:
    """Shape and box of ``region`` as bound values."""
    shape = shape_of(region)
    bound: sa.ColumnElement[Any] = sa.cast(sa.bindparam(None, shape.tolist(), _SHAPE), _SHAPE)
    box = sa.cast(sa.bindparam(None, box_literal(box_of(shape)), sa.Text()), table.c[index.box].type)
    return bound, box
