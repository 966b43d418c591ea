"""What the SIA service tells about itself: its descriptor in every answer, and its capability."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sia.params import OPTIONS, PARAMETERS, PRODUCT_TYPES, SiaParameter
from sia.v1.description import describe
from vo_server.capabilities import Capability, Interface, Service, inputs_of
from vo_server.formats import FORMATS, Param, ServiceDescriptor
from vo_server.products import OBSCORE

STANDARD_ID = "ivo://ivoa.net/std/SIA#query-2.0"
QUERY_PATH = "/sia2/query"
MAXREC = "Number of rows, at most; 0 for the columns only"
RESPONSEFORMAT = "Format of the answer: a name such as csv, or a media type"


def self_descriptor(root_url: str, options: Mapping[str, Sequence[str]]) -> ServiceDescriptor:
    """The service's own descriptor (SIA 2.0, SIA {query} Service Descriptor).

    Parameters
    ----------
    options : mapping
        Values that the archive's products have, for parameters whose values no standard lists.
    """
    params = [_describe(item, options) for item in PARAMETERS]
    params.append(Param("MAXREC", "int", None, description=MAXREC, minimum="0"))
    params.append(Param("RESPONSEFORMAT", description=RESPONSEFORMAT, options=tuple(FORMATS)))
    return ServiceDescriptor(
        id="sia_query",
        name="this",
        access_url=root_url + QUERY_PATH,
        standard_id=STANDARD_ID,
        params=tuple(params),
        description="This query for images and cubes, with every parameter it takes",
        content_type="application/x-votable+xml",
    )


def _describe(item: SiaParameter, options: Mapping[str, Sequence[str]]) -> Param:
    if item.kind == "interval":
        return Param(
            item.name, "double", "2", item.ucd, item.unit, xtype="interval", description=item.description
        )
    # The standard's example describes POS three times, as text with the xtypes circle, range and polygon.
    # DALI has these for arrays of numbers, and STILTS calls the rest an error: so it is text, once. And of
    # the xtype moc of DALI 1.2 STILTS 3.4 warns.
    datatype, arraysize = ("int", None) if item.kind == "integer" else ("char", "*")
    listed = tuple(OPTIONS.get(item.name) or options.get(item.name, ()))
    return Param(
        item.name, datatype, arraysize, item.ucd, item.unit, description=item.description, options=listed
    )


_QUERY = Interface(QUERY_PATH, version="2.0", use="base", result_type="application/x-votable+xml")
CAPABILITIES = (
    Capability(
        STANDARD_ID,
        (_QUERY,),
        registered=Capability(
            STANDARD_ID,
            (replace(_QUERY, parameters=inputs_of(self_descriptor("", {}).params)),),
            type="sia:SimpleImageAccess",
            details=describe,
        ),
    ),
)
SERVICE = Service(
    "sia2",
    "/sia2",
    "SIA 2.0 service",
    "Images and cubes by position, wavelength, time and everything else that ObsCore knows.",
    CAPABILITIES,
    auxiliary="ivo://ivoa.net/std/SIA#query-aux-2.0",
    product_types=PRODUCT_TYPES,
    table=OBSCORE,
)
