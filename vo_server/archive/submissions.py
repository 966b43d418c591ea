"""Collections, releases and batches of science products. See `vo_server.submissions`."""

from sqlalchemy import ARRAY, BigInteger, Column, Identity, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from vo_server.archive.schema import METADATA, instant

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
    instant("created", nullable=False, now=True),
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
    instant("created", nullable=False, now=True),
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
    Column("report", JSONB, comment="head of that of its last validation; its files have the rest"),
    instant("created", nullable=False, now=True),
    instant("changed", nullable=False, now=True),
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
    Column("submitted", Text, comment="SHA-256 with which it came; that of what waits may have changed"),
    instant("received"),
    Column("category", Text, comment="PRODCATG, as its last validation found it"),
    Column("dp_id", Text, unique=True, comment="assigned when it is published first"),
    Column("checked", JSONB, comment="what its last check found"),
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
    instant("made", nullable=False, now=True),
)
