"""One valid batch of each category, also of kinds that the synthetic observatory does not make."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from demo.fitsbytes import Card, image_extension, primary, table_extension
from demo.products.pictures import Gnomonic, picture, scatter_stars
from demo.products.product import Origin, exposure_cards, primary_cards
from demo.products.tables import Field, rows_of
from demo.targets import Target
from tests.ingest.phase3.drafts import Draft

#: The standard to which the synthetic observatory writes.
SYNTHETIC = str(Path(__file__).parents[3] / "demo" / "phase3.toml")
START = datetime(2024, 2, 3, 4, tzinfo=UTC)


@dataclass(frozen=True)
class Sample:
    """A valid batch: the product, the files that go with it, and the standard for it."""

    main: Draft
    others: tuple[tuple[str, bytes], ...] = ()
    standard: str = SYNTHETIC

    def write(self, directory: Path, main: Draft | None = None, *, with_sums: bool = True) -> list[Path]:
        """Write the batch, ``main`` instead of the valid product."""
        path = (main or self.main).write(directory, with_sums=with_sums)
        paths = [path]
        for name, content in self.others:
            (directory / name).write_bytes(content)
            paths.append(directory / name)
        return paths


#: Where the synthetic observatory's batches come from: collection and ending of the main file's name.
_MADE = {
    "SCIENCE.SPECTRUM": ("SYNTHETIC-XSHOOTER", "_NIR_"),
    "SCIENCE.IMAGE": ("SYNTHETIC-HAWKI", "_tile.fits"),
    "SCIENCE.MEFIMAGE": ("SYNTHETIC-HAWKI", "_pawprint.fits"),
    "SCIENCE.IMAGE.FLUXMAP": ("SYNTHETIC-SUBMM", "_flux.fits"),
    "SCIENCE.CUBE.IFS": ("SYNTHETIC-MUSE", "_cube.fits"),
    "SCIENCE.SRCTBL": ("SYNTHETIC-HAWKI", "_sources.fits"),
    "SCIENCE.CATALOG": ("SYNTHETIC-SKY-CAT", "catalogue_J.fits"),
}
CATEGORIES = (*_MADE, "SCIENCE.VISIBILITY", "SCIENCE.MCATALOG", "SCIENCE.CATALOGTILE", "SCIENCE.IMAGE (MEF)")


def samples(products: list[Path]) -> dict[str, Sample]:
    """A valid batch of each category."""
    found = {category: _made(products, *place) for category, place in _MADE.items()}
    definition, tiles = catalogue_in_tiles()
    contents = [(tile.name, tile.to_bytes()) for tile in tiles]
    found["SCIENCE.VISIBILITY"] = Sample(visibility())
    found["SCIENCE.MCATALOG"] = Sample(definition, tuple(contents))
    found["SCIENCE.CATALOGTILE"] = Sample(tiles[0], ((definition.name, definition.to_bytes()), contents[1]))
    found["SCIENCE.IMAGE (MEF)"] = Sample(image_with_companions(), standard="8")
    return found


def _made(products: list[Path], collection: str, ending: str) -> Sample:
    """A product of the synthetic observatory with all files that it names, directly or not."""
    by_name = {path.name: path for path in products}
    main = next(path for path in products if path.parent.name == collection and ending in path.name)
    wanted: list[Path] = []
    waiting = [main]
    while waiting:
        path = waiting.pop()
        if path.suffix != ".fits":
            continue
        hdu = Draft.read(path.name, path.read_bytes()).hdus[0]
        names = [line[10:].split("'")[1].strip() for line in hdu.lines if line[:5] in ("ASSON", "PROV1")]
        new = [by_name[name] for name in names if name in by_name and by_name[name] not in (main, *wanted)]
        wanted += new
        waiting += new
    others = tuple((path.name, path.read_bytes()) for path in wanted)
    return Sample(Draft.read(main.name, main.read_bytes()), others)


def origin(name: str, ra: float, dec: float, **changes: object) -> Origin:
    """The origin of a product that is not ESO's."""
    made = Origin(
        collection="SYNTHETIC-TEST",
        telescope="SYNTHETIC-2M",
        instrument="SYNTHCAM",
        target=Target(name, ra, dec),
        obstech="IMAGE,JITTER",
        start=START,
        end=START + timedelta(seconds=1000),
        exptime=900.0,
        texptime=900.0,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def visibility() -> Draft:
    """SCIENCE.VISIBILITY: three baselines in six channels, OIFITS 1."""
    waves = np.linspace(1.55e-6, 1.75e-6, 6)
    u, v = np.array([40.0, 60.0, 20.0]), np.array([30.0, -10.0, -40.0])
    mjd = 60343.16726
    lengths = np.hypot(u, v)
    made = origin("HD 1", 10.0, -20.0, obstech="INTERFEROMETRY", exptime=30.0, texptime=90.0)
    head: list[Card] = [
        *primary_cards(made, "SCIENCE.VISIBILITY", "Synthetic visibilities of HD 1"),
        *exposure_cards(made),
        ("SPECSYS", "TOPOCENT", "Frame of reference"),
        ("WAVELMIN", 1550.0, "[nm] Minimum wavelength"),
        ("WAVELMAX", 1750.0, "[nm] Maximum wavelength"),
        ("SPEC_RES", 40.0, "Spectral resolving power"),
        ("SPEC_ERR", 8.0, "[nm] Statistical error"),
        ("SPEC_SYE", 1.0, "[nm] Systematic error"),
        ("CONTENT", "OIFITS1", "Version of OIFITS"),
        ("INSMODE", "GRISM_H", "Mode of the instrument"),
        ("BASE_MIN", round(float(lengths.min()), 3), "[m] Shortest baseline"),
        ("BASE_MAX", round(float(lengths.max()), 3), "[m] Longest baseline"),
        ("NUM_CHAN", 6, "Number of channels"),
        ("VIS2ERR", 5.0, "[%] Error of the squared visibility"),
        ("T3PHIERR", 2.0, "[deg] Error of the closure phase"),
    ]
    names: list[Card] = [("ARRNAME", "VLTI", ""), ("INSNAME", "SYNTH_H", "")]
    one, three = np.ones(1, np.int16), np.ones(3, np.int16)
    target = (
        Field("TARGET_ID", one),
        Field("TARGET", np.array(["HD 1"])),
        Field("RAEP0", np.array([10.0]), "deg"),
        Field("DECEP0", np.array([-20.0]), "deg"),
        Field("EQUINOX", np.array([2000.0], np.float32), "yr"),
    )
    array = (
        Field("TEL_NAME", np.array(["UT1", "UT2", "UT3"])),
        Field("STA_NAME", np.array(["U1", "U2", "U3"])),
        Field("STA_INDEX", np.arange(1, 4, dtype=np.int16)),
        Field("DIAMETER", np.full(3, 8.2, np.float32), "m"),
        Field("STAXYZ", np.zeros((3, 3)), "m"),
    )
    channels = (
        Field("EFF_WAVE", waves.astype(np.float32), "m"),
        Field("EFF_BAND", np.full(6, 4e-8, np.float32), "m"),
    )
    shape = (3, 6)
    times = (Field("MJD", np.full(3, mjd), "d"), Field("INT_TIME", np.full(3, 30.0), "s"))
    vis2 = (
        Field("TARGET_ID", three),
        Field("TIME", np.zeros(3), "s"),
        *times,
        Field("VIS2DATA", np.full(shape, 0.5)),
        Field("VIS2ERR", np.full(shape, 0.025)),
        Field("UCOORD", u, "m"),
        Field("VCOORD", v, "m"),
        Field("STA_INDEX", np.ones((3, 2), np.int16)),
        Field("FLAG", np.zeros(shape, np.int16)),
    )
    t3 = (
        Field("TARGET_ID", one),
        Field("TIME", np.zeros(1), "s"),
        Field("MJD", np.full(1, mjd), "d"),
        Field("INT_TIME", np.full(1, 30.0), "s"),
        Field("T3AMP", np.full((1, 6), 0.1)),
        Field("T3AMPERR", np.full((1, 6), 0.01)),
        Field("T3PHI", np.zeros((1, 6)), "deg"),
        Field("T3PHIERR", np.full((1, 6), 2.0), "deg"),
        Field("U1COORD", u[:1], "m"),
        Field("V1COORD", v[:1], "m"),
        Field("U2COORD", u[1:2], "m"),
        Field("V2COORD", v[1:2], "m"),
        Field("STA_INDEX", np.ones((1, 3), np.int16)),
        Field("FLAG", np.zeros((1, 6), np.int16)),
    )
    tables: tuple[tuple[str, tuple[Field, ...], list[Card]], ...] = (
        ("OI_TARGET", target, []),
        ("OI_ARRAY", array, names[:1]),
        ("OI_WAVELENGTH", channels, names[1:]),
        ("OI_VIS2", vis2, names),
        ("OI_T3", t3, names),
    )
    content = primary(head)
    for name, fields, cards in tables:
        more: list[Card] = [("EXTNAME", name, ""), ("OI_REVN", 1, ""), *cards]
        content += table_extension(more, rows_of(fields), _column_cards(fields))
    return Draft.read("hd1_visibility.fits", content)


def _column_cards(fields: tuple[Field, ...]) -> list[list[Card]]:
    """The cards of columns, empty UCDs left out."""
    found = []
    for number, each in enumerate(fields, 1):
        found.append([entry for entry in each.cards(number) if not entry[0].startswith("TUCD") or entry[1]])
    return found


def catalogue_in_tiles() -> tuple[Draft, list[Draft]]:
    """SCIENCE.MCATALOG and two tiles (SCIENCE.CATALOGTILE) of one degree beside each other."""
    tiles = [_tile(number) for number in (0, 1)]
    made = origin("Strip", 30.0, -10.0)
    head: list[Card] = [
        *_catalogue_cards(made, "SCIENCE.MCATALOG", "Synthetic catalogue in tiles"),
        ("SKYSQDEG", 1.9, "[deg**2] Sky coverage"),
    ]
    empty = tuple(replace(each, values=each.values[:0]) for each in _sources(0))
    stored = rows_of(_sources(0))[:0]
    columns = [each.cards(number) for number, each in enumerate(_sources(0), 1)]
    assert len(empty) == len(columns)
    names = np.array([tile.name for tile in tiles])
    listed = (Field("ORIGFILE", names, "", "meta.id;meta.file", "Name of the tile"),)
    content = primary(head) + table_extension([("EXTNAME", "PHASE3CATALOG", "")], stored, columns)
    content += table_extension([("EXTNAME", "PHASE3FILELIST", "")], rows_of(listed), _column_cards(listed))
    return Draft.read("strip_metadata.fits", content), tiles


def _tile(number: int) -> Draft:
    made = origin(f"Strip {number}", 29.5 + number, -10.0)
    half = 0.5
    low, high = 29.0 + number, 30.0 + number
    corners = ((low, -10.0 - half), (high, -10.0 - half), (high, -10.0 + half), (low, -10.0 + half))
    head: list[Card] = [
        *_catalogue_cards(made, "SCIENCE.CATALOGTILE", f"Synthetic catalogue, tile {number}"),
        ("SKYSQDEG", 0.95, "[deg**2] Sky coverage"),
        *((f"FPRA{i}", ra, "[deg] Footprint") for i, (ra, _) in enumerate(corners, 1)),
        *((f"FPDE{i}", dec, "[deg] Footprint") for i, (_, dec) in enumerate(corners, 1)),
    ]
    fields = _sources(number)
    columns = [each.cards(index) for index, each in enumerate(fields, 1)]
    content = primary(head) + table_extension([("EXTNAME", "PHASE3CATALOG", "")], rows_of(fields), columns)
    return Draft.read(f"strip_tile_{number}.fits", content)


def _catalogue_cards(made: Origin, category: str, title: str) -> list[Card]:
    return [
        *primary_cards(made, category, title),
        ("FILTER", "J", "Filter name"),
        ("OBSTECH", "IMAGE,JITTER", "Technique of observation"),
        ("PHOTSYS", "AB", "Photometric system"),
        ("ABMAGLIM", 21.5, "[mag] 5-sigma limit"),
        ("M_EPOCH", False, "one epoch"),
        ("APMATCHD", False, "not aperture-matched"),
    ]


def _sources(number: int) -> tuple[Field, ...]:
    """Forty sources of tile ``number``."""
    rng = np.random.default_rng(7 + number)
    count = 40
    return (
        Field(
            "SOURCE_ID",
            np.array([f"T{number}S{i:05d}" for i in range(count)]),
            "",
            "meta.id;meta.main",
            "Name",
        ),
        Field("RAJ2000", rng.uniform(29.01, 29.99, count) + number, "deg", "pos.eq.ra;meta.main", "RA"),
        Field("DEJ2000", rng.uniform(-10.45, -9.55, count), "deg", "pos.eq.dec;meta.main", "Dec"),
        Field("MAG", rng.uniform(15, 21, count).astype(np.float32), "mag", "phot.mag;em.IR.J", "Magnitude"),
        Field(
            "CLASS",
            rng.integers(0, 2, count).astype(np.int16),
            "",
            "src.class",
            "Class",
            None,
            (("TNULL5", -1),),
        ),
    )


def image_with_companions() -> Draft:
    """SCIENCE.IMAGE in the format of several extensions: data, errors, quality (version 8)."""
    wcs = Gnomonic(150.0, 2.0, 0.2 / 3600, 60, 60)
    rng = np.random.default_rng(11)
    pixels = picture(rng, scatter_stars(rng, 8, 60, 60), 60, 60)
    made = origin("Field", 150.0, 2.0, filter="J")
    head: list[Card] = [
        *primary_cards(made, "SCIENCE.IMAGE", "Synthetic image with companions"),
        *exposure_cards(made),
        ("FLUXCAL", "ABSOLUTE", "Type of flux calibration"),
    ]
    photometry: list[Card] = [
        ("BUNIT", "electron/s", "Physical unit"),
        ("PHOTZP", 25.0, "[mag] Zero point"),
        ("PHOTZPER", 0.03, "[mag] Error of the zero point"),
        ("PHOTSYS", "AB", "Photometric system"),
        ("ABMAGLIM", 22.5, "[mag] Limit"),
        ("ABMAGSAT", 13.0, "[mag] Saturation"),
        ("PSF_FWHM", 0.8, "[arcsec] Width of a point"),
        ("ELLIPTIC", 0.05, "Ellipticity"),
    ]
    parts: tuple[tuple[str, str, list[Card], dict[str, str], NDArray[np.generic]], ...] = (
        ("SCI", "DATA", photometry, {"ERRDATA": "ERR", "QUALDATA": "DQ"}, pixels),
        ("ERR", "ERROR", [], {"HDUCLAS3": "RMSE", "SCIDATA": "SCI", "QUALDATA": "DQ"}, np.ones_like(pixels)),
        (
            "DQ",
            "QUALITY",
            [],
            {"HDUCLAS3": "FLAG16BIT", "SCIDATA": "SCI", "ERRDATA": "ERR"},
            np.zeros(pixels.shape, np.int16),
        ),
    )
    content = primary(head)
    for name, kind, more, references, array in parts:
        cards: list[Card] = [
            ("EXTNAME", name, ""),
            ("HDUCLASS", "ESO", ""),
            ("HDUDOC", "SDP", ""),
            ("HDUVERS", "SDP version 8", ""),
            ("HDUCLAS1", "IMAGE", ""),
            ("HDUCLAS2", kind, ""),
            *((key, value, "") for key, value in references.items()),
            *more,
            *wcs.cards(),
        ]
        content += image_extension(cards, array)
    draft = Draft.read("field_mef.fits", content)
    draft.hdus[0].set("ORIGIN", "TEST")
    return draft
