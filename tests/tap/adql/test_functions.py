"""Every function, evaluated by the database and by independent arithmetic."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import healpy
import numpy as np
import pytest
import sqlalchemy as sa
from astropy.coordinates import SkyCoord
from astropy.time import Time

from tap.adql.functions import AGGREGATES, GEOMETRY, SCALARS, USER_DEFINED
from tests.tap.adql.running import run
from vo_server.headers.cards import parse_lines
from vo_server.headers.database import save_headers
from vo_server.headers.sections import StoredHeader, store
from vo_server.tables import Catalog

#: Square degrees of a cap of one degree.
CAP = 2 * math.pi * (1 - math.cos(math.radians(1))) * math.degrees(1) ** 2
#: Expression -> value; each line is by hand, by `math` or from the document that defines the function.
VALUES: tuple[tuple[str, Any], ...] = (
    ("ABS(-5)", 5),
    ("ABS(-5.25)", 5.25),
    ("CEILING(2.1)", 3.0),
    ("CEILING(-2.1)", -2.0),
    ("FLOOR(2.9)", 2.0),
    ("FLOOR(-2.1)", -3.0),
    ("DEGREES(1)", math.degrees(1)),
    ("RADIANS(90)", math.pi / 2),
    ("EXP(1)", math.e),
    ("LOG(10)", math.log(10)),
    ("LOG10(1000)", 3.0),
    ("SQRT(2)", math.sqrt(2)),
    ("POWER(2, 10)", 1024.0),
    ("POWER(2.5, -0.5)", 2.5**-0.5),
    ("MOD(7, 3)", 1),
    ("MOD(-7, 3)", -1),
    ("MOD(7, -3)", 1),
    ("MOD(7.5, 2)", 1.5),
    ("MOD(-7.5, 2)", -1.5),
    ("MOD(0.3, 0.1)", 0.0),
    ("MOD(1e20, 7)", float(10**20 % 7)),
    ("PI()", math.pi),
    ("ROUND(2.345, 2)", 2.35),
    ("ROUND(12345678901.123456, 5)", 12345678901.12346),
    ("ROUND(1234.5, -2)", 1200.0),
    ("ROUND(-2.6)", -3.0),
    ("ROUND(15, -1)", 20.0),
    ("TRUNCATE(2.999)", 2.0),
    ("TRUNCATE(-2.999, 2)", -2.99),
    ("TRUNCATE(1999, -3)", 1000.0),
    ("SIN(0.5)", math.sin(0.5)),
    ("COS(0.5)", math.cos(0.5)),
    ("TAN(0.5)", math.tan(0.5)),
    ("COT(0.5)", 1 / math.tan(0.5)),
    ("ASIN(0.5)", math.asin(0.5)),
    ("ACOS(0.5)", math.acos(0.5)),
    ("ATAN(0.5)", math.atan(0.5)),
    ("ATAN2(1, -1)", 3 * math.pi / 4),
    ("ATAN2(-1, 0)", -math.pi / 2),
    ("LOWER('Francis ALBERT')", "francis albert"),
    ("UPPER('Francis Albert')", "FRANCIS ALBERT"),
    ("COALESCE(NULL, 'b', 'c')", "b"),
    ("COALESCE(NULL, NULL)", None),
    ("NULLIF(1, 1)", None),
    ("NULLIF('a', 'b')", "a"),
    ("ESO_SUBSTRING('abcdef', 2, 3)", "bcd"),
    ("ESO_SUBSTRING('abc', 2, 30)", "bc"),
    ("ESO_SUBSTRING('abc', 2, -1)", ""),
    ("ESO_DATEADD_SEC(90, CAST('2024-02-29T23:59:00' AS TIMESTAMP))", "2024-03-01T00:00:30.000"),
    ("ESO_DATEADD_SEC(-0.5, CAST('2024-01-01' AS TIMESTAMP))", "2023-12-31T23:59:59.500"),
    (
        "ESO_INTERSECTION(CIRCLE(10, 20, 1), CIRCLE(10, 20, 2))",
        2 * math.pi * (1 - math.cos(math.radians(1))) * math.degrees(1) ** 2,
    ),
    ("ESO_INTERSECTION(CIRCLE(10, 20, 1), CIRCLE(50, 20, 2))", 0.0),
    ("DISTANCE(CIRCLE(10, 0, 1), POINT(13, 0))", 2.0),
    ("DISTANCE(POINT(10.5, 0), CIRCLE(10, 0, 1))", 0.0),
    ("ivo_geom_transform('ICRS', 'GALACTIC', CIRCLE('GALACTIC', 33, 10, 1))", "CIRCLE GALACTIC 33 10 1"),
    ("COORDSYS(ivo_geom_transform('ICRS', 'GALACTIC', POINT(1, 2)))", "GALACTIC"),
    ("CASE WHEN 1 = 2 THEN 'x' WHEN 2 = 2 THEN 'y' ELSE 'z' END", "y"),
    ("CASE 3 WHEN 1 THEN 'x' END", None),
    ("CAST('3.5' AS DOUBLE PRECISION)", 3.5),
    ("CAST(3 AS REAL)", 3.0),
    ("CAST(2.6 AS INTEGER)", 3),
    ("CAST('7' AS SMALLINT)", 7),
    ("CAST(12345 AS VARCHAR(3))", "123"),
    ("CAST('ab' AS CHAR(4))", "ab  "),
    ("CAST(CAST('2015-11-18T09:34:03.528' AS TIMESTAMP) AS VARCHAR)", "2015-11-18T09:34:03.528"),
    ("CAST('2015-11-18' AS TIMESTAMP)", "2015-11-18T00:00:00.000"),
    ("'a' || 'b' || 'c'", "abc"),
    ("7 / 2", 3),
    ("-7 / 2", -3),
    ("7 / 2.", 3.5),
    ("7 % 4", 3),
    ("2 + 3 * 4 - 5", 9),
    ("(2 + 3) * 4", 20),
    ("10 - 3 - 2", 5),
    ("- (2 - 3)", 1),
    ("9223372036854775807", 9223372036854775807),
    ("1e-320", 1e-320),
    ("0.1", 0.1),
    ("'it''s \\ % {0} \"x\"'", "it's \\ % {0} \"x\""),
    # IVOA Catalogue of ADQL User Defined Functions 1.0: the examples of each function.
    ("ivo_nocasematch('abcabc', 'ab%')", 1),
    ("ivo_nocasematch('ABcabc', 'ab__bc')", 1),
    ("ivo_nocasematch('abcabc', '%BC')", 1),
    ("ivo_nocasematch('abcabc', 'abcab')", 0),
    ("ivo_hasword('Miller and Urey have', 'miller')", 1),
    ("ivo_hasword('shown that a primordial', 'soup')", 0),
    ("ivo_hasword('shown that a primordial', 'shown primordial')", 1),
    ("ivo_hasword('shown that a primordial', 'shown soup')", 0),
    ("ivo_hashlist_has('red#green#blue', 'red')", 1),
    ("ivo_hashlist_has('Red#green#blue', 'red')", 1),
    ("ivo_hashlist_has('red#green#blue', 're')", 0),
    ("ivo_hashlist_has('red#green#blue', 'red#green')", 0),
    ("ivo_interval_overlaps(-2, -3, 2, 3)", 0),
    ("ivo_interval_overlaps(-2, 55.3, 2, 3)", 1),
    ("ivo_interval_overlaps(2, 3, -2, 55.3)", 1),
    ("ivo_interval_overlaps(-2, 55.3, 3, 2)", 0),
    ("ivo_interval_overlaps(-2, 2, 2, 3)", 1),
    ("ivo_healpix_index(0, 1, 1)", 4),
    ("ivo_healpix_index(17, 1, 1)", 81609757711),
    ("ivo_healpix_index(17, POINT('ICRS', 1, 1))", 81609757711),
    ("ivo_healpix_index(17, 359, -1)", 73009064944),
    ("ivo_healpix_index(17, POINT(ABS(359), -ABS(1)))", 73009064944),
    ("ivo_healpix_center(0, 6)", "POSITION ICRS 180 0"),
    (
        "ivo_healpix_center(17, ivo_healpix_index(17, 23.4, 56.7))",
        "POSITION ICRS 23.399843462947466 56.70016214363192",
    ),
    (
        "ivo_epoch_prop_pos(7.606083572, 11.79044105, 125, 300, -428.8, 52.51, 2016.0, 1992.25)",
        "POSITION ICRS 7.604061404627978 11.7932703828279",
    ),
    (
        "ivo_epoch_prop_pos(7.606083572, 11.79044105, 125, 300, -428.8, 52.51, 2016.0, 1875.0)",
        "POSITION ICRS 7.594068213694308 11.807251375203935",
    ),
    (
        "ivo_epoch_prop_pos(7.606083572, 11.79044105, 125, 300, -428.8, NULL, 2016.0, 1875.0)",
        "POSITION ICRS 7.594079587029898 11.807235464326332",
    ),
    (
        "ivo_epoch_prop_pos(7.606083572, 11.79044105, 125, 300, NULL, NULL, 2016.0, 1875.0)",
        "POSITION ICRS 7.594080321498365 11.790440798509207",
    ),
    # Nine digits, as the catalogue has them.
    ("ROUND(COORD1(ivo_geom_transform('ICRS', 'GALACTIC', POINT(120, -23))), 4)", 241.1218),
    ("ROUND(COORD2(ivo_geom_transform('ICRS', 'GALACTIC', POINT(120, -23))), 4)", 3.6279),
    ("ivo_to_jd(CAST('2000-01-02T12:00:00' AS TIMESTAMP))", 2451546.0),
    ("ivo_to_jd('1910-12-31T06:00:00')", 2419036.75),
    ("ivo_to_mjd('1910-12-31T06:00:00')", 19036.25),
    ("ivo_to_mjd(NULL)", None),
    ("ROUND(ivo_hms_to_degrees('3:34:45.4'), 7)", 53.6891667),
    ("ROUND(ivo_hms_to_degrees('3H34M45.4S'), 7)", 53.6891667),
    ("ROUND(ivo_hms_to_degrees('033445.4'), 7)", 53.6891667),
    ("ivo_hms_to_degrees('noon')", None),
    ("ivo_dms_to_degrees('42d9m6.768s')", 42.15188),
    ("ivo_dms_to_degrees('-00:15:00')", -0.25),
    ("ivo_dms_to_degrees('+0d15m0s')", 0.25),
    ("ivo_normal_random(5, 0)", 5.0),
    ("gavo_to_mjd('2015-11-18T09:34:03.528')", float(Time("2015-11-18T09:34:03.528", scale="utc").mjd)),
    ("gavo_to_jd('2000-01-01T12:00:00')", 2451545.0),
    # Geometry whose answer is known: quarter circles, an octant, a small cap.
    ("DISTANCE(POINT(0, 0), POINT(90, 0))", 90.0),
    ("DISTANCE(0, 90, 123, -90)", 180.0),
    ("DISTANCE(359.5, 0, 0.5, 0)", 1.0),
    ("CONTAINS(POINT(25.0, -19.5), CIRCLE(25.4, -20.0, 10.0))", 1),
    ("CONTAINS(POINT(25.0, -19.5), CIRCLE(25.4, -20.0, 0.1))", 0),
    ("CONTAINS(CIRCLE(10, 10, 1), CIRCLE(10, 10, 2))", 1),
    ("CONTAINS(CIRCLE(10, 10, 2), CIRCLE(10, 10, 1))", 0),
    ("CONTAINS(POINT(0, 89.9), CIRCLE(180, 89.9, 0.3))", 1),
    ("CONTAINS(POINT(11, 10.1), BOX(10, 10, 2.5, 1))", 1),
    ("CONTAINS(POINT(11, 10.6), BOX(10, 10, 2.5, 1))", 0),
    ("INTERSECTS(CIRCLE(10, 10, 1), CIRCLE(12.5, 10, 1))", 0),
    ("INTERSECTS(CIRCLE(359.5, 0, 1), CIRCLE(0.5, 0, 1))", 1),
    ("INTERSECTS(CIRCLE(25.4, -20.0, 1), POLYGON(20, -15, 20, -5, 10, -5, 10, -15))", 0),
    ("INTERSECTS(POINT(15, -10), POLYGON(20, -15, 20, -5, 10, -5, 10, -15))", 1),
    ("CONTAINS(POINT(1, 1), ivo_moc('0/4'))", 1),
    ("CONTAINS(POINT(1, 1), ivo_moc('17/81609757711'))", 1),
    ("CONTAINS(POINT(1, 1), ivo_moc('17/81609757710 81609757712'))", 0),
    ("INTERSECTS(CIRCLE(1, 1, 0.1), ivo_moc('17/81609757710'))", 1),
    ("INTERSECTS(CIRCLE(200, 1, 0.1), ivo_moc('0/4'))", 0),
    ("CONTAINS(CIRCLE(0, 0, 1), ivo_moc('0/4'))", 1),
    ("CONTAINS(CIRCLE(45, 0, 1), ivo_moc('0/4'))", 0),
    ("ROUND(AREA(ivo_moc('0/0-11')) / AREA(ivo_moc('0/4')), 1)", 12.0),
    ("AREA(CIRCLE(10, 20, 180))", 4 * math.pi * math.degrees(1) ** 2),
    ("AREA(CIRCLE(10, 20, 1))", CAP),
    ("AREA(REGION('CIRCLE ICRS 10 20 1'))", CAP),
    ("COORD1(POINT(25.0, -19.5))", 25.0),
    ("COORD2(POINT(25.0, -19.5))", -19.5),
    ("COORD1(CENTROID(CIRCLE(10, 20, 3)))", 10.0),
    ("COORD2(CENTROID(POINT(10, 20)))", 20.0),
    ("COORDSYS(POINT(25.0, -19.5))", "ICRS"),
    ("POINT(25.5, -19.5)", "POSITION ICRS 25.5 -19.5"),
    ("CIRCLE('ICRS', 10, 20, 0.5)", "CIRCLE ICRS 10.0 20.0 0.5"),
)  # fmt: skip


@pytest.mark.parametrize(("expression", "value"), VALUES, ids=[expression for expression, _ in VALUES])
def test_function_gives(expression: str, value: Any, catalog: Catalog, connection: sa.Connection) -> None:
    (found,) = run(f"SELECT TOP 1 {expression} AS x FROM TAP_SCHEMA.schemas", catalog, connection)
    if isinstance(value, float):
        assert found == pytest.approx(value, rel=1e-9, abs=1e-12)
    elif isinstance(value, str) and value.startswith(("POSITION", "CIRCLE")):
        shape, frame, *numbers = found.split()
        assert [shape, frame] == value.split()[:2]
        assert [float(n) for n in numbers] == pytest.approx([float(n) for n in value.split()[2:]], rel=1e-9)
    else:
        assert found == value
    assert type(found) is type(value)


def header_of(values: Sequence[float | None]) -> StoredHeader:
    """A header of cards ``K``, one a value; None has no value."""
    cards = "".join(f"K       = {'' if v is None else repr(v)}".ljust(80) for v in values)
    block = f"{cards}END".encode()
    return store(block, parse_lines(block.ljust(len(cards) + 80))[0])


def test_aggregates_over_rows_of_ours(catalog: Catalog, connection: sa.Connection) -> None:
    save_headers(connection, [("adql", 0, header_of([1.5, 2.5])), ("adql", 1, header_of([2.5, None]))])
    query = (
        "SELECT COUNT(*), COUNT(value_n), COUNT(DISTINCT value_n), SUM(value_n), AVG(value_n), MIN(value_n),"
        " MAX(value_n), SUM(hdu), AVG(hdu), MAX(keyword), ivo_string_agg(keyword, '+')"
        " FROM header.keyword WHERE dp_id = 'adql'"
    )
    (row,) = run(query, catalog, connection)
    assert row[:10] == (4, 3, 2, 6.5, 6.5 / 3, 1.5, 2.5, 2, 0.5, "K")
    assert row[10] == "K+K+K+K"
    grouped = run(
        "SELECT hdu, SUM(value_n) AS s FROM header.keyword WHERE dp_id = 'adql' GROUP BY hdu"
        " HAVING COUNT(*) > 1 ORDER BY s DESC",
        catalog,
        connection,
    )
    assert grouped == [(0, 4.0), (1, 2.5)]


def test_histogram_counts_what_numpy_counts(catalog: Catalog, connection: sa.Connection) -> None:
    rng = np.random.default_rng(3)
    values = [*rng.normal(0, 2, 200).tolist(), -1.0, 1.0, None]
    save_headers(connection, [("histogram", 0, header_of(values))])
    query = "SELECT ivo_histogram(value_n, -1, 1, 4) AS h FROM header.keyword WHERE dp_id = 'histogram'"
    (found,) = run(query, catalog, connection)
    known = np.array([value for value in values if value is not None])
    inside, _ = np.histogram(known[(known >= -1) & (known < 1)], 4, (-1, 1))
    assert found == [int((known < -1).sum()) + 1, *inside.tolist(), int((known >= 1).sum())]


@pytest.mark.parametrize("order", [0, 1, 5, 12, 29])
def test_healpix_cells_are_those_of_healpy(order: int, catalog: Catalog, connection: sa.Connection) -> None:
    rng = np.random.default_rng(order)
    ra = [*rng.uniform(-400, 800, 300).tolist(), 0, 0, 45, 123.4, 90, 360]
    dec = [*np.degrees(np.arcsin(rng.uniform(-1, 1, 300))).tolist(), 90, -90, 41.8103, -89.9999, 0, 0.1]
    wanted = healpy.ang2pix(2**order, ra, dec, nest=True, lonlat=True).tolist()
    columns = sa.text("SELECT vo.healpix_index(:order, :ra, :dec), vo.healpix_center(:order, :cell)")
    rows = [
        connection.execute(columns, {"order": order, "ra": a, "dec": d, "cell": cell}).one()
        for a, d, cell in zip(ra, dec, wanted, strict=True)
    ]
    assert [row[0] for row in rows] == wanted
    centers = np.array([row[1] for row in rows])
    lon, lat = healpy.pix2ang(2**order, wanted, nest=True, lonlat=True)
    np.testing.assert_allclose(centers, np.stack([lon, lat], 1), atol=1e-9)


def test_galactic_columns_are_transformed(catalog: Catalog, connection: sa.Connection) -> None:
    values = [(0.0, 0.0), (123.0, 45.0), (359.9, -89.0), (33.0, 90.0), (180.0, 5.0)]
    insert = sa.text("INSERT INTO dbo.raw (dp_id, gal_lon, gal_lat) VALUES (:id, :lon, :lat)")
    connection.execute(
        insert, [{"id": f"gal{n}", "lon": lon, "lat": lat} for n, (lon, lat) in enumerate(values)]
    )
    query = (
        "SELECT COORD1(p) AS a, COORD2(p) AS d FROM (SELECT dp_id, POINT('GALACTIC', gal_lon, gal_lat) AS p"
        " FROM dbo.raw WHERE dp_id LIKE 'gal_') AS g ORDER BY dp_id"
    )
    found = SkyCoord(run(query, catalog, connection), unit="deg")
    wanted = SkyCoord(values, unit="deg", frame="galactic").icrs
    # Two definitions of the galactic frame that are 20 milliarcseconds apart.
    assert found.separation(wanted).max().arcsec < 0.03


def test_an_interval_has_its_ends(catalog: Catalog, connection: sa.Connection) -> None:
    insert = sa.text("INSERT INTO dbo.raw (dp_id, ra) VALUES ('inside1', 0.5), ('inside2', 0.5)")
    connection.execute(insert)
    # Counts below, in the only bin and above: the first two numbers are an interval from 0 to 2.
    counts = "SELECT ivo_histogram(ra, 0, 1, 1) AS iv FROM dbo.raw WHERE dp_id LIKE 'inside_'"
    for value, expected in [(-1, 0), (0, 1), (1.5, 1), (2, 1), (2.1, 0)]:
        query = f"SELECT ivo_interval_has({value}, iv) AS x FROM ({counts}) AS t"
        assert run(query, catalog, connection) == [expected]


def test_a_polygon_of_columns_may_have_many_corners(catalog: Catalog, connection: sa.Connection) -> None:
    connection.execute(sa.text("INSERT INTO dbo.raw (dp_id, ra, dec) VALUES ('corners', 10, 20)"))
    n = 300
    corners = ", ".join(
        f"ra + {math.cos(2 * math.pi * k / n):.9f}, dec + {math.sin(2 * math.pi * k / n):.9f}"
        for k in range(n)
    )
    query = f"SELECT AREA(POLYGON({corners})) AS a FROM dbo.raw WHERE dp_id = 'corners'"
    assert run(query, catalog, connection) == [pytest.approx(math.pi * math.cos(math.radians(20)), rel=1e-3)]


def test_random_numbers_are_between_zero_and_one(catalog: Catalog, connection: sa.Connection) -> None:
    values = run("SELECT RAND() AS r FROM TAP_SCHEMA.columns", catalog, connection)
    assert all(0 <= value < 1 for value in values)
    assert len(set(values)) > len(values) / 2


def test_now_is_utc(catalog: Catalog, connection: sa.Connection) -> None:
    (value,) = run("SELECT TOP 1 CURRENT_TIMESTAMP AS t FROM TAP_SCHEMA.schemas", catalog, connection)
    assert abs(Time(datetime.fromisoformat(value)) - Time.now()).sec < 3600


def test_every_function_is_tested_here() -> None:
    with_values = " ".join(expression for expression, _ in VALUES).upper()
    elsewhere = {
        "RAND",
        "CURRENT_TIMESTAMP",
        "IVO_STRING_AGG",
        "IVO_INTERVAL_HAS",
        "IVO_HISTOGRAM",
        *AGGREGATES,
    }
    for name in {*SCALARS, *USER_DEFINED, *GEOMETRY, *AGGREGATES} - elsewhere:
        assert f"{name}(" in with_values, name
