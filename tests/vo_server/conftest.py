"""The application, for tests of its endpoints, and what they leave behind taken away."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.serving import app, client, engine, server
from vo_server.archive import JOB
from vo_server.db import Database

__all__ = ["app", "client", "engine", "server"]


@pytest.fixture
def no_jobs_left(database: Database) -> Iterator[None]:
    """Queries that a test has queued are gone after it."""
    yield
    with database.owner.begin() as connection:
        connection.execute(sa.delete(JOB).where(JOB.c.kind == "tap"))
