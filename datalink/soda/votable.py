"""A spectrum as a VOTable: one row for each point, in the words of the Spectrum data model 1.1."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from astropy import units as u
from astropy.io import fits

from datalink.soda.faults import Inapplicable
from datalink.soda.tables import numbered, spectral_column
from vo_server.formats import FORMATS, Head, Param
from vo_server.tables import Column

#: Kind and size of numpy -> datatype of VOTable and type of Arrow.
TYPES: dict[str, tuple[str, pa.DataType]] = {
    "u1": ("unsignedByte", pa.uint8()),
    "i2": ("short", pa.int16()),
    "i4": ("int", pa.int32()),
    "i8": ("long", pa.int64()),
    "f4": ("float", pa.float32()),
    "f8": ("double", pa.float64()),
}
#: Keywords and the utypes of what they say (Spectrum 1.1, table 1).
PARAMS = (
    ("TITLE", "title", "spec:Spectrum.DataID.Title", "meta.title;meta.dataset", ""),
    ("OBJECT", "target", "spec:Spectrum.Target.Name", "meta.id;src", ""),
    ("ORIGIN", "creator", "spec:Spectrum.DataID.Creator", "meta.curation", ""),
    ("INSTRUME", "instrument", "spec:Spectrum.DataID.Instrument", "meta.id;instr", ""),
    ("FLUXCAL", "fluxcal", "spec:Spectrum.Char.FluxAxis.Calibration", "meta.code.qual", ""),
    ("APERTURE", "aperture", "spec:Spectrum.Char.SpatialAxis.Coverage.Bounds.Extent", "instr.fov", "deg"),
    ("TMID", "tmid", "spec:Spectrum.Char.TimeAxis.Coverage.Location.Value", "time.epoch", "d"),
    ("TELAPSE", "telapse", "spec:Spectrum.Char.TimeAxis.Coverage.Bounds.Extent", "time.duration", "s"),
    ("SNR", "snr", "spec:Spectrum.Derived.SNR", "stat.snr", ""),
)


def spectrum_votable(hdus: fits.HDUList, publisher_did: str) -> Iterator[bytes]:
    """The VOTable of the first spectrum in a file, in pieces.

    Raises
    ------
    Inapplicable
        There is no table with a column of spectral coordinates.
    """
    for hdu in hdus[1:]:
        if isinstance(hdu, fits.BinTableHDU) and spectral_column(hdu) is not None and len(hdu.data):
            columns, batch = points(hdu)
            head = Head(
                params=tuple(describe(hdus[0].header, hdu.header, publisher_did)),
                table_name="spectrum",
                table_utype="spec:Spectrum",
                description=str(hdu.header.get("TITLE", "")),
            )
            return FORMATS["votable/td"].write(columns, [batch], None, head)
    raise Inapplicable("RESPONSEFORMAT: only a spectrum in a table can be had as a VOTable")


def points(hdu: Any) -> tuple[list[Column], pa.RecordBatch]:
    """The columns that have a value for each point, and their values."""
    spectral = spectral_column(hdu) or 0
    count = np.asarray(hdu.data.field(spectral)).size
    names = hdu.columns.names
    texts = {key: numbered(hdu.header, key, len(names)) for key in ("TUCD", "TUTYP", "TCOMM")}
    columns, arrays = [], []
    for n, name in enumerate(names):
        values = np.asarray(hdu.data.field(n))
        kind = f"{values.dtype.kind}{values.dtype.itemsize}"
        if values.size != count or kind not in TYPES:
            continue
        datatype, arrow = TYPES[kind]
        values = np.ascontiguousarray(values.reshape(-1), values.dtype.newbyteorder("="))
        columns.append(
            Column(
                name,
                datatype,
                unit=vounit(str(hdu.columns[n].unit or "")),
                ucd=texts["TUCD"][n],
                utype=utype(texts["TUTYP"][n]),
                description=texts["TCOMM"][n],
            )
        )
        arrays.append(pa.array(values, arrow))
    return columns, pa.RecordBatch.from_arrays(arrays, names=[f"c{n}" for n in range(len(arrays))])


def vounit(text: str) -> str:
    """A unit as VOTable wants it (VOUnits 1.1); as the file has it where it is not understood."""
    with warnings.catch_warnings():
        # Astropy finds erg and angstrom out of date, and spectra are in them.
        warnings.simplefilter("ignore", u.UnitsWarning)
        try:
            return str(u.Unit(text).to_string("vounit")) if text.strip() else ""
        except ValueError:
            return text


def utype(text: str) -> str:
    """A utype of the Spectrum data model with its prefix."""
    return f"spec:{text.split(':')[-1]}" if text else ""


def describe(primary: fits.Header, header: fits.Header, publisher_did: str) -> Iterator[Param]:
    """What the keywords say of the spectrum."""
    yield Param("datamodel", utype="spec:Spectrum.DataModel", value="Spectrum-1.1")
    yield Param("publisher_did", utype="spec:Spectrum.Curation.PublisherDID", value=publisher_did)
    for keyword, name, meaning, ucd, unit in PARAMS:
        value = header.get(keyword, primary.get(keyword))
        if isinstance(value, bool) or value is None or value == "":
            continue
        is_number = isinstance(value, int | float)
        yield Param(
            name,
            "double" if is_number else "char",
            None if is_number else "*",
            ucd=ucd,
            unit=unit,
            utype=meaning,
            value=repr(float(value)) if is_number else str(value),
        )
    position = [header.get(name, primary.get(name)) for name in ("RA", "DEC")]
    if all(isinstance(value, int | float) for value in position):
        yield Param(
            "position",
            "double",
            "2",
            ucd="pos.eq",
            unit="deg",
            utype="spec:Spectrum.Char.SpatialAxis.Coverage.Location.Value",
            value=" ".join(repr(float(value)) for value in position),
        )
