"""One-dimensional spectra: the table of one row and its columns (SDP 8)."""

from collections.abc import Iterator, Sequence

from ingest.fitsfile import Hdu
from ingest.phase3.checks import spectral_arrays
from ingest.phase3.columns import Column
from ingest.phase3.finding import Mark
from ingest.phase3.product import Product
from ingest.phase3.units import kind_of_unit, parse_unit, same_unit, ucd_fault

_AXES = {"WAVE": ("em.wl", "wavelength"), "FREQ": ("em.freq", "frequency"), "ENER": ("em.energy", "energy")}
_ROLES = ("Data.SpectralAxis.Value", "Data.FluxAxis.Value", "Data.FluxAxis.Accuracy.StatError")
_CALIBRATED = frozenset({"flux density", "flux density by frequency", "flux"})


def check(product: Product) -> Iterator[Mark]:
    """What only spectra can have wrong."""
    head = product.primary
    if head.is_image:
        yield Mark("PRIMARY_DATA", f"NAXIS = {head.get('NAXIS')}", head.index, "NAXIS")
    if len(product.science) != 1 or len(product.extensions) > 1 + _lists(product):
        yield Mark(
            "SPECTRUM_LAYOUT", f"{len(product.science)} tables in {len(product.extensions)} extensions"
        )
    for hdu in product.science[:1]:
        columns = product.columns(hdu)
        yield from _layout(hdu, columns)
        yield from _names(hdu, columns)
        yield from _utypes(hdu, columns)
        yield from _ucds(product, hdu, columns)
        yield from _units(product, hdu, columns)
        yield from spectral_arrays.check(product, hdu, columns)


def _lists(product: Product) -> int:
    return sum(hdu.name in ("PHASE3PROVENANCE", "PHASE3FILELIST") for hdu in product.extensions)


def _layout(hdu: Hdu, columns: Sequence[Column]) -> Iterator[Mark]:
    if hdu.get("NAXIS2") != 1:
        yield Mark("SPECTRUM_ROWS", f"NAXIS2 = {hdu.get('NAXIS2')}", hdu.index, "NAXIS2")
    for keyword, wanted in (("PCOUNT", 0), ("GCOUNT", 1)):
        if hdu.get(keyword) not in (wanted, None):
            yield Mark("SPECTRUM_HEAP", f"{keyword} = {hdu.get(keyword)}", hdu.index, keyword)
    elements = hdu.get("NELEM")
    for column in columns:
        if column.code in ("P", "Q"):
            yield Mark("SPECTRUM_HEAP", repr(column.form), hdu.index, f"TFORM{column.number}")
        elif column.code and isinstance(elements, int) and column.repeat != elements:
            came = f"{column.form!r}, NELEM = {elements}"
            yield Mark("SPECTRUM_NELEM", came, hdu.index, f"TFORM{column.number}")


def _names(hdu: Hdu, columns: Sequence[Column]) -> Iterator[Mark]:
    names = [column.name.upper() for column in columns]
    begins = (tuple(_AXES), ("FLUX",), ("ERR",))
    for number, wanted in enumerate(begins, 1):
        found = names[number - 1] if len(names) >= number else "no column"
        is_right = found in wanted if number == 1 else found.startswith(wanted)
        if not is_right:
            yield Mark(
                "SPECTRUM_COLUMNS", found or "no name", hdu.index, f"TTYPE{number}", " or ".join(wanted)
            )
    backgrounds = [column.number for column in columns if column.name.upper() in ("SKYBACK", "BGFLUX")]
    old = next((column for column in columns if column.name.upper() == "SKYBACK"), None)
    if old or len(backgrounds) > 1:
        number = old.number if old else backgrounds[1]
        yield Mark("SPECTRUM_SKYBACK", names[number - 1], hdu.index, f"TTYPE{number}")


