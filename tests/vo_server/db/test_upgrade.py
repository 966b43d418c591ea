"""Migrations: they lead to the declared tables, from nothing, at once, and never backwards unawares."""

import glob
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.dialects import postgresql

from vo_server import archive, schemas
from vo_server.config import Settings
from vo_server.db import Database, migrate, open_database
from vo_server.db.account import Account
from vo_server.db.upgrade import revisions
from vo_server.errors import FatalFault, UsageFault

DEBIAN = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))


def declared() -> sa.MetaData:
    """Everything that the code declares."""
    metadata = schemas.metadata(schemas.builtin())
    for table in archive.METADATA.tables.values():
        table.to_metadata(metadata)
    return metadata


def differences(connection: sa.Connection) -> list[Any]:
    """What Alembic sees between the database and the declarations."""
    names = {"archive", *schemas.BUILTIN}

    def is_ours(name: str | None, kind: str, parents: object) -> bool:
        return kind != "schema" or name in names

    context = MigrationContext.configure(
        connection, opts={"include_schemas": True, "include_name": is_ours, "version_table_schema": "archive"}
    )
    found: list[Any] = compare_metadata(context, declared())
    return found


def indexes(connection: sa.Connection, schema: str) -> set[str]:
    """The definitions of all indexes: Alembic does not compare their expressions."""
    rows = connection.execute(
        sa.text("SELECT indexdef FROM pg_indexes WHERE schemaname = :name AND indexname NOT LIKE '%pkey'"),
        {"name": schema},
    )
    return {row.indexdef for row in rows}


