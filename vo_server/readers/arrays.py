"""What every reader gives, and arrays of numpy as arrays of Arrow."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vo_server.engine.conform import DATATYPES
from vo_server.tables import Column


@dataclass(frozen=True, slots=True)
class Limits:
    """What a table may cost.

    Attributes
    ----------
    size : int
        Bytes, unpacked.
    rows : int
        Rows.
    depth : int
        Elements of XML inside each other.
    """

    size: int
    rows: int
    depth: int = 40


@dataclass(frozen=True)
class ReadTable:
    """A table as it was read: its columns, and its data in the same order."""

    columns: tuple[Column, ...]
    data: pa.Table


#: Types that PostgreSQL has not, and the next larger one.
_WIDER = {
    pa.int8(): pa.int16(),
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.uint64(): pa.float64(),
    pa.float16(): pa.float32(),
    pa.large_string(): pa.string(),
    pa.null(): pa.string(),
}


def storable(kind: pa.DataType) -> pa.DataType:
    """The type in which the database keeps values of an Arrow type; others become text."""
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return pa.list_(storable(kind.value_type))
    kind = _WIDER.get(kind, kind)
    if pa.types.is_decimal(kind):
        return pa.float64()
    if pa.types.is_timestamp(kind) and kind.tz is None:
        return pa.timestamp("us")
    return kind if kind in DATATYPES else pa.string()


def described(column: Column, array: pa.Array | pa.ChunkedArray) -> Column:
    """The column with the datatype that its data have."""
    kind = array.type
    if pa.types.is_timestamp(kind):
        return replace(column, datatype="char", arraysize="*", xtype="timestamp")
    is_list = pa.types.is_list(kind)
    datatype = DATATYPES[kind.value_type if is_list else kind]
    if kind == pa.string() and pc.all(pc.string_is_ascii(array)).as_py() is False:
        datatype = "unicodeChar"
    return replace(column, datatype=datatype, arraysize="*" if is_list or kind == pa.string() else None)


def as_times(column: Column, array: pa.Array | pa.ChunkedArray) -> tuple[Column, pa.Array | pa.ChunkedArray]:
    """Text that its xtype says are times (DALI 1.1, Timestamp), as times; the text where one is none."""
    if array.type != pa.string() or column.xtype.lower() not in ("timestamp", "adql:timestamp"):
        return column, array
    plain = pc.replace_substring_regex(pc.utf8_trim_whitespace(array), "Z$", "")
    try:
        return column, pc.if_else(pc.equal(plain, ""), None, plain).cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        return replace(column, xtype=""), array


def from_numpy(values: NDArray[Any], mask: NDArray[np.bool_] | None = None) -> pa.Array:
    """A column of numpy: native byte order, text without padding, NULL where ``mask`` is set."""
    if values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8", "replace")
    if values.dtype.kind == "U":
        texts = np.char.rstrip(values)
        return pa.array(texts.astype(object), pa.string(), mask=mask)
    if values.dtype.kind == "O":
        items = [_plain(v) for v in values]
        hidden = mask if mask is not None else np.zeros(len(items), bool)
        return pa.array([None if h else v for v, h in zip(items, hidden, strict=True)])
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    if values.ndim > 1:
        rows = [
            None if mask is not None and mask[n].all() else row.ravel().tolist()
            for n, row in enumerate(values)
        ]
        return pa.array(rows, pa.list_(pa.from_numpy_dtype(values.dtype)))
    array = pa.array(values, mask=mask)
    return array.cast(storable(array.type))


def _plain(value: Any) -> Any:
    if isinstance(value, np.ma.MaskedArray):
        return value.filled(np.nan if value.dtype.kind == "f" else 0).ravel().tolist()
    if isinstance(value, np.ndarray):
        return value.ravel().tolist()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
