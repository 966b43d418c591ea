"""Bringing the database to what this version of the code expects."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from vo_server import schemas
from vo_server.archive import SCHEMA_DOCUMENT
from vo_server.db import instruments, roles, tap_schema
from vo_server.db.connections import OLDEST, Database
from vo_server.errors import FatalFault, UsageFault

#: Any number, the same in every process: one migration at a time in a database.
_LOCK = 0x766F736572766572


#: Our SQL functions, in the order in which they need each other.
FUNCTIONS = ("angles", "shapes", "points", "measures", "pairs", "overlap", "catalogue")
#: Views of published schemas.
VIEWS = ("headers/keyword.sql", "schemas/provenance.sql")


def migrate(database: Database) -> None:
    """Migrate to the newest revision, replace our SQL functions, make roles, write TAP_SCHEMA.

    All in one transaction under an advisory lock: several processes may start at once, and a failure
    leaves the database as it was.

    Raises
    ------
    UsageFault
        The server is too old or does not have the extension ``cube``.
    FatalFault
        The database is newer than this code.
    """
    with database.owner.connect() as connection, _exclusive(connection), connection.begin():
        _check_server(connection)
        _upgrade(connection)
        _replace_functions(connection)
        for position, name in enumerate(schemas.BUILTIN, 1):
            document = schemas.document(name)
            tap_schema.store_document(connection, schemas.read(document), document, position)
        instruments.ensure(connection)
        document = schemas.instruments.document()
        tap_schema.store_document(
            connection, schemas.instruments.schema(), document, len(schemas.BUILTIN) + 1
        )
        logins = roles.make_roles(connection, database.settings)
        if logins is not None:
            published = connection.scalars(sa.select(SCHEMA_DOCUMENT.c.schema_name)).all()
            roles.grant(connection, logins, published)
    database.refresh()


def revisions(connection: sa.Connection) -> tuple[str | None, str | None]:
    """The database's revision and the newest one of this code."""
    with _configuration() as config:
        newest = ScriptDirectory.from_config(config).get_current_head()
    context = MigrationContext.configure(connection, opts={"version_table_schema": "archive"})
    return context.get_current_revision(), newest


@contextmanager
def _exclusive(connection: sa.Connection) -> Iterator[None]:
    """Hold the advisory lock outside of the transaction, until that is committed."""
    with connection.begin():
        connection.execute(sa.select(sa.func.pg_advisory_lock(_LOCK)))
    try:
        yield
    finally:
        with connection.begin():
            connection.execute(sa.select(sa.func.pg_advisory_unlock(_LOCK)))


@contextmanager
def _configuration() -> Iterator[Config]:
    with as_file(files("vo_server").joinpath("migrations")) as directory:
        config = Config()
        config.set_main_option("script_location", str(directory).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        yield config


def _check_server(connection: sa.Connection) -> None:
    version = int(connection.scalar(sa.text("SHOW server_version_num")) or 0)
    if version < OLDEST * 10000:
        raise UsageFault(f"PostgreSQL {version // 10000} is too old: {OLDEST} or newer is needed")
    if connection.scalar(sa.text("SHOW server_encoding")) != "UTF8":
        raise UsageFault("the database must have the encoding UTF8")


def _upgrade(connection: sa.Connection) -> None:
    connection.execute(sa.schema.CreateSchema("archive", if_not_exists=True))
    current, newest = revisions(connection)
    if current == newest:
        return
    with _configuration() as config:
        known = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
        if current is not None and current not in known:
            raise FatalFault(
                f"the database is newer than this server (revision {current}): upgrade the server"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _replace_functions(connection: sa.Connection) -> None:
    """Create or replace the functions of schema ``vo``, and the views of published schemas."""
    for place in (*(f"sky/sql/{name}.sql" for name in FUNCTIONS), *VIEWS):
        # Past SQLAlchemy and psycopg2's formatting: the text has colons and percent signs of its own.
        cursor = connection.connection.cursor()
        cursor.execute(files("vo_server").joinpath(place).read_text(encoding="utf-8"))
        cursor.close()
