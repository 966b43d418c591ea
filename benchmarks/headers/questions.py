"""What astronomers and operators ask of the store, and how long the answers take."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import sqlalchemy as sa

from vo_server import snapshots
from vo_server.db import Database
from vo_server.headers.database import read_headers
from vo_server.headers.lines import CARD
from vo_server.headers.snapshot import TABLE

REPEAT = 7
#: Question over everything -> its WHERE; answers are files.
OVER_ALL = {
    "one keyword range": "keyword = 'TEL.AIRM.START' AND value_n BETWEEN 1.2 AND 1.2005",
    "one keyword equal": "keyword = 'ORIGFILE' AND value_s = 'UVES_000000010.fits'",
    "keyword present anywhere": "keyword = 'NOSUCH.KEYWORD'",
}
BOTH = (
    "SELECT a.dp_id FROM keyword AS a JOIN keyword AS b ON b.dp_id = a.dp_id"
    " WHERE a.keyword = 'TEL.AIRM.START' AND a.value_n BETWEEN 1.2 AND 1.21"
    " AND b.keyword = 'EXPTIME' AND b.value_n > 300"
)


@dataclass(frozen=True)
class Answer:
    """Median milliseconds, and rows of the answer."""

    milliseconds: float
    rows: int


def ask(database: Database) -> dict[str, Answer]:
    """Every question, some times over."""
    with database.owner.connect() as connection:
        files = [
            str(snapshots.root(database.state_dir) / file.path)
            for file in snapshots.live_files(connection, TABLE)
        ]
        connection.execute(sa.text("ANALYZE archive.header"))
        query = sa.text("SELECT dp_id FROM archive.header WHERE hdu = 0 ORDER BY random() LIMIT :n")
        dp_ids = list(connection.scalars(query, {"n": REPEAT}))
    with duckdb.connect() as engine:
        # As in a server that runs: the places of row groups are read once.
        engine.execute("SET parquet_metadata_cache = true")
        listed = ", ".join(f"'{file}'" for file in files)
        engine.execute(f"CREATE VIEW keyword AS SELECT * FROM read_parquet([{listed}])")
        queries = {
            name: f"SELECT dp_id, hdu, pos, value_n, value_s FROM keyword WHERE {where}"
            for name, where in OVER_ALL.items()
        }
        queries["two keywords AND"] = BOTH
        found = {
            name: _median(lambda number, sql=sql: len(engine.execute(sql).fetchall()))  # type: ignore[misc]
            for name, sql in queries.items()
        }
    with database.owner.connect() as connection:
        whole = sa.text("SELECT * FROM header.keyword WHERE dp_id = :dp_id")
        found["all of one file, rows by SQL"] = _median(
            lambda number: len(connection.execute(whole, {"dp_id": dp_ids[number]}).all())
        )
        found["all of one file, text to the byte"] = _median(
            lambda number: _cards(connection, dp_ids[number])
        )
    return found


def _cards(connection: sa.Connection, dp_id: str) -> int:
    """Number of cards in the text of a file's headers."""
    return sum(len(header.text()) // CARD for _, header in read_headers(connection, dp_id))


def _median(question: Callable[[int], int]) -> Answer:
    rows = question(0)
    seconds = []
    for number in range(REPEAT):
        start = time.perf_counter()
        rows = question(number)
        seconds.append(time.perf_counter() - start)
    return Answer(1000 * statistics.median(seconds), rows)
