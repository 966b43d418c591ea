"""Geometry on a table of positions and footprints, against brute force in numpy."""

from collections.abc import Iterator

import healpy
import numpy as np
import pytest
import sqlalchemy as sa
from mocpy import MOC
from numpy.typing import NDArray

from tap.adql import translate
from tests.tap.adql.running import execute, run
from vo_server import schemas, sky
from vo_server.db import Database
from vo_server.tables import Catalog

DOCUMENT = """
name: adqltest
description: Positions and footprints of a test
tables:
  - name: source
    description: Positions all over the sky, many of them near the poles and RA 0
    primaryKey: "#source.id"
    vo:points:
      - {ra: ra, dec: dec, hpx: hpx}
    columns:
      - {name: id, datatype: long, description: Number, nullable: false}
      - {name: ra, datatype: double, description: Right ascension, "ivoa:unit": deg}
      - {name: dec, datatype: double, description: Declination, "ivoa:unit": deg}
  - name: target
    description: Positions near some of the sources; no index
    primaryKey: "#target.id"
    columns:
      - {name: id, datatype: long, description: Number, nullable: false}
      - {name: ra, datatype: double, description: Right ascension, "ivoa:unit": deg}
      - {name: dec, datatype: double, description: Declination, "ivoa:unit": deg}
      - {name: radius, datatype: double, description: Search radius, "ivoa:unit": deg}
  - name: image
    description: Circular footprints around the first sources
    primaryKey: "#image.id"
    vo:regions:
      - {region: s_region, shape: s_shape, box: s_box}
    columns:
      - {name: id, datatype: long, description: Number, nullable: false}
      - {name: s_region, datatype: text, description: Footprint, "votable:xtype": "adql:REGION"}
"""
RADIUS = 2.0  #: of the footprints, degrees
Floats = NDArray[np.float64]


class Sample:
    """The rows of the tables, and the arcs between them by brute force."""

    def __init__(self) -> None:
        rng = np.random.default_rng(20151118)
        count = 3000
        ra = rng.uniform(0, 360, count)
        dec = np.degrees(np.arcsin(rng.uniform(-1, 1, count)))
        dec[:300] = 90 - rng.uniform(0, 1.5, 300)
        dec[300:600] = -90 + rng.uniform(0, 1.5, 300)
        ra[600:1200] = rng.normal(0, 0.5, 600) % 360
        dec[600:1200] = rng.normal(0, 0.5, 600)
        self.ra, self.dec = ra, dec
        chosen = rng.choice(count, 400, replace=False)
        self.target_ra = (ra[chosen] + rng.normal(0, 0.01, 400)) % 360
        self.target_dec = np.clip(dec[chosen] + rng.normal(0, 0.01, 400), -90, 90)
        self.target_radius = rng.uniform(0, 0.5, 400)

    def arcs(self, ra: Floats | float, dec: Floats | float) -> Floats:
        """Degrees from every source (rows) to every given position (columns)."""
        return arcs(self.ra[:, None], self.dec[:, None], np.atleast_1d(ra)[None], np.atleast_1d(dec)[None])


def arcs(ra1: Floats, dec1: Floats, ra2: Floats, dec2: Floats) -> Floats:
    """Great circle arcs, by the formula of Vincenty: good at all distances."""
    lon1, lat1, lon2, lat2 = (np.radians(x) for x in (ra1, dec1, ra2, dec2))
    turn = lon2 - lon1
    across = np.hypot(
        np.cos(lat2) * np.sin(turn),
        np.cos(lat1) * np.sin(lat2) - np.sin(lat1) * np.cos(lat2) * np.cos(turn),
    )
    along = np.sin(lat1) * np.sin(lat2) + np.cos(lat1) * np.cos(lat2) * np.cos(turn)
    return np.asarray(np.degrees(np.arctan2(across, along)))


@pytest.fixture(scope="module")
def sample() -> Sample:
    return Sample()


@pytest.fixture(scope="module")
def sky_catalog() -> Catalog:
    return Catalog((schemas.parse(DOCUMENT),))


