"""Collections, releases and batches as JSON documents."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from vo_server.instants import utc_text
from vo_server.submissions.jobs import is_going
from vo_server.submissions.values import Batch, BatchFile, Collection, Release, Taken


def collection_document(
    collection: Collection, releases: Sequence[Release], batches: Sequence[Batch]
) -> dict[str, Any]:
    """A collection with its releases and batches."""
    return {
        **asdict(collection),
        "releases": [release_document(release) for release in releases],
        "batches": [batch_summary(batch) for batch in batches],
    }


def release_document(release: Release) -> dict[str, Any]:
    """What is told of a release."""
    told = asdict(release) | {"created": utc_text(release.created) if release.created else None}
    told.pop("document_sha256")
    return told


def batch_summary(batch: Batch) -> dict[str, Any]:
    """A batch in short."""
    return {
        "batch": batch.batch_id, "collection": batch.collection, "release": batch.release,
        "number": batch.number, "door": batch.door, "state": batch.state, "standard": batch.standard,
        "changed": utc_text(batch.changed),
    }  # fmt: skip


def batch_document(
    batch: Batch,
    files: Sequence[BatchFile],
    steps: Sequence[Taken],
    possible: Sequence[str],
    job: Mapping[str, Any] | None,
    root_url: str,
) -> dict[str, Any]:
    """A batch with its files, what was done with it, and what may be done now."""
    return {
        **batch_summary(batch),
        "summary": batch.summary,
        "report": f"{root_url}/phase3/batches/{batch.batch_id}/report",
        "files": [file_document(file) for file in files],
        "steps": [asdict(step) | {"made": utc_text(step.made)} for step in steps],
        "possible": list(possible),
        "job": job_document(job) if job is not None else None,
    }


def file_document(file: BatchFile) -> dict[str, Any]:
    """A file of a batch."""
    return {
        "name": file.name, "size": file.size, "complete": file.sha256 is not None, "sha256": file.sha256,
        "md5": file.md5, "category": file.category, "dp_id": file.dp_id,
        "received": utc_text(file.received) if file.received else None,
    }  # fmt: skip


def job_document(job: Mapping[str, Any]) -> dict[str, Any]:
    """The newest job of a batch: its step, how far it is, what went wrong."""
    parameters = dict(job["parameters"])
    return {
        "step": parameters.get("STEP"),
        "phase": job["phase"],
        "going": is_going(job["phase"]),
        "progress": job["progress"],
        "error": (job["error"] or {}).get("message"),
    }
