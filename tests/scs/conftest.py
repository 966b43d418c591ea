"""The application, and products all over the sky."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.products import Holdings
from tests.serving import app, client, engine
from vo_server.config import Settings
from vo_server.db import Database

__all__ = ["app", "client", "engine"]


@dataclass(frozen=True, repr=False)
class Points:
    """Positions, degrees."""

    names: tuple[str, ...]
    ra: NDArray[np.float64]
    dec: NDArray[np.float64]


@pytest.fixture(scope="package")
def points(settings: Settings, database: Database) -> Iterator[Points]:
    """400 products: even over the sphere, and many at the poles and at RA 0."""
    rng = np.random.default_rng(20261125)
    ra, dec = rng.uniform(0, 360, 400), np.degrees(np.arcsin(rng.uniform(-1, 1, 400)))
    dec[:50], dec[50:100] = rng.uniform(89, 90, 50), rng.uniform(-90, -89, 50)
    ra[100:200], dec[100:200] = rng.uniform(-1, 1, 100) % 360, rng.uniform(-1, 1, 100)
    names = tuple(f"TEST.SCS.{n:03d}" for n in range(400))
    holdings = Holdings(database.owner, settings)
    try:
        for name, a, d in zip(names, ra.tolist(), dec.tolist(), strict=True):
            holdings.product(name, s_ra=a, s_dec=d)
        yield Points(names, ra, dec)
    finally:
        holdings.clear()
