"""Which tables are there as files, and how fresh they are."""

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa
import structlog

from vo_server import snapshots
from vo_server.archive import SNAPSHOT, SNAPSHOT_FILE
from vo_server.errors import TransientFault

#: Schema and name in the database.
Relation = tuple[str, str]

#: Seconds for which the list is believed without asking.
FRESH = 2.0


@dataclass(frozen=True, slots=True)
class Holding:
    """A table of an engine.

    Attributes
    ----------
    files : tuple of str
        The Parquet files that are the table.
    rows : int
    fresh_until : datetime or None
        The instant (UTC) up to which it has what the archive had; None where that is not known.
    """

    files: tuple[str, ...]
    rows: int
    fresh_until: datetime | None = None


class Tables(Protocol):
    """Knows the tables that there are as files."""

    def current(self) -> Mapping[Relation, Holding]:
        """The tables now; the same object as long as nothing changes."""


class ListedTables:
    """The tables that the database lists.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        May read ``archive.snapshot`` and ``archive.snapshot_file``.
    state_dir : Path
        Where the files are.
    """

    def __init__(self, engine: sa.Engine, state_dir: Path) -> None:
        self._engine = engine
        self._root = snapshots.root(state_dir).resolve()
        self._lock = threading.Lock()
        self._known: Mapping[Relation, Holding] = {}
        self._checked = float("-inf")
        self._log = structlog.get_logger("vo_server.engine")

    def current(self) -> Mapping[Relation, Holding]:
        """The tables, at most `FRESH` seconds old; may ask the database.

        A table of which a file is missing is left out: PostgreSQL has it.

        Raises
        ------
        TransientFault
            The database is away.
        """
        with self._lock:
            if time.monotonic() - self._checked >= FRESH:
                try:
                    found = self._read()
                except sa.exc.DBAPIError as exc:
                    raise TransientFault("the database is not available now; try again in a moment") from exc
                whole = {name: held for name, held in found.items() if all(map(os.path.exists, held.files))}
                if whole != self._known:
                    self._known = whole
                    for schema, table in found.keys() - whole.keys():
                        self._log.warning("files of a snapshot are missing", table=f"{schema}.{table}")
                self._checked = time.monotonic()
            return self._known

    def _read(self) -> dict[Relation, Holding]:
        file, snapshot = SNAPSHOT_FILE.c, SNAPSHOT.c
        query = (
            sa.select(
                snapshot.table_name,
                snapshot.fresh_until,
                sa.func.array_agg(sa.text("path ORDER BY path")),
                sa.func.sum(file.rows),
            )
            .join(SNAPSHOT_FILE, snapshot.table_name == file.table_name)
            .group_by(snapshot.table_name, snapshot.fresh_until)
        )
        held = {}
        with self._engine.connect() as connection:
            for name, fresh_until, paths, rows in connection.execute(query):
                schema, _, table = name.partition(".")
                files = tuple(str(self._root / path) for path in paths)
                held[schema, table] = Holding(files, int(rows), fresh_until.astimezone(UTC))
        return held
