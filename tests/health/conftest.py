"""A server to be checked, with products of every kind, and what breaks it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from health.site import Site
from health.verdict import Verdict
from tests.datalink.soda import samples
from tests.products import Holdings
from tests.serving import Server, server
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.sky import Circle

__all__ = ["server"]

IMAGE = "HEALTH.IMAGE"
Looked = Callable[[Site], Verdict]


@pytest.fixture(scope="module")
def site(server: Server, settings: Settings) -> Site:
    """The running server; its documents call it by the address of the session's settings."""
    return Site(server.url, patience=30)


@pytest.fixture
def holdings(database: Database, server: Server, settings: Settings, tmp_path: Path) -> Iterator[Holdings]:
    """One image with its file, as ingest leaves it."""
    tmp_path.chmod(0o755)
    here = settings.model_copy(update={"base_url": server.url})
    found = Holdings(database.owner, here)
    try:
        path = samples.image(tmp_path / "image.fits")
        ra, dec = samples.CENTRE
        found.product(IMAGE, Circle(ra, dec, 0.04), s_ra=ra, s_dec=dec, s_fov=0.08)
        found.file(IMAGE, path)
        yield found
    finally:
        found.clear()
