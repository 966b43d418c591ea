"""Roles: the reader reads what is published and nothing else, the writer keeps jobs."""

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from vo_server.archive import FILE, JOB, PROPERTY
from vo_server.db import Database


@pytest.fixture
def reader(database: Database) -> Iterator[sa.Connection]:
    """A connection as clients' queries have it."""
    engine = sa.create_engine(sa.engine.make_url(database.reader_url).set(drivername="postgresql+psycopg2"))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def sqlstate(exc: DBAPIError) -> object:
    """PostgreSQL's code: 42501 no right to do it, 25006 not in a read-only transaction."""
    return getattr(exc.orig, "pgcode", None)


@pytest.mark.parametrize("table", ["ivoa.obscore", "dbo.raw", "header.keyword", "tap_schema.tables"])
def test_the_reader_reads_what_is_published(reader: sa.Connection, table: str) -> None:
    assert reader.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() is not None


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM archive.property",
        "SELECT * FROM archive.file",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT rolpassword FROM pg_authid",
        "SET SESSION AUTHORIZATION pg_monitor",
        "COPY (SELECT 1) TO PROGRAM 'true'",
    ],
)
def test_the_reader_reads_nothing_else(reader: sa.Connection, statement: str) -> None:
    with pytest.raises(DBAPIError) as caught:
        reader.exec_driver_sql(statement)
    assert sqlstate(caught.value) == "42501"


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ivoa.obscore",
        "CREATE TABLE public.mine (n int)",
        "DROP TABLE dbo.raw",
        "CREATE SCHEMA mine",
    ],
)
def test_the_reader_writes_nothing(reader: sa.Connection, statement: str) -> None:
    for prelude in ("SELECT 1", "SET TRANSACTION READ WRITE"):
        reader.exec_driver_sql(prelude)
        with pytest.raises(DBAPIError) as caught:
            reader.exec_driver_sql(statement)
        assert sqlstate(caught.value) in ("25006", "42501")
        reader.rollback()


def test_what_a_query_may_cost_is_limited(reader: sa.Connection) -> None:
    def show(name: str) -> object:
        return reader.exec_driver_sql(f"SHOW {name}").scalar()

    assert show("default_transaction_read_only") == "on"
    assert show("statement_timeout") == "61min"
    assert show("work_mem") == "64MB"
    assert show("jit") == "off"
    assert show("TimeZone") == "UTC"


def test_the_reader_uses_boxes(reader: sa.Connection) -> None:
    found = reader.exec_driver_sql("SELECT '(0,0,0),(1,1,1)'::cube && '(1,1,1),(2,2,2)'::cube").scalar()
    assert found is True


def test_the_writer_keeps_jobs_and_looks_up_files(database: Database) -> None:
    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    job = {"job_id": "j", "kind": "tap", "phase": "PENDING", "execution_duration": 60, "destruction": later}
    with database.writer.connect() as connection:
        assert connection.scalar(sa.text("SELECT current_user")) != "vo_owner"
        connection.execute(sa.insert(JOB), [job])
        connection.execute(sa.update(JOB).values(phase="QUEUED").where(JOB.c.job_id == "j"))
        row = connection.execute(sa.select(JOB).where(JOB.c.job_id == "j")).one()
        assert (row.phase, row.parameters, row.attempts) == ("QUEUED", [], 0)
        connection.execute(sa.select(FILE)).all()
        connection.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        sa.select(PROPERTY),
        sa.delete(FILE),
        sa.text("DELETE FROM ivoa.obscore"),
        sa.text("DROP TABLE archive.job"),
    ],
)
def test_the_writer_does_nothing_else(database: Database, statement: sa.Executable) -> None:
    with (
        database.writer.connect() as connection,
        pytest.raises(DBAPIError, match=r"permission denied|must be owner"),
    ):
        connection.execute(statement)
