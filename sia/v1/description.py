"""What the SIA 1.0 service tells about itself: its capability and its place in the registry."""

from lxml import etree

from sia.params import PRODUCT_TYPES
from sia.v1.params import DESCRIPTIONS
from sia.v1.query import COLUMNS
from vo_server.capabilities import Capability, Interface, Service, text_child, with_inputs
from vo_server.config import Settings

PATH = "/sia/query"
STANDARD_ID = "ivo://ivoa.net/std/SIA"


def describe(element: etree._Element, settings: Settings) -> None:
    """Append the elements of ``sia:SimpleImageAccess`` (SimpleDALRegExt 1.2)."""
    text_child(element, "imageServiceType", "Pointed")
    for name in ("maxQueryRegionSize", "maxImageExtent"):
        extent = etree.SubElement(element, name)
        text_child(extent, "long", "360")
        text_child(extent, "lat", "180")
    text_child(element, "maxRecords", str(settings.maxrec_limit))
    query = etree.SubElement(element, "testQuery")
    for name, values in (("pos", (0.0, 0.0)), ("size", (5.0, 5.0))):
        pair = etree.SubElement(query, name)
        for axis, value in zip(("long", "lat"), values, strict=True):
            text_child(pair, axis, str(value))


CAPABILITIES = (
    with_inputs(
        Capability(
            STANDARD_ID,
            (Interface(PATH, version="1.0", use="base", result_type="text/xml"),),
            type="sia:SimpleImageAccess",
            details=describe,
        ),
        DESCRIPTIONS,
    ),
)
SERVICE = Service(
    "sia",
    "/sia",
    "SIA 1.0 service",
    "Images and cubes by position, for clients of the first version of the protocol; version 2 tells more.",
    CAPABILITIES,
    auxiliary="ivo://ivoa.net/std/SIA#aux",
    product_types=PRODUCT_TYPES,
    outputs=tuple(item.column for item in COLUMNS),
)
