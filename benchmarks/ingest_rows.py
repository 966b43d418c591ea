"""Rows of ObsCore from mapped values into the database, against bare COPY of the same rows in the same run.

``python -m benchmarks.ingest_rows [--rows 100000]``; the floor is COPY of ready CSV, no indexes.
"""

import argparse
import io
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv as csv
import sqlalchemy as sa
from astropy.io import fits

from ingest.collections import presets
from ingest.copy import PIECE, copy, to_arrow
from ingest.fitsfile import FitsFile, Hdu
from ingest.hidden import with_hidden_columns
from ingest.load import upsert
from ingest.mapping import choose
from vo_server import schemas
from vo_server.config import Settings
from vo_server.db import Database, migrate, open_database
from vo_server.tables import Table

CARDS = {
    "PRODCATG": "SCIENCE.SPECTRUM", "ORIGIN": "ESO", "TELESCOP": "ESO-VLT-U2", "INSTRUME": "UVES",
    "OBJECT": "HD 1",
    "RA": 10.0, "DEC": -20.0, "RADESYS": "ICRS", "EXPTIME": 100.0, "TEXPTIME": 100.0, "MJD-OBS": 60000.0,
    "MJD-END": 60000.01, "PROG_ID": "110.23XY.001", "OBID1": 4000123, "NCOMBINE": 1, "OBSTECH": "ECHELLE",
    "FLUXCAL": "ABSOLUTE", "WAVELMIN": 400.0, "WAVELMAX": 700.0, "SPEC_RES": 40000.0, "SNR": 30.0,
    "APERTURE": 3e-4,
    "P3ORIG": "IDP", "PROV1": "UVES.2023-02-25T06:00:00.000.fits", "TITLE": "A spectrum",
}  # fmt: skip


def header(number: int) -> FitsFile:
    """A header that was read."""
    text = fits.Header(
        {"SIMPLE": True, "BITPIX": 8, "NAXIS": 0, **CARDS, "OBJECT": f"HD {number}"}
    ).tostring()
    hdu, _ = Hdu.parse(0, text.encode("ascii"))
    return FitsFile(f"/data/{number}.fits", f"{number}.fits", (hdu,))


def mapping_rate(files: Sequence[FitsFile]) -> float:
    """Files a second, one process, from headers to rows; the region's shape is computed and checked too."""
    start = time.perf_counter()
    for file in files:
        mapping = choose(presets(), file)
        if mapping is None:
            raise SystemExit("no mapping matches the header")
        mapping.apply(file)
    return len(files) / (time.perf_counter() - start)


