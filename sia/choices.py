"""The collections, facilities, instruments and formats that the archive's images and cubes have.

The service's description lists them (SIA 2.0, Service PARAMETER self description); they change seldom, so a
list is kept for some minutes.
"""

import threading
import time
from collections.abc import Mapping

import sqlalchemy as sa

from sia.params import PRODUCT_TYPES
from vo_server.products import ObsCore

#: Parameters whose values the description lists, and their columns.
COLUMNS = {
    "COLLECTION": "obs_collection",
    "FACILITY": "facility_name",
    "INSTRUMENT": "instrument_name",
    "FORMAT": "access_format",
}
MOST = 500  #: values; a longer list helps nobody
FRESH = 300.0  #: seconds

Options = Mapping[str, tuple[str, ...]]


class Choices:
    """The values in use, shared by the threads of one process.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        May read ObsCore.
    """

    def __init__(self, engine: sa.Engine, obscore: ObsCore) -> None:
        self._engine = engine
        self._obscore = obscore
        self._lock = threading.Lock()
        self._options: Options | None = None
        self._read = 0.0

    def known(self) -> Options | None:
        """The values where no question to the database is due, else None."""
        return self._options if time.monotonic() - self._read < FRESH else None

    def current(self) -> Options:
        """The values, at most `FRESH` seconds old; may ask the database."""
        with self._lock:
            if (known := self.known()) is not None:
                return known
            with self._engine.connect() as connection:
                self._options = read_options(connection, self._obscore)
            self._read = time.monotonic()
            return self._options


def read_options(connection: sa.Connection, obscore: ObsCore) -> Options:
    """The values in use, by parameter; a parameter with more than `MOST` has none."""
    obs = obscore.relation.c
    columns = [obs[column] for column in COLUMNS.values()]
    # One pass over the table; few combinations exist.
    combinations = sa.select(*columns).where(obs.dataproduct_type.in_(PRODUCT_TYPES)).distinct()
    found: dict[str, set[str]] = {name: set() for name in COLUMNS}
    for row in connection.execute(combinations):
        for name, value in zip(COLUMNS, row, strict=True):
            if value:
                found[name].add(value)
    return {name: tuple(sorted(values)) if len(values) <= MOST else () for name, values in found.items()}
