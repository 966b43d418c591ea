"""Classification of raw frames, corrections of headers, and the schemas of instruments' set-ups."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

COLUMNS = ("night", "raw_type", "do_catg", "rule_set", "classification")
INDEXES = {
    "raw_night": ["night", "instrument"],
    "raw_target": ["target"],
    "raw_ins_mode": ["ins_mode", "exp_start"],
    "raw_do_catg": ["do_catg", "exp_start"],
    "raw_raw_type": ["raw_type", "exp_start"],
    "raw_tpl_id": ["tpl_id"],
}


def upgrade() -> None:
    """Add the columns and the tables; the views themselves follow from their declaration."""
    for schema in ("ist", "setups"):
        op.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
    for name in COLUMNS:
        op.add_column("raw", sa.Column(name, sa.Text(), nullable=True), schema="dbo")
    for name, columns in INDEXES.items():
        op.create_index(name, "raw", columns, unique=False, schema="dbo")
    # The night of frames that are here already: the date twelve hours earlier.
    op.execute("UPDATE dbo.raw SET night = to_char(exp_start - interval '12 hours', 'YYYY-MM-DD')")
    create_corrections()


def create_corrections() -> None:
    """What an operator put right, and what is sent instead of the stored headers."""
    op.create_table(
        "correction",
        sa.Column("correction_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("dp_id", sa.Text(), nullable=False),
        sa.Column("hdu", sa.Integer(), nullable=False),
        sa.Column("keyword", sa.Text(), nullable=False, comment="dotted, without ESO"),
        sa.Column("vtype", sa.Text(), nullable=False, comment="of the new value: S, I, F or L"),
        sa.Column("value", sa.Text(), nullable=False, comment="the new value"),
        sa.Column("former", sa.Text(), nullable=True, comment="the card in the file; null when it had none"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("made", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ending", sa.Text(), nullable=True, comment="who ended it, and why"),
        sa.PrimaryKeyConstraint("correction_id"),
        schema="archive",
    )
    op.create_index("correction_dp_id", "correction", ["dp_id"], unique=False, schema="archive")
    op.create_index(
        "correction_in_force",
        "correction",
        ["dp_id", "hdu", "keyword"],
        unique=True,
        schema="archive",
        postgresql_where=sa.text("ended IS NULL"),
    )
    op.create_table(
        "delivery",
        sa.Column("dp_id", sa.Text(), nullable=False),
        sa.Column("source_sha256", sa.Text(), nullable=False, comment="of the stored bytes"),
        sa.Column("size", sa.BigInteger(), nullable=False, comment="bytes that are sent"),
        sa.Column("sha256", sa.Text(), nullable=False, comment="of what is sent"),
        sa.Column("md5", sa.Text(), nullable=False),
        sa.Column(
            "url",
            sa.Text(),
            nullable=True,
            comment="where the whole is, of files that are packed; else the headers follow",
        ),
        sa.Column("modified", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("dp_id"),
        schema="archive",
    )
    op.create_table(
        "delivery_header",
        sa.Column("dp_id", sa.Text(), nullable=False),
        sa.Column("hdu", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False, comment="byte where the stored header begins"),
        sa.Column("length", sa.BigInteger(), nullable=False, comment="bytes of the stored header"),
        sa.Column("header", sa.LargeBinary(), nullable=False, comment="the corrected one"),
        sa.PrimaryKeyConstraint("dp_id", "hdu"),
        schema="archive",
    )


def downgrade() -> None:
    """Drop them, with the views and what is behind them."""
    for table in ("delivery_header", "delivery", "correction"):
        op.drop_table(table, schema="archive")
    for schema in ("ist", "setups"):
        op.execute(sa.schema.DropSchema(schema, cascade=True))
    for name in INDEXES:
        op.drop_index(name, "raw", schema="dbo")
    for name in COLUMNS:
        op.drop_column("raw", name, schema="dbo")
