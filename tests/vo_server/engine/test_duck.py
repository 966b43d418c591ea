"""DuckDB as an engine: its rows, its limits, and what no statement can do there."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.vo_server.engine.files import GivenTables, duck_engine
from vo_server.engine import Statement, Upload
from vo_server.engine.duck import DuckEngine, Limits
from vo_server.errors import FatalFault, TransientFault, UsageFault, VoError
from vo_server.tables import Column, Table

#: Runs for minutes and gives nothing; the second one gives rows all the time.
SILENT = "SELECT a.n FROM t.numbers AS a, t.numbers AS b, t.numbers AS c WHERE a.n + b.n + c.n < 0"
ENDLESS = "SELECT a.n, b.n AS m FROM t.numbers AS a, t.numbers AS b, t.numbers AS c"


@pytest.fixture
def tables(tmp_path: Path) -> GivenTables:
    (tmp_path / "files").mkdir()
    given = GivenTables(tmp_path / "files")
    given.give("t", "numbers", pa.table({"n": range(50_000)}), pa.table({"n": range(50_000, 100_000)}))
    return given


@pytest.fixture
def engine(tables: GivenTables, tmp_path: Path) -> Iterator[DuckEngine]:
    made = duck_engine(tables, tmp_path / "temporary", wait=2.0)
    yield made
    made.close()


def rows(engine: DuckEngine, sql: str, **options: Any) -> list[tuple[Any, ...]]:
    with engine.execute(Statement(sql), **options) as result:
        batches = [batch.to_pydict().values() for batch in result.batches]
    return [row for columns in batches for row in zip(*columns, strict=True)]


def test_rows_come_from_all_files_of_a_table(engine: DuckEngine) -> None:
    assert rows(engine, "SELECT count(*), sum(n)::bigint FROM t.numbers") == [(100_000, 4_999_950_000)]


@pytest.mark.parametrize(("maxrec", "fetched"), [(None, 100_000), (10, 11), (0, 0), (100_000, 100_000)])
def test_one_row_more_than_maxrec_is_fetched(engine: DuckEngine, maxrec: int | None, fetched: int) -> None:
    assert len(rows(engine, "SELECT n FROM t.numbers", maxrec=maxrec)) == fetched


def test_a_limit_keeps_the_order(engine: DuckEngine) -> None:
    assert rows(engine, "SELECT n FROM t.numbers ORDER BY n DESC", maxrec=1) == [(99_999,), (99_998,)]


def test_declared_columns_name_and_type_the_result(engine: DuckEngine) -> None:
    statement = Statement(
        "SELECT 1::integer, 2.5::real", columns=(Column("a", "long"), Column("b", "double"))
    )
    with engine.execute(statement) as result:
        assert [column.name for column in result.columns] == ["a", "b"]
        assert [batch.schema.types for batch in result.batches] == [[pa.int64(), pa.float64()]]


def test_two_columns_may_have_one_name(engine: DuckEngine) -> None:
    declared = (Column("n", "long"), Column("n", "long"))
    with engine.execute(Statement("SELECT n, n FROM t.numbers", columns=declared), maxrec=1) as result:
        assert [column.name for column in result.columns] == ["n", "n"]


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT 1 // (n - n) FROM t.numbers", "division by zero"),
        ("SELECT 1.5::double / (n - n) FROM t.numbers", "division by zero"),
        ("SELECT sqrt(-1 - n) FROM t.numbers", "square root"),
        ("SELECT (n::varchar || 'x')::integer FROM t.numbers", "could not convert"),
        ("SELECT (n + 32000)::smallint FROM t.numbers", "out of range"),
        ("SELECT (SELECT n FROM t.numbers) AS one", "more than one row"),
    ],
)
def test_wrong_values_are_told_in_words_of_the_client(engine: DuckEngine, sql: str, words: str) -> None:
    with pytest.raises(UsageFault) as caught:
        rows(engine, sql)
    message = str(caught.value)
    assert words in message.lower()
    assert "SET " not in message
    assert "LINE" not in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM read_parquet('https://example.org/x.parquet')",
        "COPY t.numbers TO '{files}/evil.parquet'",
        "CREATE TABLE evil (n integer)",
        "DROP VIEW t.numbers",
        "SET threads = 64",
        "SET enable_external_access = true",
        "ATTACH '{files}/evil.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "PRAGMA version",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP VIEW t.numbers",
        "CALL pragma_version()",
    ],
)
def test_nothing_but_listed_files_is_read_and_nothing_is_changed(
    engine: DuckEngine, tables: GivenTables, sql: str
) -> None:
    with pytest.raises(FatalFault) as caught:
        rows(engine, sql.format(files=tables.directory))
    assert "passwd" not in str(caught.value)
    assert not list(tables.directory.glob("evil*"))
    assert rows(engine, "SELECT count(*) FROM t.numbers") == [(100_000,)]


def test_what_needs_too_much_memory_is_told(tables: GivenTables, tmp_path: Path) -> None:
    limits = Limits(memory=40 << 20, space=1 << 20)
    engine = DuckEngine(tables, tables.directory, tmp_path / "small", limits=limits)
    sql = "SELECT DISTINCT a.n * 100000 + b.n AS x FROM t.numbers AS a, t.numbers AS b ORDER BY 1"
    with pytest.raises(UsageFault, match="memory"):
        rows(engine, sql)
    assert rows(engine, "SELECT count(*) FROM t.numbers") == [(100_000,)]
    engine.close()


def test_what_does_not_fit_into_memory_goes_to_temporary_files(tables: GivenTables, tmp_path: Path) -> None:
    limits = Limits(memory=60 << 20, space=2 << 30)
    engine = DuckEngine(tables, tables.directory, tmp_path / "spill", limits=limits)
    sql = (
        "SELECT a.n * 20 + b.n AS x, repeat('x', 50) AS t FROM t.numbers AS a, t.numbers AS b"
        " WHERE b.n < 20 ORDER BY (a.n * 7919 + b.n) % 1000003"
    )
    with engine.execute(Statement(sql)) as result:
        assert sum(batch.num_rows for batch in result.batches) == 2_000_000
    engine.close()
    assert not [path for path in (tmp_path / "spill").rglob("*") if path.is_file()]


@pytest.mark.parametrize("sql", [SILENT, ENDLESS])
def test_the_time_limit_ends_a_query(engine: DuckEngine, sql: str) -> None:
    with pytest.raises(TransientFault, match="time limit"):
        rows(engine, sql, timeout=0.5)


@pytest.mark.parametrize("sql", [SILENT, ENDLESS])
def test_a_cancelled_query_ends_with_an_error_and_never_as_if_complete(engine: DuckEngine, sql: str) -> None:
    for pause in (0.0, 0.001, 0.01, 0.1, 0.3):
        ended: list[object] = []

        def run(ended: list[object] = ended) -> None:
            try:
                ended.append(len(rows(engine, sql, query_id="q")))
            except VoError as exc:
                ended.append(exc)

        thread = threading.Thread(target=run)
        thread.start()
        time.sleep(pause)
        while thread.is_alive():
            engine.cancel("q")
            thread.join(0.02)
        assert isinstance(ended[0], TransientFault), (pause, ended)
        assert "cancelled" in str(ended[0])


def test_a_consumer_that_stops_stops_the_query(engine: DuckEngine) -> None:
    with engine.execute(Statement(ENDLESS), query_id="q") as result:
        next(result.batches)
    assert engine.cancel("q") is False
    # Both turns of the engine are free again.
    assert rows(engine, "SELECT 1::integer AS x") == [(1,)]


def test_a_slow_consumer_holds_the_query_back(engine: DuckEngine) -> None:
    with engine.execute(Statement(ENDLESS)) as result:
        next(result.batches)
        time.sleep(0.3)
        before = pa.total_allocated_bytes()
        time.sleep(0.5)
        assert pa.total_allocated_bytes() - before < 1 << 20


def test_a_query_sees_the_tables_of_its_beginning(engine: DuckEngine, tables: GivenTables) -> None:
    with engine.execute(Statement("SELECT n FROM t.numbers")) as result:
        batches = result.batches
        first = next(batches)
        tables.give("t", "numbers", pa.table({"n": [7]}))
        assert rows(engine, "SELECT n FROM t.numbers") == [(7,)]
        assert first.num_rows + sum(batch.num_rows for batch in batches) == 100_000


def test_a_table_that_is_no_longer_listed_is_gone(engine: DuckEngine, tables: GivenTables) -> None:
    tables.give("t", "other", pa.table({"n": [1]}))
    assert rows(engine, "SELECT n FROM t.other") == [(1,)]
    tables.forget("t", "other")
    with pytest.raises(FatalFault):
        rows(engine, "SELECT n FROM t.other")


def test_a_table_may_get_other_columns(engine: DuckEngine, tables: GivenTables) -> None:
    assert rows(engine, "SELECT min(n) FROM t.numbers") == [(0,)]
    tables.give("t", "numbers", pa.table({"m": ["x"]}))
    assert rows(engine, "SELECT m FROM t.numbers") == [("x",)]


def test_a_file_that_is_away_is_no_fault_of_the_client(engine: DuckEngine, tables: GivenTables) -> None:
    for file in tables.directory.iterdir():
        file.unlink()
    with pytest.raises(TransientFault) as caught:
        rows(engine, "SELECT n FROM t.numbers")
    assert str(tables.directory) not in str(caught.value)


def test_an_upload_exists_for_one_query(engine: DuckEngine) -> None:
    table = Table("TAP_UPLOAD.up", "", (Column("ID", "int"),), stored_as=("pg_temp", "up"))
    upload = Upload(table, pa.table({"ID": pa.array([3, 5], pa.int32())}))
    sql = 'SELECT n FROM t.numbers JOIN "temp"."main"."up" ON id = n ORDER BY 1'
    assert rows(engine, sql, uploads=[upload]) == [(3,), (5,)]
    with pytest.raises(FatalFault):
        rows(engine, sql)


def test_many_threads_share_the_engine(engine: DuckEngine) -> None:
    with ThreadPoolExecutor(12) as pool:
        counts = pool.map(lambda n: rows(engine, f"SELECT count(*) FROM t.numbers WHERE n < {n}"), range(60))
    assert [found[0][0] for found in counts] == list(range(60))


def test_bound_values_are_refused(engine: DuckEngine) -> None:
    with pytest.raises(UsageFault, match="bound"):
        engine.execute(Statement("SELECT $1", (1,)))


def test_an_estimate_comes_without_running(engine: DuckEngine) -> None:
    estimate = engine.explain(Statement("SELECT n FROM t.numbers ORDER BY n"))
    assert estimate.rows == 100_000
    assert estimate.sorts
    assert engine.explain(Statement(SILENT)).cost > estimate.cost


def test_temporary_files_of_killed_processes_are_removed(tables: GivenTables, tmp_path: Path) -> None:
    first = duck_engine(tables, tmp_path / "temporary")
    rows(first, "SELECT 1::integer AS x")
    left = tmp_path / "temporary" / f"{socket.gethostname()}-{2**22 + 1}"
    left.mkdir(parents=True)
    second = duck_engine(tables, tmp_path / "temporary")
    rows(second, "SELECT 1::integer AS x")
    assert not left.exists()
    first.close()
    second.close()
