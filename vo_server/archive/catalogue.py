"""What is published and served: properties, schemas, tables of users, records of the registry."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from vo_server.archive.schema import METADATA, instant

#: Facts about this archive that must survive a restart, such as the URLs that its rows were made with.
PROPERTY = Table(
    "property",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

#: The Felis document of every published schema; the catalog is read from here.
SCHEMA_DOCUMENT = Table(
    "schema_document",
    METADATA,
    Column("schema_name", Text, primary_key=True),
    Column("document", Text, nullable=False),
    Column("position", Integer, nullable=False),
    instant("updated", nullable=False, now=True),
)

#: Tables that users keep; their rows are in `USER_SCHEMA`. See `vo_server.user_tables`.
USER_TABLE = Table(
    "user_table",
    METADATA,
    Column("owner", Text, primary_key=True, comment="the account"),
    Column("name", Text, primary_key=True, comment="lower case, without its schema"),
    Column("relation", Text, nullable=False, unique=True, comment="name in the schema user_tables"),
    Column("description", Text, nullable=False),
    Column("columns", JSONB, nullable=False, comment="[{name, datatype, arraysize, ...}]"),
    Column("rows", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False, comment="bytes, indexes included"),
    instant("updated", nullable=False, now=True),
)

#: What registries are told of; a record that ends stays as a deleted one (OAI-PMH 2.0, Deleted records).
REGISTRY_RECORD = Table(
    "registry_record",
    METADATA,
    Column("identifier", Text, primary_key=True, comment="the IVOID, lower case"),
    instant("created", nullable=False),
    instant("updated", nullable=False),
    Column("deleted", Boolean, nullable=False, server_default=text("false")),
    Column("digest", Text, nullable=False, comment="of the content without its dates"),
    Column("ivo_vor", Text, comment="ri:Resource; null when deleted"),
    Column("oai_dc", Text, comment="oai_dc:dc; null when deleted"),
    Index("registry_record_updated", "updated", "identifier"),
)
