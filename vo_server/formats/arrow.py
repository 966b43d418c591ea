"""Parquet with VOTable metadata (IVOA Note VOParquet 1.0) and Arrow's IPC stream."""

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from vo_server.engine.conform import ARROW
from vo_server.formats.head import Head
from vo_server.formats.markup import dataless_document, unique_names
from vo_server.formats.rows import Rows
from vo_server.tables import Column

#: Bytes of a row group: large enough for readers, small enough to stream.
ROW_GROUP_BYTES = 8 << 20


class ByteSink:
    """A file that only grows and is emptied by `take`, for writers that want a file."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> int:
        """Keep ``data`` until it is taken."""
        self._parts.append(bytes(data))
        self._size += len(data)
        return len(data)

    def tell(self) -> int:
        """Bytes written since the beginning."""
        return self._size

    def take(self) -> bytes:
        """What was written since the last call."""
        data, self._parts = b"".join(self._parts), []
        return data

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing to free."""


def write_parquet(
    columns: Sequence[Column], batches: Iterable[pa.RecordBatch], maxrec: int | None, head: Head
) -> Iterator[bytes]:
    """A Parquet file; units, UCDs and the status are in its VOTable metadata, at the end of the file."""
    rows = Rows(batches, maxrec)
    sink, writer = ByteSink(), None
    for table in row_groups(columns, rows):
        if writer is None:
            writer = _parquet_writer(sink, table.schema)
        writer.write_table(table)
        yield sink.take()
    if writer is None:
        writer = _parquet_writer(sink, empty_schema(columns))
    # The metadata come last in the file, so they can tell an overflow.
    document = dataless_document(columns, head, "OVERFLOW" if rows.overflow else "OK")
    writer.add_key_value_metadata(
        {"IVOA.VOTable-Parquet.version": "1.0", "IVOA.VOTable-Parquet.content": document.decode()}
    )
    writer.close()
    yield sink.take()


def write_arrow(
    columns: Sequence[Column], batches: Iterable[pa.RecordBatch], maxrec: int | None, head: Head
) -> Iterator[bytes]:
    """An Arrow IPC stream; its schema holds the VOTable metadata, a last empty batch an overflow."""
    rows = Rows(batches, maxrec)
    names = unique_names(column.name for column in columns)
    sink, writer, schema = ByteSink(), None, empty_schema(columns)
    metadata = {"IVOA.VOTable-Parquet.content": dataless_document(columns, head, "OK")}
    for batch in rows:
        if writer is None:
            schema = pa.schema(list(zip(names, batch.schema.types, strict=True)))
            writer = pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), schema.with_metadata(metadata))
        writer.write_batch(batch.rename_columns(names))
        yield sink.take()
    if writer is None:
        writer = pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), schema.with_metadata(metadata))
    if rows.overflow:
        empty = pa.RecordBatch.from_pylist([], schema=schema)
        writer.write_batch(empty, custom_metadata={"QUERY_STATUS": "OVERFLOW"})
    writer.close()
    yield sink.take()


def row_groups(columns: Sequence[Column], rows: Rows) -> Iterator[pa.Table]:
    """The batches of ``rows`` put together to tables of about `ROW_GROUP_BYTES`."""
    names = unique_names(column.name for column in columns)
    group: list[pa.RecordBatch] = []
    size = 0
    for batch in rows:
        group.append(batch.rename_columns(names))
        size += batch.nbytes
        if size >= ROW_GROUP_BYTES:
            yield pa.Table.from_batches(group)
            group, size = [], 0
    if group:
        yield pa.Table.from_batches(group)


def empty_schema(columns: Sequence[Column]) -> pa.Schema:
    """The Arrow schema of a result that has no rows to tell it."""
    names = unique_names(column.name for column in columns)
    types = [
        ARROW[column.datatype] if column.is_text or column.arraysize is None
        else pa.list_(ARROW[column.datatype])
        for column in columns
    ]  # fmt: skip
    return pa.schema(list(zip(names, types, strict=True)))


def _parquet_writer(sink: ByteSink, schema: pa.Schema) -> pq.ParquetWriter:
    # Dictionaries of columns that hardly repeat cost twice the time and save nothing.
    text = [field.name for field in schema if pa.types.is_string(field.type)]
    return pq.ParquetWriter(
        pa.PythonFile(sink, mode="w"),
        schema,
        compression="snappy",
        use_dictionary=text,
        write_statistics=True,
    )
