"""Heavy queries of one user, and the light ones of another."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from tests.serving import Server, query_status
from vo_server.db import Database

LIGHT = "SELECT TOP 1 table_name FROM tap_schema.tables"
#: A join without a condition: many minutes of work, but not so many that it is refused at once.
RUNAWAY = "SELECT COUNT(*) FROM " + ", ".join(
    f"(SELECT TOP 1500 table_name FROM tap_schema.columns) AS c{n}" for n in range(3)
)
#: One that would take years.
HOPELESS = RUNAWAY + "".join(f", tap_schema.columns AS d{n}" for n in range(4))
HEAVY = 16


def polygon(corners: int) -> str:
    """A star that has the pole inside."""
    numbers = ", ".join(f"{360 * n / corners:.6f}, {60 + 20 * (n % 2)}" for n in range(corners))
    return f"SELECT COUNT(*) FROM ivoa.ObsCore WHERE 1 = INTERSECTS(s_region, POLYGON({numbers}))"


def ask(server: Server, query: str, address: str) -> int:
    """The status of the answer to a client at that address; 0 where it never came."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60, source_address=(address, 0))
    try:
        form = urlencode({"LANG": "ADQL", "QUERY": query})
        connection.request("POST", "/tap/sync", form, {"Content-Type": "application/x-www-form-urlencoded"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


@contextmanager
def heavy_load(server: Server, database: Database, queries: list[str]) -> Iterator[list[threading.Thread]]:
    """The queries, running, each of a client of its own; they end with the block."""
    threads = [
        threading.Thread(target=ask, args=(server, query, f"127.0.1.{n + 1}"), daemon=True)
        for n, query in enumerate(queries)
    ]
    for thread in threads:
        thread.start()
    try:
        yield threads
    finally:
        # What still ran would take the turns of the queries of other tests.
        server.until(lambda: among_active(database, "count(pg_cancel_backend(pid))") == 0)
        for thread in threads:
            thread.join()


def running(database: Database) -> int:
    """Statements of clients in the database."""
    return among_active(database, "count(*)")


def among_active(database: Database, what: str) -> int:
    """A number of the statements of clients in the database."""
    with database.owner.connect() as connection:
        found = connection.scalar(
            sa.text(
                f"SELECT {what} FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%c2%'"
                " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        )
    return int(found or 0)


def test_a_light_query_is_answered_while_heavy_ones_run(server: Server, database: Database) -> None:
    with heavy_load(server, database, [RUNAWAY] * HEAVY) as heavy:
        server.until(lambda: running(database) >= HEAVY)
        statuses = [ask(server, LIGHT, "127.0.0.2") for _ in range(20)]
        assert statuses == [200] * 20
        # They were not waited for: their work still runs.
        assert all(thread.is_alive() for thread in heavy)
        assert running(database) == HEAVY


def test_a_hopeless_query_is_told_the_other_way_at_once(client: TestClient) -> None:
    answer = client.get("/tap/sync", params={"LANG": "ADQL", "QUERY": HOPELESS})
    assert answer.status_code == 400
    status, message = query_status(answer.content)
    assert status == "ERROR"
    assert "/tap/async" in message


@pytest.mark.parametrize(("corners", "expected"), [(1_000, 200), (20_000, 400)])
def test_a_polygon_of_many_corners_blocks_nobody(server: Server, corners: int, expected: int) -> None:
    answers: list[int] = []
    thread = threading.Thread(
        target=lambda: answers.append(ask(server, polygon(corners), "127.0.1.1")), daemon=True
    )
    thread.start()
    assert [ask(server, LIGHT, "127.0.0.2") for _ in range(20)] == [200] * 20
    thread.join(60)
    assert answers == [expected]
