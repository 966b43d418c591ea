"""Tables that users keep (TAP 1.2 draft, user tables)."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Create the list of them and the schema where they are."""
    op.execute(sa.schema.CreateSchema("user_tables", if_not_exists=True))
    op.create_table(
        "user_table",
        sa.Column("owner", sa.Text(), nullable=False, comment="the account"),
        sa.Column("name", sa.Text(), nullable=False, comment="lower case, without its schema"),
        sa.Column("relation", sa.Text(), nullable=False, comment="name in the schema user_tables"),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column(
            "columns",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="[{name, datatype, arraysize, ...}]",
        ),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False, comment="bytes, indexes included"),
        sa.Column("updated", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("owner", "name"),
        sa.UniqueConstraint("relation"),
        schema="archive",
    )


def downgrade() -> None:
    """Drop both, with what users kept."""
    op.drop_table("user_table", schema="archive")
    op.execute(sa.schema.DropSchema("user_tables", cascade=True))
