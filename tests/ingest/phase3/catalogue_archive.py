"""The archive for tests of catalogues: nothing of them is left behind."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from ingest.phase3.catalogues import Naming, withdraw
from vo_server.catalog import read_catalog
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.engine import PostgresEngine
from vo_server.http.app import create_app

NAMING = Naming("TEST-CAT", "DR1")


@pytest.fixture
def archive(database: Database) -> Iterator[Database]:
    """The database; what was published in schemas of ours is withdrawn."""
    yield database
    with database.owner.begin() as connection:
        for found in read_catalog(connection).tables:
            if found.name.startswith("test_cat"):
                withdraw(connection, found.name)
    assert not told(database, "SELECT nspname FROM pg_namespace WHERE nspname ~ '^(test_cat|publishing_)'")
    assert not told(database, "SELECT key_id FROM tap_schema.key_columns WHERE key_id LIKE 'test_cat%%'")


@pytest.fixture
def client(settings: Settings, archive: Database, engine: PostgresEngine) -> Iterator[TestClient]:
    """A client of an application of its own: one that ran before knows of new tables after two seconds."""
    with TestClient(create_app(settings, archive, engine)) as made:
        yield made


def told(database: Database, sql: str) -> list[Any]:
    with database.owner.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql)]


def column(database: Database, name: str, table_name: str = "test_cat.dr1_stars") -> list[Any]:
    return [row[0] for row in told(database, f"SELECT {name} FROM {table_name} ORDER BY 1")]
