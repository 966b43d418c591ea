"""Rows as big-endian bytes: VOTable BINARY and BINARY2, and the rows of a FITS table.

Neighbouring columns of fixed width become one numpy record array; only text and lists are joined to it
value by value (VOTable 1.4, Binary and Binary2 Serialization).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vo_server.errors import FatalFault
from vo_server.formats.cells import ascii_texts, cell_texts, compact, data_bytes
from vo_server.tables import Column

#: numpy type of each VOTable primitive, as it is sent.
BIG_ENDIAN = {
    "boolean": "u1",
    "unsignedByte": "u1",
    "short": ">i2",
    "int": ">i4",
    "long": ">i8",
    "float": ">f4",
    "double": ">f8",
}

#: Values that stand for NULL where only a value can (VOTable 1.4, VALUES; BINARY, FITS).
NULLS = {"unsignedByte": 255, "short": -(2**15), "int": -(2**31), "long": -(2**63)}


def pack_rows(
    batch: pa.RecordBatch, columns: Sequence[Column], *, flags: bool, nulls: Mapping[str, int] = NULLS
) -> bytes:
    """The rows of ``batch``.

    Parameters
    ----------
    batch : pyarrow.RecordBatch
        As the engine gives it.
    columns : sequence of Column
        One per column of the batch.
    flags : bool
        Whether each row begins with a NULL flag per column (BINARY2); otherwise ``nulls`` stand in.
    nulls : mapping of str to int
        The value for a NULL integer, by datatype.
    """
    packer = Packer(batch.num_rows)
    if flags:
        packer.add_fixed(null_flags(batch), "V")
    for column, array in zip(columns, batch.columns, strict=True):
        if column.is_text:
            _pack_text(packer, column, array)
        elif column.arraysize is not None:
            _pack_list(packer, column, array)
        else:
            null = 0 if flags else nulls.get(column.datatype, 0)
            packer.add_fixed(fixed_values(column, array, null), BIG_ENDIAN[column.datatype])
    return packer.to_bytes()


class Packer:
    """Collects the columns of some rows and interleaves them."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._run: list[tuple[NDArray[Any], str]] = []
        self._pieces: list[pa.Array] = []

    def add_fixed(self, values: NDArray[Any], kind: str) -> None:
        """A column of one width: numpy type ``kind``, or ``V`` for rows of bytes."""
        self._run.append((values, kind))

    def add_variable(self, counts: NDArray[Any], values: pa.Array) -> None:
        """A column of any width: a 4-byte count, then the bytes of ``values`` (a binary array)."""
        self.add_fixed(counts, ">u4")
        self._end_run()
        self._pieces.append(values)

    def to_bytes(self) -> bytes:
        """All rows."""
        if not self._pieces:
            return bytes(self._records().tobytes())
        self._end_run()
        return data_bytes(pc.binary_join_element_wise(*self._pieces, b""))

    def _records(self) -> NDArray[Any]:
        fields = [
            (f"f{n}", "u1", (values.shape[1],)) if values.ndim == 2 and kind == "V"
            else (f"f{n}", kind, values.shape[1:])
            for n, (values, kind) in enumerate(self._run)
        ]  # fmt: skip
        records = np.empty(self._rows, dtype=fields)
        for n, (values, _) in enumerate(self._run):
            records[f"f{n}"] = values
        self._run = []
        return records

    def _end_run(self) -> None:
        if self._run:
            self._pieces.append(binary_array(self._records()))


def binary_array(records: NDArray[Any]) -> pa.Array:
    """The items of a numpy array as the values of an Arrow binary array."""
    offsets = np.arange(len(records) + 1, dtype=np.int32) * records.dtype.itemsize
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(records)]
    return pa.Array.from_buffers(pa.binary(), len(records), buffers)


def null_flags(batch: pa.RecordBatch) -> NDArray[np.uint8]:
    """One bit per column, the first column in the highest bit, 1 for NULL; shape (rows, bytes)."""
    flags = np.zeros((batch.num_rows, (batch.num_columns + 7) // 8), dtype=np.uint8)
    for n, array in enumerate(batch.columns):
        if array.null_count:
            is_null = array.is_null().to_numpy(zero_copy_only=False).astype(np.uint8)
            flags[:, n // 8] |= is_null << (7 - n % 8)
    return flags


def fixed_values(column: Column, array: pa.Array, null: int) -> NDArray[Any]:
    """The values of a scalar column; NULL is ``null`` for integers, NaN for floats, 0 for booleans."""
    if column.datatype == "boolean":
        letters = pc.if_else(array, pa.scalar(ord("T"), pa.uint8()), pa.scalar(ord("F"), pa.uint8()))
        return np.asarray(letters.fill_null(0))
    if array.null_count:
        array = array.fill_null(float("nan") if pa.types.is_floating(array.type) else null)
    return np.asarray(array)


def list_items(column: Column, array: pa.Array) -> tuple[NDArray[Any], NDArray[Any]]:
    """Count per row and all items, as they are sent, of a list column; NULL has no items."""
    lists = compact(array)
    items = fixed_values(column, lists.values, NULLS.get(column.datatype, 0))
    counts = np.diff(np.asarray(lists.offsets))
    return counts, items.astype(BIG_ENDIAN[column.datatype])


def _pack_text(packer: Packer, column: Column, array: pa.Array) -> None:
    texts = cell_texts(array).fill_null("")
    if column.datatype == "unicodeChar":
        # UTF-16 exists for clients that publish in it; it has no vectorised encoder in Arrow.
        encoded = pa.array([text.encode("utf-16-be") for text in texts.to_pylist()], pa.binary())
        packer.add_variable(np.asarray(pc.binary_length(encoded)) // 2, encoded)
        return
    texts = ascii_texts(texts)
    packer.add_variable(np.asarray(pc.binary_length(texts)), texts.cast(pa.binary()))


def _pack_list(packer: Packer, column: Column, array: pa.Array) -> None:
    counts, items = list_items(column, array)
    if column.arraysize is not None and column.arraysize.isdigit():
        values = fixed_lists(column, counts, items, int(column.arraysize))
        packer.add_fixed(values, BIG_ENDIAN[column.datatype])
        return
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int32) * items.dtype.itemsize
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(items)]
    packer.add_variable(counts, pa.Array.from_buffers(pa.binary(), len(counts), buffers))


def fixed_lists(column: Column, counts: NDArray[Any], items: NDArray[Any], length: int) -> NDArray[Any]:
    """Lists as an array of shape (rows, ``length``); what is missing is NaN or stands for NULL.

    Raises
    ------
    FatalFault
        A list is longer.
    """
    if len(counts) and counts.max() > length:
        raise FatalFault(f"column {column.name} has an array of more than its {length} elements")
    fill = np.nan if column.datatype in ("float", "double") else NULLS.get(column.datatype, 0)
    values = np.full((len(counts), length), fill, dtype=BIG_ENDIAN[column.datatype])
    values[np.arange(length) < counts[:, None]] = items
    return values
