"""CSV and TSV uploads: names in the first line, types by the values."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as csv

from vo_server.errors import UsageFault
from vo_server.readers.arrays import Limits, ReadTable, storable
from vo_server.tables import Column

WIDEST = 8 << 20  #: bytes of one line


#: Types of columns by name; those of other columns are guessed from the values.
Types = Mapping[str, pa.DataType]


def read_commas(path: Path, limits: Limits, types: Types | None = None) -> ReadTable:
    """A table in CSV."""
    return _read(path, ",", types)


def read_tabs(path: Path, limits: Limits, types: Types | None = None) -> ReadTable:
    """A table in TSV."""
    return _read(path, "\t", types)


def _read(path: Path, delimiter: str, types: Types | None) -> ReadTable:
    try:
        table = csv.read_csv(
            path,
            csv.ReadOptions(block_size=WIDEST),
            csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            csv.ConvertOptions(
                null_values=["", "NULL", "null"],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                timestamp_parsers=[],
                column_types=types,
            ),
        )
    except pa.ArrowException as exc:
        reason = str(exc).splitlines()[0][:200]
        raise UsageFault(f"the table cannot be read as CSV: {reason}") from exc
    kinds = [storable(kind) for kind in table.schema.types]
    data = table.cast(pa.schema(list(zip(table.column_names, kinds, strict=True))))
    return ReadTable(tuple(Column(name, "") for name in table.column_names), data)
