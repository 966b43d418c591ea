"""The addresses of this server inside the published tables."""

import sqlalchemy as sa

from vo_server import schemas
from vo_server.archive import PROPERTY
from vo_server.db.connections import Database

#: Columns that hold addresses below the server's root URL.
COLUMNS = {"ivoa.obscore": ("access_url", "preview_html"), "dbo.raw": ("access_url", "datalink_url")}
_NAME = "base_url"


def served_at(database: Database) -> str | None:
    """The root URL of the server that was started last; None where none was."""
    with database.owner.connect() as connection:
        return connection.scalar(sa.select(PROPERTY.c.value).where(PROPERTY.c.name == _NAME))


def rebase(database: Database, root_url: str) -> int:
    """Rewrite the stored addresses when the root URL has changed, and remember it.

    Addresses are stored complete, so that queries answer them at the speed of any column.

    Returns
    -------
    int
        Rows that changed.
    """
    tables = schemas.metadata(schemas.builtin()).tables
    with database.owner.begin() as connection:
        # The lock keeps two starting servers from doing this at once.
        row = connection.execute(
            sa.select(PROPERTY.c.value).where(PROPERTY.c.name == _NAME).with_for_update()
        ).one_or_none()
        if row is None:
            connection.execute(sa.insert(PROPERTY).values(name=_NAME, value=root_url))
            return 0
        former: str = row.value
        if former == root_url:
            return 0
        changed = sum(
            _rewrite(connection, tables[name], columns, former, root_url) for name, columns in COLUMNS.items()
        )
        connection.execute(sa.update(PROPERTY).where(PROPERTY.c.name == _NAME).values(value=root_url))
        return changed


def _rewrite(
    connection: sa.Connection, table: sa.Table, columns: tuple[str, ...], former: str, root_url: str
) -> int:
    def moved(column: sa.Column[str]) -> sa.ColumnElement[str]:
        rest = sa.func.substr(column, len(former) + 1)
        return sa.case((sa.func.starts_with(column, f"{former}/"), root_url + rest), else_=column)

    statement = (
        sa.update(table)
        .values({table.c[name]: moved(table.c[name]) for name in columns})
        .where(sa.or_(*(sa.func.starts_with(table.c[name], f"{former}/") for name in columns)))
    )
    return connection.execute(statement).rowcount
