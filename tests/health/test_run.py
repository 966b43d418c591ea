"""A whole run, by the clock and by the command."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from health.run import run
from health.site import Site, Unreachable
from health.store import last_runs, relations
from health.verdict import Check, Verdict
from tests.health.conftest import IMAGE
from tests.products import Holdings
from tests.serving import Server, free_port, is_alive
from vo_server.config import Settings
from vo_server.db import Database


@pytest.fixture(autouse=True)
def clean(database: Database) -> Iterator[None]:
    yield
    with database.owner.begin() as connection:
        for relation in relations():
            connection.execute(sa.delete(relation))


def raises(_: Site) -> Verdict:
    raise KeyError("surprise")


def unreachable(site: Site) -> Verdict:
    return Verdict(site.get("/tap/capabilities").text)


def test_a_check_that_fails_does_not_end_the_others() -> None:
    nobody = Site(f"http://127.0.0.1:{free_port()}")
    checks = [
        Check("a", "surprise", raises),
        Check("b", "nobody", unreachable),
        Check("c", "fine", lambda site: Verdict("all")),
    ]
    found = list(run(nobody, checks))
    assert [finding.status for finding in found] == ["failed", "failed", "ok"]
    assert "KeyError" in found[0].detail
    assert "does not answer" in found[1].detail


def test_requests_go_to_this_server_only(site: Site) -> None:
    with pytest.raises(ValueError, match="is not of this server"):
        site.get("http://127.0.0.1:1/x")
    with pytest.raises(Unreachable):
        Site("http://archive.example", f"http://127.0.0.1:{free_port()}").get("http://archive.example/tap")


def test_the_clock_checks_a_server_and_keeps_what_it_finds(
    settings: Settings, database: Database, holdings: Holdings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VO_HEALTH_INTERVAL", "1")
    server = Server(settings)
    try:

        def runs() -> list[object]:
            with database.owner.connect() as connection:
                return list(last_runs(connection))

        server.until(lambda: bool(runs()), 90)
    finally:
        server.stop()
    with database.owner.connect() as connection:
        first = last_runs(connection)[-1]
    assert first.checks > 25
    assert first.server == server.url


def checking() -> set[int]:
    """The processes that check a server now."""
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=", "-o", "args="], capture_output=True, text=True, check=True
    )
    rows = [line.split(maxsplit=1) for line in listing.stdout.splitlines()]
    return {int(pid) for pid, command in rows if command.endswith("vo_server.running.beside health")}


def test_a_check_ends_with_its_server_and_leaves_no_half_of_a_run(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VO_HEALTH_INTERVAL", "1")
    others = checking()
    server = Server(settings)
    server.until(lambda: bool(checking() - others))
    own = checking() - others
    server.process.kill()
    server.process.wait(20)
    server.until(lambda: not any(map(is_alive, own)), 20)
    with database.owner.connect() as connection:
        runs, results = relations()
        ids = set(connection.scalars(sa.select(runs.c.run_id)))
        assert set(connection.scalars(sa.select(results.c.run_id))) == ids


def check(settings: Settings, url: str) -> subprocess.CompletedProcess[str]:
    """``vo-server check --deep`` of a server."""
    command = [str(Path(sys.executable).with_name("vo-server")), "check", "--deep", "--url", url]
    place = {"VO_STATE_DIR": str(settings.state_dir), "COLUMNS": "200", "PATH": "/usr/bin:/bin"}
    if settings.database_url:
        place["VO_DATABASE_URL"] = str(settings.database_url)
    return subprocess.run(command, env=place, capture_output=True, text=True, check=False)


def test_the_command_tells_what_is_wrong(
    server: Server, settings: Settings, database: Database, holdings: Holdings
) -> None:
    with database.owner.begin() as connection:
        connection.execute(sa.text("UPDATE ivoa.obscore SET s_ra = 400 WHERE dp_id = :id"), {"id": IMAGE})
    done = check(settings, server.url)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "tap: ObsCore values" in done.stdout
    assert "s_ra is out of range" in done.stdout
    with database.owner.connect() as connection:
        assert last_runs(connection)[0].failed > 0


def test_a_server_that_was_not_started_is_no_finding(settings: Settings, database: Database) -> None:
    done = check(settings, f"http://127.0.0.1:{free_port()}")
    assert done.returncode == 2
    assert "does not answer" in done.stderr
    with database.owner.connect() as connection:
        assert last_runs(connection) == []
