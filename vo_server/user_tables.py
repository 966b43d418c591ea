"""Tables that users keep: private to their account, with a quota, beside the published ones.

All are in the schema ``user_tables`` under names of no meaning; ``archive.user_table`` says whose they
are and what they are called. A table and its entry change in one transaction.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

import adbc_driver_manager
import adbc_driver_postgresql.dbapi
import pyarrow as pa
import sqlalchemy as sa

from vo_server.archive import USER_SCHEMA, USER_TABLE
from vo_server.db.connections import libpq_uri
from vo_server.engine.faults import translate_failure
from vo_server.errors import AuthorizationFault, NotFoundFault, StorageFault, TransientFault, UsageFault
from vo_server.principal import ANONYMOUS
from vo_server.tables import Catalog, Column, Schema, Table

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,58}")
_DESCRIPTION = "Your own tables, which nobody else sees"


def schema_of(account: str) -> str:
    """The schema in which an account sees its tables; no two accounts have the same."""
    plain = re.sub(r"[^a-z0-9_]", "_", account.lower())
    suffix = "" if plain == account else "_" + hashlib.sha256(account.encode()).hexdigest()[:6]
    return f"user_{plain}{suffix}"


def own_name(account: str, text: str) -> str:
    """The lower-case name, without its schema, of the account's table that a client calls ``text``.

    Raises
    ------
    AuthorizationFault
        Its schema is not the account's.
    UsageFault
        It is no name of a table.
    """
    schema, _, name = text.rpartition(".")
    if schema and schema.lower() != schema_of(account):
        raise AuthorizationFault(f"your own tables are in the schema {schema_of(account)}, not {schema[:60]}")
    if not _NAME.fullmatch(name):
        raise UsageFault(f"{name[:60]!r} is no name for a table: letters, digits and _, a letter first")
    return name.lower()


@dataclass(frozen=True)
class UserTables:
    """The tables of all accounts.

    Attributes
    ----------
    writer : sqlalchemy.Engine
        The role that keeps them.
    most : int
        Tables of one account.
    space : int
        Bytes of all tables of one account.
    patience : float
        Seconds to wait for queries that still read a table which is to go.
    """

    writer: sa.Engine
    most: int
    space: int
    patience: float = 10.0

    def schema(self, account: str) -> Schema | None:
        """The tables of an account; None where it has none."""
        if account in ("", ANONYMOUS):
            return None
        query = sa.select(USER_TABLE).where(USER_TABLE.c.owner == account).order_by(USER_TABLE.c.name)
        with self.writer.connect() as connection:
            rows = connection.execute(query).all()
        if not rows:
            return None
        name = schema_of(account)
        return Schema(name, _DESCRIPTION, tuple(_table(name, row) for row in rows))

    def catalog(self, published: Catalog, account: str) -> Catalog:
        """What the account can query: the published tables, the same object where it has no others."""
        own = self.schema(account)
        return published if own is None else published.including(own)

    def table(self, account: str, text: str) -> Table:
        """One table of an account.

        Raises
        ------
        NotFoundFault
            There is none of that name.
        """
        name, schema = own_name(account, text), schema_of(account)
        query = sa.select(USER_TABLE).where(USER_TABLE.c.owner == account, USER_TABLE.c.name == name)
        with self.writer.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFoundFault(f"there is no table {schema}.{name}: see the list at tables")
        return _table(schema, row)

    def create(
        self, account: str, text: str, columns: Sequence[Column], data: pa.Table, description: str = ""
    ) -> Table:
        """Keep a table; one of the same name is replaced.

        Raises
        ------
        StorageFault
            The account has no room for it.
        """
        name = own_name(account, text)
        relation = f"t_{secrets.token_hex(8)}"
        with self._change(account) as cursor:
            old = _relation(cursor, account, name)
            _ingest(cursor, relation, columns, data, "create")
            # Whoever may use the schema: the reading role.
            cursor.execute(f'GRANT SELECT ON {USER_SCHEMA}."{relation}" TO PUBLIC')
            if old is not None:
                cursor.execute(f'DROP TABLE {USER_SCHEMA}."{old}"')
            cursor.execute(
                "INSERT INTO archive.user_table (owner, name, relation, description, columns, rows, size)"
                " VALUES ($1, $2, $3, $4, CAST($5 AS jsonb), $6, 0) ON CONFLICT (owner, name) DO UPDATE"
                " SET relation = excluded.relation, description = excluded.description,"
                " columns = excluded.columns, rows = excluded.rows, updated = now()",
                (account, name, relation, description, _written(columns), data.num_rows),
            )
            self._measure(cursor, account, name, relation)
        return self.table(account, name)

    def append(self, account: str, table: Table, data: pa.Table) -> None:
        """Add rows, whose columns are those of the account's table and in its order, all or none of them.

        Raises
        ------
        TransientFault
            The table is another one by now.
        StorageFault
            The account has no room for them.
        """
        name, relation = own_name(account, table.name), table.relation[1]
        with self._change(account) as cursor:
            if _relation(cursor, account, name) != relation:
                raise TransientFault(f"{table.name} was replaced in this moment: send the rows again")
            _ingest(cursor, relation, table.columns, data, "append")
            cursor.execute(
                "UPDATE archive.user_table SET rows = rows + $3, updated = now()"
                " WHERE owner = $1 AND name = $2",
                (account, name, data.num_rows),
            )
            self._measure(cursor, account, name, relation)

    def drop(self, account: str, text: str) -> None:
        """Forget a table; `NotFoundFault` where there is none."""
        name = own_name(account, text)
        with self._change(account) as cursor:
            relation = _relation(cursor, account, name)
            if relation is None:
                raise NotFoundFault(f"there is no table {schema_of(account)}.{name}: see the list at tables")
            cursor.execute(f'DROP TABLE {USER_SCHEMA}."{relation}"')
            cursor.execute("DELETE FROM archive.user_table WHERE owner = $1 AND name = $2", (account, name))

    def index(self, connection: sa.Connection, account: str, text: str, column: str, *, unique: bool) -> None:
        """Make an index of one column inside the caller's transaction.

        Raises
        ------
        NotFoundFault
            There is no such table or column.
        StorageFault
            The account has no room for it.
        """
        connection.execute(
            sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": _key(account)}
        )
        table = self.table(account, text)
        known = table.by_name.get(column.strip('"').lower())
        if known is None:
            raise NotFoundFault(f"the table {table.name} has no column {column[:60]!r}")
        quote = connection.dialect.identifier_preparer.quote_identifier
        kind = "UNIQUE INDEX" if unique else "INDEX"
        connection.exec_driver_sql(
            f"CREATE {kind} ON {USER_SCHEMA}.{quote(table.relation[1])} ({quote(known.name.lower())})"
        )
        columns = [replace(c, indexed=c.indexed or c is known) for c in table.columns]
        size = sa.func.pg_total_relation_size(f"{USER_SCHEMA}.{table.relation[1]}")
        connection.execute(
            sa.update(USER_TABLE)
            .where(USER_TABLE.c.owner == account, USER_TABLE.c.name == own_name(account, text))
            .values(columns=json.loads(_written(columns)), size=size)
        )
        held = sa.select(sa.func.sum(USER_TABLE.c.size)).where(USER_TABLE.c.owner == account)
        self._check_space(int(connection.scalar(held) or 0))

    @contextmanager
    def _change(self, account: str) -> Iterator[Any]:
        """A cursor in a transaction that no other change of the account overlaps; raises `VoError`."""
        try:
            with (
                adbc_driver_postgresql.dbapi.connect(libpq_uri(self.writer.url)) as connection,
                connection.cursor() as cursor,
            ):
                cursor.execute(f"SET LOCAL lock_timeout = {round(1000 * self.patience)}")
                cursor.execute(
                    "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))::text", (_key(account),)
                )
                cursor.fetchall()
                yield cursor
                connection.commit()
        except adbc_driver_manager.Error as exc:
            raise translate_failure(exc, None) from exc

    def _measure(self, cursor: Any, account: str, name: str, relation: str) -> None:
        """Note the size of a table, and check that the account may have that much."""
        cursor.execute(f'ANALYZE {USER_SCHEMA}."{relation}"')
        cursor.execute(
            "UPDATE archive.user_table SET size = pg_total_relation_size($3::regclass)"
            " WHERE owner = $1 AND name = $2",
            (account, name, f"{USER_SCHEMA}.{relation}"),
        )
        tables, size = _one(
            cursor, "SELECT count(*), sum(size)::bigint FROM archive.user_table WHERE owner = $1", account
        ) or (0, 0)
        if tables > self.most:
            raise StorageFault(f"you have {self.most} tables, the most that an account may keep: delete one")
        self._check_space(size)

    def _check_space(self, size: int) -> None:
        if size > self.space:
            raise StorageFault(
                f"your tables would have {size} bytes, an account may keep {self.space}: delete some"
            )


def _key(account: str) -> str:
    """What a change of an account's tables locks."""
    return f"user table {account}"


def _relation(cursor: Any, account: str, name: str) -> str | None:
    """Where a table of an account is."""
    row = _one(
        cursor, "SELECT relation FROM archive.user_table WHERE owner = $1 AND name = $2", account, name
    )
    return None if row is None else str(row[0])


def _one(cursor: Any, sql: str, *values: object) -> tuple[Any, ...] | None:
    cursor.execute(sql, values)
    row: tuple[Any, ...] | None = cursor.fetchone()
    return row


def _ingest(cursor: Any, relation: str, columns: Sequence[Column], data: pa.Table, mode: str) -> None:
    named = data.rename_columns([column.name.lower() for column in columns])
    cursor.adbc_ingest(relation, named, mode, db_schema_name=USER_SCHEMA)


def _written(columns: Sequence[Column]) -> str:
    return json.dumps([asdict(column) for column in columns])


def _table(schema: str, row: sa.Row[Any]) -> Table:
    columns = tuple(Column(**column) for column in row.columns)
    return Table(f"{schema}.{row.name}", row.description, columns, stored_as=(USER_SCHEMA, row.relation))
