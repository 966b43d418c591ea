"""The built-in tables, as the translator sees them."""

import pytest

from vo_server import schemas
from vo_server.tables import Catalog


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """All published tables of a fresh archive."""
    return Catalog(schemas.builtin())
