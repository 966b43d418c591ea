"""The tables of the first release."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from vo_server.schemas import Cube

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

SCHEMAS = ("ivoa", "dbo", "header", "tap_schema", "vo")


def upgrade() -> None:
    """Create schemas, the extension for boxes, and all tables."""
    for schema in SCHEMAS:
        op.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
    op.execute("CREATE EXTENSION IF NOT EXISTS cube")
    create_archive()
    create_ivoa()
    create_dbo()
    create_header()
    create_tap_schema()


def create_archive() -> None:
    """The archive's own tables."""
    op.create_table(
        "association",
        sa.Column("dp_id", sa.Text(), nullable=False, comment="the science file"),
        sa.Column("pos", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="name of the file, as the header gives it"),
        sa.Column("associated", sa.Text(), nullable=True, comment="its dp_id, once it is in the archive"),
        sa.Column("category", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("dp_id", "pos"),
        schema="archive",
    )
    op.create_index(
        "ix_archive_association_associated", "association", ["associated"], unique=False, schema="archive"
    )
    op.create_index("ix_archive_association_name", "association", ["name"], unique=False, schema="archive")
    op.create_table(
        "file",
        sa.Column("dp_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="raw, product or ancillary"),
        sa.Column("category", sa.Text(), nullable=True, comment="DPR.CATG or PRODCATG"),
        sa.Column("collection", sa.Text(), nullable=True),
        sa.Column("origfile", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False, comment="where the bytes are: file:///..."),
        sa.Column("size", sa.BigInteger(), nullable=False, comment="bytes"),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("md5", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("compression", sa.Text(), nullable=True, comment="gz or fz; null when there is none"),
        sa.Column("release_date", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ingested", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("modified", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False, comment="the file system's time of change"),
        sa.PrimaryKeyConstraint("dp_id"),
        sa.UniqueConstraint("url"),
        schema="archive",
    )
    op.create_index("file_origfile", "file", ["origfile"], unique=False, schema="archive")
    op.create_index("file_sha256", "file", ["sha256"], unique=False, schema="archive")
    op.create_table(
        "file_history",
        sa.Column("history_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("dp_id", sa.Text(), nullable=False),
        sa.Column(
            "row",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the rows of the file and of its published table",
        ),
        sa.Column("replaced", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("history_id"),
        schema="archive",
    )
    op.create_index(
        "ix_archive_file_history_dp_id", "file_history", ["dp_id"], unique=False, schema="archive"
    )
    op.create_table(
        "finding",
        sa.Column("finding_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("hdu", sa.Integer(), nullable=True),
        sa.Column("keyword", sa.Text(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("finding_id"),
        schema="archive",
    )
    op.create_index("ix_archive_finding_run_id", "finding", ["run_id"], unique=False, schema="archive")
    op.create_table(
        "ingest_run",
        sa.Column("run_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("started", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paths", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("added", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("replaced", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("unchanged", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("rejected", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("run_id"),
        schema="archive",
    )
    op.create_table(
        "job",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="the service: tap"),
        sa.Column(
            "owner", sa.Text(), nullable=True, comment="the principal, or the address when there is none"
        ),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("quote", sa.DateTime(timezone=True), nullable=True),
        sa.Column("creation", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("start_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("execution_duration", sa.Integer(), nullable=False, comment="seconds; 0 means no limit"),
        sa.Column("destruction", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "parameters",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
            comment="[[name, value], ...]",
        ),
        sa.Column(
            "error",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="{type, message, has_detail}",
        ),
        sa.Column(
            "results",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
            comment="[{id, href, mime_type, size}]",
        ),
        sa.Column("progress", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("heartbeat", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("job_id"),
        schema="archive",
    )
    op.create_index("job_phase_creation", "job", ["phase", "creation"], unique=False, schema="archive")
    op.create_table(
        "property",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        schema="archive",
    )
    op.create_table(
        "provenance",
        sa.Column("dp_id", sa.Text(), nullable=False),
        sa.Column("pos", sa.Integer(), nullable=False),
        sa.Column("progenitor", sa.Text(), nullable=False, comment="as the header names it, without .fits"),
        sa.PrimaryKeyConstraint("dp_id", "pos"),
        schema="archive",
    )
    op.create_index(
        "ix_archive_provenance_progenitor", "provenance", ["progenitor"], unique=False, schema="archive"
    )
    op.create_table(
        "schema_document",
        sa.Column("schema_name", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("schema_name"),
        schema="archive",
    )


def create_ivoa() -> None:
    """Science products."""
    op.create_table(
        "obscore",
        sa.Column("dataproduct_type", sa.Text(), nullable=True),
        sa.Column("dataproduct_subtype", sa.Text(), nullable=True),
        sa.Column("calib_level", sa.Integer(), nullable=False),
        sa.Column("obs_collection", sa.Text(), nullable=False),
        sa.Column("obs_id", sa.Text(), nullable=False),
        sa.Column("obs_publisher_did", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("obs_creator_did", sa.Text(), nullable=True),
        sa.Column("dp_id", sa.Text(), nullable=False),
        sa.Column("access_url", sa.Text(), nullable=True),
        sa.Column("access_format", sa.Text(), nullable=True),
        sa.Column("access_estsize", sa.BigInteger(), nullable=True),
        sa.Column("target_name", sa.Text(), nullable=True),
        sa.Column("s_ra", sa.Double(), nullable=True),
        sa.Column("s_dec", sa.Double(), nullable=True),
        sa.Column("s_fov", sa.Double(), nullable=True),
        sa.Column("s_region", sa.Text(), nullable=True),
        sa.Column("s_resolution", sa.Double(), nullable=True),
        sa.Column("s_pixel_scale", sa.Double(), nullable=True),
        sa.Column("s_xel1", sa.BigInteger(), nullable=True),
        sa.Column("s_xel2", sa.BigInteger(), nullable=True),
        sa.Column("t_min", sa.Double(), nullable=True),
        sa.Column("t_max", sa.Double(), nullable=True),
        sa.Column("t_exptime", sa.Double(), nullable=True),
        sa.Column("t_resolution", sa.Double(), nullable=True),
        sa.Column("t_xel", sa.BigInteger(), nullable=True),
        sa.Column("em_min", sa.Double(), nullable=True),
        sa.Column("em_max", sa.Double(), nullable=True),
        sa.Column("em_res_power", sa.Double(), nullable=True),
        sa.Column("em_xel", sa.BigInteger(), nullable=True),
        sa.Column("o_ucd", sa.Text(), nullable=True),
        sa.Column("o_calib_status", sa.Text(), nullable=True),
        sa.Column("pol_states", sa.Text(), nullable=True),
        sa.Column("pol_xel", sa.BigInteger(), nullable=True),
        sa.Column("facility_name", sa.Text(), nullable=True),
        sa.Column("instrument_name", sa.Text(), nullable=True),
        sa.Column("proposal_id", sa.Text(), nullable=True),
        sa.Column("obs_title", sa.Text(), nullable=True),
        sa.Column("obs_creator_name", sa.Text(), nullable=True),
        sa.Column("obs_release_date", sa.TIMESTAMP(), nullable=True),
        sa.Column("publication_date", sa.TIMESTAMP(), nullable=True),
        sa.Column("last_mod_date", sa.TIMESTAMP(), nullable=True),
        sa.Column("bib_reference", sa.Text(), nullable=True),
        sa.Column("filter", sa.Text(), nullable=True),
        sa.Column("abmaglim", sa.Double(), nullable=True),
        sa.Column("snr", sa.Double(), nullable=True),
        sa.Column("strehl", sa.Double(), nullable=True),
        sa.Column("gal_lon", sa.Double(), nullable=True),
        sa.Column("gal_lat", sa.Double(), nullable=True),
        sa.Column("multi_ob", sa.Text(), nullable=True),
        sa.Column("n_obs", sa.Integer(), nullable=True),
        sa.Column("obstech", sa.Text(), nullable=True),
        sa.Column("p3orig", sa.Text(), nullable=True),
        sa.Column("preview_html", sa.Text(), nullable=True),
        sa.Column("release_description", sa.Text(), nullable=True),
        sa.Column("hpx", sa.BigInteger(), nullable=True),
        sa.Column("s_shape", sa.ARRAY(sa.Double()), nullable=True),
        sa.Column("s_box", Cube(), nullable=True),
        sa.PrimaryKeyConstraint("obs_publisher_did"),
        schema="ivoa",
    )
    op.create_index("obscore_dp_id", "obscore", ["dp_id"], unique=True, schema="ivoa")
    op.create_index("obscore_em_max", "obscore", ["em_max"], unique=False, schema="ivoa")
    op.create_index("obscore_em_min", "obscore", ["em_min"], unique=False, schema="ivoa")
    op.create_index("obscore_hpx", "obscore", ["hpx"], unique=False, schema="ivoa")
    op.create_index(
        "obscore_hpx_zone",
        "obscore",
        [sa.literal_column("CAST(floor(s_dec * 60) AS INTEGER)"), "s_ra"],
        unique=False,
        schema="ivoa",
    )
    op.create_index("obscore_instrument_name", "obscore", ["instrument_name"], unique=False, schema="ivoa")
    op.create_index("obscore_last_mod_date", "obscore", ["last_mod_date"], unique=False, schema="ivoa")
    op.create_index("obscore_obs_collection", "obscore", ["obs_collection"], unique=False, schema="ivoa")
    op.create_index("obscore_obs_release_date", "obscore", ["obs_release_date"], unique=False, schema="ivoa")
    op.create_index("obscore_proposal_id", "obscore", ["proposal_id"], unique=False, schema="ivoa")
    op.create_index(
        "obscore_s_box", "obscore", ["s_box"], unique=False, schema="ivoa", postgresql_using="gist"
    )
    op.create_index("obscore_t_max", "obscore", ["t_max"], unique=False, schema="ivoa")
    op.create_index("obscore_t_min", "obscore", ["t_min"], unique=False, schema="ivoa")
    op.create_index("obscore_target_name", "obscore", ["target_name"], unique=False, schema="ivoa")


def create_dbo() -> None:
    """Raw data."""
    op.create_table(
        "raw",
        sa.Column("access_estsize", sa.BigInteger(), nullable=True),
        sa.Column("access_url", sa.Text(), nullable=True),
        sa.Column("datalink_url", sa.Text(), nullable=True),
        sa.Column("date_obs", sa.Text(), nullable=True),
        sa.Column("dec", sa.Double(), nullable=True),
        sa.Column("dec_pnt", sa.Double(), nullable=True),
        sa.Column("det_chip1id", sa.Text(), nullable=True),
        sa.Column("det_chop_ncycles", sa.SmallInteger(), nullable=True),
        sa.Column("det_dit", sa.REAL(), nullable=True),
        sa.Column("det_expid", sa.SmallInteger(), nullable=True),
        sa.Column("det_ndit", sa.SmallInteger(), nullable=True),
        sa.Column("dp_cat", sa.Text(), nullable=True),
        sa.Column("dp_id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("dp_tech", sa.Text(), nullable=True),
        sa.Column("dp_type", sa.Text(), nullable=True),
        sa.Column("ecl_lat", sa.Double(), nullable=True),
        sa.Column("ecl_lon", sa.Double(), nullable=True),
        sa.Column("exp_start", sa.TIMESTAMP(), nullable=True),
        sa.Column("exposure", sa.REAL(), nullable=True),
        sa.Column("filter_path", sa.Text(), nullable=True),
        sa.Column("gal_lat", sa.Double(), nullable=True),
        sa.Column("gal_lon", sa.Double(), nullable=True),
        sa.Column("grat_path", sa.Text(), nullable=True),
        sa.Column("gris_path", sa.Text(), nullable=True),
        sa.Column("ins_mode", sa.Text(), nullable=True),
        sa.Column("instrument", sa.Text(), nullable=True),
        sa.Column("lambda_max", sa.Double(), nullable=True),
        sa.Column("lambda_min", sa.Double(), nullable=True),
        sa.Column("last_mod_date", sa.TIMESTAMP(), nullable=True),
        sa.Column("mjd_obs", sa.Double(), nullable=True),
        sa.Column("ob_id", sa.Integer(), nullable=True),
        sa.Column("ob_name", sa.Text(), nullable=True),
        sa.Column("object", sa.Text(), nullable=True),
        sa.Column("obs_mode", sa.Text(), nullable=True),
        sa.Column("origfile", sa.Text(), nullable=True),
        sa.Column("period", sa.SmallInteger(), nullable=True),
        sa.Column("pi_coi", sa.Text(), nullable=True),
        sa.Column("prog_id", sa.Text(), nullable=True),
        sa.Column("prog_title", sa.Text(), nullable=True),
        sa.Column("prog_type", sa.Integer(), nullable=True),
        sa.Column("ra", sa.Double(), nullable=True),
        sa.Column("ra_pnt", sa.Double(), nullable=True),
        sa.Column("release_date", sa.TIMESTAMP(), nullable=True),
        sa.Column("s_region", sa.Text(), nullable=True),
        sa.Column("slit_path", sa.Text(), nullable=True),
        sa.Column("target", sa.Text(), nullable=True),
        sa.Column("tel_airm_end", sa.REAL(), nullable=True),
        sa.Column("tel_airm_start", sa.REAL(), nullable=True),
        sa.Column("tel_alt", sa.REAL(), nullable=True),
        sa.Column("tel_ambi_fwhm_end", sa.REAL(), nullable=True),
        sa.Column("tel_ambi_fwhm_start", sa.REAL(), nullable=True),
        sa.Column("tel_ambi_pres_end", sa.REAL(), nullable=True),
        sa.Column("tel_ambi_pres_start", sa.REAL(), nullable=True),
        sa.Column("tel_ambi_rhum", sa.REAL(), nullable=True),
        sa.Column("tel_az", sa.REAL(), nullable=True),
        sa.Column("telescope", sa.Text(), nullable=True),
        sa.Column("tpl_expno", sa.Integer(), nullable=True),
        sa.Column("tpl_id", sa.Text(), nullable=True),
        sa.Column("tpl_name", sa.Text(), nullable=True),
        sa.Column("tpl_nexp", sa.Integer(), nullable=True),
        sa.Column("tpl_seqno", sa.Integer(), nullable=True),
        sa.Column("tpl_start", sa.Text(), nullable=True),
        sa.Column("hpx", sa.BigInteger(), nullable=True),
        sa.Column("s_shape", sa.ARRAY(sa.Double()), nullable=True),
        sa.Column("s_box", Cube(), nullable=True),
        sa.PrimaryKeyConstraint("dp_id"),
        schema="dbo",
    )
    op.create_index("raw_dp_cat", "raw", ["dp_cat", "dp_type"], unique=False, schema="dbo")
    op.create_index("raw_exp_start", "raw", ["exp_start"], unique=False, schema="dbo")
    op.create_index("raw_hpx", "raw", ["hpx"], unique=False, schema="dbo")
    op.create_index(
        "raw_hpx_zone",
        "raw",
        [sa.literal_column("CAST(floor(dec * 60) AS INTEGER)"), "ra"],
        unique=False,
        schema="dbo",
    )
    op.create_index("raw_instrument", "raw", ["instrument", "exp_start"], unique=False, schema="dbo")
    op.create_index("raw_last_mod_date", "raw", ["last_mod_date"], unique=False, schema="dbo")
    op.create_index("raw_mjd_obs", "raw", ["mjd_obs"], unique=False, schema="dbo")
    op.create_index("raw_ob_id", "raw", ["ob_id"], unique=False, schema="dbo")
    op.create_index("raw_object", "raw", ["object"], unique=False, schema="dbo")
    op.create_index("raw_origfile", "raw", ["origfile"], unique=False, schema="dbo")
    op.create_index("raw_prog_id", "raw", ["prog_id"], unique=False, schema="dbo")
    op.create_index("raw_release_date", "raw", ["release_date"], unique=False, schema="dbo")
    op.create_index("raw_s_box", "raw", ["s_box"], unique=False, schema="dbo", postgresql_using="gist")


def create_header() -> None:
    """Header keywords."""
    op.create_table(
        "keyword",
        sa.Column("dp_id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("hdu", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("pos", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("keyword", sa.Text(), nullable=False),
        sa.Column("vtype", sa.Text(), nullable=False),
        sa.Column("value_s", sa.Text(), nullable=True),
        sa.Column("value_n", sa.Double(), nullable=True),
        sa.Column("value_l", sa.Boolean(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("card", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("dp_id", "hdu", "pos"),
        schema="header",
    )
    op.create_index("keyword_value_n", "keyword", ["keyword", "value_n"], unique=False, schema="header")
    op.create_index("keyword_value_s", "keyword", ["keyword", "value_s"], unique=False, schema="header")


def create_tap_schema() -> None:
    """What clients may ask."""
    op.create_table(
        "columns",
        sa.Column("table_name", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("column_name", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("datatype", sa.Text(), nullable=False),
        sa.Column("arraysize", sa.Text(), nullable=True),
        sa.Column("xtype", sa.Text(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("utype", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("ucd", sa.Text(), nullable=True),
        sa.Column("indexed", sa.Integer(), nullable=False),
        sa.Column("principal", sa.Integer(), nullable=False),
        sa.Column("std", sa.Integer(), nullable=False),
        sa.Column("column_index", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("table_name", "column_name"),
        schema="tap_schema",
    )
    op.create_table(
        "key_columns",
        sa.Column("key_id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("from_column", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("target_column", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", "from_column"),
        schema="tap_schema",
    )
    op.create_table(
        "keys",
        sa.Column("key_id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("from_table", sa.Text(), nullable=False),
        sa.Column("target_table", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("utype", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key_id"),
        schema="tap_schema",
    )
    op.create_table(
        "schemas",
        sa.Column("schema_name", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("utype", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("schema_index", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("schema_name"),
        schema="tap_schema",
    )
    op.create_table(
        "tables",
        sa.Column("schema_name", sa.Text(), nullable=False),
        sa.Column("table_name", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("table_type", sa.Text(), nullable=False),
        sa.Column("utype", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("table_index", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("table_name"),
        schema="tap_schema",
    )


def downgrade() -> None:
    """Drop everything but the extension, which may be used by others."""
    for schema in SCHEMAS:
        op.execute(sa.schema.DropSchema(schema, cascade=True))
    for table in (
        "association",
        "file",
        "file_history",
        "finding",
        "ingest_run",
        "job",
        "property",
        "provenance",
        "schema_document",
    ):
        op.drop_table(table, schema="archive")
