"""FITS uploads: the first table of a file."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from astropy.io import fits

from vo_server.errors import UsageFault
from vo_server.readers.arrays import Limits, ReadTable, from_numpy
from vo_server.tables import Column


def read(path: Path, limits: Limits) -> ReadTable:
    """The first binary or ASCII table; TNULL values are NULL.

    Raises
    ------
    UsageFault
        There is none, or it cannot be read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with fits.open(path, memmap=True, lazy_load_hdus=True) as opened:
                return _first_table(opened, limits)
    except (OSError, ValueError, TypeError, IndexError, KeyError, fits.VerifyError, MemoryError) as exc:
        raise UsageFault("the table cannot be read as FITS: it is damaged or cut off") from exc


def _first_table(opened: Any, limits: Limits) -> ReadTable:
    for hdu in opened:
        if isinstance(hdu, (fits.BinTableHDU, fits.TableHDU)):
            break
    else:
        raise UsageFault("the FITS file has no table")
    rows = int(hdu.header["NAXIS2"])
    if rows > limits.rows:
        raise UsageFault(f"the table has {rows} rows: at most {limits.rows} are read")
    arrays, columns = [], []
    for number, column in enumerate(hdu.columns, 1):
        values = np.asarray(hdu.data.field(number - 1))
        mask = None
        if column.null is not None and values.dtype.kind in "iu" and values.ndim == 1:
            mask = values == column.null
        array = from_numpy(values, mask)
        header = hdu.header
        arrays.append(array)
        columns.append(
            Column(
                column.name,
                "",
                unit=column.unit or "",
                ucd=str(header.get(f"TUCD{number}", "")),
                utype=str(header.get(f"TUTYP{number}", "")),
                description=str(header.get(f"TCOMM{number}", "")),
            )
        )
    names = [str(n) for n in range(len(arrays))]
    return ReadTable(tuple(columns), pa.table(arrays, names=names))
