"""Small FITS files of every kind, written by astropy, with answers that are known without our code."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

Cards = Mapping[str, Any]

PRODUCT: Cards = {
    "ORIGIN": "ESO",
    "TELESCOP": "ESO-VLT-U4",
    "INSTRUME": "HAWKI",
    "OBJECT": "NGC 1234",
    "RADESYS": "ICRS",
    "EXPTIME": 120.0,
    "TEXPTIME": 240.0,
    "MJD-OBS": 60000.25,
    "MJD-END": 60000.2525,
    "DATE": "2024-05-06T07:08:09.000",
    "PROG_ID": "110.23XY.001",
    "OBID1": 4000123,
    "NCOMBINE": 2,
    "OBSTECH": "IMAGE,JITTER",
    "FLUXCAL": "ABSOLUTE",
    "P3ORIG": "IDP",
    "PROV1": "HAWKI.2023-02-25T06:00:00.000.fits",
    "PROV2": "HAWKI.2023-02-25T06:02:00.000.fits",
}

RAW: Cards = {
    "ORIGIN": "ESO-PARANAL",
    "TELESCOP": "ESO-VLT-U4",
    "INSTRUME": "HAWKI",
    "OBJECT": "NGC 1234",
    "RA": 150.25,
    "DEC": -30.5,
    "EXPTIME": 60.0,
    "MJD-OBS": 60000.25,
    "DATE-OBS": "2023-02-25T06:00:00.0000",
    "HIERARCH ESO DPR CATG": "SCIENCE",
    "HIERARCH ESO DPR TYPE": "OBJECT",
    "HIERARCH ESO DPR TECH": "IMAGE,JITTER",
    "HIERARCH ESO OBS ID": 4000123,
    "HIERARCH ESO OBS PROG ID": "110.23XY.001",
    "HIERARCH ESO INS FILT1 NAME": "OPEN",
    "HIERARCH ESO INS FILT2 NAME": "Ks",
    "HIERARCH ESO TEL AIRM START": 1.25,
    "HIERARCH ESO DET DIT": 10.0,
    "HIERARCH ESO DET NDIT": 6,
}


def tangent(ra: float, dec: float, size: int, side: float, angle: float = 0.0) -> dict[str, Any]:
    """WCS cards of a square gnomonic image: ``size`` pixels, ``side`` degrees on the tangent plane."""
    scale, turn = side / size, math.radians(angle)
    return {
        "CTYPE1": "RA---TAN",
        "CTYPE2": "DEC--TAN",
        "CUNIT1": "deg",
        "CUNIT2": "deg",
        "CRVAL1": ra,
        "CRVAL2": dec,
        "CRPIX1": (size + 1) / 2,
        "CRPIX2": (size + 1) / 2,
        "CD1_1": -scale * math.cos(turn),
        "CD1_2": scale * math.sin(turn),
        "CD2_1": scale * math.sin(turn),
        "CD2_2": scale * math.cos(turn),
    }


def with_cards(hdu: Any, *groups: Cards) -> Any:
    """``hdu`` with the cards of ``groups``; None takes a card away."""
    for group in groups:
        for keyword, value in group.items():
            if value is None:
                hdu.header.remove(keyword.removeprefix("HIERARCH ESO "), ignore_missing=True)
            else:
                hdu.header[keyword] = value
    return hdu


def write(path: Path, *hdus: Any) -> Path:
    """A FITS file of ``hdus``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fits.HDUList(list(hdus)).writeto(path, overwrite=True)
    return path


def image(path: Path, ra: float = 150.25, dec: float = -30.5, *, side: float = 0.1, **cards: Any) -> Path:
    """SCIENCE.IMAGE: 20 x 20 pixels in the primary HDU."""
    data = np.arange(400, dtype=np.float32).reshape(20, 20)
    head = {"PRODCATG": "SCIENCE.IMAGE", "FILTER": "Ks", "PSF_FWHM": 0.7, "ABMAGLIM": 22.5, "BUNIT": "adu"}
    hdu = with_cards(fits.PrimaryHDU(data), PRODUCT, head, tangent(ra, dec, 20, side), cards)
    return write(path, hdu)