def mapped_rows(count: int) -> Iterator[dict[str, Any]]:
    """Rows as a mapping makes them: images of 0.2 degrees all over the sky."""
    rng = np.random.default_rng(1)
    ra = rng.uniform(0, 360, count)
    dec = np.degrees(np.arcsin(rng.uniform(-0.99, 0.99, count)))
    for number, (lon, lat) in enumerate(zip(ra.tolist(), dec.tolist(), strict=True)):
        half, wide = 0.1, 0.1 / np.cos(np.radians(lat))
        corners = [(lon + i * wide) % 360 for i in (1, 1, -1, -1)]
        lats = [lat + i * half for i in (1, -1, -1, 1)]
        region = " ".join(f"{float(x)!r} {float(y)!r}" for x, y in zip(corners, lats, strict=True))
        start = 58000.0 + number * 0.01
        dp_id = f"ADP.BENCH.{number:09}"
        yield {
            "dataproduct_type": "image", "dataproduct_subtype": "tile", "calib_level": 3,
            "obs_collection": "BENCH", "obs_id": str(4_000_000 + number // 3), "dp_id": dp_id,
            "obs_publisher_did": f"ivo://bench/ID?{dp_id}", "obs_creator_did": f"ivo://bench/origfile?{number}",
            "access_url": f"http://127.0.0.1/datalink/links?ID=ivo%3A%2F%2Fbench%2FID%3F{dp_id}",
            "access_format": "application/x-votable+xml;content=datalink",
            "access_estsize": 8000 + number % 999,
            "target_name": f"field {number % 5000}", "s_ra": lon, "s_dec": lat, "s_fov": 0.2828,
            "s_region": f"POLYGON ICRS {region}", "s_resolution": 0.8, "s_pixel_scale": 0.34, "s_xel1": 2100,
            "s_xel2": 2100, "t_min": start, "t_max": start + 0.005, "t_exptime": 400.0, "t_resolution": 432.0,
            "t_xel": 1, "em_min": 1.99e-6, "em_max": 2.31e-6, "em_res_power": 6.7, "em_xel": 1,
            "o_ucd": "phot.count", "o_calib_status": "absolute", "facility_name": "VISTA",
            "instrument_name": "VIRCAM", "proposal_id": f"179.B-{number % 2000:04}(A)", "filter": "Ks",
            "obs_title": f"BENCH field {number % 5000} Ks", "abmaglim": 21.5, "gal_lon": lon, "gal_lat": lat,
            "multi_ob": "S", "n_obs": 6, "obstech": "IMAGE,JITTER", "p3orig": "EDP",
        }  # fmt: skip


@contextmanager
def archive() -> Iterator[Database]:
    """A new archive, removed afterwards."""
    directory = Path(tempfile.mkdtemp(prefix="vo-bench-", dir="/var/tmp"))
    directory.chmod(0o755)
    try:
        with open_database(Settings.load(state_dir=directory / "state")) as database:
            migrate(database)
            yield database
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def measure(database: Database, rows: list[dict[str, Any]]) -> dict[str, float]:
    """Seconds of each step."""
    relation = schemas.metadata(schemas.builtin()).tables["ivoa.obscore"]
    table: Table = next(t for s in schemas.builtin() for t in s.tables if t.name == "ivoa.ObsCore")
    names = [column.name for column in relation.columns]
    seconds = {}
    with database.owner.begin() as connection:
        connection.exec_driver_sql("CREATE TEMPORARY TABLE stage_obscore (LIKE ivoa.obscore) ON COMMIT DROP")
        connection.exec_driver_sql("CREATE TEMPORARY TABLE floor (LIKE ivoa.obscore) ON COMMIT DROP")
        start = time.perf_counter()
        pieces = (rows[i : i + PIECE] for i in range(0, len(rows), PIECE))
        tables = (to_arrow(relation, names, with_hidden_columns(table, piece)) for piece in pieces)
        copy(connection, "stage_obscore", tables)
        seconds["mapped rows into staging (shapes, pixels, COPY)"] = time.perf_counter() - start
        data = to_arrow(relation, names, with_hidden_columns(table, rows))
        buffer = io.BytesIO()
        csv.write_csv(data, buffer, csv.WriteOptions(include_header=False, quoting_style="needed"))
        buffer.seek(0)
        start = time.perf_counter()
        driver = connection.connection.driver_connection
        if driver is None:
            raise sa.exc.InvalidRequestError("closed")
        with driver.cursor() as cursor:
            cursor.copy_expert(f"COPY floor ({','.join(names)}) FROM STDIN (FORMAT csv)", buffer)
        seconds["floor: bare COPY of the same rows as ready CSV"] = time.perf_counter() - start
        start = time.perf_counter()
        upsert(connection, relation)
        seconds["upsert from staging into ivoa.obscore with its indexes"] = time.perf_counter() - start
    return seconds


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--headers", type=int, default=2_000)
    options = parser.parse_args(arguments)
    files = [header(number) for number in range(options.headers)]
    print(f"{'headers to mapped rows, one process':58} {mapping_rate(files):>10,.0f} rows/s")
    rows = list(mapped_rows(options.rows))
    with archive() as database:
        for what, seconds in measure(database, rows).items():
            print(f"{what:58} {options.rows / seconds:>10,.0f} rows/s")


if __name__ == "__main__":
    main()
