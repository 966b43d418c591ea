"""PostgreSQL and DuckDB with the same rows: scans, cones, streams, and how soon a cancelled query is over.

``python -m benchmarks.engines [--rows 1000000] [--repeat 5]``
"""

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.survey import open_survey
from tap.adql import understand
from vo_server import snapshots
from vo_server.catalog import read_catalog
from vo_server.engine import Engine, PostgresEngine, Statement
from vo_server.engine.duck import DuckEngine
from vo_server.engine.holdings import ListedTables
from vo_server.errors import VoError
from vo_server.progress import silent
from vo_server.snapshot_tables import make_snapshots
from vo_server.tables import Catalog

TABLE = "bench.sources"
QUESTIONS = {
    "count of a range": f"SELECT COUNT(*) AS n FROM {TABLE} WHERE ra BETWEEN 100 AND 120",
    "averages of 60 groups": f"SELECT n_obs, COUNT(*) AS n, AVG(g_mag) AS m FROM {TABLE} GROUP BY n_obs",
    "cone of 0.1 deg": f"SELECT * FROM {TABLE} WHERE CONTAINS(POINT(ra, dec), CIRCLE(120, 10, 0.1)) = 1",
    "cone of 10 deg": f"SELECT COUNT(*) AS n FROM {TABLE} WHERE DISTANCE(ra, dec, 120, 10) < 10",
    "sort, first 10": f"SELECT TOP 10 ra, dec FROM {TABLE} ORDER BY dec DESC",
    "all rows": f"SELECT * FROM {TABLE}",
}
#: Runs for minutes.
ENDLESS = f"SELECT COUNT(*) AS n FROM {TABLE} AS a, {TABLE} AS b WHERE a.ra + b.ra < 0"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args(arguments)
    with open_survey(options.rows) as database, tempfile.TemporaryDirectory() as temporary:
        begun = time.perf_counter()
        (made,) = make_snapshots(database, [TABLE], silent)
        seconds = time.perf_counter() - begun
        print(f"snapshot: {made.rows / seconds:.0f} rows/s, {made.size / made.rows:.1f} bytes a row")
        tables = ListedTables(database.writer, database.state_dir)
        root = snapshots.root(database.state_dir)
        with database.owner.connect() as connection:
            catalog = read_catalog(connection)
        engines: list[Engine] = [
            PostgresEngine(database.reader_url, timeout=600),
            DuckEngine(tables, root, Path(temporary), timeout=600),
        ]
        print(f"{made.rows} rows{'':24}{'PostgreSQL':>12}{'DuckDB':>12}{'ratio':>8}")
        for title, question in QUESTIONS.items():
            compare(title, question, catalog, engines, options.repeat)
        cancels = [statistics.median(cancel_seconds(engine, catalog) for _ in range(5)) for engine in engines]
        tell("cancelled, over after", cancels)
        for engine in engines:
            engine.close()


def compare(title: str, question: str, catalog: Catalog, engines: Sequence[Engine], repeat: int) -> None:
    """Measure a question on each engine, one after the other, so that a busy machine slows both."""
    found: list[list[float]] = [[] for _ in engines]
    counts = set()
    translation = understand(question, catalog)
    for _ in range(repeat):
        for engine, seconds in zip(engines, found, strict=True):
            begun = time.perf_counter()
            counts.add(read(engine, translation.statement(engine.dialect)))
            seconds.append(time.perf_counter() - begun)
    if len(counts) != 1:
        raise SystemExit(f"{title}: the engines gave {counts} rows")
    tell(title, [statistics.median(seconds) for seconds in found])


def read(engine: Engine, statement: Statement) -> int:
    """Read an answer to its end; its rows."""
    with engine.execute(statement) as result:
        return sum(batch.num_rows for batch in result.batches)


def cancel_seconds(engine: Engine, catalog: Catalog) -> float:
    """From the order to stop until the thread that waits for the query has its error."""
    statement = understand(ENDLESS, catalog).statement(engine.dialect)
    ended = [0.0]

    def run() -> None:
        try:
            engine.execute(statement, query_id="endless")
        except VoError:
            ended[0] = time.perf_counter()

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.5)
    begun = time.perf_counter()
    engine.cancel("endless")
    thread.join()
    return ended[0] - begun


def tell(title: str, seconds: Sequence[float]) -> None:
    one, other = seconds
    print(f"{title:30}{1000 * one:>9.1f} ms{1000 * other:>9.1f} ms{one / other:>8.2f}")


if __name__ == "__main__":
    main()
