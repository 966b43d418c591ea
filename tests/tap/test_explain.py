"""The query advisor."""

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from tap.explain import MANY, advise
from tests.serving import query_status
from vo_server import schemas
from vo_server.engine import Estimate, PostgresEngine, Statement
from vo_server.engine.explaining import Reading
from vo_server.tables import Catalog

CATALOG = Catalog(tuple(schemas.builtin()))
OBSCORE = ("ivoa", "obscore")


def hints(estimate: Estimate, rows: int = MANY) -> str:
    return " ".join(
        advise(estimate, CATALOG, {OBSCORE: rows}, sync_timeout=60, jobs_url="http://x/async").hints
    )


def test_a_large_scan_is_told_which_conditions_help() -> None:
    told = hints(Estimate(10, 5e4, False, (Reading(OBSCORE, False),)))
    assert "every row of ivoa.ObsCore" in told
    assert "a cone around (s_ra, s_dec)" in told
    assert "t_min" in told


def test_what_uses_an_index_or_is_small_needs_no_advice() -> None:
    assert hints(Estimate(10, 100, True, (Reading(OBSCORE, True),))) == ""
    assert hints(Estimate(10, 100, True, (Reading(OBSCORE, False),)), rows=MANY - 1) == ""


def test_a_large_sort_and_a_long_query_are_told() -> None:
    assert "ORDER BY" in hints(Estimate(2 * MANY, 1, True, ()))
    assert "http://x/async" in hints(Estimate(1, 1e12, False, ()))


def test_a_query_is_explained_over_http(client: TestClient) -> None:
    query = {"LANG": "ADQL", "QUERY": "SELECT COUNT(*) AS n FROM ivoa.ObsCore WHERE dp_id = 'x'"}
    for answer in (client.get("/tap/explain", params=query), client.post("/tap/explain", data=query)):
        assert answer.status_code == 200
        found = answer.json()
        assert found["rows"] == 1
        assert found["cost"] > 0
        assert [table["table"] for table in found["tables"]] == ["ivoa.ObsCore"]
        assert found["hints"] == []


def test_a_scan_counts_all_rows_and_an_order_is_no_index(
    client: TestClient, connection: sa.Connection, engine: PostgresEngine
) -> None:
    connection.execute(sa.text("ANALYZE tap_schema.columns"))
    rows = connection.scalar(sa.text("SELECT COUNT(*) FROM tap_schema.columns"))
    query = {"LANG": "ADQL", "QUERY": "SELECT table_name FROM TAP_SCHEMA.columns WHERE unit = 'deg'"}
    (table,) = client.get("/tap/explain", params=query).json()["tables"]
    assert table == {"table": "tap_schema.columns", "rows": rows, "uses_index": False}
    # A table that is large in every database: of a small or empty one, an index would be the slower way.
    looked_up, ordered = (
        engine.explain(Statement(f"SELECT attname FROM pg_catalog.pg_attribute {rest}")).readings
        for rest in ("WHERE attrelid = 1259", "ORDER BY attrelid, attnum LIMIT 1")
    )
    assert [(r.relation, r.by_index) for r in looked_up] == [(("pg_catalog", "pg_attribute"), True)]
    assert [(r.relation, r.by_index) for r in ordered] == [(("pg_catalog", "pg_attribute"), False)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"QUERY": "SELECT x FROM nowhere"}, "nowhere"),
        ({"QUERY": ""}, "QUERY"),
        ({"UPLOAD": "t,param:t"}, "UPLOAD"),
    ],
)
def test_what_cannot_be_explained_is_an_error_document(
    client: TestClient, change: dict[str, str], words: str
) -> None:
    form = {"LANG": "ADQL", "QUERY": "SELECT TOP 1 * FROM ivoa.ObsCore"} | change
    answer = client.get("/tap/explain", params=form)
    assert answer.status_code == 400
    status, message = query_status(answer.content)
    assert status == "ERROR"
    assert words in message
