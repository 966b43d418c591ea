"""Is everything that this server needs there and healthy? What ``vo-server check`` asks."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

import sqlalchemy as sa

from vo_server import schemas, snapshots
from vo_server.archive import FILE, PROPERTY
from vo_server.config import Settings
from vo_server.db import Database, open_database
from vo_server.db.connections import OLDEST, default_state_dir
from vo_server.db.upgrade import revisions
from vo_server.errors import VoError
from vo_server.files.stores import path_of
from vo_server.headers.snapshot import TABLE

Status = Literal["ok", "warning", "failed"]

#: Bytes that should be free where results and the database lie.
FREE = 2 * 1024**3
#: Parquet files of keywords: reading more of them, most of them small, makes queries slow.
MANY = 1000
#: Files of the store that are looked at.
SAMPLE = 100


@dataclass(frozen=True, slots=True)
class Check:
    """One answer: what was asked, how it is, and what to know or do about it."""

    name: str
    status: Status
    detail: str


def run_checks(settings: Settings) -> Iterator[Check]:
    """All answers, one by one; what depends on something that failed is not asked."""
    yield check_packages()
    yield check_state_dir(settings.state_dir or default_state_dir())
    try:
        database = open_database(settings)
    except VoError as exc:
        yield Check("database", "failed", str(exc))
        return
    with database, database.owner.connect() as connection:
        yield check_server(connection, database)
        revision = check_revision(connection)
        yield revision
        if revision.status == "failed":
            return
        yield check_cube(connection)
        yield check_functions(connection)
        yield check_reader(database)
        yield check_tap_schema(connection)
        yield check_files(connection)
        yield check_addresses(connection, settings)
        yield check_keywords(connection, database.state_dir)


def check_keywords(connection: sa.Connection, state_dir: Path) -> Check:
    """Whether the keywords of all headers are in Parquet, and most of them sorted."""
    files = snapshots.live_files(connection, TABLE)
    if lost := snapshots.lost_files(state_dir, files):
        detail = f"{len(lost)} of {len(files)} Parquet files are not on the disk: run vo-server compact"
        return Check("keywords", "failed", detail)
    detail = f"{len(files)} Parquet files with {sum(file.rows for file in files)} rows"
    if len(files) > MANY:
        return Check("keywords", "warning", f"{detail}: run vo-server compact, to have fewer and sorted ones")
    return Check("keywords", "ok", detail)


def check_packages() -> Check:
    """Whether the packages that we require are installed."""
    names = [re.split(r"[^\w.-]", line)[0] for line in requires("vo-server") or () if "extra ==" not in line]
    missing = []
    for name in names:
        try:
            version(name)
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check("packages", "failed", f"not installed: {', '.join(missing)}; run make install")
    return Check("packages", "ok", f"{len(names)} installed")


def check_state_dir(directory: Path) -> Check:
    """Whether the state directory can be written to and has room."""
    place = directory
    while not place.exists():
        place = place.parent
    if not os.access(place, os.W_OK):
        return Check(
            "state directory", "failed", f"{directory} cannot be written to: choose another with --dir"
        )
    free = shutil.disk_usage(place).free
    detail = f"{directory}, {free / 1e9:.1f} GB free"
    return Check("state directory", "ok" if free >= FREE else "warning", detail)


def check_server(connection: sa.Connection, database: Database) -> Check:
    """Whether the server is new enough."""
    number = int(connection.scalar(sa.text("SHOW server_version_num")) or 0)
    kind = "embedded" if database.is_embedded else "external"
    detail = f"PostgreSQL {connection.scalar(sa.text('SHOW server_version'))}, {kind}"
    if number < OLDEST * 10000:
        return Check("database", "failed", f"{detail}: {OLDEST} or newer is needed")
    return Check("database", "ok", detail)


def check_revision(connection: sa.Connection) -> Check:
    """Whether the tables are those of this code."""
    current, newest = revisions(connection)
    if current == newest:
        return Check("migrations", "ok", f"at revision {current}")
    return Check(
        "migrations", "failed", f"at revision {current or 'none'} of {newest}: run vo-server migrate"
    )


def check_cube(connection: sa.Connection) -> Check:
    """Whether the extension that boxes come from is installed."""
    found = connection.scalar(sa.text("SELECT extversion FROM pg_extension WHERE extname = 'cube'"))
    if found is None:
        return Check("extension cube", "failed", "not installed: run CREATE EXTENSION cube as its superuser")
    return Check("extension cube", "ok", f"version {found}")


def check_functions(connection: sa.Connection) -> Check:
    """Whether our functions for the sky are there."""
    count = connection.scalar(sa.text("SELECT count(*) FROM pg_proc WHERE pronamespace = 'vo'::regnamespace"))
    if not count:
        return Check("sky functions", "failed", "not installed: run vo-server migrate")
    return Check("sky functions", "ok", f"{count} in schema vo")


def check_reader(database: Database) -> Check:
    """Whether clients' queries run as a role that can only read what is published."""
    engine = sa.create_engine(sa.engine.make_url(database.reader_url).set(drivername="postgresql+psycopg2"))
    try:
        with engine.connect() as connection:
            user = connection.scalar(sa.text("SELECT current_user"))
            read_only = connection.scalar(sa.text("SHOW default_transaction_read_only"))
            secret = connection.scalar(sa.text("SELECT has_schema_privilege('archive', 'USAGE')"))
    except sa.exc.SQLAlchemyError as exc:
        return Check("roles", "failed", f"the reader cannot connect: {str(exc).splitlines()[0]}")
    finally:
        engine.dispose()
    if read_only != "on":
        return Check("roles", "failed", f"sessions of {user} are not read-only: run vo-server migrate")
    if database.logins is None or secret:
        return Check("roles", "warning", f"queries run as {user}, read-only: the owner may not create roles")
    return Check(
        "roles", "ok", f"queries run as {user}, read-only; jobs are kept by {database.logins.writer}"
    )


