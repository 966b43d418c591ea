"""Runs of ingest, and what they found."""

from sqlalchemy import ARRAY, BigInteger, Column, Identity, Integer, Table, Text, text

from vo_server.archive.schema import METADATA, instant

INGEST_RUN = Table(
    "ingest_run",
    METADATA,
    Column("run_id", BigInteger, Identity(always=True), primary_key=True),
    instant("started", nullable=False, now=True),
    instant("ended"),
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
    instant("since", nullable=False, now=True),
)
