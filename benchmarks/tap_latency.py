"""What a small query costs over HTTP with keep-alive, against the same SQL by psycopg2 in the same run.

``python -m benchmarks.tap_latency [--repeat 300]``
"""

import argparse
import http.client
import socket
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import psycopg2

from benchmarks.serving import serving
from benchmarks.survey import open_survey
from tap.adql import translate
from vo_server.catalog import read_catalog

ROWS = 1_000_000
QUERIES = {
    "tap_schema": (
        "SELECT column_name, datatype, unit FROM tap_schema.columns WHERE table_name = 'bench.sources'"
    ),
    "obscore filter": (
        "SELECT TOP 100 obs_id, s_ra, s_dec, t_min FROM ivoa.ObsCore"
        " WHERE dataproduct_type = 'image' AND t_min > 57000"
    ),
    "100 rows of 12": "SELECT TOP 100 * FROM bench.sources",
}
#: Milliseconds that a synchronous query and a trivial job should not exceed.
REACH_SYNC, REACH_JOB = 3.0, 100.0


@dataclass(frozen=True)
class Spread:
    """Milliseconds of many repetitions."""

    median: float
    p99: float


def spread(seconds: Sequence[float]) -> Spread:
    ordered = sorted(seconds)
    return Spread(1000 * statistics.median(ordered), 1000 * ordered[int(0.99 * (len(ordered) - 1))])


def timed(action: Callable[[], object], repeat: int) -> list[float]:
    """Seconds of each call, after a few that do not count."""
    for _ in range(20):
        action()
    found = []
    for _ in range(repeat):
        begun = time.perf_counter()
        action()
        found.append(time.perf_counter() - begun)
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=300)
    options = parser.parse_args(arguments)
    with open_survey(ROWS) as database, serving(database.state_dir) as server:
        with database.owner.connect() as connection:
            catalog = read_catalog(connection)
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        client.connect()
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        direct = psycopg2.connect(database.reader_url)
        direct.autocommit = True
        print(f"{'query':16}{'median':>10}{'p99':>10}{'bare SQL':>10}{'reach':>10}")
        for name, query in QUERIES.items():
            sql = translate(query, catalog).sql
            bare = spread(timed(lambda sql=sql: ask_directly(direct, sql), options.repeat))  # type: ignore[misc]
            served = spread(timed(lambda query=query: ask(client, query), options.repeat))  # type: ignore[misc]
            row = f"{name:16}{served.median:>7.2f} ms{served.p99:>7.2f} ms{bare.median:>7.2f} ms"
            print(f"{row}{REACH_SYNC:>7} ms")
        jobs = spread(timed(lambda: run_job(client), max(10, options.repeat // 10)))
        print(f"{'trivial job':16}{jobs.median:>7.2f} ms{jobs.p99:>7.2f} ms{'':10}{REACH_JOB:>7} ms")
        print(f"50 jobs at once: {fifty_jobs(client):.2f} s (reach 2 s)")
        direct.close()
        client.close()


def ask_directly(connection: "psycopg2.extensions.connection", sql: str) -> None:
    """The same rows without a server between."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        cursor.fetchall()


def ask(client: http.client.HTTPConnection, query: str) -> None:
    """One synchronous query on a connection that stays open."""
    parameters = urlencode({"LANG": "ADQL", "QUERY": query})
    read(client, "GET", f"/tap/sync?{parameters}")


def read(client: http.client.HTTPConnection, method: str, path: str, form: str = "") -> str:
    """The Location of a redirect, or the text of an answer."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    client.request(method, path, form or None, headers)
    answer = client.getresponse()
    body = answer.read()
    if answer.status == 303:
        return urlsplit(answer.headers["Location"]).path
    if answer.status != 200:
        raise SystemExit(f"{path}: HTTP {answer.status}: {body[:500]!r}")
    return body.decode()


def submit(client: http.client.HTTPConnection) -> str:
    form = urlencode({"LANG": "ADQL", "QUERY": "SELECT TOP 1 * FROM bench.sources", "PHASE": "RUN"})
    return read(client, "POST", "/tap/async", form)


def wait(client: http.client.HTTPConnection, job: str) -> None:
    """Until the job has ended: as few requests as WAIT makes possible."""
    while not read(client, "GET", f"{job}/phase").startswith(("COMPLETED", "ERROR")):
        read(client, "GET", f"{job}?WAIT=30")


def run_job(client: http.client.HTTPConnection) -> None:
    """Create, run, wait, fetch the result."""
    job = submit(client)
    wait(client, job)
    read(client, "GET", f"{job}/results/result")
    read(client, "DELETE", job)


def fifty_jobs(client: http.client.HTTPConnection) -> float:
    """Seconds from the first submission to the end of the last of 50 jobs."""
    begun = time.perf_counter()
    jobs = [submit(client) for _ in range(50)]
    for job in jobs:
        wait(client, job)
    seconds = time.perf_counter() - begun
    for job in jobs:
        read(client, "DELETE", job)
    return seconds


if __name__ == "__main__":
    main()
