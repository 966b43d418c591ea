"""All checks of a running server, one after the other."""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import sqlalchemy as sa
import structlog

from health.checks import (
    cutouts,
    database,
    documents,
    harvest,
    jobs,
    links,
    metadata,
    obscore,
    queries,
    stilts,
)
from health.site import Site
from health.store import alone, save
from health.verdict import Check, Finding, Verdict
from vo_server.errors import VoError
from vo_server.progress import Progress


def all_checks() -> Iterator[Check]:
    """The checks by requests alone, in the order of the report."""
    for module in (documents, metadata, queries, jobs, obscore, links, cutouts, harvest, stilts):
        yield from module.checks()


def examine(site: Site, engine: sa.Engine, progress: Progress) -> list[Finding]:
    """Make all checks and keep what they find.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The writer's.
    progress : callable
        Called with the number of checks made, of all, and a word.

    Raises
    ------
    TransientFault
        Another process is at it.
    """
    started = datetime.now(UTC)
    checks = [*all_checks(), *database.checks(engine)]
    found = []
    with alone(engine):
        for done, finding in enumerate(run(site, checks), 1):
            found.append(finding)
            progress(done, len(checks), "checks")
        save(engine, site.root, started, found)
    return found


def run(site: Site, checks: Iterable[Check]) -> Iterator[Finding]:
    """What each check finds; one that cannot be made has failed, and the others are made all the same."""
    for check in checks:
        begun = time.monotonic()
        verdict = _look(check, site)
        seconds = time.monotonic() - begun
        yield Finding(check.service, check.name, verdict.status, verdict.detail, seconds, datetime.now(UTC))


def _look(check: Check, site: Site) -> Verdict:
    try:
        return check.look(site)
    except VoError as exc:
        return Verdict("", (str(exc),))
    except Exception as exc:
        # An answer that a check did not expect is a finding, and must not hide those of other checks.
        log = structlog.get_logger("vo_server.health")
        log.warning("a check failed", service=check.service, check=check.name, exc_info=exc)
        return Verdict("", (f"the check could not be made: {type(exc).__name__}: {exc}",))
