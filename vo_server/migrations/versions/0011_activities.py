"""Executions of recipes, what they read and wrote, and which files the names of provenance mean."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

#: Finds the file that each known name means, as ingest does from now on.
_ENTITIES = """
UPDATE archive.provenance AS p
SET entity = coalesce(
    (
        SELECT f.dp_id
        FROM archive.file AS f
        WHERE
            (
                f.dp_id = p.progenitor
                OR f.origfile = ANY(ARRAY[
                    p.progenitor, p.progenitor || '.fits', p.progenitor || '.fits.fz',
                    p.progenitor || '.fits.gz', p.progenitor || '.fits.Z'
                ])
            )
            AND f.dp_id <> p.dp_id
        ORDER BY
            f.dp_id = p.progenitor DESC,
            f.collection IS NOT DISTINCT FROM (
                SELECT o.collection FROM archive.file AS o WHERE o.dp_id = p.dp_id
            ) DESC,
            f.dp_id
        LIMIT 1
    ),
    p.progenitor
)
"""


def upgrade() -> None:
    """Create the tables; products tell of their recipes when they are read again (``ingest --full``)."""
    op.execute(sa.schema.CreateSchema("provenance", if_not_exists=True))
    op.add_column(
        "file",
        sa.Column("datamd5", sa.Text(), comment="MD5 of the data alone, as a pipeline wrote it (DATAMD5)"),
        schema="archive",
    )
    op.create_index(
        "file_datamd5",
        "file",
        ["datamd5"],
        schema="archive",
        postgresql_where=sa.text("datamd5 IS NOT NULL"),
    )
    op.add_column(
        "provenance",
        sa.Column("entity", sa.Text(), comment="its dp_id; its name while it is not here"),
        schema="archive",
    )
    op.execute(_ENTITIES)
    op.alter_column("provenance", "entity", nullable=False, schema="archive")
    op.create_index("ix_archive_provenance_entity", "provenance", ["entity"], schema="archive")
    _create_activities()


def _create_activities() -> None:
    op.create_table(
        "activity",
        sa.Column(
            "activity_id", sa.Text(), nullable=False, comment="the recipe, and a digest of all that is told"
        ),
        sa.Column("recipe", sa.Text(), nullable=False, comment="PRO RECi ID"),
        sa.Column("pipeline", sa.Text(), comment="PRO RECi PIPE ID, with its version"),
        sa.Column("drs", sa.Text(), comment="PRO RECi DRS ID, the library below"),
        sa.Column("started", sa.DateTime(timezone=True)),
        sa.Column("ended", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("activity_id"),
        schema="archive",
    )
    op.create_table(
        "generation",
        sa.Column("dp_id", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("activity_id", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), comment="what the file is to the recipe that wrote it: PRO CATG"),
        sa.PrimaryKeyConstraint("dp_id", "step"),
        schema="archive",
    )
    op.create_table(
        "used",
        sa.Column("activity_id", sa.Text(), nullable=False),
        sa.Column("pos", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="raw or calibration"),
        sa.Column(
            "name", sa.Text(), nullable=False, comment="as the header names it, without directory and .fits"
        ),
        sa.Column("category", sa.Text(), comment="its tag in the set of frames"),
        sa.Column("datamd5", sa.Text(), comment="MD5 of its data"),
        sa.Column("entity", sa.Text(), nullable=False, comment="its dp_id; its name while it is not here"),
        sa.PrimaryKeyConstraint("activity_id", "pos"),
        schema="archive",
    )
    op.create_table(
        "parameter",
        sa.Column("activity_id", sa.Text(), nullable=False),
        sa.Column("pos", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("default_value", sa.Text(), comment="of the recipe, as the header tells it"),
        sa.PrimaryKeyConstraint("activity_id", "pos"),
        schema="archive",
    )
    op.create_index("ix_archive_activity_recipe", "activity", ["recipe"], schema="archive")
    op.create_index("ix_archive_generation_activity_id", "generation", ["activity_id"], schema="archive")
    op.create_index("ix_archive_used_datamd5", "used", ["datamd5"], schema="archive")
    op.create_index("ix_archive_used_entity", "used", ["entity"], schema="archive")
    op.create_index("used_name", "used", ["name", "datamd5"], schema="archive")


def downgrade() -> None:
    """Drop what was made."""
    op.execute(sa.schema.DropSchema("provenance", cascade=True))
    for table in ("activity", "generation", "used", "parameter"):
        op.drop_table(table, schema="archive")
    op.drop_column("provenance", "entity", schema="archive")
    op.drop_column("file", "datamd5", schema="archive")
