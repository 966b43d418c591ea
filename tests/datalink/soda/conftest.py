"""An archive with one product of each kind that parts can be had of."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.datalink.soda import samples
from tests.products import Holdings
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.sky import Circle

PRODUCTS: dict[str, tuple[Any, str]] = {
    "ADP.SODA-IMAGE": (samples.image, "image"),
    "ADP.SODA-CUBE": (samples.cube, "cube"),
    "ADP.SODA-SPECTRUM": (samples.spectrum, "spectrum"),
    "ADP.SODA-CATALOGUE": (samples.catalogue, "measurements"),
    "ADP.SODA-SECRET": (samples.image, "image"),
}


@pytest.fixture(scope="package")
def products(settings: Settings, database: Database, open_dir: Path) -> Iterator[dict[str, Path]]:
    """Their files."""
    directory = open_dir / "soda"
    directory.mkdir(exist_ok=True)
    holdings = Holdings(database.owner, settings)
    paths = {}
    try:
        for dp_id, (make, kind) in PRODUCTS.items():
            path = paths[dp_id] = make(directory / f"{dp_id}.fits")
            release = datetime.now(UTC) + timedelta(days=9) if "SECRET" in dp_id else None
            digest = hashlib.sha256(path.read_bytes() + dp_id.encode()).hexdigest()
            holdings.file(dp_id, path, sha256=digest, release_date=release)
            holdings.product(
                dp_id, Circle(*samples.CENTRE, 0.05), dataproduct_type=kind, em_min=4e-7, em_max=8e-7
            )
        text = directory / "notes.txt"
        text.write_text("nothing to cut")
        holdings.file("ADP.SODA-TEXT", text, media_type="text/plain", kind="ancillary")
        yield paths
    finally:
        holdings.clear()
