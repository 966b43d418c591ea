"""The parameters of a SIA 1.0 query: text to checked values."""

from dataclasses import dataclass
from typing import Literal

from vo_server.answer_columns import parse_verb
from vo_server.config import Settings
from vo_server.errors import UsageFault
from vo_server.formats import Param
from vo_server.parameters import Parameters
from vo_server.positions import parse_pair
from vo_server.sky import Circle, Region, box

Intersect = Literal["COVERS", "ENCLOSED", "CENTER", "OVERLAPS"]
INTERSECTS: tuple[Intersect, ...] = ("COVERS", "ENCLOSED", "CENTER", "OVERLAPS")
FITS, PNG = "image/fits", "image/png"
#: What an image can be had as, and the words of FORMAT that mean it.
FORMATS = {
    FITS: ("ALL", FITS.upper(), "APPLICATION/FITS", "FITS"),
    PNG: ("ALL", PNG.upper(), "PNG", "GRAPHIC", "GRAPHIC-ALL", "GRAPHIC-PNG"),
}
VERBOSITIES = (0, 1, 2, 3)
_LEAST = 1e-7  #: degrees; a box has to have sides


@dataclass(frozen=True, slots=True)
class SiaV1Params:
    """A query as asked for.

    Attributes
    ----------
    region : Region
        What POS and SIZE describe: a box, its sides along the meridians at its centre.
    center : Circle
        Its centre, of radius 0.
    formats : tuple of str
        Of `FORMATS`, those that the client takes.
    is_metadata : bool
        Whether only the columns and parameters are asked for (FORMAT=METADATA).
    verb : int
        0 for the columns that must be there to 3 for all.
    """

    maxrec: int
    region: Region
    center: Circle
    intersect: Intersect = "OVERLAPS"
    formats: tuple[str, ...] = (FITS, PNG)
    is_metadata: bool = False
    verb: int = 2

    @classmethod
    def from_parameters(cls, parameters: Parameters, settings: Settings) -> "SiaV1Params":
        """The checked values; parameters that SIA 1.0 does not know are ignored.

        Raises
        ------
        UsageFault
            A value is missing, malformed or out of its range.
        """
        words = tuple(word.strip().upper() for word in (parameters.single("FORMAT") or "ALL").split(","))
        if words == ("METADATA",):
            return cls(1, Circle(0.0, 0.0, 0.0), Circle(0.0, 0.0, 0.0), is_metadata=True, verb=3)
        ra, dec = parse_pos(parameters.single("POS"))
        # A comma separates the types of one FORMAT; what is not known here has no images, which is no error.
        formats = tuple(name for name, known in FORMATS.items() if set(known) & graphics(words))
        return cls(
            maxrec=parameters.maxrec(settings),
            region=parse_size(ra, dec, parameters.single("SIZE")),
            center=Circle(ra, dec, 0.0),
            intersect=parse_intersect(parameters.single("INTERSECT")),
            formats=formats,
            verb=parse_verb(parameters, VERBOSITIES),
        )


def graphics(words: tuple[str, ...]) -> set[str]:
    """The words of FORMAT, with the types after ``GRAPHIC-`` one by one (``GRAPHIC-jpeg,png``)."""
    found = set(words)
    if any(word.startswith("GRAPHIC-") for word in words):
        found |= {f"GRAPHIC-{word}" for word in words}
    return found


def parse_pos(text: str | None) -> tuple[float, float]:
    """``ra,dec`` in degrees ICRS.

    Raises
    ------
    UsageFault
        It is missing, not two numbers, or out of range.
    """
    wanted = "send POS=ra,dec in decimal degrees ICRS, such as 83.8,-5.4"
    if text is None:
        raise UsageFault(f"POS is missing: {wanted}")
    ra, dec = parse_pair("POS", text, wanted, single=False)
    if not (0 <= ra <= 360 and -90 <= dec <= 90):
        raise UsageFault(f"POS={text[:60]!r} is out of range: ra is 0 to 360 degrees, dec -90 to 90")
    return ra, dec


def parse_size(ra: float, dec: float, text: str | None) -> Region:
    """The box around a position: ``width,height`` or one number for both, in degrees.

    Raises
    ------
    UsageFault
        It is missing, not one or two numbers, or out of range.
    """
    wanted = "send SIZE=width,height or one number for both, in decimal degrees, 0 to 360"
    if text is None:
        raise UsageFault(f"SIZE is missing: {wanted}")
    width, height = parse_pair("SIZE", text, wanted, single=True)
    if not (0 <= width <= 360 and 0 <= height <= 360):
        raise UsageFault(f"SIZE={text[:60]!r} is out of range: {wanted}")
    if width >= 180 or height >= 180:
        # More than half of the sky has no box; the cap around it holds all that the box would.
        return Circle(ra, dec, min(180.0, max(width, height) / 2))
    return box(ra, dec, max(width, _LEAST), max(height, _LEAST))


def parse_intersect(text: str | None) -> Intersect:
    """How an image and the region have to lie to each other."""
    word = (text or "OVERLAPS").upper()
    for known in INTERSECTS:
        if word == known:
            return known
    raise UsageFault(f"INTERSECT={word[:40]!r} is not known: send one of {' '.join(INTERSECTS)}")


#: What FORMAT=METADATA says of the parameters.
DESCRIPTIONS = (
    Param("INPUT:POS", description="Centre of the region: ra,dec in degrees ICRS", unit="deg"),
    Param("INPUT:SIZE", description="Width and height of the region, or one number for both", unit="deg"),
    Param(
        "INPUT:INTERSECT",
        value="OVERLAPS",
        options=INTERSECTS,
        description="Whether an image covers the region, is enclosed in it, covers its centre or overlaps it",
    ),
    Param(
        "INPUT:FORMAT",
        value="ALL",
        options=("ALL", FITS, PNG, "GRAPHIC", "METADATA"),
        description="Formats of images that are wanted, with commas between; METADATA for this description",
    ),
    Param("INPUT:VERB", "int", None, value="2", description="0 for the least columns, 3 for all"),
    Param("INPUT:MAXREC", "int", None, description="Number of rows, at most"),
)
