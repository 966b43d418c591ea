"""TAP jobs in a worker of their own: what ends them."""

from collections.abc import Callable, Iterator

import pytest
import requests
import sqlalchemy as sa

from tests.serving import Server
from vo_server.db import Database
from vo_server.formats import FORMATS

COMMON = {"LANG": "ADQL", "MAXREC": "50000000", "PHASE": "RUN"}
COLUMNS = "tap_schema.columns"
#: Many minutes of work before the first row.
SILENT = f"SELECT COUNT(*) AS n FROM {COLUMNS} AS a, {COLUMNS} AS b, {COLUMNS} AS c, {COLUMNS} AS d"
#: Rows without an end.
FLOWING = (
    f"SELECT a.column_name, b.description FROM {COLUMNS} AS a, {COLUMNS} AS b, {COLUMNS} AS c, {COLUMNS} AS d"
)


@pytest.fixture
def job(server: Server) -> Iterator[Callable[[str, str], str]]:
    """Starts a job; all of them are deleted in the end."""
    made: list[str] = []

    def start(query: str, form: str) -> str:
        answer = requests.post(
            f"{server.url}/tap/async",
            data={**COMMON, "QUERY": query, "RESPONSEFORMAT": form},
            allow_redirects=False,
            timeout=30,
        )
        made.append(answer.headers["Location"])
        return made[-1]

    yield start
    for url in made:
        requests.delete(url, timeout=30)


def phase(job: str) -> str:
    return requests.get(f"{job}/phase", timeout=30).text


def at_work(database: Database) -> int:
    """Statements over many tables that the database works on for readers."""
    with database.owner.connect() as connection:
        query = (
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()"
            " AND query LIKE '%AS \"d\"%' AND backend_type = 'client backend'"
        )
        return int(connection.scalar(sa.text(query)) or 0)


@pytest.mark.parametrize(
    ("form", "query"),
    [
        *(pytest.param(form, SILENT, id=f"{form}-silent") for form in sorted(FORMATS)),
        # HTML shows the first rows and has ended.
        *(pytest.param(form, FLOWING, id=f"{form}-flowing") for form in sorted(FORMATS) if form != "html"),
    ],
)
def test_abort_ends_the_query_in_the_database(
    server: Server, database: Database, job: Callable[[str, str], str], form: str, query: str
) -> None:
    url = job(query, form)
    server.until(lambda: phase(url) == "EXECUTING" and at_work(database) == 1)
    answer = requests.post(f"{url}/phase", data={"PHASE": "ABORT"}, allow_redirects=False, timeout=30)
    assert (answer.status_code, answer.headers["Location"]) == (303, url)
    assert phase(url) == "ABORTED"
    server.until(lambda: at_work(database) == 0, seconds=2)
    assert "<uws:result " not in requests.get(url, timeout=30).text


def test_a_deleted_job_ends_its_query_too(
    server: Server, database: Database, job: Callable[[str, str], str]
) -> None:
    url = job(FLOWING, "csv")
    server.until(lambda: at_work(database) == 1)
    assert requests.delete(url, allow_redirects=False, timeout=30).status_code == 303
    server.until(lambda: at_work(database) == 0, seconds=2)
    assert requests.get(url, timeout=30).status_code == 404


def test_progress_is_told_while_rows_are_written(server: Server, job: Callable[[str, str], str]) -> None:
    url = job(FLOWING, "csv")

    def told() -> bool:
        text = requests.get(url, timeout=30).text
        return "writing rows" in text and "rows>" in text

    server.until(told)
    requests.post(f"{url}/phase", data={"PHASE": "ABORT"}, timeout=30)
