"""What registries are told of (OAI-PMH 2.0)."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Create the table of records."""
    op.create_table(
        "registry_record",
        sa.Column("identifier", sa.Text(), nullable=False, comment="the IVOID, lower case"),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, comment="of the content without its dates"),
        sa.Column("ivo_vor", sa.Text(), nullable=True, comment="ri:Resource; null when deleted"),
        sa.Column("oai_dc", sa.Text(), nullable=True, comment="oai_dc:dc; null when deleted"),
        sa.PrimaryKeyConstraint("identifier"),
        schema="archive",
    )
    op.create_index("registry_record_updated", "registry_record", ["updated", "identifier"], schema="archive")


def downgrade() -> None:
    """Drop it: harvesters will not hear of what was deleted before."""
    op.drop_table("registry_record", schema="archive")
