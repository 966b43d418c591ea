"""The server is stopped, killed and started again: it is ready at once and nothing is lost."""

import os

import pytest
import requests

from tests.clients.conftest import DemoServer, finished

pytestmark = pytest.mark.demo

TABLES = ("ivoa.ObsCore", "dbo.raw", "header.keyword", "demo.sources")


def counts(demo: DemoServer) -> list[str]:
    """The number of rows of every table."""
    return [ask(demo, f"SELECT COUNT(*) AS n FROM {table}") for table in TABLES]


def crowd() -> float:
    """By how much other programs slow this machine down."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def ask(demo: DemoServer, query: str) -> str:
    """The answer as CSV."""
    parameters = {"LANG": "ADQL", "RESPONSEFORMAT": "csv", "QUERY": query}
    response = requests.get(f"{demo.url}/tap/sync", params=parameters, timeout=60)
    response.raise_for_status()
    return response.text


def test_a_stopped_server_starts_again_within_15_seconds(demo: DemoServer) -> None:
    before = counts(demo)
    assert demo.stop() == 0
    assert demo.start() < 15 * crowd()
    assert counts(demo) == before


def test_a_killed_server_has_lost_nothing(demo: DemoServer) -> None:
    before = counts(demo)
    form = {"LANG": "ADQL", "QUERY": "SELECT TOP 3 dp_id FROM ivoa.ObsCore", "PHASE": "RUN"}
    job = requests.post(f"{demo.url}/tap/async", data=form, timeout=30).url
    assert finished(job) == "COMPLETED"
    result = requests.get(f"{job}/results/result", timeout=30).content
    demo.kill()
    assert demo.start() < 30 * crowd()
    assert counts(demo) == before
    assert requests.get(f"{job}/phase", timeout=30).text.strip() == "COMPLETED"
    assert requests.get(f"{job}/results/result", timeout=30).content == result
    assert result
