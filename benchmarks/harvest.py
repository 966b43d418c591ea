"""A harvest of the registry over HTTP, against reading the same records and writing the same XML.

``python -m benchmarks.harvest [--records 10000] [--repeat 3]``. The floor is one cursor over the kept records
plus lxml's serialisation of their trees; parsing them is not counted.
"""

import argparse
import http.client
import re
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import quote

import sqlalchemy as sa
from lxml import etree

from benchmarks.downloads import resident
from benchmarks.ingest_rows import archive
from benchmarks.serving import serving
from registry.archived import Archived
from registry.dublin_core import build_dublin_core
from registry.holdings import Holding
from registry.keeping import Made, keep, looking
from registry.operator import Operator
from registry.publisher import Publisher
from registry.records import all_records
from registry.voresource import build_resource
from vo_server import schemas
from vo_server.archive import REGISTRY_RECORD
from vo_server.db import Database
from vo_server.published import SERVICES, table_services
from vo_server.tables import Catalog

REACH = 1.5  #: times the floor
TOKEN = re.compile(rb"<oai:resumptionToken[^>]*>([^<]+)<")
RECORD = re.compile(rb"<oai:record>")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args(arguments)
    with archive() as database:
        begun = time.perf_counter()
        kept = keep(database.writer, made(database, options.records))
        print(f"{kept} in {time.perf_counter() - begun:.1f} s")
        with untouched(database), serving(database.state_dir, {"VO_WEB": "1"}) as server:
            harvest(server.port)
            before = resident(server.pid)
            reading, writing, harvesting, size = [], [], [], 0
            for _ in range(options.repeat):
                read, written = floor(database)
                reading.append(read)
                writing.append(written)
                seconds, count, size = harvest(server.port)
                harvesting.append(seconds)
                if count < options.records:
                    raise SystemExit(f"{count} records came: there are {options.records}")
            grown = (resident(server.pid) - before) / 1024
        bare = statistics.median(reading) + statistics.median(writing)
        print(f"floor   {statistics.median(reading):.2f} s reading + {statistics.median(writing):.2f} s XML")
        ratio = statistics.median(harvesting) / bare
        print(f"harvest {statistics.median(harvesting):.2f} s for {size / 1e6:.0f} MB over HTTP")
        print(f"{ratio:.2f} of the floor (reach {REACH}); memory grows by {grown:.0f} MB")


def made(database: Database, count: int) -> Iterator[Made]:
    """The records of an archive with so many collections."""
    catalog = Catalog(tuple(schemas.builtin()))
    day = datetime(2026, 1, 1, tzinfo=UTC)
    collections = tuple(
        Holding(
            f"SURVEY-{n:05}",
            products=100 + n,
            types=("image", "spectrum"),
            facilities=("Observatory",),
            instruments=("CAM", "SPEC"),
            published=day,
            changed=day,
            days=((50_000.0 + n, 50_100.0 + n),),
            wavelengths=((4e-7, 9e-7),),
        )
        for n in range(count)
    )
    cells = {
        holding.name: "6/" + " ".join(map(str, range(n, n + 300, 3))) for n, holding in enumerate(collections)
    }
    archived = Archived(catalog, Holding("", 0), collections, cells=cells)
    publisher = Publisher(Operator(), database.settings)
    for resource in all_records(publisher, archived, SERVICES, table_services):
        yield Made(
            resource.identifier, build_resource(resource, database.settings), build_dublin_core(resource)
        )


@contextmanager
def untouched(database: Database) -> Iterator[None]:
    """Keep the server from making the records those of its archive, which is empty."""
    with looking(database.writer, wait=True):
        yield


def floor(database: Database) -> tuple[float, float]:
    """Seconds of one cursor over all records, and of writing their XML."""
    select = sa.select(REGISTRY_RECORD).order_by(REGISTRY_RECORD.c.updated, REGISTRY_RECORD.c.identifier)
    reading = writing = 0.0
    with database.writer.connect() as connection:
        begun = time.perf_counter()
        rows = connection.execution_options(yield_per=500).execute(select)
        for part in rows.partitions():
            reading += time.perf_counter() - begun
            trees = [etree.fromstring(row.ivo_vor) for row in part]
            begun = time.perf_counter()
            for tree in trees:
                etree.tostring(tree)
            writing += time.perf_counter() - begun
            begun = time.perf_counter()
    return reading, writing


def harvest(port: int) -> tuple[float, int, int]:
    """Seconds, records and bytes of a whole harvest."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    begun = time.perf_counter()
    count = size = 0
    query: str | None = "metadataPrefix=ivo_vor"
    while query:
        client.request("GET", f"/oai?verb=ListRecords&{query}")
        answer = client.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise SystemExit(f"HTTP {answer.status}")
        count += len(RECORD.findall(content))
        size += len(content)
        token = TOKEN.search(content[-2000:])
        query = f"resumptionToken={quote(token[1].decode())}" if token else None
    client.close()
    return time.perf_counter() - begun, count, size


if __name__ == "__main__":
    main()
