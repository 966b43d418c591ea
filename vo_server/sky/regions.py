"""Regions as clients and headers write them: STC-S and DALI text <-> values.

Sources: STC-S 1.33 as TAP 1.0 uses it (section 6), DALI 1.1 (circle, polygon), SIA 2.0 (POS).
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vo_server.errors import UsageFault
from vo_server.sky.vectors import Floats, position, unit

LONGEST = 100_000  #: characters of one region
MOST_VERTICES = 1_000
_WORD = re.compile(r"[(),]|[^\s(),]+")

#: ICRS -> galactic (ESA SP-1200, vol. 1, eq. 1.5.11).
_TO_GALACTIC = np.array(
    [
        [-0.0548755604162154, -0.8734370902348850, -0.4838350155487132],
        [0.4941094278755837, -0.4448296299600112, 0.7469822444972189],
        [-0.8676661490190047, -0.1980763734312015, 0.4559837761750669],
    ]
)
#: FK5 at J2000 is within 0.03 arcsec of ICRS, which is below what footprints mean.
_FRAMES: dict[str, Floats | None] = {
    "ICRS": None,
    "FK5": None,
    "J2000": None,
    "UNKNOWNFRAME": None,
    "GALACTIC": _TO_GALACTIC,
}
_IGNORED = {"TOPOCENTER", "GEOCENTER", "BARYCENTER", "HELIOCENTER", "UNKNOWNREFPOS", "SPHERICAL2"}


@dataclass(frozen=True, slots=True)
class Position:
    """A point, degrees ICRS."""

    ra: float
    dec: float


@dataclass(frozen=True, slots=True)
class Circle:
    """A cap: centre and radius in degrees, 0 <= radius <= 180."""

    ra: float
    dec: float
    radius: float


@dataclass(frozen=True, slots=True)
class Polygon:
    """Vertices (ra, dec) in degrees, joined by great circles; the first is not repeated."""

    vertices: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Range:
    """All positions between two meridians and two parallels (SIA 2.0, POS=RANGE), degrees.

    ``ra_min > ra_max`` crosses RA 0; a difference of 360 or more is all of the circle.
    """

    ra_min: float
    ra_max: float
    dec_min: float
    dec_max: float


@dataclass(frozen=True, slots=True)
class Union:
    """Several regions that count as one: the detectors of an image, say."""

    parts: tuple["Region", ...]


@dataclass(frozen=True, slots=True)
class Moc:
    """HEALPix cells (MOC 2.0), as ranges of pixels of order 29: ends included, ascending, with gaps."""

    ranges: tuple[tuple[int, int], ...]


Region = Position | Circle | Polygon | Range | Union | Moc


def parse_region(text: str) -> Region:
    """The region that a text in STC-S or DALI's form describes, in ICRS.

    ``POSITION``, ``CIRCLE``, ``BOX``, ``POLYGON``, ``RANGE`` and ``UNION`` with or without frame
    (``ICRS``, ``FK5``, ``J2000``, ``GALACTIC``), in any case.

    Raises
    ------
    UsageFault
        Not such a text, numbers out of range, more than `LONGEST` characters or `MOST_VERTICES` vertices.
    """
    if len(text) > LONGEST:
        raise UsageFault(f"a region of {len(text)} characters is too long: {LONGEST} are allowed")
    reader = _Reader(text)
    region = reader.region(None)
    reader.end()
    return region


def format_stcs(region: Region) -> str:
    """The region in STC-S, as ``xtype="adql:REGION"`` wants it; numbers are exact."""
    match region:
        case Position(ra, dec):
            return f"POSITION ICRS {ra!r} {dec!r}"
        case Circle(ra, dec, radius):
            return f"CIRCLE ICRS {ra!r} {dec!r} {radius!r}"
        case Polygon(vertices):
            return "POLYGON ICRS " + " ".join(f"{ra!r} {dec!r}" for ra, dec in vertices)
        case Range():
            raise UsageFault("a range between parallels has no form in STC-S")
        case Moc():
            raise UsageFault("a MOC has no form in STC-S")
        case Union(parts):
            inner = " ".join(format_stcs(part).replace(" ICRS", "", 1) for part in parts)
            return f"UNION ICRS ( {inner} )"
    raise TypeError(f"{type(region).__name__} is no region")


def box(ra: float, dec: float, width: float, height: float) -> Polygon:
    """The box of ADQL and STC-S: great circles at right angles to the ends of a cross (ADQL 2.1, BOX).

    Parameters
    ----------
    ra, dec, width, height : float
        Degrees; 0 < width < 180, 0 < height < 180.

    Raises
    ------
    UsageFault
        A size is out of range.
    """
    if not (0 < width < 180 and 0 < height < 180):
        raise UsageFault(f"a BOX has sizes above 0 and below 180 degrees, got {width:g} and {height:g}")
    lon = math.radians(width / 2)
    lat = math.atan(math.tan(math.radians(height / 2)) * math.cos(lon))
    corners = unit(np.degrees([lon, -lon, -lon, lon]), np.degrees([-lat, -lat, lat, lat]))
    lon0, lat0 = math.radians(ra), math.radians(dec)
    tilt = np.array([[math.cos(lat0), 0, -math.sin(lat0)], [0, 1, 0], [math.sin(lat0), 0, math.cos(lat0)]])
    turn = np.array([[math.cos(lon0), -math.sin(lon0), 0], [math.sin(lon0), math.cos(lon0), 0], [0, 0, 1]])
    return Polygon(tuple(position(turn @ tilt @ corner) for corner in corners))


class _Reader:
    """Words of a region's text, read from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text if len(text) <= 80 else text[:77] + "..."
        self._words: list[str] = [word for word in _WORD.findall(text) if word != ","]
        self._at = 0
        self._shapes: dict[str, Callable[[str], Region]] = {
            "POSITION": self._position,
            "POINT": self._position,
            "CIRCLE": self._circle,
            "BOX": self._box,
            "POLYGON": self._polygon,
            "RANGE": self._range,
            "UNION": self._union,
        }

    def region(self, frame: str | None) -> Region:
        """The next region; ``frame`` is that of the union around it."""
        name = self._next().upper()
        if name not in self._shapes:
            raise self._fault(f"unknown shape {name[:20]!r}; known are {', '.join(self._shapes)}")
        return self._shapes[name](self._frame() or frame or "ICRS")

    def end(self) -> None:
        """Nothing may follow."""
        if self._at < len(self._words):
            raise self._fault(f"{self._words[self._at][:20]!r} follows the end of the region")

    def _frame(self) -> str | None:
        found = None
        while (word := self._peek().upper()) and (word in _FRAMES or word in _IGNORED or word.isalpha()):
            if word in _FRAMES:
                found = word
            elif word not in _IGNORED:
                if word in ("INF", "NAN") or word in self._shapes:
                    break
                raise self._fault(f"unknown frame {word[:20]!r}; known are {', '.join(_FRAMES)}")
            self._at += 1
        return found

    def _position(self, frame: str) -> Region:
        return Position(*self._coordinates(1, frame)[0])

    def _circle(self, frame: str) -> Region:
        ra, dec = self._coordinates(1, frame)[0]
        radius = self._number()
        if not 0 <= radius <= 180:
            raise self._fault(f"a radius is between 0 and 180 degrees, got {radius:g}")
        return Circle(ra, dec, radius)

    def _box(self, frame: str) -> Region:
        ra, dec = self._coordinates(1, "ICRS")[0]
        found = box(ra, dec, self._number(), self._number())
        return Polygon(tuple(_to_icrs(a, d, frame) for a, d in found.vertices))

    def _polygon(self, frame: str) -> Region:
        count = 0
        while self._at + count < len(self._words) and self._words[self._at + count][0] in "+-.0123456789iInN":
            count += 1
        if count < 6 or count % 2:
            raise self._fault(f"a POLYGON has three or more pairs of numbers, got {count} numbers")
        if count > 2 * MOST_VERTICES:
            raise self._fault(f"a POLYGON has at most {MOST_VERTICES} vertices, got {count // 2}")
        vertices = self._coordinates(count // 2, frame)
        if len(vertices) > 3 and vertices[0] == vertices[-1]:
            vertices.pop()
        return Polygon(tuple(vertices))

    def _range(self, frame: str) -> Region:
        if _FRAMES[frame] is not None:
            raise self._fault("a RANGE is in ICRS")
        ra_min, ra_max, dec_min, dec_max = (self._number(infinite=True) for _ in range(4))
        dec_min, dec_max = max(dec_min, -90.0), min(dec_max, 90.0)
        if math.isinf(ra_min) or math.isinf(ra_max):
            ra_min, ra_max = max(ra_min, 0.0), min(ra_max, 360.0)
        if not (-90 <= dec_min <= dec_max <= 90 and 0 <= ra_min <= 360 and 0 <= ra_max <= 360):
            raise self._fault(
                "a RANGE is ra1 ra2 dec1 dec2 with 0 <= ra <= 360 and -90 <= dec1 <= dec2 <= 90"
            )
        return Range(ra_min, ra_max, dec_min, dec_max)

    def _union(self, frame: str) -> Region:
        if self._next() != "(":
            raise self._fault("a UNION has its parts in parentheses")
        parts: list[Region] = []
        while self._peek() != ")":
            if self._peek().upper() == "UNION":
                raise self._fault("a UNION inside a UNION is not read here")
            parts.append(self.region(frame))
        self._at += 1
        if not parts:
            raise self._fault("a UNION has at least one part")
        if sum(len(part.vertices) for part in parts if isinstance(part, Polygon)) > MOST_VERTICES:
            raise self._fault(f"a UNION has at most {MOST_VERTICES} vertices")
        return parts[0] if len(parts) == 1 else Union(tuple(parts))

    def _coordinates(self, count: int, frame: str) -> list[tuple[float, float]]:
        found = []
        for _ in range(count):
            ra, dec = self._number(), self._number()
            if not -90 <= dec <= 90:
                raise self._fault(f"a latitude is between -90 and 90 degrees, got {dec:g}")
            if not -360 <= ra <= 720:
                raise self._fault(f"a longitude is between 0 and 360 degrees, got {ra:g}")
            found.append(_to_icrs(ra, dec, frame))
        return found

    def _number(self, *, infinite: bool = False) -> float:
        word = self._next()
        try:
            value = float(word)
        except ValueError:
            raise self._fault(f"a number is missing before {word[:20]!r}") from None
        if math.isnan(value) or (math.isinf(value) and not infinite):
            raise self._fault(f"{word!r} is not allowed here")
        return value

    def _peek(self) -> str:
        return self._words[self._at] if self._at < len(self._words) else ""

    def _next(self) -> str:
        if self._at >= len(self._words):
            raise self._fault("the text ends too early")
        self._at += 1
        return self._words[self._at - 1]

    def _fault(self, reason: str) -> UsageFault:
        return UsageFault(f"not a region: {self._text!r}: {reason}")


def _to_icrs(ra: float, dec: float, frame: str) -> tuple[float, float]:
    matrix = _FRAMES[frame]
    if matrix is not None:
        return position(np.asarray(matrix.T @ unit(ra, dec), np.float64))
    turned = ra % 360.0
    return (0.0 if turned == 360.0 else turned), dec
