"""The queue of jobs itself (UWS 1.1). See `vo_server.uws`."""

from sqlalchemy import Column, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from vo_server.archive.schema import METADATA, instant

#: The queue of jobs itself (UWS 1.1); see `vo_server.uws`.
JOB = Table(
    "job",
    METADATA,
    Column("job_id", Text, primary_key=True),
    Column("kind", Text, nullable=False, comment="the service: tap"),
    Column("owner", Text, comment="the principal, or the address when there is none"),
    Column("run_id", Text),
    Column("phase", Text, nullable=False),
    instant("quote"),
    instant("creation", nullable=False, now=True),
    instant("start_time"),
    instant("end_time"),
    Column("execution_duration", Integer, nullable=False, comment="seconds; 0 means no limit"),
    instant("destruction", nullable=False),
    Column("parameters", JSONB, nullable=False, server_default=text("'[]'"), comment="[[name, value], ...]"),
    Column("error", JSONB, comment="{type, message, has_detail}"),
    Column(
        "results", JSONB, nullable=False, server_default=text("'[]'"), comment="[{id, href, mime_type, size}]"
    ),
    Column("progress", JSONB),
    Column("worker", Text),
    instant("heartbeat"),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Index("job_phase_creation", "phase", "creation"),
)
