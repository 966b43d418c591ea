"""Changes of jobs, and of others, as PostgreSQL tells them: LISTEN on a connection of its own."""

import select
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg2
import sqlalchemy as sa

CHANNEL = "uws_job"


@dataclass(frozen=True, slots=True)
class Notice:
    """A job has come into a phase (or is gone: ``DELETED``)."""

    job_id: str
    phase: str


class Notices:
    """Hears every change of a job from its creation on.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        Gives the connection; it is taken out of the pool.
    channel : str
        Another than that of jobs: a name of ours.
    """

    def __init__(self, engine: sa.Engine, channel: str = CHANNEL) -> None:
        pooled = engine.raw_connection()
        connection: Any = pooled.driver_connection
        pooled.detach()
        self._connection = connection
        self._connection.autocommit = True
        with self._connection.cursor() as cursor:
            cursor.execute(f"LISTEN {channel}")

    def wait(self, timeout: float, wake: Sequence[int] = ()) -> list[Notice]:
        """What has been told, after ``timeout`` seconds at most, or when one of ``wake`` can be read.

        Raises
        ------
        ConnectionError
            The database has gone away.
        """
        try:
            if not self._connection.notifies:
                select.select([self._connection, *wake], (), (), timeout)
            self._connection.poll()
        except psycopg2.Error as exc:
            raise ConnectionError("the database has closed the connection") from exc
        found = [Notice(*note.payload.partition(" ")[::2]) for note in self._connection.notifies]
        self._connection.notifies.clear()
        return found

    def close(self) -> None:
        """Give the connection up."""
        self._connection.close()
