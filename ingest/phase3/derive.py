"""What ObsCore says of a product and its header does not say in one keyword (SDP standard 6; ObsCore 1.1)."""

import math
from collections.abc import Iterable

from ingest.fitsfile import FitsFile
from ingest.layout import data_hdus, is_companion, product_category, science_hdu, table_hdus
from vo_server import sky

#: Second words of PRODCATG that are kinds of `dataproduct_type`.
_TYPES = {
    "IMAGE": "image",
    "MEFIMAGE": "image",
    "SPECTRUM": "spectrum",
    "CUBE": "cube",
    "VISIBILITY": "visibility",
    "SRCTBL": "measurements",
    "CATALOG": "measurements",
    "MCATALOG": "measurements",
    "CATALOGTILE": "measurements",
}
_SUBTYPES = {"SRCTBL": "srctbl", "CATALOG": "catalog", "MCATALOG": "catalog", "CATALOGTILE": "catalogtile"}
_FLUX_COLUMNS = ("FLUX", "FLUX_REDUCED", "FLUX_NORM", "FLUX_CAL")
_STOKES = {
    1: "I",
    2: "Q",
    3: "U",
    4: "V",
    -1: "RR",
    -2: "LL",
    -3: "RL",
    -4: "LR",
    -5: "XX",
    -6: "YY",
    -7: "XY",
    -8: "YX",
}


def product_type(file: FitsFile) -> str | None:
    """`dataproduct_type` of the PRODCATG; without one, by the data: a cube, an image, a spectrum."""
    words = product_category(file).split(".")
    if words[0] == "SCIENCE" and len(words) > 1:
        return _TYPES.get(words[1])
    hdu = file.once(science_hdu)
    if hdu.is_image:
        axes = [axis for axis in hdu.shape if axis > 1]
        return {1: "spectrum", 2: "image", 3: "cube"}.get(len(axes))
    return None


def product_subtype(file: FitsFile) -> str | None:
    """`dataproduct_subtype`: the kind of table, map or image that the category or its keywords tell."""
    words = product_category(file).split(".")
    if len(words) > 1 and words[1] in _SUBTYPES:
        return _SUBTYPES[words[1]]
    if words[-1] == "FLUXMAP":
        return "fluxmap"
    if words[-1] == "IFS":
        return "ifs"
    told = file.primary.text_of("IMATYPE") or file.primary.text_of("PRODSTYP")
    if told:
        return told.lower()
    if words[1:2] == ["MEFIMAGE"]:
        return "pawprint"
    level = file.primary.number("PRODLVL")
    return "tile" if words[1:2] == ["IMAGE"] and level == 3 else None


def calibration_level(file: FitsFile, subtype: str | None, collection: str | None) -> int:
    """`calib_level`: PRODLVL; else 3 for tiles and deep stacks, 4 for catalogues, 2 (ESO's rule)."""
    level = file.primary.number("PRODLVL")
    if level is not None and level in (0, 1, 2, 3, 4):
        return int(level)
    kind = f"{subtype or ''} {collection or ''}".lower()
    if "catalog" in kind or "srctbl" in kind:
        return 4
    return 3 if "tile" in kind or "deep" in kind else 2


def observation(file: FitsFile) -> str | None:
    """`obs_id`: the observation blocks (OBIDi) by commas; else the first originating file."""
    blocks = file.primary.numbered("OBID")
    if not blocks and (block := file.primary.get("OBS.ID")) is not None:
        blocks = [block]
    if blocks:
        return ",".join(str(block) for block in blocks)
    return file.primary.text_of("PROV1") or None


def file_name(file: FitsFile) -> str:
    """The name of the file, without the suffix of its compression."""
    return file.name


def creator_identifier(file: FitsFile, *, authority: str) -> str:
    """`obs_creator_did`: the authority of who made the product, and its original file name."""
    name = file.primary.text_of("ORIGFILE") or file.name
    return f"ivo://{authority}/origfile?{name}"