@pytest.fixture(scope="module")
def tables(database: Database, sky_catalog: Catalog, sample: Sample) -> Iterator[sa.Connection]:
    """A connection that sees the tables; they go with its transaction."""
    metadata = schemas.metadata(sky_catalog.schemas)
    with database.owner.connect() as connection:
        transaction = connection.begin()
        connection.execute(sa.schema.CreateSchema("adqltest"))
        metadata.create_all(connection)
        fill(connection, metadata, sample)
        connection.exec_driver_sql("ANALYZE adqltest.source, adqltest.target, adqltest.image")
        yield connection
        transaction.rollback()


def fill(connection: sa.Connection, metadata: sa.MetaData, sample: Sample) -> None:
    source, target, image = (metadata.tables[f"adqltest.{name}"] for name in ("source", "target", "image"))
    pixels = sky.hpx(sample.ra, sample.dec)
    rows = zip(sample.ra.tolist(), sample.dec.tolist(), pixels.tolist(), strict=True)
    connection.execute(
        source.insert(), [{"id": i, "ra": r, "dec": d, "hpx": p} for i, (r, d, p) in enumerate(rows)]
    )
    targets = zip(sample.target_ra, sample.target_dec, sample.target_radius, strict=True)
    connection.execute(
        target.insert(),
        [
            {"id": i, "ra": float(r), "dec": float(d), "radius": float(s)}
            for i, (r, d, s) in enumerate(targets)
        ],
    )
    footprints = []
    for number in range(0, 1200, 3):
        region = sky.Circle(float(sample.ra[number]), float(sample.dec[number]), RADIUS)
        shape = sky.shape_of(region)
        box = sky.box_literal(sky.box_of(shape))
        footprints.append(
            {"id": number, "s_region": sky.format_stcs(region), "s_shape": shape.tolist(), "s_box": box}
        )
    connection.execute(image.insert(), footprints)


CENTERS = (
    (0.0, 0.0),
    (359.9, 0.1),
    (123.4, 90.0),
    (10.0, 89.5),
    (200.0, -89.9),
    (180.0, 30.0),
    (-10.0, -45.0),
)
CONES = (
    "1 = CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', {ra}, {dec}, {r}))",
    "CONTAINS(POINT(ra, dec), CIRCLE(POINT({ra}, {dec}), {r})) <> 0",
    "DISTANCE(POINT(ra, dec), POINT({ra}, {dec})) <= {r}",
    "{r} >= DISTANCE({ra}, {dec}, ra, dec)",
    "INTERSECTS(CIRCLE({ra}, {dec}, {r}), POINT(ra, dec)) = 1",
)


@pytest.mark.parametrize("cone", CONES)
@pytest.mark.parametrize("radius", [0.01, 0.7, 5.0, 60.0, 120.0, 180.0])
def test_cone_finds_what_brute_force_finds(
    cone: str, radius: float, sample: Sample, sky_catalog: Catalog, tables: sa.Connection
) -> None:
    for ra, dec in CENTERS:
        condition = cone.format(ra=ra, dec=dec, r=radius)
        found = set(run(f"SELECT id FROM adqltest.source WHERE {condition}", sky_catalog, tables))
        assert found == set(np.flatnonzero(sample.arcs(ra, dec)[:, 0] <= radius).tolist()), condition
        outside = run(f"SELECT COUNT(*) FROM adqltest.source WHERE NOT ({condition})", sky_catalog, tables)
        assert outside == [len(sample.ra) - len(found)]


MOCS = (
    "0/4",
    "2/0-40 100",
    "5/0 77 3000-3060",
    "3/0-3 9 200-210 300 400-402 7/150000 9/2000000-2000100",
    "29/0",
    "6/" + " ".join(str(number) for number in range(0, 49152, 97)),
)


def in_moc(text: str, ra: Floats, dec: Floats) -> NDArray[np.bool_]:
    """By the ranges of the moc library and healpy's pixels."""
    pixels = healpy.ang2pix(1 << 29, ra, dec, nest=True, lonlat=True)
    ranges = MOC.from_string(text, "ascii").to_depth29_ranges.astype(np.int64)
    return np.asarray(np.any([(pixels >= low) & (pixels < end) for low, end in ranges], axis=0))


