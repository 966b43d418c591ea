import itertools
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql import ARRAY

from vo_server.db import Database
from vo_server.engine import PostgresEngine, Result, Statement, from_select
from vo_server.errors import FatalFault, TransientFault, UsageFault, VoError
from vo_server.tables import Column

#: A million rows take about a second; nothing here waits for all of them.  (In FROM, the series would be
#: stored before its first row is given.)
MANY = "SELECT x, 'row ' || x AS name FROM (SELECT generate_series(1, 50000000) AS x) s"


@pytest.fixture(scope="module")
def engine(database: Database) -> Iterator[PostgresEngine]:
    found = PostgresEngine(database.reader_url, connections=3, timeout=30, wait=0.5)
    yield found
    found.close()


def rows(result: Result) -> list[tuple[Any, ...]]:
    return [tuple(row) for batch in result.batches for row in zip(*batch.to_pydict().values(), strict=True)]


def value(engine: PostgresEngine, sql: str, *values: Any, column: Column | None = None) -> tuple[Column, Any]:
    """The only column and the only value of ``SELECT <sql>``."""
    result = engine.execute(Statement(f"SELECT {sql} AS v", values, (column,) if column else ()))
    batches = list(result.batches)
    return result.columns[0], batches[0].column(0)[0].as_py()


def running(database: Database) -> int:
    """How many statements PostgreSQL is executing for engines."""
    query = sa.text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE state = 'active' AND application_name LIKE 'vo-server reader%'"
    )
    with database.owner.connect() as connection:
        return int(connection.execute(query).scalar_one())


