"""What the server finds out about itself."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Create the schema with runs and results."""
    op.execute(sa.schema.CreateSchema("health", if_not_exists=True))
    op.create_table(
        "runs",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("started", sa.TIMESTAMP(), nullable=False),
        sa.Column("ended", sa.TIMESTAMP(), nullable=False),
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("checks", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("warnings", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("run_id"),
        schema="health",
    )
    op.create_table(
        "results",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("check_name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("checked", sa.TIMESTAMP(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "service", "check_name"),
        schema="health",
    )


def downgrade() -> None:
    """Drop them, with the history."""
    op.execute(sa.schema.DropSchema("health", cascade=True))