@pytest.mark.parametrize("moc", MOCS)
@pytest.mark.parametrize("point", ["POINT(ra, dec)", "POINT(ra + 0, dec)"])
def test_a_moc_finds_the_positions_in_its_cells(
    moc: str, point: str, sample: Sample, sky_catalog: Catalog, tables: sa.Connection
) -> None:
    condition = f"1 = CONTAINS({point}, ivo_moc('{moc}'))"
    found = run(f"SELECT id FROM adqltest.source WHERE {condition}", sky_catalog, tables)
    inside = in_moc(moc, sample.ra, sample.dec)
    assert set(found) == set(np.flatnonzero(inside).tolist())
    outside = run(f"SELECT COUNT(*) FROM adqltest.source WHERE NOT {condition}", sky_catalog, tables)
    assert outside == [np.count_nonzero(~inside)]


def cell_of(uniq: int) -> tuple[int, int]:
    """Order and number of a cell in the scheme of MOC 1.1 (NUNIQ)."""
    order = (uniq.bit_length() - 3) // 2
    return order, uniq - (4 << 2 * order)


@pytest.mark.parametrize("moc", MOCS)
@pytest.mark.parametrize("test", ["INTERSECTS(s_region, {})", "INTERSECTS({}, s_region)"])
def test_a_moc_finds_the_footprints_that_touch_its_cells(
    moc: str, test: str, sample: Sample, sky_catalog: Catalog, tables: sa.Connection
) -> None:
    numbers = np.arange(0, 1200, 3)
    ra, dec = sample.ra[numbers], sample.dec[numbers]
    edges = np.concatenate(
        [
            healpy.boundaries(1 << order, cell, step=256 if order < 4 else 16, nest=True).T
            for order, cell in map(cell_of, MOC.from_string(moc, "ascii").uniq_hpx.tolist())
        ]
    )
    centres = healpy.ang2vec(ra, dec, lonlat=True)
    nearest = np.array([2 * np.arcsin(np.linalg.norm(edges - c, axis=1).min() / 2) for c in centres])
    distance = np.where(in_moc(moc, ra, dec), 0.0, np.degrees(nearest))
    condition = test.format(f"ivo_moc('{moc}')")
    query = f"SELECT id FROM adqltest.image WHERE 1 = {condition}"
    found = set(run(query, sky_catalog, tables))
    # Of the edges there are points only; of the sides of cells, great circles between some of them.
    assert set(numbers[distance <= RADIUS - 0.002].tolist()) <= found
    assert found <= set(numbers[distance <= RADIUS + 0.1].tolist())
    none = run(query.replace("1 =", "0 ="), sky_catalog, tables)
    assert not found & set(none)
    assert len(found) + len(none) == len(numbers)


CROSSMATCHES = (
    "DISTANCE(s.ra, s.dec, t.ra, t.dec) <= {r}",
    "{r} >= DISTANCE(POINT(t.ra, t.dec), POINT(s.ra, s.dec))",
    "1 = CONTAINS(POINT(s.ra, s.dec), CIRCLE(t.ra, t.dec, {r}))",
    "CONTAINS(POINT(t.ra, t.dec), CIRCLE(POINT(s.ra, s.dec), {r})) = 1",
)


@pytest.mark.parametrize("match", CROSSMATCHES)
@pytest.mark.parametrize("radius", ["0.005", "1/60.", "0.2", "3", "100", "t.radius"])
def test_crossmatch_finds_what_brute_force_finds(
    match: str, radius: str, sample: Sample, sky_catalog: Catalog, tables: sa.Connection
) -> None:
    query = (
        f"SELECT s.id, t.id FROM adqltest.target AS t JOIN adqltest.source AS s ON {match.format(r=radius)}"
    )
    found = set(run(query, sky_catalog, tables))
    limit = sample.target_radius if radius == "t.radius" else {"1/60.": 1 / 60}.get(radius) or float(radius)
    near = sample.arcs(sample.target_ra, sample.target_dec) <= limit
    assert found == set(zip(*(axis.tolist() for axis in np.nonzero(near)), strict=True))


def test_crossmatch_takes_right_ascensions_of_any_turn(
    sample: Sample, sky_catalog: Catalog, tables: sa.Connection
) -> None:
    plain = "SELECT s.id, t.id FROM adqltest.target AS t, adqltest.source AS s WHERE {}"
    wanted = set(run(plain.format("DISTANCE(s.ra, s.dec, t.ra, t.dec) < 0.1"), sky_catalog, tables))
    for turned in ("t.ra + 360", "t.ra - 720"):
        condition = f"DISTANCE(s.ra, s.dec, {turned}, t.dec) < 0.1"
        assert set(run(plain.format(condition), sky_catalog, tables)) == wanted


