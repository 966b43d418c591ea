"""FITS files with all kinds of coordinates, whose pixels tell where they are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

CENTRE = (150.0, 2.0)  #: degrees, ICRS, near the middle of every image
SHAPE = (70, 90)  #: rows and columns
STEP = 0.001  #: degrees for a pixel


def pixels(shape: tuple[int, ...], kind: str = "f4") -> NDArray[Any]:
    """Values that are all different."""
    return (np.arange(np.prod(shape)).reshape(shape) % 30_000).astype(kind)


def sky(header: fits.Header, projection: str = "TAN", turn: float = 0.0, frame: str = "ICRS") -> fits.Header:
    """The two axes of an image of the sky."""
    lon, lat = ("GLON", "GLAT") if frame == "GALACTIC" else ("RA--", "DEC-")
    centre = (236.9546, 41.9051) if frame == "GALACTIC" else CENTRE
    a = np.radians(turn)
    values = {
        "CTYPE1": f"{lon}-{projection}",
        "CTYPE2": f"{lat}-{projection}",
        "CRVAL1": centre[0],
        "CRVAL2": centre[1],
        "CRPIX1": 40.0,
        "CRPIX2": 33.5,
        "CUNIT1": "deg",
        "CUNIT2": "deg",
        "CD1_1": -STEP * np.cos(a),
        "CD1_2": STEP * np.sin(a),
        "CD2_1": STEP * np.sin(a),
        "CD2_2": STEP * np.cos(a),
    }
    header.update(values)
    if frame not in ("GALACTIC",):
        header["RADESYS"] = frame
    if frame == "FK5":
        header["EQUINOX"] = 2000.0
    return header


def image(path: Path, **options: Any) -> Path:
    """A simple image."""
    hdu = fits.PrimaryHDU(pixels(SHAPE))
    sky(hdu.header, **options)
    hdu.header["PROV1"] = "RAW.2025-01-01T00:00:00.000.fits"
    hdu.writeto(path)
    return path


def swapped(path: Path) -> Path:
    """An image whose first axis is declination."""
    hdu = fits.PrimaryHDU(pixels(SHAPE))
    header = sky(hdu.header, turn=10.0)
    for keyword in ("CTYPE", "CRVAL"):
        header[f"{keyword}1"], header[f"{keyword}2"] = header[f"{keyword}2"], header[f"{keyword}1"]
    hdu.writeto(path)
    return path


def sip(path: Path) -> Path:
    """An image with a polynomial distortion of some pixels."""
    hdu = fits.PrimaryHDU(pixels(SHAPE))
    sky(hdu.header, "TAN-SIP", 20.0)
    hdu.header.update(
        {"A_ORDER": 2, "B_ORDER": 2, "A_2_0": 8e-4, "A_1_1": -3e-4, "B_0_2": 5e-4, "B_2_0": 1e-4}
    )
    hdu.writeto(path)
    return path


def tpv(path: Path) -> Path:
    """An image with a distortion of the plane of projection."""
    hdu = fits.PrimaryHDU(pixels(SHAPE))
    sky(hdu.header, "TPV", -35.0)
    hdu.header.update({"PV1_1": 1.0, "PV1_4": 0.5, "PV2_1": 1.0, "PV2_5": -0.4})
    hdu.writeto(path)
    return path


def scaled(path: Path) -> Path:
    """Integers with a scale, an offset and a blank."""
    data = pixels(SHAPE, "i2")
    data[3, 4] = -32768
    hdu = fits.PrimaryHDU(data)
    sky(hdu.header)
    hdu.writeto(path)
    with fits.open(path, mode="update", do_not_scale_image_data=True) as hdus:
        hdus[0].header.update({"BSCALE": 0.5, "BZERO": 100.0, "BLANK": -32768})
    return path


def unsigned(path: Path) -> Path:
    """Unsigned integers."""
    hdu = fits.PrimaryHDU(pixels(SHAPE, "u2") + np.uint16(30_000))
    sky(hdu.header)
    hdu.writeto(path)
    return path


def compressed(kind: str, **options: Any) -> Callable[[Path], Path]:
    """An image in compressed tiles."""

    def write(path: Path) -> Path:
        data = pixels(SHAPE, kind)
        hdu = fits.CompImageHDU(data, sky(fits.Header()), **options)
        fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path)
        return path

    return write


def packed(path: Path) -> Path:
    """The simple image through gzip."""
    return image(path.with_suffix(".fits.gz"))


def mosaic(path: Path) -> Path:
    """Two detectors side by side, and a mask without coordinates for each."""
    hdus: list[Any] = [fits.PrimaryHDU()]
    hdus[0].header["PRODCATG"] = "SCIENCE.MEFIMAGE"
    for n in range(2):
        part = fits.ImageHDU(pixels(SHAPE) + 100 * n, name=f"CHIP{n + 1}")
        sky(part.header)
        part.header["CRPIX1"] -= 95.0 * n
        hdus += [part, fits.ImageHDU(pixels(SHAPE, "u1"), name=f"MASK{n + 1}")]
    fits.HDUList(hdus).writeto(path)
    return path


def cube(path: Path, ctype: str = "WAVE", **spectral: Any) -> Path:
    """A cube of 40 channels of 10 nm from 400 nm, or of what ``spectral`` says."""
    hdus = fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(pixels((40, *SHAPE)), name="DATA")])
    header = sky(hdus[1].header, turn=15.0)
    header.update(
        {"CTYPE3": ctype, "CRVAL3": 4.05e-7, "CRPIX3": 1.0, "CUNIT3": "m", "CD3_3": 1e-8, **spectral}
    )
    hdus.append(fits.ImageHDU(pixels((40, *SHAPE)), name="STAT"))
    hdus.writeto(path)
    return path


def tabular(path: Path) -> Path:
    """A cube whose wavelengths stand in a table (FITS WCS paper III, -TAB)."""
    hdus = fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(pixels((40, *SHAPE)), name="DATA")])
    header = sky(hdus[1].header)
    header.update(
        {"CTYPE3": "WAVE-TAB", "CRVAL3": 1.0, "CRPIX3": 1.0, "CUNIT3": "m", "CD3_3": 1.0, "PS3_0": "LOOKUP",
         "PS3_1": "LAMBDA", "PV3_3": 1}
    )  # fmt: skip
    waves = 4e-7 * 1.02 ** np.arange(40)
    column = fits.Column("LAMBDA", "40D", unit="m", dim="(1,40)", array=waves.reshape(1, 40, 1))
    hdus.append(fits.BinTableHDU.from_columns([column], name="LOOKUP"))
    hdus.writeto(path)
    return path


def stokes(path: Path) -> Path:
    """A cube of frequencies with four polarizations."""
    hdu = fits.PrimaryHDU(pixels((4, 16, *SHAPE)))
    header = sky(hdu.header)
    header.update(
        {"CTYPE3": "FREQ", "CRVAL3": 1.4e9, "CRPIX3": 8.0, "CUNIT3": "Hz", "CD3_3": 1e7,
         "CTYPE4": "STOKES", "CRVAL4": 1.0, "CRPIX4": 1.0, "CD4_4": 1.0}
    )  # fmt: skip
    hdu.writeto(path)
    return path


def spectrum(path: Path, unit: str = "nm", ucd: str = "em.wl") -> Path:
    """A spectrum as Phase 3 wants it: one row of vectors, 400 to 700 nm, 3001 points."""
    wave = np.linspace(400, 700, 3001) * {"nm": 1.0, "angstrom": 10.0}[unit]
    columns = [
        fits.Column("WAVE", "3001D", unit=unit, array=[wave]),
        fits.Column("FLUX", "3001E", unit="erg.cm**(-2).s**(-1).nm**(-1)", array=[np.arange(3001.0)]),
        fits.Column("QUAL", "3001J", array=[np.arange(3001) % 2]),
        fits.Column("NAME", "8A", array=["star"]),
    ]
    table = fits.BinTableHDU.from_columns(columns, name="SPECTRUM")
    table.header.update(
        {"NELEM": 3001, "RA": CENTRE[0], "DEC": CENTRE[1], "TITLE": "A spectrum", "TUCD1": ucd,
         "TUTYP1": "spec:Data.SpectralAxis.Value", "TUCD2": "phot.flux.density;em.wl",
         "TUTYP2": "spec:Data.FluxAxis.Value", "TDMIN1": wave[0], "TDMAX1": wave[-1]}
    )  # fmt: skip
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(path)
    return path


def old_spectrum(path: Path) -> Path:
    """A spectrum as an image of one axis, in angstrom."""
    hdu = fits.PrimaryHDU(pixels((500,)))
    hdu.header.update({"CTYPE1": "LINEAR", "CRVAL1": 4000.0, "CDELT1": 2.0, "CRPIX1": 1.0})
    hdu.writeto(path)
    return path


def catalogue(path: Path) -> Path:
    """2,000 sources around the centre."""
    rng = np.random.default_rng(3)
    columns = [
        fits.Column("ID", "12A", array=[f"S{n}" for n in range(2000)]),
        fits.Column("RA2000", "D", unit="deg", array=CENTRE[0] + rng.uniform(-0.05, 0.05, 2000)),
        fits.Column("DEC2000", "D", unit="deg", array=CENTRE[1] + rng.uniform(-0.05, 0.05, 2000)),
        fits.Column("MAG", "E", unit="mag", array=rng.uniform(15, 25, 2000)),
    ]
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns, name="CAT")]).writeto(path)
    return path
