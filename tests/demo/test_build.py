"""The demo archive is built without a network, goes on after an interruption, and is not built twice."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from demo.build import build
from demo.catalogue import ROWS, make_sources
from vo_server.archive import FILE, INGEST_RUN
from vo_server.config import Settings
from vo_server.db import Database, migrate, open_database


class Interruption(Exception):
    """What ends a build in the middle."""


@pytest.fixture(scope="module")
def alone(open_dir: Path) -> Iterator[Database]:
    """A database of its own: the demo archive would be in the way of other tests."""
    settings = Settings.load(state_dir=open_dir / "demo-build", demo_cache=open_dir / "demo-build-real")
    with open_database(settings) as database:
        migrate(database)
        yield database


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No package index at all."""
    for name, value in (
        ("PIP_NO_INDEX", "1"),
        ("PIP_FIND_LINKS", "/nowhere"),
        ("PIP_CONFIG_FILE", "/dev/null"),
    ):
        monkeypatch.setenv(name, value)


def scalar(database: Database, query: sa.Select[Any]) -> int:
    with database.owner.connect() as connection:
        return int(connection.execute(query).scalar_one())


def rows(database: Database, table: str, where: str = "true") -> int:
    return scalar(database, sa.select(sa.func.count()).select_from(sa.text(table)).where(sa.text(where)))


def test_an_interrupted_build_is_completed_and_then_passed_over(alone: Database) -> None:
    settings = alone.settings

    def interrupt(done: int, total: int | None, what: str) -> None:
        if what == "ingesting files" and done >= 250:
            raise Interruption

    with pytest.raises(Interruption):
        build(alone.state_dir, settings, alone, interrupt)
    assert 0 < rows(alone, "archive.file") < 1000
    build(alone.state_dir, settings, alone, lambda *_: None)
    assert rows(alone, "dbo.raw", "telescope LIKE 'ESO-VLT%' AND exp_start > '2024-01-01'") == 552
    assert rows(alone, "ivoa.obscore", "obs_collection LIKE 'SYNTHETIC-%'") == 347
    assert rows(alone, "ivoa.obscore", "obs_collection NOT LIKE 'SYNTHETIC-%'") == 0
    assert rows(alone, "demo.sources") == ROWS

    runs = scalar(alone, sa.select(sa.func.count()).select_from(INGEST_RUN))
    files = scalar(alone, sa.select(sa.func.count()).select_from(FILE))
    begin = time.monotonic()
    build(alone.state_dir, settings, alone, lambda *_: None)
    # Most of it is pip saying that it has no index.
    assert time.monotonic() - begin < 15
    assert scalar(alone, sa.select(sa.func.count()).select_from(INGEST_RUN)) == runs

    shutil.rmtree(alone.state_dir / "demo" / "synthetic")
    build(alone.state_dir, settings, alone, lambda *_: None)
    assert scalar(alone, sa.select(sa.func.count()).select_from(FILE)) == files


def test_the_catalogue_is_the_same_every_time() -> None:
    assert make_sources(5000).equals(make_sources(5000))
    assert not make_sources(5000).equals(make_sources(5000, seed=1))
