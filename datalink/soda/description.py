"""What SODA tells about itself: its capabilities, and its descriptors in other services' answers."""

from collections.abc import Iterator
from dataclasses import replace

from datalink.files import File
from datalink.soda.params import STOKES
from vo_server.errors import UsageFault
from vo_server.formats import Param, ServiceDescriptor
from vo_server.sky import Circle, Polygon, bounding_circle, parse_region
from vo_server.vosi import Capability, Interface

SYNC_PATH, ASYNC_PATH = "/soda/sync", "/soda/async"
SYNC, ASYNC = "ivo://ivoa.net/std/SODA#sync-1.0", "ivo://ivoa.net/std/SODA#async-1.0"
#: Types of product whose parts can be had, and the parameters that choose them.
SKY, SPECTRAL = ("POS", "CIRCLE", "POLYGON"), ("BAND",)
PARAMETERS: dict[str, tuple[str, ...]] = {
    "image": (*SKY, "POL"),
    "cube": (*SKY, *SPECTRAL, "TIME", "POL"),
    "spectrum": SPECTRAL,
    "measurements": SKY,
}

#: What each service is called, where it is, and its standard.
SERVICES = (("sync", SYNC_PATH, SYNC), ("async", ASYNC_PATH, ASYNC))

CAPABILITIES = (
    Capability(SYNC, (Interface(SYNC_PATH, version="1.0"),)),
    Capability(ASYNC, (Interface(ASYNC_PATH, version="1.0"),)),
)

#: Name, UCD and unit tell a parameter (SODA 1.0, Three-Factor Semantics).
_PARAMS = {
    "POS": Param(
        "POS",
        ucd="pos.outline;obs",
        description="Region to cut out: CIRCLE, RANGE or POLYGON and its numbers",
    ),
    "CIRCLE": Param(
        "CIRCLE",
        "double",
        "3",
        "pos.outline;obs",
        "deg",
        xtype="circle",
        description="Circle to cut out, ICRS",
    ),
    "POLYGON": Param(
        "POLYGON",
        "double",
        "*",
        "pos.outline;obs",
        "deg",
        xtype="polygon",
        description="Polygon to cut out, ICRS",
    ),
    "BAND": Param(
        "BAND",
        "double",
        "2",
        "em.wl;stat.interval",
        "m",
        xtype="interval",
        description="Wavelengths to cut out, in vacuum",
    ),
    "TIME": Param(
        "TIME",
        "double",
        "2",
        "time.interval;obs.exposure",
        "d",
        xtype="interval",
        description="Times to cut out, MJD in UTC",
    ),
    "POL": Param(
        "POL", ucd="meta.code;phys.polarization", description="Polarization states", options=tuple(STOKES)
    ),
}
SUB = Param("SUB", description="Pixels: [x1:x2,y1:y2] or [hdu][x1:x2,y1:y2], from 1, * for all of an axis")
RESPONSEFORMAT = Param(
    "RESPONSEFORMAT",
    description="Format of a spectrum",
    options=("application/fits", "application/x-votable+xml"),
)


def identifier(value: str = "", ref: str = "") -> Param:
    """The parameter ID: that of one dataset, or the values of a column."""
    return Param(
        "ID",
        ucd="meta.ref.url;meta.curation",
        value=value,
        ref=ref,
        description="The publisher's identifier of a dataset",
    )


def generic_descriptors(root_url: str, column: str) -> Iterator[ServiceDescriptor]:
    """The services for every row of a result (SODA 1.0, SODA Service Descriptor from Data Discovery).

    Parameters
    ----------
    column : str
        The column of the result with the identifiers.
    """
    for kind, path, standard in SERVICES:
        yield ServiceDescriptor(
            id=descriptor_id(kind),
            name=f"SODA {kind}",
            access_url=root_url + path,
            standard_id=standard,
            params=(identifier(ref=column), *_PARAMS.values(), SUB, RESPONSEFORMAT),
            description="A part of the data of a row",
            content_type="application/fits",
        )


def has_parts(file: File) -> bool:
    """Whether parts of a file can be had."""
    return file.is_fits and file.product_type in PARAMETERS


def descriptors(root_url: str, file: File, did: str, number: int) -> Iterator[ServiceDescriptor]:
    """The services for one dataset, with the ranges of its data (SODA 1.0, Descriptor from DataLink).

    Parameters
    ----------
    number : int
        Makes the XML identifiers of the document unique.
    """
    names = PARAMETERS[file.product_type or ""]
    params = [_ranged(_PARAMS[name], file) for name in names]
    formats = (RESPONSEFORMAT,) if file.product_type == "spectrum" else ()
    for kind, path, standard in SERVICES:
        yield ServiceDescriptor(
            id=descriptor_id(kind, number),
            name=f"SODA {kind} of {file.dp_id}",
            access_url=root_url + path,
            standard_id=standard,
            params=(identifier(did), *params, SUB, *formats),
            description=f"A part of {file.dp_id}",
            content_type="application/fits",
        )


def descriptor_id(kind: str, number: int | None = None) -> str:
    """The XML identifier of a descriptor: of one for a dataset, or of one for all."""
    return f"soda_{kind}" if number is None else f"soda_{kind}_{number}"


def _ranged(param: Param, file: File) -> Param:
    """A parameter with the values for which there are data."""
    if param.name == "BAND" and file.em_min is not None and file.em_max is not None:
        return replace(param, minimum=repr(file.em_min), maximum=repr(file.em_max))
    if param.name == "TIME" and file.t_min is not None and file.t_max is not None:
        return replace(param, minimum=repr(file.t_min), maximum=repr(file.t_max))
    if param.name == "POL":
        states = tuple(state for state in (file.pol_states or "").split("/") if state)
        return replace(param, options=states or param.options)
    if param.name in ("CIRCLE", "POLYGON") and file.s_region:
        return replace(param, maximum=_covering(param.name, file.s_region))
    return param


def _covering(name: str, text: str) -> str:
    """The numbers of a circle or polygon that covers a region; nothing where that is not known."""
    try:
        region = parse_region(text)
        if name == "POLYGON" and isinstance(region, Polygon):
            return " ".join(f"{ra!r} {dec!r}" for ra, dec in region.vertices)
        circle = region if isinstance(region, Circle) else bounding_circle(region)
    except UsageFault:
        return ""
    return f"{circle.ra!r} {circle.dec!r} {circle.radius!r}" if name == "CIRCLE" else ""
