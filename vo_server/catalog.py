"""The catalog of published tables: kept as Felis documents in the database, told to clients by TAP_SCHEMA."""

from collections.abc import Mapping

import sqlalchemy as sa

from vo_server import schemas
from vo_server.archive import SCHEMA_DOCUMENT, USER_SCHEMA
from vo_server.db import roles, tap_schema
from vo_server.errors import UsageFault
from vo_server.tables import Catalog, Schema

#: How the schemas begin in which tables are filled; what killed processes left of them is dropped.
FILLING = "publishing_"
#: Names that operators may not give to their schemas.
RESERVED_SCHEMAS = frozenset(
    (
        *schemas.BUILTIN,
        schemas.instruments.SCHEMA,
        schemas.instruments.STORED,
        "archive",
        "vo",
        "public",
        "tap_upload",
        USER_SCHEMA,
        "information_schema",
    )
)


#: How names of PostgreSQL, of accounts' tables and of the archive itself begin.
RESERVED_PREFIXES = ("pg_", "user_", FILLING)


def read_catalog(connection: sa.Connection) -> Catalog:
    """The catalog as it is stored, schemas in their order."""
    documents = connection.scalars(
        sa.select(SCHEMA_DOCUMENT.c.document).order_by(
            SCHEMA_DOCUMENT.c.position, SCHEMA_DOCUMENT.c.schema_name
        )
    )
    return Catalog(tuple(schemas.read(document) for document in documents))


Sizes = Mapping[tuple[str, str], int]  #: rows of tables, by schema and name in the database


def read_sizes(engine: sa.Engine) -> Sizes:
    """About how many rows each table has, as ANALYZE last counted them; none of what was never counted."""
    query = sa.text(
        "SELECT n.nspname, c.relname, c.reltuples::bigint FROM pg_catalog.pg_class c"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p')"
    )
    with engine.connect() as connection:
        return {(row[0], row[1]): row[2] for row in connection.execute(query) if row[2] >= 0}


def lock_schema(connection: sa.Connection, name: str) -> None:
    """Keep others from changing a schema's document until the transaction ends.

    Who adds a table to a document locks it before it is read: else two would start from the same tables.
    """
    key = sa.func.hashtextextended(f"schema {name.lower()}", 0)
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def publish_schema(connection: sa.Connection, schema: Schema, document: str) -> None:
    """Publish an operator's schema inside the caller's transaction: tables, rights, TAP_SCHEMA.

    Tables that exist already keep their rows; they must have the declared columns.

    Parameters
    ----------
    schema, document
        What `vo_server.schemas.parse` made of the document, and the document.

    Raises
    ------
    UsageFault
        The schema's name is taken, or an existing table differs from its declaration.
    """
    name = schema.name.lower()
    if name in RESERVED_SCHEMAS or name.startswith(RESERVED_PREFIXES):
        raise UsageFault(f"the schema {schema.name!r} cannot be published: the name is the server's own")
    connection.execute(sa.schema.CreateSchema(name, if_not_exists=True))
    metadata = schemas.metadata([schema])
    for relation in metadata.sorted_tables:
        _check_existing(connection, relation)
    metadata.create_all(connection, checkfirst=True)
    tap_schema.store_document(connection, schema, document, position=1000)
    logins = roles.read_logins(connection)
    if logins is not None:
        roles.grant(connection, logins, [name])


def unpublish_schema(connection: sa.Connection, schema: Schema) -> None:
    """Take a schema without tables away inside the caller's transaction, with what TAP_SCHEMA says of it."""
    tap_schema.forget_document(connection, schema)
    connection.execute(sa.schema.DropSchema(schema.name.lower(), if_exists=True))


def _check_existing(connection: sa.Connection, relation: sa.Table) -> None:
    found = sa.text(
        "SELECT column_name FROM information_schema.columns "
        "WHERE table_schema = :schema AND table_name = :name"
    )
    has = set(connection.scalars(found, {"schema": relation.schema, "name": relation.name}))
    wants = {column.name for column in relation.columns}
    if has and has != wants:
        differing = ", ".join(sorted(has ^ wants))
        raise UsageFault(
            f"the table {relation.schema}.{relation.name} exists with other columns (they differ in "
            f"{differing}): drop it, or declare it as it is"
        )