def instruments(file: FitsFile) -> str | None:
    """INSTRUME, or INSTRi by commas when it says MULTI."""
    return _one_or_many(file, "INSTRUME", "INSTR")


def telescopes(file: FitsFile) -> str | None:
    """TELESCOP, or TELESCi by commas when it says MULTI."""
    return _one_or_many(file, "TELESCOP", "TELESC")


def programmes(file: FitsFile) -> str | None:
    """PROG_ID, or PROGIDi by commas when it says MULTI."""
    return _one_or_many(file, "PROG_ID", "PROGID")


def filter_names(file: FitsFile) -> str | None:
    """FILTER, or FILTERi by commas when it says MULTI or is not there."""
    return _one_or_many(file, "FILTER", "FILTER")


def _one_or_many(file: FitsFile, keyword: str, word: str) -> str | None:
    for hdu in (file.primary, file.once(science_hdu)):
        value = hdu.text_of(keyword)
        if value is not None and value.upper() != "MULTI":
            return value
        if several := hdu.numbered(word):
            return ",".join(_distinct(str(one).strip() for one in several))
    return None


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))


def visits(file: FitsFile) -> str | None:
    """`multi_ob`: M when data of several observation blocks were combined, S of one."""
    blocks = file.primary.numbered("OBID")
    return None if not blocks else ("M" if len(blocks) > 1 else "S")


def flux_ucd(file: FitsFile, product_type: str | None) -> str | None:
    """`o_ucd`: the TUCD of a spectrum's flux column; of images and cubes by their BUNIT."""
    if product_type == "spectrum":
        for hdu in file.once(table_hdus):
            names = [str(name).strip().upper() for name in hdu.numbered("TTYPE")]
            for number, name in enumerate(names, 1):
                if name in _FLUX_COLUMNS or "FluxAxis.Value" in str(hdu.get(f"TUTYP{number}") or ""):
                    return hdu.text_of(f"TUCD{number}") or "phot.flux.density;em.wl"
        return "phot.flux.density;em.wl" if file.once(science_hdu).is_image else None
    if product_type == "cube":
        return "phot.flux.density;em.wl"
    if product_type == "image":
        unit = (file.primary.text_of("BUNIT") or file.once(science_hdu).text_of("BUNIT") or "").lower()
        is_count = not unit or any(word in unit for word in ("adu", "electron", "count", "dn", "e-"))
        return "phot.count" if is_count else "phot.flux.density"
    return None


def flux_calibration(file: FitsFile) -> str | None:
    """`o_calib_status`: ``normalized`` when CONTNORM says so, else FLUXCAL in small letters."""
    hdus = (file.primary, file.once(science_hdu))
    if any(hdu.get("CONTNORM") is True for hdu in hdus):
        return "normalized"
    told = next((value for hdu in hdus if (value := hdu.text_of("FLUXCAL"))), "").lower()
    return told if told in ("absolute", "uncalibrated") else None


def _stokes(file: FitsFile) -> list[str]:
    """The polarization states of the STOKES axis (FITS 4.0, table 29), or of the keyword STOKES."""
    told = file.primary.text_of("STOKES")
    if told:
        return [state for state in told.upper().replace("/", ",").split(",") if state.strip()]
    for hdu in file.once(data_hdus):
        for axis, length in enumerate(hdu.shape, 1):
            if hdu.text_of(f"CTYPE{axis}") == "STOKES":
                first, step = hdu.number(f"CRVAL{axis}") or 1.0, hdu.number(f"CDELT{axis}") or 1.0
                pixel = hdu.number(f"CRPIX{axis}") or 1.0
                codes = [round(first + (i - pixel) * step) for i in range(1, min(length, 8) + 1)]
                return [_STOKES[code] for code in codes if code in _STOKES]
    return []


def polarization_states(file: FitsFile) -> str | None:
    """`pol_states` as ObsCore writes them: ``/I/Q/U/``."""
    states = file.once(_stokes)
    return f"/{'/'.join(states)}/" if states else None


def polarization_length(file: FitsFile) -> int | None:
    """`pol_xel`."""
    return len(file.once(_stokes)) or None


