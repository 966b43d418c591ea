"""The XML of jobs (UWS 1.1, Representations of resources)."""

from collections.abc import Iterable
from datetime import UTC, datetime

from lxml import etree

from vo_server.principal import account_of
from vo_server.uws.jobs import Job

UWS = "http://www.ivoa.net/xml/UWS/v1.0"
PROGRESS = "urn:vo-server:progress"  #: of what this server adds to a job
XLINK = "http://www.w3.org/1999/xlink"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
NAMESPACES = {"uws": UWS, "xlink": XLINK, "xsi": XSI}


def instant(when: datetime | None) -> str:
    """A time in UTC as UWS writes it, with ``Z``; empty for None."""
    if when is None:
        return ""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def owner_of(job: Job) -> str:
    """The owner as clients see it: empty for jobs that nobody logged in for."""
    return account_of(job.owner)


def result_url(job: Job, jobs_url: str, result_id: str) -> str:
    """Where a result of a job is read."""
    return f"{jobs_url}/{job.job_id}/results/{result_id}"


def job_document(job: Job, jobs_url: str) -> bytes:
    """``uws:job``: everything about one job; ``jobs_url`` is that of the list."""
    root = etree.Element(f"{{{UWS}}}job", nsmap=NAMESPACES, version="1.1")
    _text(root, "jobId", job.job_id)
    if job.run_id is not None:
        _text(root, "runId", job.run_id)
    _nillable(root, "ownerId", owner_of(job))
    _text(root, "phase", job.phase)
    _nillable(root, "quote", instant(job.quote))
    _text(root, "creationTime", instant(job.creation))
    _nillable(root, "startTime", instant(job.start_time))
    _nillable(root, "endTime", instant(job.end_time))
    _text(root, "executionDuration", str(job.execution_duration))
    _nillable(root, "destruction", instant(job.destruction))
    root.append(_parameters(job))
    root.append(_results(job, jobs_url))
    if job.error is not None:
        summary = etree.SubElement(root, f"{{{UWS}}}errorSummary", type=job.error.type, hasDetail="true")
        _text(summary, "message", job.error.message)
    if job.progress and job.phase == "EXECUTING":
        information = etree.SubElement(root, f"{{{UWS}}}jobInfo")
        for name, value in job.progress.items():
            etree.SubElement(information, f"{{{PROGRESS}}}{name}").text = _printable(str(value))
    return _document(root)


def jobs_document(jobs: Iterable[Job], jobs_url: str) -> bytes:
    """``uws:jobs``: the list of jobs, in the order given."""
    root = etree.Element(f"{{{UWS}}}jobs", nsmap=NAMESPACES, version="1.1")
    for job in jobs:
        reference = etree.SubElement(root, f"{{{UWS}}}jobref", id=job.job_id)
        reference.set(f"{{{XLINK}}}type", "simple")
        reference.set(f"{{{XLINK}}}href", f"{jobs_url}/{job.job_id}")
        _text(reference, "phase", job.phase)
        if job.run_id is not None:
            _text(reference, "runId", job.run_id)
        _nillable(reference, "ownerId", owner_of(job))
        _text(reference, "creationTime", instant(job.creation))
    return _document(root)


def parameters_document(job: Job) -> bytes:
    """``uws:parameters`` of a job."""
    return _document(_parameters(job))


def results_document(job: Job, jobs_url: str) -> bytes:
    """``uws:results`` of a job."""
    return _document(_results(job, jobs_url))


def _parameters(job: Job) -> etree._Element:
    element = etree.Element(f"{{{UWS}}}parameters", nsmap=NAMESPACES)
    for name, value in job.parameters:
        _text(element, "parameter", value).set("id", _printable(name))
    return element


def _results(job: Job, jobs_url: str) -> etree._Element:
    element = etree.Element(f"{{{UWS}}}results", nsmap=NAMESPACES)
    for result in job.results:
        item = etree.SubElement(element, f"{{{UWS}}}result", id=result.id)
        item.set(f"{{{XLINK}}}type", "simple")
        item.set(f"{{{XLINK}}}href", result_url(job, jobs_url, result.id))
        item.set("size", str(result.size))
        item.set("mime-type", result.media_type)
    return element


def _text(parent: etree._Element, tag: str, text: str) -> etree._Element:
    child = etree.SubElement(parent, f"{{{UWS}}}{tag}")
    child.text = _printable(text)
    return child


def _nillable(parent: etree._Element, tag: str, text: str) -> None:
    child = _text(parent, tag, text)
    if not text:
        child.text = None
        child.set(f"{{{XSI}}}nil", "true")


def _printable(text: str) -> str:
    """``text`` without the control characters that XML 1.0 cannot hold."""
    return "".join(c if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff") else "\ufffd" for c in text)


def _document(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
