"""VOTable uploads, of every version and serialisation (VOTable 1.1 to 1.5), by astropy.

A document may not reach for anything outside of itself: no DTD, no entity, no STREAM with a URL.
"""

import io
import re
import warnings
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
from astropy.io import votable
from astropy.io.votable import exceptions, tree
from lxml import etree

from vo_server.errors import UsageFault
from vo_server.readers.arrays import Limits, ReadTable, from_numpy
from vo_server.readers.tabledata import cut_out, read_body
from vo_server.tables import Column

_ENCODING = re.compile(rb"""^\s*(?:\xef\xbb\xbf)?<\?xml[^>]*encoding\s*=\s*["']([A-Za-z0-9._-]+)""")
_ENCODINGS = (b"utf-8", b"us-ascii", b"ascii", b"iso-8859-1", b"latin-1")
#: The beginning of the element, whatever its prefix.
_STREAM = re.compile(rb"""<(?:[^\s<>/:"']+:)?STREAM\b""", re.IGNORECASE)
#: The rest of a tag: attributes, whose values may have the bracket that ends it.
_TAG = re.compile(rb"""(?:[^<>"']|"[^"]*"|'[^']*')*>""")
MOST_STREAMS = 100
LONGEST_TAG = 4096  #: bytes


def read(path: Path, limits: Limits) -> ReadTable:
    """The first table of a VOTable document.

    Raises
    ------
    UsageFault
        It is not well-formed, has no table, or wants something from outside.
    """
    document = path.read_bytes()
    check_document(document, limits)
    body, rest = cut_out(document)
    del document
    table = _first_table(io.BytesIO(rest))
    columns = tuple(map(_column, table.fields))
    if body is not None:
        data = read_body(body, table.fields)
        if data is not None:
            return ReadTable(columns, data)
        # Something that only the full reader understands: entities, comments, arrays, ...
        table = _first_table(io.BytesIO(rest[: body.at] + body.text + rest[body.at :]))
    if len(table.array) > limits.rows:
        raise UsageFault(f"the table has {len(table.array)} rows: at most {limits.rows} are read")
    arrays = [
        _array(table.array[name], field)
        for name, field in zip(table.array.dtype.names, table.fields, strict=True)
    ]
    names = [str(n) for n in range(len(arrays))]
    return ReadTable(columns, pa.table(arrays, names=names))


def read_fields(source: BinaryIO, limits: Limits) -> tuple[Column, ...]:
    """The columns of a document without data."""
    document = source.read()
    check_document(document, limits)
    return tuple(map(_column, _first_table(io.BytesIO(document)).fields))


def check_document(document: bytes, limits: Limits) -> None:
    """Refuse what would make a reader reach outside of the document or too deep into it.

    Raises
    ------
    UsageFault
        There is a DTD, an odd encoding, a STREAM with a URL, or too deep nesting.
    """
    named = _ENCODING.match(document[:200])
    if named and named[1].lower() not in _ENCODINGS:
        raise UsageFault(f"the VOTable is in {named[1].decode()[:40]}: send UTF-8")
    if document.find(b"<!DOCTYPE") >= 0 or document.find(b"<!ENTITY") >= 0:
        raise UsageFault("the VOTable has a DTD: documents with DTD or entities are not read")
    if b"\0" in document[:200]:
        raise UsageFault("the VOTable is in UTF-16 or has NUL characters: send UTF-8")
    check_streams(document)
    depth = 0
    parser = etree.XMLPullParser(
        ("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    # Only what comes before the data can nest.
    start = min((at for at in (document.find(b"<TR"), document.find(b"<STREAM")) if at >= 0), default=1 << 20)
    try:
        parser.feed(document[: min(start, 1 << 20)])
        for event, element in parser.read_events():
            depth += 1 if event == "start" else -1
            if depth > limits.depth:
                raise UsageFault(f"the VOTable has more than {limits.depth} elements inside each other")
            del element
    except etree.XMLSyntaxError as exc:
        raise UsageFault(f"the VOTable is not well-formed XML: {exc.msg}") from exc


def check_streams(document: bytes) -> None:
    """Refuse a STREAM whose data are elsewhere.

    Raises
    ------
    UsageFault
        One has a URL or no end, or there are too many.
    """
    for number, found in enumerate(_STREAM.finditer(document)):
        tag = _TAG.match(document, found.end(), found.end() + LONGEST_TAG)
        if tag is None or number >= MOST_STREAMS:
            raise UsageFault("the VOTable has too many STREAMs, or one whose tag does not end")
        if b"href" in tag[0].lower():
            raise UsageFault("a STREAM of the VOTable has a URL: send the data inside of the document")


def _first_table(source: BinaryIO) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return votable.parse(source, verify="ignore").get_first_table()
    except exceptions.VOWarning as exc:
        raise UsageFault(f"the VOTable cannot be read: {str(exc)[:200]}") from exc
    except (
        IndexError,
        ValueError,
        TypeError,
        KeyError,
        OSError,
        OverflowError,
        MemoryError,
        RecursionError,
    ) as exc:
        reason = str(exc).splitlines()[0][:200] if str(exc) else "it has no table"
        raise UsageFault(f"the VOTable cannot be read: {reason}") from exc


def _column(field: tree.Field) -> Column:
    return Column(
        str(field.name or field.ID or ""),
        "",
        unit=str(field.unit or ""),
        ucd=str(field.ucd or ""),
        utype=str(field.utype or ""),
        xtype=str(field.xtype or ""),
        description=" ".join(str(field.description or "").split()),
    )


def _array(values: Any, field: tree.Field) -> pa.Array:
    mask = np.ma.getmaskarray(values)
    data = np.asarray(values.data if isinstance(values, np.ma.MaskedArray) else values)
    if data.dtype.kind == "O":
        rows = [_item(item, field) for item in data]
        hidden = mask if mask.ndim == 1 else np.zeros(len(rows), bool)
        kept = [None if h else row for row, h in zip(rows, hidden, strict=True)]
        wanted = pa.string() if field.datatype in ("char", "unicodeChar") else None
        array = pa.array(kept, wanted)
        return array.cast(pa.string()) if pa.types.is_null(array.type) else array
    return from_numpy(data, mask if mask.any() else None)


def _item(value: Any, field: tree.Field) -> Any:
    if isinstance(value, np.ndarray):
        plain = np.ma.filled(value, np.nan if value.dtype.kind == "f" else 0).ravel()
        return plain.tolist()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if field.datatype in ("char", "unicodeChar") else str(value)