@pytest.fixture(autouse=True)
def _cube_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let SQLAlchemy read the type of boxes from a database, which only these tests do."""
    monkeypatch.setitem(postgresql.base.ischema_names, "cube", schemas.Cube)


def test_the_migrated_database_is_the_declared_one(connection: sa.Connection) -> None:
    assert differences(connection) == []


def test_the_indexes_are_the_declared_ones(connection: sa.Connection) -> None:
    for schema in schemas.BUILTIN:
        migrated = indexes(connection, schema)
        connection.execute(sa.schema.DropSchema(schema, cascade=True))
        connection.execute(sa.schema.CreateSchema(schema))
        tables = [table for table in declared().sorted_tables if table.schema == schema]
        sa.MetaData().create_all(connection)
        for table in tables:
            table.create(connection)
        assert indexes(connection, schema) == migrated


def test_migrating_again_changes_nothing(database: Database) -> None:
    def stamp(connection: sa.Connection) -> object:
        updated = sa.select(sa.func.max(archive.SCHEMA_DOCUMENT.c.updated))
        return connection.scalar(updated), revisions(connection)

    with database.owner.connect() as connection:
        before = stamp(connection)
    logins = database.logins
    migrate(database)
    with database.owner.connect() as connection:
        assert stamp(connection) == before
    assert database.logins == logins


def test_processes_may_migrate_at_once(settings: Settings, database: Database) -> None:
    failures: list[BaseException] = []

    def run() -> None:
        try:
            with open_database(settings) as other:
                migrate(other)
        except BaseException as exc:
            failures.append(exc)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_newer_database_is_refused(database: Database) -> None:
    version = sa.table("alembic_version", sa.column("version_num"), schema="archive")
    with database.owner.begin() as connection:
        before = connection.scalar(sa.select(version.c.version_num))
        connection.execute(sa.update(version).values(version_num="9999"))
    try:
        with pytest.raises(FatalFault, match="newer than this server"):
            migrate(database)
    finally:
        with database.owner.begin() as connection:
            connection.execute(sa.update(version).values(version_num=before))


def test_a_failed_migration_leaves_the_database_as_it_was(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    class StoppedError(Exception):
        pass

    def stop(*_: object) -> None:
        raise StoppedError

    def count(connection: sa.Connection) -> object:
        return connection.scalar(sa.text("SELECT count(*) FROM tap_schema.columns"))

    with database.owner.connect() as connection:
        before = count(connection)
        monkeypatch.setattr("vo_server.db.roles.make_roles", stop)
        with pytest.raises(StoppedError):
            migrate(database)
        assert count(connection) == before
    monkeypatch.undo()
    migrate(database)  # the lock was given back


@pytest.fixture
def debian_url(open_dir: Path) -> Iterator[str]:
    """A database on Debian's PostgreSQL, in a cluster of its own."""
    binaries = Path(DEBIAN[-1]).parent
    account = Account.choose()
    with tempfile.TemporaryDirectory(prefix="pg", dir=open_dir) as home:
        os.chmod(home, 0o755)
        data = Path(home, "data")
        data.mkdir(mode=0o700)
        account.give(data)
        options = f"-c listen_addresses='' -c unix_socket_directories='{data}'"

        def run(*command: str | Path) -> None:
            done = account.run(command, cwd=data, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"}, timeout=60)
            assert done.returncode == 0, done.stdout

        run(binaries / "initdb", "-D", data, "-U", "operator", "--auth=trust", "-E", "UTF8")
        run(binaries / "pg_ctl", "start", "-w", "-D", data, "-o", options, "-l", data / "log")
        try:
            connection = psycopg2.connect(host=str(data), user="operator", dbname="postgres")
            connection.autocommit = True
            connection.cursor().execute("CREATE DATABASE sky")
            connection.cursor().execute("CREATE ROLE tenant LOGIN")
            connection.cursor().execute("CREATE DATABASE rented OWNER tenant")
            connection.close()
            yield f"postgresql://operator@localhost/sky?host={data}"
        finally:
            run(binaries / "pg_ctl", "stop", "-w", "-m", "fast", "-D", data)


@pytest.mark.debian
@pytest.mark.skipif(not DEBIAN, reason="Debian's postgresql is not installed: see .ci/debian.sh")
def test_debians_postgresql_serves_as_well(debian_url: str, tmp_path: Path) -> None:
    with open_database(external(debian_url, tmp_path)) as database:
        assert not database.is_embedded
        migrate(database)
        assert database.logins is not None
        assert database.logins.reader == "vo_reader_sky"
        with database.owner.connect() as connection:
            assert differences(connection) == []
        query = "SELECT table_name FROM tap_schema.tables WHERE schema_name = 'ivoa'"
        assert psql(database.reader_url, query) == ["ivoa.ObsCore"]
        assert psql(database.reader_url, "SELECT current_user") == ["vo_reader_sky"]


@pytest.mark.debian
@pytest.mark.skipif(not DEBIAN, reason="Debian's postgresql is not installed: see .ci/debian.sh")
def test_an_owner_without_the_right_to_make_roles_reads_only(debian_url: str, tmp_path: Path) -> None:
    url = debian_url.replace("/sky?", "/rented?").replace("operator@", "tenant@")
    with open_database(external(url, tmp_path)) as database:
        migrate(database)
        assert database.logins is None
        assert database.writer is database.owner
        assert psql(database.reader_url, "SELECT count(*) FROM tap_schema.schemas") == [
            str(len(schemas.BUILTIN) + 1)
        ]
        with pytest.raises(subprocess.CalledProcessError) as caught:
            psql(database.reader_url, "DELETE FROM tap_schema.schemas")
        assert "read-only transaction" in caught.value.stderr


def test_a_server_that_is_too_old_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vo_server.db.upgrade.OLDEST", 99)
    with pytest.raises(UsageFault, match="is too old: 99 or newer"):
        migrate(database)


def external(url: str, state: Path) -> Settings:
    """Settings with a database of the operator's own."""
    return Settings.load(database_url=url, state_dir=state)


def psql(url: str, query: str) -> list[str]:
    """Rows by another client of libpq: the URL is for ADBC, which is one."""
    command = [str(Path(DEBIAN[-1]).with_name("psql")), url, "-XAtc", query]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
