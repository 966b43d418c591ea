"""What SODA tells about itself: its capabilities, and its descriptors in other services' answers."""

from collections.abc import Iterator
from dataclasses import replace

from datalink.files import File
from vo_server.capabilities import Capability, Interface, Service, with_inputs
from vo_server.errors import UsageFault
from vo_server.formats import Param, ServiceDescriptor
from vo_server.services import (
    ASYNC,
    ASYNC_PATH,
    RESPONSEFORMAT,
    SODA_PARAMETERS,
    SODA_SERVICES,
    SUB,
    SYNC,
    SYNC_PATH,
    soda_id,
    soda_identifier,
)
from vo_server.sky import Circle, Polygon, bounding_circle, parse_region

EXAMPLES_PATH = "/soda/examples"
EXAMPLES = "ivo://ivoa.net/std/DALI#examples"
#: Types of product whose parts can be had, and the parameters that choose them.
SKY, SPECTRAL = ("POS", "CIRCLE", "POLYGON", "MOC"), ("BAND",)
PARAMETERS: dict[str, tuple[str, ...]] = {
    "image": (*SKY, "POL"),
    "cube": (*SKY, *SPECTRAL, "TIME", "POL"),
    "spectrum": SPECTRAL,
    "measurements": SKY,
}

_INPUTS = (soda_identifier(), *SODA_PARAMETERS.values(), SUB, RESPONSEFORMAT)
CAPABILITIES = (
    with_inputs(Capability(SYNC, (Interface(SYNC_PATH, version="1.0"),)), _INPUTS),
    with_inputs(Capability(ASYNC, (Interface(ASYNC_PATH, version="1.0"),)), _INPUTS),
    Capability(EXAMPLES, (Interface(EXAMPLES_PATH, role="", type="vr:WebBrowser"),)),
)
SERVICE = Service(
    "soda",
    "/soda",
    "SODA service",
    "Parts of images, cubes and spectra by position, wavelength, time, polarization or pixels.",
    CAPABILITIES,
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
    params = [_ranged(SODA_PARAMETERS[name], file) for name in names]
    formats = (RESPONSEFORMAT,) if file.product_type == "spectrum" else ()
    for kind, path, standard in SODA_SERVICES:
        yield ServiceDescriptor(
            id=soda_id(kind, number),
            name=f"SODA {kind} of {file.dp_id}",
            access_url=root_url + path,
            standard_id=standard,
            params=(soda_identifier(did), *params, SUB, *formats),
            description=f"A part of {file.dp_id}",
            content_type="application/fits",
        )


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