def wait_until(claim: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if claim():
            return True
        time.sleep(0.01)
    return claim()


@pytest.mark.parametrize(
    ("sql", "datatype", "arraysize", "expected"),
    [
        ("true", "boolean", None, True),
        ("7::smallint", "short", None, 7),
        ("7", "int", None, 7),
        ("count(*)", "long", None, 1),
        ("1.5::real", "float", None, 1.5),
        ("0.1::float8", "double", None, 0.1),
        ("0.25", "double", None, 0.25),
        ("'NaN'::numeric", "double", None, pytest.approx(float("nan"), nan_ok=True)),
        ("'Infinity'::numeric", "double", None, float("inf")),
        ("sum(3::bigint)", "double", None, 3.0),
        ("'é'::text", "char", "*", "é"),
        ("'é'::varchar(9)", "char", "*", "é"),
        ("NULL", "char", "*", None),
        ("NULL::float8", "double", None, None),
        ("4000000000::oid", "long", None, 4_000_000_000),
        (
            "'2020-02-29 12:00+01'::timestamptz",
            "char",
            "*",
            datetime(2020, 2, 29, 11, tzinfo=UTC),
        ),
        ("'2020-02-29'::date", "char", "*", date(2020, 2, 29)),
        ("int4range(1, 5)", "char", "*", "[1,5)"),
        ("'1 day'::interval", "char", "*", "1 day"),
        ("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", "char", "*", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        ("""'{"a": [1]}'::jsonb""", "char", "*", '{"a": [1]}'),
        ("'pg_class'::regclass", "char", "*", "pg_class"),
        ("ARRAY[1.5, NULL]::float8[]", "double", "*", [1.5, None]),
        ("ARRAY[1, 2]", "int", "*", [1, 2]),
        ("ARRAY[1.5]::numeric[]", "double", "*", [1.5]),
        ("ARRAY['a', 'b']", "char", "*", "a b"),
        (r"'\x01ff'::bytea", "unsignedByte", "*", [1, 255]),
    ],
)
def test_every_type_of_the_database_has_a_votable_datatype(
    engine: PostgresEngine, sql: str, datatype: str, arraysize: str | None, expected: Any
) -> None:
    column, got = value(engine, sql)
    assert (column.datatype, column.arraysize) == (datatype, arraysize)
    assert got == expected


def test_times_have_the_xtype_of_a_timestamp(engine: PostgresEngine) -> None:
    assert value(engine, "now()")[0].xtype == "timestamp"
    assert value(engine, "now()::date")[0].xtype == "timestamp"
    assert value(engine, "now()::time")[0].xtype == ""


@pytest.mark.parametrize(
    ("declared", "sql", "datatype", "expected"),
    [
        ("long", "7", "long", 7),
        ("double", "7", "double", 7.0),
        ("double", "1.5::real", "double", 1.5),
        ("int", "7::smallint", "int", 7),
        ("unsignedByte", "200::smallint", "unsignedByte", 200),
        ("float", "1.5", "float", 1.5),
        # Not every value would fit: the datatype follows the database.
        ("int", "count(*)", "long", 1),
        ("short", "70000", "int", 70000),
        ("float", "0.1::float8", "double", 0.1),
        ("double", "9007199254740993", "long", 9007199254740993),
        ("int", "'x'", "char", "x"),
        ("char", "7", "int", 7),
        ("unicodeChar", "'é'", "unicodeChar", "é"),
    ],
)
def test_a_declared_datatype_wins_where_every_value_fits(
    engine: PostgresEngine, declared: str, sql: str, datatype: str, expected: Any
) -> None:
    column = Column("V", declared, unit="m", ucd="meta.number", description="what it is")
    found, got = value(engine, sql, column=column)
    assert (found.datatype, got) == (datatype, expected)
    assert (found.name, found.unit, found.ucd, found.description) == ("V", "m", "meta.number", "what it is")


def test_a_value_outside_its_declared_byte_is_an_error_and_not_another_value(engine: PostgresEngine) -> None:
    with pytest.raises(FatalFault):
        value(engine, "300::smallint", column=Column("v", "unsignedByte"))


def test_another_number_of_columns_than_declared_is_an_error(engine: PostgresEngine) -> None:
    with pytest.raises(FatalFault):
        engine.execute(Statement("SELECT 1, 2", columns=(Column("a", "int"),)))
    assert value(engine, "1")[1] == 1


def test_two_columns_may_have_one_name(engine: PostgresEngine) -> None:
    result = engine.execute(Statement("SELECT 1 AS a, 'x' AS a"), maxrec=5)
    batch = next(result.batches)
    assert [column.name for column in result.columns] == ["a", "a"]
    assert [array.to_pylist() for array in batch.columns] == [[1], ["x"]]


@pytest.mark.parametrize(("maxrec", "fetched"), [(0, 0), (1, 2), (99, 100), (100, 100), (None, 100)])
def test_one_row_more_than_maxrec_is_fetched(
    engine: PostgresEngine, maxrec: int | None, fetched: int
) -> None:
    sql = "SELECT x FROM generate_series(1, 100) x ORDER BY x DESC"
    result = engine.execute(Statement(sql), maxrec=maxrec)
    assert rows(result) == [(100 - n,) for n in range(fetched)]
    assert [column.datatype for column in result.columns] == ["int"]


def test_maxrec_zero_does_not_run_the_query(engine: PostgresEngine) -> None:
    begun = time.monotonic()
    assert rows(engine.execute(Statement("SELECT pg_sleep(5)"), maxrec=0)) == []
    assert time.monotonic() - begun < 2


def test_all_rows_of_a_large_result_come_in_order(engine: PostgresEngine) -> None:
    expected = iter(range(1, 300_001))
    count = 0
    for statement in (
        Statement("SELECT x, repeat('x', x % 50) FROM generate_series(1, 150000) x"),
        Statement("SELECT x, repeat('x', x % 50) FROM generate_series(150001, $1::int) x", (300_000,)),
    ):
        with engine.execute(statement) as result:
            for batch in result.batches:
                count += batch.num_rows
                assert batch.nbytes < 4 << 20
                numbers = batch.column(0).to_pylist()
                assert numbers == list(itertools.islice(expected, len(numbers)))
    assert count == 300_000


def test_a_small_result_is_complete_at_once_and_a_large_one_is_not(engine: PostgresEngine) -> None:
    assert engine.execute(Statement("SELECT 1")).complete
    with engine.execute(Statement(MANY)) as result:
        assert not result.complete


# Values


@given(
    text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    number=st.floats(allow_nan=False),
    count=st.integers(-(2**63), 2**63 - 1),
    array=st.lists(st.floats(allow_nan=False), min_size=1),
    when=st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)),
)
def test_bound_values_come_back_as_they_were(
    engine: PostgresEngine, text: str, number: float, count: int, array: list[float], when: datetime
) -> None:
    select = sa.select(
        sa.literal(text, sa.Text), sa.literal(number, sa.Double), sa.literal(count, sa.BigInteger),
        sa.literal(array, ARRAY(sa.Double)), sa.literal(when, sa.DateTime(timezone=True)),
        sa.literal(None, sa.Text), sa.literal(True, sa.Boolean),
    )  # fmt: skip
    statement = from_select(select)
    assert text not in statement.sql or len(text) < 12
    batch = next(engine.execute(statement).batches)
    assert [column[0].as_py() for column in batch.columns] == [
        text, number, count, array, when, None, True,
    ]  # fmt: skip


