"""The database for commands that need it as this version expects it."""

from collections.abc import Iterator
from contextlib import contextmanager

from vo_server.config import Settings
from vo_server.db.connections import Database, open_database
from vo_server.db.upgrade import revisions
from vo_server.errors import UsageFault


@contextmanager
def ready_database(settings: Settings) -> Iterator[Database]:
    """The database, open and at the revision that this code expects.

    Raises
    ------
    UsageFault
        The database was never migrated, or by another version.
    """
    with open_database(settings) as database:
        with database.owner.connect() as connection:
            current, newest = revisions(connection)
        if current != newest:
            verb = "init" if current is None else "migrate"
            raise UsageFault(f"the database is not ready for this version: run vo-server {verb}")
        yield database
