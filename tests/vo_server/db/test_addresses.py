"""Stored addresses follow the server when it moves."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from vo_server import schemas
from vo_server.archive import PROPERTY
from vo_server.db import Database, rebase

TABLES = schemas.metadata(schemas.builtin()).tables
OBSCORE, RAW = TABLES["ivoa.obscore"], TABLES["dbo.raw"]


@pytest.fixture
def root(database: Database) -> Iterator[str]:
    """An archive with one product and one raw file, served at this URL."""
    root = "http://old.example:8080"
    product = {
        "obs_publisher_did": "ivo://x/ID?moves",
        "dp_id": "moves",
        "calib_level": 2,
        "obs_collection": "TEST",
        "obs_id": "1",
        "access_url": f"{root}/datalink/links?ID=ivo://x/ID?moves",
        "preview_html": "https://elsewhere.example/http://old.example:8080/1",
    }
    raw = {"dp_id": "moves", "access_url": f"{root}/download/moves", "datalink_url": f"{root}0/not-ours"}
    with database.owner.begin() as connection:
        connection.execute(sa.delete(PROPERTY).where(PROPERTY.c.name == "base_url"))
        connection.execute(sa.insert(OBSCORE), [product])
        connection.execute(sa.insert(RAW), [raw])
    rebase(database, root)
    yield root
    with database.owner.begin() as connection:
        connection.execute(sa.delete(OBSCORE).where(OBSCORE.c.dp_id == "moves"))
        connection.execute(sa.delete(RAW).where(RAW.c.dp_id == "moves"))
        connection.execute(sa.delete(PROPERTY).where(PROPERTY.c.name == "base_url"))


def stored(database: Database, *columns: sa.Column[str]) -> list[str]:
    """The addresses of the test's file."""
    table = columns[0].table
    with database.owner.connect() as connection:
        return list(connection.execute(sa.select(*columns).where(table.c.dp_id == "moves")).one())


def test_addresses_move_with_the_server(database: Database, root: str) -> None:
    assert rebase(database, "https://archive.example/vo") == 2
    assert stored(database, OBSCORE.c.access_url, OBSCORE.c.preview_html) == [
        "https://archive.example/vo/datalink/links?ID=ivo://x/ID?moves",
        "https://elsewhere.example/http://old.example:8080/1",
    ]
    assert stored(database, RAW.c.access_url, RAW.c.datalink_url) == [
        "https://archive.example/vo/download/moves",
        f"{root}0/not-ours",
    ]


def test_a_server_that_did_not_move_changes_nothing(database: Database, root: str) -> None:
    before = stored(database, OBSCORE.c.access_url)
    assert rebase(database, root) == 0
    assert stored(database, OBSCORE.c.access_url) == before


def test_moving_there_and_back_restores_every_address(database: Database, root: str) -> None:
    before = stored(database, RAW.c.access_url, RAW.c.datalink_url)
    rebase(database, "http://a_b%c.example")  # wildcards of LIKE
    rebase(database, root)
    assert stored(database, RAW.c.access_url, RAW.c.datalink_url) == before