def spectrum(path: Path, *, air: bool = True, **cards: Any) -> Path:
    """SCIENCE.SPECTRUM: one row of arrays, 400 to 700 nm."""
    wave = np.linspace(400.0, 700.0, 50)
    columns = [
        fits.Column("WAVE", "50D", unit="nm", array=wave[None, :]),
        fits.Column("FLUX", "50D", unit="adu", array=np.ones((1, 50))),
        fits.Column("ERR", "50D", unit="adu", array=np.ones((1, 50))),
    ]
    table = fits.BinTableHDU.from_columns(columns, name="SPECTRUM")
    extension = {
        "TUCD1": "em.wl;obs.atmos" if air else "em.wl",
        "TUCD2": "phot.flux.density;em.wl;stat.uncalib;meta.main",
        "NELEM": 50,
        "APERTURE": 0.0005,
        "TITLE": "A spectrum of NGC 1234",
        "TELAPSE": 216.0,
        "RA": 150.25,
        "DEC": -30.5,
    }
    head = {
        "PRODCATG": "SCIENCE.SPECTRUM", "INSTRUME": "UVES", "RA": 150.25, "DEC": -30.5, "WAVELMIN": 400.0,
        "WAVELMAX": 700.0, "SPEC_RES": 42000.0, "SNR": 33.5, "FLUXCAL": "UNCALIBRATED", "CONTNORM": False,
    }  # fmt: skip
    return write(path, with_cards(fits.PrimaryHDU(), PRODUCT, head, cards), with_cards(table, extension))


def cube(path: Path, *, air: bool = True, **cards: Any) -> Path:
    """SCIENCE.CUBE.IFS: data and errors, 10 x 10 spaxels, 16 planes from 480 nm by 1.25 nm."""
    axis = {
        "CTYPE3": "AWAV" if air else "WAVE", "CUNIT3": "Angstrom", "CRVAL3": 4800.0, "CRPIX3": 1.0,
        "CD3_3": 12.5, "CD1_3": 0.0, "CD2_3": 0.0, "CD3_1": 0.0, "CD3_2": 0.0,
    }  # fmt: skip
    sky = tangent(0.0, 0.0, 10, 1 / 60)
    data = np.ones((16, 10, 10), dtype=np.float32)
    science = fits.ImageHDU(data, name="DATA")
    error = fits.ImageHDU(data, name="STAT")
    head = {"PRODCATG": "SCIENCE.CUBE.IFS", "INSTRUME": "MUSE", "RA": 0.0, "DEC": 0.0, "SKY_RES": 0.8,
            "SPEC_RES": 2989.0, "ABMAGLIM": 24.4}  # fmt: skip
    return write(
        path,
        with_cards(fits.PrimaryHDU(), PRODUCT, head, cards),
        with_cards(science, {"HDUCLAS2": "DATA", "BUNIT": "10**(-20)erg/s/cm**2/angstrom"}, sky, axis),
        with_cards(error, {"HDUCLAS2": "ERROR"}, sky, axis),
    )


def mosaic(path: Path, ra: float = 40.0, dec: float = 10.0, **cards: Any) -> Path:
    """SCIENCE.MEFIMAGE: two detectors of 0.1 degrees, 0.2 degrees apart in declination."""
    head = {"PRODCATG": "SCIENCE.MEFIMAGE", "FILTER": "J", "RA": ra, "DEC": dec}
    pixels = np.ones((8, 8), np.int16)
    chips = [
        with_cards(fits.ImageHDU(pixels, name=f"CHIP{i}"), tangent(ra, dec + shift, 8, 0.1))
        for i, shift in enumerate((-0.1, 0.1), 1)
    ]
    return write(path, with_cards(fits.PrimaryHDU(), PRODUCT, head, cards), *chips)


def catalogue(path: Path, **cards: Any) -> Path:
    """SCIENCE.CATALOG: a table, its footprint told by corners across RA 0."""
    table = fits.BinTableHDU.from_columns(
        [fits.Column("ID", "10A", array=["a", "b"]), fits.Column("RA", "D", array=[359.9, 0.1])],
        name="PHASE3CATALOG",
    )
    corners = {"FPRA1": 359.0, "FPDE1": -1.0, "FPRA2": 1.0, "FPDE2": -1.0, "FPRA3": 1.0, "FPDE3": 1.0,
               "FPRA4": 359.0, "FPDE4": 1.0}  # fmt: skip
    head = {"PRODCATG": "SCIENCE.CATALOG", "FILTER": "MULTI", "FILTER1": "J", "FILTER2": "Ks",
            "EXPTIME": None, "TEXPTIME": None}  # fmt: skip
    return write(path, with_cards(fits.PrimaryHDU(), PRODUCT, corners, head, cards), table)


def raw(path: Path, **cards: Any) -> Path:
    """A raw HAWK-I frame of a few pixels; keywords with ``__`` for blanks are HIERARCH ESO."""
    named = {
        f"HIERARCH ESO {keyword.replace('__', ' ')}" if "__" in keyword else keyword: value
        for keyword, value in cards.items()
    }
    return write(path, with_cards(fits.PrimaryHDU(np.zeros((4, 4), np.int16)), RAW, named))