def test_a_select_is_compiled_with_its_values_bound(engine: PostgresEngine) -> None:
    x = sa.func.generate_series(1, 100).column_valued("x")
    hostile = "'; DROP TABLE x; --"
    select = (
        sa.select(x, sa.literal(hostile, sa.Text).label("t"))
        .where(sa.or_(x.in_([3, 5, 7]), x.between(40, 41.5)), sa.cast(x, sa.Text).notlike("%7"))
        .order_by(x.desc())
        .limit(10)
    )
    statement = from_select(select, [Column("X", "int"), Column("t", "char", "*")])
    assert hostile not in statement.sql
    result = engine.execute(statement, maxrec=2)
    assert rows(result) == [(41, hostile), (40, hostile), (5, hostile)]
    assert [column.name for column in result.columns] == ["X", "t"]


# Failures


@pytest.mark.parametrize(
    ("sql", "fault", "words"),
    [
        ("SELECT 1/0", UsageFault, "division by zero"),
        ("SELECT 1/(x - 5) FROM generate_series(1, 10) x", UsageFault, "division by zero"),
        ("SELECT CAST('abc' AS int)", UsageFault, 'invalid input syntax for type integer: "abc"'),
        ("SELECT CAST(name AS int) FROM (VALUES ('abc')) t(name)", UsageFault, "invalid input syntax"),
        ("SELECT x::int FROM (VALUES (3e9::float8)) t(x)", UsageFault, "out of range"),
        ("SELECT ln(x) FROM (VALUES (-1::float8)) t(x)", UsageFault, "logarithm of a negative number"),
        ("SELECT 'x'::text = 1", UsageFault, "operator does not exist"),
        ("SELECT (SELECT x FROM generate_series(1, 2) x)", UsageFault, "more than one row"),
        ("SELECT repeat('x', 1500000000)", VoError, ""),
        ("SELECT * FROM no_such_table", FatalFault, "could not answer"),
        ("SELEC 1", FatalFault, "could not answer"),
        ("CREATE TABLE made (x int)", FatalFault, "could not answer"),
    ],
)
@pytest.mark.parametrize("is_bound", [False, True])
def test_failures_say_what_the_client_can_do_and_show_no_sql(
    engine: PostgresEngine, sql: str, fault: type[VoError], words: str, is_bound: bool
) -> None:
    if is_bound:
        statement = Statement(f"SELECT * FROM ({sql}) t WHERE $1::int = 1", (1,))
    else:
        statement = Statement(sql)
    with pytest.raises(fault) as caught:
        rows(engine.execute(statement))
    assert words in str(caught.value)
    assert not any(word in str(caught.value) for word in ("SELECT", "COPY", "LINE 1", "SQLSTATE", "libpq"))
    assert value(engine, "1")[1] == 1


@pytest.mark.parametrize("values", [(), (1,)])
def test_a_failure_after_the_first_batch_comes_while_reading(
    engine: PostgresEngine, values: tuple[int, ...]
) -> None:
    extra = " + $1::int * 0" if values else ""
    sql = f"SELECT 1/(x - 400000){extra}, repeat('x', 20) FROM generate_series(1, 1000000) x"
    result = engine.execute(Statement(sql, values))
    with pytest.raises(UsageFault, match="division by zero"):
        sum(batch.num_rows for batch in result.batches)
    assert value(engine, "1")[1] == 1


@pytest.mark.parametrize("values", [(), (30.0,)])
def test_the_time_limit_ends_a_query(engine: PostgresEngine, values: tuple[float, ...]) -> None:
    begun = time.monotonic()
    with pytest.raises(TransientFault, match=r"time limit of 0\.2 s"):
        engine.execute(Statement(f"SELECT pg_sleep({'$1::float8' if values else 30})", values), timeout=0.2)
    assert time.monotonic() - begun < 2
    # The limit was that query's only.
    assert value(engine, "pg_sleep(0.4)::text")[1] == ""


@pytest.mark.parametrize("values", [(), (1,)])
def test_the_time_limit_counts_while_the_client_is_slow(
    engine: PostgresEngine, values: tuple[int, ...]
) -> None:
    sql = f"{MANY} WHERE $1::int = 1" if values else MANY
    result = engine.execute(Statement(sql, values), timeout=0.7)
    next(result.batches)
    time.sleep(1.2)
    with pytest.raises(TransientFault, match="time limit"):
        for _ in result.batches:
            pass


