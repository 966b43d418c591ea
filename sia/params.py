"""The parameters of a SIA 2.0 query: text to checked values.

Every parameter may be repeated: its values are alternatives, parameters restrict each other (SIA 2.0,
{query} resource).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from vo_server.config import Settings
from vo_server.errors import UsageFault
from vo_server.formats import Format, negotiate
from vo_server.intervals import Interval, Period, parse_interval, parse_period
from vo_server.parameters import Parameters
from vo_server.positions import Shape, parse_pos
from vo_server.products import POLARIZATIONS
from vo_server.sky import Moc, parse_cells

#: The product types that SIA serves (SIA 2.0, DPTYPE).
PRODUCT_TYPES = ("image", "cube")
CALIB_LEVELS = tuple(str(level) for level in range(5))  #: ObsCore 1.1, calib_level
MAX_TEXT = 1000  #: characters of a value that is compared as text


@dataclass(frozen=True, slots=True)
class SiaParams:
    """A query as asked for; an empty tuple is no constraint. Units are those of the ObsCore columns."""

    maxrec: int
    responseformat: Format
    pos: tuple[Shape, ...] = ()
    band: tuple[Interval, ...] = ()
    time: tuple[Interval, ...] = ()
    pol: tuple[str, ...] = ()
    fov: tuple[Interval, ...] = ()
    spatres: tuple[Interval, ...] = ()
    specrp: tuple[Interval, ...] = ()
    exptime: tuple[Interval, ...] = ()
    timeres: tuple[Interval, ...] = ()
    id: tuple[str, ...] = ()
    collection: tuple[str, ...] = ()
    facility: tuple[str, ...] = ()
    instrument: tuple[str, ...] = ()
    dptype: tuple[str, ...] = ()
    calib: tuple[int, ...] = ()
    target: tuple[str, ...] = ()
    format: tuple[str, ...] = ()
    releasedate: tuple[Period, ...] = ()
    moc: tuple[Moc, ...] = ()

    @classmethod
    def from_parameters(cls, parameters: Parameters, settings: Settings) -> "SiaParams":
        """The checked values; parameters that SIA does not know are ignored, and so are blank values.

        Raises
        ------
        UsageFault
            A value is malformed or out of its range.
        """
        constraints = {item.name.lower(): item.read(parameters) for item in PARAMETERS}
        return cls(
            maxrec=parameters.maxrec(settings),
            responseformat=negotiate(parameters.single("RESPONSEFORMAT")),
            **constraints,
        )


def parse_text(name: str, text: str) -> str:
    """Text that a column is compared with, case and all (SIA 2.0, {query} resource)."""
    if len(text) > MAX_TEXT:
        raise UsageFault(f"{name} has {len(text)} characters: at most {MAX_TEXT} are compared")
    return text


def parse_option(name: str, text: str) -> str:
    """One of the words that the standard lists for a parameter.

    Raises
    ------
    UsageFault
        Another word; the message lists them.
    """
    allowed = OPTIONS[name]
    if text not in allowed:
        raise UsageFault(f"{name}={text[:40]!r} is not known: send one of {' '.join(allowed)}")
    return text


def parse_calib(name: str, text: str) -> int:
    """A level of calibration (ObsCore 1.1, calib_level)."""
    return int(parse_option(name, text))


@dataclass(frozen=True, slots=True)
class SiaParameter:
    """One constraint of the standard: how its text is read, and how the service describes it.

    Attributes
    ----------
    column : str
        The ObsCore column that it constrains (the first of two).
    kind : str
        ``interval`` and ``period`` have two bounds, ``pos`` is a shape, ``moc`` cells of the sky;
        ``text`` is compared as it is.
    """

    name: str
    column: str
    kind: Literal["pos", "moc", "interval", "period", "text", "integer"]
    description: str
    parse: Callable[[str, str], Any]
    unit: str = ""
    ucd: str = ""

    def read(self, parameters: Parameters) -> tuple[Any, ...]:
        """The checked values of one request, each once, in their order."""
        texts = (text.strip() for text in parameters.values(self.name))
        return tuple(dict.fromkeys(self.parse(self.name, text) for text in texts if text))


OPTIONS = {"POL": POLARIZATIONS, "DPTYPE": PRODUCT_TYPES, "CALIB": CALIB_LEVELS}


def _interval(name: str, column: str, description: str, unit: str = "", ucd: str = "") -> SiaParameter:
    return SiaParameter(name, column, "interval", description, parse_interval, unit, ucd)


def _text(name: str, column: str, description: str, ucd: str = "") -> SiaParameter:
    parse = parse_option if name in OPTIONS else parse_text
    return SiaParameter(name, column, "text", description, parse, ucd=ucd)


#: Every constraint of SIA 2.0, RELEASEDATE of the 2.1 draft, and MOC as SODA's 1.1 draft has it.
PARAMETERS = (
    SiaParameter(
        "POS",
        "s_region",
        "pos",
        "Region that the data must touch: CIRCLE ra dec radius, RANGE ra1 ra2 dec1 dec2, POLYGON ra dec ...",
        lambda _, text: parse_pos(text),
        "deg",
        "pos.outline;obs",
    ),
    _interval("BAND", "em_min", "Wavelengths that the data must touch, in vacuum", "m", "em.wl"),
    _interval(
        "TIME", "t_min", "Times that the data must touch, as MJD in UTC", "d", "time.interval;obs.exposure"
    ),
    _text("POL", "pol_states", "Polarization state that the data must have", "meta.code;phys.polarization"),
    _interval("FOV", "s_fov", "Field of view (diameter)", "deg", "phys.angSize;instr.fov"),
    _interval("SPATRES", "s_resolution", "Spatial resolution (FWHM)", "arcsec", "pos.angResolution"),
    _interval("SPECRP", "em_res_power", "Spectral resolving power", "", "spect.resolution"),
    _interval("EXPTIME", "t_exptime", "Exposure time", "s", "time.duration;obs.exposure"),
    _interval("TIMERES", "t_resolution", "Temporal resolution", "s", "time.resolution"),
    _text(
        "ID",
        "obs_publisher_did",
        "Identifier of a product (obs_publisher_did), in any case",
        "meta.ref.ivoid",
    ),
    _text("COLLECTION", "obs_collection", "Name of the data collection", "meta.id"),
    _text("FACILITY", "facility_name", "Name of the facility", "meta.id;instr.tel"),
    _text("INSTRUMENT", "instrument_name", "Name of the instrument", "meta.id;instr"),
    _text("DPTYPE", "dataproduct_type", "Type of product", "meta.code.class"),
    SiaParameter(
        "CALIB", "calib_level", "integer", "Level of calibration", parse_calib, ucd="meta.code;obs.calib"
    ),
    _text("TARGET", "target_name", "Name of the target", "meta.id;src"),
    _text("FORMAT", "access_format", "Media type of what access_url gives", "meta.code.mime"),
    SiaParameter(
        "RELEASEDATE",
        "obs_release_date",
        "period",
        "When the data become public: one instant or two, ISO 8601 in UTC",
        parse_period,
        ucd="time.release",
    ),
    SiaParameter(
        "MOC",
        "s_region",
        "moc",
        "HEALPix cells that the data must touch, such as 4/30-33 38 7/934",
        lambda _, text: parse_cells(text),
        ucd="pos.outline;obs",
    ),
)
