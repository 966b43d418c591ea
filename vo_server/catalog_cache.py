"""The catalogue of published tables, kept in memory and read again when somebody publishes a table."""

import threading
import time
from datetime import datetime

import sqlalchemy as sa

from vo_server.archive import SCHEMA_DOCUMENT
from vo_server.catalog import read_catalog
from vo_server.tables import Catalog

#: Seconds for which the catalogue is believed without asking: publishing a table is rare, queries are not.
FRESH = 2.0


class CatalogCache:
    """The current `Catalog`, shared by the threads of one process.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        May read ``archive.schema_document``.
    fresh : float
        Seconds for which the catalogue is believed without asking.
    """

    def __init__(self, engine: sa.Engine, fresh: float = FRESH) -> None:
        self._engine = engine
        self._fresh = fresh
        self._lock = threading.Lock()
        self._catalog: Catalog | None = None
        self._stamp: list[tuple[str, datetime]] | None = None
        self._checked = 0.0

    def current(self) -> Catalog:
        """The catalogue, at most ``fresh`` seconds old. May ask the database."""
        known = self.known()
        if known is not None:
            return known
        with self._lock:
            if (known := self.known()) is not None:
                return known
            with self._engine.connect() as connection:
                stamp = self._read_stamp(connection)
                if self._catalog is None or stamp != self._stamp:
                    self._catalog = read_catalog(connection)
                    self._stamp = stamp
            self._checked = time.monotonic()
            return self._catalog

    def known(self) -> Catalog | None:
        """The catalogue where no question to the database is due, else None."""
        return self._catalog if time.monotonic() - self._checked < self._fresh else None

    @staticmethod
    def _read_stamp(connection: sa.Connection) -> list[tuple[str, datetime]]:
        # The newest time alone would not do: of two transactions, the one that began first may end last.
        columns = SCHEMA_DOCUMENT.c
        rows = connection.execute(
            sa.select(columns.schema_name, columns.updated).order_by(columns.schema_name)
        )
        return [(row.schema_name, row.updated) for row in rows]
