"""Lists of identifiers in files: a line each, or a table of results that has them in a column."""

import csv
import tempfile
from collections.abc import Iterable
from io import StringIO
from pathlib import Path

from vo_server.errors import UsageFault
from vo_server.readers import Limits, read_table

#: Columns of a table of results that name files, the best first.
ID_COLUMNS = ("dp_id", "obs_publisher_did", "publisher_did", "id")
MAX_LIST = 64 * 1024 * 1024  #: bytes of a list
#: How a file begins that is a table and no text.
_TABLES = (b"<", b"\xef\xbb\xbf<", b"SIMPLE  =", b"PAR1", b"\x1f\x8b")


def read_list(pieces: Iterable[bytes], media_type: str, most: int) -> tuple[str, ...]:
    """The identifiers in a file, each once and in their order.

    Parameters
    ----------
    pieces : iterable of bytes
        The file: a line each, or a table (VOTable, FITS, Parquet, CSV, TSV) with one of `ID_COLUMNS`.
    media_type : str
        As its sender says; only TSV needs it.
    most : int
        The number of rows and identifiers that are read.

    Raises
    ------
    UsageFault
        The file cannot be read, has no such column, or is larger than `MAX_LIST` or ``most``.
    """
    with tempfile.TemporaryDirectory(prefix="vo-list-") as directory:
        path = Path(directory, "list")
        _keep(pieces, path)
        with path.open("rb") as file:
            start = file.read(16).lstrip()
        if start.startswith(_TABLES) or "tab-separated" in media_type:
            found = _of_table(path, media_type, most)
        else:
            found = _of_text(path)
    listed = tuple(dict.fromkeys(text for text in found if text))
    if len(listed) > most:
        raise UsageFault(f"the list has {len(listed)} identifiers: at most {most} files are looked up")
    return listed


def _keep(pieces: Iterable[bytes], path: Path) -> None:
    size = 0
    with path.open("wb") as file:
        for piece in pieces:
            size += len(piece)
            if size > MAX_LIST:
                raise UsageFault(f"the list is larger than {MAX_LIST} bytes, the most that is read")
            file.write(piece)


def _of_table(path: Path, media_type: str, most: int) -> list[str]:
    table = read_table(path, media_type, Limits(MAX_LIST, most))
    names = [column.name.lower() for column in table.columns]
    column = next((names.index(name) for name in ID_COLUMNS if name in names), None)
    if column is None:
        raise UsageFault(f"the table has no column of identifiers: it needs one of {', '.join(ID_COLUMNS)}")
    return [str(value).strip() for value in table.data.column(column).to_pylist() if value is not None]


def _of_text(path: Path) -> list[str]:
    try:
        rows = list(csv.reader(StringIO(path.read_text(encoding="utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error):
        raise UsageFault("LIST is neither a list of identifiers nor a table of results") from None
    head = [name.strip().lower() for name in rows[0]] if rows else []
    column = next((head.index(name) for name in ID_COLUMNS if name in head), None)
    if column is None:
        return [row[0].strip() for row in rows if row]
    return [row[column].strip() for row in rows[1:] if len(row) > column]
