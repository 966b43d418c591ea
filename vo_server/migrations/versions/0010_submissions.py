"""Collections, releases and batches of science products, and what was published of them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

PRIVATE = ("collection", "release", "batch", "batch_file", "batch_step")


def upgrade() -> None:
    """Create what is kept of submissions, and the published schema."""
    op.execute(sa.schema.CreateSchema("phase3", if_not_exists=True))
    create_submissions()
    create_published()
    op.create_index("file_modified", "file", ["modified"], unique=False, schema="archive")


def create_submissions() -> None:
    """Collections, releases, batches, their files and steps."""
    op.create_table(
        "batch",
        sa.Column("batch_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="within the release, from 1"),
        sa.Column("door", sa.Text(), nullable=False, comment="external, internal or legacy"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("standard", sa.Text(), nullable=False, comment="version that it is validated against"),
        sa.Column(
            "mapping",
            sa.Text(),
            nullable=True,
            comment="collection mapping of ingest; null: the one that matches",
        ),
        sa.Column(
            "summary",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="numbers, volume, sky, times: what a reviewer looks at",
        ),
        sa.Column(
            "report", postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment="of its last validation"
        ),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("batch_id"),
        schema="archive",
    )
    op.create_index(
        "batch_number", "batch", ["collection", "release", "number"], unique=True, schema="archive"
    )
    op.create_table(
        "batch_file",
        sa.Column("batch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False, comment="bytes, as announced"),
        sa.Column("sha256", sa.Text(), nullable=True, comment="null until all bytes are there"),
        sa.Column("md5", sa.Text(), nullable=True),
        sa.Column(
            "submitted",
            sa.Text(),
            nullable=True,
            comment="SHA-256 with which it came; that of what waits may have changed",
        ),
        sa.Column("received", sa.DateTime(timezone=True), nullable=True),
        sa.Column("category", sa.Text(), nullable=True, comment="PRODCATG, as its last validation found it"),
        sa.Column("dp_id", sa.Text(), nullable=True, comment="assigned when it is published first"),
        sa.PrimaryKeyConstraint("batch_id", "name"),
        sa.UniqueConstraint("dp_id"),
        schema="archive",
    )
    op.create_table(
        "batch_step",
        sa.Column("step_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="after it"),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("made", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("step_id"),
        schema="archive",
    )
    op.create_index(
        "ix_archive_batch_step_batch_id", "batch_step", ["batch_id"], unique=False, schema="archive"
    )
    op.create_table(
        "collection",
        sa.Column("name", sa.Text(), nullable=False, comment="obs_collection of its products"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False, comment="IDP or EDP, as P3ORIG has it"),
        sa.Column("owner", sa.Text(), nullable=False, comment="the account that submits"),
        sa.Column("delegates", sa.ARRAY(sa.Text()), nullable=False, comment="accounts that may upload, too"),
        sa.Column(
            "programmes", sa.ARRAY(sa.Text()), nullable=False, comment="PROG_ID of its products; empty: any"
        ),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        schema="archive",
    )
    op.create_table(
        "release",
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("release", sa.Text(), nullable=False, comment="such as DR1"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("abstract", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column(
            "creators",
            sa.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="for its citation",
        ),
        sa.Column("bibcode", sa.Text(), nullable=True, comment="of the paper that describes it"),
        sa.Column("doi", sa.Text(), nullable=True, comment="without https://doi.org/"),
        sa.Column(
            "document", sa.Text(), nullable=True, comment="name of the release description in its directory"
        ),
        sa.Column("document_type", sa.Text(), nullable=True, comment="its media type"),
        sa.Column("document_sha256", sa.Text(), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("collection", "release"),
        schema="archive",
    )


def create_published() -> None:
    """Releases, versions of products, changes."""
    op.create_table(
        "changes",
        sa.Column("change_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_mod_date", sa.TIMESTAMP(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("dp_id", sa.Text(), nullable=False),
        sa.Column("obs_publisher_did", sa.Text(), nullable=False),
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("related", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("change_id"),
        schema="phase3",
    )
    op.create_index("changes_dp_id", "changes", ["dp_id"], unique=False, schema="phase3")
    op.create_index("changes_last_mod_date", "changes", ["last_mod_date"], unique=False, schema="phase3")
    op.create_index(
        "changes_obs_publisher_did_folded",
        "changes",
        [sa.literal_column("lower(obs_publisher_did)")],
        unique=False,
        schema="phase3",
    )
    op.create_table(
        "products",
        sa.Column("dp_id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("obs_publisher_did", sa.Text(), nullable=False),
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("origfile", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("published", sa.TIMESTAMP(), nullable=False),
        sa.Column("ended", sa.TIMESTAMP(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("predecessor", sa.Text(), nullable=True),
        sa.Column("successor", sa.Text(), nullable=True),
        sa.Column("table_name", sa.Text(), nullable=True),
        sa.Column("same_data", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("dp_id"),
        schema="phase3",
    )
    op.create_index(
        "products_obs_publisher_did_folded",
        "products",
        [sa.literal_column("lower(obs_publisher_did)")],
        unique=False,
        schema="phase3",
    )
    op.create_index(
        "products_origfile", "products", ["collection", "origfile"], unique=False, schema="phase3"
    )
    op.create_index("products_predecessor", "products", ["predecessor"], unique=False, schema="phase3")
    op.create_index("products_release", "products", ["collection", "release"], unique=False, schema="phase3")
    op.create_table(
        "releases",
        sa.Column("collection", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("release", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("programmes", sa.Text(), nullable=True),
        sa.Column("creators", sa.Text(), nullable=True),
        sa.Column("abstract", sa.Text(), nullable=True),
        sa.Column("published", sa.TIMESTAMP(), nullable=False),
        sa.Column("updated", sa.TIMESTAMP(), nullable=False),
        sa.Column("n_products", sa.BigInteger(), nullable=False),
        sa.Column("n_files", sa.BigInteger(), nullable=False),
        sa.Column("volume", sa.BigInteger(), nullable=False),
        sa.Column("bib_reference", sa.Text(), nullable=True),
        sa.Column("doi", sa.Text(), nullable=True),
        sa.Column("access_url", sa.Text(), nullable=False),
        sa.Column("release_description", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("collection", "release"),
        schema="phase3",
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("file_modified", "file", schema="archive")
    op.execute(sa.schema.DropSchema("phase3", cascade=True))
    for table in PRIVATE:
        op.drop_table(table, schema="archive")