def _utypes(hdu: Hdu, columns: Sequence[Column]) -> Iterator[Mark]:
    kind = (hdu.text_of("VOCLASS") or "").upper()
    prefix = {"SPECTRUM V1.0": "spectrum.", "SPECTRUM V2.0": "spec:"}.get(kind)
    for column, role in zip(columns, _ROLES, strict=False):
        keyword = f"TUTYP{column.number}"
        if not column.utype.lower().endswith(role.lower()):
            yield Mark("SPECTRUM_UTYPE", repr(column.utype), hdu.index, keyword, role)
        elif prefix and column.utype.lower() != prefix + role.lower():
            yield Mark(
                "SPECTRUM_UTYPE_PREFIX", f"{column.utype!r} in {kind}", hdu.index, keyword, prefix + role
            )
    for column in columns[3:]:
        if column.utype.lower() in {
            f"{start}{role}".lower() for start in ("spec:", "spectrum.") for role in _ROLES
        }:
            keyword = f"TUTYP{column.number}"
            yield Mark("SPECTRUM_UTYPE_PREFIX", f"{column.utype!r} a second time", hdu.index, keyword)
    fluxes = sum(column.utype.lower().endswith(_ROLES[1].lower()) for column in columns)
    if prefix == "spectrum." and fluxes > 1:
        yield Mark("SPECTRUM_VOCLASS", f"{kind}, {fluxes} flux arrays", hdu.index, "VOCLASS")


def _ucds(product: Product, hdu: Hdu, columns: Sequence[Column]) -> Iterator[Mark]:
    yield from ucd_marks(hdu, columns)
    wanted = [_AXES.get(columns[0].name.upper(), ("", ""))[0] if columns else ""]
    wanted += ["phot.flux.density", "stat.error;phot.flux.density"]
    for column, start in zip(columns, wanted, strict=False):
        words = column.ucd.split(";")
        if (
            start
            and column.ucd
            and words[: start.count(";") + 1] != start.split(";")
            and not ucd_fault(column.ucd)
        ):
            yield Mark("SPECTRUM_UCD", column.ucd, hdu.index, f"TUCD{column.number}", f"{start};...")
    if len(columns) < 2:
        return
    flux = columns[1]
    words = flux.ucd.split(";")
    calibration, normalised = product.primary.get("FLUXCAL"), product.primary.get("CONTNORM")
    is_raw = {"ABSOLUTE": False, "UNCALIBRATED": True}.get(str(calibration))
    if is_raw is not None and flux.ucd and ("stat.uncalib" in words) != is_raw and normalised is not True:
        came = f"{flux.ucd}, FLUXCAL = {calibration}"
        yield Mark("SPECTRUM_UCD_UNCALIBRATED", came, hdu.index, f"TUCD{flux.number}")
    if isinstance(normalised, bool) and flux.ucd:
        is_ratio = "arith.ratio" in words
        if is_ratio != normalised or (normalised and flux.unit):
            came = f"{flux.ucd}, unit {flux.unit!r}, CONTNORM = {'T' if normalised else 'F'}"
            yield Mark("SPECTRUM_NORMALISED", came, hdu.index, f"TUCD{flux.number}")
    fluxes = [column for column in columns if column.utype.lower().endswith(_ROLES[1].lower())]
    if len(fluxes) > 1 and "meta.main" not in words:
        yield Mark("SPECTRUM_UCD_MAIN", flux.ucd, hdu.index, f"TUCD{flux.number}")


def ucd_marks(hdu: Hdu, columns: Sequence[Column]) -> Iterator[Mark]:
    """UCDs that are none, of any table."""
    for column in columns:
        if column.ucd and (fault := ucd_fault(column.ucd)):
            yield Mark("UCD_FORM", f"{column.ucd}: {fault}", hdu.index, f"TUCD{column.number}")


def _units(product: Product, hdu: Hdu, columns: Sequence[Column]) -> Iterator[Mark]:
    if columns and (wanted := _AXES.get(columns[0].name.upper())):
        kind = kind_of_unit(columns[0].unit)
        if kind not in (wanted[1], "unknown"):
            yield Mark("SPECTRUM_UNIT", repr(columns[0].unit), hdu.index, "TUNIT1", f"a unit of {wanted[1]}")
    if len(columns) < 2:
        return
    flux = columns[1]
    kind = kind_of_unit(flux.unit)
    is_absolute = product.primary.get("FLUXCAL") == "ABSOLUTE" and product.primary.get("CONTNORM") is not True
    is_physical = kind in _CALIBRATED
    if is_absolute and not is_physical and parse_unit(flux.unit) is not None:
        yield Mark("SPECTRUM_FLUX_UNIT", repr(flux.unit), hdu.index, f"TUNIT{flux.number}")
    if len(columns) > 2 and not same_unit(columns[2].unit, flux.unit):
        came = f"{columns[2].unit!r}, the flux has {flux.unit!r}"
        yield Mark("SPECTRUM_ERROR_UNIT", came, hdu.index, f"TUNIT{columns[2].number}", flux.unit)
