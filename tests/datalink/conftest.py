"""The application, and a small archive: raw frames, products made of them, associated files."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from ingest.activities import Activity, Input
from tests.products import Holdings
from tests.serving import app, client, engine, server
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.sky import Circle

__all__ = ["app", "client", "engine", "server"]

RAW = ("TEST.2025-01-01T00:00:00.000", "TEST.2025-01-01T00:01:00.000")
IMAGE = "ADP.TEST-IMAGE"
CUBE = "ADP.TEST-CUBE"
SPECTRUM = "ADP.TEST-SPECTRUM"
CATALOGUE = "ADP.TEST-CATALOGUE"
SECRET = "ADP.TEST-SECRET"
MASTER = "M.TEST-MASTER"
GONE = "ADP.TEST-GONE"
BROKEN = "ADP.TEST-BROKEN"
WEIGHT = "ADP.TEST-WEIGHT"
PICTURE = "ADP.TEST-PICTURE"
RECIPE = Activity(
    "muse_scipost", "muse/2.8.7", "cpl-7.1.2", datetime(2025, 1, 2), None,
    (
        Input("raw", RAW[0], "OBJECT", None),
        Input("raw", RAW[1], "OBJECT", None),
        Input("calibration", "some_name", "MASTER_BIAS", "0123456789abcdef0123456789abcdef"),
        Input("calibration", "geometry_table", "GEOMETRY_TABLE", None),
    ),
    (),
)  # fmt: skip
PNG = b"\x89PNG\r\n\x1a\n and so on"


@dataclass(frozen=True)
class Archive:
    """The files, by identifier."""

    holdings: Holdings
    paths: dict[str, Path]

    def content(self, dp_id: str) -> bytes:
        """The bytes of a file."""
        return self.paths[dp_id].read_bytes()


@pytest.fixture(scope="package")
def archive(settings: Settings, database: Database, open_dir: Path) -> Iterator[Archive]:
    """The archive's files on disk and their rows."""
    directory = open_dir / "store with a blank"
    directory.mkdir(exist_ok=True)
    made = Archive(Holdings(database.owner, settings), write_files(directory))
    try:
        register(made)
        yield made
    finally:
        made.holdings.clear()


def write_files(directory: Path) -> dict[str, Path]:
    """One file of each kind."""
    rng = np.random.default_rng(7)
    paths = {
        dp_id: directory / f"{dp_id.replace(':', '_')}.fits"
        for dp_id in (*RAW, IMAGE, CUBE, SPECTRUM, MASTER)
    }
    y, x = np.mgrid[0:300, 0:400]
    image = (1000 * np.exp(-((x - 100) ** 2 + (y - 250) ** 2) / 200) + rng.normal(0, 1, x.shape)).astype("f4")
    image[0, :10] = np.nan
    for dp_id in (*RAW, IMAGE, MASTER):
        fits.PrimaryHDU(image).writeto(paths[dp_id], overwrite=True)
    cube = np.broadcast_to(image[:50, :60], (20, 50, 60))
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(cube)]).writeto(paths[CUBE], overwrite=True)
    wave = np.linspace(400, 700, 3000)
    flux = 1 + 0.1 * np.sin(wave) - 0.8 * np.exp(-((wave - 656) ** 2))
    columns = [fits.Column(n, "3000D", array=[v]) for n, v in (("WAVE", wave), ("FLUX", flux))]
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns)]).writeto(
        paths[SPECTRUM], overwrite=True
    )
    table = fits.BinTableHDU.from_columns([fits.Column("MAG", "D", array=np.arange(5.0))])
    paths[CATALOGUE] = directory / "catalogue.fits.gz"
    table.writeto(paths[CATALOGUE], overwrite=True)
    for dp_id, name, content in (
        (SECRET, "secret.fits", paths[IMAGE].read_bytes()),
        (BROKEN, "broken.fits", b"SIMPLE  =                    T" + b" " * 5000),
        (WEIGHT, "weight.fits.fz", b"packed weights"),
        (PICTURE, "picture.png", PNG),
    ):
        paths[dp_id] = directory / name
        paths[dp_id].write_bytes(content)
    paths[GONE] = directory / "gone.fits"
    return paths


def register(archive: Archive) -> None:
    """The rows that ingest would write for the files."""
    put, paths = archive.holdings, archive.paths

    def file(dp_id: str, **values: object) -> None:
        path = paths[dp_id]
        digest = hashlib.sha256(path.read_bytes() if path.exists() else dp_id.encode()).hexdigest()
        put.file(dp_id, path, **{"sha256": digest, **values})

    for n, dp_id in enumerate(RAW):
        file(dp_id, kind="raw", category="SCIENCE", collection="TEST", origfile=f"TEST_{n:02d}.fits")
    future = datetime.now(UTC) + timedelta(days=365)
    for dp_id, kind in ((IMAGE, "image"), (CUBE, "cube"), (SPECTRUM, "spectrum"), (CATALOGUE, "measurements"),
                        (SECRET, "image"), (GONE, "image"), (BROKEN, "image")):  # fmt: skip
        category = {"cube": "SCIENCE.CUBE.IFS", "measurements": "SCIENCE.CATALOG"}.get(
            kind, f"SCIENCE.{kind.upper()}"
        )
        release = future if dp_id == SECRET else None
        packed = {"compression": "gz", "media_type": "application/gzip"} if dp_id == CATALOGUE else {}
        file(dp_id, category=category, release_date=release, **packed)
        cover = {"em_min": 4e-7, "em_max": 7e-7} if kind in ("cube", "spectrum") else {}
        region = Circle(10.0, 20.0, 0.01) if kind == "cube" else None
        put.product(dp_id, region, dataproduct_type=kind, obs_title=f"A title of {dp_id} & <more>", **cover)
    file(WEIGHT, kind="ancillary", category="ANCILLARY.WEIGHTMAP", compression="fz")
    file(
        PICTURE,
        kind="ancillary",
        category="ANCILLARY.PREVIEW",
        media_type="image/png",
        origfile="picture.png",
    )
    # By identifier, by original name, and one that the archive does not have.
    put.provenance(IMAGE, [RAW[0], "TEST_01", "TEST.1999-01-01T00:00:00.000"])
    # PROV names one of the raw frames that the recipe of the cube used.
    file(MASTER, category="MASTER_BIAS", datamd5="0123456789abcdef0123456789abcdef")
    put.provenance(CUBE, [RAW[0]])
    put.activity([CUBE], [RECIPE], "DATACUBE_FINAL")
    put.provenance(CATALOGUE, [f"{IMAGE}"])
    put.association(
        IMAGE,
        [
            {"name": "weight.fits.fz", "associated": WEIGHT, "category": "ANCILLARY.WEIGHTMAP"},
            {"name": "mask.fits", "associated": None, "category": "ANCILLARY.MASK"},
        ],
    )
    put.association(
        SPECTRUM, [{"name": "picture.png", "associated": PICTURE, "category": "ANCILLARY.PREVIEW"}]
    )
