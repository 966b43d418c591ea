"""The application, and images and cubes with footprints all over the sky."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.products import Holdings
from tests.serving import app, client, engine, server
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.sky import Circle

__all__ = ["app", "client", "engine", "server"]

SKY = "TEST-SIA-SKY"
ONES = "TEST-SIA-ONES"
CUBE = "application/x-votable+xml;content=datalink"


@dataclass(frozen=True)
class Caps:
    """Round footprints: degrees."""

    dp_ids: tuple[str, ...]
    ra: NDArray[np.float64]
    dec: NDArray[np.float64]
    radius: NDArray[np.float64]


@pytest.fixture(scope="package")
def caps(settings: Settings, database: Database) -> Iterator[Caps]:
    """300 round footprints: even over the sphere, and some at the poles and at RA 0."""
    rng = np.random.default_rng(20251125)
    ra = rng.uniform(0, 360, 300)
    dec = np.degrees(np.arcsin(rng.uniform(-1, 1, 300)))
    dec[:20], dec[20:40] = rng.uniform(89, 90, 20), rng.uniform(-90, -89, 20)
    ra[40:80], dec[40:80] = rng.uniform(-1, 1, 40) % 360, rng.uniform(-1, 1, 40)
    radius = rng.uniform(0.01, 0.5, 300)
    holdings = Holdings(database.owner, settings)
    names = tuple(f"TEST.SIA.{n:03d}" for n in range(300))
    try:
        for name, a, d, r in zip(names, ra.tolist(), dec.tolist(), radius.tolist(), strict=True):
            holdings.product(name, Circle(a, d, r), obs_collection=SKY, s_ra=a, s_dec=d)
        holdings.product("TEST.SIA.NULL", obs_collection=SKY)
        yield Caps(names, ra, dec, radius)
    finally:
        holdings.clear()


@pytest.fixture(scope="package")
def ones(settings: Settings, database: Database) -> Iterator[None]:
    """A few products that differ in one thing each; one knows nothing of itself."""
    holdings = Holdings(database.owner, settings)
    both: dict[str, Any] = {"em_min": 4e-7, "em_max": 5e-7, "t_min": 59000.0, "t_max": 59000.5}
    try:
        holdings.product("TEST.ONE.NOTHING", obs_collection=ONES)
        holdings.product(
            "TEST.ONE.IMAGE",
            obs_collection=ONES,
            **both,
            s_fov=0.5,
            s_resolution=0.8,
            em_res_power=10.0,
            t_exptime=60.0,
            t_resolution=60.0,
            pol_states="/I/",
            facility_name="Test Telescope",
            instrument_name="TEST-CAMERA",
            target_name="NGC 1",
            obs_release_date="2020-06-01T00:00:00",
        )
        holdings.product(
            "TEST.ONE.CUBE",
            obs_collection=ONES,
            dataproduct_type="cube",
            calib_level=3,
            em_min=4.75e-7,
            em_max=9.35e-7,
            t_min=60000.0,
            t_max=60001.0,
            s_fov=0.02,
            s_resolution=0.6,
            em_res_power=3000.0,
            t_exptime=3600.0,
            t_resolution=86400.0,
            pol_states="/I/Q/U/",
            facility_name="Test's Telescope",
            instrument_name="TEST-IFU",
            target_name="NGC 2",
            obs_release_date="2021-06-01T00:00:00",
            access_format="image/fits",
        )
        holdings.product("TEST.ONE.SPECTRUM", obs_collection=ONES, dataproduct_type="spectrum", **both)
        yield
    finally:
        holdings.clear()
