"""The application, in this process or in its own, over the session's database: fixtures for tests."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from lxml import etree
from starlette.applications import Starlette
from starlette.testclient import TestClient

from vo_server.config import Settings
from vo_server.db import Database
from vo_server.engine import PostgresEngine
from vo_server.http.app import create_app

VOTABLE = "{http://www.ivoa.net/xml/VOTable/v1.3}"


@pytest.fixture(scope="session")
def engine(database: Database) -> Iterator[PostgresEngine]:
    """The engine that runs clients' queries."""
    made = PostgresEngine(database.reader_url, connections=4, timeout=30)
    yield made
    made.close()


@pytest.fixture(scope="session")
def app(settings: Settings, database: Database, engine: PostgresEngine) -> Starlette:
    """The application."""
    return create_app(settings, database, engine)


@pytest.fixture(scope="session")
def client(app: Starlette) -> Iterator[TestClient]:
    """A client of the application that does not follow redirects."""
    with TestClient(app, follow_redirects=False) as made:
        yield made


@dataclass
class Server:
    """A server in processes of its own, over the session's database."""

    settings: Settings
    workers: int = 1
    web: int = 1

    def __post_init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._lines: list[str] = []
        environment = {
            "VO_HEALTH_INTERVAL": "0",  # nothing but the test asks it
            **os.environ,
            "VO_STATE_DIR": str(self.settings.state_dir),
            "VO_PORT": str(self.port),
            "VO_WORKERS": str(self.workers),
            "VO_WEB": str(self.web),
            "VO_LOG_FORMAT": "json",
        }
        if self.settings.database_url:
            environment["VO_DATABASE_URL"] = str(self.settings.database_url)
        self.process = subprocess.Popen(
            [Path(sys.executable).with_name("vo-server"), "serve"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self.until(lambda: any(self.url in line for line in self._lines) or self._has_ended)
            assert not self._has_ended, self.output
        except AssertionError:
            self.process.kill()
            self.process.wait()
            raise

    @property
    def _has_ended(self) -> bool:
        return self.process.poll() is not None

    def _read(self) -> None:
        stdout = self.process.stdout
        for line in stdout or ():
            self._lines.append(line)
        if stdout is not None:
            stdout.close()

    @property
    def output(self) -> str:
        """Everything that it has printed and logged."""
        return "".join(self._lines)

    def worker_pids(self) -> list[int]:
        """The workers that have been ready, the newest last."""
        ready = [json.loads(line) for line in self._lines if '"worker ready"' in line]
        return [line["pid"] for line in ready]

    def until(self, found: Callable[[], bool], seconds: float = 30) -> None:
        """Wait for a claim to come true."""
        end = time.monotonic() + seconds
        while not found():
            assert time.monotonic() < end, self.output
            time.sleep(0.02)

    def stop(self) -> int:
        """End it as Ctrl-C or a service manager does; its exit code."""
        self.process.terminate()
        return self.process.wait(20)


def is_alive(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A dead child that nobody has waited for is still there by name.
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def free_port() -> int:
    """A port that nobody listens to now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def server(settings: Settings, database: Database) -> Iterator[Server]:
    """A running server."""
    made = Server(settings)
    yield made
    if made.process.poll() is None:
        made.stop()


def query_status(document: bytes) -> tuple[str, str]:
    """Value and text of the last QUERY_STATUS of a VOTable (DALI 1.1, Use of VOTable)."""
    root = etree.fromstring(document, etree.XMLParser(resolve_entities=False))
    found = [info for info in root.iter(f"{VOTABLE}INFO") if info.get("name") == "QUERY_STATUS"]
    return found[-1].get("value", ""), found[-1].text or ""


def ended(url: str) -> bytes:
    """The document of a job that has ended."""
    while requests.get(f"{url}/phase", timeout=30).text in ("QUEUED", "EXECUTING"):
        requests.get(f"{url}?WAIT=30", timeout=60)
    return requests.get(url, timeout=30).content
