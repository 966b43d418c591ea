"""The archive's own tables, schema ``archive``: files, their relations, ingest, submissions, documents, jobs.

No client ever queries them; what they tell is served by DataLink, downloads, jobs and reports.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    ARRAY,
    UUID,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    any_,
    bindparam,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import OperationalError

from vo_server.errors import TransientFault

SCHEMA = "archive"
PUBLISHED = "vo_published"  #: channel on which it is told that something was published or taken back
USER_SCHEMA = "user_tables"  #: where the tables of users are
METADATA = MetaData(schema=SCHEMA)


@contextmanager
def or_try_again() -> Iterator[None]:
    """Reading of the tables; a database that does not answer is a `TransientFault`."""
    try:
        yield
    except OperationalError as exc:
        raise TransientFault("the archive's database does not answer now: try again in a moment") from exc


def among(column: ColumnElement[Any], values: Iterable[str]) -> ColumnElement[bool]:
    """Whether a text is one of ``values``: one bound array, however many they are."""
    return column == any_(bindparam(None, list(values), ARRAY(Text)))


def _instant(name: str, *, nullable: bool = True, now: bool = False) -> Column[object]:
    """A column of instants; PostgreSQL keeps them in UTC."""
    return Column(
        name, DateTime(timezone=True), nullable=nullable, server_default=func.now() if now else None
    )


#: Every file of the archive: what it is, where it lies and how to know its bytes again.
FILE = Table(
    "file",
    METADATA,
    Column("dp_id", Text, primary_key=True),
    Column("kind", Text, nullable=False, comment="raw, product or ancillary"),
    Column("category", Text, comment="DPR.CATG or PRODCATG"),
    Column("collection", Text),
    Column("origfile", Text),
    Column("url", Text, nullable=False, unique=True, comment="where the bytes are: file:///..."),
    Column("size", BigInteger, nullable=False, comment="bytes"),
    Column("sha256", Text, nullable=False),
    Column("md5", Text, nullable=False),
    Column("datamd5", Text, comment="MD5 of the data alone, as a pipeline wrote it (DATAMD5)"),
    Column("media_type", Text, nullable=False),
    Column("compression", Text, comment="gz or fz; null when there is none"),
    _instant("release_date"),
    _instant("ingested", nullable=False, now=True),
    _instant("modified", nullable=False, now=True),
    Column("mtime_ns", BigInteger, nullable=False, comment="the file system's time of change"),
    Index("file_sha256", "sha256"),
    Index("file_origfile", "origfile"),
    Index("file_datamd5", "datamd5", postgresql_where=text("datamd5 IS NOT NULL")),
)

#: What a file and its metadata were before they were replaced.
FILE_HISTORY = Table(
    "file_history",
    METADATA,
    Column("history_id", BigInteger, Identity(always=True), primary_key=True),
    Column("dp_id", Text, nullable=False, index=True),
    Column("row", JSONB, nullable=False, comment="the rows of the file and of its published table"),
    _instant("replaced", nullable=False, now=True),
)

#: Header values that an operator put right: for queries and delivery they are the file's, who and why stays.
CORRECTION = Table(
    "correction",
    METADATA,
    Column("correction_id", BigInteger, Identity(always=True), primary_key=True),
    Column("dp_id", Text, nullable=False),
    Column("hdu", Integer, nullable=False),
    Column("keyword", Text, nullable=False, comment="dotted, without ESO"),
    Column("vtype", Text, nullable=False, comment="of the new value: S, I, F or L"),
    Column("value", Text, nullable=False, comment="the new value"),
    Column("former", Text, comment="the card in the file; null when it had none"),
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    _instant("made", nullable=False, now=True),
    _instant("ended"),
    Column("ending", Text, comment="who ended it, and why"),
    Index(
        "correction_in_force", "dp_id", "hdu", "keyword", unique=True, postgresql_where=text("ended IS NULL")
    ),
    Index("correction_dp_id", "dp_id"),
)

#: What is sent of a file whose header was corrected: its bytes, with other headers in the place of its own.
DELIVERY = Table(
    "delivery",
    METADATA,
    Column("dp_id", Text, primary_key=True),
    Column("source_sha256", Text, nullable=False, comment="of the stored bytes"),
    Column("size", BigInteger, nullable=False, comment="bytes that are sent"),
    Column("sha256", Text, nullable=False, comment="of what is sent"),
    Column("md5", Text, nullable=False),
    Column("url", Text, comment="where the whole is, of files that are packed; else the headers follow"),
    _instant("modified", nullable=False, now=True),
)
DELIVERY_HEADER = Table(
    "delivery_header",
    METADATA,
    Column("dp_id", Text, primary_key=True),
    Column("hdu", Integer, primary_key=True),
    Column("start", BigInteger, nullable=False, comment="byte where the stored header begins"),
    Column("length", BigInteger, nullable=False, comment="bytes of the stored header"),
    Column("header", LargeBinary, nullable=False, comment="the corrected one"),
)

#: The files that a product was made from (Phase 3 keywords PROVi, extension PHASE3PROVENANCE).
PROVENANCE = Table(
    "provenance",
    METADATA,
    Column("dp_id", Text, primary_key=True),
    Column("pos", Integer, primary_key=True),
    Column("progenitor", Text, nullable=False, index=True, comment="as the header names it, without .fits"),
    Column("entity", Text, nullable=False, index=True, comment="its dp_id; its name while it is not here"),
)

#: Executions of recipes, as products tell of them (PRO RECi); products of one execution share a row.
ACTIVITY = Table(
    "activity",
    METADATA,
    Column("activity_id", Text, primary_key=True, comment="the recipe, and a digest of all that is told"),
    Column("recipe", Text, nullable=False, index=True, comment="PRO RECi ID"),
    Column("pipeline", Text, comment="PRO RECi PIPE ID, with its version"),
    Column("drs", Text, comment="PRO RECi DRS ID, the library below"),
    _instant("started"),
    _instant("ended"),
)

#: The recipes that a file went through: step 0 wrote it, step 1 came before that.
GENERATION = Table(
    "generation",
    METADATA,
    Column("dp_id", Text, primary_key=True),
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("activity_id", Text, nullable=False, index=True),
    Column("category", Text, comment="what the file is to the recipe that wrote it: PRO CATG"),
)

#: The files that a recipe read (PRO RECi RAWj and CALj).
USED = Table(
    "used",
    METADATA,
    Column("activity_id", Text, primary_key=True),
    Column("pos", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False, comment="raw or calibration"),
    Column("name", Text, nullable=False, comment="as the header names it, without directory and .fits"),
    Column("category", Text, comment="its tag in the set of frames"),
    Column("datamd5", Text, index=True, comment="MD5 of its data"),
    Column("entity", Text, nullable=False, index=True, comment="its dp_id; its name while it is not here"),
    Index("used_name", "name", "datamd5"),
)

#: The parameters that a recipe ran with (PRO RECi PARAMj).
PARAMETER = Table(
    "parameter",
    METADATA,
    Column("activity_id", Text, primary_key=True),
    Column("pos", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("default_value", Text, comment="of the recipe, as the header tells it"),
)

#: The files that belong to a product (Phase 3 keywords ASSONi, ASSOCi).
ASSOCIATION = Table(
    "association",
    METADATA,
    Column("dp_id", Text, primary_key=True, comment="the science file"),
    Column("pos", Integer, primary_key=True),
    Column("name", Text, nullable=False, index=True, comment="name of the file, as the header gives it"),
    Column("associated", Text, index=True, comment="its dp_id, once it is in the archive"),
    Column("category", Text),
)

#: The calibrations that a file is to be reduced with, from raw frames or from masters.
CALIBRATION = Table(
    "calibration",
    METADATA,
    Column("dp_id", Text, primary_key=True, comment="the file to be calibrated"),
    Column("mode", Text, primary_key=True, comment="raw2raw or raw2master"),
    Column("pos", Integer, primary_key=True, comment="in the order of the cascade, from 1"),
    Column("calibration", Text, nullable=False, index=True, comment="dp_id of the calibration"),
    Column("category", Text, comment="its tag in a set of frames, such as MASTER_BIAS"),
)

INGEST_RUN = Table(
    "ingest_run",
    METADATA,
    Column("run_id", BigInteger, Identity(always=True), primary_key=True),
    _instant("started", nullable=False, now=True),
    _instant("ended"),
    Column("paths", ARRAY(Text), nullable=False),
    Column("added", Integer, nullable=False, server_default=text("0")),
    Column("replaced", Integer, nullable=False, server_default=text("0")),
    Column("unchanged", Integer, nullable=False, server_default=text("0")),
    Column("rejected", Integer, nullable=False, server_default=text("0")),
)

#: What an ingest run had to say about a file, by rule.
FINDING = Table(
    "finding",
    METADATA,
    Column("finding_id", BigInteger, Identity(always=True), primary_key=True),
    Column("run_id", BigInteger, nullable=False, index=True),
    Column("file", Text, nullable=False),
    Column("hdu", Integer),
    Column("keyword", Text),
    Column("rule", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("message", Text, nullable=False),
)

#: Files that could not be taken, and why, until they can. See `ingest.quarantine`.
QUARANTINE = Table(
    "quarantine",
    METADATA,
    Column("url", Text, primary_key=True),
    Column("rules", ARRAY(Text), nullable=False),
    Column("message", Text, nullable=False, comment="everything that was found, a line each"),
    Column("run_id", BigInteger, nullable=False, comment="the ingest run that said so last"),
    _instant("since", nullable=False, now=True),
)

#: Named groups of products of one purpose, each with releases. See `vo_server.submissions`.
COLLECTION = Table(
    "collection",
    METADATA,
    Column("name", Text, primary_key=True, comment="obs_collection of its products"),
    Column("title", Text, nullable=False),
    Column("origin", Text, nullable=False, comment="IDP or EDP, as P3ORIG has it"),
    Column("owner", Text, nullable=False, comment="the account that submits"),
    Column("delegates", ARRAY(Text), nullable=False, comment="accounts that may upload, too"),
    Column("programmes", ARRAY(Text), nullable=False, comment="PROG_ID of its products; empty: any"),
    _instant("created", nullable=False, now=True),
)

RELEASE = Table(
    "release",
    METADATA,
    Column("collection", Text, primary_key=True),
    Column("release", Text, primary_key=True, comment="such as DR1"),
    Column("title", Text, nullable=False),
    Column("abstract", Text, nullable=False, server_default=text("''")),
    Column("creators", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="for its citation"),
    Column("bibcode", Text, comment="of the paper that describes it"),
    Column("doi", Text, comment="without https://doi.org/"),
    Column("document", Text, comment="name of the release description in its directory"),
    Column("document_type", Text, comment="its media type"),
    Column("document_sha256", Text),
    _instant("created", nullable=False, now=True),
)

#: Files that come together and are validated, reviewed and published together.
BATCH = Table(
    "batch",
    METADATA,
    Column("batch_id", BigInteger, Identity(always=True), primary_key=True),
    Column("collection", Text, nullable=False),
    Column("release", Text, nullable=False),
    Column("number", Integer, nullable=False, comment="within the release, from 1"),
    Column("door", Text, nullable=False, comment="external, internal or legacy"),
    Column("state", Text, nullable=False),
    Column("standard", Text, nullable=False, comment="version that it is validated against"),
    Column("mapping", Text, comment="collection mapping of ingest; null: the one that matches"),
    Column("summary", JSONB, comment="numbers, volume, sky, times: what a reviewer looks at"),
    Column("report", JSONB, comment="of its last validation"),
    _instant("created", nullable=False, now=True),
    _instant("changed", nullable=False, now=True),
    Index("batch_number", "collection", "release", "number", unique=True),
)

#: The files of a batch, also those that are still coming.
BATCH_FILE = Table(
    "batch_file",
    METADATA,
    Column("batch_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("size", BigInteger, nullable=False, comment="bytes, as announced"),
    Column("sha256", Text, comment="null until all bytes are there"),
    Column("md5", Text),
    _instant("received"),
    Column("category", Text, comment="PRODCATG, as its last validation found it"),
    Column("dp_id", Text, unique=True, comment="assigned when it is published first"),
)

#: Who did what with a batch, when, and why.
BATCH_STEP = Table(
    "batch_step",
    METADATA,
    Column("step_id", BigInteger, Identity(always=True), primary_key=True),
    Column("batch_id", BigInteger, nullable=False, index=True),
    Column("step", Text, nullable=False),
    Column("state", Text, nullable=False, comment="after it"),
    Column("author", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=text("''")),
    _instant("made", nullable=False, now=True),
)

#: Facts about this archive that must survive a restart, such as the URLs that its rows were made with.
PROPERTY = Table(
    "property",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

#: The Felis document of every published schema; the catalog is read from here.
SCHEMA_DOCUMENT = Table(
    "schema_document",
    METADATA,
    Column("schema_name", Text, primary_key=True),
    Column("document", Text, nullable=False),
    Column("position", Integer, nullable=False),
    _instant("updated", nullable=False, now=True),
)

#: Tables that users keep; their rows are in `USER_SCHEMA`. See `vo_server.user_tables`.
USER_TABLE = Table(
    "user_table",
    METADATA,
    Column("owner", Text, primary_key=True, comment="the account"),
    Column("name", Text, primary_key=True, comment="lower case, without its schema"),
    Column("relation", Text, nullable=False, unique=True, comment="name in the schema user_tables"),
    Column("description", Text, nullable=False),
    Column("columns", JSONB, nullable=False, comment="[{name, datatype, arraysize, ...}]"),
    Column("rows", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False, comment="bytes, indexes included"),
    _instant("updated", nullable=False, now=True),
)

#: What registries are told of; a record that ends stays as a deleted one (OAI-PMH 2.0, Deleted records).
REGISTRY_RECORD = Table(
    "registry_record",
    METADATA,
    Column("identifier", Text, primary_key=True, comment="the IVOID, lower case"),
    _instant("created", nullable=False),
    _instant("updated", nullable=False),
    Column("deleted", Boolean, nullable=False, server_default=text("false")),
    Column("digest", Text, nullable=False, comment="of the content without its dates"),
    Column("ivo_vor", Text, comment="ri:Resource; null when deleted"),
    Column("oai_dc", Text, comment="oai_dc:dc; null when deleted"),
    Index("registry_record_updated", "updated", "identifier"),
)

#: Every header, without what others share; ``header.keyword`` is a view of it. See `vo_server.headers`.
HEADER = Table(
    "header",
    METADATA,
    Column("dp_id", Text, primary_key=True),
    Column("hdu", SmallInteger, primary_key=True, autoincrement=False),
    Column("sections", ARRAY(UUID), nullable=False),
    Column("slots", Text, nullable=False, comment="what stands in the slots of the sections, a line each"),
    Column("whole", LargeBinary, comment="the header deflated, where sections and slots are not all of it"),
)

#: Lines of headers without what stands in their slots; a column has a line of text for each.
HEADER_SECTION = Table(
    "header_section",
    METADATA,
    Column("section_id", UUID, primary_key=True, comment="made of the content"),
    Column("kinds", Text, nullable=False),
    Column("heads", Text, nullable=False),
    Column("tails", Text, nullable=False),
    Column("keywords", Text, nullable=False),
    Column("comments", Text, nullable=False),
    Column("units", Text, nullable=False),
)

#: Files whose headers have changed since they were written to Parquet.
HEADER_STALE = Table(
    "header_stale",
    METADATA,
    Column("dp_id", Text, primary_key=True),
    _instant("since", nullable=False, now=True),
    Column("changes", BigInteger, nullable=False, server_default=text("1"), comment="since then"),
    Index("header_stale_since", "since"),
)

#: The Parquet files that are tables for engines other than PostgreSQL. See `vo_server.snapshots`.
SNAPSHOT_FILE = Table(
    "snapshot_file",
    METADATA,
    Column("table_name", Text, primary_key=True, comment="schema and table, lower case"),
    Column("path", Text, primary_key=True, comment="relative to <state_dir>/parquet"),
    Column("rows", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    _instant("made", nullable=False, now=True),
)

SNAPSHOT = Table(
    "snapshot",
    METADATA,
    Column("table_name", Text, primary_key=True),
    _instant("fresh_until", nullable=False),
)

#: The queue of jobs itself (UWS 1.1); see `vo_server.uws`.
JOB = Table(
    "job",
    METADATA,
    Column("job_id", Text, primary_key=True),
    Column("kind", Text, nullable=False, comment="the service: tap"),
    Column("owner", Text, comment="the principal, or the address when there is none"),
    Column("run_id", Text),
    Column("phase", Text, nullable=False),
    _instant("quote"),
    _instant("creation", nullable=False, now=True),
    _instant("start_time"),
    _instant("end_time"),
    Column("execution_duration", Integer, nullable=False, comment="seconds; 0 means no limit"),
    _instant("destruction", nullable=False),
    Column("parameters", JSONB, nullable=False, server_default=text("'[]'"), comment="[[name, value], ...]"),
    Column("error", JSONB, comment="{type, message, has_detail}"),
    Column(
        "results", JSONB, nullable=False, server_default=text("'[]'"), comment="[{id, href, mime_type, size}]"
    ),
    Column("progress", JSONB),
    Column("worker", Text),
    _instant("heartbeat"),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Index("job_phase_creation", "phase", "creation"),
)
