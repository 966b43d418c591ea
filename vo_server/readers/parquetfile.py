"""Parquet uploads; the metadata of VOParquet gives units, UCDs and descriptions."""

import io
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet

from vo_server.errors import UsageFault
from vo_server.readers import votable
from vo_server.readers.arrays import Limits, ReadTable, storable
from vo_server.tables import Column


def read(path: Path, limits: Limits) -> ReadTable:
    """The table in a Parquet file.

    Raises
    ------
    UsageFault
        It is not one, or has too many rows or bytes: its footer tells before anything is unpacked.
    """
    try:
        file = parquet.ParquetFile(path)
        rows = file.metadata.num_rows
        groups = [file.metadata.row_group(n) for n in range(file.metadata.num_row_groups)]
        size = sum(group.total_byte_size for group in groups)
        if rows > limits.rows or size > limits.size:
            raise UsageFault(
                f"the table has {rows} rows and {size} bytes unpacked: at most {limits.rows} rows and"
                f" {limits.size} bytes are read"
            )
        table = file.read()
    except (pa.ArrowException, OSError) as exc:
        raise UsageFault("the table cannot be read as Parquet: it is damaged or cut off") from exc
    types = [storable(kind) for kind in table.schema.types]
    try:
        data = table.cast(pa.schema(list(zip(table.column_names, types, strict=True))))
    except pa.ArrowException as exc:
        raise UsageFault(f"a column of the Parquet file has a type that cannot be kept: {exc}") from exc
    known = _described(table.schema.metadata or {}, limits)
    columns = tuple(_with(Column(name, ""), known.get(name)) for name in table.column_names)
    return ReadTable(columns, data)


def _described(metadata: dict[bytes, bytes], limits: Limits) -> dict[str, Column]:
    """The fields of the VOTable in a VOParquet file (VOParquet 1.0, ``IVOA.VOTable-Parquet.content``)."""
    document = metadata.get(b"IVOA.VOTable-Parquet.content")
    if document is None:
        return {}
    try:
        return {column.name: column for column in votable.read_fields(io.BytesIO(document), limits)}
    except UsageFault:
        return {}


def _with(column: Column, known: Column | None) -> Column:
    if known is None:
        return column
    return replace(
        column,
        unit=known.unit,
        ucd=known.ucd,
        utype=known.utype,
        xtype=known.xtype,
        description=known.description,
    )
