"""Products for tests, put into the session's database and taken out again."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ingest.activities import Activity
from ingest.lineage import find_entities, remove, store_activities
from vo_server import schemas
from vo_server.archive import ASSOCIATION, CALIBRATION, FILE, GENERATION, PROVENANCE
from vo_server.config import Settings
from vo_server.sky import Region, box_literal, box_of, format_stcs, hpx, shape_literal, shape_of

COLLECTION = "TEST-COLLECTION"


class Holdings:
    """What one test module puts into the archive.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        Of the owner.
    """

    def __init__(self, engine: sa.Engine, settings: Settings) -> None:
        self.engine = engine
        self.settings = settings
        self.obscore = schemas.metadata(schemas.builtin()).tables["ivoa.obscore"]
        self.dp_ids: set[str] = set()

    def did(self, dp_id: str) -> str:
        """The publisher's identifier of a file."""
        return f"ivo://{self.settings.authority}/ID?{dp_id}"

    def product(self, dp_id: str, region: Region | None = None, **values: Any) -> None:
        """Put a row into ObsCore; ``values`` are columns, ``region`` is the footprint."""
        row: dict[str, Any] = {
            "dataproduct_type": "image",
            "calib_level": 2,
            "obs_collection": COLLECTION,
            "obs_id": dp_id,
            "obs_publisher_did": self.did(dp_id),
            "dp_id": dp_id,
            "access_url": f"{self.settings.root_url}/datalink/links?ID={self.did(dp_id)}",
            "access_format": "application/x-votable+xml;content=datalink",
            **values,
        }
        if region is not None:
            shape = shape_of(region)
            row |= {
                "s_region": format_stcs(region),
                "s_shape": sa.text(f"'{shape_literal(shape)}'::float8[]"),
                "s_box": sa.text(f"'{box_literal(box_of(shape))}'::cube"),
            }
        if "s_ra" in values:
            row["hpx"] = int(hpx(values["s_ra"], values["s_dec"]))
        self._insert(self.obscore, [row], dp_id)

    def file(self, dp_id: str, path: Path, **values: Any) -> None:
        """Register a file of the archive as ingest would; ``values`` are columns of archive.file."""
        # The digest is a name here, as good as any: nothing reads the whole file.
        state = path.stat() if path.exists() else None
        row = {
            "kind": "product",
            "category": "SCIENCE.IMAGE",
            "collection": COLLECTION,
            "origfile": path.name,
            "url": path.as_uri(),
            "size": state.st_size if state else 1,
            "sha256": f"{abs(hash(dp_id)):064x}"[-64:],
            "md5": "0" * 32,
            "media_type": "application/fits",
            "release_date": None,
            "ingested": datetime.now(UTC),
            "modified": datetime.now(UTC),
            "mtime_ns": state.st_mtime_ns if state else 0,
            **values,
        }
        self._insert(FILE, [{"dp_id": dp_id, **row}], dp_id)
        self._find_entities(dp_id)

    def provenance(self, dp_id: str, progenitors: Iterable[str]) -> None:
        """Say what a product was made from (PROVi)."""
        rows = [
            {"dp_id": dp_id, "pos": n, "progenitor": name, "entity": name}
            for n, name in enumerate(progenitors, 1)
        ]
        self._insert(PROVENANCE, rows, dp_id)
        self._find_entities(dp_id)

    def activity(
        self, dp_ids: Iterable[str], activities: Sequence[Activity], role: str | None = None
    ) -> None:
        """Say which recipes products went through, the first one first."""
        rows = [
            {"dp_id": dp_id, "step": step, "activity_id": each.identifier(dp_id), "category": role}
            for dp_id in dp_ids
            for step, each in enumerate(reversed(activities))
        ]
        with self.engine.begin() as connection:
            connection.execute(sa.insert(GENERATION), rows)
            for dp_id in dp_ids:
                for each in activities:
                    store_activities(connection, {each.identifier(dp_id): each})
        for dp_id in dp_ids:
            self.dp_ids.add(dp_id)
            self._find_entities(dp_id)

    def _find_entities(self, dp_id: str) -> None:
        with self.engine.begin() as connection:
            find_entities(connection, [dp_id])

    def association(self, dp_id: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Say which files belong to a product (ASSONi, ASSOCi)."""
        self._insert(ASSOCIATION, [{"dp_id": dp_id, "pos": n, **row} for n, row in enumerate(rows, 1)], dp_id)

    def calibrations(self, dp_id: str, mode: str, rows: Iterable[tuple[str, str | None]]) -> None:
        """Say which files a file is to be calibrated with, each with its tag."""
        found = [
            {"dp_id": dp_id, "mode": mode, "pos": n, "calibration": name, "category": tag}
            for n, (name, tag) in enumerate(rows, 1)
        ]
        self._insert(CALIBRATION, found, dp_id)

    def clear(self) -> None:
        """Take everything out again."""
        with self.engine.begin() as connection:
            remove(connection, sorted(self.dp_ids))
            for table in (self.obscore, FILE, ASSOCIATION, CALIBRATION):
                connection.execute(sa.delete(table).where(table.c.dp_id.in_(self.dp_ids)))

    def _insert(self, table: sa.Table, rows: list[dict[str, Any]], dp_id: str) -> None:
        with self.engine.begin() as connection:
            for row in rows:
                connection.execute(sa.insert(table).values(**row))
        self.dp_ids.add(dp_id)
