"""The registry is walked as a harvester does."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from health.checks import harvest
from health.site import Site
from registry.refresh import Refresher
from vo_server.archive import REGISTRY_RECORD
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.published import SERVICES, table_services


@pytest.fixture(autouse=True)
def records(database: Database, settings: Settings) -> Iterator[None]:
    """The records of what is served, without waiting for a worker."""
    Refresher(database.writer, settings, database.state_dir, SERVICES, table_services).refresh()
    yield
    with database.owner.begin() as connection:
        connection.execute(sa.delete(REGISTRY_RECORD))


def test_a_healthy_registry_is_right(site: Site) -> None:
    assert harvest.look_at_documents(site).problems == ()
    verdict = harvest.look_at_harvest(site)
    assert (verdict.problems, verdict.doubts) == ((), ())
    assert verdict.looked.endswith("records in 2 formats")


def test_a_record_that_breaks_its_schema_is_found(site: Site, database: Database) -> None:
    with database.owner.begin() as connection:
        connection.execute(
            sa.update(REGISTRY_RECORD).values(
                ivo_vor=sa.func.replace(REGISTRY_RECORD.c.ivo_vor, "<title>", "<title/><title>")
            )
        )
    assert harvest.look_at_harvest(site).status == "failed"


def test_a_registry_without_records_is_found(site: Site, database: Database) -> None:
    with database.owner.begin() as connection:
        connection.execute(sa.delete(REGISTRY_RECORD))
    verdict = harvest.look_at_harvest(site)
    assert verdict.problems[0] == "ivo_vor: page 1: status 503"
