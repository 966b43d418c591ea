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
        ("AVG(t_exptime)", "double", "s", ""),
        ("SUM(calib_level)", "long", "", ""),
        ("em_max - em_min", "double", "m", ""),
        ("em_max + 1e-9", "double", "m", ""),
        ("em_max + t_min", "double", "", ""),
        ("em_max * em_min", "double", "m**2", ""),
        ("s_ra / t_exptime", "double", "deg.s**-1", ""),
        ("em_max / em_min", "double", "", ""),
        ("2 * s_ra", "double", "deg", ""),
        ("SQRT(em_max * em_min)", "double", "m", ""),
        ("POWER(em_max, 2)", "double", "m**2", ""),
        ("ROUND(s_ra, 1)", "double", "deg", ""),
        ("LOG10(em_min)", "double", "", ""),
        ("IN_UNIT(em_min, 'nm')", "double", "nm", "em.wl;stat.min"),
        ("DISTANCE(s_ra, s_dec, 1, 2)", "double", "deg", "pos.angDistance"),
        ("AREA(s_region)", "double", "deg**2", "phys.angArea"),
        ("calib_level / 2", "int", "", ""),
        ("calib_level + 3000000000", "long", "", ""),
        ("COALESCE(em_min, em_min)", "double", "m", "em.wl;stat.min"),
        ("CAST(em_min AS REAL)", "float", "m", ""),
        ("dp_id || 'x'", "char", "", ""),
    ],
)
def test_an_expression_has(item: str, datatype: str, unit: str, ucd: str, catalog: Catalog) -> None:
    (column,) = columns(item, catalog)
    assert (column.datatype, column.unit, column.ucd) == (datatype, unit, ucd)


def test_timestamps_and_geometries_say_what_they_are(catalog: Catalog) -> None:
    found = columns("obs_release_date, s_region, POINT(s_ra, s_dec), CIRCLE(1, 2, 3)", catalog)
    assert [column.xtype for column in found] == ["timestamp", "adql:REGION", "adql:POINT", "adql:REGION"]
    assert all(column.is_text for column in found)


def test_names_of_a_result_are_distinct(catalog: Catalog) -> None:
    statement = translate("SELECT * FROM dbo.raw, ivoa.obscore", catalog)
    names = [column.name.lower() for column in statement.columns]
    assert len(set(names)) == len(names)
