"""Generated expressions: the database's values and those of Python, side by side."""

import math
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import sqlalchemy as sa

from tap.adql import Unsupported, translate
from tap.adql.dialects import DUCKDB
from tests.tap.adql.made import COLUMNS, ROWS, Made, Maker, Unsure, expected
from tests.tap.adql.running import execute
from tests.vo_server.engine.files import GivenTables, duck_engine
from vo_server.engine import Upload
from vo_server.engine.duck import DuckEngine
from vo_server.tables import Catalog, Column, Schema, Table

#: A sample; ``make differential`` asks for 100,000.
CASES = int(os.environ.get("VO_DIFFERENTIAL", "3000"))
SEED = int(os.environ.get("VO_DIFFERENTIAL_SEED", "2026"))
TYPES = {
    "short": "smallint",
    "int": "integer",
    "long": "bigint",
    "float": "real",
    "double": "double precision",
    "text": "text",
}
ARROW = {
    "short": pa.int16(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "text": pa.string(),
}


@pytest.fixture(scope="module")
def values_catalog(catalog: Catalog) -> Catalog:
    """The catalogue and a table with the rows that Python knows."""
    columns = tuple(
        Column(name, "char" if kind == "text" else kind, "*" if kind == "text" else None)
        for name, kind in COLUMNS.items()
    )
    table = Table("made.up", "Rows of a test", columns, stored_as=("pg_temp", "up"))
    return Catalog((*catalog.schemas, Schema("made", "A test", (table,))))


@pytest.fixture
def rows(connection: sa.Connection) -> sa.Connection:
    declared = ", ".join(f"{name} {TYPES[kind]}" for name, kind in COLUMNS.items())
    connection.execute(sa.text(f"CREATE TEMPORARY TABLE up (n integer, {declared})"))
    names = ", ".join(f":{name}" for name in ("n", *COLUMNS))
    connection.execute(
        sa.text(f"INSERT INTO up VALUES ({names})"), [{"n": n, **row} for n, row in enumerate(ROWS)]
    )
    return connection


def cases() -> Iterator[tuple[Made, list[Any]]]:
    """Expressions that have one value on every machine, and these values."""
    maker, count = Maker(SEED), 0
    while count < CASES:
        made = maker.any()
        if len(made.text) > 3000:
            continue
        try:
            values = expected(made)
        except Unsure:
            continue
        count += 1
        yield made, values


def agrees(found: Any, wanted: Any, tolerance: float) -> bool:
    if wanted is None or found is None:
        return found is wanted
    if isinstance(wanted, str | int):
        return type(found) is type(wanted) and found == wanted
    if isinstance(wanted, np.float32):
        found = np.float32(found)  # which arrives as its shortest text
    return math.isclose(found, float(wanted), rel_tol=0, abs_tol=float(tolerance))


def test_values_are_those_of_python(values_catalog: Catalog, rows: sa.Connection) -> None:
    wrong: list[str] = []
    made_up = cases()
    while batch := list(islice(made_up, 40)):
        items = ", ".join(f"{made.text} AS c{number}" for number, (made, _) in enumerate(batch))
        found = execute(rows, translate(f"SELECT {items} FROM made.up", values_catalog).sql).fetchall()
        for number, (made, values) in enumerate(batch):
            wrong += [
                f"{made.text}\n    row {n}: {row[number]!r}, not {wanted!r}"
                for n, (row, (wanted, tolerance)) in enumerate(zip(found, values, strict=True))
                if not agrees(row[number], wanted, tolerance)
            ]
    assert not wrong, f"{len(wrong)} values are wrong:\n" + "\n".join(wrong[:20])


def test_conditions_choose_the_rows_of_python(values_catalog: Catalog, rows: sa.Connection) -> None:
    maker, count = Maker(SEED + 1), 0
    while count < CASES // 20:
        when = maker.condition(3)
        try:
            truths = [when.value(row, 1.0) for row in ROWS]
            if any([when.value(row, 1 + noise) for row in ROWS] != truths for noise in (4e-15, -4e-15)):
                continue
        except Unsure:
            continue
        count += 1
        sql = translate(f"SELECT ra, de FROM made.up WHERE {when.text}", values_catalog).sql
        found = sorted(map(tuple, execute(rows, sql).fetchall()), key=str)
        wanted = sorted(
            ((row["ra"], row["de"]) for row, truth in zip(ROWS, truths, strict=True) if truth is True),
            key=str,
        )
        assert found == wanted, when.text


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[DuckEngine]:
    engine = duck_engine(GivenTables(tmp_path), tmp_path / "temporary")
    yield engine
    engine.close()


def test_values_of_duckdb_are_those_of_python(values_catalog: Catalog, duck: DuckEngine) -> None:
    table = values_catalog.table("made.up")
    assert table is not None
    columns = {name: pa.array([row[name] for row in ROWS], ARROW[kind]) for name, kind in COLUMNS.items()}
    uploads = [Upload(table, pa.table(columns))]
    wrong, refused = [], 0
    made_up = cases()
    while batch := list(islice(made_up, 40)):
        written = [(made, values) for made, values in batch if _is_written(made, values_catalog)]
        refused += len(batch) - len(written)
        items = ", ".join(f"{made.text} AS c{number}" for number, (made, _) in enumerate(written))
        statement = translate(f"SELECT {items} FROM made.up", values_catalog, DUCKDB)
        with duck.execute(statement, uploads=uploads) as result:
            answer = pa.Table.from_batches(result.batches)
        for column, (made, values) in zip(answer.columns, written, strict=True):
            wrong += [
                f"{made.text}\n    row {n}: {value!r}, not {wanted!r}"
                for n, (value, (wanted, tolerance)) in enumerate(zip(column.to_pylist(), values, strict=True))
                if not agrees(value, wanted, tolerance)
            ]
    assert not wrong, f"{len(wrong)} values are wrong:\n" + "\n".join(wrong[:20])
    assert refused < CASES / 3


def _is_written(made: Made, catalog: Catalog) -> bool:
    """Whether DuckDB has words for an expression."""
    try:
        return bool(translate(f"SELECT {made.text} AS c FROM made.up", catalog, DUCKDB).sql)
    except Unsupported:
        return False
