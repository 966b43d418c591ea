"""Conditions on stored regions for SQLAlchemy statements: values bound, index first, exact test after."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION

from vo_server.sky.regions import Region
from vo_server.sky.shapes import box_literal, box_of, shape_of
from vo_server.tables import RegionIndex

_SHAPE = sa.ARRAY(DOUBLE_PRECISION)


def intersects(table: sa.FromClause, index: RegionIndex, region: Region) -> sa.ColumnElement[bool]:
    """Rows of ``table`` whose region has a point in common with ``region``.

    Raises
    ------
    UsageFault
        The region has no shape (see `vo_server.sky.shapes.shape_of`).
    """
    shape = shape_of(region)
    bound: sa.ColumnElement[Any] = sa.cast(sa.bindparam(None, shape.tolist(), _SHAPE), _SHAPE)
    box = sa.cast(sa.bindparam(None, box_literal(box_of(shape)), sa.Text()), table.c[index.box].type)
    test = sa.func.vo.intersects(table.c[index.shape], bound, type_=sa.Boolean())
    return sa.and_(table.c[index.box].op("&&", is_comparison=True)(box), test)
