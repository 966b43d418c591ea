"""What a small query costs as its tables grow to four and sixteen times their size.

``python -m benchmarks.tap_scaling [--sources 500000] [--products 12500]``; the answers keep their size,
because the cones shrink as the tables grow: so the time should hardly grow. At the end, the seconds that
PostgreSQL takes for each unit of the cost that it expects, which is what the query advisor reckons with.
"""

import argparse
import http.client
import json
import math
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg2
import sqlalchemy as sa

from benchmarks.ingest_rows import archive
from benchmarks.peer import data
from benchmarks.peer.ours import document, load_obscore
from benchmarks.serving import serving
from benchmarks.tap_latency import ask, ask_directly, spread, timed
from ingest.catalogue import publish
from tap.adql import translate
from vo_server.catalog import read_catalog
from vo_server.db import Database

#: How many times the first size.
FACTORS = (1, 4, 16)


def queries(factor: int) -> dict[str, str]:
    """Queries whose answer is as long whatever the factor."""
    radius = 1.0 / math.sqrt(factor)
    cone = f"CIRCLE({{}}, {{}}, {radius!r})"
    return {
        "cone of sources": "SELECT * FROM bench.sources"
        f" WHERE 1=CONTAINS(POINT(ra, dec), {cone.format(120, 30)})",
        "cone of footprints": "SELECT dp_id, s_ra, s_dec FROM ivoa.ObsCore"
        f" WHERE 1=INTERSECTS(s_region, {cone.format(200, -40)})",
        "ObsCore filter": "SELECT TOP 100 obs_id, t_min FROM ivoa.ObsCore"
        " WHERE t_min BETWEEN 58010 AND 58110 AND instrument_name = 'MUSE'",
        "tap_schema": "SELECT column_name, unit FROM tap_schema.columns WHERE table_name = 'bench.sources'",
    }


#: Queries that read all of a table, for the seconds of a unit of cost.
HEAVY = {
    "scan": "SELECT COUNT(*) FROM bench.sources WHERE g_mag + bp_rp < 3",
    "groups": "SELECT n_obs, AVG(parallax) FROM bench.sources GROUP BY n_obs",
    "sort": "SELECT TOP 10 * FROM bench.sources ORDER BY pmra",
    "distances": "SELECT COUNT(*) FROM bench.sources WHERE DISTANCE(ra, dec, dec, dec) < 1",
    "join": "SELECT COUNT(*) FROM (SELECT TOP 500 s_ra FROM ivoa.ObsCore) AS a"
    " JOIN ivoa.ObsCore AS b ON a.s_ra + b.s_dec < b.s_ra - 359",
}


@dataclass(frozen=True)
class Answered:
    """Milliseconds of a query over HTTP and of its SQL alone, and how many rows the database gave."""

    milliseconds: float
    bare: float
    rows: int


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, default=500_000)
    parser.add_argument("--products", type=int, default=12_500)
    parser.add_argument("--repeat", type=int, default=200)
    options = parser.parse_args(arguments)
    found: dict[str, list[Answered]] = {}
    with archive() as database:
        for factor in FACTORS:
            fill(database, options.sources * factor, options.products * factor)
            for name, answered in measure(database, factor, options.repeat).items():
                found.setdefault(name, []).append(answered)
        report(found)
        for name, unit in costs(database).items():
            print(f"{name:20} {unit:.1e} s for each unit of cost")


def fill(database: Database, sources: int, products: int) -> None:
    """So many rows in the place of those that were there."""
    with TemporaryDirectory(prefix="vo-bench-") as name:
        directory = Path(name)
        data.write(directory, sources, products)
        publish(document(), directory / "sources.parquet", database)
        with database.owner.begin() as connection:
            connection.execute(sa.text("TRUNCATE ivoa.obscore"))
        load_obscore(database, directory / "obscore.parquet")
    with database.owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM ANALYZE bench.sources, ivoa.obscore"))


@contextmanager
def connected(state_dir: Path) -> Iterator[http.client.HTTPConnection]:
    """A server of the archive, and a connection to it that is kept."""
    with serving(state_dir) as server:
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        client.connect()
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield client
        client.close()


def measure(database: Database, factor: int, repeat: int) -> dict[str, Answered]:
    """Each query's median over HTTP."""
    with database.owner.connect() as connection:
        catalog = read_catalog(connection)
        sql = {name: translate(query, catalog).sql for name, query in queries(factor).items()}
        rows = {
            name: len(connection.exec_driver_sql(text.replace("%", "%%")).all()) for name, text in sql.items()
        }
    direct = psycopg2.connect(database.reader_url)
    direct.autocommit = True
    bare = {
        name: spread(timed(lambda text=text: ask_directly(direct, text), repeat)).median  # type: ignore[misc]
        for name, text in sql.items()
    }
    direct.close()
    with connected(database.state_dir) as client:
        return {
            name: Answered(
                spread(timed(lambda query=query: ask(client, query), repeat)).median,  # type: ignore[misc]
                bare[name],
                rows[name],
            )
            for name, query in queries(factor).items()
        }


def costs(database: Database) -> dict[str, float]:
    """Seconds for each unit of PostgreSQL's cost, of queries that read everything."""
    found = {}
    with database.owner.connect() as connection:
        catalog = read_catalog(connection)
        for name, query in HEAVY.items():
            sql = translate(query, catalog).sql.replace("%", "%%")
            text = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {sql}").scalar_one()
            plan = json.loads(text) if isinstance(text, str) else text
            begun = time.perf_counter()
            connection.exec_driver_sql(sql).all()
            found[name] = (time.perf_counter() - begun) / plan[0]["Plan"]["Total Cost"]
    return found


def report(found: dict[str, list[Answered]]) -> None:
    """A line a query: milliseconds, those of the SQL alone, and rows at each size."""
    print(f"{'query':20}" + "".join(f"{f'{factor}x':>26}" for factor in FACTORS))
    for name, answers in found.items():
        cells = (f"{a.milliseconds:>8.2f} ms ({a.bare:.2f}){a.rows:>4} rows" for a in answers)
        print(f"{name:20}" + "".join(f"{cell:>26}" for cell in cells))


if __name__ == "__main__":
    main()
