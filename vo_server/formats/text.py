"""CSV and TSV (RFC 4180; DALI 1.1, RESPONSEFORMAT): NULL is an empty cell."""

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from vo_server.formats.cells import cell_texts, contains_any, join_rows
from vo_server.formats.head import Head
from vo_server.formats.rows import Rows
from vo_server.tables import Column


def write_csv(
    columns: Sequence[Column], batches: Iterable[pa.RecordBatch], maxrec: int | None, head: Head
) -> Iterator[bytes]:
    """Comma-separated values with a line of names; an overflow cannot be told."""
    yield ",".join(_quoted(pa.array([column.name for column in columns])).to_pylist()).encode() + b"\r\n"
    yield from write_csv_rows(columns, batches, maxrec, head)


def write_csv_rows(
    columns: Sequence[Column], batches: Iterable[pa.RecordBatch], maxrec: int | None, head: Head
) -> Iterator[bytes]:
    """Comma-separated values without names (``header=absent``)."""
    # A line of one empty cell would be an empty line, which readers skip.
    alone = len(columns) == 1
    for batch in Rows(batches, maxrec):
        cells = [_csv_cells(array) for array in batch.columns]
        if alone:
            cells = [pc.if_else(pc.equal(pc.fill_null(cells[0], ""), ""), '""', cells[0])]
        yield join_rows(cells, "", ",", "\r\n")


def write_tsv(
    columns: Sequence[Column], batches: Iterable[pa.RecordBatch], maxrec: int | None, head: Head
) -> Iterator[bytes]:
    """Tab-separated values with a line of names; tabs and line ends in values become blanks."""
    yield "\t".join(_blanked(pa.array([column.name for column in columns])).to_pylist()).encode() + b"\n"
    for batch in Rows(batches, maxrec):
        yield join_rows([_tsv_cells(array) for array in batch.columns], "", "\t", "\n")


# Only text can hold a separator: looking for one in numbers costs as much as a tenth of writing them.


def _csv_cells(array: pa.Array) -> pa.Array:
    return _quoted(array) if pa.types.is_string(array.type) else cell_texts(array)


def _tsv_cells(array: pa.Array) -> pa.Array:
    return _blanked(array) if pa.types.is_string(array.type) else cell_texts(array)


def _quoted(texts: pa.Array) -> pa.Array:
    if not contains_any(texts, b'",\r\n'):
        return texts
    doubled = pc.replace_substring(texts, '"', '""')
    wrapped = pc.binary_join_element_wise('"', doubled, '"', "")
    return pc.if_else(pc.match_substring_regex(texts, '[",\r\n]'), wrapped, texts)


def _blanked(texts: pa.Array) -> pa.Array:
    if not contains_any(texts, b"\t\r\n"):
        return texts
    return pc.replace_substring_regex(texts, "[\t\r\n]", " ")
