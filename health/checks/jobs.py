"""Asynchronous queries from their first to their last phase (UWS 1.1; taplint's stage UWS)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from lxml import etree

from health.checks.documents import document_faults, votable_faults
from health.site import Reply, Site
from health.verdict import Check, Verdict

QUERY = "SELECT TOP 3 table_name FROM TAP_SCHEMA.tables"
RESOURCES = ("phase", "executionduration", "destruction", "quote", "owner", "parameters", "results")
KEPT = timedelta(hours=1)  #: how long the server keeps a job, where nobody deletes it
WAIT = 5  #: seconds that one request may wait for another phase (UWS 1.1, Blocking behaviour)


def checks() -> Iterator[Check]:
    """The checks of jobs."""
    yield Check("tap", "jobs", look_at_jobs)


def look_at_jobs(site: Site) -> Verdict:
    """A job that is made, run, read and deleted, and one that fails; a worker has to be there."""
    problems = list(_job_faults(site, QUERY, "COMPLETED"))
    if not problems:
        problems += _job_faults(site, "SELECT nothing FROM nowhere", "ERROR")
    gone = site.get("/tap/async/no-such-job")
    if gone.status != 404:
        problems.append(f"a job that does not exist has the status {gone.status}, not 404")
    return Verdict.of("jobs that end well and in error", problems)


def _job_faults(site: Site, query: str, wanted: str) -> Iterator[str]:
    # Should this process be killed, the job is gone within the hour.
    end = datetime.now(UTC) + KEPT
    made = site.post(
        "/tap/async",
        {"LANG": "ADQL", "QUERY": query, "RUNID": "health", "DESTRUCTION": f"{end:%Y-%m-%dT%H:%M:%SZ}"},
    )
    location = made.headers.get("Location", "")
    if made.status != 303 or not location:
        yield f"a new job is answered with the status {made.status}, not a redirection"
        return
    job = urlsplit(location).path
    try:
        yield from _life_faults(site, job, wanted)
    finally:
        deleted = site.delete(job)
    if deleted.status not in (200, 204, 303):
        yield f"DELETE of a job has the status {deleted.status}"
    if (reply := site.get(job)).status != 404:
        yield f"a deleted job has the status {reply.status}, not 404"


def _life_faults(site: Site, job: str, wanted: str) -> Iterator[str]:
    if (phase := _phase(site, job)) != "PENDING":
        yield f"a new job is {phase}, not PENDING"
    yield from _document_faults(site.get(job), "PENDING")
    for name in RESOURCES:
        if (reply := site.get(f"{job}/{name}")).status != 200:
            yield f"{name} of a job has the status {reply.status}"
    started = site.post(f"{job}/phase", {"PHASE": "RUN"})
    if started.status != 303:
        yield f"PHASE=RUN has the status {started.status}, not a redirection"
    phase = _end(site, job)
    if phase == "QUEUED":
        yield f"no worker has taken a job in {site.patience:g} s: none is alive, or all are busy"
        return
    if phase != wanted:
        yield f"a job is {phase} after {site.patience:g} s, not {wanted}"
        return
    yield from _document_faults(site.get(job), wanted)
    if wanted == "ERROR":
        yield from votable_faults(site.get(f"{job}/error"), ("ERROR",))
    else:
        yield from votable_faults(site.get(f"{job}/results/result"))


def _end(site: Site, job: str) -> str:
    """The phase of a job when it has ended, or when patience has."""
    phase = _phase(site, job)
    for _ in site.until(site.patience, pause=0.05):
        if phase not in ("QUEUED", "EXECUTING"):
            break
        wait = min(WAIT, max(1, int(site.patience)))
        site.get(job, {"WAIT": wait, "PHASE": phase})
        phase = _phase(site, job)
    return phase


def _phase(site: Site, job: str) -> str:
    return site.get(f"{job}/phase").text.strip()


def _document_faults(reply: Reply, phase: str) -> Iterator[str]:
    faults = list(document_faults(reply))
    yield from faults
    if faults:
        return
    root = etree.fromstring(reply.body, etree.XMLParser(resolve_entities=False))
    if (found := root.findtext("{*}phase")) != phase:
        yield f"the job's document says {found}, its phase is {phase}"
