"""Lists of the Parquet files of tables."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Create the lists."""
    create_snapshots()


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


def downgrade() -> None:
    """Drop the lists; the files stay where they are."""
    for name in ("snapshot_file", "snapshot"):
        op.drop_table(name, schema="archive")
