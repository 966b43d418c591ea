"""Broken products: valid ones with one thing (or a few) wrong, and the rules that must say so, no others."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.fitsbytes import image_extension
from tests.ingest.phase3.bench import Bench, change_rows, pixels, put, rows
from tests.ingest.phase3.drafts import Draft, Hdu

Rows = NDArray[np.void]

SPECTRUM, IMAGE, MOSAIC = "SCIENCE.SPECTRUM", "SCIENCE.IMAGE", "SCIENCE.MEFIMAGE"
MAP, CUBE, VISIBILITY = "SCIENCE.IMAGE.FLUXMAP", "SCIENCE.CUBE.IFS", "SCIENCE.VISIBILITY"
SOURCES, CATALOG, MCATALOG = "SCIENCE.SRCTBL", "SCIENCE.CATALOG", "SCIENCE.MCATALOG"
TILE, MEF = "SCIENCE.CATALOGTILE", "SCIENCE.IMAGE (MEF)"


@dataclass(frozen=True)
class Case:
    """One broken product.

    Attributes
    ----------
    rules : frozenset of str
        The rules of all errors and warnings of the batch.
    """

    title: str
    category: str
    rules: frozenset[str]
    spoil: Callable[[Bench], None]


CASES: list[Case] = []


def case(
    title: str, category: str, *rules: str
) -> Callable[[Callable[[Bench], None]], Callable[[Bench], None]]:
    """Register a function that breaks a product."""

    def register(spoil: Callable[[Bench], None]) -> Callable[[Bench], None]:
        CASES.append(Case(title, category, frozenset(rules), spoil))
        return spoil

    return register


def simple(title: str, category: str, rules: str, hdu: int = 0, **cards: str | float | bool) -> None:
    """A product with other values of keywords."""
    CASES.append(Case(title, category, frozenset(rules.split()), lambda bench: bench.set(hdu, **cards)))


def without(title: str, category: str, rules: str, hdu: int, *keywords: str) -> None:
    """A product without keywords."""
    CASES.append(
        Case(title, category, frozenset(rules.split()), lambda bench: bench.main.hdus[hdu].remove(*keywords))
    )


# ---------------------------------------------------------------- files and FITS structure


@case("no FITS at all", IMAGE, "NOT_FITS", "ASSOCIATION_ORPHAN", "FILE_UNKNOWN")
def _(bench: Bench) -> None:
    bench.bytes = lambda content: b"\x89PNG" + content[4:]


@case("an empty file", SPECTRUM, "EMPTY")
def _(bench: Bench) -> None:
    bench.bytes = lambda content: b""


@case("cut off in the data", SPECTRUM, "TRUNCATED")
def _(bench: Bench) -> None:
    bench.bytes = lambda content: content[:20_000]


@case("cut off in a header", SPECTRUM, "TRUNCATED")
def _(bench: Bench) -> None:
    bench.bytes = lambda content: content[:3000]


@case("last block not filled up", SPECTRUM, "PADDING")
def _(bench: Bench) -> None:
    bench.bytes = lambda content: content[:-100]


@case("BITPIX that FITS does not have", IMAGE, "STRUCTURE", "ASSOCIATION_ORPHAN", "FILE_UNKNOWN")
def _(bench: Bench) -> None:
    bench.set(BITPIX=12)


@case("bytes behind the last HDU", SPECTRUM, "TRAILING_BYTES")
def _(bench: Bench) -> None:
    bench.bytes = lambda content: content + b"x" * 2880


@case("a keyword in small letters", SPECTRUM, "BAD_CARD")
def _(bench: Bench) -> None:
    bench.head.lines.append("observer= 'me      '".ljust(80))


@case("bytes that are not ASCII in a comment", SPECTRUM, "BAD_BYTES", "CHECKSUM_WRONG")
def _(bench: Bench) -> None:
    bench.bytes = lambda content: content.replace(b"/ Synthetic", b"/ Synth\xe9tic", 1)


@case("other bytes behind the data", SPECTRUM, "FILL_BYTES")
def _(bench: Bench) -> None:
    # Four bytes of zero in ones' complement: the checksums stay right.
    bench.bytes = lambda content: content[:-4] + b"\xff\xff\xff\xff"


@case("mandatory keywords in another order", SPECTRUM, "CARD_ORDER")
def _(bench: Bench) -> None:
    lines = bench.head.lines
    lines[1], lines[2] = lines[2], lines[1]


@case("a keyword twice", SPECTRUM, "KEYWORD_TWICE")
def _(bench: Bench) -> None:
    bench.head.lines.append(next(line for line in bench.head.lines if line.startswith("SNR")))


@case("a long string over two cards", SPECTRUM, "LONG_STRING")
def _(bench: Bench) -> None:
    bench.head.lines += ["LONGNOTE= 'one half&'".ljust(80), "CONTINUE  'and the other'".ljust(80)]


simple("LONGSTRN announces them", SPECTRUM, "KEYWORD_FORBIDDEN", LONGSTRN="OGIP 1.0")


simple("a format that FITS does not have", CATALOG, "TFORM_FORM", 1, TFORM4="1Z")


@case("NAXIS1 that does not fit the columns", CATALOG, "TABLE_WIDTH")
def _(bench: Bench) -> None:
    bench.set(1, TFORM6="J")


@case("a compressed table", CATALOG, "TABLE_COMPRESSED")
def _(bench: Bench) -> None:
    bench.set(1, ZTABLE=True)


@case("a spectrum without its extension", SPECTRUM, "NO_DATA", "SPECTRUM_LAYOUT")
def _(bench: Bench) -> None:
    del bench.main.hdus[1]


@case("two extensions of one name", MOSAIC, "EXTNAME_TWICE")
def _(bench: Bench) -> None:
    bench.set(2, EXTNAME="CHIP1.INT1")


@case("a name that is too long", SPECTRUM, "FILE_NAME_LENGTH")
def _(bench: Bench) -> None:
    bench.main.name = "x" * 70 + ".fits"


@case("a suffix that is not .fits", SPECTRUM, "FILE_NAME_SUFFIX")
def _(bench: Bench) -> None:
    bench.main.name = "spectrum.fit"


@case("blanks in a name", SPECTRUM, "FILE_NAME_CHARACTERS")
def _(bench: Bench) -> None:
    bench.main.name = "my spectrum.fits"


# ---------------------------------------------------------------- checksums


@case("a changed byte of the data", SPECTRUM, "DATASUM_WRONG", "CHECKSUM_WRONG")
def _(bench: Bench) -> None:
    bench.bytes = lambda content: content[:-3000] + bytes([content[-3000] ^ 1]) + content[-2999:]


@case("a changed header", SPECTRUM, "CHECKSUM_WRONG")
def _(bench: Bench) -> None:
    bench.bytes = lambda content: content.replace(b"synthetic/1.0", b"synthetic/1.1", 1)


without("no checksums", SPECTRUM, "KEYWORD_MISSING", 1, "CHECKSUM", "DATASUM")

# ---------------------------------------------------------------- keywords

without("no category", SPECTRUM, "CATEGORY_MISSING", 0, "PRODCATG")
simple("an unknown category", SPECTRUM, "CATEGORY_UNKNOWN", PRODCATG="SCIENCE.SPECTRA")
without("a mandatory keyword is missing", SPECTRUM, "KEYWORD_MISSING", 0, "SPECSYS")
without("a recommended keyword is missing", SPECTRUM, "KEYWORD_RECOMMENDED", 0, "SPEC_ERR")
simple("BUNIT in a spectrum", SPECTRUM, "KEYWORD_FORBIDDEN", BUNIT="adu")
simple("CDELT in an image", IMAGE, "KEYWORD_FORBIDDEN", CDELT1=1.0)
simple("SPEC_BIN in a cube", CUBE, "KEYWORD_FORBIDDEN", SPEC_BIN=0.1)
simple("ABMAGLIM in a flux map", MAP, "KEYWORD_FORBIDDEN", ABMAGLIM=20.0)
simple("PRODCATG in an extension", MOSAIC, "KEYWORD_PLACE", 1, PRODCATG="SCIENCE.MEFIMAGE")
simple("polarisation without asking", IMAGE, "KEYWORD_CONTACT", STOKES="/I/Q/")


@case("the former name of RADESYS", IMAGE, "KEYWORD_SPELLING")
def _(bench: Bench) -> None:
    bench.head.rename("RADESYS", "RADECSYS")


simple("a number as a string", SPECTRUM, "KEYWORD_TYPE", SNR="33.3")
simple("a real number of files", SPECTRUM, "KEYWORD_TYPE", NCOMBINE=2.5)
simple("a logical as a string", SPECTRUM, "KEYWORD_TYPE", CONTNORM="F")
simple("an empty string", SPECTRUM, "KEYWORD_BLANK", PROCSOFT="")
simple("a value that is not in the list", SPECTRUM, "KEYWORD_VALUE", SPECSYS="BARYCENTRIC")
simple("a DOI that is none", SPECTRUM, "KEYWORD_FORM", REFERENC="in preparation")
simple("a declination beyond the pole", CATALOG, "KEYWORD_RANGE", DEC=91.0)


@case("another unit in the comment", SPECTRUM, "KEYWORD_UNIT")
def _(bench: Bench) -> None:
    at = bench.head.position("WAVELMIN") or 0
    bench.head.lines[at] = bench.head.lines[at].replace("[nm]", "[um]")


simple("another target in the extension", SPECTRUM, "KEYWORD_DIFFERS SPECTRUM_TITLE", 1, OBJECT="HD 12345")


@case("a gap in the list of OBs", IMAGE, "KEYWORD_INDEX")
def _(bench: Bench) -> None:
    bench.set(OBID3=4100999)


@case("numbers with leading zeros", IMAGE, "KEYWORD_INDEX", "KEYWORD_MISSING")
def _(bench: Bench) -> None:
    bench.head.rename("OBID1", "OBID001")


@case("the same file twice in PROV", IMAGE, "KEYWORD_REPEATED")
def _(bench: Bench) -> None:
    bench.set(PROV2=bench.head.value("PROV1").strip("'"))


simple("MULTI without a list", IMAGE, "KEYWORD_MULTI", FILTER="MULTI")
simple("a list without MULTI", IMAGE, "KEYWORD_MULTI", INSTR1="HAWKI", INSTR2="VIRCAM")
simple("a unit that nobody knows", IMAGE, "UNIT_FORM", BUNIT="bananas")
simple("a UCD with an unknown word", SPECTRUM, "UCD_FORM", 1, TUCD4="meta.quality")


@case("FK5 without EQUINOX", IMAGE, "KEYWORD_MISSING")
def _(bench: Bench) -> None:
    bench.head.remove("EQUINOX")
    bench.set(RADESYS="FK5")


without("external spectra must tell EXT_OBJ", SPECTRUM, "KEYWORD_MISSING", 0, "EXT_OBJ", "P3ORIG")


@case("ELLIPTIC is due for VIRCAM", IMAGE, "KEYWORD_MISSING")
def _(bench: Bench) -> None:
    bench.head.remove("ELLIPTIC")
    bench.set(INSTRUME="VIRCAM")


# ---------------------------------------------------------------- values of one header

simple("an end before the start", CATALOG, "TIME_ORDER", MJD__END=50000.0)
simple("an end in the future", CATALOG, "TIME_FUTURE", MJD__END=99999.0)
simple("more time per pixel than in all", IMAGE, "EXPTIME_ORDER", EXPTIME=9000.0)
simple("minutes instead of seconds", IMAGE, "EXPTIME_SHARE", EXPTIME=0.5)
simple("hours instead of seconds, one exposure", MEF, "EXPTIME_RATIO", EXPTIME=0.25)
simple("more exposure than time", IMAGE, "EXPTIME_SPAN EXPTIME_SHARE", TEXPTIME=99999.0)
simple(
    "a total flux that is not calibrated",
    SPECTRUM,
    "FLUX_TOTAL FLUXERR_UNCALIBRATED SPECTRUM_UCD_UNCALIBRATED",
    TOT_FLUX=True,
    FLUXCAL="UNCALIBRATED",
)
simple("an error of -1 % with calibrated flux", SPECTRUM, "FLUXERR_ABSOLUTE", FLUXERR=-1.0)
simple("an uncalibrated flux map", MAP, "FLUXCAL_MAP", FLUXCAL="UNCALIBRATED")
simple("wavelengths the wrong way round", VISIBILITY, "WAVELENGTH_ORDER OIFITS_LIMITS", WAVELMIN=1800.0)
simple("a limit brighter than saturation", IMAGE, "MAGNITUDE_ORDER", ABMAGSAT=29.0)
simple("no width of a point", IMAGE, "PSF_WIDTH", PSF_FWHM=-1.0)
simple("a width of zero on a chip", MOSAIC, "PSF_WIDTH_CHIP", 1, PSF_FWHM=0.0)
simple("a wrong middle of the range", SPECTRUM, "SPECTRUM_MIDDLE", 1, SPEC_VAL=1000.0)
simple("a wrong width of the range", SPECTRUM, "SPECTRUM_WIDTH", 1, SPEC_BW=1000.0)
simple("a wrong middle of the time", SPECTRUM, "SPECTRUM_TMID", 1, TMID=60000.0)
simple("a wrong elapsed time", SPECTRUM, "SPECTRUM_TELAPSE", 1, TELAPSE=1.0)
simple("a title without the target", SPECTRUM, "SPECTRUM_TITLE", 1, TITLE="Spectrum 1")
simple("a resolving power that cannot be", SPECTRUM, "SPECTRUM_SAMPLING", SPEC_RES=9e6)
simple("baselines the wrong way round", VISIBILITY, "BASELINE_ORDER OIFITS_BASELINES", BASE_MIN=1000.0)
simple("EXTNAME in the primary header", CATALOG, "CATALOGUE_EXTNAME", EXTNAME="CATALOG")
simple("an image that is not calibrated", MEF, "IMAGE_FLUXCAL", FLUXCAL="UNCALIBRATED")

# ---------------------------------------------------------------- world coordinates

simple("a projection that nobody knows", IMAGE, "WCS_UNUSABLE", CTYPE1="RA---XYZ", CTYPE2="DEC--XYZ")
simple("axes that are not of the sky", IMAGE, "WCS_AXES", CTYPE1="LINEAR", CTYPE2="LINEAR")
simple("coordinates in radians", IMAGE, "WCS_UNIT KEYWORD_UNIT", CUNIT1="rad", CUNIT2="rad")
simple("pixels without area", IMAGE, "WCS_SINGULAR", CD1_1=0.0, CD1_2=0.0, CD2_1=0.0, CD2_2=0.0)
simple("pixels ten times as high as wide", IMAGE, "WCS_SCALE", CD1_1=-1e-5, CD1_2=0.0, CD2_1=0.0, CD2_2=1e-4)
simple("RA and DEC elsewhere", IMAGE, "WCS_POSITION", RA=1.0, DEC=1.0)
simple("a reference beyond the pole", IMAGE, "WCS_REFERENCE", CRVAL2=100.0)
simple("a second set of coordinates", IMAGE, "WCS_SEVERAL", CTYPE1A="GLON-TAN")


@case("RA and DEC at the edge", IMAGE, "WCS_CENTRE")
def _(bench: Bench) -> None:
    bench.set(DEC=float(bench.head.value("DEC")) + 0.055)


# ---------------------------------------------------------------- images, maps and cubes


@case("data in the primary HDU of a mosaic", MOSAIC, "PRIMARY_DATA")
def _(bench: Bench) -> None:
    bench.head.set("NAXIS", 2)
    bench.head.lines[3:3] = [f"NAXIS{i}  =                    2".ljust(80) for i in (1, 2)]
    bench.head.data = bytes(4)


@case("no image in the primary HDU", IMAGE, "PRIMARY_IMAGE", "NO_DATA", "WCS_UNUSABLE")
def _(bench: Bench) -> None:
    bench.head.set("NAXIS", 0)
    bench.head.remove("NAXIS1", "NAXIS2")
    bench.head.data = b""


@case("a mosaic without images", MOSAIC, "IMAGE_MISSING", "NO_DATA")
def _(bench: Bench) -> None:
    del bench.main.hdus[1:]


@case("a plane with a third axis", MOSAIC, "IMAGE_AXES", "KEYWORD_MISSING")
def _(bench: Bench) -> None:
    bench.ext.set("NAXIS", 3)
    at = bench.ext.position("NAXIS2") or 0
    bench.ext.lines.insert(at + 1, "NAXIS3  =                    1".ljust(80))


@case("nothing but NaN", IMAGE, "IMAGE_EMPTY")
def _(bench: Bench) -> None:
    pixels(bench.head, lambda values: values.fill(np.nan))


@case("all pixels the same", IMAGE, "IMAGE_CONSTANT")
def _(bench: Bench) -> None:
    pixels(bench.head, lambda values: values.fill(1.0))


simple("a width in degrees", MAP, "IMAGE_SAMPLING", SKY_RES=0.03)
simple("magnitudes as unit of pixels", IMAGE, "IMAGE_BUNIT", BUNIT="mag")
simple("a map that is not per beam", MAP, "MAP_BUNIT", BUNIT="Jy")
simple("wavelengths of another filter", IMAGE, "FILTER_LIMITS", WAVELMIN=400.0, WAVELMAX=500.0)
simple("angstrom for one limit", MAP, "BAND_WIDTH", WAVELMAX=1e7)
simple("a noise in mJy", MAP, "MAP_NOISE", BNOISE=4.0)


@case("a cube without planes", CUBE, "CUBE_MISSING", "CUBE_AXES", "HDUCLASS_SHAPE")
def _(bench: Bench) -> None:
    bench.ext.set("NAXIS", 2)
    bench.ext.remove("NAXIS3")
    bench.ext.data = bench.ext.data[: 30 * 30 * 4]


@case(
    "another image in a cube's file",
    CUBE,
    "CUBE_SEVERAL",
    "CUBE_AXES",
    "KEYWORD_MISSING",
    "KEYWORD_RECOMMENDED",
    "ASSOCIATION_SHAPE",
)
def _(bench: Bench) -> None:
    extra = image_extension([("EXTNAME", "SKY", "")], np.zeros((4, 4), np.float32))
    bench.main.hdus.append(Draft.read("x", bench.head.to_bytes() + extra).hdus[1])


simple("a third axis of another kind", CUBE, "CUBE_AXIS HDUCLASS_WCS", 1, CTYPE3="LINEAR")
simple("a third axis in seconds", CUBE, "CUBE_UNIT HDUCLASS_WCS WCS_UNUSABLE KEYWORD_UNIT", 1, CUNIT3="s")
simple("limits in angstrom", CUBE, "CUBE_LIMITS", WAVELMIN=4750.0, WAVELMAX=9350.0)
simple("limits in vacuum of an axis in air", CUBE, "CUBE_MEDIUM", WAVELMIN=475.1328, WAVELMAX=935.3325)
simple("a cube in counts", CUBE, "CUBE_BUNIT", BUNIT="adu")


@case("a cube without errors", CUBE, "CUBE_ERROR", "HDUCLASS_REFERENCE")
def _(bench: Bench) -> None:
    del bench.main.hdus[2]


simple("a kind of data that is not in the list", CUBE, "HDUCLASS_KIND", 1, HDUCLAS1="TABLE")
simple("a kind of error that is not in the list", CUBE, "HDUCLASS_DETAIL", 2, HDUCLAS3="SIGMA")
simple("a reference that leads nowhere", CUBE, "HDUCLASS_REFERENCE", 1, ERRDATA="NOISE")
simple("errors at another place", CUBE, "HDUCLASS_WCS", 2, CRVAL1=11.0)
simple("a later version of the standard", CUBE, "HDUCLASS_VERSION", 1, HDUVERS="SDP version 99")
simple("a reference to itself", MEF, "HDUCLASS_SELF", 1, SCIDATA="SCI")


@case("errors of another size", CUBE, "HDUCLASS_SHAPE")
def _(bench: Bench) -> None:
    bench.main.hdus[2].set("NAXIS3", 10)
    bench.main.hdus[2].data = bench.main.hdus[2].data[: 30 * 30 * 10 * 4]


# ---------------------------------------------------------------- spectra


@case("two spectra in a file", SPECTRUM, "SPECTRUM_LAYOUT")
def _(bench: Bench) -> None:
    second = Draft.read("x", bench.main.to_bytes()).hdus[1]
    second.set("EXTNAME", "SECOND")
    bench.main.hdus.append(second)


@case("two rows", SPECTRUM, "SPECTRUM_ROWS")
def _(bench: Bench) -> None:
    put(bench.ext, rows(bench.ext)[[0, 0]])


@case("a heap", SPECTRUM, "SPECTRUM_HEAP")
def _(bench: Bench) -> None:
    bench.ext.data += bytes(16)
    bench.set(1, PCOUNT=16)


simple("NELEM that is not the length", SPECTRUM, "SPECTRUM_NELEM", 1, NELEM=17)
simple("a first column of another name", SPECTRUM, "SPECTRUM_COLUMNS", 1, TTYPE1="LAMBDA")
simple("a background under its former name", SPECTRUM, "SPECTRUM_SKYBACK", 1, TTYPE4="SKYBACK")
simple("a UType of another kind", SPECTRUM, "SPECTRUM_UTYPE", 1, TUTYP2="Spectrum.Data.TimeAxis.Value")
simple(
    "a prefix of version 2 in version 1",
    SPECTRUM,
    "SPECTRUM_UTYPE_PREFIX",
    1,
    TUTYP2="spec:Data.FluxAxis.Value",
)
simple(
    "a second flux without a main one",
    SPECTRUM,
    "SPECTRUM_VOCLASS SPECTRUM_UCD_MAIN",
    1,
    TUTYP4="eso:Data.FluxAxis.Value",
    TUCD2="phot.flux.density;em.wl",
)
simple("a UCD of a magnitude for the flux", SPECTRUM, "SPECTRUM_UCD", 1, TUCD2="phot.mag;em.wl")
simple(
    "calibrated flux with an uncalibrated UCD",
    SPECTRUM,
    "SPECTRUM_UCD_UNCALIBRATED",
    1,
    TUCD2="phot.flux.density;em.wl;stat.uncalib;meta.main",
)
simple("a normalised flux that has a unit", SPECTRUM, "SPECTRUM_NORMALISED", CONTNORM=True)
simple("an axis in seconds", SPECTRUM, "SPECTRUM_UNIT", 1, TUNIT1="s")
simple("a calibrated flux in counts", SPECTRUM, "SPECTRUM_FLUX_UNIT SPECTRUM_ERROR_UNIT", 1, TUNIT2="adu")
simple("errors in percent", SPECTRUM, "SPECTRUM_ERROR_UNIT", 1, TUNIT3="%")
simple(
    "limits in angstrom in a spectrum",
    SPECTRUM,
    "SPECTRUM_LIMITS SPECTRUM_MIDDLE SPECTRUM_WIDTH",
    WAVELMIN=9940.6,
    WAVELMAX=24789.6,
)
simple("TDMIN that is not the first element", SPECTRUM, "SPECTRUM_TDMIN", 1, TDMIN1=500.0)
simple("a bin in angstrom", SPECTRUM, "SPECTRUM_BIN", SPEC_BIN=3.3)
simple("a signal to noise far from the data", SPECTRUM, "SPECTRUM_SNR", SNR=9999.0)


@case("limits in air of an axis in vacuum", SPECTRUM, "SPECTRUM_MEDIUM", "SPECTRUM_MIDDLE", "SPECTRUM_WIDTH")
def _(bench: Bench) -> None:
    low, high = (float(bench.head.value(keyword)) for keyword in ("WAVELMIN", "WAVELMAX"))
    # n - 1 of standard air is 2.74e-4 at 1 um and 2.73e-4 at 2.5 um (Ciddor 1996, rounded).
    bench.set(WAVELMIN=low / 1.000274, WAVELMAX=high / 1.0002733)


@case("coordinates that go back", SPECTRUM, "SPECTRUM_ORDER")
def _(bench: Bench) -> None:
    def swap(found: Rows) -> None:
        found["f1"][0, 10:12] = found["f1"][0, 11], found["f1"][0, 10]

    change_rows(bench.ext, swap)


@case("an infinite flux", SPECTRUM, "SPECTRUM_FINITE")
def _(bench: Bench) -> None:
    change_rows(bench.ext, lambda found: found["f2"].__setitem__((0, 5), np.inf))


@case("a flux of zeros", SPECTRUM, "SPECTRUM_EMPTY", "SPECTRUM_SNR")
def _(bench: Bench) -> None:
    change_rows(bench.ext, lambda found: found["f2"].fill(0))


@case("negative errors", SPECTRUM, "SPECTRUM_NEGATIVE_ERROR")
def _(bench: Bench) -> None:
    change_rows(bench.ext, lambda found: found["f3"].__setitem__((0, 5), -1e-17))


@case("negative flags", SPECTRUM, "SPECTRUM_QUALITY")
def _(bench: Bench) -> None:
    change_rows(bench.ext, lambda found: found["f4"].__setitem__((0, 5), -2))


# ---------------------------------------------------------------- optical interferometry


@case("no closure phases", VISIBILITY, "OIFITS_TABLE")
def _(bench: Bench) -> None:
    del bench.main.hdus[5]


simple("a revision of the table that is not that of the file", VISIBILITY, "OIFITS_REVISION", 4, OI_REVN=2)
simple("an instrument without wavelengths", VISIBILITY, "OIFITS_REFERENCE", 4, INSNAME="OTHER")
simple("a column of another name", VISIBILITY, "OIFITS_COLUMNS", 5, TTYPE7="PHASE")
simple("wavelengths in um", VISIBILITY, "OIFITS_LIMITS", WAVELMIN=1.55, WAVELMAX=1.75)
simple("another number of channels", VISIBILITY, "OIFITS_CHANNELS", NUM_CHAN=7)
simple("baselines in km", VISIBILITY, "OIFITS_BASELINES", BASE_MIN=0.04472, BASE_MAX=0.06083)
simple("another target", VISIBILITY, "OIFITS_TARGET", RA=11.0)
simple("an error as a fraction", VISIBILITY, "OIFITS_ERRORS", VIS2ERR=0.05)
simple("another integration time", VISIBILITY, "OIFITS_EXPTIME", EXPTIME=60.0)

# ---------------------------------------------------------------- source lists and catalogues


@case("a table of another name", CATALOG, "TABLE_MISSING")
def _(bench: Bench) -> None:
    bench.set(1, EXTNAME="SOURCES")


@case("two catalogues in a file", CATALOG, "TABLE_SEVERAL", "EXTNAME_TWICE")
def _(bench: Bench) -> None:
    bench.main.hdus.append(Draft.read("x", bench.main.to_bytes()).hdus[1])


simple("a name with a blank", CATALOG, "COLUMN_NAME", 1, TTYPE4="J mag")
simple("a reserved name", CATALOG, "COLUMN_RESERVED", 1, TTYPE4="Dec")
simple("names that differ by case", CATALOG, "COLUMN_TWICE", 1, TTYPE4="rAJ2000")
simple("values beyond TDMAX", CATALOG, "COLUMN_LIMITS", 1, TDMAX4=10.0)
simple("TNULL on a column of reals", CATALOG, "COLUMN_NULL", 1, TNULL4=-1)


@case("a column of bits", CATALOG, "COLUMN_FORMAT")
def _(bench: Bench) -> None:
    bench.set(1, TFORM6="16X")


@case("an infinite magnitude", CATALOG, "COLUMN_INFINITE")
def _(bench: Bench) -> None:
    change_rows(bench.ext, lambda found: found["f4"].__setitem__(3, np.inf))


@case("a column of nothing but NaN", CATALOG, "COLUMN_EMPTY")
def _(bench: Bench) -> None:
    change_rows(bench.ext, lambda found: found["f4"].fill(np.nan))


simple("no identifier", CATALOG, "CATALOGUE_ID", 1, TUCD1="meta.id")


@case("an identifier twice", CATALOG, "CATALOGUE_ID_TWICE")
def _(bench: Bench) -> None:
    change_rows(bench.ext, lambda found: found["f1"].__setitem__(3, found["f1"][4]))


@case("a row without identifier", CATALOG, "CATALOGUE_ID_NULL")
def _(bench: Bench) -> None:
    change_rows(bench.ext, lambda found: found["f1"].__setitem__(3, b""))


simple("positions in radians", CATALOG, "CATALOGUE_POSITION", 1, TUNIT2="rad")
simple("a footprint with too few corners", CATALOG, "FOOTPRINT_CORNERS", FPRA5=1.0)
simple("a centre outside the footprint", CATALOG, "FOOTPRINT_CENTRE", RA=200.0)
simple("an area in square arc minutes", CATALOG, "FOOTPRINT_AREA", SKYSQDEG=8100.0)


@case("a declination of 200 degrees", CATALOG, "CATALOGUE_POSITION_RANGE")
def _(bench: Bench) -> None:
    change_rows(bench.ext, lambda found: found["f3"].__setitem__(3, 200.0))


@case("sources outside the footprint", CATALOG, "CATALOGUE_OUTSIDE")
def _(bench: Bench) -> None:
    change_rows(bench.ext, lambda found: found["f3"].__setitem__(slice(0, 80), 89.0))


@case("a footprint the wrong way round", CATALOG, "FOOTPRINT_ORDER")
def _(bench: Bench) -> None:
    for keyword in ("FPRA", "FPDE"):
        values = [float(bench.head.value(f"{keyword}{i}")) for i in range(1, 5)]
        for i, value in enumerate(reversed(values), 1):
            bench.head.set(f"{keyword}{i}", value)


simple("a link without target", CATALOG, "CATALOGUE_LINK", 1, TXLNK1="CATALOG")
simple(
    "a link to a catalogue that is not there",
    CATALOG,
    "CATALOGUE_LINK_TARGET",
    1,
    TXLNK1="CATALOG",
    TXRGF="other.fits",
    TXCTY="ID",
)
simple("links to files that are not there", CATALOG, "CATALOGUE_LINK_FILE", 1, TXLNK1="ORIGFILE")
simple("a list of files under another name", MCATALOG, "MCATALOG_FILES TILE_ALONE", 2, EXTNAME="FILES")


@case("rows in the metadata file", MCATALOG, "MCATALOG_ROWS", "COLUMN_EMPTY", "CATALOGUE_ID_NULL")
def _(bench: Bench) -> None:
    found = np.zeros(1, rows_dtype(bench.ext))
    found["f4"] = np.nan
    put(bench.ext, found)


def rows_dtype(hdu: Hdu) -> np.dtype[np.void]:
    """How the rows of a table are stored."""
    return rows(hdu).dtype


@case("a tile is missing", MCATALOG, "TILE_MISSING")
def _(bench: Bench) -> None:
    del bench.files[bench.name_of("tile_1.fits")]


@case("a tile without metadata file", TILE, "TILE_ALONE")
def _(bench: Bench) -> None:
    del bench.files[bench.name_of("metadata.fits")]


@case("a tile with another column", TILE, "TILE_COLUMNS")
def _(bench: Bench) -> None:
    bench.set(1, TUNIT4="mmag")


@case("an identifier in two tiles", TILE, "TILE_ID_TWICE")
def _(bench: Bench) -> None:
    change_rows(bench.ext, lambda found: found["f1"].__setitem__(3, b"T1S00003"))


@case("the metadata file tells another time", MCATALOG, "TILE_SUMMARY")
def _(bench: Bench) -> None:
    bench.set(MJD__OBS=60000.0)


# ---------------------------------------------------------------- associated files, provenance, identity


@case("an associated file is not there", IMAGE, "ASSOCIATION_MISSING")
def _(bench: Bench) -> None:
    del bench.files[bench.name_of("_preview.png")]


@case("a preview without category and checksum", IMAGE, "ASSOCIATION_INCOMPLETE")
def _(bench: Bench) -> None:
    bench.head.remove("ASSOC2", "ASSOM2")


@case("a preview with another checksum", IMAGE, "ASSOCIATION_MD5")
def _(bench: Bench) -> None:
    bench.files[bench.name_of("_preview.png")] += b"x"


simple("a category that differs from the file's", IMAGE, "ASSOCIATION_CATEGORY", ASSOC1="ANCILLARY.MASK")


@case("a science file as ancillary file", SOURCES, "ASSOCIATION_SCIENCE")
def _(bench: Bench) -> None:
    bench.set(ASSON1=bench.head.value("PROV1").strip("'"))


@case("associations of an ancillary file", IMAGE, "ASSOCIATION_NESTED")
def _(bench: Bench) -> None:
    preview = bench.name_of("_preview.png")
    digest = bench.head.value("ASSOM2").strip("'")

    def nest(draft: Draft) -> None:
        draft.hdus[0].set("ASSON1", preview)
        draft.hdus[0].set("ASSOC1", "ANCILLARY.PREVIEW")
        draft.hdus[0].set("ASSOM1", digest)

    bench.edit("_weight.fits", nest)


@case("an ancillary file that nobody names", IMAGE, "ASSOCIATION_ORPHAN")
def _(bench: Bench) -> None:
    bench.files["orphan.fits"] = bench.files[bench.name_of("_weight.fits")]


@case("a file that nobody names", SPECTRUM, "FILE_UNKNOWN")
def _(bench: Bench) -> None:
    bench.files["notes.txt"] = b"remember the milk"


@case("a flux map without noise", MAP, "ASSOCIATION_REQUIRED")
def _(bench: Bench) -> None:
    bench.edit("_rms.fits", lambda draft: draft.hdus[0].set("PRODCATG", "ANCILLARY.MASK"))


@case("a weight map of another size", IMAGE, "ASSOCIATION_SHAPE")
def _(bench: Bench) -> None:
    def cut(draft: Draft) -> None:
        draft.hdus[0].set("NAXIS2", 100)
        draft.hdus[0].data = draft.hdus[0].data[: 150 * 100 * 4]

    bench.edit("_weight.fits", cut)


simple("a pointer to an extension", IMAGE, "PROVENANCE_NAME PROVENANCE_UNRESOLVED", PROV1="raw.fits[1]")
simple("a file that nobody has", IMAGE, "PROVENANCE_UNRESOLVED", PROV1="night1.fits")
simple("more files combined than named", IMAGE, "PROVENANCE_COUNT", NCOMBINE=500)
simple("a raw file of another year", IMAGE, "PROVENANCE_TIME", PROV1="HAWKI.2011-01-01T00:00:00.000.fits")
simple("provenance in an extension that is not there", IMAGE, "PROVENANCE_EXTENSION", PROVXTN=True)


@case("a product made of itself", IMAGE, "PROVENANCE_CYCLE")
def _(bench: Bench) -> None:
    bench.set(PROV1=bench.main.name)


@case("a product made of its weight map", IMAGE, "PROVENANCE_ANCILLARY")
def _(bench: Bench) -> None:
    bench.set(PROV1=bench.name_of("_weight.fits"))


@case("sources of a raw file", SOURCES, "SOURCES_ORIGIN")
def _(bench: Bench) -> None:
    image = Draft.read("x", bench.files[bench.name_of("_tile.fits")]).hdus[0]
    bench.set(PROV1=image.value("PROV1").strip("'"))


@case(
    "two files of one name",
    SPECTRUM,
    "DUPLICATE_NAME",
    "DUPLICATE_IDENTITY",
    "DUPLICATE_DATA",
    "DUPLICATE_TITLE",
)
def _(bench: Bench) -> None:
    bench.files[f"again/{bench.main.name}"] = bench.main.to_bytes()


@case("the same data under another name", CATALOG, "DUPLICATE_IDENTITY", "DUPLICATE_DATA")
def _(bench: Bench) -> None:
    bench.files["again.fits"] = bench.main.to_bytes()


# ---------------------------------------------------------------- combinations


@case(
    "many things at once",
    SPECTRUM,
    "KEYWORD_MISSING",
    "KEYWORD_TYPE",
    "KEYWORD_RANGE",
    "SPECTRUM_ERROR_UNIT",
    "CHECKSUM_WRONG",
    "TIME_ORDER",
    "SPECTRUM_TELAPSE",
    "SPECTRUM_TMID",
    "EXPTIME_SPAN",
    "FILE_UNKNOWN",
    "PROVENANCE_TIME",
    "KEYWORD_DIFFERS",
)
def _(bench: Bench) -> None:
    bench.head.remove("ORIGIN", "SPECSYS")
    bench.set(SNR="good", DEC=-99.0, MJD__END=50000.0)
    bench.set(1, TUNIT3="%")
    bench.files["notes.txt"] = b"remember the milk"
    bench.bytes = lambda content: content.replace(b"synthetic/1.0", b"synthetic/1.1", 1)


@case(
    "a broken image with broken companions",
    IMAGE,
    "KEYWORD_MISSING",
    "WCS_UNIT",
    "KEYWORD_UNIT",
    "ASSOCIATION_MD5",
    "DATASUM_WRONG",
    "CHECKSUM_WRONG",
    "PROVENANCE_UNRESOLVED",
)
def _(bench: Bench) -> None:
    bench.head.remove("PHOTZP", "PHOTSYS")
    bench.set(CUNIT1="arcsec", PROV1="lost.fits")
    bench.files[bench.name_of("_preview.png")] += b"x"
    bench.bytes = lambda content: content[:-4000] + bytes([content[-4000] ^ 4]) + content[-3999:]
