"""The status page and its document."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from lxml import html
from starlette.testclient import TestClient

from health.report import Report
from health.store import Run, relations, save
from health.verdict import Finding
from tests.serving import app, client, engine
from vo_server.checks import Status
from vo_server.db import Database

__all__ = ["app", "client", "engine"]

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def clean(database: Database) -> Iterator[None]:
    yield
    with database.owner.begin() as connection:
        for relation in relations():
            connection.execute(sa.delete(relation))


def texts(page: str, path: str) -> list[str]:
    """The texts of some elements."""
    return ["".join(map(str, element.itertext())) for element in html.fromstring(page).cssselect(path)]


def keep(database: Database, started: datetime, **statuses: Status) -> Run:
    findings = [
        Finding(service, "documents", status, "<b>found</b>", 0.1, started)
        for service, status in statuses.items()
    ]
    return save(database.writer, "http://archive.example", started, findings)


def test_nothing_is_known_before_the_first_check(client: TestClient) -> None:
    assert client.get("/status.json").json()["status"] == "unknown"
    assert "Nothing was checked yet" in client.get("/status").text


def test_the_newest_run_is_told_by_service(client: TestClient, database: Database) -> None:
    keep(database, NOW - timedelta(hours=1), tap="ok", soda="ok")
    run = keep(database, NOW, tap="failed", soda="ok")
    told = client.get("/status.json").json()
    assert (told["status"], told["run_id"]) == ("failed", run.run_id)
    assert {name: service["status"] for name, service in told["services"].items()} == {
        "soda": "ok",
        "tap": "failed",
    }
    assert [entry["status"] for entry in told["history"]] == ["failed", "ok"]
    page = client.get("/status").text
    assert texts(page, "tbody tr:last-child td")[:3] == ["tap", "failed", "1"]
    marks = html.fromstring(page).cssselect("tbody tr:last-child i")
    assert [mark.get("class") for mark in marks] == ["ok", "failed"]


def test_a_service_has_a_page_whose_texts_are_no_markup(client: TestClient, database: Database) -> None:
    keep(database, NOW, tap="failed")
    assert texts(client.get("/status/tap").text, "tbody td")[2] == "<b>found</b>"
    missing = client.get("/status/pigeon")
    assert missing.status_code == 404
    assert "is not checked here" in missing.text


def test_results_can_be_queried(client: TestClient, database: Database) -> None:
    keep(database, NOW, tap="failed", soda="ok")
    query = "SELECT service FROM health.results WHERE status = 'failed'"
    answer = client.get("/tap/sync", params={"LANG": "ADQL", "FORMAT": "csv", "QUERY": query})
    assert answer.text.split() == ["service", "tap"]


def test_a_check_that_is_overdue_is_told() -> None:
    then = datetime(2026, 1, 1)
    run = Run("r", then, then, "x", "1", 1, 0, 0)
    report = Report((run,), {"r": []}, 3600.0, then + timedelta(hours=2))
    assert report.status == "ok"
    late = Report((run,), {"r": []}, 3600.0, then + timedelta(hours=3, minutes=1))
    assert late.status == "stale"
    assert Report((run,), {"r": []}, 0.0, then + timedelta(days=90)).status == "ok"
