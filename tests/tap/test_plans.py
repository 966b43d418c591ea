"""How the database finds what astronomers and operators ask for: by an index."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from tap.adql import translate
from vo_server import schemas
from vo_server.db import Database
from vo_server.tables import Catalog

CATALOG = Catalog((*schemas.builtin(), schemas.instruments.schema()))
ROWS = 40_000

#: Frames all over the sky, one a minute; every tenth of MUSE, with a set-up.
FRAMES = """
INSERT INTO dbo.raw (dp_id, instrument, ins_mode, exp_start, mjd_obs, night, prog_id, ob_id, tpl_id, object,
    target, origfile, dp_cat, dp_type, dp_tech, raw_type, do_catg, release_date, last_mod_date, ra, dec, hpx,
    s_box)
SELECT 'T.' || n, CASE n % 10 WHEN 0 THEN 'MUSE' ELSE 'I' || n % 997 END, 'MODE' || n % 50,
    timestamp '2020-01-01' + n * interval '1 minute', 58849 + n / 1440.0,
    to_char(timestamp '2020-01-01' + n * interval '1 minute' - interval '12 hours', 'YYYY-MM-DD'),
    '1' || n % 20 || '.C-' || n % 400 || '(A)', n / 20, 'TPL' || n % 200, 'OBJECT' || n % 3000,
    'TARGET' || n % 3000, 'file' || n || '.fits', CASE n % 4 WHEN 0 THEN 'CALIB' ELSE 'SCIENCE' END,
    'TYPE' || n % 100, 'TECH' || n % 5,
    'RAW' || n % 300, 'DO' || n % 300, timestamp '2020-01-01' + n * interval '1 minute',
    timestamp '2021-01-01' + n * interval '1 minute', ra, dec, (random() * 3458764513820540927)::bigint,
    cube(ARRAY[cos(radians(dec)) * cos(radians(ra)), cos(radians(dec)) * sin(radians(ra)), sin(radians(dec))])
FROM (SELECT n, random() * 360 AS ra, degrees(asin(2 * random() - 1)) AS dec
      FROM generate_series(1, :rows) AS n) AS sky
"""
SETUPS = """
INSERT INTO setups.muse (dp_id, ins_opti1_name, det_read_curid)
SELECT 'T.' || n, 'FILTER' || n % 90, n % 700 FROM generate_series(10, :rows, 10) AS n
"""


@pytest.fixture(scope="module")
def archive(database: Database) -> Iterator[sa.Connection]:
    """A connection to an archive with frames, all of which are forgotten."""
    with database.owner.connect() as connection, connection.begin() as transaction:
        for statement in (FRAMES, SETUPS):
            connection.execute(sa.text(statement), {"rows": ROWS})
        for table in ("dbo.raw", "setups.muse"):
            connection.exec_driver_sql(f"ANALYZE {table}")
        yield connection
        transaction.rollback()


def indexes(plan: dict[str, Any]) -> set[str]:
    """The names of the indexes that a plan uses."""
    found = {plan["Index Name"]} if "Index Name" in plan else set()
    return found.union(*(indexes(part) for part in plan.get("Plans", ())))


@pytest.mark.parametrize(
    ("table", "condition", "index"),
    [
        ("dbo.raw", "1 = CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', 10.68, 41.27, 0.1))", "raw_hpx"),
        ("dbo.raw", "1 = INTERSECTS(s_region, CIRCLE('ICRS', 10.68, 41.27, 0.1))", "raw_s_box"),
        ("dbo.raw", "target = 'TARGET77'", "raw_target"),
        ("dbo.raw", "object = 'OBJECT77'", "raw_object"),
        ("dbo.raw", "prog_id = '11.C-21(A)'", "raw_prog_id"),
        ("dbo.raw", "prog_id LIKE '11.C-21%'", "raw_prog_id"),
        ("dbo.raw", "ob_id = 77", "raw_ob_id"),
        ("dbo.raw", "night = '2020-01-05'", "raw_night"),
        ("dbo.raw", "night = '2020-01-05' AND instrument = 'MUSE'", "raw_night"),
        ("dbo.raw", "exp_start BETWEEN '2020-01-05T00:00:00' AND '2020-01-05T06:00:00'", "raw_exp_start"),
        ("dbo.raw", "mjd_obs BETWEEN 58860 AND 58860.2", "raw_mjd_obs"),
        ("dbo.raw", "instrument = 'I7' AND exp_start > '2020-01-05T00:00:00'", "raw_instrument"),
        ("dbo.raw", "ins_mode = 'MODE7'", "raw_ins_mode"),
        ("dbo.raw", "dp_cat = 'CALIB' AND dp_type = 'TYPE8'", "raw_dp_cat"),
        ("dbo.raw", "raw_type = 'RAW7'", "raw_raw_type"),
        ("dbo.raw", "do_catg = 'DO7'", "raw_do_catg"),
        ("dbo.raw", "tpl_id = 'TPL7'", "raw_tpl_id"),
        ("dbo.raw", "origfile = 'file77.fits'", "raw_origfile"),
        ("dbo.raw", "release_date > '2020-01-28T12:00:00'", "raw_release_date"),
        ("dbo.raw", "last_mod_date > '2021-01-28T12:00:00'", "raw_last_mod_date"),
        ("ist.muse", "dp_id = 'T.70'", "muse_pkey"),
        ("ist.muse", "ins_opti1_name = 'FILTER10'", "muse_ins_opti1_name"),
        ("ist.muse", "det_read_curid = 10 AND object <> 'OBJECT7'", "muse_det_read_curid"),
        ("ist.muse", "1 = CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', 10.68, 41.27, 0.1))", "raw_hpx"),
        ("ist.muse", "1 = INTERSECTS(s_region, CIRCLE('ICRS', 10.68, 41.27, 0.1))", "raw_s_box"),
        ("ist.muse", "prog_id = '11.C-21(A)' AND dp_cat = 'SCIENCE'", "raw_prog_id"),
    ],
)
def test_a_search_uses_its_index(archive: sa.Connection, table: str, condition: str, index: str) -> None:
    statement = translate(f"SELECT dp_id, object, exposure FROM {table} WHERE {condition}", CATALOG)
    assert statement.values == ()
    (plan,) = archive.exec_driver_sql(explained(statement.sql)).scalar() or [{}]
    assert index in indexes(plan["Plan"]), plan


def explained(sql: str) -> str:
    """The statement that explains; percent signs are the driver's."""
    return f"EXPLAIN (FORMAT json) {sql}".replace("%", "%%")


def test_columns_that_a_table_says_are_indexed_have_an_index_in_the_database(archive: sa.Connection) -> None:
    rows = archive.exec_driver_sql(
        "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname IN ('setups', 'dbo')"
    ).all()
    own = {table.name: {c.name for c in table.columns if c.indexed} for table in CATALOG.schemas[-1].tables}
    elsewhere = {"s_region", "dec"}  # by boxes and by zones
    for name, columns in own.items():
        mine = [row.indexdef for row in rows if row.tablename in (name.partition(".")[2], "raw")]
        told = re.findall(r"\w+", " ".join(text.partition(" USING ")[2] for text in mine))
        assert columns - elsewhere <= set(told), name
