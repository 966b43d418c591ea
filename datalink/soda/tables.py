"""Parts of tables: of a spectrum the points in a band, of a catalogue the rows in a region."""

from typing import Any

import numpy as np
from astropy import units as u
from astropy.io import fits
from numpy.typing import NDArray

from datalink.soda.faults import Inapplicable
from datalink.soda.params import Cut
from datalink.soda.places import Bounds
from datalink.soda.regions import holds
from vo_server.intervals import Interval
from vo_server.positions import Shape
from vo_server.wavelengths import air_to_vacuum, vacuum_wavelengths

Floats = NDArray[np.float64]

#: Names of the columns of spectral coordinates (Phase 3, spectrum format), the best first.
WAVE_NAMES = ("WAVE", "WAVELENGTH", "LAMBDA", "LAM", "WL", "LOGLAM", "FREQ", "FREQUENCY", "ENER", "ENERGY")
#: Pairs of columns of ICRS positions in degrees, the best first.
POSITION_NAMES = (
    ("RA", "DEC"),
    ("RAJ2000", "DEJ2000"),
    ("RA2000", "DEC2000"),
    ("ALPHA_J2000", "DELTA_J2000"),
)
ROUNDING = 1e-12
POSITION_UCDS = ("pos.eq.ra;meta.main", "pos.eq.dec;meta.main")


def numbered(header: fits.Header, keyword: str, count: int) -> list[str]:
    """The values of a keyword for each column."""
    return [str(header.get(f"{keyword}{n}", "")).strip() for n in range(1, count + 1)]


def spectral_column(hdu: Any) -> int | None:
    """The column of spectral coordinates, from 0: by its utype, name or UCD; None where there is none."""
    names = [name.upper() for name in hdu.columns.names]
    for n, utype in enumerate(numbered(hdu.header, "TUTYP", len(names))):
        if utype.lower().endswith("spectralaxis.value"):
            return n
    for name in WAVE_NAMES:
        if name in names:
            return names.index(name)
    for n, ucd in enumerate(numbered(hdu.header, "TUCD", len(names))):
        if ucd.lower().startswith(("em.wl", "em.freq", "em.energy")):
            return n
    return None


def wavelengths(hdu: Any, column: int) -> Floats:
    """Vacuum wavelengths, metres, of the points of a spectrum; of its first row where it has vectors."""
    values = np.asarray(hdu.data.field(column), np.float64)
    values = values[0] if values.ndim > 1 else values
    name = hdu.columns.names[column].upper()
    if name.startswith("LOG"):
        values = 10.0**values
    text = str(hdu.columns[column].unit or "Angstrom")
    try:
        unit = u.Unit(text)
        kind = next(k for k, si in (("WAVE", "m"), ("FREQ", "Hz"), ("ENER", "J")) if unit.is_equivalent(si))
    except (ValueError, StopIteration):
        raise Inapplicable(
            f"the spectral coordinate has the unit {text[:40]!r}, not understood here"
        ) from None
    si = values * unit.to({"WAVE": "m", "FREQ": "Hz", "ENER": "J"}[kind])
    found = vacuum_wavelengths(kind, si)
    is_air = "obs.atmos" in str(hdu.header.get(f"TUCD{column + 1}", ""))
    return air_to_vacuum(found) if is_air else found


def points_within(wave: Floats, band: Interval) -> Bounds | None:
    """The points from the first to the last in a band; the nearest where a band falls between two points."""
    # Numbers that are the same in nanometres and in metres differ in their last digit.
    (chosen,) = np.nonzero((wave >= band.low * (1 - ROUNDING)) & (wave <= band.high * (1 + ROUNDING)))
    if not len(chosen):
        good = wave[np.isfinite(wave)]
        if not len(good) or band.low > good.max() or band.high < good.min():
            return None
        chosen = np.array([np.nanargmin(np.abs(wave - (band.low + band.high) / 2))])
    return int(chosen[0]), int(chosen[-1]) + 1


def cut_spectrum(hdu: Any, band: Interval) -> Any:
    """A table of the points of a spectrum in a band; None where there are none.

    The spectrum is one row of vectors (Phase 3), or a row for each point.

    Raises
    ------
    Inapplicable
        No column is a spectral coordinate.
    """
    column = spectral_column(hdu)
    if column is None or not len(hdu.data):
        raise Inapplicable("BAND needs a spectral axis, and the table has no column of wavelengths")
    wave = wavelengths(hdu, column)
    bounds = points_within(wave, band)
    if bounds is None:
        return None
    part = slice(*bounds)
    is_vector = np.ndim(hdu.data.field(column)) > 1
    made = _of_vectors(hdu, len(wave), part) if is_vector else _of_rows(hdu, part)
    _describe(made, column, hdu)
    return made


