"""Vacuum wavelengths of spectral coordinates: air, frequencies, energies, velocities (FITS WCS paper III)."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

LIGHT = 299_792_458.0  #: m/s
AIR_FROM = 200e-9  #: m; shorter wavelengths are always given in vacuum
PLANCK_LIGHT = 1.986445857e-25  #: J m


def refractive_index(wavelength: ArrayLike) -> Floats:
    """Of standard air (15 C, 1013.25 hPa) at vacuum wavelengths in metres (Birch & Downs 1994).

    Line lists and pipelines mean this air. The formula of FITS WCS paper III for AWAV is that of air at
    0 C, and 0.09 angstrom off at H alpha.
    """
    inverse = (1e-6 / np.asarray(wavelength, np.float64)) ** 2
    index: Floats = 1.0 + 8.34254e-5 + 2.406147e-2 / (130.0 - inverse) + 1.5998e-4 / (38.9 - inverse)
    return index


def air_to_vacuum(wavelength: ArrayLike) -> Floats:
    """The vacuum wavelengths, metres, of wavelengths in air; below 200 nm they are ones already."""
    air = np.asarray(wavelength, np.float64)
    is_air = air >= AIR_FROM
    vacuum = np.where(is_air, air, 1e-6)
    for _ in range(3):  # the index belongs to the vacuum wavelength; converges to 1e-15 at once
        vacuum = np.where(is_air, air * refractive_index(vacuum), 1e-6)
    return np.where(is_air, vacuum, air)


def vacuum_wavelengths(kind: str, values: ArrayLike, rest_wave: float = np.nan) -> Floats:
    """The vacuum wavelengths of spectral coordinates (FITS WCS paper III, table 1); NaN when unknown.

    Parameters
    ----------
    kind : str
        The first four letters of CTYPE, without blanks.
    values : array_like
        In SI units: metres, hertz, joules, 1/m, m/s.
    rest_wave : float
        Rest wavelength in vacuum, metres, for velocities and redshifts.
    """
    x = np.asarray(values, np.float64)
    nothing = np.full_like(x, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        match kind:
            case "WAVE":
                return x
            case "AWAV":
                return air_to_vacuum(x)
            case "FREQ":
                return np.where(x > 0, LIGHT / x, nothing)
            case "WAVN":
                return np.where(x > 0, 1.0 / x, nothing)
            case "ENER":
                return np.where(x > 0, PLANCK_LIGHT / x, nothing)
            case "VOPT":
                return rest_wave * (1 + x / LIGHT)
            case "ZOPT":
                return rest_wave * (1 + x)
            case "VRAD":
                return rest_wave / (1 - x / LIGHT)
            case "VELO" | "BETA":
                beta = x if kind == "BETA" else x / LIGHT
                return np.where(np.abs(beta) < 1, rest_wave * np.sqrt((1 + beta) / (1 - beta)), nothing)
    return nothing
