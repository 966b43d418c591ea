"""Coverages that were made, kept until their collection changes."""

import hashlib
import io
import threading
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa

from vo_server.archive import or_try_again
from vo_server.errors import NotFoundFault
from vo_server.files.kept import kept_or_made
from vo_server.products import ObsCore
from vo_server.submissions.published import PRODUCTS

Axis = Literal["space", "time"]
TIME_ORDER = 34  #: cells of a little more than two minutes, which is an exposure
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

    def get(
        self,
        collection: str,
        axis: Axis,
        order: int,
        product_types: tuple[str, ...] = (),
        release: str | None = None,
    ) -> bytes:
        """The coverage as FITS; ``order`` is that of cells of the sky, those of time have `TIME_ORDER`.

        Parameters
        ----------
        product_types : tuple of str
            Only products of these types (``dataproduct_type``); of all when there are none.
        release : str, optional
            Only products of this release of the collection.

        Raises
        ------
        NotFoundFault
            There is no such collection, or nothing of these types or this release in it.
        TransientFault
            The database does not answer.
        """
        with or_try_again():
            where = self._where(collection, product_types, release)
            place = self._place(where, (collection, *product_types, release or ""), axis, order)
            # One at a time: they take memory and a processor. Who waits holds no connection.
            return kept_or_made(place, self._turn, lambda: self._make(where, axis, order))

    def _where(
        self, collection: str, product_types: tuple[str, ...], release: str | None
    ) -> sa.ColumnElement[bool]:
        wanted: list[sa.ColumnElement[bool]] = [sa.true()]
        if collection != ALL:
            wanted.append(self._obs.obs_collection == collection)
        if product_types:
            wanted.append(self._obs.dataproduct_type.in_(product_types))
        if release is not None:
            mine = (PRODUCTS.c.collection == collection, PRODUCTS.c.release == release)
            wanted.append(self._obs.dp_id.in_(sa.select(PRODUCTS.c.dp_id).where(*mine)))
        return sa.and_(*wanted)

    def _place(self, where: sa.ColumnElement[bool], asked: tuple[str, ...], axis: Axis, order: int) -> Path:
        """Where the coverage of what was asked for is kept, as that is now."""
        columns = (sa.func.count(), sa.func.max(self._obs.last_mod_date), sa.func.max(self._obs.dp_id))
        with self._engine.connect() as connection:
            state = tuple(connection.execute(sa.select(*columns).where(where)).one())
        if not state[0] and asked != (ALL, ""):
            raise NotFoundFault(f"there is no collection {asked[0][:100]!r} here: see the list at /moc")
        cells = order if axis == "space" else TIME_ORDER
        return self._directory / f"{_digest(repr((asked, axis, cells, *map(str, state))))}.fits"

    def _make(self, where: sa.ColumnElement[bool], axis: Axis, order: int) -> bytes:
        with self._engine.connect() as connection:
            return _fits(self._of_axis(connection, where, axis, order))

    def _of_axis(
        self, connection: sa.Connection, where: sa.ColumnElement[bool], axis: Axis, order: int
    ) -> Any:
        # Half a second of imports, for which a server should not wait when it starts.
        from vo_server.coverage.cells import space_moc, time_moc

        obs = self._obs
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
