"""What the table of raw frames says and no single keyword does (ESO data interface control document)."""

import math
import re
import tomllib
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any

from ingest.coordinates import counter_clockwise, positions, unit_vectors
from ingest.fitsfile import FitsFile
from ingest.mapping import as_instant
from ingest.spectral import filter_range
from vo_server import sky

LINE_OF_SIGHT = 10 / 3600  #: degrees; the field of a slit or fibre
#: Words of DPR.TYPE of which one means that the telescope did not look at the sky.
_INDOORS = frozenset({"BIAS", "DARK", "LAMP", "WAVE", "DFLAT", "LINEARITY", "DETCHAR", "DETCHECK", "FMTCHK"})
_WHEELS = re.compile(r"OPEN|FREE|OUT|NONE|CLEAR", re.IGNORECASE)


def words(text: str | None) -> frozenset[str]:
    """The comma-separated words of a DPR value; their order means nothing."""
    return frozenset(word.strip().upper() for word in (text or "").split(",") if word.strip())


def is_on_sky(file: FitsFile, *, everything: bool = False) -> bool:
    """Whether the frame is of the sky, so that its coordinates mean something."""
    kind = words(file.primary.text_of("DPR.TYPE"))
    return everything or not kind & _INDOORS


def _pointing(file: FitsFile, keyword: str) -> float | None:
    return file.primary.number(keyword) if is_on_sky(file) else None


def pointing_ra(file: FitsFile) -> float | None:
    """Right ascension of the telescope, degrees; null for frames that are not of the sky."""
    ra = _pointing(file, "RA")
    return None if ra is None else ra % 360.0


def pointing_dec(file: FitsFile) -> float | None:
    """Declination of the telescope, degrees; null for frames that are not of the sky."""
    return _pointing(file, "DEC")


def target_ra(file: FitsFile) -> float | None:
    """Right ascension of the target: TEL.TARG.ALPHA (hhmmss.sss, J2000), else where the telescope points."""
    packed = _target(file, "TEL.TARG.ALPHA")
    return pointing_ra(file) if packed is None else packed * 15.0


def target_dec(file: FitsFile) -> float | None:
    """Declination of the target: TEL.TARG.DELTA (ddmmss.sss, J2000), else where the telescope points."""
    packed = _target(file, "TEL.TARG.DELTA")
    return pointing_dec(file) if packed is None else packed


def _target(file: FitsFile, keyword: str) -> float | None:
    """A target coordinate, unless it is more than a degree from the pointing (stale) or of another epoch."""
    packed = _pointing(file, keyword)
    if packed is None or (file.primary.number("TEL.TARG.EQUINOX") or 2000.0) != 2000.0:
        return None
    minutes, seconds = divmod(abs(packed), 100)
    hours, minutes = divmod(minutes, 100)
    if minutes >= 60 or seconds >= 60:
        return None
    value = math.copysign(hours + minutes / 60 + seconds / 3600, packed)
    pointing = pointing_dec(file) if keyword.endswith("DELTA") else pointing_ra(file)
    degrees = value if keyword.endswith("DELTA") else value * 15
    return None if pointing is None or abs(degrees - pointing) > 1.0 else value


def optical_path(file: FitsFile, *, word: str, empty: bool = False) -> str | None:
    """The names of ``INS.<word>i.NAME`` (or without number) in the order of the beam, by commas.

    Parameters
    ----------
    empty : bool
        Also name the positions of a wheel that hold nothing.
    """
    names = []
    for number in ("", *map(str, range(1, 10))):
        name = file.primary.text_of(f"INS.{word}{number}.NAME")
        if name and (empty or not _WHEELS.fullmatch(name)):
            names.append(name)
    return ",".join(names) or None


@cache
def setups() -> dict[str, list[dict[str, Any]]]:
    """The set-ups of each instrument."""
    return tomllib.loads(files("ingest.raw").joinpath("setups.toml").read_text(encoding="utf-8"))


def setup(file: FitsFile) -> dict[str, Any]:
    """The first set-up of the file's instrument whose conditions hold; empty when there is none."""
    for entry in setups().get((file.primary.text_of("INSTRUME") or "").upper(), []):
        conditions = entry.get("when", {}).items()
        if all(fnmatchcase(str(file.primary.get(keyword)), pattern) for keyword, pattern in conditions):
            return entry
    return {}


