"""Roles of the database: the owner makes them, the writer keeps jobs, the reader runs clients' queries."""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError

from vo_server.archive import PROPERTY, USER_SCHEMA
from vo_server.archive import SCHEMA as ARCHIVE
from vo_server.config import Settings

#: The embedded server's only database has the plain names; elsewhere several archives may share a cluster.
_PLAIN_DATABASE = "archive"


@dataclass(frozen=True, slots=True)
class Logins:
    """Names and passwords of the two roles that are not the owner."""

    reader: str
    reader_password: str
    writer: str
    writer_password: str


def reader_settings(settings: Settings) -> Iterable[tuple[str, str]]:
    """Session settings of the reader: what a client's query may cost."""
    yield "default_transaction_read_only", "on"
    # The outermost limit; each query has a shorter one of its own.
    yield "statement_timeout", f"{settings.async_timeout + 60:.0f}s"
    yield "idle_in_transaction_session_timeout", f"{settings.async_timeout + 60:.0f}s"
    yield "work_mem", "64MB"
    yield "jit", "off"
    yield "timezone", "UTC"


def role_names(connection: sa.Connection) -> tuple[str, str]:
    """Names of the reader and the writer of this database."""
    database = connection.scalar(sa.select(sa.func.current_database())) or ""
    suffix = "" if database == _PLAIN_DATABASE else f"_{database}"
    return f"vo_reader{suffix}"[:63], f"vo_writer{suffix}"[:63]


def read_logins(connection: sa.Connection) -> Logins | None:
    """The logins of this database, or None before they are made (or where they cannot be)."""
    if connection.scalar(sa.select(sa.func.to_regclass(f"{ARCHIVE}.property"))) is None:
        return None
    reader, writer = role_names(connection)
    rows = connection.execute(
        sa.select(PROPERTY.c.name, PROPERTY.c.value).where(
            PROPERTY.c.name.in_([_property(reader), _property(writer)])
        )
    )
    passwords: dict[str, str] = {row.name: row.value for row in rows}
    if len(passwords) != 2:
        return None
    return Logins(reader, passwords[_property(reader)], writer, passwords[_property(writer)])


def make_roles(connection: sa.Connection, settings: Settings) -> Logins | None:
    """Create what is missing of the reader and the writer, inside the caller's transaction.

    Returns
    -------
    Logins or None
        None where the owner may not create roles; the archive then runs as its owner, in read-only
        sessions for queries.
    """
    logins = read_logins(connection)
    reader, writer = role_names(connection)
    try:
        with connection.begin_nested():
            for name in (reader, writer):
                if logins is None or not _role_exists(connection, name):
                    _make_role(connection, name)
            for name, value in reader_settings(settings):
                _alter(connection, reader, name, value)
    except ProgrammingError as exc:
        if not _is_denied(exc):
            raise
        return None
    try:
        with connection.begin_nested():
            _alter(connection, reader, "temp_file_limit", "20GB")
    except ProgrammingError as exc:  # only a superuser may
        if not _is_denied(exc):
            raise
    return read_logins(connection)


def grant(connection: sa.Connection, logins: Logins, published: Iterable[str]) -> None:
    """Give the reader the ``published`` schemas and the writer its tables as well; both may use ``vo``."""
    reader, writer = map(_quoted(connection), (logins.reader, logins.writer))
    statements = [f"GRANT USAGE ON SCHEMA vo, {ARCHIVE} TO {writer}", f"GRANT USAGE ON SCHEMA vo TO {reader}"]
    for schema in map(_quoted(connection), published):
        statements += [
            f"GRANT USAGE ON SCHEMA {schema} TO {reader}, {writer}",
            f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {reader}, {writer}",
        ]
    statements += [
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {ARCHIVE} TO {writer}",
        f"REVOKE ALL ON {ARCHIVE}.property FROM {writer}",
        f"GRANT INSERT, UPDATE, DELETE ON {ARCHIVE}.job, {ARCHIVE}.user_table TO {writer}",
        # What providers submit; what is published of it is the owner's to write.
        f"GRANT INSERT, UPDATE ON {ARCHIVE}.collection, {ARCHIVE}.release, {ARCHIVE}.batch TO {writer}",
        f"GRANT INSERT, UPDATE, DELETE ON {ARCHIVE}.batch_file TO {writer}",
        f"GRANT INSERT ON {ARCHIVE}.batch_step TO {writer}",
        f"GRANT INSERT, DELETE ON health.runs, health.results TO {writer}",
        # Deleted records stay, so nobody but the owner can take one out.
        f"GRANT INSERT, UPDATE ON {ARCHIVE}.registry_record TO {writer}",
        f"GRANT USAGE, CREATE ON SCHEMA {USER_SCHEMA} TO {writer}",
        f"GRANT USAGE ON SCHEMA {USER_SCHEMA} TO {reader}",
    ]
    for statement in statements:
        connection.exec_driver_sql(statement)


def _property(role: str) -> str:
    return f"password:{role}"


def _role_exists(connection: sa.Connection, name: str) -> bool:
    found = connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": name})
    return found is not None


def _make_role(connection: sa.Connection, name: str) -> None:
    """Create a role, or give an existing one a new password: only this database knows it."""
    password = secrets.token_urlsafe(24)
    verb = "ALTER" if _role_exists(connection, name) else "CREATE"
    quoted = _quoted(connection)(name)
    # A token of letters, digits, - and _ needs no quoting; DDL takes no bound values.
    connection.exec_driver_sql(f"{verb} ROLE {quoted} LOGIN NOINHERIT PASSWORD '{password}'")
    key = _property(name)
    connection.execute(sa.delete(PROPERTY).where(PROPERTY.c.name == key))
    connection.execute(sa.insert(PROPERTY).values(name=key, value=password))


def _alter(connection: sa.Connection, role: str, setting: str, value: str) -> None:
    quoted = _quoted(connection)
    database = quoted(connection.scalar(sa.select(sa.func.current_database())) or "")
    connection.exec_driver_sql(f"ALTER ROLE {quoted(role)} IN DATABASE {database} SET {setting} = '{value}'")


def _quoted(connection: sa.Connection) -> Callable[[str], str]:
    return connection.dialect.identifier_preparer.quote


def _is_denied(exc: ProgrammingError) -> bool:
    """Whether PostgreSQL refused for lack of rights (SQLSTATE 42501)."""
    return getattr(exc.orig, "pgcode", None) == "42501"