def test_a_busy_server_says_so(database: Database) -> None:
    engine = PostgresEngine(database.reader_url, connections=1, wait=0.1)
    try:
        with engine.execute(Statement(MANY)), pytest.raises(TransientFault, match="busy"):
            engine.execute(Statement("SELECT 1"))
        assert rows(engine.execute(Statement("SELECT 1"))) == [(1,)]
    finally:
        engine.close()


def test_no_database_is_a_transient_fault() -> None:
    engine = PostgresEngine("postgresql://nobody@127.0.0.1:1/nothing", connections=1)
    with pytest.raises(TransientFault, match="not available"):
        engine.execute(Statement("SELECT 1"))
    engine.close()


def test_stale_connections_are_replaced(database: Database, engine: PostgresEngine) -> None:
    results = [engine.execute(Statement(MANY)) for _ in range(3)]
    for result in results:
        result.close()
    ended = sa.text(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE application_name LIKE 'vo-server reader%'"
    )
    with database.owner.connect() as connection:
        assert connection.execute(ended).all()
    for _ in range(4):
        assert value(engine, "1")[1] == 1


# Cancelling


@pytest.mark.parametrize(
    "statement",
    [
        Statement("SELECT count(*) FROM generate_series(1, 1000000000) x"),
        Statement("SELECT count(*) FROM generate_series(1, $1::int) x", (1_000_000_000,)),
        Statement("SELECT pg_sleep(60)"),
    ],
)
def test_a_query_is_cancelled_from_another_thread_within_a_second(
    database: Database, engine: PostgresEngine, statement: Statement
) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            engine.execute(statement, query_id="mine")
        except VoError as exc:
            failures.append(exc)

    thread = threading.Thread(target=work)
    thread.start()
    assert wait_until(lambda: running(database) > 0, 5)
    begun = time.monotonic()
    assert engine.cancel("mine")
    thread.join(5)
    assert time.monotonic() - begun < 1
    assert [str(exc) for exc in failures] == ["the query was cancelled"]
    assert not engine.cancel("mine")
    assert wait_until(lambda: running(database) == 0, 1)


def test_a_cancel_during_any_moment_of_a_query_is_not_lost(engine: PostgresEngine) -> None:
    for delay in [n * 0.0001 for n in range(30)] * 5:
        timer = threading.Timer(delay, lambda: wait_until(lambda: engine.cancel("brief"), 1))
        timer.start()
        begun = time.monotonic()
        with pytest.raises(TransientFault, match="cancelled"):
            engine.execute(Statement("SELECT pg_sleep(20)"), query_id="brief")
        assert time.monotonic() - begun < 2
        timer.join()
        assert value(engine, "1")[1] == 1


def test_cancelling_while_rows_are_sent_ends_them(engine: PostgresEngine) -> None:
    result = engine.execute(Statement(MANY), query_id="rows")
    next(result.batches)
    assert engine.cancel("rows")
    with pytest.raises(TransientFault, match="cancelled"):
        for _ in result.batches:
            pass
    assert value(engine, "1")[1] == 1


@pytest.mark.parametrize("values", [(), (1,)])
def test_an_abandoned_result_ends_in_the_database_and_frees_its_connection(
    database: Database, engine: PostgresEngine, values: tuple[int, ...]
) -> None:
    sql = f"{MANY} WHERE $1::int = 1" if values else MANY
    for _ in range(6):  # twice as often as there are connections
        result = engine.execute(Statement(sql, values), query_id="left")
        next(result.batches)
        begun = time.monotonic()
        result.close()
        result.close()
        assert time.monotonic() - begun < 1
    assert wait_until(lambda: running(database) == 0, 1)
    assert not engine.cancel("left")


def test_an_id_is_unique_while_its_query_runs(engine: PostgresEngine) -> None:
    with engine.execute(Statement(MANY), query_id="twice"):
        with pytest.raises(UsageFault, match="running already"):
            engine.execute(Statement("SELECT 1"), query_id="twice")
        assert engine.cancel("twice")
    assert rows(engine.execute(Statement("SELECT 1"), query_id="twice")) == [(1,)]


def test_the_reader_cannot_write(database: Database, engine: PostgresEngine) -> None:
    with pytest.raises(VoError):
        engine.execute(Statement("SELECT nextval('archive.ingest_run_run_id_seq')"))


def test_many_threads_share_few_connections(engine: PostgresEngine) -> None:
    found: list[int] = []

    def work(n: int) -> None:
        for m in range(10):
            found.append(value(engine, f"{n * 10 + m}")[1])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(found) == list(range(80))
