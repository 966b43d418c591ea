"""Descriptors of the archive's own services, for the answers of all of them (DataLink 1.1; SODA 1.0)."""

from collections.abc import Iterator

from vo_server.formats import Param, ServiceDescriptor
from vo_server.products import POLARIZATIONS

PROVENANCE_PATH = "/provenance"
SYNC_PATH, ASYNC_PATH = "/soda/sync", "/soda/async"
SYNC, ASYNC = "ivo://ivoa.net/std/SODA#sync-1.0", "ivo://ivoa.net/std/SODA#async-1.0"
#: What each service is called, where it is, and its standard.
SODA_SERVICES = (("sync", SYNC_PATH, SYNC), ("async", ASYNC_PATH, ASYNC))

#: Name, UCD and unit tell a parameter (SODA 1.0, Three-Factor Semantics).
SODA_PARAMETERS = {
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
    "MOC": Param(
        "MOC",
        ucd="pos.outline;obs",
        description="HEALPix cells to cut out (SODA 1.1 draft), such as 4/30-33 38 7/934",
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
        "POL", ucd="meta.code;phys.polarization", description="Polarization states", options=POLARIZATIONS
    ),
}
SUB = Param("SUB", description="Pixels: [x1:x2,y1:y2] or [hdu][x1:x2,y1:y2], from 1, * for all of an axis")
RESPONSEFORMAT = Param(
    "RESPONSEFORMAT",
    description="Format of a spectrum",
    options=("application/fits", "application/x-votable+xml"),
)


def soda_identifier(value: str = "", ref: str = "") -> Param:
    """The parameter ID: that of one dataset, or the values of a column."""
    return Param(
        "ID",
        ucd="meta.ref.url;meta.curation",
        value=value,
        ref=ref,
        description="The publisher's identifier of a dataset",
    )


def soda_descriptors(root_url: str, column: str) -> Iterator[ServiceDescriptor]:
    """The services for every row of a result (SODA 1.0, SODA Service Descriptor from Data Discovery).

    Parameters
    ----------
    column : str
        The column of the result with the identifiers.
    """
    for kind, path, standard in SODA_SERVICES:
        yield ServiceDescriptor(
            id=soda_id(kind),
            name=f"SODA {kind}",
            access_url=root_url + path,
            standard_id=standard,
            params=(soda_identifier(ref=column), *SODA_PARAMETERS.values(), SUB, RESPONSEFORMAT),
            description="A part of the data of a row",
            content_type="application/fits",
        )


def soda_id(kind: str, number: int | None = None) -> str:
    """The XML identifier of a descriptor: of one for a dataset, or of one for all."""
    return f"soda_{kind}" if number is None else f"soda_{kind}_{number}"


def datalink_descriptor(root_url: str, column: str) -> ServiceDescriptor:
    """The archive's DataLink service, to be called with the identifier of a row (DataLink 1.1).

    Parameters
    ----------
    column : str
        The column of the result with the identifiers.
    """
    return ServiceDescriptor(
        id="links",
        name="DataLink",
        access_url=f"{root_url}/datalink/links",
        standard_id="ivo://ivoa.net/std/DataLink#links-1.1",
        params=(Param("ID", ucd="meta.id;meta.main", ref=column),),
        description="Files, previews and related data of a row",
        content_type="application/x-votable+xml;content=datalink",
    )


def archive_descriptors(root_url: str, column: str) -> tuple[ServiceDescriptor, ...]:
    """The services that work on the identifiers in a column: links, and parts at once."""
    return datalink_descriptor(root_url, column), next(soda_descriptors(root_url, column))
