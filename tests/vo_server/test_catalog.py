"""Publishing an operator's own tables."""

import pytest
import sqlalchemy as sa

from vo_server import catalog, schemas
from vo_server.catalog_cache import CatalogCache
from vo_server.db import Database
from vo_server.errors import UsageFault

DOCUMENT = """\
name: Mine
description: Catalogues of my own
tables:
  - name: Stars
    description: Nearby stars
    primaryKey: "#Stars.id"
    vo:points: [{ra: ra, dec: dec}]
    columns:
      - {name: id, datatype: long, description: Identifier}
      - {name: ra, datatype: double, description: Right ascension, ivoa:unit: deg, ivoa:ucd: pos.eq.ra}
      - {name: dec, datatype: double, description: Declination, ivoa:unit: deg, ivoa:ucd: pos.eq.dec}
"""


def publish(connection: sa.Connection, document: str = DOCUMENT) -> None:
    """Publish a document."""
    catalog.publish_schema(connection, schemas.parse(document), document)


def test_the_catalog_is_read_from_the_database(connection: sa.Connection) -> None:
    found = catalog.read_catalog(connection)
    assert [schema.name for schema in found.schemas][: len(schemas.BUILTIN)] == list(schemas.BUILTIN)
    assert found.table("IVOA.OBSCORE") == schemas.builtin()[0].tables[0]


def test_a_published_table_can_be_filled_and_found(connection: sa.Connection) -> None:
    publish(connection)
    connection.exec_driver_sql("INSERT INTO mine.stars (id, ra, dec, hpx) VALUES (1, 2, 3, 4)")
    table = catalog.read_catalog(connection).table("mine.stars")
    assert table is not None
    assert table.name == "Mine.Stars"
    told = connection.exec_driver_sql("SELECT table_name FROM tap_schema.tables WHERE schema_name = 'Mine'")
    assert told.scalars().all() == ["Mine.Stars"]
    readers = connection.exec_driver_sql(
        "SELECT grantee FROM information_schema.role_table_grants "
        "WHERE table_schema = 'mine' AND table_name = 'stars' AND privilege_type = 'SELECT'"
    )
    assert any(name.startswith("vo_reader") for name in readers.scalars())


def test_publishing_again_keeps_the_rows(connection: sa.Connection) -> None:
    publish(connection)
    connection.exec_driver_sql("INSERT INTO mine.stars (id) VALUES (1)")
    publish(connection, DOCUMENT.replace("Nearby", "Very near"))
    assert connection.exec_driver_sql("SELECT count(*) FROM mine.stars").scalar() == 1
    table = catalog.read_catalog(connection).table("mine.stars")
    assert table is not None
    assert table.description == "Very near stars"


def test_a_table_that_differs_from_its_declaration_is_refused(connection: sa.Connection) -> None:
    publish(connection)
    with pytest.raises(UsageFault, match=r"mine\.stars exists with other columns .*colour"):
        publish(connection, f"{DOCUMENT}      - {{name: colour, datatype: float, description: B-V}}\n")


@pytest.mark.parametrize(
    "name", ["ivoa", "TAP_SCHEMA", "archive", "vo", "public", "pg_catalog", "tap_upload"]
)
def test_the_servers_own_schemas_are_refused(connection: sa.Connection, name: str) -> None:
    with pytest.raises(UsageFault, match="cannot be published"):
        publish(connection, DOCUMENT.replace("name: Mine", f"name: {name}"))


def test_whichever_transaction_ends_last_is_noticed(database: Database) -> None:
    other = DOCUMENT.replace("name: Mine", "name: Other")
    cache = CatalogCache(database.writer, fresh=0.0)
    with database.owner.connect() as first, database.owner.connect() as second:
        try:
            publish(first)
            first.commit()
            first.execute(sa.select(sa.func.now()))  # its time is that of its beginning
            publish(second, other)
            second.commit()
            assert cache.current().table("other.stars") is not None
            publish(first, DOCUMENT.replace("Nearby", "Very near"))
            first.commit()
            found = cache.current().table("mine.stars")
            assert found is not None
            assert found.description == "Very near stars"
        finally:
            for schema, document in (("mine", DOCUMENT), ("other", other)):
                first.exec_driver_sql(f"DROP TABLE {schema}.stars")
                catalog.unpublish_schema(first, schemas.parse(document))
            first.commit()
    assert cache.current().table("mine.stars") is None
    assert cache.current().table("other.stars") is None
