"""Synthetic integral-field cubes: data and errors, white-light image, preview (SCIENCE.CUBE.IFS)."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from demo.fitsbytes import Card, image_extension, primary
from demo.observatory import Exposure
from demo.products.pictures import Floats, Gnomonic, picture, png, scatter_stars
from demo.products.product import (
    Attachment,
    Origin,
    Shelf,
    exposure_cards,
    identity_cards,
    primary_cards,
    reduced,
)
from demo.raw import generator

SIDE = 30  #: spaxels
PLANES = 240
FIELD = 59.9 / 3600  #: degrees; side of MUSE's wide field
FIRST, STEP = 4750.0, 19.25  #: angstrom, in air
UNIT = "10**(-20)erg/s/cm**2/angstrom"


def make_cubes(blocks: Sequence[Sequence[Exposure]], shelf: Shelf) -> None:
    """One cube of each MUSE exposure and one of the whole block, each with white-light image and preview."""
    for block in blocks:
        if block[0].instrument.name != "MUSE":
            continue
        whole = replace(reduced(block), collection="SYNTHETIC-MUSE-DEEP")
        for number, origin in enumerate((*(reduced([exposure]) for exposure in block), whole)):
            stem = f"{origin.target.name.replace(' ', '_')}_{origin.ob_ids[0]}_{number}"
            _put(origin, stem, 35.0 * number, shelf)


def _put(origin: Origin, stem: str, angle: float, shelf: Shelf) -> None:
    """Write a cube and what goes with it."""
    name = f"{stem}_cube.fits"
    rng = generator(name)
    wcs = Gnomonic(origin.target.ra, origin.target.dec, FIELD / SIDE, SIDE, SIDE, angle)
    cube = _cube(rng)
    image: Floats = cube.mean(axis=0)
    white = Attachment(f"{stem}_white.fits", "ANCILLARY.IMAGE.WHITELIGHT", b"")
    preview = Attachment(f"{stem}_preview.png", "ANCILLARY.PREVIEW", png(image.repeat(6, 0).repeat(6, 1)))
    title = f"Synthetic cube of {origin.target.name}"
    head: list[Card] = [
        *primary_cards(origin, "SCIENCE.CUBE.IFS", title, (white, preview)),
        *exposure_cards(origin),
        *identity_cards(shelf.next_id(), name, "IDP"),
        ("PRODLVL", 3 if origin.collection.endswith("DEEP") else 2, "Phase 3 product level"),
        ("SPECSYS", "BARYCENT", "Reference frame for spectral coordinates"),
        ("FLUXCAL", "ABSOLUTE", "Type of flux calibration"),
        ("BUNIT", UNIT, "Physical unit of array values"),
        ("WAVELMIN", FIRST / 10, "[nm] Minimum wavelength"),
        ("WAVELMAX", round((FIRST + STEP * (PLANES - 1)) / 10, 3), "[nm] Maximum wavelength"),
        ("SPEC_RES", 2989.0, "Spectral resolving power at central wavelength"),
        ("SKY_RES", round(float(rng.uniform(0.6, 1.2)), 3), "[arcsec] FWHM effective spatial resolution"),
        ("SKY_RERR", 0.1, "[arcsec] Error of SKY_RES"),
        ("PIXNOISE", 4.2e-20, "[erg.s**(-1).cm**(-2).angstrom**(-1)] pixel noise"),
        ("ABMAGLIM", round(float(rng.uniform(22.5, 24.8)), 3), "[mag] 5-sigma limit, point source"),
    ]
    noise = np.full_like(cube, 9.0) * rng.uniform(0.8, 1.2, (PLANES, 1, 1)).astype(np.float32)
    content = b"".join(
        (
            primary(head),
            image_extension([*_class_cards("DATA"), *_wcs_cards(wcs)], cube),
            image_extension([*_class_cards("ERROR"), *_wcs_cards(wcs)], noise),
        )
    )
    shelf.put(origin.collection, name, content)
    white_head: list[Card] = [
        *primary_cards(origin, white.category, f"Synthetic white-light image of {origin.target.name}"),
        *exposure_cards(origin),
        *identity_cards(shelf.next_id(), white.name, "IDP"),
        ("BUNIT", UNIT, "Physical unit of array values"),
        *wcs.cards(),
    ]
    shelf.put(origin.collection, white.name, primary(white_head, image))
    shelf.put(origin.collection, preview.name, preview.content)


def _cube(rng: np.random.Generator) -> Floats:
    """Sources with a continuum, one emission line each, and noise: (planes, y, x)."""
    stars = scatter_stars(rng, 9, SIDE, SIDE)
    image = picture(rng, stars, SIDE, SIDE, fwhm=3.5)
    planes = np.arange(PLANES, dtype=np.float32)
    continuum = 1 + 0.4 * np.sin(planes / PLANES * 3 + float(rng.uniform(0, 6)))
    line = 6 * np.exp(-((planes - float(rng.uniform(20, PLANES - 20))) ** 2) / 8)
    cube: Floats = (image[None] * (continuum + line)[:, None, None]).astype(np.float32)
    cube += 3 * rng.standard_normal(cube.shape, dtype=np.float32)
    return cube


def _class_cards(kind: str) -> list[Card]:
    """How the data and error extensions refer to each other (HDUCLASS scheme of the standard)."""
    cards: list[Card] = [
        ("EXTNAME", "DATA" if kind == "DATA" else "STAT", "FITS Extension name"),
        ("HDUCLASS", "ESO", "class name (ESO format)"),
        ("HDUDOC", "SDP", "ESO Science Data Products standard"),
        ("HDUVERS", "SDP version 6", "version number"),
        ("HDUCLAS1", "IMAGE", "Image data format"),
        ("HDUCLAS2", kind, "this extension contains the data itself or its errors"),
    ]
    if kind == "DATA":
        cards.append(("ERRDATA", "STAT", "pointer to the variance extension"))
    else:
        cards += [("HDUCLAS3", "MSE", "error type"), ("SCIDATA", "DATA", "pointer to the science extension")]
    unit = UNIT if kind == "DATA" else f"({UNIT})**2"
    return [*cards, ("BUNIT", unit, "Physical unit of array values")]


def _wcs_cards(wcs: Gnomonic) -> list[Card]:
    """Celestial axes and the wavelength in air."""
    return [
        *wcs.cards(),
        ("CTYPE3", "AWAV", "Wavelength in air"),
        ("CUNIT3", "Angstrom", "Unit of axis 3"),
        ("CRVAL3", FIRST, "[Angstrom] Wavelength at reference pixel"),
        ("CRPIX3", 1.0, "[pix] Reference pixel in Z"),
        ("CD3_3", STEP, "[Angstrom] Step"),
        ("CD1_3", 0.0, "Transformation matrix element"),
        ("CD2_3", 0.0, "Transformation matrix element"),
        ("CD3_1", 0.0, "Transformation matrix element"),
        ("CD3_2", 0.0, "Transformation matrix element"),
    ]
