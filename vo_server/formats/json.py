"""JSON: the columns' metadata, and the rows as arrays.

``{"metadata": [{"name": ..., "datatype": ...}, ...], "data": [[...], ...], "query_status": "OK"}``.
JSON has no NaN and no infinity: they are ``null``, as is NULL.
"""

import json
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from vo_server.errors import VoError
from vo_server.formats.cells import cell_texts, compact, contains_any, join_rows
from vo_server.formats.head import Head
from vo_server.formats.markup import field_arraysize
from vo_server.formats.rows import Rows
from vo_server.tables import Column

_NULLS = ("null", "null", "null")
_SPECIAL = b'"\\' + bytes(range(32)) + b"\x7f"


def write_json(
    columns: Sequence[Column], batches: Iterable[pa.RecordBatch], maxrec: int | None, head: Head
) -> Iterator[bytes]:
    """One JSON object; an overflow or a failure among the rows is told in ``query_status``."""
    metadata = ",\n".join(json.dumps(describe_column(column), ensure_ascii=False) for column in columns)
    yield f'{{"metadata": [\n{metadata}\n],\n"data": ['.encode()
    status = {"query_status": "OK"}
    rows = Rows(batches, maxrec)
    is_first = True
    try:
        for batch in rows:
            cells = [json_texts(array) for array in batch.columns]
            data = join_rows(cells, ",\n[", ",", "]")
            yield data[1:] if is_first else data
            is_first = False
    except VoError as exc:
        status = {"query_status": "ERROR", "message": f"{exc.fault}: {exc}"}
    if rows.overflow:
        status = {"query_status": "OVERFLOW"}
    yield f"\n],\n{json.dumps(status, ensure_ascii=False)[1:]}\n".encode()


def describe_column(column: Column) -> dict[str, str]:
    """The metadata of ``column`` as a FIELD has it, without what is empty."""
    values = {
        "name": column.name,
        "datatype": column.datatype,
        "arraysize": field_arraysize(column) or "",
        "unit": column.unit,
        "ucd": column.ucd,
        "utype": column.utype,
        "xtype": column.xtype,
        "description": column.description,
    }
    return {key: value for key, value in values.items() if value}


def json_texts(array: pa.Array) -> pa.Array:
    """The JSON of each value; NULL is ``null``."""
    if pa.types.is_list(array.type):
        lists = compact(array)
        items = pa.ListArray.from_arrays(lists.offsets, json_texts(lists.values))
        joined = pc.binary_join_element_wise("[", pc.binary_join(items, ","), "]", "")
        return pc.if_else(lists.is_null(), "null", joined)
    texts = cell_texts(array, nonfinite=_NULLS)
    if pa.types.is_string(array.type) or pa.types.is_temporal(array.type):
        texts = _quoted(texts)
    return texts.fill_null("null")


def _quoted(texts: pa.Array) -> pa.Array:
    if contains_any(texts, _SPECIAL):
        values = [
            None if text is None else json.dumps(text, ensure_ascii=False) for text in texts.to_pylist()
        ]
        return pa.array(values, pa.string())
    return pc.binary_join_element_wise('"', texts, '"', "")
