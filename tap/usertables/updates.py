"""Jobs that change a user's table: an index of a column (TAP 1.2 draft, table-update)."""

import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import psycopg2
import sqlalchemy as sa

from vo_server.errors import AuthenticationFault, TransientFault, UsageFault
from vo_server.principal import account_of
from vo_server.user_tables import UserTables
from vo_server.uws.jobs import Job, JobResult

KIND = "table-update"


class TableUpdates:
    """Runs these jobs in a worker process.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The role that keeps the tables.
    """

    def __init__(self, engine: sa.Engine, user_tables: UserTables) -> None:
        self._engine = engine
        self._user_tables = user_tables
        self._lock = threading.Lock()
        self._running: dict[str, Any] = {}

    def execute(self, job: Job) -> Sequence[JobResult]:
        """Make the index that ``TABLE``, ``INDEX`` and ``UNIQUE`` ask for."""
        account = account_of(job.owner)
        if not account:
            raise AuthenticationFault("only accounts have tables to change: log in with a token")
        table, column = job.parameters.single("TABLE"), job.parameters.single("INDEX")
        if table is None or column is None:
            raise UsageFault("a table-update wants TABLE, a table of yours, and INDEX, one of its columns")
        unique = (job.parameters.single("UNIQUE") or "false").lower()
        if unique not in ("true", "false"):
            raise UsageFault(f"UNIQUE={unique[:40]!r} is not known: send true or false")
        try:
            with self._engine.begin() as connection:
                self._watch(job, connection.connection.dbapi_connection)
                self._user_tables.index(connection, account, table, column, unique=unique == "true")
        except sa.exc.IntegrityError as exc:
            raise UsageFault(
                f"the column {column[:60]!r} has a value twice: it can have no UNIQUE index"
            ) from exc
        except sa.exc.OperationalError as exc:
            raise TransientFault(
                "the index was not made: the work was cancelled, or the database went away"
            ) from exc
        finally:
            self._watch(job, None)
        return []

    def progress(self, job: Job) -> Mapping[str, Any]:
        """What the job does."""
        return {"doing": "making the index"}

    def cancel(self, job: Job) -> None:
        """Cancel the statement in the database."""
        with self._lock:
            connection = self._running.get(job.job_id)
            if connection is not None:
                # It may have ended in this moment.
                with suppress(psycopg2.Error):
                    connection.cancel()

    def _watch(self, job: Job, connection: Any) -> None:
        with self._lock:
            if connection is None:
                self._running.pop(job.job_id, None)
            else:
                self._running[job.job_id] = connection
