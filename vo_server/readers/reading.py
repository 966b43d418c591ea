"""A table in a file -> columns and Arrow data, by what the file is; its size and its tricks are limited."""

import re
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow as pa

from vo_server.errors import UsageFault
from vo_server.readers import delimited, fitsfile, parquetfile, votable
from vo_server.readers.arrays import Limits, ReadTable, as_times, described
from vo_server.tables import Column

MAX_COLUMNS = 500
MAX_NAME = 59  #: bytes; PostgreSQL cuts names beyond 63
_REGULAR = re.compile(r"[A-Za-z][A-Za-z0-9_]*")

Reader = Callable[[Path, Limits], ReadTable]
_MAGIC: tuple[tuple[bytes, Reader], ...] = (
    (b"SIMPLE  =", fitsfile.read),
    (b"PAR1", parquetfile.read),
    (b"<", votable.read),
    (b"\xef\xbb\xbf<", votable.read),
)
#: Media types that say that a text is not the comma-separated one that is assumed.
_TABS = ("text/tab-separated-values", "tsv")


def read_table(
    path: Path, media_type: str | None, limits: Limits, types: delimited.Types | None = None
) -> ReadTable:
    """The table of a file: VOTable, FITS, Parquet, CSV or TSV, by its first bytes; gzip is undone.

    Parameters
    ----------
    path : Path
        The file; it may be replaced by its unpacked form.
    media_type : str or None
        As the client said; only text needs it.
    limits : Limits
        Of bytes, rows and nesting.
    types : mapping of str to pyarrow.DataType
        Of columns of CSV and TSV, where they are known.

    Raises
    ------
    UsageFault
        It is none of these, is malformed or exceeds a limit; the message says what and where.
    """
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith(b"\x1f\x8b"):
        unpack(path, limits)
        with path.open("rb") as file:
            head = file.read(512)
    if not head.strip():
        raise UsageFault("the table is empty: send a VOTable, FITS, Parquet, CSV or TSV file")
    table = _reader(head.lstrip(), media_type, types)(path, limits)
    if table.data.num_rows > limits.rows:
        raise UsageFault(f"the table has {table.data.num_rows} rows: at most {limits.rows} are read")
    return typed(checked_names(table.columns), table.data)


def typed(columns: tuple[Column, ...], data: pa.Table) -> ReadTable:
    """The table with times as times, and columns that say what their data are."""
    pairs = [as_times(column, array) for column, array in zip(columns, data.columns, strict=True)]
    arrays = [array for _, array in pairs]
    found = tuple(described(column, array) for column, array in pairs)
    return ReadTable(found, pa.table(arrays, names=[column.name for column in found]))


def _reader(head: bytes, media_type: str | None, types: delimited.Types | None) -> Reader:
    for magic, reader in _MAGIC:
        if head.startswith(magic):
            return reader
    try:
        head[:256].decode("utf-8")
    except UnicodeDecodeError as exc:
        if exc.start < min(len(head), 256) - 4:
            raise UsageFault(
                "the table is in no format that is read: send VOTable, FITS, Parquet, CSV or TSV in UTF-8"
            ) from None
    kind = (media_type or "").partition(";")[0].strip().lower()
    return partial(delimited.read_tabs if kind in _TABS else delimited.read_commas, types=types)


def unpack(path: Path, limits: Limits) -> None:
    """Replace a gzip file by what is in it.

    Raises
    ------
    UsageFault
        It is not gzip after all, or larger than the limit.
    """
    decoder = zlib.decompressobj(wbits=31)
    target = path.with_name(f"{path.name}.unpacked")
    size = 0
    with path.open("rb") as source, target.open("wb") as sink:
        try:
            while piece := decoder.unconsumed_tail or source.read(1 << 16):
                unpacked = decoder.decompress(piece, 1 << 20)
                size += len(unpacked)
                if size > limits.size:
                    raise UsageFault(f"the table is larger than {limits.size} bytes when it is unpacked")
                sink.write(unpacked)
                if decoder.eof:
                    break
        except zlib.error:
            raise UsageFault("the table begins as gzip but cannot be unpacked") from None
        finally:
            if not decoder.eof:
                target.unlink(missing_ok=True)
    if not decoder.eof:
        raise UsageFault("the gzip file ends too early")
    target.replace(path)


def checked_names(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """The columns, delimited where a query must quote them.

    Raises
    ------
    UsageFault
        A name is missing, too long, or given twice (case does not count).
    """
    if not 0 < len(columns) <= MAX_COLUMNS:
        raise UsageFault(f"the table has {len(columns)} columns: 1 to {MAX_COLUMNS} can be uploaded")
    seen: set[str] = set()
    found = []
    for number, column in enumerate(columns, 1):
        name = column.name.strip()
        if not name or '"' in name or "\0" in name:
            raise UsageFault(f"column {number} has the name {name[:40]!r}: it needs one without quotes")
        if len(name.encode()) > MAX_NAME:
            raise UsageFault(f"the column name {name[:40]!r}... is longer than {MAX_NAME} bytes")
        if name.lower() in seen:
            raise UsageFault(f"two columns have the name {name[:60]!r} (case does not count): rename one")
        seen.add(name.lower())
        found.append(replace(column, name=name, delimited=not _REGULAR.fullmatch(name)))
    return tuple(found)
