"""Coverages that were made, kept until their collection changes."""

import hashlib
import io
import threading
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from moc.params import TIME_ORDER, Axis, MocParams
from vo_server.archive import or_try_again
from vo_server.errors import NotFoundFault
from vo_server.kept import kept_or_made
from vo_server.products import ObsCore

ALL = "all"  #: in the place of a collection: everything
MOST = 2_000_000  #: products whose footprints are read for one coverage
CHUNK = 10_000  #: rows that are read at once


class Coverages:
    """Makes and keeps coverages.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        May read ObsCore.
    directory : Path
        Where they are kept: FITS files by collection, state of the collection and axis.
    """

    def __init__(self, engine: sa.Engine, directory: Path) -> None:
        self._engine = engine
        self._directory = directory
        self._obs = ObsCore.read().relation.c
        self._turn = threading.Lock()

    def names(self) -> list[tuple[str, int]]:
        """Every collection, with the number of its products."""
        obs = self._obs
        select = sa.select(obs.obs_collection, sa.func.count()).group_by(obs.obs_collection)
        with self._engine.connect() as connection:
            return [(row[0], row[1]) for row in connection.execute(select.order_by(obs.obs_collection))]

    def get(self, collection: str, params: MocParams) -> bytes:
        """The coverage as FITS.

        Raises
        ------
        NotFoundFault
            There is no such collection.
        TransientFault
            The database does not answer.
        """
        with or_try_again():
            place = self._place(collection, params)
            # One at a time: they take memory and a processor. Who waits holds no connection.
            return kept_or_made(place, self._turn, lambda: self._make(collection, params))

    def _where(self, collection: str) -> sa.ColumnElement[bool]:
        return sa.true() if collection == ALL else self._obs.obs_collection == collection

    def _place(self, collection: str, params: MocParams) -> Path:
        """Where the coverage of the collection as it is now is kept."""
        columns = (sa.func.count(), sa.func.max(self._obs.last_mod_date), sa.func.max(self._obs.dp_id))
        with self._engine.connect() as connection:
            state = tuple(connection.execute(sa.select(*columns).where(self._where(collection))).one())
        if not state[0] and collection != ALL:
            raise NotFoundFault(f"there is no collection {collection[:100]!r} here: see the list at /moc")
        order = params.order if params.axis == "space" else TIME_ORDER
        key = f"{collection}|{params.axis}|{order}|{'|'.join(map(str, state))}"
        return self._directory / f"{_digest(key)}.fits"

    def _make(self, collection: str, params: MocParams) -> bytes:
        with self._engine.connect() as connection:
            return _fits(self._of_axis(connection, collection, params.axis, params.order))

    def _of_axis(self, connection: sa.Connection, collection: str, axis: Axis, order: int) -> Any:
        # Half a second of imports, for which a server should not wait when it starts.
        from moc.coverage import space_moc, time_moc

        obs, where = self._obs, self._where(collection)
        if axis == "space":
            select = sa.select(obs.s_region).where(where, obs.s_region.is_not(None)).distinct().limit(MOST)
            rows = connection.execution_options(yield_per=CHUNK).execute(select)
            return space_moc((row[0] for row in rows), order)
        times = sa.select(obs.t_min, obs.t_max).where(where, obs.t_min <= obs.t_max).distinct().limit(MOST)
        found = connection.execute(times).all()
        return time_moc([row[0] for row in found], [row[1] for row in found], TIME_ORDER)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _fits(made: Any) -> bytes:
    buffer = io.BytesIO()
    made.serialize("fits").writeto(buffer)
    return buffer.getvalue()
