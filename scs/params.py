"""The parameters of a cone search (SCS 1.03, Compliance): text to checked values."""

from dataclasses import dataclass

from vo_server.answer_columns import parse_verb
from vo_server.config import Settings
from vo_server.errors import UsageFault
from vo_server.formats import Format, negotiate
from vo_server.intervals import parse_number
from vo_server.parameters import Parameters
from vo_server.sky import Circle

VERBOSITIES = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class ConeParams:
    """A search as asked for.

    Attributes
    ----------
    cone : Circle
        One of radius 0 asks for the columns only (SCS 1.03, SR).
    verb : int
        1 for identifier and position only, 2 for the columns that matter most, 3 for all.
    """

    cone: Circle
    verb: int
    maxrec: int
    responseformat: Format

    @classmethod
    def from_parameters(cls, parameters: Parameters, settings: Settings) -> "ConeParams":
        """The checked values.

        Raises
        ------
        UsageFault
            A parameter is missing, malformed or out of its range.
        """
        radius = read_degrees(parameters, "SR", 0.0, 180.0)
        ra = read_degrees(parameters, "RA", 0.0, 360.0)
        dec = read_degrees(parameters, "DEC", -90.0, 90.0)
        return cls(
            cone=Circle(ra, dec, radius),
            verb=parse_verb(parameters, VERBOSITIES),
            maxrec=parameters.maxrec(settings),
            responseformat=negotiate(parameters.single("RESPONSEFORMAT"), default="votable/td"),
        )


def read_degrees(parameters: Parameters, name: str, low: float, high: float) -> float:
    """A number of decimal degrees between two bounds, both included.

    Raises
    ------
    UsageFault
        It is missing, not a number, or out of range; the message has the bounds.
    """
    wanted = f"send {name} in decimal degrees, {low:g} to {high:g}"
    text = parameters.single(name)
    if text is None:
        raise UsageFault(f"{name} is missing: {wanted}")
    try:
        value = parse_number(text)
    except UsageFault as exc:
        raise UsageFault(f"{name}: {exc}; {wanted}") from None
    if not low <= value <= high:
        raise UsageFault(f"{name}={text[:40]} is out of range: {wanted}")
    return value
