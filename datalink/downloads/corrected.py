"""The headers that are sent instead of those in a file, where they were corrected."""

from dataclasses import dataclass

import sqlalchemy as sa

from datalink.files import File
from vo_server.archive import DELIVERY_HEADER


@dataclass(frozen=True, slots=True)
class Header:
    """A corrected header, in the place of the ``length`` stored bytes from ``start``."""

    start: int
    length: int
    content: bytes


def find_headers(engine: sa.Engine, file: File) -> tuple[Header, ...]:
    """The headers that are sent instead of those in the file; none of a file that is sent as it is."""
    if not file.is_corrected:
        return ()
    columns = DELIVERY_HEADER.c
    query = sa.select(columns.start, columns.length, columns.header).where(columns.dp_id == file.dp_id)
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(columns.hdu)).all()
    return tuple(Header(row.start, row.length, bytes(row.header)) for row in rows)
