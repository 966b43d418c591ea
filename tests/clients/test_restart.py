"""The server is stopped, killed and started again: nothing is lost."""

import os
import signal

import pytest
import requests

from tests.clients.conftest import DemoServer, finished

pytestmark = pytest.mark.demo

TABLES = ("ivoa.ObsCore", "dbo.raw", "header.keyword", "demo.sources")


def counts(demo: DemoServer) -> list[str]:
    """The number of rows of every table."""
    return [ask(demo, f"SELECT COUNT(*) AS n FROM {table}") for table in TABLES]


def ask(demo: DemoServer, query: str) -> str:
    """The answer as CSV."""
    parameters = {"LANG": "ADQL", "RESPONSEFORMAT": "csv", "QUERY": query}
    response = requests.get(f"{demo.url}/tap/sync", params=parameters, timeout=60)
    response.raise_for_status()
    return response.text


def test_a_stopped_server_starts_again_with_everything(demo: DemoServer) -> None:
    before = counts(demo)
    assert demo.stop() == 0
    demo.start()
    assert counts(demo) == before
    # The second build found all of its files known: no version of a product was replaced.
    with_history = ask(demo, "SELECT COUNT(*) AS n FROM ivoa.ObsCore WHERE last_mod_date > publication_date")
    assert with_history.split() == ["n", "0"]


@pytest.mark.parametrize("victim", ["server", "worker", "database"])
def test_what_is_killed_has_lost_nothing(demo: DemoServer, victim: str) -> None:
    before = counts(demo)
    form = {"LANG": "ADQL", "QUERY": "SELECT TOP 3 dp_id FROM ivoa.ObsCore", "PHASE": "RUN"}
    job = requests.post(f"{demo.url}/tap/async", data=form, timeout=30).url
    assert finished(job) == "COMPLETED"
    result = requests.get(f"{job}/results/result", timeout=30).content
    victims = demo.processes(victim)
    assert victims
    for process in victims:
        os.kill(process, signal.SIGKILL)
    demo.kill()
    demo.start()
    assert counts(demo) == before
    assert requests.get(f"{job}/phase", timeout=30).text.strip() == "COMPLETED"
    assert requests.get(f"{job}/results/result", timeout=30).content == result
    assert result
