"""How much memory a process takes more while it sends a long result in each format.

``python -m benchmarks.tap_memory [--rows 5000000] [--bound] [--url postgresql://...] [FORMAT ...]``

Every format is measured in a process of its own: engine, read-ahead and writer, without HTTP.
"""

import argparse
import resource
import subprocess
import sys
from collections.abc import Sequence

from benchmarks.survey import open_survey
from vo_server.engine import PostgresEngine, Statement
from vo_server.formats import FORMATS, Head

#: Rows of 12 columns without a table; a series in FROM would be stored before its first row.
SERIES = """
SELECT x AS source_id, x * 0.36::float8 AS ra, x * 0.1::float8 AS dec, x * 0.5::real AS parallax,
       x * 0.25::real AS pmra, x * 0.125::real AS pmdec, x * 2::real AS g_mag,
       CASE WHEN x % 20 = 0 THEN NULL ELSE x::real END AS bp_rp, 'BS ' || x AS name,
       x + 0.1::float8 AS obs_time, x::int AS n_obs, (x % 4096)::smallint AS flags
FROM (SELECT generate_series(1, $1::bigint) AS x) AS series
"""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--url", help="libpq URI of a database; unset means the benchmarks' own")
    parser.add_argument("--bound", action="store_true", help="bind a value: read a cursor instead of COPY")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("formats", nargs="*", default=[name for name in FORMATS if name != "html"])
    options = parser.parse_args(arguments)
    if options.one:
        print(f"{growth(options.url, options.one, options.rows, options.bound):.1f}")
    elif options.url:
        report(options.url, options.formats, options.rows, options.bound)
    else:
        with open_survey(0) as database:
            report(database.reader_url, options.formats, options.rows, options.bound)


def report(url: str, names: Sequence[str], rows: int, is_bound: bool) -> None:
    print(f"{rows} rows x 12 columns: MB of memory more than for 1000 rows (reach: 100)")
    for name in names:
        print(f"{name:12}{measured_growth(url, name, rows, is_bound):>8.1f}", flush=True)


def measured_growth(url: str, name: str, rows: int, is_bound: bool = False) -> float:
    """`growth` in a fresh process."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.tap_memory",
        "--url",
        url,
        "--rows",
        str(rows),
        "--one",
        name,
    ]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def growth(url: str, name: str, rows: int, is_bound: bool) -> float:
    """MB by which the peak of this process grows from a short result to one of ``rows`` rows."""
    engine = PostgresEngine(url, connections=1, timeout=600)
    send(engine, name, 1000, is_bound)
    before = peak()
    send(engine, name, rows, is_bound)
    engine.close()
    return peak() - before


def send(engine: PostgresEngine, name: str, rows: int, is_bound: bool) -> None:
    statement = Statement(SERIES, (rows,)) if is_bound else Statement(SERIES.replace("$1", str(rows)))
    with engine.execute(statement) as result:
        for _ in FORMATS[name].write(result.columns, result.batches, None, Head()):
            pass


def peak() -> float:
    """The most memory that this process had so far, in MB."""
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes / (1e6 if sys.platform == "darwin" else 1e3)


if __name__ == "__main__":
    main()
