"""What the status page and its document say: the newest run, service by service, and the runs before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from health.store import Health, Run, findings_of, last_runs, worst
from health.verdict import Finding
from vo_server.instants import utc_now

PATIENCE = timedelta(hours=1)  #: for which a run may be late


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is known of the server's health.

    Attributes
    ----------
    runs : tuple of Run
        The newest first.
    findings : dict
        Of each run, by its identifier.
    interval : float
        Seconds between runs; 0 where the operator wants none.
    now : datetime
        UTC, without a zone.
    """

    runs: tuple[Run, ...]
    findings: dict[str, list[Finding]]
    interval: float
    now: datetime

    @classmethod
    def read(cls, connection: sa.Connection, interval: float) -> "Report":
        """The report as it is now."""
        runs = last_runs(connection)
        findings = findings_of(connection, [run.run_id for run in runs])
        return cls(tuple(runs), findings, interval, utc_now())

    def is_outrun(self, connection: sa.Connection) -> bool:
        """Whether there is another newest run."""
        return list(self.runs[:1]) != last_runs(connection, 1)

    @property
    def newest(self) -> Sequence[Finding]:
        """What the newest run has found, in the order of services and names."""
        if not self.runs:
            return ()
        return sorted(self.findings[self.runs[0].run_id], key=lambda finding: (finding.service, finding.name))

    @property
    def services(self) -> tuple[str, ...]:
        """Those that the newest run has checked."""
        return tuple(dict.fromkeys(finding.service for finding in self.newest))

    @property
    def is_stale(self) -> bool:
        """Whether a run is missing."""
        if not self.runs or not self.interval:
            return False
        return self.now - self.runs[0].ended > timedelta(seconds=2 * self.interval) + PATIENCE

    @property
    def status(self) -> Health:
        """The worst of everything."""
        if not self.runs:
            return "unknown"
        return worst([self.runs[0].status, "stale" if self.is_stale else "ok"])

    def of(self, service: str) -> Sequence[Finding]:
        """What the newest run has found of one service."""
        return [finding for finding in self.newest if finding.service == service]

    def history(self, service: str, name: str | None = None) -> list[tuple[Run, Health]]:
        """How a service, or one of its checks, was in each run, the oldest first."""
        return [
            (
                run,
                worst(
                    [
                        finding.status
                        for finding in self.findings[run.run_id]
                        if finding.service == service and name in (None, finding.name)
                    ]
                ),
            )
            for run in reversed(self.runs)
        ]

    def as_json(self) -> dict[str, Any]:
        """The report for machines."""
        last = self.runs[0] if self.runs else None
        return {
            "status": self.status,
            "checked": instant(last.ended) if last else None,
            "run_id": last.run_id if last else None,
            "server": last.server if last else None,
            "version": last.version if last else None,
            "interval": self.interval,
            "services": {
                service: {
                    "status": worst([finding.status for finding in self.of(service)]),
                    "checks": [_finding(finding) for finding in self.of(service)],
                }
                for service in self.services
            },
            "history": [_run(run) for run in self.runs],
        }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "name": finding.name,
        "status": finding.status,
        "detail": finding.detail,
        "seconds": round(finding.seconds, 3),
        "checked": instant(finding.checked),
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "started": instant(run.started),
        "ended": instant(run.ended),
        "status": run.status,
        "checks": run.checks,
        "failed": run.failed,
        "warnings": run.warnings,
    }


def instant(when: datetime) -> str:
    """An instant (UTC, without a zone) in the form of DALI 1.1, with a Z."""
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"
