"""What the SIA service tells about itself: its descriptor in every answer, and its capability."""

from collections.abc import Mapping, Sequence

from sia.params import OPTIONS, PARAMETERS, SiaParameter
from vo_server.formats import FORMATS, Param, ServiceDescriptor
from vo_server.vosi import Capability, Interface, Parameter

STANDARD_ID = "ivo://ivoa.net/std/SIA#query-2.0"
QUERY_PATH = "/sia2/query"
#: Shapes of POS and their xtypes: the standard describes the parameter once for each.
SHAPES = ("circle", "range", "polygon")

MAXREC = "Number of rows, at most; 0 for the columns only"
RESPONSEFORMAT = "Format of the answer: a name such as csv, or a media type"

CAPABILITIES = (
    Capability(
        STANDARD_ID,
        (
            Interface(
                QUERY_PATH,
                version="2.0",
                use="base",
                result_type="application/x-votable+xml",
                parameters=(
                    *(Parameter(item.name, item.description, ucd=item.ucd) for item in PARAMETERS),
                    Parameter("MAXREC", MAXREC, datatype="int", arraysize=""),
                    Parameter("RESPONSEFORMAT", RESPONSEFORMAT, ucd="meta.code.mime"),
                ),
            ),
        ),
    ),
)


def self_descriptor(root_url: str, options: Mapping[str, Sequence[str]]) -> ServiceDescriptor:
    """The service's own descriptor (SIA 2.0, SIA {query} Service Descriptor).

    Parameters
    ----------
    options : mapping
        Values that the archive's products have, for parameters whose values no standard lists.
    """
    params = [param for item in PARAMETERS for param in _describe(item, options)]
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


def links_descriptor(root_url: str) -> ServiceDescriptor:
    """The DataLink service, to be called with the identifier of a row (SIA 2.0, Related Service Metadata)."""
    return ServiceDescriptor(
        id="links",
        name="DataLink",
        access_url=f"{root_url}/datalink/links",
        standard_id="ivo://ivoa.net/std/DataLink#links-1.1",
        params=(Param("ID", ucd="meta.id;meta.main", ref="obs_publisher_did"),),
        description="Files, previews and related data of a row",
        content_type="application/x-votable+xml;content=datalink",
    )


def _describe(item: SiaParameter, options: Mapping[str, Sequence[str]]) -> list[Param]:
    if item.kind == "pos":
        return [
            Param(item.name, ucd=item.ucd, unit=item.unit, xtype=shape, description=item.description)
            for shape in SHAPES
        ]
    if item.kind == "interval":
        return [
            Param(
                item.name, "double", "2", item.ucd, item.unit, xtype="interval", description=item.description
            )
        ]
    if item.kind == "period":
        return [Param(item.name, ucd=item.ucd, description=item.description)]
    datatype, arraysize = ("int", None) if item.kind == "integer" else ("char", "*")
    listed = tuple(OPTIONS.get(item.name) or options.get(item.name, ()))
    return [Param(item.name, datatype, arraysize, item.ucd, description=item.description, options=listed)]
