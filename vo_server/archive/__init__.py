"""The archive's own tables, schema ``archive``, each beside those that it belongs to.

No client ever queries them; what they tell is served by DataLink, downloads, jobs and reports.
"""

from vo_server.archive.catalogue import PROPERTY, REGISTRY_RECORD, SCHEMA_DOCUMENT, USER_TABLE
from vo_server.archive.files import CORRECTION, DELIVERY, DELIVERY_HEADER, FILE, FILE_HISTORY
from vo_server.archive.headers import HEADER, HEADER_SECTION, HEADER_STALE, SNAPSHOT, SNAPSHOT_FILE
from vo_server.archive.ingest import FINDING, INGEST_RUN, QUARANTINE
from vo_server.archive.jobs import JOB
from vo_server.archive.relations import (
    ACTIVITY,
    ASSOCIATION,
    CALIBRATION,
    GENERATION,
    PARAMETER,
    PROVENANCE,
    USED,
)
from vo_server.archive.schema import METADATA, PUBLISHED, SCHEMA, USER_SCHEMA, among, or_try_again
from vo_server.archive.submissions import BATCH, BATCH_FILE, BATCH_STEP, COLLECTION, RELEASE

__all__ = [
    "ACTIVITY",
    "ASSOCIATION",
    "BATCH",
    "BATCH_FILE",
    "BATCH_STEP",
    "CALIBRATION",
    "COLLECTION",
    "CORRECTION",
    "DELIVERY",
    "DELIVERY_HEADER",
    "FILE",
    "FILE_HISTORY",
    "FINDING",
    "GENERATION",
    "HEADER",
    "HEADER_SECTION",
    "HEADER_STALE",
    "INGEST_RUN",
    "JOB",
    "METADATA",
    "PARAMETER",
    "PROPERTY",
    "PROVENANCE",
    "PUBLISHED",
    "QUARANTINE",
    "REGISTRY_RECORD",
    "RELEASE",
    "SCHEMA",
    "SCHEMA_DOCUMENT",
    "SNAPSHOT",
    "SNAPSHOT_FILE",
    "USED",
    "USER_SCHEMA",
    "USER_TABLE",
    "among",
    "or_try_again",
]
