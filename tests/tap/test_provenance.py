"""The schema ``provenance``: the model's terms, keys, and plans that use indexes for one file."""

import re
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from tap.adql import translate
from vo_server import schemas
from vo_server.db import Database
from vo_server.tables import Catalog

CATALOG = Catalog(schemas.builtin())
SCHEMA = next(schema for schema in schemas.builtin() if schema.name == "provenance")
ROWS = 20_000
#: Every product has a recipe of its own with two inputs and a parameter, and is made from another one.
STATEMENTS = (
    "INSERT INTO archive.file (dp_id, kind, url, size, sha256, md5, media_type, mtime_ns)"
    " SELECT 'P.' || n, 'product', 'file:///' || n, 1, '', '', 'application/fits', 0"
    " FROM generate_series(1, :n) n",
    "INSERT INTO archive.activity (activity_id, recipe, pipeline)"
    " SELECT 'A.' || n, 'recipe' || n % 50, 'pipe/1' FROM generate_series(1, :n) n",
    "INSERT INTO archive.generation (dp_id, step, activity_id)"
    " SELECT 'P.' || n, 0, 'A.' || n FROM generate_series(1, :n) n",
    "INSERT INTO archive.used (activity_id, pos, kind, name, entity)"
    " SELECT 'A.' || n, m, 'raw', 'R.' || n + m, 'R.' || n + m"
    " FROM generate_series(1, :n) n, generate_series(1, 2) m",
    "INSERT INTO archive.parameter (activity_id, pos, name, value)"
    " SELECT 'A.' || n, 1, 'x', '1' FROM generate_series(1, :n) n",
    "INSERT INTO archive.provenance (dp_id, pos, progenitor, entity)"
    " SELECT 'P.' || n, 1, 'R.' || n, 'R.' || n FROM generate_series(1, :n) n",
)


@pytest.fixture(scope="module")
def archive(database: Database) -> Any:
    """A connection to an archive with products, all of which are forgotten."""
    with database.owner.connect() as connection, connection.begin() as transaction:
        for statement in STATEMENTS:
            connection.execute(sa.text(statement), {"n": ROWS})
        for table in ("file", "activity", "generation", "used", "parameter", "provenance"):
            connection.exec_driver_sql(f"ANALYZE archive.{table}")
        yield connection
        transaction.rollback()


def scanned(plan: dict[str, Any]) -> set[str]:
    """The tables that a plan reads from beginning to end."""
    found = {plan["Relation Name"]} if plan["Node Type"].endswith("Seq Scan") else set[str]()
    return found.union(*(scanned(part) for part in plan.get("Plans", ())))


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM provenance.entity WHERE entity_id = 'P.77'",
        "SELECT * FROM provenance.wasgeneratedby WHERE entity_id = 'P.77'",
        "SELECT * FROM provenance.wasgeneratedby WHERE activity_id = 'A.77'",
        "SELECT * FROM provenance.wasderivedfrom WHERE entity_id = 'P.77'",
        "SELECT * FROM provenance.wasderivedfrom WHERE usedentity_id = 'R.77'",
        "SELECT * FROM provenance.activity WHERE activity_id = 'A.77'",
        "SELECT * FROM provenance.used WHERE activity_id = 'A.77'",
        "SELECT * FROM provenance.used WHERE entity_id = 'R.77'",
        "SELECT * FROM provenance.wasinformedby WHERE informed_id = 'A.77'",
        "SELECT * FROM provenance.parameter WHERE activity_id = 'A.77'",
        "SELECT * FROM provenance.wasassociatedwith WHERE activity_id = 'A.77'",
        "SELECT u.entity_id, a.activity_name FROM provenance.wasgeneratedby AS g"
        " JOIN provenance.activity AS a ON a.activity_id = g.activity_id"
        " JOIN provenance.used AS u ON u.activity_id = g.activity_id WHERE g.entity_id = 'P.77'",
        "SELECT g.entity_id FROM provenance.used AS u"
        " JOIN provenance.wasgeneratedby AS g ON g.activity_id = u.activity_id WHERE u.entity_id = 'R.77'",
        "SELECT o.obs_title, d.usedentity_id FROM provenance.wasderivedfrom AS d"
        " JOIN ivoa.ObsCore AS o ON o.dp_id = d.entity_id WHERE d.entity_id = 'P.77'",
    ],
)
def test_what_is_asked_of_one_file_uses_indexes(archive: sa.Connection, query: str) -> None:
    statement = translate(query, CATALOG)
    (plan,) = archive.exec_driver_sql(f"EXPLAIN (FORMAT json) {statement.sql}").scalar() or [{}]
    large = {"file", "activity", "generation", "used", "parameter", "provenance"}
    assert not scanned(plan["Plan"]) & large, plan


def test_a_recipe_and_its_inputs_are_had_in_one_query(archive: sa.Connection) -> None:
    query = (
        "SELECT a.activity_name, u.entity_id, u.used_type FROM provenance.wasgeneratedby AS g"
        " JOIN provenance.activity AS a ON a.activity_id = g.activity_id"
        " JOIN provenance.used AS u ON u.activity_id = a.activity_id WHERE g.entity_id = 'P.77'"
        " ORDER BY u.used_index"
    )
    rows = archive.exec_driver_sql(translate(query, CATALOG).sql).all()
    assert [tuple(row)[:3] for row in rows] == [("recipe27", "R.78", "Main"), ("recipe27", "R.79", "Main")]


def test_utypes_are_identifiers_of_the_model() -> None:
    # IVOA Provenance Data Model 1.0, the VO-DML identifiers of its classes and their attributes.
    classes = {
        "Agent", "Activity", "ActivityDescription", "DatasetDescription", "Entity", "EntityDescription",
        "UsageDescription", "Used", "WasAssociatedWith", "WasAttributedTo", "WasGeneratedBy",
    }  # fmt: skip
    for table in SCHEMA.tables:
        assert table.utype.startswith("voprov:")
        for column in table.columns:
            if column.utype:
                assert re.fullmatch(r"voprov:(ActivityConfiguration\.)?[A-Z]\w+\.[a-z]\w+", column.utype)
                name = column.utype.removeprefix("voprov:").partition(".")[0]
                assert name in classes | {"ActivityConfiguration"}


def test_the_views_have_the_columns_that_are_declared(archive: sa.Connection) -> None:
    for table in SCHEMA.tables:
        rows = archive.exec_driver_sql(f"SELECT * FROM {table.name} LIMIT 0")
        assert list(rows.keys()) == [column.name for column in table.columns]


def test_keys_lead_to_the_tables_of_files(client: TestClient) -> None:
    query = (
        "SELECT k.from_table, k.target_table, c.from_column, c.target_column FROM TAP_SCHEMA.keys AS k"
        " JOIN TAP_SCHEMA.key_columns AS c ON c.key_id = k.key_id WHERE k.from_table LIKE 'provenance.%'"
    )
    answer = client.get("/tap/sync", params={"LANG": "ADQL", "QUERY": query, "FORMAT": "csv"})
    rows = set(answer.text.splitlines()[1:])
    for row in (
        "provenance.entity,ivoa.ObsCore,entity_id,dp_id",
        "provenance.entity,dbo.raw,entity_id,dp_id",
        "provenance.used,provenance.activity,activity_id,activity_id",
        "provenance.wasgeneratedby,ivoa.ObsCore,entity_id,dp_id",
    ):
        assert row in rows
