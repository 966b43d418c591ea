"""Tables in files, as Arrow batches: Parquet, CSV, FITS and VOTable."""

import csv as text_csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet
from astropy.io import fits, votable
from numpy.typing import NDArray

from vo_server.errors import UsageFault

ROWS = 100_000  #: in a batch


@dataclass(frozen=True)
class Source:
    """A table in a file.

    Attributes
    ----------
    names : tuple of str
        Of the columns, as the file spells them.
    rows : int or None
        None when only reading tells.
    batches : callable
        From the types wanted of each column (CSV has none of its own) to the batches.
    """

    names: tuple[str, ...]
    rows: int | None
    batches: Callable[[Mapping[str, pa.DataType]], Iterator[pa.RecordBatch]]


def open_table(path: Path) -> Source:
    """The table in ``path``, by the suffix of its name.

    Raises
    ------
    UsageFault
        The suffix is not known, or the file is not of that format.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    for suffix, opener in _OPENERS.items():
        if suffix in suffixes[-2:]:
            try:
                return opener(path)
            except UsageFault:
                raise
            except (OSError, ValueError, IndexError, TypeError, pa.ArrowException) as exc:
                raise UsageFault(f"{path.name} cannot be read as {suffix[1:]}: {exc}") from exc
    raise UsageFault(f"{path.name}: the format is not known; known are {', '.join(sorted(_OPENERS))}")


def _parquet(path: Path) -> Source:
    file = parquet.ParquetFile(path)

    def batches(_: Mapping[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
        yield from file.iter_batches(ROWS)

    return Source(tuple(file.schema_arrow.names), file.metadata.num_rows, batches)


def _csv(path: Path) -> Source:
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    with path.open(encoding="utf-8", newline="") as stream:
        names = next(text_csv.reader(stream, delimiter=delimiter), [])

    def batches(types: Mapping[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
        options = arrow_csv.ConvertOptions(
            column_types=dict(types),
            null_values=["", "NULL", "null"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        )
        parse = arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
        with arrow_csv.open_csv(path, parse_options=parse, convert_options=options) as reader:
            yield from reader

    return Source(tuple(names), None, batches)


def _fits(path: Path) -> Source:
    with fits.open(path, memmap=True) as opened:
        tables = [hdu for hdu in opened if isinstance(hdu, (fits.BinTableHDU, fits.TableHDU))]
        if not tables:
            raise UsageFault(f"{path.name} has no table")
        index, names, rows = opened.index(tables[0]), tuple(tables[0].columns.names), len(tables[0].data)
        nulls = {column.name: column.null for column in tables[0].columns}

    def batches(_: Mapping[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
        with fits.open(path, memmap=True) as opened:
            data = opened[index].data
            for start in range(0, rows, ROWS):
                part = data[start : start + ROWS]
                arrays = [_array(np.asarray(part.field(name)), nulls[name]) for name in names]
                yield pa.RecordBatch.from_arrays(arrays, names=list(names))

    return Source(names, rows, batches)


def _array(values: NDArray[Any], null: Any = None, mask: NDArray[np.bool_] | None = None) -> pa.Array:
    """A numpy column as Arrow: native byte order, strings without padding, nulls for ``null``."""
    if values.dtype.kind in "SU":
        texts = np.char.rstrip(values.astype(str))
        return pa.array(texts.astype(object).ravel(), pa.string(), mask=mask)
    if values.dtype.kind == "O":
        return pa.array([None if value is None else str(value) for value in values], pa.string(), mask=mask)
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    if null is not None and values.dtype.kind in "iu":
        mask = (values == null) if mask is None else mask | (values == null)
    if values.ndim > 1:
        return pa.array(list(values))
    return pa.array(values, mask=mask)


def _votable(path: Path) -> Source:
    table = votable.parse_single_table(path, verify="ignore")
    names = tuple(field.name for field in table.fields)
    data = table.array

    def batches(_: Mapping[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
        for start in range(0, len(data), ROWS):
            part = data[start : start + ROWS]
            arrays = []
            for key in data.dtype.names:
                mask = np.asarray(np.ma.getmaskarray(part[key]))
                arrays.append(_array(np.asarray(part[key].data), None, mask if mask.ndim == 1 else None))
            yield pa.RecordBatch.from_arrays(arrays, names=list(names))

    return Source(names, len(data), batches)


_OPENERS: dict[str, Callable[[Path], Source]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".tsv": _csv,
    ".fits": _fits,
    ".fit": _fits,
    ".vot": _votable,
    ".votable": _votable,
    ".xml": _votable,
}
