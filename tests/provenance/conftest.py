"""The application, and products with the recipes that made them."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from ingest.activities import Activity, Input, Parameter
from tests.products import Holdings
from tests.serving import app, client, engine
from vo_server.config import Settings
from vo_server.db import Database

__all__ = ["app", "client", "engine"]

CUBE = "ADP.PROV-CUBE:1"
TABLE = "ADP.PROV-TABLE"
LONELY = "ADP.PROV-LONELY"
SECRET = "ADP.PROV-SECRET"
BIAS = "M.PROV-BIAS"
RAW = ("PROV.2020-01-01T00:00:00.000", "PROV.2020-01-01T00:01:00.000")
BIASES = tuple(f"PROV.2020-01-02T00:{n:02d}:00.000" for n in range(12))
ABSENT = 'geometry & <table> "2".tfits'
CIRCLE = ("ADP.PROV-CIRCLE-1", "ADP.PROV-CIRCLE-2", "ADP.PROV-CIRCLE-3")

MBIAS = Activity(
    "muse_bias", "muse/2.8.7", "cpl-7.1.2", datetime(2020, 1, 3, 1), None,
    tuple(Input("raw", name, "BIAS", None) for name in BIASES),
    (Parameter("muse.muse_bias.nifu", "0", "0"), Parameter("muse.muse_bias.combine", "sigclip", "median")),
)  # fmt: skip
BASIC = Activity(
    "muse_scibasic", "muse/2.8.7", "cpl-7.1.2", datetime(2020, 1, 3, 2), datetime(2020, 1, 3, 3),
    (
        Input("raw", RAW[0], "OBJECT", None),
        Input("raw", "PROV_02", "OBJECT", None),
        Input("calibration", "MASTER_BIAS", "MASTER_BIAS", "0123456789abcdef0123456789abcdef"),
        Input("calibration", ABSENT, "GEOMETRY_TABLE", None),
    ),
    (),
)  # fmt: skip
POST = Activity("muse_scipost", "muse/2.8.7", None, datetime(2020, 1, 3, 4), None, (), ())


@pytest.fixture(scope="package")
def holdings(settings: Settings, database: Database) -> Iterator[Holdings]:
    """A cube with two recipes, a master that the first of them used, a table made of the cube, a circle."""
    put = Holdings(database.owner, settings)
    nowhere = Path("/nowhere")
    try:
        for n, dp_id in enumerate(RAW, 1):
            put.file(dp_id, nowhere / dp_id, kind="raw", category="SCIENCE", origfile=f"PROV_0{n}.fits")
        for dp_id in BIASES:
            put.file(dp_id, nowhere / dp_id, kind="raw", category="CALIB")
        for dp_id in (CUBE, TABLE, LONELY, SECRET, *CIRCLE):
            release = datetime.fromisoformat("2100-01-01T00:00:00+00:00") if dp_id == SECRET else None
            put.file(dp_id, nowhere / dp_id, release_date=release)
            put.product(dp_id, obs_title=f"A <title> of {dp_id} & more", obs_creator_name="Brahe & sons")
        put.file(
            BIAS, nowhere / BIAS, origfile="other_name.fits", datamd5="0123456789abcdef0123456789abcdef",
            category="MASTER_BIAS",
        )  # fmt: skip
        put.activity([BIAS], [MBIAS], "MASTER_BIAS")
        put.activity([CUBE], [BASIC, POST], "DATACUBE_FINAL")
        put.provenance(CUBE, [RAW[0], RAW[1]])
        put.provenance(TABLE, [CUBE])
        put.provenance(SECRET, [RAW[0]])
        for n, dp_id in enumerate(CIRCLE):
            put.provenance(dp_id, [CIRCLE[n - 1]])
        yield put
    finally:
        put.clear()
