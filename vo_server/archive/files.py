"""Files of the archive: where they lie, what they were, and what is sent of those that were corrected."""

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from vo_server.archive.schema import METADATA, instant

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
    instant("release_date"),
    instant("ingested", nullable=False, now=True),
    instant("modified", nullable=False, now=True),
    Column("mtime_ns", BigInteger, nullable=False, comment="the file system's time of change"),
    Index("file_sha256", "sha256"),
    Index("file_origfile", "origfile"),
    Index("file_modified", "modified"),
    Index("file_datamd5", "datamd5", postgresql_where=text("datamd5 IS NOT NULL")),
)

#: What a file and its metadata were before they were replaced.
FILE_HISTORY = Table(
    "file_history",
    METADATA,
    Column("history_id", BigInteger, Identity(always=True), primary_key=True),
    Column("dp_id", Text, nullable=False, index=True),
    Column("row", JSONB, nullable=False, comment="the rows of the file and of its published table"),
    instant("replaced", nullable=False, now=True),
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
    instant("made", nullable=False, now=True),
    instant("ended"),
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
    instant("modified", nullable=False, now=True),
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
