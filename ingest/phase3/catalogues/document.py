"""The Felis document of a collection's schema: tables come and go, and the others stay as they are."""

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
import yaml

from vo_server.archive import SCHEMA_DOCUMENT
from vo_server.catalog import lock_schema
from vo_server.schemas.documents import load


def stored_document(connection: sa.Connection, schema: str) -> str | None:
    """The document of a schema by its lower-case name, to be changed; None where there is none."""
    lock_schema(connection, schema)
    return connection.scalar(
        sa.select(SCHEMA_DOCUMENT.c.document).where(SCHEMA_DOCUMENT.c.schema_name == schema)
    )


def with_tables(
    document: str | None, schema: str, description: str, tables: Iterable[Mapping[str, Any]]
) -> str:
    """``document`` with ``tables``, in the place of those of their names or behind all others.

    Parameters
    ----------
    document : str or None
        None where the schema is new: then it gets ``description``.
    """
    fields: dict[str, Any] = load(document) if document else {"name": schema, "description": description}
    found = {str(table["name"]).lower(): table for table in fields.get("tables", ())}
    index = max((table.get("tap:table_index") or 0 for table in found.values()), default=0)
    for table in tables:
        name = str(table["name"]).lower()
        if (former := found.get(name)) is not None:
            place = former.get("tap:table_index") or 0
        else:
            index += 1
            place = index
        found[name] = {**table, "tap:table_index": place}
    fields["tables"] = list(found.values())
    return _written(fields)


def without_table(document: str, name: str) -> str | None:
    """``document`` without the table of that lower-case name and without relations to it.

    Returns
    -------
    str or None
        None where no table is left.
    """
    fields = load(document)
    full = f"{fields['name']}.{name}".lower()
    kept = [table for table in fields["tables"] if str(table["name"]).lower() != name]
    if not kept:
        return None
    return without_target(_written(fields | {"tables": kept}), full)


def without_target(document: str, target: str) -> str:
    """``document`` without relations to the table ``target``, a full lower-case name."""
    fields = load(document)
    for table in fields["tables"]:
        if "vo:keys" in table:
            table["vo:keys"] = [key for key in table["vo:keys"] if str(key["target"]).lower() != target]
    return _written(fields)


def _written(fields: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(fields), sort_keys=False, allow_unicode=True, width=110)
