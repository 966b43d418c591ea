"""Properties over generated queries: nothing but `AdqlError` escapes, and numbers come out right."""

import math
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tap.adql import AdqlError, translate
from tap.adql.dialects.dialect import quote
from tap.adql.emit import identifier
from tap.adql.parse import MAX_DEPTH
from tap.adql.words import WORDS
from tests.tap.adql.cases import read_cases
from tests.tap.adql.running import execute, run
from vo_server.tables import Catalog

SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
QUERIES = [case.query for name in ("pairs.sql", "errors.sql") for case in read_cases(name)]
WORD = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|(?:\d+\.?\d*|\.\d+)(?:[eE]-?\d+)?|\w+|<=|>=|<>|!=|\|\||\S")
SOUP = """ra dec dp_id s_region obs_id dbo.raw ivoa.obscore raw t 1 2.5 0 -1 'x' '' "ra" * + - / % ||
    ( ) , . ; = <> < >= -- :: [ ] ' " CONTAINS( POINT( CIRCLE( 'ICRS',"""
TOKENS = sorted({*WORDS, *SOUP.split()})


def attempt(query: str, catalog: Catalog) -> str | None:
    """The SQL of a query, or None when it is refused; anything else is an error of ours."""
    try:
        return translate(query, catalog).sql
    except AdqlError as exc:
        refused = exc
    assert 1 <= refused.line <= query.count("\n") + 1
    assert refused.column >= 1
    return None


@SHARED
@given(st.text(max_size=60))
def test_any_text_is_translated_or_refused(catalog: Catalog, text: str) -> None:
    attempt(text, catalog)


@settings(SHARED, max_examples=300)
@given(st.lists(st.sampled_from(TOKENS), max_size=25))
def test_any_words_are_translated_or_refused(catalog: Catalog, words: list[str]) -> None:
    attempt("SELECT " + " ".join(words), catalog)


@settings(SHARED, max_examples=400)
@given(st.sampled_from(QUERIES), st.data())
def test_a_damaged_query_is_understood_by_the_database_or_refused(
    catalog: Catalog, connection: sa.Connection, query: str, data: st.DataObject
) -> None:
    words = WORD.findall(query)
    assume(words)
    place = data.draw(st.integers(0, len(words) - 1))
    other = data.draw(st.sampled_from([*words, *TOKENS]))
    words[place : place + data.draw(st.integers(0, 2))] = [other] * data.draw(st.integers(0, 1))
    sql = attempt(" ".join(words), catalog)
    if sql is not None:
        understood(sql, connection)


def understood(sql: str, connection: sa.Connection) -> None:
    """The database can run the statement; a value may still be wrong."""
    point = connection.begin_nested()
    # CAST('x' AS INTEGER), 1 / 0 are known only when they run; FULL JOIN takes only equality.
    with suppress(sa.exc.DataError, sa.exc.NotSupportedError):
        execute(connection, f"EXPLAIN SELECT * FROM ({sql}\n) AS limited LIMIT 0")
    point.rollback()


@SHARED
@given(st.text(max_size=40))
def test_any_string_comes_back_as_it_was(catalog: Catalog, connection: sa.Connection, text: str) -> None:
    assume("\0" not in text)
    literal = text.replace("'", "''")
    query = f"SELECT TOP 1 '{literal}' AS x FROM TAP_SCHEMA.schemas"
    assert run(query, catalog, connection) == [text]


@SHARED
@given(st.text(min_size=1, max_size=15))
def test_any_name_in_double_quotes_is_a_name(catalog: Catalog, connection: sa.Connection, text: str) -> None:
    assume("\0" not in text and len(text.encode()) <= 63)
    name = '"' + text.replace('"', '""') + '"'
    query = f"SELECT t.{name} FROM (SELECT TOP 1 schema_name AS {name} FROM TAP_SCHEMA.schemas) AS t"
    statement = translate(query, catalog)
    assert statement.columns[0].name == text
    assert execute(connection, statement.sql).fetchall()


@SHARED
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_double_comes_back_as_it_was(catalog: Catalog, connection: sa.Connection, value: float) -> None:
    found = run(f"SELECT TOP 1 {value!r} AS x FROM TAP_SCHEMA.schemas", catalog, connection)
    assert found == [value]


@SHARED
@given(st.integers(-(2**63) + 1, 2**63 - 1))
def test_any_integer_comes_back_as_it_was(catalog: Catalog, connection: sa.Connection, value: int) -> None:
    assert run(f"SELECT TOP 1 {value} AS x FROM TAP_SCHEMA.schemas", catalog, connection) == [value]


@dataclass(frozen=True)
class Generated:
    """An expression and its value by Python's arithmetic."""

    text: str
    value: float | int


