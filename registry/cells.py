"""Coverages of the sky as records tell them: MOCs in ASCII, short enough to be read (VODataService 1.2)."""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from vo_server.coverage import Coverages
from vo_server.tables import Table

ORDER = 6  #: cells of a degree, as VODataService 1.2 recommends for the registry
LONGEST = 20_000  #: characters; what is longer gets coarser cells


def collection_cells(coverages: Coverages, collection: str, product_types: tuple[str, ...] = ()) -> str:
    """Where a collection has products; of some types only (``dataproduct_type``) where these are given."""
    from mocpy import MOC

    content = coverages.get(collection, "space", ORDER, product_types)
    with tempfile.NamedTemporaryFile(suffix=".fits") as file:
        file.write(content)
        file.flush()
        return _ascii(MOC.from_fits(Path(file.name)))


def table_pixels(connection: sa.Connection, table: Table) -> frozenset[int]:
    """The HEALPix pixels of `ORDER` where a table has rows; none for one without positions.

    One step in the index for each pixel: what it costs does not grow with the rows.
    """
    if not table.points:
        return frozenset()
    schema, name = table.relation
    rows = sa.table(name, sa.column(table.points[0].hpx, sa.BigInteger), schema=schema)
    hpx = rows.c[table.points[0].hpx]
    shift: sa.ColumnElement[Any] = sa.literal_column(str(2 * (29 - ORDER)))
    first = sa.select(sa.func.min(hpx).label("hpx")).cte("step", recursive=True)
    onward = first.c.hpx.op(">>")(shift).op("+")(1)
    following = sa.select(hpx).where(hpx >= onward.op("<<")(shift)).order_by(hpx).limit(1)
    steps = first.union_all(sa.select(following.scalar_subquery()).where(first.c.hpx.is_not(None)))
    found = connection.scalars(sa.select(steps.c.hpx.op(">>")(shift)).where(steps.c.hpx.is_not(None)))
    return frozenset(int(pixel) for pixel in found)


def pixels_moc(pixels: Iterable[int]) -> str:
    """HEALPix pixels of `ORDER` as a MOC in ASCII; empty for none."""
    from mocpy import MOC

    found = np.array(sorted(pixels), np.uint64)
    if not len(found):
        return ""
    return _ascii(MOC.from_healpix_cells(found, np.uint8(ORDER), max_depth=ORDER))


def _ascii(moc: Any) -> str:
    order = ORDER
    text = str(moc.to_string("ascii"))
    while len(text) > LONGEST and order > 0:
        order -= 1
        text = str(moc.degrade_to_order(order).to_string("ascii"))
    return "" if moc.empty() else " ".join(text.split())
