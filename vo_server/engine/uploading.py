"""Tables that exist for one statement: temporary tables of its connection."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import adbc_driver_manager
import pyarrow as pa

from vo_server.engine.connections import run
from vo_server.engine.statement import ZoneIndex
from vo_server.tables import Table


@dataclass(frozen=True)
class Upload:
    """A table and its rows; no other statement sees it.

    Attributes
    ----------
    table : Table
        One whose relation is in ``pg_temp``.
    data : pyarrow.Table
        The columns of ``table``, in their order, of types that the database has.
    """

    table: Table
    data: pa.Table


def load(connection: Any, uploads: Sequence[Upload], zones: Sequence[ZoneIndex] = ()) -> None:
    """Make the temporary tables, with the indexes that the query wants, on an ADBC connection.

    Raises the driver's errors.
    """
    if not uploads:
        return
    # PostgreSQL makes no table in a read-only session, not even one of its own; the role can write no other.
    run(connection, "SELECT set_config('default_transaction_read_only', 'off', false)")
    try:
        discard(connection)
        for upload in uploads:
            name = upload.table.relation[1]
            _ingest(connection, name, upload)
            for zone in zones:
                if zone.table == name:
                    _index(connection, zone)
            run(connection, f'ANALYZE pg_temp."{name}"')
    finally:
        run(connection, "SELECT set_config('default_transaction_read_only', 'on', false)")


def _ingest(connection: Any, name: str, upload: Upload) -> None:
    statement = adbc_driver_manager.AdbcStatement(connection)
    try:
        statement.set_options(
            **{
                "adbc.ingest.target_table": name,
                "adbc.ingest.mode": "adbc.ingest.mode.create",
                "adbc.ingest.temporary": "true",
            }
        )
        names = [column.name.lower() for column in upload.table.columns]
        reader = upload.data.rename_columns(names).to_reader(max_chunksize=65_536)
        statement.bind_stream(reader)
        statement.execute_update()
    finally:
        statement.close()


def _index(connection: Any, zone: ZoneIndex) -> None:
    table, ra, dec = (name.replace('"', '""') for name in (zone.table, zone.ra, zone.dec))
    run(connection, f'CREATE INDEX ON pg_temp."{table}" ((floor("{dec}" * 60)::integer), "{ra}")')


def discard(connection: Any) -> None:
    """Forget every temporary table of the connection; raises the driver's errors."""
    run(connection, "DISCARD TEMP")
