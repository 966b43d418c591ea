"""The application as a whole: every service is there, every request has an id and is counted."""

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from tests.xsd import validate
from vo_server.http.metrics import service_of


@pytest.mark.parametrize("service", ["tap", "sia2", "datalink"])
def test_each_service_tells_what_it_can_and_that_it_is_up(client: TestClient, service: str) -> None:
    for name in ("capabilities", "availability"):
        answer = client.get(f"/{service}/{name}")
        assert answer.status_code == 200
        assert validate(answer.content) == []
    assert "<vosi:available>true" in client.get(f"/{service}/availability").text


def test_a_request_keeps_a_plain_id_and_gets_one_otherwise(client: TestClient) -> None:
    assert client.get("/metrics", headers={"X-Request-Id": "night-7"}).headers["x-request-id"] == "night-7"
    given = client.get("/metrics", headers={"X-Request-Id": "a b\t<c>"}).headers["x-request-id"]
    assert given.isalnum()


def test_the_metrics_count_requests_rows_and_bytes(client: TestClient) -> None:
    def value(name: str) -> float:
        lines = [line for line in client.get("/metrics").text.splitlines() if line.startswith(name)]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    rows, requests = value('vo_rows_total{service="tap"}'), value("vo_requests_total{")
    answer = client.get(
        "/tap/sync", params={"LANG": "ADQL", "QUERY": "SELECT TOP 3 * FROM tap_schema.columns"}
    )
    assert answer.status_code == 200
    assert value('vo_rows_total{service="tap"}') == rows + 3
    assert value("vo_requests_total{") > requests
    assert value('vo_response_bytes_total{service="tap"}') >= len(answer.content)
    assert value("vo_queries_running") == 0


def test_odd_paths_make_no_new_series(client: TestClient) -> None:
    for number in range(3):
        assert client.get(f"/no-such-{number}").status_code == 404
    assert "no-such" not in client.get("/metrics").text


def test_every_service_is_counted_by_its_name(client: TestClient) -> None:
    assert isinstance(client.app, Starlette)
    paths = {route.path for route in client.app.routes if isinstance(route, Route | Mount)} - {"/"}
    assert {"/tap/sync", "/header/{dp_id}", "/hdr", "/status.json"} <= paths
    assert {path for path in paths if service_of(path) == "portal"} == set()
