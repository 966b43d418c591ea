"""The contract of engines: DuckDB answers as PostgreSQL does, or says that it cannot."""

import math
import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest

from tap.adql import Unsupported
from tests.tap.adql.both import Both, both, literals, made_up
from tests.tap.adql.cases import Case, read_cases
from vo_server.db import Database
from vo_server.engine import PostgresEngine, Statement
from vo_server.tables import Catalog

CASES = list(read_cases("pairs.sql"))
#: Nobody knows these values before, or the order in them.
_CHANCE = re.compile(r"\b(RAND|CURRENT_TIMESTAMP|ivo_normal_random|ivo_string_agg)\b", re.IGNORECASE)
#: And PostgreSQL may choose other rows for these.
_ANY_ROWS = re.compile(r"\b(TOP|OFFSET)\b", re.IGNORECASE)


Rows = tuple[tuple[Any, ...], ...]


@pytest.fixture(scope="module")
def engines(database: Database, catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    postgres = PostgresEngine(database.reader_url, connections=2)
    texts = literals([case.query for case in CASES])
    names = ("dbo.raw", "ivoa.ObsCore", "header.keyword")
    tables = {}
    for seed, name in enumerate(names):
        table = catalog.table(name)
        assert table is not None
        tables[name] = made_up(table, texts, 200, seed)
    for table in catalog.tables:
        if table.name.lower().startswith("tap_schema."):
            with postgres.execute(Statement(f"SELECT * FROM {table.name}")) as result:
                batches = list(result.batches)
            tables[table.name] = pa.Table.from_batches(batches)
    with both(postgres, catalog, tables, tmp_path_factory.mktemp("engines")) as found:
        yield found
    postgres.close()


def same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        # Sums are made in another order, and sines by another library.
        return a == b or math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12) or (a != a and b != b)
    return type(a) is type(b) and bool(a == b)


def agree(expected: Rows, found: Rows) -> bool:
    """Whether the rows are the same, whatever their order."""
    ordered = (sorted(rows, key=_key) for rows in (expected, found))
    return len(expected) == len(found) and all(
        all(map(same, one, other)) for one, other in zip(*ordered, strict=True)
    )


def _key(row: tuple[Any, ...]) -> str:
    return str([f"{v:.9g}" if isinstance(v, float) else v for v in row])


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_the_answer_is_that_of_postgresql(case: Case, engines: Both) -> None:
    try:
        expected, found = engines.answers(case.query)
    except Unsupported as exc:
        pytest.skip(f"not in DuckDB: {exc}")
    if "out of range" in expected.refusal:  # where PostgreSQL does not give them, DuckDB has infinity or 0
        assert any(v in (math.inf, -math.inf, 0.0) for row in found.rows for v in row)
        return
    assert bool(found.refusal) == bool(expected.refusal)
    assert found.columns == expected.columns
    if _CHANCE.search(case.query) or _ANY_ROWS.search(case.query):
        assert len(found.rows) == len(expected.rows)
    else:
        assert agree(expected.rows, found.rows)
