"""A synthetic survey of the whole sky, delivered from outside: tiles, (sub)millimetre maps, catalogues.

Its data are not ESO's (NOESODAT), so it has no raw frames; it brings the poles, RA 0 and a mosaic round M31.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np

from demo.fitsbytes import Card, primary, table_extension
from demo.products.images import BANDS, put_image
from demo.products.pictures import Floats, Gnomonic, picture, scatter_stars
from demo.products.product import Attachment, Origin, Shelf, exposure_cards, identity_cards, primary_cards
from demo.products.tables import Field, rows_of
from demo.raw import generator
from demo.targets import EDGES, Target

GRID = 64  #: fields spread evenly over the sphere
SIDE = 100  #: pixels
FIELD = 0.45  #: degrees; side of a tile
MAPS = 14  #: flux maps
CATALOGUES = tuple(BANDS)[:7]
_BEGIN = datetime(2023, 1, 15, 3, tzinfo=UTC)


def make_survey(shelf: Shelf) -> None:
    """Every product of the survey, on the shelf."""
    for number, target in enumerate(_fields()):
        band = tuple(BANDS)[number % len(BANDS)]
        origin = _origin("SYNTHETIC-SKY", "SYNTHETIC-2M", "SYNTHCAM", "IMAGE,JITTER", target, number, band)
        wcs = Gnomonic(target.ra, target.dec, FIELD / SIDE, SIDE, SIDE, angle=17.0 * (number % 5))
        stem = f"sky_{number:03d}_{band}"
        put_image(origin, wcs, stem, shelf, with_sources=number % 4 == 0, channel="EDP")
    for number, target in enumerate(tuple(_fields())[3 :: len(EDGES) // 4][:MAPS]):
        _put_flux_map(target, number, shelf)
    for number, band in enumerate(CATALOGUES):
        _put_catalogue(band, number, shelf)


def _fields() -> Iterator[Target]:
    """The edges of the sphere, then a Fibonacci grid: equal areas, no preferred meridian."""
    yield from EDGES
    for i in range(GRID):
        dec = float(np.degrees(np.arcsin(1 - (2 * i + 1) / GRID)))
        ra = (i * 222.492235949962) % 360
        yield Target(f"Sky field {i:03d}", round(ra, 6), round(dec, 6))


def _origin(
    collection: str, telescope: str, instrument: str, tech: str, target: Target, number: int, band: str = ""
) -> Origin:
    """The origin of a survey product: one visit of 15 minutes per field."""
    start = _BEGIN + timedelta(days=3 * number, minutes=7 * number)
    return Origin(
        collection=collection,
        telescope=telescope,
        instrument=instrument,
        target=target,
        obstech=tech,
        start=start,
        end=start + timedelta(seconds=900),
        exptime=900.0,
        texptime=900.0,
        filter=band,
    )


def _put_flux_map(target: Target, number: int, shelf: Shelf) -> None:
    """Write a bolometer map and the map of its noise, which must come with it (SCIENCE.IMAGE.FLUXMAP)."""
    origin = _origin("SYNTHETIC-SUBMM", "SYNTHETIC-12M", "SYNTHBOL", "CONTINUUM", target, number, "870um")
    stem = f"submm_{number:02d}"
    name, rms = f"{stem}_flux.fits", Attachment(f"{stem}_rms.fits", "ANCILLARY.RMSMAP", b"")
    rng = generator(name)
    wcs = Gnomonic(target.ra, target.dec, 0.5 / 60, 60, 60)
    pixels: Floats = picture(rng, scatter_stars(rng, 10, 60, 60), 60, 60, fwhm=3.6) * np.float32(0.004)
    head: list[Card] = [
        *primary_cards(origin, "SCIENCE.IMAGE.FLUXMAP", f"Synthetic 870 um map of {target.name}", (rms,)),
        *exposure_cards(origin),
        *identity_cards(shelf.next_id(), name, "EDP"),
        ("PRODLVL", 3, "Phase 3 product level"),
        ("BUNIT", "Jy/beam", "Physical unit of array values"),
        ("FLUXCAL", "ABSOLUTE", "Type of flux calibration"),
        ("FLUXERR", 15.0, "Uncertainty in flux scale (%)"),
        ("WAVELMIN", 778_000.0, "[nm] Minimum wavelength"),
        ("WAVELMAX", 1_000_000.0, "[nm] Maximum wavelength"),
        ("BNOISE", 0.004, "[Jy/beam] Median rms of the map"),
        ("MAPMODE", "SPIRAL", "Mapping mode"),
        ("FEBE1", "SYNTHBOL-SYNTHBACK", "Frontend-backend combination"),
        ("SKY_RES", 108.0, "[arcsec] FWHM of the beam"),
        ("SKY_RERR", 4.0, "[arcsec] Error of SKY_RES"),
        *wcs.cards(),
    ]
    shelf.put(origin.collection, name, primary(head, pixels))
    rms_head: list[Card] = [
        *primary_cards(origin, rms.category, f"Synthetic noise map of {target.name}"),
        *identity_cards(shelf.next_id(), rms.name, "EDP"),
        ("BUNIT", "Jy/beam", "Physical unit of array values"),
        *wcs.cards(),
    ]
    shelf.put(origin.collection, rms.name, primary(rms_head, np.full_like(pixels, 0.004)))


def _put_catalogue(band: str, number: int, shelf: Shelf) -> None:
    """Write a single-band catalogue of a square of sky (SCIENCE.CATALOG)."""
    target = Target(f"Catalogue area {band}", round((47.5 * number + 11.0) % 360, 6), -40.0 + 13.0 * number)
    origin = _origin("SYNTHETIC-SKY-CAT", "SYNTHETIC-2M", "SYNTHCAM", "IMAGE,JITTER", target, number, band)
    name = f"catalogue_{band}.fits"
    rng = generator(name)
    side, count = 1.5, 800
    half = side / 2 / np.cos(np.radians(target.dec))
    ra = (target.ra + rng.uniform(-half, half, count)) % 360
    dec = target.dec + rng.uniform(-side / 2, side / 2, count)
    magnitude = (BANDS[band].limit - rng.exponential(2.0, count)).astype(np.float32)
    source = np.array([f"SYN{band[0]}{i:06d}" for i in range(count)])
    fields = (
        Field("SOURCE_ID", source, "", "meta.id;meta.main", "Unique source identifier"),
        Field("RAJ2000", ra, "deg", "pos.eq.ra;meta.main", "Right ascension, ICRS"),
        Field("DEJ2000", dec, "deg", "pos.eq.dec;meta.main", "Declination, ICRS"),
        Field("MAG", magnitude, "mag", "phot.mag", "AB magnitude"),
        Field("MAGERR", np.full(count, 0.03, np.float32), "mag", "stat.error;phot.mag", "Error of MAG"),
        Field("CLASS", rng.integers(0, 2, count).astype(np.int16), "", "src.class", "0 is star, 1 is galaxy"),
    )
    corners = ((1, -1, -1), (2, 1, -1), (3, 1, 1), (4, -1, 1))
    head: list[Card] = [
        *primary_cards(origin, "SCIENCE.CATALOG", f"Synthetic catalogue in {band}"),
        *identity_cards(shelf.next_id(), name, "EDP"),
        ("OBSTECH", origin.obstech, "Technique of observation"),
        ("PHOTSYS", "AB", "Photometric system VEGA or AB"),
        ("ABMAGLIM", BANDS[band].limit, "[mag] 5-sigma limiting AB magnitude"),
        ("WAVELMIN", BANDS[band].low, "[nm] Minimum wavelength"),
        ("WAVELMAX", BANDS[band].high, "[nm] Maximum wavelength"),
        ("SKYSQDEG", round(side**2, 4), "[deg**2] Sky coverage"),
        *((f"FPRA{i}", round((target.ra + x * half) % 360, 6), "[deg] Footprint") for i, x, _ in corners),
        *((f"FPDE{i}", round(target.dec + y * side / 2, 6), "[deg] Footprint") for i, _, y in corners),
        ("M_EPOCH", False, "TRUE if resulting from multiple epochs"),
        ("APMATCHD", False, "TRUE if fluxes are aperture-matched"),
    ]
    cards: list[Card] = [("EXTNAME", "PHASE3CATALOG", "FITS Extension name")]
    columns = [field.cards(index) for index, field in enumerate(fields, 1)]
    shelf.put(origin.collection, name, primary(head) + table_extension(cards, rows_of(fields), columns))
