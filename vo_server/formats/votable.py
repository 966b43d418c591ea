"""VOTable 1.4 in its BINARY2, BINARY and TABLEDATA serialisations."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
from pybase64 import b64encode

from vo_server.errors import VoError
from vo_server.formats.cells import cell_texts, contains_any, data_bytes, join_rows
from vo_server.formats.head import Head, Info
from vo_server.formats.markup import build_markup, info_element
from vo_server.formats.packed import NULLS, pack_rows
from vo_server.formats.rows import Rows
from vo_server.tables import Column

Encode = Callable[[Rows], Iterator[bytes]]

#: What a cell of TABLEDATA cannot hold as it is.
_SPECIAL = b"&<>\r" + bytes(range(9)) + b"\x0b\x0c" + bytes(range(14, 32))
_ILLEGAL = "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"


def write_binary2(
    columns: Sequence[Column], batches: Iterable[pa.RecordBatch], maxrec: int | None, head: Head
) -> Iterator[bytes]:
    """A VOTable whose rows are base64 of BINARY2: NULL and NaN are two things."""
    encode = partial(_base64, partial(pack_rows, columns=columns, flags=True))
    return _write(columns, Rows(batches, maxrec), head, "BINARY2", encode)


def write_binary(
    columns: Sequence[Column], batches: Iterable[pa.RecordBatch], maxrec: int | None, head: Head
) -> Iterator[bytes]:
    """A VOTable whose rows are base64 of BINARY: a value stands for NULL (VALUES null)."""
    encode = partial(_base64, partial(pack_rows, columns=columns, flags=False))
    return _write(columns, Rows(batches, maxrec), head, "BINARY", encode, NULLS)


def write_tabledata(
    columns: Sequence[Column], batches: Iterable[pa.RecordBatch], maxrec: int | None, head: Head
) -> Iterator[bytes]:
    """A VOTable whose rows are XML elements; an empty TD is NULL."""
    return _write(columns, Rows(batches, maxrec), head, "TABLEDATA", _tabledata)


def _write(
    columns: Sequence[Column],
    rows: Rows,
    head: Head,
    serialisation: str,
    encode: Encode,
    nulls: Mapping[str, int] | None = None,
) -> Iterator[bytes]:
    markup = build_markup(columns, head, nulls)
    is_stream = serialisation != "TABLEDATA"
    stream, end = ('\n<STREAM encoding="base64">\n', "\n</STREAM>") if is_stream else ("\n", "")
    yield markup.before_data + f"<DATA>\n<{serialisation}>{stream}".encode()
    last: Info | None = None
    try:
        yield from encode(rows)
    except VoError as exc:
        # Too late for a status of HTTP; DALI allows it here.
        last = Info("QUERY_STATUS", "ERROR", f"{exc.fault}: {exc}")
    if rows.overflow:
        last = Info("QUERY_STATUS", "OVERFLOW")
    tail = f"{end}\n</{serialisation}>\n</DATA>".encode() + markup.after_data
    yield tail + (info_element(last) if last else b"") + markup.after_table


def _base64(pack: Callable[[pa.RecordBatch], bytes], rows: Rows) -> Iterator[bytes]:
    rest = b""
    failure: VoError | None = None
    try:
        for batch in rows:
            data = rest + pack(batch)
            whole = len(data) - len(data) % 3
            # One stream of base64: only its end may be padded.
            rest = data[whole:]
            yield b64encode(memoryview(data)[:whole]) + b"\n"
    except VoError as exc:
        failure = exc
    if rest:
        yield b64encode(rest)
    if failure is not None:
        # The last row is whole before the failure is told.
        raise failure


def _tabledata(rows: Rows) -> Iterator[bytes]:
    for batch in rows:
        cells = [xml_texts(array) for array in batch.columns]
        yield join_rows(cells, "<TR><TD>", "</TD><TD>", "</TD></TR>\n")


def xml_texts(array: pa.Array) -> pa.Array:
    """The text of each value with XML's special characters escaped and its illegal ones replaced."""
    if pa.types.is_boolean(array.type):
        return pc.if_else(array, "T", "F")
    texts = cell_texts(array, nonfinite=("NaN", "+Inf", "-Inf"))
    if not pa.types.is_string(array.type):
        return texts
    if contains_any(texts, _SPECIAL):
        for character, reference in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#13;")):
            texts = pc.replace_substring(texts, character, reference)
        texts = pc.replace_substring_regex(texts, _ILLEGAL, "\ufffd")
    elif b"\xef\xbf" in data_bytes(texts):
        texts = pc.replace_substring_regex(texts, _ILLEGAL, "\ufffd")
    return texts
