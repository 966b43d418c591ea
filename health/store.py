"""What the checks have found: the tables ``health.runs`` and ``health.results``."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Literal, get_args

import sqlalchemy as sa

from health.verdict import Finding
from vo_server import __version__, schemas
from vo_server.checks import Status
from vo_server.db.locks import holding
from vo_server.errors import TransientFault

#: Any number, the same in every process: one run at a time in a database.
_LOCK = 0x766F6865616C7468
KEPT = timedelta(days=90)  #: history of the status page
HISTORY = 30  #: runs that it shows
#: From good to bad; ``unknown`` is what was never checked, ``stale`` what was not checked for too long.
Health = Literal["ok", "warning", "unknown", "stale", "failed"]
ORDER: tuple[Health, ...] = get_args(Health)


@dataclass(frozen=True, slots=True)
class Run:
    """One time that all checks were made; instants are UTC."""

    run_id: str
    started: datetime
    ended: datetime
    server: str
    version: str
    checks: int
    failed: int
    warnings: int

    @property
    def status(self) -> Status:
        """The worst that was found."""
        return "failed" if self.failed else "warning" if self.warnings else "ok"


@cache
def relations() -> tuple[sa.Table, sa.Table]:
    """The tables of runs and of results."""
    tables = schemas.metadata(schemas.builtin()).tables
    return tables["health.runs"], tables["health.results"]


def save(engine: sa.Engine, server: str, started: datetime, findings: Sequence[Finding]) -> Run:
    """Keep a run, all of it or nothing, and forget those that are too old.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The writer's.
    started : datetime
        With its zone.
    """
    runs, results = relations()
    statuses = [finding.status for finding in findings]
    run = Run(
        f"{started.astimezone(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}",
        _naive(started),
        _naive(datetime.now(UTC)),
        server,
        __version__,
        len(findings),
        statuses.count("failed"),
        statuses.count("warning"),
    )
    rows = [
        {
            "run_id": run.run_id,
            "service": finding.service,
            "check_name": finding.name,
            "status": finding.status,
            "detail": finding.detail.replace("\0", "").encode("ascii", "backslashreplace").decode(),
            "seconds": finding.seconds,
            "checked": _naive(finding.checked),
        }
        for finding in findings
    ]
    with engine.begin() as connection:
        connection.execute(sa.insert(runs), {name: getattr(run, name) for name in Run.__dataclass_fields__})
        if rows:
            connection.execute(sa.insert(results), rows)
        old = sa.select(runs.c.run_id).where(runs.c.ended < run.ended - KEPT)
        connection.execute(sa.delete(results).where(results.c.run_id.in_(old)))
        connection.execute(sa.delete(runs).where(runs.c.ended < run.ended - KEPT))
    return run


@contextmanager
def alone(engine: sa.Engine) -> Iterator[None]:
    """Make the checks while no other process of this archive does.

    Raises
    ------
    TransientFault
        Another one does.
    """
    with holding(engine, _LOCK, wait=False) as is_held:
        if not is_held:
            raise TransientFault("another process is checking the server now: see /status in a minute")
        yield


def last_runs(connection: sa.Connection, most: int = HISTORY) -> list[Run]:
    """The last runs, the newest first."""
    runs, _ = relations()
    rows = connection.execute(sa.select(runs).order_by(runs.c.run_id.desc()).limit(most))
    return [Run(**row._mapping) for row in rows]


def findings_of(connection: sa.Connection, run_ids: Sequence[str]) -> dict[str, list[Finding]]:
    """What was found in each of some runs."""
    _, results = relations()
    found: dict[str, list[Finding]] = {run_id: [] for run_id in run_ids}
    rows = connection.execute(sa.select(results).where(results.c.run_id.in_(run_ids)))
    for row in rows:
        found[row.run_id].append(
            Finding(row.service, row.check_name, row.status, row.detail, row.seconds, row.checked)
        )
    return found


def worst(statuses: Sequence[Health]) -> Health:
    """The worst of some; ``unknown`` where there are none."""
    return max(statuses, key=ORDER.index, default="unknown")


def _naive(instant: datetime) -> datetime:
    """UTC without a zone, as published tables have it."""
    return instant.astimezone(UTC).replace(tzinfo=None)
