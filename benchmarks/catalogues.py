"""A catalogue from FITS to a TAP table with its indexes, against bare COPY of the same rows in the same run.

``python -m benchmarks.catalogues [--rows 10000000] [--repeat 1]``; the floor is COPY of ready bytes into a
new table of the same columns without indexes: in PostgreSQL's binary form, which is read fastest, and as CSV.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import sqlalchemy as sa
from astropy.io import fits
from numpy.typing import NDArray

from benchmarks.ingest_rows import archive
from ingest.phase3.catalogues import Naming, stage, take_place, withdraw
from vo_server.db import Database

NAMING = Naming("BENCH", "DR1")
TABLE = "bench.dr1_bench"
PIECE = 500_000
MB = 1e6
#: TTYPE, TFORM, TUNIT, TUCD.
COLUMNS = (
    ("SOURCEID", "K", "", "meta.id;meta.main"),
    ("RA2000", "D", "deg", "pos.eq.ra;meta.main"),
    ("DEC2000", "D", "deg", "pos.eq.dec;meta.main"),
    ("NAME", "16A", "", "meta.id"),
    ("YMAG", "E", "mag", "phot.mag;em.IR.NIR"),
    ("YERR", "E", "mag", "stat.error;phot.mag;em.IR.NIR"),
    ("JMAG", "E", "mag", "phot.mag;em.IR.J"),
    ("JERR", "E", "mag", "stat.error;phot.mag;em.IR.J"),
    ("KMAG", "E", "mag", "phot.mag;em.IR.K"),
    ("KERR", "E", "mag", "stat.error;phot.mag;em.IR.K"),
    ("EPOCH", "D", "d", "time.epoch"),
    ("FLAGS", "J", "", "meta.code.qual"),
)


def rows_of(start: int, count: int) -> NDArray[np.void]:
    """Sources all over the sky; a tenth of the magnitudes in Y is missing."""
    rng = np.random.default_rng(start)
    forms = {"K": ">i8", "D": ">f8", "E": ">f4", "J": ">i4", "16A": "S16"}
    rows = np.zeros(count, [(name, forms[form]) for name, form, _, _ in COLUMNS])
    rows["SOURCEID"] = np.arange(start, start + count)
    rows["RA2000"], rows["DEC2000"] = (
        rng.uniform(0, 360, count),
        np.degrees(np.arcsin(rng.uniform(-1, 1, count))),
    )
    rows["NAME"] = np.char.add(b"BENCH ", np.arange(start, start + count).astype("S10"))
    for band in "YJK":
        rows[f"{band}MAG"] = rng.uniform(10, 21, count)
        rows[f"{band}ERR"] = rng.exponential(0.05, count)
    rows["YMAG"][rng.random(count) < 0.1] = np.nan
    rows["EPOCH"], rows["FLAGS"] = rng.uniform(55_000, 60_000, count), rng.integers(0, 255, count)
    return rows


def write_catalogue(path: Path, count: int) -> None:
    """A catalogue as a provider delivers it."""
    primary = fits.PrimaryHDU()
    primary.header["PRODCATG"], primary.header["OBJECT"] = "SCIENCE.CATALOG", "A benchmark"
    table = fits.BinTableHDU(rows_of(0, 1), name="PHASE3CATALOG")
    table.header["NAXIS2"] = count
    for number, (_, _, unit, ucd) in enumerate(COLUMNS, 1):
        table.header[f"TUNIT{number}"], table.header[f"TUCD{number}"] = unit, ucd
        table.header[f"TCOMM{number}"] = f"Column {number}"
    with path.open("wb") as file:
        for header in (primary.header, table.header):
            file.write(header.tostring().encode("ascii"))
        size = 0
        for start in range(0, count, PIECE):
            size += file.write(rows_of(start, min(PIECE, count - start)).tobytes())
        file.write(bytes(-size % 2880))


def private_memory() -> float:
    """MB of this process that are no pages of mapped files."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def raw_copy(connection: sa.Connection, sql: str, path: Path, mode: str) -> None:
    """COPY to or from a file of ours."""
    driver = connection.connection.driver_connection
    if driver is None:
        raise sa.exc.InvalidRequestError("the connection is closed")
    with driver.cursor() as cursor, path.open(mode) as file:
        cursor.copy_expert(sql, file, 1 << 18)


def floor(database: Database, form: str, path: Path) -> float:
    """Seconds of a bare COPY of the rows into an empty table of the same columns."""
    with database.owner.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS public.floor")
        connection.exec_driver_sql(f"CREATE TABLE public.floor (LIKE {TABLE})")
        start = time.perf_counter()
        raw_copy(connection, f"COPY public.floor FROM STDIN (FORMAT {form})", path, "rb")
    return time.perf_counter() - start


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeat", type=int, default=1)
    options = parser.parse_args(arguments)
    with archive() as database:
        directory = database.state_dir
        path = directory / "bench.fits"
        write_catalogue(path, options.rows)
        print(f"{options.rows:,} rows of {len(COLUMNS)} columns, {path.stat().st_size / MB:,.0f} MB of FITS")
        for _ in range(options.repeat):
            measure(database, path)


def measure(database: Database, path: Path) -> None:
    """Publish once, COPY the same rows back in both forms, and say how they compare."""
    most = before = private_memory()

    begun: dict[str, float] = {}

    def watch(done: int, total: int | None, what: str) -> None:
        nonlocal most
        most = max(most, private_memory())
        begun.setdefault(what.split()[0], time.perf_counter())

    start = time.perf_counter()
    with stage([path], NAMING, database, watch) as staged:
        ready = time.perf_counter()
        with database.owner.begin() as connection:
            take_place(connection, staged)
        took, rows = time.perf_counter() - start, staged.tables[0].rows
    copied = begun["indexing"] - begun["publishing"]
    indexed = ready - begun["indexing"]
    print(
        f"published in {took:.1f} s ({rows / took:,.0f} rows/s): rows {copied:.1f} s, indexes {indexed:.1f} s"
    )
    print(f"memory of its own grew by {most - before:.0f} MB")
    for form in ("binary", "csv"):
        copy = path.with_suffix(f".{form}")
        with database.owner.begin() as connection:
            raw_copy(connection, f"COPY {TABLE} TO STDOUT (FORMAT {form})", copy, "wb")
        least = floor(database, form, copy)
        print(f"floor, COPY of ready {form}: {least:.1f} s: {took / least:.2f} times the floor")
        copy.unlink()
    with database.owner.begin() as connection:
        withdraw(connection, TABLE)


if __name__ == "__main__":
    main()