def _of_vectors(hdu: Any, count: int, part: slice) -> Any:
    columns = []
    for column in hdu.columns:
        values = hdu.data.field(column.name)
        kept = column.format
        if values.ndim == 2 and values.shape[1] == count:
            values = values[:, part]
            letter = kept.lstrip("0123456789")
            kept = f"{part.stop - part.start}{letter}"
        columns.append(_like(column, kept, values))
    return fits.BinTableHDU.from_columns(columns, header=hdu.header)


def _of_rows(hdu: Any, rows: Any) -> Any:
    columns = [_like(column, column.format, hdu.data.field(column.name)[rows]) for column in hdu.columns]
    return fits.BinTableHDU.from_columns(columns, header=hdu.header)


def _like(column: Any, form: str, values: Any) -> Any:
    return fits.Column(
        name=column.name,
        format=form,
        unit=column.unit,
        null=column.null,
        bscale=column.bscale,
        bzero=column.bzero,
        disp=column.disp,
        array=values,
    )


def _describe(made: Any, column: int, hdu: Any) -> None:
    """Say in the keywords of Phase 3 how many points there are and from where to where."""
    values = np.asarray(made.data.field(column), np.float64)
    if "NELEM" in made.header:
        made.header["NELEM"] = int(values.size)
    for keyword, value in (("TDMIN", np.nanmin(values)), ("TDMAX", np.nanmax(values))):
        if f"{keyword}{column + 1}" in hdu.header:
            made.header[f"{keyword}{column + 1}"] = float(value)


def position_columns(hdu: Any) -> tuple[int, int] | None:
    """The columns of right ascension and declination, from 0: by their UCDs or their names."""
    names = [name.upper() for name in hdu.columns.names]
    ucds = [ucd.lower() for ucd in numbered(hdu.header, "TUCD", len(names))]
    if all(ucd in ucds for ucd in POSITION_UCDS):
        return ucds.index(POSITION_UCDS[0]), ucds.index(POSITION_UCDS[1])
    for ra, dec in POSITION_NAMES:
        if ra in names and dec in names:
            return names.index(ra), names.index(dec)
    return None


def cut_rows(hdu: Any, region: Shape) -> Any:
    """The rows of a catalogue whose position is in a region; None where there are none.

    Raises
    ------
    Inapplicable
        The table has no positions.
    """
    columns = position_columns(hdu)
    if columns is None:
        raise Inapplicable("POS, CIRCLE, POLYGON and MOC need positions, and the table has none")
    ra, dec = (np.asarray(hdu.data.field(column), np.float64) for column in columns)
    chosen = holds(region, ra, dec)
    return _of_rows(hdu, chosen) if chosen.any() else None


def cut_table(hdu: Any, primary: fits.Header, cut: Cut) -> Any:
    """What a cut wants of a table; None where it wants nothing.

    Raises
    ------
    Inapplicable
        The table has nothing that a parameter is about.
    """
    if cut.pol or cut.time is not None:
        raise Inapplicable(f"{'POL' if cut.pol else 'TIME'} needs an axis that a table does not have")
    if spectral_column(hdu) is None:
        if cut.band is not None:
            raise Inapplicable("BAND needs a spectral axis, and the table has no column of wavelengths")
        return hdu if cut.pos is None else cut_rows(hdu, cut.pos)
    if cut.pos is not None and not _is_seen(hdu.header, primary, cut.pos):
        return None
    return hdu if cut.band is None else cut_spectrum(hdu, cut.band)


def _is_seen(header: fits.Header, primary: fits.Header, region: Shape) -> bool:
    """Whether a spectrum was taken within a region: all of it or nothing is in there."""
    for each in (header, primary):
        try:
            ra, dec = float(each["RA"]), float(each["DEC"])
        except (KeyError, TypeError, ValueError):
            continue
        return bool(holds(region, np.array([ra]), np.array([dec]))[0])
    raise Inapplicable("POS, CIRCLE, POLYGON and MOC need a position, and the spectrum has none")
