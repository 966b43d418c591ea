"""FITS binary tables (FITS Standard 4.0, Binary table extension).

A FITS table says how many rows it has, and how wide its text is, before the first row.  So the rows are
first spooled to a temporary file as Arrow, then sent.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from astropy.io import fits
from numpy.typing import NDArray

from vo_server.errors import UsageFault
from vo_server.formats.cells import ascii_texts, cell_texts
from vo_server.formats.head import Head
from vo_server.formats.markup import unique_names
from vo_server.formats.packed import (
    BIG_ENDIAN,
    NULLS,
    Packer,
    fixed_lists,
    fixed_values,
    list_items,
)
from vo_server.formats.rows import Rows
from vo_server.tables import Column

#: TFORM letter of each VOTable primitive.
LETTERS = {
    "boolean": "L",
    "unsignedByte": "B",
    "short": "I",
    "int": "J",
    "long": "K",
    "float": "E",
    "double": "D",
    "char": "A",
    "unicodeChar": "A",
}
_HIGHEST = {"unsignedByte": 255, "short": 2**15 - 1, "int": 2**31 - 1, "long": 2**63 - 1}
_BLOCK = 2880


@dataclass
class Extent:
    """What has to be known of a column before its first row is sent."""

    column: Column
    width: int = 1  #: bytes of the longest text, elements of the longest array
    low: int = 2**63 - 1
    high: int = -(2**63)
    has_null: bool = False

    def grow(self, array: pa.Array) -> None:
        """Take in one batch of the column, as it is spooled."""
        if pa.types.is_string(array.type):
            self.width = max(self.width, pc.max(pc.binary_length(array)).as_py() or 0)
        elif pa.types.is_list(array.type):
            self.width = max(self.width, pc.max(pc.list_value_length(array)).as_py() or 0)
        elif pa.types.is_integer(array.type):
            self.has_null = self.has_null or array.null_count > 0
            ends = pc.min_max(array).as_py()
            if ends["min"] is not None:
                self.low, self.high = min(self.low, ends["min"]), max(self.high, ends["max"])

    @property
    def null(self) -> int:
        """The integer that stands for NULL: an end of the range that no row has, if there is one."""
        lowest, highest = NULLS[self.column.datatype], _HIGHEST[self.column.datatype]
        if self.column.datatype == "unsignedByte":
            return highest if self.high < highest else 0
        return lowest if self.low > lowest or self.high == highest else highest

    @property
    def form(self) -> str:
        """The TFORM."""
        letter = LETTERS[self.column.datatype]
        is_repeated = self.column.is_text or self.column.arraysize is not None
        return f"{self.width}{letter}" if is_repeated else letter

    @property
    def size(self) -> int:
        """Bytes of the column in a row."""
        if self.column.is_text:
            return self.width
        item = np.dtype(BIG_ENDIAN[self.column.datatype]).itemsize
        return item if self.column.arraysize is None else item * self.width


def write_fits(
    columns: Sequence[Column], batches: Iterable[pa.RecordBatch], maxrec: int | None, head: Head
) -> Iterator[bytes]:
    """A FITS file with one binary table; the first bytes come when the last row is read.

    An overflow is told by the keyword ``QSTATUS`` of the table.

    Raises
    ------
    UsageFault
        The file would be larger than ``head.largest`` bytes.
    """
    extents = [Extent(column) for column in columns]
    rows = Rows(batches, maxrec)
    with tempfile.TemporaryFile(prefix="vo-server-fits-") as spool:
        count = spool_rows(rows, extents, spool, head.largest)
        spool.seek(0)
        row_bytes = sum(extent.size for extent in extents)
        _check_size(count * row_bytes, head.largest)
        yield (_primary() + _table_header(extents, head, count, row_bytes, rows.overflow)).encode()
        if count:
            with pa.ipc.open_stream(spool) as reader:
                for batch in reader:
                    yield pack_batch(batch, extents)
        yield b"\0" * (-count * row_bytes % _BLOCK)


def _check_size(size: int, largest: int | None) -> None:
    if largest is not None and size > largest:
        raise UsageFault(
            f"the FITS file would have more than {largest} bytes, the most that is made (every row is as"
            " wide as the longest text): ask for fewer rows or columns, or for VOTable or Parquet"
        )


def spool_rows(rows: Rows, extents: Sequence[Extent], spool: IO[bytes], largest: int | None = None) -> int:
    """Write the rows to ``spool``, text already in ASCII, and measure them; how many there are."""
    count, writer = 0, None
    for batch in rows:
        arrays = [
            ascii_texts(cell_texts(array)) if extent.column.is_text else array
            for extent, array in zip(extents, batch.columns, strict=True)
        ]
        for extent, array in zip(extents, arrays, strict=True):
            extent.grow(array)
        spooled = pa.RecordBatch.from_arrays(arrays, names=[f"c{n}" for n in range(len(arrays))])
        if writer is None:
            writer = pa.ipc.new_stream(spool, spooled.schema)
        writer.write_batch(spooled)
        _check_size(spool.tell(), largest)
        count += batch.num_rows
    if writer is not None:
        writer.close()
    return count


def pack_batch(batch: pa.RecordBatch, extents: Sequence[Extent]) -> bytes:
    """The rows of a spooled batch."""
    packer = Packer(batch.num_rows)
    for extent, array in zip(extents, batch.columns, strict=True):
        column = extent.column
        if column.is_text:
            packer.add_fixed(_fixed_text(array, extent.width), f"S{extent.width}")
        elif column.arraysize is not None:
            counts, items = list_items(column, array)
            packer.add_fixed(fixed_lists(column, counts, items, extent.width), BIG_ENDIAN[column.datatype])
        else:
            null = extent.null if column.datatype in NULLS else 0
            packer.add_fixed(fixed_values(column, array, null), BIG_ENDIAN[column.datatype])
    return packer.to_bytes()


def _fixed_text(array: pa.Array, width: int) -> NDArray[Any]:
    # A string that is shorter than its column ends with a NUL (FITS 4.0, Character).
    padded = pc.ascii_rpad(array.fill_null(""), width, padding="\0")
    offset = padded.offset * width
    return np.frombuffer(padded.buffers()[2], dtype=f"S{width}", count=len(padded), offset=offset)


def _primary() -> str:
    header = fits.Header()
    header["SIMPLE"] = (True, "conforms to the FITS standard")
    header["BITPIX"] = 8
    header["NAXIS"] = 0
    header["EXTEND"] = True
    return str(header.tostring())


def _table_header(extents: Sequence[Extent], head: Head, rows: int, row_bytes: int, overflow: bool) -> str:
    header = fits.Header()
    header["XTENSION"] = ("BINTABLE", "binary table")
    for name, value in (
        ("BITPIX", 8), ("NAXIS", 2), ("NAXIS1", row_bytes), ("NAXIS2", rows), ("PCOUNT", 0), ("GCOUNT", 1),
        ("TFIELDS", len(extents)),
    ):  # fmt: skip
        header[name] = value
    if head.table_name:
        header["EXTNAME"] = ascii_card(head.table_name)
    header["QSTATUS"] = ("OVERFLOW" if overflow else "OK", "were all rows of the result sent")
    names = unique_names(extent.column.name for extent in extents)
    for n, (extent, name) in enumerate(zip(extents, names, strict=True), 1):
        column = extent.column
        header[f"TTYPE{n}"] = ascii_card(name)
        header[f"TFORM{n}"] = extent.form
        if extent.has_null and column.arraysize is None:
            header[f"TNULL{n}"] = extent.null
        texts = {"TUNIT": column.unit, "TUCD": column.ucd, "TUTYP": column.utype, "TCOMM": column.description}
        header.update({f"{key}{n}": ascii_card(text) for key, text in texts.items() if text})
    return str(header.tostring())


def ascii_card(text: str) -> str:
    """``text`` as the value of a FITS card can hold it: printable ASCII."""
    plain = str(ascii_texts(pa.array([text]))[0].as_py())
    return "".join(character if " " <= character <= "~" else " " for character in plain)
