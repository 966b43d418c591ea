"""What the SIA service tells about itself: its descriptor in every answer, and its capability."""

from collections.abc import Mapping, Sequence

from sia.params import OPTIONS, PARAMETERS, SiaParameter
from vo_server.formats import FORMATS, Param, ServiceDescriptor
from vo_server.vosi import Capability, Interface

STANDARD_ID = "ivo://ivoa.net/std/SIA#query-2.0"
QUERY_PATH = "/sia2/query"
MAXREC = "Number of rows, at most; 0 for the columns only"
RESPONSEFORMAT = "Format of the answer: a name such as csv, or a media type"

#: Parameters are left to `self_descriptor`: pyvo 1.9 warns of every ``param`` in a capability.
CAPABILITIES = (
    Capability(
        STANDARD_ID,
        (Interface(QUERY_PATH, version="2.0", use="base", result_type="application/x-votable+xml"),),
    ),
)


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
