"""The application in this process, over the session's database: fixtures for tests of its endpoints."""

from collections.abc import Iterator

import pytest
from lxml import etree
from starlette.applications import Starlette
from starlette.testclient import TestClient

from vo_server.app import create_app
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.engine import PostgresEngine

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


def query_status(document: bytes) -> tuple[str, str]:
    """Value and text of the last QUERY_STATUS of a VOTable (DALI 1.1, Use of VOTable)."""
    root = etree.fromstring(document, etree.XMLParser(resolve_entities=False))
    found = [info for info in root.iter(f"{VOTABLE}INFO") if info.get("name") == "QUERY_STATUS"]
    return found[-1].get("value", ""), found[-1].text or ""
