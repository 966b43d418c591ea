"""The plain TABLEDATA that most clients send, by Arrow's CSV reader: far faster than element by element."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv

from vo_server.engine.conform import ARROW

_BODY = re.compile(rb"<TABLEDATA>(.*?)</TABLEDATA>", re.DOTALL)
_BETWEEN = re.compile(rb">\s+<")
CELL = b"\x1f"  #: stands between cells; XML 1.0 has no way to write it

#: Arrow type by VOTable datatype; other columns need the full reader.
TYPES = {name: kind for name, kind in ARROW.items() if name != "boolean"} | {"unsignedByte": pa.int16()}


@dataclass(frozen=True)
class Body:
    """The rows of a document, and where they stood in it."""

    text: bytes
    at: int


def cut_out(document: bytes) -> tuple[Body | None, bytes]:
    """The rows, and the document without them; None where there is not exactly one TABLEDATA."""
    if document.count(b"<TABLEDATA") != 1:
        return None, document
    found = _BODY.search(document)
    if found is None:
        return None, document
    start, end = found.span(1)
    return Body(found[1], start), document[:start] + document[end:]


def read_body(body: Body, fields: Sequence[Any]) -> pa.Table | None:
    """The rows as Arrow; None where they are not plain cells of numbers and text."""
    text = body.text.strip()
    types = [TYPES.get(field.datatype) for field in fields]
    if not text or None in types or any(map(_is_odd, fields)):
        return None
    # Character references, comments, CDATA and attributes are for the full reader, and so are the separators.
    if any(mark in text for mark in (b"&", b"<!", b"<?", b"<TD ", b"<TR ", b"/>", b'"', CELL)):
        return None
    text = _BETWEEN.sub(b"><", text)
    lead, cell, row, tail = b"<TR><TD>", b"</TD><TD>", b"</TD></TR><TR><TD>", b"</TD></TR>"
    if not text.startswith(lead) or not text.endswith(tail):
        return None
    rows = text.count(row) + 1
    inner = text[len(lead) : -len(tail)]
    if b"\n" in inner or b"\r" in inner:
        return None
    plain = inner.replace(row, b"\n").replace(cell, CELL)
    if b"<" in plain or plain.count(CELL) != rows * (len(fields) - 1):
        return None
    return _read(plain, types, rows)


def _is_odd(field: Any) -> bool:
    """Whether the field has arrays, text of fixed width or a null value of its own."""
    is_text = field.datatype in ("char", "unicodeChar")
    size = field.arraysize
    if (size is not None) != is_text and not (is_text or size == "1"):
        return True
    return (is_text and size is None) or (is_text and "x" in str(size)) or field.values.null is not None


def _read(plain: bytes, types: Sequence[Any], rows: int) -> pa.Table | None:
    names = [str(n) for n in range(len(types))]
    try:
        table = csv.read_csv(
            io.BytesIO(plain + b"\n"),
            csv.ReadOptions(column_names=names, block_size=1 << 24),
            csv.ParseOptions(
                delimiter=CELL.decode(), quote_char=False, double_quote=False, ignore_empty_lines=False
            ),
            csv.ConvertOptions(
                column_types=dict(zip(names, types, strict=True)),
                null_values=[""],  # of numbers; a text without characters is one
            ),
        )
    except pa.ArrowException:
        return None
    return table if table.num_rows == rows else None