def _wavelengths(file: FitsFile) -> tuple[float, float] | None:
    """The range in nm: of the filter (its name may hold the limits), or of the set-up."""
    names = file.primary.text_of("INS.FILT.NAME") or ""
    if limits := re.fullmatch(r"L(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)", names):
        return float(limits[1]), float(limits[2])
    if "IMAGE" in words(file.primary.text_of("DPR.TECH")):
        path = optical_path(file, word="FILT")
        if found := filter_range(file.primary.text_of("INSTRUME"), path):
            return found[0] * 1e9, found[1] * 1e9
    limits_of_setup = setup(file).get("range")
    return tuple(map(float, limits_of_setup)) if limits_of_setup else None  # type: ignore[return-value]


def has_light(file: FitsFile) -> bool:
    """Whether light fell on the detector: biases and darks have no wavelengths."""
    return not words(file.primary.text_of("DPR.TYPE")) & {"BIAS", "DARK"}


def shortest_wavelength(file: FitsFile) -> float | None:
    """`lambda_min`, nm."""
    found = _wavelengths(file) if has_light(file) else None
    return found[0] if found else None


def longest_wavelength(file: FitsFile) -> float | None:
    """`lambda_max`, nm."""
    found = _wavelengths(file) if has_light(file) else None
    return found[1] if found else None


def field_region(file: FitsFile, ra: float | None, dec: float | None) -> sky.Region | None:
    """The field of view around a pointing, by the set-up; squares are turned by the position angle."""
    if ra is None or dec is None:
        return None
    entry = setup(file)
    size = float(entry.get("field", LINE_OF_SIGHT))
    if entry.get("shape") != "square":
        return sky.Circle(ra, dec, size / 2)
    angle = file.primary.number("INS.DROT.POSANG") or file.primary.number("ADA.POSANG") or 0.0
    return sky.Polygon(square(ra, dec, size, angle))


def square(ra: float, dec: float, side: float, angle: float) -> tuple[tuple[float, float], ...]:
    """Corners of a square on the tangent plane, degrees; ``angle`` from north to east."""
    half, turn = math.tan(math.radians(side / 2)), math.radians(angle)
    centre = unit_vectors(*_degrees(ra, dec))[:, 0]
    east, north = unit_vectors(*_degrees(ra + 90.0, 0.0))[:, 0], unit_vectors(*_degrees(ra, dec + 90.0))[:, 0]
    corners = []
    for x, y in ((1, 1), (1, -1), (-1, -1), (-1, 1)):
        along_east = half * (x * math.cos(turn) + y * math.sin(turn))
        along_north = half * (-x * math.sin(turn) + y * math.cos(turn))
        lon, lat = positions((centre + along_east * east + along_north * north)[:, None])
        corners.append((float(lon[0]), float(lat[0])))
    return counter_clockwise(corners)


def _degrees(lon: float, lat: float) -> tuple[Any, Any]:
    import numpy as np

    return np.array([lon]), np.array([lat])


def period(file: FitsFile, prog_id: str | None, exp_start: datetime | None) -> int | None:
    """ESO's observing period: of the programme, or when the exposure was taken (technical programmes)."""
    if prog_id and (old := re.match(r"(\d{3})\.[A-L]-", prog_id)):
        return int(old[1]) % 100
    if prog_id and (four := re.match(r"(\d{4})\.[A-L]-", prog_id)):
        return int(four[1]) % 1000
    if prog_id and (new := re.match(r"(1\d\d)\.[0-9A-Z]{4}\.", prog_id)):
        return int(new[1])
    return None if exp_start is None else period_of(exp_start)


def period_of(instant: datetime) -> int:
    """The period of an instant: April to September and October to March; 91 began on 2013-04-01."""
    year, month = instant.year, instant.month
    if month < 4:
        return 2 * (year - 1 - 1968) + 2
    return 2 * (year - 1968) + (1 if month < 10 else 2)


def programme_type(file: FitsFile, prog_id: str | None) -> int | None:
    """0 normal, 2 director's time, 4 large, 9 calibration, by the old form of programme identifiers."""
    if not prog_id:
        return None
    if prog_id.startswith("60.A-9"):
        return 9
    old = re.match(r"(\d)\d\d\.[A-L]-", prog_id) or re.match(r"(\d)\d\d\d\.[A-L]-", prog_id)
    return {"0": 0, "1": 4, "2": 2}.get(old[1]) if old else None


def night(file: FitsFile, exp_start: datetime | None) -> str | None:
    """The night of an exposure, from noon to noon (UTC), named after the date of its evening."""
    return None if exp_start is None else (exp_start - timedelta(hours=12)).date().isoformat()


def exposure_start(file: FitsFile) -> datetime | None:
    """DATE-OBS or MJD-OBS as an instant."""
    for keyword in ("DATE-OBS", "MJD-OBS"):
        value = file.primary.get(keyword)
        if value is not None and value != "":
            return as_instant(value)
    return None