@pytest.mark.parametrize(
    ("wrong", "within"),
    # PostgreSQL holds NaN to be more than every number, so every distance is less.
    [("1e12", 0), ("'NaN'", 3000 * 400), ("NULL", 0)],
)
def test_a_crossmatch_with_odd_values_finds_what_brute_force_finds(
    wrong: str, within: int, sample: Sample, sky_catalog: Catalog, tables: sa.Connection
) -> None:
    value = f"CAST({wrong} AS DOUBLE PRECISION)"
    number = 1e12 if wrong == "1e12" else np.nan
    odd = np.full_like(sample.target_ra, number)
    for condition, count in (
        (
            f"DISTANCE(s.ra, s.dec, t.ra, {value} + 0 * t.dec) < 0.1",
            np.count_nonzero(sample.arcs(sample.target_ra, odd) < 0.1),
        ),
        (
            f"DISTANCE(s.ra, s.dec, {value} + 0 * t.ra, t.dec) < 0.1",
            np.count_nonzero(sample.arcs(odd, sample.target_dec) < 0.1),
        ),
        (f"DISTANCE(s.ra, s.dec, t.ra, t.dec) < -1 * ABS({value})", within),
    ):
        query = f"SELECT COUNT(*) AS n FROM adqltest.target AS t, adqltest.source AS s WHERE {condition}"
        assert run(query, sky_catalog, tables) == [count], condition


def test_a_crossmatch_in_an_outer_join_keeps_the_unmatched(
    sample: Sample, sky_catalog: Catalog, tables: sa.Connection
) -> None:
    query = (
        "SELECT t.id, COUNT(s.id) AS n FROM adqltest.target AS t LEFT JOIN adqltest.source AS s"
        " ON DISTANCE(t.ra, t.dec, s.ra, s.dec) < 0.01 GROUP BY t.id"
    )
    counts = (sample.arcs(sample.target_ra, sample.target_dec) < 0.01).sum(axis=0)
    assert dict(run(query, sky_catalog, tables)) == dict(enumerate(counts.tolist()))


@pytest.mark.parametrize(("ra", "dec"), CENTERS)
def test_footprints_around_a_position(
    ra: float, dec: float, sample: Sample, sky_catalog: Catalog, tables: sa.Connection
) -> None:
    images = np.arange(0, 1200, 3)
    distance = sample.arcs(ra, dec)[images, 0]
    point = f"SELECT id FROM adqltest.image WHERE 1 = CONTAINS(POINT({ra}, {dec}), s_region)"
    assert set(run(point, sky_catalog, tables)) == set(images[distance <= RADIUS].tolist())
    circle = f"SELECT id FROM adqltest.image WHERE INTERSECTS(s_region, CIRCLE({ra}, {dec}, 1)) = 1"
    assert set(run(circle, sky_catalog, tables)) == set(images[distance <= RADIUS + 1].tolist())
    inside = f"SELECT id FROM adqltest.image WHERE CONTAINS(s_region, CIRCLE({ra}, {dec}, 5)) = 1"
    assert set(run(inside, sky_catalog, tables)) == set(images[distance <= 5 - RADIUS].tolist())


def test_positions_in_footprints(sample: Sample, sky_catalog: Catalog, tables: sa.Connection) -> None:
    query = (
        "SELECT t.id, i.id FROM adqltest.target AS t JOIN adqltest.image AS i"
        " ON CONTAINS(POINT(t.ra, t.dec), i.s_region) = 1"
    )
    near = sample.arcs(sample.target_ra, sample.target_dec)[::3][:400] <= RADIUS
    wanted = {(int(t), int(3 * i)) for i, t in zip(*np.nonzero(near), strict=True)}
    assert set(run(query, sky_catalog, tables)) == wanted


