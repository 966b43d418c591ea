"""Connections to the archive's database, embedded or external, in three roles."""

import os
from pathlib import Path
from urllib.parse import quote, unquote, urlencode

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError

from vo_server.config import Settings
from vo_server.db import roles
from vo_server.db.embedded import DATABASE, OWNER, EmbeddedServer
from vo_server.errors import TransientFault, UsageFault

#: The oldest PostgreSQL that we run on.
OLDEST = 14


class Database:
    """The archive's database and the directory of everything else that the server keeps.

    Attributes
    ----------
    owner : sqlalchemy.Engine
        For migrations and ingest.
    writer : sqlalchemy.Engine
        For jobs and for what the web processes look up; may not touch published tables.
    reader_url : str
        libpq's URI of the role that runs clients' queries: published schemas only, read-only.
    state_dir : Path
        Results, spool files and the embedded server.
    """

    def __init__(self, url: URL, state_dir: Path, settings: Settings, server: EmbeddedServer | None) -> None:
        self.state_dir = state_dir
        self.settings = settings
        self.is_embedded = server is not None
        self._url = url
        self._server = server
        self.owner = self._engine(url)
        self.logins: roles.Logins | None = None
        self.writer = self.owner
        self.refresh()

    def refresh(self) -> None:
        """Take over the roles that the database has by now."""
        with self.owner.connect() as connection:
            logins = roles.read_logins(connection)
        if logins is not None and logins != self.logins:
            self.writer = self._engine(self._url.set(username=logins.writer, password=logins.writer_password))
        self.logins = logins

    @property
    def reader_url(self) -> str:
        """The URI for clients' queries; the owner's in a read-only session where there is no role."""
        if self.logins is not None:
            url = self._url.set(username=self.logins.reader, password=self.logins.reader_password)
            return libpq_uri(url)
        options = " ".join(f"-c {name}={value}" for name, value in roles.reader_settings(self.settings))
        return libpq_uri(self._url.update_query_dict({"options": options}))

    def close(self) -> None:
        """Close all connections; stop the embedded server if nobody else needs it."""
        self.writer.dispose()
        self.owner.dispose()
        if self._server is not None:
            self._server.__exit__()

    def __enter__(self) -> "Database":
        """The database itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def _engine(self, url: URL) -> sa.Engine:
        # A connection may die with a restart of the server; asking it first costs 0.1 ms.
        return sa.create_engine(url.set(drivername="postgresql+psycopg2"), pool_pre_ping=True)


def open_database(settings: Settings) -> Database:
    """The database of ``settings``: the external one of its URL, else the embedded one, running.

    Raises
    ------
    UsageFault
        The URL or the state directory cannot be used.
    TransientFault
        The database does not accept connections.
    """
    state_dir = (settings.state_dir or default_state_dir()).absolute()
    if settings.database_url is not None:
        try:
            state_dir.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise UsageFault(f"the state directory {state_dir} cannot be used: {exc.strerror}") from exc
        return _opened(_normalised(make_url(str(settings.database_url))), state_dir, settings, None)
    server = EmbeddedServer(state_dir)
    server.__enter__()
    host, port = server.address
    url = URL.create("postgresql", OWNER, server.password, port=port, database=DATABASE, query={"host": host})
    try:
        return _opened(url, state_dir, settings, server)
    except BaseException:
        server.__exit__()
        raise


def default_state_dir() -> Path:
    """``/var/lib/vo-server`` for root, else a directory by the XDG base directory specification."""
    if os.geteuid() == 0:
        return Path("/var/lib/vo-server")
    base = os.environ.get("XDG_STATE_HOME", "")
    # The specification says to ignore relative paths.
    return (Path(base) if base.startswith("/") else Path.home() / ".local" / "state") / "vo-server"


def _normalised(url: URL) -> URL:
    """``url`` with its parts at one place, where libpq also takes them from the query.

    A socket's directory is a host in the query (``?host=/run/postgresql``) or an escaped one.
    """
    query = dict(url.query)
    user, password = query.pop("user", url.username), query.pop("password", url.password)
    host = url.host
    if host is not None and unquote(host).startswith("/"):
        query.setdefault("host", unquote(host))
    return URL.create(
        "postgresql",
        user if isinstance(user, str) else None,
        password if isinstance(password, str) else None,
        None if "host" in query else host,
        url.port,
        url.database,
        query,
    )


def libpq_uri(url: URL) -> str:
    """``url`` as libpq reads it, which is stricter than SQLAlchemy's text: a plus is no space."""
    user = "" if url.username is None else quote(url.username, safe="")
    if url.password is not None:
        user += ":" + quote(str(url.password), safe="")
    host = f"[{url.host}]" if ":" in (url.host or "") else url.host or ""
    place = f"{host}:{url.port}" if url.port else host
    pairs = {name: value for name, value in url.query.items() if isinstance(value, str)}
    query = urlencode(pairs, quote_via=quote, safe="")
    return f"postgresql://{user}@{place}/{quote(url.database or '', safe='')}" + (
        f"?{query}" if query else ""
    )


def _opened(url: URL, state_dir: Path, settings: Settings, server: EmbeddedServer | None) -> Database:
    try:
        return Database(url, state_dir, settings, server)
    except OperationalError as exc:
        # psycopg2 names host, port and reason, never the password.
        reason = str(exc.orig).strip().splitlines()[0]
        raise TransientFault(f"the database cannot be reached: {reason}") from exc
