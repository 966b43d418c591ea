"""This server with the data of the comparison, in an archive that the next run finds again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import sqlalchemy as sa

from benchmarks.peer.data import SOURCES
from ingest.catalogue import publish
from ingest.copy import copy, to_arrow
from ingest.hidden import with_hidden_columns
from vo_server import schemas
from vo_server.config import Settings
from vo_server.db import Database, migrate, open_database

PIECE = 20_000  #: rows of ObsCore loaded at a time


def document() -> str:
    """The declaration of ``bench.sources``."""
    lines = ["name: bench", "description: Synthetic data for measuring TAP servers", "tables:"]
    lines += [
        "  - name: sources",
        '    "@id": "#sources"',
        "    description: Synthetic, uniform on the sphere",
    ]
    lines += ['    primaryKey: "#source_id"']
    lines += ["    vo:points: [{ra: ra, dec: dec, hpx: hpx}]", "    columns:"]
    for name, _, datatype, unit, ucd, description in SOURCES:
        lines += [f"      - name: {name}", f"        datatype: {datatype}", f"        ivoa:ucd: {ucd}"]
        lines += [f"        description: {description}"]
        lines += [f"        ivoa:unit: {unit}"] if unit else []
        lines += [f'        "@id": "#{name}"'] + (["        nullable: false"] if name == "source_id" else [])
    return "\n".join(lines) + "\n"


@contextmanager
def archive(directory: Path, data: Path) -> Iterator[Database]:
    """The archive, filled where it is empty."""
    with open_database(Settings.load(state_dir=directory)) as database:
        migrate(database)
        with database.owner.connect() as connection:
            tables = sa.inspect(connection).get_table_names(schema="bench")
            filled = connection.scalar(sa.text("SELECT EXISTS (SELECT FROM ivoa.obscore)"))
        if "sources" not in tables:
            publish(document(), data / "sources.parquet", database)
        if not filled:
            load_obscore(database, data / "obscore.parquet")
        with database.owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("VACUUM ANALYZE"))
        yield database


def load_obscore(database: Database, data: Path) -> None:
    """ObsCore rows with their shapes and pixels, by COPY."""
    relation = schemas.metadata(schemas.builtin()).tables["ivoa.obscore"]
    table = next(t for s in schemas.builtin() for t in s.tables if t.name == "ivoa.ObsCore")
    names = [column.name for column in relation.columns]

    def pieces() -> Iterator[pa.Table]:
        for batch in parquet.ParquetFile(data).iter_batches(PIECE):
            rows = [row | {"dp_id": row["obs_publisher_did"].partition("?")[2]} for row in batch.to_pylist()]
            yield to_arrow(relation, names, with_hidden_columns(table, rows))

    with database.owner.begin() as connection:
        copy(connection, "ivoa.obscore", pieces())
