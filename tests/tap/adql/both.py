"""The same rows in both engines: temporary tables of PostgreSQL, files for DuckDB."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tap.adql import understand
from tests.vo_server.engine.files import GivenTables, duck_engine
from vo_server import sky
from vo_server.engine import Engine, PostgresEngine, Statement, Upload
from vo_server.errors import UsageFault
from vo_server.tables import TEMPORARY, Catalog, Column, Schema, Table

TYPES: dict[str, pa.DataType] = {
    "boolean": pa.bool_(),
    "unsignedByte": pa.int16(),
    "short": pa.int16(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
}


def arrow_type(column: Column) -> pa.DataType:
    if column.is_text:
        return pa.timestamp("us") if column.xtype == "timestamp" else pa.string()
    return TYPES[column.datatype]


@dataclass(frozen=True)
class Answer:
    """The columns of a result and its rows, or what the database refuses it for."""

    columns: tuple[tuple[str, ...], ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    refusal: str = ""


@dataclass
class Both:
    """Two engines with the same tables under the same names."""

    postgres: PostgresEngine
    duck: Engine
    catalog: Catalog  #: for DuckDB
    stored: Catalog  #: for PostgreSQL: the same tables are uploads
    uploads: Sequence[Upload]

    def answers(self, query: str) -> tuple[Answer, Answer]:
        """Those of PostgreSQL and DuckDB; raises `Unsupported` where DuckDB has no words for the query."""
        other = understand(query, self.catalog).statement("duckdb")
        understood = understand(query, self.stored)
        wanted = [u for u in self.uploads if u.table.relation in understood.relations]
        found = self._answer(self.duck, other)
        return self._answer(self.postgres, understood.statement("postgresql"), wanted), found

    def _answer(self, engine: Engine, statement: Statement, uploads: Sequence[Upload] = ()) -> Answer:
        try:
            with engine.execute(statement, uploads=uploads) as result:
                columns = ((c.name, c.datatype, c.xtype, c.unit, c.ucd) for c in result.columns)
                return Answer(tuple(columns), tuple(rows(result.batches)))
        except UsageFault as exc:
            return Answer(refusal=str(exc))


def rows(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[Any, ...]]:
    for batch in batches:
        yield from zip(*map(pa.Array.to_pylist, batch.columns), strict=True)


@contextmanager
def both(
    postgres: PostgresEngine, catalog: Catalog, tables: dict[str, pa.Table], place: Path
) -> Iterator[Both]:
    """Both engines with the tables of ``catalog`` that ``tables`` has, by full name."""
    files = place / "files"
    files.mkdir()
    given, uploads, schemas = GivenTables(files), [], []
    for schema in catalog.schemas:
        stored = []
        for table in schema.tables:
            if table.name in tables:
                data, (name, relation) = tables[table.name], table.relation
                table = replace(table, stored_as=(TEMPORARY, relation))
                half = data.num_rows // 2
                given.give(name, relation, data.slice(0, half), data.slice(half))
                for region in table.regions:  # files have no shapes
                    data = data.append_column(region.shape, pa.nulls(len(data), pa.list_(pa.float64())))
                    data = data.append_column(region.box, pa.nulls(len(data), pa.string()))
                hidden = [Column(n, "long") for n in data.column_names[len(table.columns) :]]
                uploads.append(Upload(replace(table, columns=(*table.columns, *hidden)), data))
            stored.append(table)
        schemas.append(Schema(schema.name, schema.description, tuple(stored)))
    engine = duck_engine(given, place / "temporary")
    try:
        yield Both(postgres, engine, catalog, Catalog(tuple(schemas)), uploads)
    finally:
        engine.close()


def made_up(table: Table, texts: Sequence[str], size: int, seed: int) -> pa.Table:
    """Rows of a published table, with NULLs and ends of ranges, and its hidden columns."""
    chance = np.random.default_rng(seed)
    points = {name for point in table.points for name in (point.ra, point.dec)}
    columns = {c.name.lower(): _values(c, texts, size, chance) for c in table.columns}
    for point in table.points:
        ra, dec = chance.uniform(0, 360, size), np.degrees(np.arcsin(chance.uniform(-1, 1, size)))
        columns[point.ra], columns[point.dec] = pa.array(ra), pa.array(dec)
        columns[point.hpx] = pa.array(sky.hpx(ra, dec), pa.int64())
    assert points <= columns.keys()
    return pa.table(columns)


def _values(column: Column, texts: Sequence[str], size: int, chance: Any) -> pa.Array:
    kind = arrow_type(column)
    make: Callable[[], Any]
    if pa.types.is_string(kind):
        make = lambda: str(chance.choice(texts))  # noqa: E731
    elif pa.types.is_timestamp(kind):
        make = lambda: datetime(2015, 1, 1) + timedelta(seconds=float(chance.uniform(0, 3e8)))  # noqa: E731
    elif pa.types.is_boolean(kind):
        make = lambda: bool(chance.integers(2))  # noqa: E731
    elif pa.types.is_integer(kind):
        make = lambda: int(chance.choice([0, 1, 2, 3, 60, 200, -1, chance.integers(-300, 300)]))  # noqa: E731
    else:
        make = lambda: float(chance.choice([0.5, 1, 2.5, -1, 100, 57000, chance.normal(0, 100)]))  # noqa: E731
    missing = column.nullable
    return pa.array([None if missing and chance.random() < 0.15 else make() for _ in range(size)], kind)


def literals(queries: Sequence[str]) -> list[str]:
    """The strings that queries compare with, and some that are hard to compare."""
    found = {text for query in queries for text in re.findall(r"'((?:[^'%_]|'')*)'", query)}
    return sorted(found | {"", "a%b", "a_b", "a\\b", "Ångström", "abc", "ABC", "ä", "Z", "z"})
