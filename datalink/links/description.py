"""What DataLink tells about itself: its capability, its own descriptor and its place in the registry."""

from datalink.links.params import DATALINK, STANDARD_ID
from datalink.links.rows import COLUMNS
from vo_server.capabilities import Capability, Interface, Parameter, Service
from vo_server.formats import FORMATS, Param, ServiceDescriptor

PATH = "/datalink/links"
ID = "Identifier of a product or raw file: obs_publisher_did or dp_id; may be repeated"
RESPONSEFORMAT = "Format of the answer: a name such as json, or a media type"

CAPABILITIES = (
    Capability(
        STANDARD_ID,
        (
            Interface(
                PATH,
                version="1.1",
                use="base",
                result_type=DATALINK,
                parameters=(
                    Parameter("ID", ID, ucd="meta.id;meta.main", use="required"),
                    Parameter("RESPONSEFORMAT", RESPONSEFORMAT, ucd="meta.code.mime"),
                ),
            ),
        ),
    ),
)


def self_descriptor(root_url: str) -> ServiceDescriptor:
    """The service's own descriptor (DataLink 1.1, Service self-description)."""
    return ServiceDescriptor(
        id="links_query",
        name="DataLink",
        access_url=root_url + PATH,
        standard_id=STANDARD_ID,
        params=(
            Param("ID", ucd="meta.id;meta.main", description=ID),
            Param("RESPONSEFORMAT", description=RESPONSEFORMAT, options=tuple(FORMATS)),
        ),
        description="This service: files, previews and related data of an identifier",
        content_type=DATALINK,
        resource_utype="adhoc:this",
    )


SERVICE = Service(
    "datalink",
    "/datalink",
    "DataLink service",
    "Files, previews, parts and related data of a product or raw file.",
    CAPABILITIES,
    outputs=COLUMNS,
)
