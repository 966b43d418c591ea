"""The first rows of a result as an HTML table, for people."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

import pyarrow as pa
import pyarrow.compute as pc

from vo_server.errors import VoError
from vo_server.formats.cells import data_bytes
from vo_server.formats.head import Head
from vo_server.formats.rows import Rows
from vo_server.formats.votable import xml_texts
from vo_server.tables import Column

#: Rows that are shown; for more there are formats that programs read.
SHOWN = 200


def write_html(
    columns: Sequence[Column], batches: Iterable[pa.RecordBatch], maxrec: int | None, head: Head
) -> Iterator[bytes]:
    """One ``table`` element with at most `SHOWN` rows, and a sentence after it that says so."""
    shown = SHOWN if maxrec is None else min(SHOWN, maxrec)
    heads = "".join(_head_cell(column) for column in columns)
    yield f'<table class="result">\n<thead><tr>{heads}</tr></thead>\n<tbody>\n'.encode()
    count, note = 0, ""
    rows = Rows(batches, shown)
    try:
        for batch in rows:
            count += batch.num_rows
            cells = [_cells(column, array) for column, array in zip(columns, batch.columns, strict=True)]
            yield data_bytes(pc.binary_join_element_wise("<tr>", *cells, "</tr>\n", ""))
    except VoError as exc:
        note = f'<p class="error">{escape(f"{exc.fault}: {exc}")}</p>\n'
    if rows.overflow:
        note = f'<p class="overflow">The first {count} rows are shown; there are more.</p>\n'
    yield f"</tbody>\n</table>\n{note}".encode()


def _head_cell(column: Column) -> str:
    unit = f' <span class="unit">{escape(column.unit)}</span>' if column.unit else ""
    return f'<th title="{escape(column.description)}">{escape(column.name)}{unit}</th>'


def _cells(column: Column, array: pa.Array) -> pa.Array:
    texts = pc.replace_substring(xml_texts(array).fill_null(""), '"', "&quot;")
    if column.is_text:
        # Only these two schemes: a value must not become a script.
        texts = pc.replace_substring_regex(texts, r"^(https?://\S+)$", r'<a href="\1">\1</a>')
        return pc.binary_join_element_wise("<td>", texts, "</td>", "")
    return pc.binary_join_element_wise('<td class="number">', texts, "</td>", "")
