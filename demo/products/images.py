"""Synthetic images: tiles with weight map, preview and source list, and one-file-per-exposure mosaics."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from demo.fitsbytes import Card, image_extension, primary, table_extension
from demo.observatory import Exposure
from demo.products.pictures import Floats, Gnomonic, Stars, picture, png, scatter_stars
from demo.products.product import (
    Attachment,
    Origin,
    Shelf,
    exposure_cards,
    identity_cards,
    primary_cards,
    reduced,
)
from demo.products.tables import Field, rows_of
from demo.raw import generator

CHIP = 72  #: pixels; side of one detector in a mosaic
TILE = 150  #: pixels; side of a combined image
FIELD = 7.5 / 60  #: degrees; side of HAWK-I's field


@dataclass(frozen=True, slots=True)
class Band:
    """A filter: shortest and longest wavelength in nm, and a typical limiting magnitude (AB, 5 sigma)."""

    name: str
    low: float
    high: float
    limit: float


BANDS = {
    band.name: band
    for band in (
        Band("u_SDSS", 325.0, 385.0, 23.9),
        Band("g_SDSS", 415.0, 555.0, 25.1),
        Band("r_SDSS", 560.0, 700.0, 24.9),
        Band("i_SDSS", 695.0, 845.0, 24.0),
        Band("z_SDSS", 830.0, 990.0, 23.2),
        Band("Y", 970.0, 1070.0, 22.9),
        Band("J", 1170.0, 1330.0, 22.6),
        Band("H", 1490.0, 1780.0, 22.1),
        Band("Ks", 1990.0, 2310.0, 21.7),
    )
}


def make_images(blocks: Sequence[Sequence[Exposure]], shelf: Shelf) -> None:
    """Of every HAWK-I block: a tile, weight map, preview, source list, and a mosaic of each exposure."""
    for block in blocks:
        if block[0].instrument.name != "HAWKI":
            continue
        origin = reduced(block)
        stem = f"{origin.target.name.replace(' ', '_')}_{origin.filter}_{origin.ob_ids[0]}"
        wcs = Gnomonic(origin.target.ra, origin.target.dec, FIELD / TILE, TILE, TILE)
        put_image(origin, wcs, stem, shelf, with_sources=True)
        for exposure in block:
            single = reduced([exposure], exposure.target)
            dp_id, name = shelf.next_id(), f"{stem}_{exposure.expno}_pawprint.fits"
            shelf.put(single.collection, name, mosaic(single, dp_id, name))


def put_image(
    origin: Origin, wcs: Gnomonic, stem: str, shelf: Shelf, *, with_sources: bool, channel: str = "IDP"
) -> None:
    """Write one image with its weight map and preview, and the list of its sources when asked for."""
    name = f"{stem}_tile.fits"
    rng = generator(name)
    stars = scatter_stars(rng, 60, wcs.nx, wcs.ny)
    pixels = picture(rng, stars, wcs.nx, wcs.ny)
    band = BANDS[origin.filter]
    weights = Attachment(f"{stem}_weight.fits", "ANCILLARY.WEIGHTMAP", b"")
    preview = Attachment(f"{stem}_preview.png", "ANCILLARY.PREVIEW", png(pixels))
    title = f"Synthetic image of {origin.target.name}, {origin.filter}"
    dp_id = shelf.next_id()
    head: list[Card] = [
        *primary_cards(origin, "SCIENCE.IMAGE", title, (weights, preview)),
        *exposure_cards(origin),
        *identity_cards(dp_id, name, channel),
        ("PRODLVL", 3, "Phase 3 product level: 1-raw, 2-science grade, 3-advanced"),
        ("BUNIT", "electron/s", "Physical unit of array values"),
        ("FLUXCAL", "ABSOLUTE", "Type of flux calibration"),
        ("WAVELMIN", band.low, "[nm] Minimum wavelength"),
        ("WAVELMAX", band.high, "[nm] Maximum wavelength"),
        *photometry_cards(band, rng),
        *wcs.cards(),
    ]
    shelf.put(origin.collection, name, primary(head, pixels))
    _put_weights(origin, wcs, weights.name, shelf, channel)
    shelf.put(origin.collection, preview.name, preview.content)
    if with_sources:
        put_sources(origin, wcs, stars, name, shelf, channel)


def photometry_cards(band: Band, rng: np.random.Generator) -> list[Card]:
    """Zero point, limits and image quality."""
    return [
        ("PHOTZP", 25.0, "[mag] Photometric zeropoint MAG=-2.5*log(data)+PHOTZP"),
        ("PHOTZPER", 0.03, "[mag] Uncertainty on PHOTZP"),
        ("PHOTSYS", "AB", "Photometric system VEGA or AB"),
        (
            "ABMAGLIM",
            round(band.limit + float(rng.uniform(-0.4, 0.4)), 3),
            "[mag] 5-sigma limit, point source",
        ),
        ("ABMAGSAT", round(band.limit - 9.5, 3), "[mag] Saturation limit for point sources"),
        ("PSF_FWHM", round(float(rng.uniform(0.5, 1.3)), 3), "[arcsec] Spatial resolution"),
        ("ELLIPTIC", round(float(rng.uniform(0.02, 0.12)), 3), "Average ellipticity of point sources"),
    ]


def mosaic(origin: Origin, dp_id: str, name: str) -> bytes:
    """One exposure of a four-detector camera: an empty primary HDU and one image per chip, with gaps."""
    rng = generator(name)
    band = BANDS[origin.filter]
    title = f"Synthetic mosaic of {origin.target.name}, {origin.filter}"
    head: list[Card] = [
        *primary_cards(origin, "SCIENCE.MEFIMAGE", title),
        *exposure_cards(origin),
        *identity_cards(dp_id, name, "IDP"),
        ("PRODLVL", 2, "Phase 3 product level: 1-raw, 2-science grade, 3-advanced"),
        ("FLUXCAL", "ABSOLUTE", "Type of flux calibration"),
        ("WAVELMIN", band.low, "[nm] Minimum wavelength"),
        ("WAVELMAX", band.high, "[nm] Maximum wavelength"),
    ]
    scale = 217.3 / 3600 / CHIP
    gap = 7.5 / 3600 / scale
    hdus = [primary(head)]
    for chip, (is_left, is_low) in enumerate(((True, True), (False, True), (False, False), (True, False)), 1):
        x0 = CHIP + gap + 0.5 if is_left else 0.5 - gap
        y0 = CHIP + gap + 0.5 if is_low else 0.5 - gap
        wcs = Gnomonic(
            origin.target.ra, origin.target.dec, scale, CHIP, CHIP, 0.0, round(x0, 3), round(y0, 3)
        )
        pixels = picture(rng, scatter_stars(rng, 12, CHIP, CHIP), CHIP, CHIP)
        cards: list[Card] = [
            ("EXTNAME", f"CHIP{chip}.INT1", "FITS Extension name"),
            ("BUNIT", "adu", "Physical unit of array values"),
            *photometry_cards(band, rng),
            *wcs.cards(),
        ]
        hdus.append(image_extension(cards, pixels))
    return b"".join(hdus)


def _put_weights(origin: Origin, wcs: Gnomonic, name: str, shelf: Shelf, channel: str) -> None:
    """Write the weight map that goes with an image."""
    rows, columns = np.mgrid[0 : wcs.ny, 0 : wcs.nx]
    edge = np.minimum.reduce((rows, columns, wcs.ny - 1 - rows, wcs.nx - 1 - columns))
    pixels: Floats = np.minimum(edge / 10, 1).astype(np.float32)
    title = f"Synthetic weight map of {origin.target.name}, {origin.filter}"
    head: list[Card] = [
        *primary_cards(origin, "ANCILLARY.WEIGHTMAP", title),
        *identity_cards(shelf.next_id(), name, channel),
        *wcs.cards(),
    ]
    shelf.put(origin.collection, name, primary(head, pixels))


def put_sources(origin: Origin, wcs: Gnomonic, stars: Stars, image: str, shelf: Shelf, channel: str) -> None:
    """Write the source list of ``image``: what was put into it, at the place where it was put."""
    name = image.replace("_tile", "_sources")
    rng = generator(name)
    ra, dec = wcs.sky(stars.x, stars.y)
    magnitude = 25.0 - 2.5 * np.log10(stars.counts)
    place, quantity = "pos.eq", f"phot.mag;em.{_band_ucd(origin.filter)}"
    fields = (
        Field("ID", np.arange(1, len(ra) + 1, dtype=np.int32), "", "meta.id;meta.main", "Running number"),
        Field("RA", ra, "deg", f"{place}.ra;meta.main", "Right ascension"),
        Field("DEC", dec, "deg", f"{place}.dec;meta.main", "Declination"),
        Field("X", stars.x, "pixel", "pos.cartesian.x;instr.det", "Position on the image"),
        Field("Y", stars.y, "pixel", "pos.cartesian.y;instr.det", "Position on the image"),
        Field("MAG", magnitude.astype(np.float32), "mag", quantity, "AB magnitude"),
        Field("MAGERR", (1.0857 / np.sqrt(stars.counts)).astype(np.float32), "mag",
              f"stat.error;{quantity}", "Error of MAG"),
    )  # fmt: skip
    origin_of_list = Origin(
        **{
            **{key: getattr(origin, key) for key in Origin.__slots__},
            "provenance": (image,) if origin.provenance else (),
        }
    )
    head: list[Card] = [
        *primary_cards(origin_of_list, "SCIENCE.SRCTBL", f"Synthetic sources of {origin.target.name}"),
        *exposure_cards(origin_of_list),
        *identity_cards(shelf.next_id(), name, channel),
        *footprint_cards(wcs),
    ]
    cards: list[Card] = [
        ("EXTNAME", "SOURCES", "FITS Extension name"),
        *photometry_cards(BANDS[origin.filter], rng),
    ]
    columns = [field.cards(number) for number, field in enumerate(fields, 1)]
    shelf.put(origin.collection, name, primary(head) + table_extension(cards, rows_of(fields), columns))


def footprint_cards(wcs: Gnomonic) -> list[Card]:
    """FPRAi and FPDEi: the corners of the image, in order round it."""
    x = np.array([0.5, 0.5, wcs.nx + 0.5, wcs.nx + 0.5])
    y = np.array([0.5, wcs.ny + 0.5, wcs.ny + 0.5, 0.5])
    ra, dec = wcs.sky(x, y)
    return [
        (f"{keyword}{i + 1}", round(float(values[i]), 7), "[deg] Footprint")
        for i in range(4)
        for keyword, values in (("FPRA", ra), ("FPDE", dec))
    ]


def _band_ucd(name: str) -> str:
    """The UCD word of a filter's part of the spectrum (UCD list 1.5)."""
    words = {"u": "opt.U", "g": "opt.B", "r": "opt.R", "i": "opt.I", "z": "opt.I", "Y": "IR.J", "J": "IR.J"}
    return {**words, "H": "IR.H", "K": "IR.K"}[name[0]]
