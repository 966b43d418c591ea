"""Tables in files that others have made, as columns and Arrow data: VOTable, FITS, Parquet, CSV, TSV."""

from vo_server.readers.arrays import Limits, ReadTable
from vo_server.readers.reading import read_table

__all__ = ["Limits", "ReadTable", "read_table"]
