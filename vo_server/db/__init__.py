"""PostgreSQL: the embedded server, connections in three roles, migrations and the stored addresses."""

from vo_server.db.addresses import rebase
from vo_server.db.connections import Database, open_database
from vo_server.db.upgrade import migrate

__all__ = ["Database", "migrate", "open_database", "rebase"]
