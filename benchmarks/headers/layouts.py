"""Bytes a keyword: as stored, and in the layouts that were not chosen, of the same headers."""

import sqlalchemy as sa

from benchmarks.headers.synthetic import KEYWORDS
from vo_server import snapshots
from vo_server.archive import HEADER, HEADER_SECTION
from vo_server.db import Database
from vo_server.headers.snapshot import TABLE

SAMPLE = 500  #: files of which the other layouts are made
#: Name -> statement that makes the table ``layout`` from the view of the sample.
OTHERS = {
    "a row a card, with its primary key and two indexes": (
        "CREATE TEMPORARY TABLE layout AS SELECT * FROM sample",
        "ALTER TABLE layout ADD PRIMARY KEY (dp_id, hdu, pos)",
        "CREATE INDEX ON layout (keyword, value_n)",
        "CREATE INDEX ON layout (keyword, value_s)",
    ),
    "JSONB an HDU, all of a card": (
        "CREATE TEMPORARY TABLE layout AS SELECT dp_id, hdu, jsonb_agg(jsonb_build_array(keyword,"
        " coalesce(to_jsonb(value_n), to_jsonb(value_l), to_jsonb(value_s)), unit, comment) ORDER BY pos)"
        " AS cards FROM sample GROUP BY dp_id, hdu",
        "ALTER TABLE layout ADD PRIMARY KEY (dp_id, hdu)",
    ),
    "JSONB an HDU, keywords and values only (no text can be given back)": (
        "CREATE TEMPORARY TABLE layout AS SELECT dp_id, hdu, jsonb_object_agg(keyword,"
        " coalesce(to_jsonb(value_n), to_jsonb(value_l), to_jsonb(value_s))) AS cards"
        " FROM sample WHERE vtype <> 'C' GROUP BY dp_id, hdu",
        "ALTER TABLE layout ADD PRIMARY KEY (dp_id, hdu)",
    ),
}


def runs(database: Database) -> int:
    """Number of Parquet files."""
    with database.owner.connect() as connection:
        return len(snapshots.live_files(connection, TABLE))


def sizes(database: Database) -> dict[str, float]:
    """Bytes a keyword of what there is."""
    with database.owner.connect() as connection:
        files = connection.scalar(sa.select(sa.func.count(HEADER.c.dp_id.distinct()))) or 1
        names = (f"{table.schema}.{table.name}" for table in (HEADER, HEADER_SECTION))
        header, section = (
            connection.scalar(sa.select(sa.func.pg_total_relation_size(name))) for name in names
        )
        parquet = connection.scalar(sa.text("SELECT sum(bytes) FROM archive.snapshot_file"))
    cards = files * KEYWORDS
    return {
        "PostgreSQL: slots": (header or 0) / cards,
        "PostgreSQL: sections, in all MB": (section or 0) / 1e6,
        "Parquet": float(parquet or 0) / cards,
    }


def compare(database: Database) -> dict[str, float]:
    """Bytes a keyword of the layouts that were not chosen."""
    found = {}
    with database.owner.connect() as connection:
        connection.execute(
            sa.text(
                "CREATE TEMPORARY TABLE sample AS SELECT * FROM header.keyword WHERE dp_id IN"
                " (SELECT dp_id FROM archive.header WHERE hdu = 0 ORDER BY dp_id LIMIT :files)"
            ),
            {"files": SAMPLE},
        )
        cards = connection.scalar(sa.text("SELECT count(*) FROM sample")) or 1
        for name, statements in OTHERS.items():
            for statement in statements:
                connection.execute(sa.text(statement))
            size = connection.scalar(sa.text("SELECT pg_total_relation_size('layout')")) or 0
            found[name] = size / cards
            connection.execute(sa.text("DROP TABLE layout"))
        connection.rollback()
    return found