def combined(left: Generated, operator: str, right: Generated) -> Generated:
    a, b = left.value, right.value
    if operator == "/":
        if b == 0:
            return left
        whole = isinstance(a, int) and isinstance(b, int)
        value = int(math.copysign(abs(a) // abs(b), a * b)) if whole and a else a / b if not whole else 0
    else:
        value = a + b if operator == "+" else a - b if operator == "-" else a * b
    if not math.isfinite(value):
        return left  # a division by next to nothing: the database refuses it, as that by zero
    return Generated(f"({left.text} {operator} {right.text})", value)


def applied(name: str, of: Generated) -> Generated:
    functions = {"ABS": abs, "SIN": math.sin, "COS": math.cos, "ATAN": math.atan, "FLOOR": math.floor}
    value = functions[name](of.value)  # type: ignore[operator]
    return Generated(f"{name}({of.text})", value if name == "ABS" else float(value))


LEAVES = st.one_of(
    st.integers(-1000, 1000).map(lambda n: Generated(str(n), n)),
    st.floats(-1000, 1000, allow_nan=False).map(lambda x: Generated(repr(x), x)),
)
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(combined, inner, st.sampled_from("+-*/"), inner),
        st.builds(applied, st.sampled_from(["ABS", "SIN", "COS", "ATAN", "FLOOR"]), inner),
        inner.map(lambda of: Generated(f"-({of.text})", -of.value)),
    ),
    max_leaves=12,
)


@settings(SHARED, max_examples=300)
@given(EXPRESSIONS)
def test_arithmetic_equals_python(catalog: Catalog, connection: sa.Connection, made: Generated) -> None:
    assume(abs(made.value) < 2**31 and not steps_out(made.text))
    point = connection.begin_nested()
    found = None
    with suppress(sa.exc.DataError):  # an intermediate result leaves its type
        (found,) = run(f"SELECT TOP 1 {made.text} AS x FROM TAP_SCHEMA.schemas", catalog, connection)
    point.rollback()
    assume(found is not None)
    # Sums of numbers of opposite signs lose digits alike in both, but not in the same order of rounding.
    assert found == pytest.approx(made.value, rel=1e-9, abs=1e-9)
    assert type(found) is type(made.value)


def steps_out(text: str) -> bool:
    """Whether an expression is too long for both sides to agree on its last digits."""
    return text.count("SIN") + text.count("COS") > 2 or "e-" in text


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("(", ")"),
        ("ABS(", ")"),
        ("CASE WHEN 1 = 1 THEN ", " END"),
        ("(SELECT TOP 1 ", " FROM dbo.raw AS {n})"),
        ("-(1 + ", ")"),
    ],
)
def test_the_deepest_nesting_leaves_room_on_the_stack(opening: str, closing: str, catalog: Catalog) -> None:
    depth = MAX_DEPTH - 1
    value = opening * depth + "1" + "".join(closing.format(n=f"t{n}") for n in range(depth))
    query = f"SELECT {value} AS x FROM dbo.raw"

    def deep(frames: int) -> str:
        return deep(frames - 1) if frames else translate(query, catalog).sql

    # A web worker, its middleware and a debugger take some hundred frames before us. A thread has a stack of
    # its own, however deep that of the tests is.
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(deep, sys.getrecursionlimit() // 4).result()


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ra FROM dbo.raw WHERE " + " OR ".join(f"ob_id = {n}" for n in range(3000)),
        "SELECT ra FROM dbo.raw WHERE ob_id IN (" + ", ".join(map(str, range(20000))) + ")",
        "SELECT " + " + ".join(["ra"] * 3000) + " AS x FROM dbo.raw",
        "SELECT " + " || ".join(["object"] * 3000) + " AS x FROM dbo.raw",
        "SELECT ra FROM dbo.raw WHERE NOT (" + " AND ".join(["ra > 1"] * 3000) + ")",
        "SELECT " + ", ".join(["ra"] * 1000) + " FROM dbo.raw",
        " UNION ALL ".join(["SELECT ra FROM dbo.raw"] * 200),
        "SELECT t0.ra FROM dbo.raw AS t0 " + " ".join(f"CROSS JOIN dbo.raw AS t{n}" for n in range(1, 40)),
    ],
    ids=["OR", "IN", "sum", "concatenation", "AND", "columns", "UNION", "JOIN"],
)
def test_long_queries_are_no_deep_ones(query: str, catalog: Catalog) -> None:
    assert translate(query, catalog).sql


def test_quoting_is_safe() -> None:
    assert quote("a'b\\") == "'a''b\\'"
    assert identifier('a"b') == '"a""b"'
