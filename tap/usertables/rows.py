"""Rows that are to go into a table which exists: its columns, in its order, of its types."""

import pyarrow as pa

from tap.usertables.definition import storage
from vo_server.errors import UsageFault
from vo_server.readers import ReadTable
from vo_server.tables import Table


def fitted(table: Table, rows: ReadTable) -> pa.Table:
    """The rows as the table has them; a column that they lack is NULL.

    Raises
    ------
    UsageFault
        They have a column that the table has not, or values that it cannot hold.
    """
    given = {
        column.name.lower(): array for column, array in zip(rows.columns, rows.data.columns, strict=True)
    }
    unknown = [column.name for column in rows.columns if column.name.lower() not in table.by_name]
    if unknown:
        raise UsageFault(
            f"the rows have the column {unknown[0][:60]!r}, which {table.name} has not; it has"
            f" {', '.join(column.name for column in table.columns)[:500]}"
        )
    arrays = []
    for name, column in table.by_name.items():
        kind = storage(column)
        array = given.get(name)
        if array is None:
            arrays.append(pa.nulls(rows.data.num_rows, kind))
            continue
        try:
            arrays.append(array.cast(kind))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as exc:
            reason = str(exc).splitlines()[0][:200]
            raise UsageFault(f"the column {column.name!r} cannot hold these values: {reason}") from exc
    return pa.table(arrays, names=list(table.by_name))
