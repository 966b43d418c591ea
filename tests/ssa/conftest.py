"""The application, and spectra of all kinds all over the sky."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.products import Holdings
from tests.serving import app, client, engine
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.sky import Circle

__all__ = ["app", "client", "engine"]

COLLECTION = "TEST-SSA"


@pytest.fixture(scope="package")
def spectra(settings: Settings, database: Database) -> Iterator[list[dict[str, Any]]]:
    """200 spectra as rows of ObsCore; values are missing here and there."""
    rng = np.random.default_rng(20261126)
    holdings = Holdings(database.owner, settings)
    rows = []
    try:
        for n in range(200):
            ra, dec = float(rng.uniform(0, 360)), float(np.degrees(np.arcsin(rng.uniform(-1, 1))))
            if n < 60:
                ra, dec = float(rng.uniform(-1, 1) % 360), float(rng.uniform(-1, 1))
            low = float(10 ** rng.uniform(-6.7, -5.7))
            start = float(rng.uniform(58000, 60000))
            row: dict[str, Any] = {
                "dp_id": f"TEST.SSA.{n:03d}",
                "dataproduct_type": "spectrum",
                "obs_collection": f"{COLLECTION}-{'red' if n % 3 else 'BLUE'}",
                "obs_creator_did": f"ivo://test/Creator#{n}",
                "target_name": f"HD {n % 20}",
                "s_ra": ra,
                "s_dec": dec,
                "s_fov": 0.02,
                "em_min": low,
                "em_max": low * float(rng.uniform(1.01, 3)),
                "em_xel": 1000,
                "em_res_power": float(10 ** rng.uniform(2, 5)),
                "t_min": start,
                "t_max": start + float(rng.uniform(0.001, 300)),
                "t_resolution": float(10 ** rng.uniform(0, 7)),
                "s_resolution": float(rng.uniform(0.1, 5)),
                "snr": float(10 ** rng.uniform(0, 3)),
                "o_calib_status": ("absolute", "relative", "normalized", "uncalibrated")[n % 4],
                "last_mod_date": f"20{10 + n % 15}-06-15T12:00:00",
                "obs_title": f"Spectrum {n}",
            }
            for name in rng.choice(["em_res_power", "snr", "t_resolution", "s_resolution"], 1):
                row[str(name)] = row[str(name)] if n % 5 else None
            rows.append(row)
            values = {name: value for name, value in row.items() if name != "dp_id"}
            holdings.product(row["dp_id"], Circle(ra, dec, 0.01), **values)
        holdings.product("TEST.SSA.IMAGE", Circle(0, 0, 1), obs_collection=COLLECTION, s_ra=0.0, s_dec=0.0)
        yield rows
    finally:
        holdings.clear()
