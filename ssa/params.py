"""The parameters of an SSA query (SSA 1.1, Input Parameters): text to checked values."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from ssa.ranges import date, number, parse_range, parse_ranges, split_list
from vo_server.config import Settings
from vo_server.errors import UsageFault
from vo_server.intervals import Interval
from vo_server.parameters import Parameters
from vo_server.positions import parse_pair
from vo_server.sky import Circle, Position, parse_region

#: Degrees, where SIZE is not said: what may be the same object.
DEFAULT_SIZE = 0.1
VERSIONS = ("1", "1.0", "1.03", "1.04", "1.1")
FITS, VOTABLE, PNG = "application/fits", "application/x-votable+xml", "image/png"
#: What a spectrum can be had as, and the words of FORMAT that mean it.
FORMATS = {
    FITS: ("all", "compliant", "native", "fits", FITS, "image/fits"),
    VOTABLE: ("all", "compliant", "votable", VOTABLE),
    PNG: ("all", "graphic", "png", PNG),
}
FRAMES = ("ICRS", "FK5", "J2000", "GALACTIC")
#: o_calib_status of ObsCore that satisfies each value of FLUXCALIB.
FLUXCALIBS: dict[str, tuple[str, ...]] = {
    "absolute": ("absolute",),
    "relative": ("absolute", "relative"),
    "normalized": ("normalized",),
    "any": (),
}
WAVECALIBS = ("absolute", "relative", "any")  #: the archive's wavelengths are absolute


@dataclass(frozen=True, slots=True)
class SsaParams:
    """A query as asked for; None and an empty tuple are no constraint. Units are those of ObsCore."""

    maxrec: int
    formats: tuple[str, ...] = (FITS, VOTABLE, PNG)
    is_metadata: bool = False
    pos: Circle | None = None
    band: tuple[Interval, ...] = ()
    time: tuple[Interval, ...] = ()
    mtime: tuple[Interval, ...] = ()
    specrp: Interval | None = None
    spatres: Interval | None = None
    timeres: Interval | None = None
    snr: Interval | None = None
    targetname: tuple[str, ...] = ()
    fluxcalib: tuple[str, ...] = ()
    pubdid: str | None = None
    creatordid: str | None = None
    collection: tuple[str, ...] = ()
    top: int | None = None

    @classmethod
    def from_parameters(cls, parameters: Parameters, settings: Settings) -> "SsaParams":
        """The checked values.

        A parameter that is blank, or that the archive has no data for (REDSHIFT, VARAMPL, TARGETCLASS,
        APERTURE), constrains nothing (SSA 1.1, Input Parameters).

        Raises
        ------
        UsageFault
            A value is malformed or out of its range.
        """
        check_request(parameters)
        words, _ = split_list("FORMAT", (parameters.single("FORMAT") or "all").lower())
        if words == ["metadata"]:
            return cls(1, is_metadata=True)
        top = parameters.whole_number("TOP")
        if top is not None and top < 1:
            raise UsageFault(f"TOP={top} is not a number of rows: send 1 or more")
        return cls(
            maxrec=parameters.maxrec(settings),
            formats=tuple(name for name, known in FORMATS.items() if set(known) & set(words)),
            pos=read_pos(parameters),
            band=parse_ranges("BAND", parameters.single("BAND") or "", band, ("source", "observer")),
            time=parse_ranges("TIME", parameters.single("TIME") or "", date),
            mtime=parse_ranges("MTIME", parameters.single("MTIME") or "", date),
            specrp=at_least("SPECRP", parameters),
            spatres=at_most("SPATRES", parameters, 3600.0),
            timeres=at_most("TIMERES", parameters, 1.0),
            snr=at_least("SNR", parameters),
            targetname=tuple(split_list("TARGETNAME", parameters.single("TARGETNAME") or "")[0]),
            fluxcalib=read_calibration(parameters),
            pubdid=parameters.single("PUBDID"),
            creatordid=parameters.single("CREATORDID"),
            collection=tuple(split_list("COLLECTION", parameters.single("COLLECTION") or "")[0]),
            top=top,
        )


def check_request(parameters: Parameters) -> None:
    """REQUEST and VERSION (SSA 1.1, Common request parameters).

    Raises
    ------
    UsageFault
        Another operation, or a version that is not spoken here.
    """
    request = parameters.single("REQUEST") or "queryData"
    if request.lower() != "querydata":
        raise UsageFault(f"REQUEST={request[:40]!r} is not known: send REQUEST=queryData")
    version = parameters.single("VERSION") or VERSIONS[-1]
    if version not in VERSIONS:
        raise UsageFault(f"VERSION={version[:40]!r} is not spoken here: send {VERSIONS[-1]}, or nothing")


def read_pos(parameters: Parameters) -> Circle | None:
    """The circle that POS and SIZE describe, in ICRS (SSA 1.1, POS and SIZE).

    Raises
    ------
    UsageFault
        Not a position, an unknown frame, or a SIZE out of range.
    """
    text, size = parameters.single("POS"), parameters.single("SIZE")
    diameter = DEFAULT_SIZE if size is None else number("SIZE", size).low
    if not 0 <= diameter <= 360:
        raise UsageFault(f"SIZE={str(size)[:40]!r} is out of range: it is a diameter, 0 to 360 degrees")
    if text is None:
        return None
    body, _, frame = text.partition(";")
    wanted = "send POS=ra,dec in decimal degrees ICRS, such as 52,-27.8, or POS=l,b;GALACTIC"
    lon, lat = parse_pair("POS", body, wanted, single=False)
    frame = frame.strip().upper() or "ICRS"
    if frame not in FRAMES:
        raise UsageFault(f"POS={text[:60]!r}: the frame {frame[:20]!r} is not known: {wanted}")
    if not (0 <= lon <= 360 and -90 <= lat <= 90):
        raise UsageFault(f"POS={text[:60]!r} is out of range: 0 to 360 and -90 to 90 degrees")
    place = parse_region(f"POSITION {frame} {lon!r} {lat!r}")
    if not isinstance(place, Position):
        raise TypeError(f"{place} is no position")
    return Circle(place.ra, place.dec, diameter / 2)


@cache
def bands() -> dict[str, Interval]:
    """Wavelengths in metres that names mean: the IVOA's messengers, and the usual filters."""
    text = files("ssa").joinpath("bands.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["name"].lower(): Interval(float(row["low"]), float(row["high"])) for row in rows}


def band(name: str, word: str) -> Interval:
    """A wavelength in metres, or those that a name means (SSA 1.1, BAND)."""
    if word[:1] in "0123456789.+-":
        return number(name, word)
    found = bands().get(word.lower())
    if found is None:
        raise UsageFault(
            f"{name}={word[:40]!r} is not a known band: send metres, or one of {' '.join(bands())}"
        )
    return found


def at_least(name: str, parameters: Parameters) -> Interval | None:
    """A minimum, or a range (SSA 1.1, SPECRP and SNR)."""
    text = parameters.single(name)
    if text is None:
        return None
    found = parse_range(name, text, number)
    return found if "/" in text else Interval(found.low, np.inf)


def at_most(name: str, parameters: Parameters, scale: float) -> Interval | None:
    """A resolution: what is as sharp or sharper, or a range (SSA 1.1, SPATRES and TIMERES)."""
    text = parameters.single(name)
    if text is None:
        return None
    found = parse_range(name, text, number)
    low = found.low if "/" in text else -np.inf
    return Interval(low * scale, found.high * scale)


def read_calibration(parameters: Parameters) -> tuple[str, ...]:
    """The calibrations of the flux that satisfy FLUXCALIB; WAVECALIB is checked."""
    flux = (parameters.single("FLUXCALIB") or "any").lower()
    wave = (parameters.single("WAVECALIB") or "any").lower()
    if flux not in FLUXCALIBS:
        raise UsageFault(f"FLUXCALIB={flux[:40]!r} is not known: send one of {' '.join(FLUXCALIBS)}")
    if wave not in WAVECALIBS:
        raise UsageFault(f"WAVECALIB={wave[:40]!r} is not known: send one of {' '.join(WAVECALIBS)}")
    return FLUXCALIBS[flux]
