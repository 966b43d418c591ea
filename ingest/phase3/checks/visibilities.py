"""Optical interferometry: the tables of OIFITS and what the header tells of them (SDP 11; OIFITS 1 and 2)."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ingest.fitsfile import Hdu
from ingest.footprint import separation
from ingest.phase3.checks.spectra import ucd_marks
from ingest.phase3.finding import Mark
from ingest.phase3.product import Product

#: Columns that each table must have (Pauls et al. 2005; Duvert et al. 2017).
TABLES = {
    "OI_TARGET": ("TARGET_ID", "TARGET", "RAEP0", "DECEP0", "EQUINOX"),
    "OI_ARRAY": ("TEL_NAME", "STA_NAME", "STA_INDEX", "DIAMETER", "STAXYZ"),
    "OI_WAVELENGTH": ("EFF_WAVE", "EFF_BAND"),
    "OI_VIS2": (
        "TARGET_ID", "MJD", "INT_TIME", "VIS2DATA", "VIS2ERR", "UCOORD", "VCOORD", "STA_INDEX", "FLAG",
    ),
    "OI_T3": ("TARGET_ID", "MJD", "INT_TIME", "T3AMP", "T3AMPERR", "T3PHI", "T3PHIERR", "STA_INDEX", "FLAG"),
}  # fmt: skip
NEAREST_TARGET = 1.0 / 60  #: degrees
PLAUSIBLE = 30.0  #: times the median error
NEAR = 0.01  #: relative difference of a header's value from the table's


def check(product: Product) -> Iterator[Mark]:
    """What only visibilities can have wrong."""
    head = product.primary
    if head.is_image:
        yield Mark("PRIMARY_DATA", f"NAXIS = {head.get('NAXIS')}", head.index, "NAXIS")
    tables: dict[str, list[Hdu]] = {}
    for hdu in product.science:
        tables.setdefault(hdu.name, []).append(hdu)
    for name in TABLES:
        if name not in tables:
            there = ", ".join(sorted(filter(None, tables))) or "none"
            yield Mark("OIFITS_TABLE", f"no {name}; tables are {there}", None, None, name)
    for hdu in product.science:
        yield from ucd_marks(hdu, product.columns(hdu))
        if hdu.name.startswith("OI_"):
            yield from _table(product, hdu, tables)
    yield from _target(product, tables.get("OI_TARGET", ()))
    yield from _errors(product, tables)
    yield from _wavelengths(product, tables.get("OI_WAVELENGTH", ()))
    yield from _baselines(product, tables.get("OI_VIS2", ()))


def _table(product: Product, hdu: Hdu, tables: dict[str, list[Hdu]]) -> Iterator[Mark]:
    allowed = (1,) if product.primary.text_of("CONTENT") == "OIFITS1" else (1, 2)
    if hdu.get("OI_REVN") not in allowed:
        came = f"OI_REVN = {hdu.get('OI_REVN')}"
        yield Mark("OIFITS_REVISION", came, hdu.index, "OI_REVN", " or ".join(map(str, allowed)))
    names = {column.name.upper() for column in product.columns(hdu)}
    if missing := [name for name in TABLES.get(hdu.name, ()) if name not in names]:
        yield Mark("OIFITS_COLUMNS", f"{hdu.name} without {', '.join(missing)}", hdu.index, "TTYPE1")
    for keyword, home in (("INSNAME", "OI_WAVELENGTH"), ("ARRNAME", "OI_ARRAY")):
        told = hdu.text_of(keyword)
        needs = hdu.name in ("OI_VIS", "OI_VIS2", "OI_T3") or (keyword == "INSNAME" and hdu.name == home)
        known = {other.text_of(keyword) for other in tables.get(home, ())}
        if needs and (told is None or (known and told not in known)):
            there = ", ".join(sorted(filter(None, known))) or "none"
            yield Mark("OIFITS_REFERENCE", f"{told!r}; {home} has {there}", hdu.index, keyword)


def _values(product: Product, hdu: Hdu, name: str) -> NDArray[np.float64] | None:
    """All values of a column of numbers; None when there are none."""
    rows = product.rows(hdu)
    column = next((column for column in product.columns(hdu) if column.name.upper() == name), None)
    if rows is None or column is None or not (column.is_float or column.is_integer) or not column.width:
        return None
    values = np.asarray(rows[f"f{column.number}"], np.float64).reshape(-1)
    values = values[np.isfinite(values)]
    return values if values.size else None


def _target(product: Product, tables: Sequence[Hdu]) -> Iterator[Mark]:
    ra, dec = product.primary.number("RA"), product.primary.number("DEC")
    for hdu in tables[:1]:
        ras, decs = _values(product, hdu, "RAEP0"), _values(product, hdu, "DECEP0")
        if ra is None or dec is None or ras is None or decs is None or ras.size != decs.size:
            continue
        nearest = min(separation(ra, dec, float(a), float(d)) for a, d in zip(ras, decs, strict=True))
        if nearest > NEAREST_TARGET:
            came = f"RA = {ra!r}, DEC = {dec!r}, {nearest:.4g} deg from the nearest target"
            yield Mark("OIFITS_TARGET", came, product.primary.index, "RA")


def _errors(product: Product, tables: Mapping[str, Sequence[Hdu]]) -> Iterator[Mark]:
    for keyword, home, column, scale in (
        ("VIS2ERR", "OI_VIS2", "VIS2ERR", 100.0),
        ("T3PHIERR", "OI_T3", "T3PHIERR", 1.0),
    ):
        told = product.primary.number(keyword)
        found = [
            values for hdu in tables.get(home, ()) if (values := _values(product, hdu, column)) is not None
        ]
        median = float(np.median(np.abs(np.concatenate(found)))) * scale if found else 0.0
        if told is not None and median > 0 and not median / PLAUSIBLE <= told <= median * PLAUSIBLE:
            yield Mark(
                "OIFITS_ERRORS", f"{told!r}, the table has {median:.4g}", product.primary.index, keyword
            )


def _wavelengths(product: Product, tables: Sequence[Hdu]) -> Iterator[Mark]:
    head = product.primary
    for hdu in tables[:1]:
        waves, bands = _values(product, hdu, "EFF_WAVE"), _values(product, hdu, "EFF_BAND")
        if waves is None:
            continue
        width = float(np.max(np.abs(bands))) if bands is not None else 0.0
        for keyword, value in (("WAVELMIN", waves.min()), ("WAVELMAX", waves.max())):
            told = head.number(keyword)
            if told is not None and abs(told * 1e-9 - float(value)) > width + 1e-12:
                came = f"{told!r} nm, EFF_WAVE has {float(value) * 1e9:.6g} nm"
                yield Mark("OIFITS_LIMITS", came, head.index, keyword)
        channels = head.get("NUM_CHAN")
        if isinstance(channels, int) and channels != hdu.get("NAXIS2"):
            came = f"{channels}, OI_WAVELENGTH has {hdu.get('NAXIS2')} rows"
            yield Mark("OIFITS_CHANNELS", came, head.index, "NUM_CHAN")


def _baselines(product: Product, tables: Sequence[Hdu]) -> Iterator[Mark]:
    head = product.primary
    lengths, times = [], []
    for hdu in tables:
        u, v, time = (_values(product, hdu, name) for name in ("UCOORD", "VCOORD", "INT_TIME"))
        if u is not None and v is not None and u.size == v.size:
            lengths.append(np.hypot(u, v))
        if time is not None:
            times.append(time)
    if lengths:
        found = np.concatenate(lengths)
        for keyword, value in (("BASE_MIN", float(found.min())), ("BASE_MAX", float(found.max()))):
            told = head.number(keyword)
            if told is not None and abs(told - value) > NEAR * value:
                yield Mark("OIFITS_BASELINES", f"{told!r} m, OI_VIS2 has {value:.6g} m", head.index, keyword)
    told = head.number("EXPTIME")
    if times and told is not None:
        average = float(np.concatenate(times).mean())
        if abs(told - average) > NEAR * abs(average):
            yield Mark("OIFITS_EXPTIME", f"{told!r} s, the average is {average:.6g} s", head.index, "EXPTIME")