def check_tap_schema(connection: sa.Connection) -> Check:
    """Whether every table and column that clients are told of exists, and none is forgotten."""
    tables = schemas.metadata(schemas.builtin()).tables
    columns = tables["tap_schema.columns"].c
    told = {
        (row.table_name.lower(), row.column_name.strip('"').lower())
        for row in connection.execute(sa.select(columns.table_name, columns.column_name))
    }
    names = sorted({name for name, _ in told})
    found = {
        (f"{row.table_schema}.{row.table_name}", row.column_name)
        for row in connection.execute(
            sa.text(
                "SELECT table_schema, table_name, column_name FROM information_schema.columns "
                "WHERE table_schema || '.' || table_name = ANY(:names)"
            ),
            {"names": names},
        )
    }
    missing = sorted(f"{table}.{column}" for table, column in told - found)
    if missing:
        return Check("TAP_SCHEMA", "failed", f"not in the database: {', '.join(missing[:5])}")
    return Check("TAP_SCHEMA", "ok", f"{len(names)} tables, {len(told)} columns")


def check_files(connection: sa.Connection) -> Check:
    """Whether a sample of the archive's files is where the archive says."""
    total = connection.scalar(sa.select(sa.func.count()).select_from(FILE)) or 0
    rows = connection.execute(
        sa.select(FILE.c.url, FILE.c.size).order_by(sa.func.random()).limit(SAMPLE)
    ).all()
    wrong = 0
    for row in rows:
        path, size = path_of(row.url), -1
        if path is not None:
            with suppress(OSError):
                size = path.stat().st_size
            wrong += size != row.size
    if wrong:
        return Check("files", "failed", f"{wrong} of {len(rows)} looked at are gone or have another size")
    return Check("files", "ok", f"{total} in the archive, {len(rows)} looked at")


def check_addresses(connection: sa.Connection, settings: Settings) -> Check:
    """Whether the addresses in the published tables are those of this server."""
    stored = connection.scalar(sa.select(PROPERTY.c.value).where(PROPERTY.c.name == "base_url"))
    if stored is not None and stored != settings.root_url:
        return Check("addresses", "warning", f"{stored}; the next start makes them {settings.root_url}")
    return Check("addresses", "ok", stored or settings.root_url)
