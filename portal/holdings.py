"""What the archive holds, in numbers: read by the page, kept for a minute."""

import threading
import time
from dataclasses import dataclass

from portal.sky_map import SHIFT, Dot, dots
from vo_server.engine import Engine, Statement
from vo_server.tables import Column

_COLLECTIONS = Statement(
    "SELECT obs_collection, coalesce(dataproduct_type, 'none') AS kind, count(*) AS n FROM ivoa.obscore"
    " GROUP BY 1, 2 ORDER BY 1, 2",
    columns=(Column("obs_collection", "char", "*"), Column("kind", "char", "*"), Column("n", "long")),
)
_RAW = Statement("SELECT count(*) AS n FROM dbo.raw", columns=(Column("n", "long"),))
_CELLS = Statement(
    f"SELECT hpx >> {SHIFT} AS cell, count(*) AS n FROM ivoa.obscore WHERE hpx IS NOT NULL GROUP BY 1",  # noqa: S608 - a constant
    columns=(Column("cell", "long"), Column("n", "long")),
)


@dataclass(frozen=True, slots=True)
class CollectionCount:
    """How many products of one kind a collection has."""

    collection: str
    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class Holdings:
    """The numbers of the page at ``/``."""

    products: int
    raw: int
    collections: tuple[CollectionCount, ...]
    dots: tuple[Dot, ...]


def read_holdings(engine: Engine) -> Holdings:
    """Counts over the whole of ``ivoa.ObsCore`` and ``dbo.raw``: three scans, not for every request."""
    collections = tuple(CollectionCount(*row) for row in _rows(engine, _COLLECTIONS))
    cells = _rows(engine, _CELLS)
    return Holdings(
        products=sum(row.count for row in collections),
        raw=_rows(engine, _RAW)[0][0],
        collections=collections,
        dots=tuple(dots([cell for cell, _ in cells], [count for _, count in cells])),
    )


class HoldingsCache:
    """The holdings as they were at most `lifetime` seconds ago."""

    def __init__(self, engine: Engine, lifetime: float = 60.0) -> None:
        self._engine = engine
        self._lifetime = lifetime
        self._lock = threading.Lock()
        self._read = -float("inf")
        self._holdings: Holdings | None = None

    def get(self) -> Holdings:
        """The holdings; one caller reads them anew when they are old, the others wait for it."""
        with self._lock:
            if self._holdings is None or time.monotonic() - self._read > self._lifetime:
                self._holdings = read_holdings(self._engine)
                self._read = time.monotonic()
            return self._holdings


def _rows(engine: Engine, statement: Statement) -> list[tuple]:  # type: ignore[type-arg]
    result = engine.execute(statement)
    try:
        return [tuple(row.values()) for batch in result.batches for row in batch.to_pylist()]
    finally:
        result.close()
