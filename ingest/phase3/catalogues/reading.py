"""The rows of catalogue files as Arrow batches: pieces of the mapped file, column by column."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ingest.fitsfile import Refused
from ingest.phase3.catalogues.columns import CatalogueColumn
from ingest.phase3.catalogues.tables import Part
from ingest.phase3.product import opened
from ingest.phase3.standard import Standard
from vo_server.errors import UsageFault

ROWS, BYTES = 100_000, 16 * 1024**2  #: of a piece, at most
_TRUE, _FALSE = ord("T"), ord("F")


def batches(
    parts: Sequence[Part],
    columns: Sequence[CatalogueColumn],
    dp_ids: Sequence[tuple[str, str]],
    standard: Standard,
) -> Iterator[tuple[str, pa.RecordBatch]]:
    """The rows of all ``parts``, piece by piece, each with the name of its file.

    Parameters
    ----------
    columns : sequence of CatalogueColumn
        Of the definition; each part has them in the same form.
    dp_ids : sequence of tuple of str
        Further columns: their name, and the column with the name of the file in the archive.

    Raises
    ------
    UsageFault
        A file cannot be read, or has a value that its column cannot have.
    """
    for part in parts:
        try:
            with opened(part.path, standard) as product:
                hdu = next((hdu for hdu in product.file.hdus if hdu.index == part.hdu), None)
                rows = None if hdu is None else product.rows(hdu)
                if rows is None or len(rows) != part.rows:
                    raise UsageFault(f"{part.path} has changed since it was looked at: publish it again")
                size = max(1, min(ROWS, BYTES // rows.dtype.itemsize))
                for start in range(0, len(rows), size):
                    yield part.path.name, _batch(rows[start : start + size], columns, dp_ids, part.path.name)
        except (Refused, OSError) as exc:
            raise UsageFault(f"{part.path} cannot be read: {exc}") from exc


def _batch(
    rows: NDArray[np.void],
    columns: Sequence[CatalogueColumn],
    dp_ids: Sequence[tuple[str, str]],
    file: str,
) -> pa.RecordBatch:
    found = {}
    for column in columns:
        values = rows[f"f{column.stored.number}"]
        try:
            found[column.name.lower()] = _array(column, values)
        except ValueError as exc:
            raise UsageFault(f"{file}, column {column.stored.name}: {exc}") from exc
    for name, source in dp_ids:
        # The archive's files are called after their dp_id.
        found[name] = pc.replace_substring_regex(found[source], r"\.fits(\.[a-z]+)?$", "")
    return pa.RecordBatch.from_pydict(found)


def _array(column: CatalogueColumn, values: NDArray[np.generic]) -> pa.Array:
    """One column of a piece as Arrow; nulls where there is no value (FITS 4.0, 7.3)."""
    flat: NDArray[np.generic]
    unknown: NDArray[np.bool_] | None = None
    match column.stored.code:
        case "A":
            return texts(np.ascontiguousarray(values).view(np.uint8).reshape(len(values), -1))
        case "L":
            flat, unknown = _logicals(values.reshape(-1))
        case "X":
            bits = np.ascontiguousarray(values).view(np.uint8).reshape(len(values), -1)
            flat = np.unpackbits(bits, axis=1)[:, : column.stored.repeat].reshape(-1).astype(bool)
        case code:
            # Bytes have no sign in FITS, and no type of their own in PostgreSQL.
            native = np.dtype(np.int16) if code == "B" else values.dtype.newbyteorder("=")
            flat = values.reshape(-1).astype(native)
            if column.null is not None:
                unknown = flat == column.null
    items = pa.array(flat, mask=unknown)
    if column.size is None:
        return items
    offsets = np.arange(0, len(flat) + 1, column.size, dtype=np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), items)


def _logicals(values: NDArray[np.generic]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """``T``, ``F``, and 0 for unknown (FITS 4.0, 7.3.3.1)."""
    is_true, unknown = values == _TRUE, values == 0
    if not np.all(is_true | unknown | (values == _FALSE)):
        strange = values[~(is_true | unknown | (values == _FALSE))][0]
        raise ValueError(f"a logical value is stored as byte {int(strange)}; allowed are T, F and 0")
    return is_true, unknown


def texts(letters: NDArray[np.uint8]) -> pa.Array:
    """Texts without the blanks at their ends; a NUL ends one, and an empty one is no value."""
    width = letters.shape[1]
    is_ink = (letters != 32) & (letters != 0)
    lengths = np.where(is_ink.any(axis=1), width - np.argmax(is_ink[:, ::-1], axis=1), 0)
    is_text = np.arange(width) < lengths[:, np.newaxis]
    data = letters[is_text]
    if not data.all():
        # A NUL before the end: what follows it is no part of the text.
        return texts(np.where(np.logical_or.accumulate(letters == 0, axis=1), np.uint8(0), letters))
    if data.size and not 32 <= data.min() <= data.max() <= 126:
        raise ValueError("a text has bytes that are not printable ASCII (FITS 4.0, 7.3.3.1)")
    offsets = np.zeros(len(letters) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    known = np.packbits(lengths > 0, bitorder="little")
    return pa.StringArray.from_buffers(
        len(letters), pa.py_buffer(offsets), pa.py_buffer(data), pa.py_buffer(known)
    )
