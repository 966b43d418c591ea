"""What a result's columns are called and what is known about them."""

from typing import Any

import pytest
import sqlalchemy as sa

from tap.adql import translate
from tests.tap.adql.cases import read_cases
from tests.tap.adql.running import execute
from vo_server.tables import Catalog, Column

#: PostgreSQL's type numbers (pg_type.dat) -> VOTable datatypes; numeric is not among them.
DATATYPES = {16: "boolean", 20: "long", 21: "short", 23: "int", 25: "char", 700: "float", 701: "double"}


def columns(items: str, catalog: Catalog, source: str = "ivoa.obscore") -> tuple[Column, ...]:
    return translate(f"SELECT {items} FROM {source}", catalog).columns


def test_datatypes_are_those_of_the_database(catalog: Catalog, connection: sa.Connection) -> None:
    for case in read_cases("pairs.sql"):
        statement = translate(case.query, catalog)
        description: Any = execute(connection, statement.limited(0).sql).cursor.description
        found = [DATATYPES[column.type_code] for column in description]
        assert found == [column.datatype for column in statement.columns], case.title


def test_a_bare_column_keeps_all_its_metadata(catalog: Catalog) -> None:
    table = catalog.table("ivoa.obscore")
    assert table is not None
    assert columns("*", catalog) == table.columns
    assert columns("EM_MIN", catalog) == (table.by_name["em_min"],)


def test_an_alias_changes_the_name_only(catalog: Catalog) -> None:
    (plain,), (named,) = columns("em_min", catalog), columns("em_min AS Shortest", catalog)
    assert named.name == "Shortest"
    assert (named.unit, named.ucd, named.utype, named.description) == (
        plain.unit,
        plain.ucd,
        plain.utype,
        plain.description,
    )


def test_metadata_pass_through_sub_queries_and_unions(catalog: Catalog) -> None:
    (inner,) = columns("x", catalog, "(SELECT s_ra AS x FROM ivoa.obscore) AS t")
    assert (inner.name, inner.unit, inner.ucd) == ("x", "deg", "pos.eq.ra")
    union = translate("SELECT s_ra AS x FROM ivoa.obscore UNION SELECT ra FROM dbo.raw", catalog)
    assert (union.columns[0].name, union.columns[0].unit) == ("x", "deg")


@pytest.mark.parametrize(
    ("item", "datatype", "unit", "ucd"),
    [
        ("COUNT(*)", "long", "", "meta.number"),
        ("MIN(t_exptime)", "double", "s", "time.duration;obs.exposure;stat.min"),
        ("AVG(t_exptime)", "double", "s", "time.duration;obs.exposure;stat.mean"),
        ("SUM(t_exptime)", "double", "s", "time.duration;obs.exposure;arith.sum"),
        ("s_ra - s_ra", "double", "deg", "pos.eq.ra;arith.diff"),
        ("s_dec / s_dec", "double", "", "pos.eq.dec;arith.ratio"),
        ("s_ra - 180", "double", "deg", "pos.eq.ra"),
        ("-s_ra", "double", "deg", ""),
        ("LOWER(dp_id)", "char", "", "meta.id;meta.file"),
        ("SUM(calib_level)", "long", "", "meta.code;obs.calib;arith.sum"),
        ("em_max - em_min", "double", "m", ""),
        ("em_max + 1e-9", "double", "m", "em.wl;stat.max"),
        ("em_max + t_min", "double", "", ""),
        ("em_max * em_min", "double", "m**2", ""),
        ("s_ra / t_exptime", "double", "deg.s**-1", ""),
        ("em_max / em_min", "double", "", ""),
        ("2 * s_ra", "double", "deg", ""),
        ("SQRT(em_max * em_min)", "double", "m", ""),
        ("POWER(em_max, 2)", "double", "m**2", ""),
        ("ROUND(s_ra, 1)", "double", "deg", "pos.eq.ra"),
        ("LOG10(em_min)", "double", "", ""),
        ("IN_UNIT(em_min, 'nm')", "double", "nm", "em.wl;stat.min"),
        ("DISTANCE(s_ra, s_dec, 1, 2)", "double", "deg", "pos.angDistance"),
        ("AREA(s_region)", "double", "deg**2", "phys.angArea"),
        ("calib_level / 2", "int", "", ""),
        ("calib_level + 3000000000", "long", "", "meta.code;obs.calib"),
        ("COALESCE(em_min, em_min)", "double", "m", "em.wl;stat.min"),
        ("CAST(em_min AS REAL)", "float", "m", "em.wl;stat.min"),
        ("dp_id || 'x'", "char", "", ""),
    ],
)
def test_an_expression_has(item: str, datatype: str, unit: str, ucd: str, catalog: Catalog) -> None:
    (column,) = columns(item, catalog)
    assert (column.datatype, column.unit, column.ucd) == (datatype, unit, ucd)


