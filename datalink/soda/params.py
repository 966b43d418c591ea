"""The parameters of SODA (SODA 1.0, Parameters for {sync} and {async}): text to checked values."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

from vo_server.errors import UsageFault
from vo_server.formats import FORMATS, Format, negotiate
from vo_server.identifiers import MAX_ID
from vo_server.intervals import Interval, parse_interval
from vo_server.parameters import Parameters
from vo_server.positions import Shape, parse_pos
from vo_server.sky import parse_cells

#: ObsCore 1.1, pol_states, with the values of a STOKES axis (FITS 4.0, Conventional Stokes values).
STOKES = {
    "I": 1, "Q": 2, "U": 3, "V": 4, "RR": -1, "LL": -2, "RL": -3, "LR": -4,
    "XX": -5, "YY": -6, "XY": -7, "YX": -8, "POLI": 5, "POLA": 7,
}  # fmt: skip
MOST = 500  #: parts that one request may ask for
MOST_AXES = 9
_SECTION = re.compile(r"(\[(?P<hdu>[^\[\]:,*]{1,68})\])?\[(?P<ranges>[\d:,*\s]{1,200})\]", re.ASCII)

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Section:
    """Pixels of one HDU.

    Attributes
    ----------
    hdu : str
        Number or EXTNAME; empty for the first with an image.
    ranges : tuple
        For each axis in the order of FITS the first and the last pixel, from 1; None for all.
    """

    hdu: str
    ranges: tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """What is wanted of one dataset; what is None or empty is not constrained."""

    pos: Shape | None = None
    band: Interval | None = None
    time: Interval | None = None
    pol: tuple[str, ...] = ()
    section: Section | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is constrained."""
        return self == Cut()


@dataclass(frozen=True, slots=True)
class SodaParams:
    """A request as asked for: every cut of every dataset."""

    ids: tuple[str, ...]
    cuts: tuple[Cut, ...]
    is_votable: bool

    @classmethod
    def from_parameters(cls, parameters: Parameters) -> "SodaParams":
        """The checked values; several values of a parameter, but POL, each make a result of their own.

        Raises
        ------
        UsageFault
            There is no ID, a value is malformed, or more than `MOST` results are asked for.
        """
        ids = tuple(dict.fromkeys(text.strip() for text in parameters.values("ID") if text.strip()))
        if not ids:
            raise UsageFault("ID is missing: send the identifier of a product (obs_publisher_did)")
        for text in ids:
            if len(text) > MAX_ID:
                raise UsageFault(f"an ID of {len(text)} characters: at most {MAX_ID} are read")
        shapes = [
            *_read(parameters, "POS", parse_pos),
            *_read(parameters, "CIRCLE", lambda text: parse_pos(f"CIRCLE {text}")),
            *_read(parameters, "POLYGON", lambda text: parse_pos(f"POLYGON {text}")),
            *_read(parameters, "MOC", parse_cells),
        ]
        bands = _read(parameters, "BAND", lambda text: parse_range("BAND", text))
        times = _read(parameters, "TIME", lambda text: parse_range("TIME", text))
        sections = _read(parameters, "SUB", parse_section)
        pol = tuple(dict.fromkeys(_read(parameters, "POL", parse_pol)))
        wanted = [len(ids), *(max(1, len(each)) for each in (shapes, bands, times, sections))]
        count = 1
        for number in wanted:
            count *= number
        if count > MOST:
            raise UsageFault(f"{count} results are asked for: at most {MOST} are made for one request")
        if sections and (shapes or bands or times or pol):
            raise UsageFault(
                "SUB counts pixels: send it without POS, CIRCLE, POLYGON, MOC, BAND, TIME and POL"
            )
        cuts = tuple(
            Cut(shape, band, time, pol, section)
            for shape in shapes or (None,)
            for band in bands or (None,)
            for time in times or (None,)
            for section in sections or (None,)
        )
        return cls(ids, cuts, is_votable(parameters.single("RESPONSEFORMAT")))

    def jobs(self) -> Iterator[tuple[str, Cut]]:
        """Every identifier with every cut."""
        return product(self.ids, self.cuts)


def _read(parameters: Parameters, name: str, parse: Callable[[str], Value]) -> list[Value]:
    texts = (text.strip() for text in parameters.values(name))
    return [parse(text) for text in dict.fromkeys(texts) if text]


def parse_range(name: str, text: str) -> Interval:
    """An interval of DALI: two numbers, infinities for open ends; one number is accepted as in SIA."""
    return parse_interval(name, text)


def parse_pol(text: str) -> str:
    """A state of polarization (SODA 1.0, POL)."""
    if text not in STOKES:
        raise UsageFault(f"POL={text[:40]!r} is not known: send one of {' '.join(STOKES)}")
    return text


def parse_section(text: str) -> Section:
    """Pixels as CADC's services write them: ``[hdu][x1:x2,y1:y2,...]``, from 1, both ends included.

    Raises
    ------
    UsageFault
        Anything else.
    """
    match = _SECTION.fullmatch(text)
    wanted = "send [x1:x2,y1:y2] or [hdu][x1:x2,y1:y2], pixels from 1, * for all of an axis"
    if match is None:
        raise UsageFault(f"SUB={text[:60]!r}: {wanted}")
    words = [word.strip() for word in match["ranges"].split(",")]
    if len(words) > MOST_AXES:
        raise UsageFault(f"SUB={text[:60]!r} has {len(words)} axes: at most {MOST_AXES} are read")
    return Section((match["hdu"] or "").strip(), tuple(_pixels(text, word, wanted) for word in words))


def _pixels(text: str, word: str, wanted: str) -> tuple[int, int] | None:
    if word == "*":
        return None
    numbers = word.split(":")
    if len(numbers) > 2 or not all(number.isdigit() and len(number) < 12 for number in numbers):
        raise UsageFault(f"SUB={text[:60]!r}: {wanted}")
    first, last = int(numbers[0]), int(numbers[-1])
    if not 1 <= first <= last:
        raise UsageFault(f"SUB={text[:60]!r}: {word!r} is no range of pixels: {wanted}")
    return first, last


def is_votable(text: str | None) -> bool:
    """Whether a spectrum is wanted as a VOTable (RESPONSEFORMAT); FITS is the other format.

    Raises
    ------
    UsageFault
        Another format.
    """
    found: Format = negotiate(text, default="fits")
    if found.name == "fits":
        return False
    if found.name.startswith("votable"):
        return True
    known = f"{FORMATS['fits'].media_type} or {FORMATS['votable'].media_type}"
    raise UsageFault(f"RESPONSEFORMAT={str(text)[:40]!r}: send {known}")
