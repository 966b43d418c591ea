"""Rows per second of every format over HTTP, against PostgreSQL's own ``COPY (FORMAT binary)``.

``python -m benchmarks.tap_stream [--rows 1000000] [--repeat 3]``
"""

import argparse
import http.client
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from benchmarks.serving import serving
from benchmarks.survey import open_survey, psql

FORMATS = ("votable/b2", "votable/b", "arrow", "fits", "parquet", "csv", "tsv", "json", "votable/td")

#: What `FORMATS` should not exceed, as a multiple of the floor.
REACH = {
    "votable/b2": 1.5, "votable/b": 1.5, "arrow": 1.5, "fits": 1.5, "parquet": 2.5,
    "csv": 2.5, "tsv": 2.5, "json": 2.5, "votable/td": 3.3,
}  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """One answer: seconds until its first and its last byte, and its size."""

    first: float
    total: float
    size: int


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args(arguments)
    patient = {"VO_SYNC_TIMEOUT": "600"}
    with open_survey(options.rows) as database, serving(database.state_dir, patient) as server:
        port, url = server.port, database.reader_url
        fetch(port, "csv", 1000)
        floors: list[float] = []
        answers: dict[str, list[Measured]] = {name: [] for name in FORMATS}
        for _ in range(options.repeat):
            # Interleaved, so that a busy machine slows all of them.
            floors.append(copy_seconds(url, options.rows))
            for name in FORMATS:
                answers[name].append(fetch(port, name, options.rows))
    floor = statistics.median(floors)
    print(f"{options.rows} rows x 12 columns; COPY (FORMAT binary) > /dev/null: {floor:.2f} s")
    print(f"{'format':12}{'first byte':>12}{'total':>9}{'rows/s':>12}{'MB':>8}{'x floor':>9}{'reach':>7}")
    for name, found in answers.items():
        total = statistics.median(answer.total for answer in found)
        first = statistics.median(answer.first for answer in found)
        print(
            f"{name:12}{first * 1000:>9.0f} ms{total:>7.2f} s{options.rows / total:>12.0f}"
            f"{found[0].size / 1e6:>8.0f}{total / floor:>9.2f}{REACH[name]:>7}"
        )


def copy_seconds(url: str, rows: int) -> float:
    """Seconds of the same rows by COPY into nothing."""
    command = f"COPY (SELECT * FROM bench.sources LIMIT {rows}) TO STDOUT (FORMAT binary)"
    begun = time.perf_counter()
    subprocess.run([psql(), "-X", "-q", "-d", url, "-c", command], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def fetch(port: int, name: str, rows: int) -> Measured:
    """Ask for ``rows`` sources and read the answer to its end."""
    query = {"LANG": "ADQL", "QUERY": "SELECT * FROM bench.sources", "MAXREC": rows, "RESPONSEFORMAT": name}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    begun = time.perf_counter()
    connection.request("GET", f"/tap/sync?{urlencode(query)}")
    answer = connection.getresponse()
    buffer = memoryview(bytearray(1 << 20))
    size = answer.readinto(buffer[:1])
    first = time.perf_counter() - begun
    while count := answer.readinto(buffer):
        size += count
    total = time.perf_counter() - begun
    connection.close()
    if answer.status != 200:
        raise SystemExit(f"{name}: HTTP {answer.status}: {bytes(buffer[:500])!r}")
    return Measured(first, total, size)


if __name__ == "__main__":
    main()
