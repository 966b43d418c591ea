"""The views of instruments: made where they are missing, kept where they are right."""

import sqlalchemy as sa

from vo_server import schemas
from vo_server.db import Database
from vo_server.db.instruments import ensure
from vo_server.schemas import instruments

RAW = schemas.metadata(schemas.builtin()).tables["dbo.raw"]


def columns(connection: sa.Connection, schema: str, name: str) -> list[str]:
    """The columns of a relation, in order."""
    query = sa.text(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = :schema AND table_name = :name ORDER BY ordinal_position"
    )
    return list(connection.scalars(query, {"schema": schema, "name": name}))


def test_every_instrument_has_a_view_with_its_declared_columns(connection: sa.Connection) -> None:
    for table in instruments.schema().tables:
        schema, name = table.relation
        hidden = ["hpx", "s_shape", "s_box"]
        wanted = {column.name for column in table.columns} | set(hidden)
        assert set(columns(connection, schema, name)) == wanted


def test_making_them_again_changes_nothing(connection: sa.Connection) -> None:
    oids = "SELECT oid, relname FROM pg_class WHERE relnamespace = 'ist'::regnamespace ORDER BY oid"
    before = connection.exec_driver_sql(oids).all()
    ensure(connection)
    assert connection.exec_driver_sql(oids).all() == before
    assert len(before) == len(instruments.instruments())


def test_a_keyword_that_is_declared_later_becomes_a_column(connection: sa.Connection) -> None:
    connection.exec_driver_sql("INSERT INTO setups.muse (dp_id, ins_opti2_name) VALUES ('x', 'kept')")
    connection.exec_driver_sql("DROP VIEW ist.muse")
    connection.exec_driver_sql("ALTER TABLE setups.muse DROP COLUMN ins_opti1_name")
    ensure(connection)
    assert "ins_opti1_name" in columns(connection, "ist", "muse")
    row = connection.exec_driver_sql("SELECT ins_opti1_name, ins_opti2_name FROM setups.muse").one()
    assert tuple(row) == (None, "kept")
    found = connection.exec_driver_sql("SELECT indexname FROM pg_indexes WHERE tablename = 'muse'").scalars()
    assert "muse_ins_opti1_name" in set(found)


def test_clients_read_the_views_and_not_what_is_behind(database: Database) -> None:
    reader = database.logins.reader if database.logins else ""
    with database.owner.connect() as connection:
        rights = connection.exec_driver_sql(
            "SELECT has_table_privilege(%(reader)s, 'ist.muse', 'SELECT'),"
            " has_schema_privilege(%(reader)s, 'setups', 'USAGE')",
            {"reader": reader},
        ).one()
    assert tuple(rights) == (True, False)
