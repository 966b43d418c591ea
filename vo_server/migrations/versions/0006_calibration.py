"""The calibrations that files are to be reduced with."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Create the list of them."""
    op.create_table(
        "calibration",
        sa.Column("dp_id", sa.Text(), nullable=False, comment="the file to be calibrated"),
        sa.Column("mode", sa.Text(), nullable=False, comment="raw2raw or raw2master"),
        sa.Column("pos", sa.Integer(), nullable=False, comment="in the order of the cascade, from 1"),
        sa.Column("calibration", sa.Text(), nullable=False, comment="dp_id of the calibration"),
        sa.Column(
            "category", sa.Text(), nullable=True, comment="its tag in a set of frames, such as MASTER_BIAS"
        ),
        sa.PrimaryKeyConstraint("dp_id", "mode", "pos"),
        schema="archive",
    )
    op.create_index(
        "ix_archive_calibration_calibration", "calibration", ["calibration"], unique=False, schema="archive"
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("calibration", schema="archive")