def spectral_length(file: FitsFile, product_type: str | None) -> int | None:
    """`em_xel`: NELEM or the rows of a spectrum, the planes of a cube, 1 for an image."""
    hdu = file.once(science_hdu)
    if product_type == "spectrum":
        for candidate in (hdu, file.primary):
            if (elements := candidate.number("NELEM")) is not None and elements > 0:
                return int(elements)
        if hdu.is_image:
            return hdu.shape[0]
        return hdu.shape[1] if hdu.is_table and len(hdu.shape) > 1 and hdu.shape[1] > 1 else None
    if product_type == "cube":
        return hdu.shape[2] if len(hdu.shape) > 2 else None
    return 1 if product_type == "image" else None


def catalogue_region(file: FitsFile) -> sky.Region | None:
    """The footprint of a catalogue: corners FPRAi, FPDEi; several groups have a letter behind the number."""
    parts = []
    for letter in ("", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ"):
        corners: list[tuple[float, float]] = []
        while True:
            number = len(corners) + 1
            ra = file.primary.number(f"FPRA{number}{letter}")
            dec = file.primary.number(f"FPDE{number}{letter}")
            if ra is None or dec is None:
                break
            corners.append((ra % 360.0, dec))
        if len(corners) >= 3:
            parts.append(_polygon(corners))
    return None if not parts else parts[0] if len(parts) == 1 else sky.Union(tuple(parts))


def _polygon(corners: list[tuple[float, float]]) -> sky.Polygon:
    from ingest.coordinates import counter_clockwise

    return sky.Polygon(counter_clockwise(corners))


def aperture_region(file: FitsFile, ra: float | None, dec: float | None) -> sky.Region | None:
    """A circle with the diameter of a spectrum's APERTURE (degrees)."""
    aperture = aperture_diameter(file)
    if ra is None or dec is None or aperture is None:
        return None
    return sky.Circle(ra, dec, aperture / 2)


def aperture_diameter(file: FitsFile) -> float | None:
    """APERTURE, degrees, of a spectrum."""
    for hdu in (file.once(science_hdu), file.primary):
        aperture = hdu.number("APERTURE")
        if aperture is not None and 0 < aperture < 10:
            return aperture
    return None


def time_resolution(
    file: FitsFile, t_min: float | None, t_max: float | None, multi_ob: str | None
) -> float | None:
    """`t_resolution`, seconds: TELAPSE, or from start to end of what was observed in one go."""
    for hdu in (file.once(science_hdu), file.primary):
        elapsed = hdu.number("TELAPSE")
        if elapsed is not None and elapsed > 0:
            return elapsed
    if t_min is None or t_max is None or multi_ob == "M" or t_max <= t_min:
        return None
    return (t_max - t_min) * 86400.0


def limiting_magnitude(file: FitsFile, product_type: str | None) -> float | None:
    """ABMAGLIM, of images, cubes and source tables only."""
    if product_type not in ("image", "cube", "measurements"):
        return None
    hdus = [hdu for hdu in file.hdus if not is_companion(hdu)]
    return next((value for hdu in hdus if (value := hdu.number("ABMAGLIM")) is not None), None)


def signal_to_noise(file: FitsFile, product_type: str | None) -> float | None:
    """SNR, of spectra only."""
    if product_type != "spectrum":
        return None
    values = (hdu.number("SNR") for hdu in (file.primary, file.once(science_hdu)))
    return next((value for value in values if value is not None and value >= 0), None)


def spatial_resolution(file: FitsFile, product_type: str | None) -> float | None:
    """`s_resolution`, arcsec: PSF_FWHM of an image, SKY_RES of a cube or flux map; spectra have none."""
    if product_type in ("spectrum", None):
        return None
    for keyword in ("SKY_RES", "PSF_FWHM"):
        for hdu in file.hdus:
            value = hdu.number(keyword)
            if value is not None and value > 0:
                return value
    return None


def middle(low: float | None, high: float | None) -> float | None:
    """The geometric mean of a range."""
    return math.sqrt(low * high) if low and high else None
