"""What the server counts about itself, and what it logs of slow queries."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa
import structlog
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from health.store import relations, save
from health.verdict import Finding
from tests.serving import Server, app, client, engine, server
from vo_server.archive import JOB, QUARANTINE
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.http.metrics import service_of
from vo_server.measures import Measures
from vo_server.running.logs import subject
from vo_server.slow_queries import Asked, tell_slow

__all__ = ["app", "client", "engine", "server"]

Samples = dict[tuple[str, tuple[str, ...]], float]
NOW = datetime.now(UTC)
DASHBOARD = Path(__file__).parents[3] / "docs" / "grafana.json"


def read(text: str) -> Samples:
    """Values by the name of the sample and the values of its labels, in the order of their names."""
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def measured(client: TestClient) -> Samples:
    return read(client.get("/metrics").text)


@pytest.fixture
def rows(database: Database) -> Iterator[sa.Engine]:
    yield database.owner
    with database.owner.begin() as connection:
        for table in (JOB, QUARANTINE, *relations()):
            connection.execute(sa.delete(table))


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("SELECT TOP 1 * FROM tap_schema.tables", "metadata"),
        ("SELECT TOP 1 * FROM ivoa.ObsCore", "table"),
        ("SELECT TOP 1 a.dp_id FROM ivoa.ObsCore a JOIN dbo.raw b ON a.dp_id = b.dp_id", "join"),
    ],
)
def test_queries_are_counted_by_their_class(client: TestClient, query: str, kind: str) -> None:
    name = ("vo_query_seconds_count", (kind, "tap"))
    before = measured(client).get(name, 0)
    assert client.get("/tap/sync", params={"LANG": "ADQL", "QUERY": query}).status_code == 200
    assert measured(client)[name] == before + 1


def test_queries_of_other_services_are_counted_too(client: TestClient) -> None:
    name = ("vo_query_seconds_count", ("parameters", "sia2"))
    before = measured(client).get(name, 0)
    assert client.get("/sia2/query?MAXREC=1").status_code == 200
    assert measured(client)[name] == before + 1


def test_jobs_backlog_store_and_health_are_told(client: TestClient, rows: sa.Engine) -> None:
    with rows.begin() as connection:
        quarantined = connection.scalar(sa.select(sa.func.count()).select_from(QUARANTINE)) or 0
        old = datetime.now(UTC) - timedelta(minutes=5)
        connection.execute(
            sa.insert(JOB).values(
                job_id="x", kind="tap", phase="QUEUED", creation=old, execution_duration=1, destruction=NOW
            )
        )
        connection.execute(sa.insert(QUARANTINE).values(url="file:///x", rules=["r"], message="m", run_id=1))
    save(rows, "http://archive.example", NOW, [Finding("tap", "words", "failed", "x", 0.1, NOW)])
    found = measured(client)
    assert found["vo_jobs", ("tap", "QUEUED")] == 1
    waited = found["vo_job_oldest_queued_seconds", ()]
    assert 299 < waited < (datetime.now(UTC) - old).total_seconds() + 1
    assert found["vo_ingest_quarantine_files", ()] == quarantined + 1
    assert found["vo_health_checks", ("tap", "failed")] == 1
    assert abs(found["vo_health_last_end_timestamp_seconds", ()] - datetime.now(UTC).timestamp()) < 60
    assert found["vo_database_bytes", ()] > 1e6
    assert found["vo_up_database", ()] == 1


def test_metrics_are_there_without_a_database(tmp_path: Path) -> None:
    nowhere = sa.create_engine("postgresql+psycopg2://nobody@127.0.0.1:1/none")
    names = {metric.name: metric.samples[0].value for metric in Measures(nowhere, tmp_path)()}
    assert names["vo_up_database"] == 0
    assert names["vo_state_free_bytes"] > 0


def test_paths_make_no_new_time_series() -> None:
    assert service_of("/status.json") == service_of("/status/tap") == "status"
    assert service_of("/soda/sync") == "soda"
    assert service_of("/wp-admin") == service_of("") == "portal"


def test_the_dashboard_shows_metrics_that_there_are(client: TestClient, rows: sa.Engine) -> None:
    client.get("/tap/sync", params={"LANG": "ADQL", "QUERY": "SELECT TOP 1 * FROM tap_schema.tables"})
    save(rows, "x", NOW, [Finding("tap", "words", "ok", "x", 0.1, NOW)])
    text = client.get("/metrics").text
    told = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    told |= {name for name, _ in read(text)}
    # Some are told only when there is something: an ingest, a job that waits.
    told |= {"vo_job_oldest_queued_seconds", "vo_ingest_last_end_timestamp_seconds"}
    panels = json.loads(DASHBOARD.read_text())["panels"]
    expressions = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    words = {
        word
        for expression in expressions
        for word in "".join(c if c.isalnum() or c == "_" else " " for c in expression).split()
        if word.startswith("vo_")
    }
    assert len(expressions) > 10
    assert words - told == set()


def test_a_slow_query_is_logged_with_its_text() -> None:
    with structlog.testing.capture_logs() as logged:
        assert tell_slow(Asked("tap", "SELECT 1 FROM t", "table"), 12.5, 10.0)
        assert not tell_slow(Asked("tap", "SELECT 2 FROM t", "table"), 9.9, 10.0)
    assert logged == [
        {
            "event": "slow query", "log_level": "warning", "service": "tap", "kind": "table",
            "seconds": 12.5, "query": "SELECT 1 FROM t",
        }
    ]  # fmt: skip


def test_work_for_nobody_has_no_subject() -> None:
    assert subject() == ""
    with structlog.contextvars.bound_contextvars(request="abc-1"):
        assert subject() == "request=abc-1"
    with structlog.contextvars.bound_contextvars(request="a'b"):
        assert subject() == ""


def test_the_database_knows_the_request_and_the_log_the_query(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VO_SLOW_QUERY", "0.001")
    slow = "SELECT COUNT(*) AS n FROM tap_schema.columns a, tap_schema.columns b"
    server = Server(settings)
    try:
        form = {"LANG": "ADQL", "QUERY": slow}
        seen: set[str] = set()

        def look() -> bool:
            with database.owner.connect() as connection:
                names = connection.scalars(sa.text("SELECT application_name FROM pg_stat_activity"))
                seen.update(names)
            return "vo-server reader request=follow-me" in seen

        assert httpx2.post(
            f"{server.url}/tap/sync", data=form, headers={"X-Request-Id": "follow-me"}, timeout=60
        ).is_success
        server.until(look)
        job = httpx2.post(f"{server.url}/tap/async", data={**form, "PHASE": "RUN"}).headers["location"]
        server.until(lambda: httpx2.get(f"{job}/phase").text == "COMPLETED")
        server.until(lambda: server.output.count('"slow query"') >= 2)
    finally:
        server.stop()
    logged = [json.loads(line) for line in server.output.splitlines() if '"slow query"' in line]
    assert {entry["query"] for entry in logged} == {slow}
    assert {entry.get("request") for entry in logged} == {"follow-me", None}
    assert job.rpartition("/")[2] in {entry.get("job") for entry in logged}
