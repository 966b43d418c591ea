"""One migrated PostgreSQL for the whole session; nothing of it is left behind."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from vo_server.config import Settings
from vo_server.db import Database, migrate, open_database
from vo_server.db.account import Account

# How long an example takes depends on what else the machine does. Continuous integration tries the same
# examples each time, so that it fails for what has changed; everybody else looks for new ones.
hypothesis.settings.register_profile("vo-server", deadline=None, derandomize="VO_SAME_EXAMPLES" in os.environ)
hypothesis.settings.load_profile("vo-server")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On another PostgreSQL than the embedded one, run the tests to which that makes a difference."""
    if not os.environ.get("VO_TEST_DATABASE_URL"):
        return
    parts: dict[bool, list[pytest.Item]] = {True: [], False: []}
    for item in items:
        parts["database_url" in getattr(item, "fixturenames", ())].append(item)
    config.hook.pytest_deselected(items=parts[False])
    items[:] = parts[True]


@pytest.fixture(scope="session")
def open_dir() -> Iterator[Path]:
    """A temporary directory that the account of the embedded PostgreSQL can enter.

    pytest's own are closed to other accounts, and root's PostgreSQL runs as another account.
    """
    account = Account.choose()
    places = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"), Path.cwd()]
    place = next(place for place in places if place.is_dir() and account.closed_parent(place) is None)
    directory = Path(tempfile.mkdtemp(prefix="vo-test-", dir=place))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def database_url() -> Iterator[str | None]:
    """A fresh database on the server of ``VO_TEST_DATABASE_URL``; None means the embedded one."""
    given = os.environ.get("VO_TEST_DATABASE_URL")
    if not given:
        yield None
        return
    with fresh_database(given, f"vo_test_{os.getpid()}") as url:
        yield url


@contextmanager
def fresh_database(server: str, name: str) -> Iterator[str]:
    """The URL of an empty database on a server; it goes at the end, with the roles that an archive makes."""
    url = make_url(server).set(drivername="postgresql+psycopg2")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"
        )
    yield rendered(url.set(drivername="postgresql", database=name))
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        for role in ("vo_reader", "vo_writer"):
            connection.exec_driver_sql(f"DROP ROLE IF EXISTS {role}_{name}")
    engine.dispose()


def rendered(url: URL) -> str:
    """The URL as text, with its password."""
    return url.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def settings(open_dir: Path, database_url: str | None) -> Settings:
    """Settings of the test server."""
    return Settings.load(state_dir=open_dir / "state", database_url=database_url)


@pytest.fixture(scope="session")
def database(settings: Settings) -> Iterator[Database]:
    """The migrated database. Tests share it: take rows of your own, or a connection that forgets."""
    with open_database(settings) as found:
        migrate(found)
        yield found


@pytest.fixture
def connection(database: Database) -> Iterator[sa.Connection]:
    """A connection of the owner whose changes are rolled back after the test."""
    with database.owner.connect() as found:
        transaction = found.begin()
        yield found
        transaction.rollback()
