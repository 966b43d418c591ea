"""A running server with a provider and an archivist."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from ingest.phase3.releases.archive import Archive
from tests.ingest.phase3.products import Sample, image_with_companions
from tests.ingest.phase3.releases.conftest import take_everything_back
from tests.products import Holdings
from tests.serving import Server
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.tokens import issue

_NUMBERS = itertools.count(1)


@dataclass
class Account:
    """Somebody with a token, at a server."""

    url: str
    name: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def ask(self, method: str, path: str, **values: Any) -> requests.Response:
        headers = self.headers | values.pop("headers", {})
        address = path if path.startswith("http") else f"{self.url}{path}"
        return requests.request(method, address, headers=headers, timeout=60, **values)

    def step(self, batch: int, step: str, reason: str = "") -> requests.Response:
        return self.ask("POST", f"/phase3/batches/{batch}/steps", json={"step": step, "reason": reason})

    def batch(self, batch: int) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", f"/phase3/batches/{batch}").json()
        return found


@pytest.fixture(scope="module")
def server(settings: Settings, database: Database) -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VO_ARCHIVISTS", '["curator"]')
        made = Server(settings)
    yield made
    made.stop()


def account(server: Server, database: Database, name: str) -> Account:
    return Account(server.url, name, issue(database.state_dir / "tokens.toml", name))


@pytest.fixture(scope="module")
def pi(server: Server, database: Database) -> Account:
    return account(server, database, "pi")


@pytest.fixture(scope="module")
def curator(server: Server, database: Database) -> Account:
    return account(server, database, "curator")


@pytest.fixture(scope="module")
def stranger(server: Server, database: Database) -> Account:
    return account(server, database, "stranger")


@pytest.fixture
def collection(pi: Account, database: Database, settings: Settings) -> Iterator[str]:
    """A new collection of the provider with a described release DR1."""
    name = f"HTTP-{next(_NUMBERS)}"
    pi.ask("POST", "/phase3/collections", json={"name": name, "title": "A survey"}).raise_for_status()
    told = {"release": "DR1", "title": "First release", "creators": ["A. Author"], "abstract": "All of it."}
    pi.ask("POST", f"/phase3/collections/{name}/releases", json=told).raise_for_status()
    place = f"/phase3/collections/{name}/releases/DR1/description/about.txt"
    pi.ask("PUT", place, data=b"How it was made.").raise_for_status()
    yield name
    take_everything_back(Archive.of(database, settings), name)


@pytest.fixture
def batch(pi: Account, collection: str) -> int:
    """An open batch of it."""
    response = pi.ask("POST", f"/phase3/collections/{collection}/releases/DR1/batches")
    assert response.status_code == 201
    number: int = response.json()["batch"]
    return number


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """A valid product that needs nothing else."""
    return Sample(image_with_companions(), standard="8")


@pytest.fixture(scope="module")
def raw(database: Database, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The raw frames that the sample was made from."""
    holdings = Holdings(database.owner, settings)
    directory = tmp_path_factory.mktemp("raw")
    for line in image_with_companions().hdus[0].lines:
        if line.startswith("PROV") and "'" in line:
            dp_id = line.split("'")[1].strip().removesuffix(".fits")
            holdings.file(dp_id, directory / dp_id, kind="raw", category=None)
    yield
    holdings.clear()
