"""TAP over header keywords of all files: answered from Parquet, with the rest of the archive in one query."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from lxml import etree
from starlette.testclient import TestClient

from tap.adql import understand
from tests.serving import VOTABLE
from vo_server import snapshots
from vo_server.archive import SNAPSHOT
from vo_server.catalog import read_catalog
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.engine import Engines, PostgresEngine, Statement
from vo_server.engine.duck import DuckEngine
from vo_server.engine.holdings import ListedTables
from vo_server.errors import TransientFault, VoError
from vo_server.http.app import create_app
from vo_server.progress import silent
from vo_server.snapshot_tables import make_snapshots
from vo_server.tables import Catalog

#: Values of INS.TEMP in the headers of these files; the store of keywords has them, PostgreSQL has others.
TEMPERATURES = {f"files{n}": 270.0 + n for n in range(50)}
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SCAN = "SELECT COUNT(*) AS n FROM header.keyword WHERE keyword = 'INS.TEMP' AND value_n > 300"


@pytest.fixture(scope="module")
def engines(
    database: Database, engine: PostgresEngine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engines]:
    """Engines over snapshots of three tables."""
    with database.owner.begin() as connection:
        insert = "INSERT INTO dbo.raw (dp_id, instrument, ob_id) VALUES (:id, 'UVES', :n)"
        connection.execute(sa.text(insert), [{"id": f"files{n}", "n": n} for n in range(50)])
    make_snapshots(database, ["dbo.raw", "ivoa.ObsCore"], silent)
    path = snapshots.new_path(database.state_dir, "header.keyword")
    pq.write_table(keywords(), path)
    with database.owner.begin() as connection:
        file = snapshots.finished(database.state_dir, path, len(TEMPERATURES))
        # What others have said of its freshness would go before ours.
        connection.execute(sa.delete(SNAPSHOT).where(SNAPSHOT.c.table_name == "header.keyword"))
        former = snapshots.live_files(connection, "header.keyword")
        snapshots.replace(connection, "header.keyword", former, [file], WHEN)
    tables = ListedTables(database.writer, database.state_dir)
    place = tmp_path_factory.mktemp("duckdb")
    yield Engines(engine, DuckEngine(tables, snapshots.root(database.state_dir), place))
    with database.owner.begin() as connection:
        connection.execute(sa.text("DELETE FROM dbo.raw WHERE dp_id LIKE 'files%'"))
        for name in ("snapshot_file", "snapshot"):
            names = "('dbo.raw', 'ivoa.obscore', 'header.keyword')"
            connection.execute(sa.text(f"DELETE FROM archive.{name} WHERE table_name IN {names}"))


def keywords() -> pa.Table:
    size = len(TEMPERATURES)
    return pa.table(
        {
            "dp_id": list(TEMPERATURES),
            "hdu": pa.array([0] * size, pa.int16()),
            "pos": pa.array([5] * size, pa.int32()),
            "keyword": ["INS.TEMP"] * size,
            "vtype": ["F"] * size,
            "value_s": [str(value) for value in TEMPERATURES.values()],
            "value_n": list(TEMPERATURES.values()),
            "value_l": pa.nulls(size, pa.bool_()),
            "unit": ["K"] * size,
            "comment": pa.nulls(size, pa.string()),
            "card": ["INS.TEMP"] * size,
        }
    )


@pytest.fixture(scope="module")
def files_client(settings: Settings, database: Database, engines: Engines) -> Iterator[TestClient]:
    with TestClient(create_app(settings, database, engines), follow_redirects=False) as client:
        yield client


def csv(client: TestClient, query: str, **more: str) -> list[str]:
    form = {"LANG": "ADQL", "QUERY": query, "RESPONSEFORMAT": "csv", **more}
    answer = client.post("/tap/sync", data=form)
    assert answer.status_code == 200, answer.text
    return answer.text.split()[1:]


def test_a_range_of_a_keyword_over_everything_is_read_from_files(files_client: TestClient) -> None:
    assert csv(files_client, SCAN) == [str(sum(value > 300 for value in TEMPERATURES.values()))]


def test_keywords_join_with_raw_frames_in_one_query(files_client: TestClient) -> None:
    query = (
        "SELECT r.ob_id, k.value_n FROM header.keyword AS k JOIN dbo.raw AS r ON r.dp_id = k.dp_id"
        " WHERE r.instrument = 'UVES' AND k.value_n BETWEEN 275 AND 277 ORDER BY r.ob_id DESC"
    )
    assert csv(files_client, query) == ["7,277", "6,276", "5,275"]


def test_an_answer_from_files_says_how_old_they_are(files_client: TestClient) -> None:
    join = f"{SCAN} AND dp_id IN (SELECT dp_id FROM dbo.raw)"
    answer = files_client.get("/tap/sync", params={"LANG": "ADQL", "QUERY": join})
    infos = etree.fromstring(answer.content).findall(f".//{VOTABLE}INFO[@name='snapshot']")
    told = {str(info.text).split()[0]: info.get("value") for info in infos}
    assert told.keys() == {"dbo.raw", "header.keyword"}
    assert told["header.keyword"] == "2026-01-02T03:04:05Z"


def test_an_answer_of_the_database_says_nothing_of_files(files_client: TestClient) -> None:
    query = "SELECT dp_id FROM dbo.raw WHERE dp_id = 'files3'"
    answer = files_client.get("/tap/sync", params={"LANG": "ADQL", "QUERY": query})
    assert b'name="snapshot"' not in answer.content


def test_an_upload_joins_with_files(files_client: TestClient) -> None:
    table = "<VOTABLE><RESOURCE><TABLE><FIELD name='id' datatype='char' arraysize='*'/><DATA><TABLEDATA>"
    table += (
        "<TR><TD>files7</TD></TR><TR><TD>files9</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
    )
    query = "SELECT value_n FROM header.keyword JOIN TAP_UPLOAD.mine ON id = dp_id ORDER BY 1"
    form = {"LANG": "ADQL", "QUERY": query, "RESPONSEFORMAT": "csv", "UPLOAD": "mine,param:t"}
    answer = files_client.post("/tap/sync", data=form, files={"t": ("t.vot", table.encode())})
    assert answer.text.split()[1:] == ["277", "279"]


def test_maxrec_and_overflow_hold_for_files(files_client: TestClient) -> None:
    query = "SELECT value_n FROM header.keyword ORDER BY value_n"
    assert csv(files_client, query, MAXREC="3") == ["270", "271", "272"]
    answer = files_client.get("/tap/sync", params={"LANG": "ADQL", "QUERY": query, "MAXREC": "3"})
    assert b'value="OVERFLOW"' in answer.content


def test_a_wrong_value_is_an_error_document(files_client: TestClient) -> None:
    query = "SELECT 1 / (value_n - 271) AS x FROM header.keyword"
    answer = files_client.get("/tap/sync", params={"LANG": "ADQL", "QUERY": query})
    assert answer.status_code == 400
    assert "division by zero" in answer.text.lower()
    assert "SET " not in answer.text


def test_a_query_over_files_can_be_explained(files_client: TestClient) -> None:
    answer = files_client.get("/tap/explain", params={"LANG": "ADQL", "QUERY": SCAN})
    assert answer.json()["rows"] == 1
    assert answer.json()["hints"] == [
        "header.keyword is read from files, as the archive was at 2026-01-02T03:04:05Z"
    ]


@pytest.mark.parametrize(
    ("query", "dialect"),
    [
        (SCAN, "duckdb"),
        ("SELECT * FROM header.keyword WHERE dp_id = 'files3'", "postgresql"),
        ("SELECT * FROM header.keyword WHERE dp_id IN ('files3', 'files4') AND value_n > 1", "postgresql"),
        ("SELECT * FROM header.keyword WHERE dp_id NOT IN ('files3', 'files4')", "duckdb"),
        ("SELECT * FROM header.keyword WHERE dp_id = 'files3' OR value_n > 1", "duckdb"),
        ("SELECT * FROM header.keyword WHERE dp_id > 'files3'", "duckdb"),
        (
            "SELECT k.value_n FROM dbo.raw AS r JOIN header.keyword AS k ON k.dp_id = r.dp_id"
            " WHERE r.dp_id = 'files3'",
            "postgresql",
        ),
        (
            "SELECT k.value_n FROM dbo.raw AS r LEFT JOIN header.keyword AS k"
            " ON k.dp_id = r.dp_id AND k.dp_id = 'files3'",
            "duckdb",
        ),
        ("SELECT dp_id FROM dbo.raw WHERE dp_id IN (SELECT dp_id FROM header.keyword)", "duckdb"),
        ("SELECT COUNT(*) AS n FROM dbo.raw", "postgresql"),
        # What DuckDB has no words for, and tables that are not there as files.
        (f"{SCAN} AND ivo_hasword(comment, 'temperature') = 1", "postgresql"),
        ("SELECT k.dp_id FROM header.keyword AS k, tap_schema.tables", "postgresql"),
    ],
)
def test_the_engine_is_that_which_answers_best(
    query: str, dialect: str, engines: Engines, database: Database
) -> None:
    with database.owner.connect() as connection:
        catalog: Catalog = read_catalog(connection)
    assert engines.choose(understand(query, catalog)).dialect == dialect


@pytest.mark.parametrize("dialect", ["duckdb", "postgresql"])
def test_a_query_is_cancelled_by_its_name_wherever_it_runs(engines: Engines, dialect: str) -> None:
    endless = {
        "duckdb": "SELECT count(*) AS n FROM range(1000000000000) AS t(i) WHERE i % 7 = 9",
        "postgresql": "SELECT pg_sleep(600)::text AS n",
    }
    ended: list[VoError] = []

    def run() -> None:
        with pytest.raises(TransientFault, match="cancelled") as caught:
            engines.execute(Statement(endless[dialect], dialect=dialect), query_id="endless")
        ended.append(caught.value)

    thread = threading.Thread(target=run)
    thread.start()
    while thread.is_alive():
        engines.cancel("endless")
        thread.join(0.05)
    assert len(ended) == 1
    assert engines.cancel("endless") is False


def test_a_lost_file_leaves_its_table_to_the_database(database: Database, engines: Engines) -> None:
    tables = ListedTables(database.writer, database.state_dir)
    assert ("ivoa", "obscore") in tables.current()
    with database.owner.connect() as connection:
        (file, *_) = snapshots.live_files(connection, "ivoa.obscore")
    place = snapshots.root(database.state_dir) / file.path
    place.rename(place.with_suffix(".lost"))
    try:
        tables = ListedTables(database.writer, database.state_dir)
        assert ("ivoa", "obscore") not in tables.current()
        assert ("header", "keyword") in tables.current()
    finally:
        place.with_suffix(".lost").rename(place)


def test_new_files_are_seen_by_the_next_query(database: Database, engines: Engines, tmp_path: Path) -> None:
    tables = ListedTables(database.writer, database.state_dir)
    before = tables.current()
    assert tables.current() is before
    path = snapshots.new_path(database.state_dir, "header.keyword")
    pq.write_table(keywords().slice(0, 1), path)
    with database.owner.begin() as connection:
        file = snapshots.finished(database.state_dir, path, 1)
        snapshots.replace(connection, "header.keyword", (), [file], WHEN)
    tables = ListedTables(database.writer, database.state_dir)
    assert tables.current()["header", "keyword"].rows == before["header", "keyword"].rows + 1
