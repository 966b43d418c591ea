"""The indexes answer: plans over tables of some size, and the same rows as a scan."""

import json
from collections.abc import Iterator

import numpy as np
import pytest
import sqlalchemy as sa

from vo_server import sky
from vo_server.db import Database
from vo_server.schemas.relations import Cube
from vo_server.sky import sql
from vo_server.tables import RegionIndex

ROWS = 30_000
SKY = sa.Table(
    "fields",
    sa.MetaData(),
    sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("hpx", sa.BigInteger),
    sa.Column("s_shape", sa.ARRAY(sa.Double)),
    sa.Column("s_box", Cube()),
    prefixes=["TEMPORARY"],
)
INDEX = RegionIndex("s_region", "s_shape", "s_box")


FILL = """
INSERT INTO fields (id, hpx, s_shape, s_box)
SELECT id, hpx, shape, vo.shape_box(shape) FROM (
  SELECT id, hpx, vo.box_shape(ra, "dec", 1, 1) AS shape
  FROM unnest(%(id)s ::bigint[], %(hpx)s ::bigint[], %(ra)s ::float8[], %(dec)s ::float8[])
    AS place (id, hpx, ra, "dec")) AS made
"""


@pytest.fixture(scope="module")
def fields(database: Database) -> Iterator[sa.Connection]:
    """A temporary table of squares of one degree all over the sky."""
    rng = np.random.default_rng(11)
    ra, dec = rng.uniform(0, 360, ROWS), np.degrees(np.arcsin(rng.uniform(-1, 1, ROWS)))
    places = {"id": np.arange(ROWS), "hpx": sky.hpx(ra, dec), "ra": ra, "dec": dec}
    with database.owner.connect() as connection:
        SKY.create(connection)
        connection.exec_driver_sql(FILL, {name: values.tolist() for name, values in places.items()})
        connection.exec_driver_sql("CREATE INDEX ON fields USING gist (s_box)")
        connection.exec_driver_sql("CREATE INDEX ON fields (hpx)")
        connection.exec_driver_sql("ANALYZE fields")
        yield connection


def plan(connection: sa.Connection, statement: sa.Select[tuple[int]]) -> str:
    """The plan of a statement as JSON text."""
    compiled = statement.compile(connection)
    found = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {compiled}", compiled.params)
    return json.dumps(found.scalar_one())


@pytest.mark.parametrize("region", ["CIRCLE 10.68 41.27 2", "POSITION 0 90", "POLYGON 357 -3 3 -3 3 3 357 3"])
def test_footprints_are_found_through_their_boxes(fields: sa.Connection, region: str) -> None:
    wanted = sky.parse_region(region)
    statement = sa.select(SKY.c.id).where(sql.intersects(SKY, INDEX, wanted))
    assert "fields_s_box_idx" in plan(fields, statement)
    shape = sky.shape_of(wanted).tolist()
    test = "vo.shapes_meet(s_shape, CAST(:shape AS float8[]))"
    scan = sa.text(f"SELECT id FROM fields WHERE {test} ORDER BY id")
    everything = fields.execute(scan, {"shape": shape}).scalars().all()
    assert sorted(fields.execute(statement).scalars()) == list(everything)
    assert everything or region.startswith("POSITION")


def test_cones_are_found_through_their_pixels(fields: sa.Connection) -> None:
    ranges = sky.cone_ranges(10.68, 41.27, 1.0)
    within = sa.or_(*(SKY.c.hpx.between(low, high) for low, high in ranges))
    assert "fields_hpx_idx" in plan(fields, sa.select(SKY.c.id).where(within))
