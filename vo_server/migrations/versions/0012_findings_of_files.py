"""What the last check of a batch found of a file, with that file."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

WHOLE = "of its last validation"
DIVIDED = "head of that of its last validation; its files have the rest"


def upgrade() -> None:
    """Take the files out of the reports of batches."""
    checked = sa.Column(
        "checked", postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment="what its last check found"
    )
    op.add_column("batch_file", checked, schema="archive")
    op.execute(
        "UPDATE archive.batch_file f SET checked = one - 'path'"
        " FROM archive.batch b CROSS JOIN LATERAL jsonb_array_elements(b.report -> 'files') one"
        " WHERE f.batch_id = b.batch_id AND f.name = one ->> 'path'"
    )
    op.execute("UPDATE archive.batch SET report = report - 'files' WHERE report IS NOT NULL")
    op.alter_column("batch", "report", schema="archive", comment=DIVIDED)


def downgrade() -> None:
    """Put them back."""
    op.execute(
        "UPDATE archive.batch b SET report = b.report || jsonb_build_object('files', ("
        " SELECT coalesce(jsonb_agg(jsonb_build_object('path', f.name) || f.checked ORDER BY f.name), '[]')"
        " FROM archive.batch_file f WHERE f.batch_id = b.batch_id AND f.checked IS NOT NULL))"
        " WHERE report IS NOT NULL"
    )
    op.alter_column("batch", "report", schema="archive", comment=WHOLE)
    op.drop_column("batch_file", "checked", schema="archive")
