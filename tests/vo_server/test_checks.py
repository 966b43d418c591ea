"""The health check finds what is wrong."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from vo_server import checks
from vo_server.archive import FILE
from vo_server.config import Settings
from vo_server.db import Database


def test_a_healthy_server_is_healthy(database: Database, settings: Settings) -> None:
    found = {check.name: check for check in checks.run_checks(settings)}
    assert {name for name, check in found.items() if check.status == "failed"} == set()
    assert {"packages", "state directory", "database", "migrations", "roles", "TAP_SCHEMA", "files"} <= set(
        found
    )


def test_a_forgotten_column_is_found(connection: sa.Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE ivoa.obscore DROP COLUMN strehl")
    found = checks.check_tap_schema(connection)
    assert found.status == "failed"
    assert "ivoa.obscore.strehl" in found.detail


@pytest.mark.parametrize(("size", "status"), [(3, "ok"), (4, "failed")])
def test_files_are_looked_for(connection: sa.Connection, tmp_path: Path, size: int, status: str) -> None:
    path = tmp_path / "a file.fits"
    path.write_bytes(b"abc")
    connection.execute(sa.delete(FILE))
    connection.execute(
        sa.insert(FILE).values(
            dp_id="x", kind="raw", url=path.as_uri(), size=size, sha256="", md5="", media_type="", mtime_ns=0
        )
    )
    assert checks.check_files(connection).status == status


def test_an_old_revision_is_found(connection: sa.Connection) -> None:
    connection.exec_driver_sql("DELETE FROM archive.alembic_version")
    found = checks.check_revision(connection)
    assert found.status == "failed"
    assert "vo-server migrate" in found.detail


def test_a_database_out_of_reach_ends_the_questions(tmp_path: Path) -> None:
    settings = Settings.load(database_url="postgresql://vo@127.0.0.1:1/none", state_dir=tmp_path)
    found = list(checks.run_checks(settings))
    assert (found[-1].name, found[-1].status) == ("database", "failed")
    assert "cannot be reached" in found[-1].detail


def test_moved_addresses_are_told(connection: sa.Connection, settings: Settings) -> None:
    connection.exec_driver_sql("DELETE FROM archive.property WHERE name = 'base_url'")
    assert checks.check_addresses(connection, settings).status == "ok"
    connection.exec_driver_sql("INSERT INTO archive.property VALUES ('base_url', 'http://old.example')")
    assert checks.check_addresses(connection, settings).status == "warning"
