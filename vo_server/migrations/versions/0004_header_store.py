"""Headers as sections and slots instead of a row a card; lists of the Parquet files of tables."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from vo_server.headers.cards import BLOCK, parse_lines
from vo_server.headers.database import save_headers
from vo_server.headers.lines import CARD
from vo_server.headers.sections import StoredHeader, store

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Create the tables and take over the headers of the former one; ``header.keyword`` becomes a view."""
    create_snapshots()
    create_headers()
    create_quarantine()
    convert_headers()
    op.drop_table("keyword", schema="header")


def create_snapshots() -> None:
    """Which Parquet files are which table, and how fresh they are."""
    op.create_table(
        "snapshot_file",
        sa.Column("table_name", sa.Text(), nullable=False, comment="schema and table, lower case"),
        sa.Column("path", sa.Text(), nullable=False, comment="relative to <state_dir>/parquet"),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("made", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("table_name", "path"),
        schema="archive",
    )
    op.create_table(
        "snapshot",
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("fresh_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("table_name"),
        schema="archive",
    )


def create_headers() -> None:
    """Headers, what they share, and which of them are not in Parquet as they are now."""
    op.create_table(
        "header",
        sa.Column("dp_id", sa.Text(), nullable=False),
        sa.Column("hdu", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("sections", sa.ARRAY(sa.UUID()), nullable=False),
        sa.Column(
            "slots",
            sa.Text(),
            nullable=False,
            comment="what stands in the slots of the sections, a line each",
        ),
        sa.Column(
            "whole",
            sa.LargeBinary(),
            nullable=True,
            comment="the header deflated, where sections and slots are not all of it",
        ),
        sa.PrimaryKeyConstraint("dp_id", "hdu"),
        schema="archive",
    )
    texts = ("kinds", "heads", "tails", "keywords", "comments", "units")
    op.create_table(
        "header_section",
        sa.Column("section_id", sa.UUID(), nullable=False, comment="made of the content"),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.PrimaryKeyConstraint("section_id"),
        schema="archive",
    )
    op.create_table(
        "header_stale",
        sa.Column("dp_id", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("dp_id"),
        schema="archive",
    )


def create_quarantine() -> None:
    """Files that could not be taken."""
    op.create_table(
        "quarantine",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("rules", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("message", sa.Text(), nullable=False, comment="everything that was found, a line each"),
        sa.Column("run_id", sa.BigInteger(), nullable=False, comment="the ingest run that said so last"),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("url"),
        schema="archive",
    )


def convert_headers() -> None:
    """The cards that were rows, header by header; their Parquet files are made by the next compaction."""
    connection = op.get_bind()
    former = connection.execute(
        sa.text(
            "SELECT dp_id, hdu, string_agg(card, '' ORDER BY pos) AS cards FROM header.keyword"
            " GROUP BY dp_id, hdu ORDER BY dp_id, hdu"
        ).execution_options(stream_results=True, max_row_buffer=100)
    )
    while rows := former.fetchmany(100):
        save_headers(connection, ((row.dp_id, row.hdu, _stored(row.cards)) for row in rows))
    connection.execute(
        sa.text("INSERT INTO archive.header_stale (dp_id) SELECT DISTINCT dp_id FROM header.keyword")
    )


def _stored(cards: str) -> StoredHeader:
    """A header of cards and an END; bytes that are not ASCII had become question marks."""
    text = cards.encode("ascii", "replace") + b"END".ljust(CARD)
    block = text.ljust(-(-len(text) // BLOCK) * BLOCK)
    return store(block, parse_lines(block)[0])


def downgrade() -> None:
    """Drop the lists and the headers; the files stay where they are, and ``header.keyword`` is empty."""
    op.execute("DROP VIEW IF EXISTS header.keyword")
    for name in ("snapshot_file", "snapshot", "header", "header_section", "header_stale", "quarantine"):
        op.drop_table(name, schema="archive")
    op.create_table(
        "keyword",
        sa.Column("dp_id", sa.Text(), nullable=False),
        sa.Column("hdu", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("pos", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("keyword", sa.Text(), nullable=False),
        sa.Column("vtype", sa.Text(), nullable=False),
        sa.Column("value_s", sa.Text()),
        sa.Column("value_n", sa.Double()),
        sa.Column("value_l", sa.Boolean()),
        sa.Column("unit", sa.Text()),
        sa.Column("comment", sa.Text()),
        sa.Column("card", sa.Text()),
        sa.PrimaryKeyConstraint("dp_id", "hdu", "pos"),
        schema="header",
    )
    op.create_index("keyword_value_n", "keyword", ["keyword", "value_n"], unique=False, schema="header")
    op.create_index("keyword_value_s", "keyword", ["keyword", "value_s"], unique=False, schema="header")
