"""Tables for an engine over files: written for a test, and listed by hand."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from vo_server.engine.duck import DuckEngine, Limits
from vo_server.engine.holdings import Holding, Relation


class GivenTables:
    """Tables that a test has written."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._held: Mapping[Relation, Holding] = {}

    def current(self) -> Mapping[Relation, Holding]:
        return self._held

    def give(self, schema: str, name: str, *parts: pa.Table) -> None:
        """Make ``parts`` the table, in place of the former one if there is one."""
        files = []
        for part in parts:
            path = self.directory / f"{schema}.{name}.{len(list(self.directory.iterdir()))}.parquet"
            pq.write_table(part, path)
            files.append(str(path))
        held = Holding(tuple(files), sum(part.num_rows for part in parts))
        self._held = {**self._held, (schema, name): held}

    def forget(self, schema: str, name: str) -> None:
        """Take a table away."""
        self._held = {key: held for key, held in self._held.items() if key != (schema, name)}


def duck_engine(tables: GivenTables, temporary: Path, **options: object) -> DuckEngine:
    """An engine over them."""
    return DuckEngine(tables, tables.directory, temporary, limits=Limits(), **options)  # type: ignore[arg-type]
