"""Find identifiers without regard to case by an index (SIA 2.0, ID)."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Create the index."""
    op.create_index(
        "obscore_obs_publisher_did_folded",
        "obscore",
        [sa.literal_column("lower(obs_publisher_did)")],
        unique=False,
        schema="ivoa",
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_index("obscore_obs_publisher_did_folded", "obscore", schema="ivoa")
