"""Headers, and the Parquet files that other engines read."""

from sqlalchemy import ARRAY, UUID, BigInteger, Column, Index, LargeBinary, SmallInteger, Table, Text, text

from vo_server.archive.schema import METADATA, instant

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
    instant("since", nullable=False, now=True),
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
    instant("made", nullable=False, now=True),
)

SNAPSHOT = Table(
    "snapshot",
    METADATA,
    Column("table_name", Text, primary_key=True),
    instant("fresh_until", nullable=False),
)
