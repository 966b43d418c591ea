"""Time and pointing at Paranal, to half a degree (no precession): what a TCS writes into a header."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import asin, atan2, cos, degrees, radians, sin

LATITUDE = -24.6276  #: degrees north
LONGITUDE = -70.4051  #: degrees east
ALTITUDE = 2648.0  #: metres
_MJD_ZERO = datetime(1858, 11, 17, tzinfo=UTC)


def mjd(instant: datetime) -> float:
    """The Modified Julian Date (UTC) of ``instant``, to 1e-8 days."""
    return round((instant - _MJD_ZERO) / timedelta(days=1), 8)


def iso(instant: datetime) -> str:
    """``instant`` as DATE-OBS has it: ISO 8601, milliseconds, no zone."""
    return instant.replace(tzinfo=None).isoformat(timespec="milliseconds")


def sidereal_time(instant: datetime) -> float:
    """Local mean sidereal time in degrees (IAU 1982, leading terms)."""
    days = mjd(instant) - 51544.5
    return (280.46061837 + 360.98564736629 * days + LONGITUDE) % 360


@dataclass(frozen=True, slots=True)
class Pointing:
    """Where a telescope looks: degrees; azimuth from south over west, as the VLT counts it."""

    alt: float
    az: float
    airmass: float
    parang: float


def pointing(ra: float, dec: float, instant: datetime) -> Pointing:
    """Altitude, azimuth, airmass and parallactic angle of (``ra``, ``dec``, degrees) at ``instant``."""
    hour_angle = radians(sidereal_time(instant) - ra)
    phi, delta = radians(LATITUDE), radians(dec)
    sin_alt = sin(phi) * sin(delta) + cos(phi) * cos(delta) * cos(hour_angle)
    az = atan2(sin(hour_angle) * cos(delta), cos(hour_angle) * sin(phi) * cos(delta) - sin(delta) * cos(phi))
    parang = atan2(sin(hour_angle), cos(delta) * sin(phi) / cos(phi) - sin(delta) * cos(hour_angle))
    return Pointing(
        alt=round(degrees(asin(sin_alt)), 3),
        az=round(degrees(az) % 360, 3),
        # Below 10 degrees no telescope observes; the plane-parallel form is good to 1 % above that.
        airmass=round(1 / max(sin_alt, 0.17), 3),
        parang=round(degrees(parang), 3),
    )


def period(instant: datetime) -> int:
    """The ESO period of ``instant``: P91 began on 2013-04-01."""
    year, is_summer = (instant.year, 4 <= instant.month <= 9)
    if instant.month < 4:
        year -= 1
    return 2 * (year - 1968) + (1 if is_summer else 2)