@pytest.mark.parametrize(
    ("item", "description"),
    [
        ("AVG(s_ra)", "AVG(s_ra): {s_ra}"),
        ("MAX(o.S_RA) AS east", "MAX(o.S_RA): {s_ra}"),
        ("2 * (s_ra + s_ra)", "2 * (s_ra + s_ra): {s_ra}"),
        ("s_ra - s_dec", "s_ra - s_dec"),
        ("COUNT(*)", "COUNT(*)"),
        ("COUNT(DISTINCT dp_id)", "COUNT(DISTINCT dp_id): {dp_id}"),
        ("'it''s' || CAST(1 AS VARCHAR)", "'it''s' || CAST(1 AS VARCHAR)"),
        (
            "CASE WHEN s_ra > 180 THEN s_ra - 360 ELSE s_ra END",
            "CASE WHEN ... THEN s_ra - 360 ELSE s_ra END: {s_ra}",
        ),
        ("(SELECT MIN(ra) FROM dbo.raw) AS least", "MIN(ra): {ra_of_raw}"),
        ("DISTANCE(POINT(s_ra, s_dec), POINT(1, -2))", "DISTANCE(POINT(s_ra, s_dec), POINT(1, -2))"),
        ("-s_ra", "-s_ra: {s_ra}"),
    ],
)
def test_a_computed_column_says_what_it_is(item: str, description: str, catalog: Catalog) -> None:
    table = catalog.table("ivoa.obscore")
    assert table is not None
    known = {name: column.description for name, column in table.by_name.items()}
    known["ra_of_raw"] = columns("ra", catalog, "dbo.raw")[0].description
    assert all(known.values())
    (column,) = columns(item, catalog, "ivoa.obscore AS o")
    assert column.description == description.format_map(known)


def test_a_description_passes_through_a_sub_query(catalog: Catalog) -> None:
    (column,) = columns("x", catalog, "(SELECT AVG(s_ra) AS x FROM ivoa.obscore) AS t")
    assert column.description.startswith("AVG(s_ra): ")


@pytest.mark.parametrize(
    ("left", "right", "unit", "ucd"),
    [
        ("s_ra", "s_ra", "deg", "pos.eq.ra"),
        ("s_ra", "s_dec", "deg", ""),
        ("s_ra", "em_min", "", ""),
        ("s_ra", "NULL", "deg", "pos.eq.ra"),
        ("0", "s_ra", "deg", "pos.eq.ra"),
        ("s_ra + s_dec", "em_min", "", ""),
    ],
)
def test_a_union_says_what_both_sides_agree_on(
    left: str, right: str, unit: str, ucd: str, catalog: Catalog
) -> None:
    query = f"SELECT {left} AS x FROM ivoa.obscore UNION ALL SELECT {right} FROM ivoa.obscore"
    (column,) = translate(query, catalog).columns
    assert (column.name, column.datatype, column.unit, column.ucd) == ("x", "double", unit, ucd)


def test_timestamps_and_geometries_say_what_they_are(catalog: Catalog) -> None:
    found = columns("obs_release_date, s_region, POINT(s_ra, s_dec), CIRCLE(1, 2, 3)", catalog)
    assert [column.xtype for column in found] == ["timestamp", "adql:REGION", "adql:POINT", "adql:REGION"]
    assert all(column.is_text for column in found)


def test_names_of_a_result_are_distinct(catalog: Catalog) -> None:
    statement = translate("SELECT * FROM dbo.raw, ivoa.obscore", catalog)
    names = [column.name.lower() for column in statement.columns]
    assert len(set(names)) == len(names)
