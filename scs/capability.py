"""What a cone search tells about itself (SimpleDALRegExt 1.2, Cone Search)."""

from lxml import etree

from scs.query import Cones
from vo_server.capabilities import Capability, Interface, Parameter, Service, text_child
from vo_server.config import Settings

STANDARD_ID = "ivo://ivoa.net/std/ConeSearch"
#: A query that gives rows in most tables.
TEST_QUERY = {"ra": 10.0, "dec": 10.0, "sr": 1.0}

PARAMETERS = (
    Parameter("RA", "Right ascension, ICRS", "double", "", "pos.eq.ra", "required", "deg"),
    Parameter("DEC", "Declination, ICRS", "double", "", "pos.eq.dec", "required", "deg"),
    Parameter("SR", "Radius; 0 for the columns only", "double", "", "pos.angDistance", "required", "deg"),
    Parameter("VERB", "1 for identifier and position, 2 for the principal columns, 3 for all", "int", ""),
    Parameter("MAXREC", "Number of rows, at most", "int", ""),
    Parameter("RESPONSEFORMAT", "Format of the answer: a name such as csv, or a media type"),
)


def capability(path: str) -> Capability:
    """The capability of the service at ``path``."""
    interface = Interface(path, version="1.03", use="base", result_type="text/xml", parameters=PARAMETERS)
    return Capability(STANDARD_ID, (interface,), type="cs:ConeSearch", details=describe)


def service(cones: Cones) -> Service:
    """The cone search in one table."""
    name = cones.table.name
    return Service(
        f"scs/{name.lower()}",
        f"/scs/{name}",
        f"cone search in {name}",
        cones.table.description,
        (capability(f"/scs/{name}"),),
        table=name,
    )


def describe(element: etree._Element, settings: Settings) -> None:
    """Append the elements of ``cs:ConeSearch``."""
    text_child(element, "maxSR", "180.0")
    text_child(element, "maxRecords", str(settings.maxrec_limit))
    text_child(element, "verbosity", "true")
    query = etree.SubElement(element, "testQuery")
    for name, value in TEST_QUERY.items():
        text_child(query, name, str(value))
