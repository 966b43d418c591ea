"""Headers in the database: written by ingest, read by who delivers or corrects them."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from vo_server.archive import HEADER, HEADER_SECTION, among
from vo_server.headers.cards import Card
from vo_server.headers.sections import COLUMNS, Section, StoredHeader, read_section

#: Identifier of a file, number of an HDU, and its header.
Entry = tuple[str, int, StoredHeader]


def save_headers(connection: sa.Connection, headers: Iterable[Entry]) -> None:
    """Store headers that are not there yet."""
    entries = list(headers)
    rows = [
        {
            "dp_id": dp_id,
            "hdu": hdu,
            "sections": [section.section_id for section in header.sections],
            "slots": header.slots,
            "whole": header.whole,
        }
        for dp_id, hdu, header in entries
    ]
    if rows:
        save_sections(connection, (section for _, _, header in entries for section in header.sections))
        connection.execute(sa.insert(HEADER), rows)


def save_sections(connection: sa.Connection, sections: Iterable[Section]) -> None:
    """Store those of ``sections`` that are not there yet."""
    wanted = {section.section_id: section for section in sections}
    query = sa.select(sa.cast(HEADER_SECTION.c.section_id, sa.Text)).where(_among(wanted))
    new = [wanted[name] for name in wanted.keys() - set(connection.scalars(query))]
    if new:
        rows = [
            {"section_id": section.section_id}
            | {column: section.texts(attribute) for column, attribute in COLUMNS.items()}
            for section in new
        ]
        connection.execute(insert(HEADER_SECTION).on_conflict_do_nothing(), rows)


def read_headers(
    connection: sa.Connection, dp_id: str, hdu: int | None = None
) -> list[tuple[int, StoredHeader]]:
    """The headers of a file, or of one of its HDUs, by number; none when the archive has none."""
    wanted = HEADER.c.dp_id == dp_id if hdu is None else (HEADER.c.dp_id == dp_id) & (HEADER.c.hdu == hdu)
    return [(number, header) for _, number, header in _read(connection, wanted)]


def read_many(connection: sa.Connection, dp_ids: Sequence[str]) -> list[Entry]:
    """The headers of many files, in the order of their identifiers."""
    return _read(connection, among(HEADER.c.dp_id, dp_ids))


def _read(connection: sa.Connection, wanted: sa.ColumnElement[bool]) -> list[Entry]:
    sections = sa.cast(HEADER.c.sections, sa.ARRAY(sa.Text))
    query = sa.select(HEADER.c.dp_id, HEADER.c.hdu, sections, HEADER.c.slots, HEADER.c.whole)
    rows = connection.execute(query.where(wanted).order_by(HEADER.c.dp_id, HEADER.c.hdu)).all()
    known = read_sections(connection, {name for row in rows for name in row[2]})
    return [
        (dp_id, hdu, StoredHeader(tuple(known[name] for name in names), slots, whole))
        for dp_id, hdu, names, slots, whole in rows
    ]


def read_cards(connection: sa.Connection, dp_id: str, hdu: int) -> tuple[Card, ...]:
    """The cards of one HDU, as the file has them; none when the archive has none."""
    return tuple(card for _, header in read_headers(connection, dp_id, hdu) for card in header.cards())


def read_sections(connection: sa.Connection, names: Iterable[str]) -> dict[str, Section]:
    """The sections of these names."""
    names = set(names)
    found = {name: section for name in names if (section := _SECTIONS.get(name)) is not None}
    missing = list(names - found.keys())
    if missing:
        for row in connection.execute(sa.select(HEADER_SECTION).where(_among(missing))):
            name = str(row.section_id)
            found[name] = read_section(name, dict(row._mapping))
        if len(_SECTIONS) > 10_000:
            _SECTIONS.clear()
        _SECTIONS.update(found)
    return found


def _among(names: Iterable[str]) -> sa.ColumnElement[bool]:
    ids = sa.cast(sa.bindparam(None, list(names), sa.ARRAY(sa.Text)), sa.ARRAY(sa.UUID))
    return HEADER_SECTION.c.section_id == sa.any_(ids)


#: A section never changes: what was read once stays true.
_SECTIONS: dict[str, Section] = {}
