"""An archive with two collections and a registry of it, for all tests of the package."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from registry.refresh import Refresher
from tests.products import Holdings
from tests.registry.asking import Asking
from tests.serving import app, client, engine
from vo_server.archive import REGISTRY_RECORD
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.published import SERVICES, table_services
from vo_server.sky import Circle

__all__ = ["app", "client", "engine"]

IMAGES, SPECTRA = "OAI-IMAGES", "OAI spectra/2"
RELEASE = "https://archive.example/releases/7"


@pytest.fixture(scope="module")
def holdings(settings: Settings, database: Database) -> Iterator[Holdings]:
    """Products of two collections."""
    found = Holdings(database.owner, settings)
    try:
        for n in range(3):
            found.product(
                f"OAI.IMAGE.{n}",
                Circle(10.0 + n, 20.0, 0.5),
                obs_collection=IMAGES,
                facility_name="Test Observatory",
                instrument_name="CAM\x07ERA",  # headers have had worse
                t_min=59000.25 + 100 * n,
                t_max=59000.75 + 100 * n,
                em_min=4e-7,
                em_max=5e-7,
                publication_date="2021-03-04",
                last_mod_date="2022-05-06",
                release_description=RELEASE,
                bib_reference="2016A&A...594A..91L",
                obs_creator_name="Doe, J.",
            )
        # What a scan must not stumble over.
        found.product(
            "OAI.ODD",
            obs_collection=SPECTRA,
            dataproduct_type="spectrum",
            t_min=float("nan"),
            t_max=1e300,
            em_min=0.0,
            em_max=float("inf"),
            bib_reference="in preparation",
        )
        found.product(
            "OAI.SPECTRUM",
            Circle(200.0, -60.0, 0.1),
            obs_collection=SPECTRA,
            dataproduct_type="spectrum",
            em_min=1e-6,
            em_max=2.5e-6,
            release_description="not an address",
        )
        yield found
    finally:
        found.clear()


@pytest.fixture(scope="module")
def refresher(settings: Settings, database: Database, holdings: Holdings) -> Iterator[Refresher]:
    """What makes the records; they are forgotten in the end."""
    forget = sa.delete(REGISTRY_RECORD)
    with database.owner.begin() as connection:
        connection.execute(forget)
    made = Refresher(database.writer, settings, database.state_dir, SERVICES, table_services)
    made.refresh()
    yield made
    with database.owner.begin() as connection:
        connection.execute(forget)


@pytest.fixture(scope="module")
def oai(client, refresher: Refresher) -> Asking:  # type: ignore[no-untyped-def]
    """Asks the registry."""
    return Asking(client)