@pytest.mark.parametrize(
    "region",
    [
        "POLYGON(358, -2, 2, -2, 2, 2, 358, 2)",
        "POLYGON(0, 89, 120, 89, 240, 89)",
        "POLYGON(0, 0, 10, 0, 10, 10, 5, 2, 0, 10)",
        "BOX(0, 0, 3, 2)",
        "BOX(50, -89.5, 2, 2)",
        "REGION('UNION ICRS (CIRCLE 0 0 0.5 POLYGON 10 10 12 10 11 12)')",
    ],
)
def test_indexed_and_plain_test_of_a_region_agree(
    region: str, sky_catalog: Catalog, tables: sa.Connection
) -> None:
    indexed = f"SELECT id FROM adqltest.source WHERE CONTAINS(POINT(ra, dec), {region}) = 1"
    # "ra + 0" is no indexed column: every row gets the exact test.
    plain = f"SELECT id FROM adqltest.source WHERE CONTAINS(POINT(ra + 0, dec + 0), {region}) = 1"
    assert "hpx" in translate(indexed, sky_catalog).sql
    assert "hpx" not in translate(plain, sky_catalog).sql
    found = run(indexed, sky_catalog, tables)
    assert set(found) == set(run(plain, sky_catalog, tables))
    assert found


def test_geometry_through_sub_queries(sample: Sample, sky_catalog: Catalog, tables: sa.Connection) -> None:
    wanted = set(np.flatnonzero(sample.arcs(0, 0)[:, 0] < 0.5).tolist())
    for query in (
        "SELECT id FROM (SELECT * FROM adqltest.source) AS q WHERE DISTANCE(ra, dec, 0, 0) < 0.5",
        "WITH q AS (SELECT id, ra, dec FROM adqltest.source)"
        " SELECT id FROM q WHERE DISTANCE(ra, dec, 0, 0) < 0.5",
        "SELECT id FROM (SELECT id, POINT(ra, dec) AS p FROM adqltest.source) AS q"
        " WHERE CONTAINS(p, CIRCLE(0, 0, 0.5)) = 1",
        "SELECT id FROM (SELECT DISTINCT id, ra, dec FROM adqltest.source) AS q"
        " WHERE DISTANCE(ra, dec, 0, 0) < 0.5",
        "SELECT id FROM adqltest.source AS s WHERE EXISTS (SELECT i.id FROM adqltest.image AS i"
        " WHERE i.id = s.id) AND DISTANCE(ra, dec, 0, 0) < 0.5 UNION SELECT id FROM adqltest.source"
        " WHERE DISTANCE(ra, dec, 0, 0) < 0.5",
    ):
        assert set(run(query, sky_catalog, tables)) == wanted, query
    images = run(
        "SELECT q.id FROM (SELECT * FROM adqltest.image) AS q WHERE CONTAINS(POINT(0, 0), q.s_region) = 1",
        sky_catalog,
        tables,
    )
    assert set(images) == set(np.flatnonzero(sample.arcs(0, 0)[:1200:3, 0] <= RADIUS) * 3)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("SELECT id FROM adqltest.source WHERE DISTANCE(ra, dec, 10, 20) < 0.1", "hpx"),
        ("SELECT id FROM (SELECT * FROM adqltest.source) AS q WHERE DISTANCE(ra, dec, 10, 20) < 0.1", "hpx"),
        (
            "SELECT s.id FROM adqltest.target AS t JOIN adqltest.source AS s ON"
            " DISTANCE(s.ra, s.dec, t.ra, t.dec) < 1/3600.",
            "zone",
        ),
        ("SELECT id FROM adqltest.image WHERE CONTAINS(POINT(10, 20), s_region) = 1", "box"),
        (
            "SELECT i.id FROM adqltest.target AS t JOIN adqltest.image AS i ON"
            " CONTAINS(POINT(t.ra, t.dec), i.s_region) = 1",
            "box",
        ),
    ],
)
def test_the_index_is_used(query: str, index: str, sky_catalog: Catalog, tables: sa.Connection) -> None:
    tables.exec_driver_sql("SET LOCAL enable_seqscan = off")
    lines = execute(tables, "EXPLAIN " + translate(query, sky_catalog).sql).scalars().all()
    tables.exec_driver_sql("SET LOCAL enable_seqscan = on")
    plan = "\n".join(str(line) for line in lines)
    assert "Index Cond" in plan, plan
    assert {"hpx": "(hpx >=", "zone": "source_hpx_zone", "box": "s_box"}[index] in plan, plan
