"""What the SSA service tells about itself: constants of every answer, FORMAT=METADATA, its capability."""

from dataclasses import replace

from lxml import etree

from ssa.params import DEFAULT_SIZE, FORMATS, bands
from ssa.query import COLUMNS
from vo_server.capabilities import Capability, Interface, Service, text_child, with_inputs
from vo_server.config import Settings
from vo_server.formats import Info, Param

PATH = "/ssa/query"
STANDARD_ID = "ivo://ivoa.net/std/SSA"
#: SSA 1.1, Query Response.
PROTOCOL = Info("SERVICE_PROTOCOL", "1.1", "SSAP")


def constants(settings: Settings) -> tuple[Param, ...]:
    """What holds for all spectra (SSA 1.1, Query Response Metadata)."""
    values = (
        ("datamodel", "ssa:Dataset.DataModel", "", "Spectrum-1.1", "Data model of the spectra"),
        ("dataset_type", "ssa:Dataset.Type", "", "Spectrum", "Type of the datasets"),
        ("publisher", "ssa:Curation.Publisher", "meta.curation", settings.archive_name, "Publisher"),
        ("datasource", "ssa:DataID.DataSource", "", "pointed", "Original source of the data"),
        ("creationtype", "ssa:DataID.CreationType", "", "archival", "How the datasets are made"),
        ("assoc_type", "ssa:Association.Type", "", "MultiFormat", "Rows of one spectrum in several formats"),
        ("assoc_key", "ssa:Association.Key", "", "@format", "What differs between them"),
        ("spaceframe", "ssa:CoordSys.SpaceFrame.Name", "", "ICRS", "Frame of the positions"),
        ("timeframe", "ssa:CoordSys.TimeFrame.Name", "", "UTC", "Time scale"),
        ("spectral_ucd", "ssa:Char.SpectralAxis.Ucd", "meta.ucd", "em.wl", "Spectral coordinate"),
        (
            "wave_calibration",
            "ssa:Char.SpectralAxis.Calibration",
            "meta.code.qual",
            "absolute",
            "Wavelengths",
        ),
        ("pos_calibration", "ssa:Char.SpatialAxis.Calibration", "meta.code.qual", "absolute", "Positions"),
    )
    return tuple(
        Param(name, utype=utype, ucd=ucd or "meta.code", value=value, description=description)
        for name, utype, ucd, value, description in values
    )


#: The parameters of a query, as FORMAT=METADATA tells them.
INPUTS = (
    Param(
        "POS",
        description="Centre of the region: ra,dec in degrees ICRS, or l,b;GALACTIC",
        unit="deg",
        ucd="pos.eq",
    ),
    Param(
        "SIZE",
        "double",
        None,
        value=str(DEFAULT_SIZE),
        unit="deg",
        description="Diameter of the region",
        minimum="0",
        maximum="360",
    ),
    Param(
        "BAND",
        unit="m",
        ucd="em.wl",
        description="Wavelengths in vacuum, single or ranges a/b, with commas between, or names of bands",
        options=tuple(bands()),
    ),
    Param(
        "TIME",
        ucd="time.epoch",
        description="Dates of ISO 8601 in UTC, single or ranges a/b, with commas between",
    ),
    Param(
        "FORMAT",
        value="all",
        description="Formats of spectra that are wanted, with commas between",
        options=(*dict.fromkeys(word for words in FORMATS.values() for word in words), "metadata"),
    ),
    Param("SPECRP", description="Least spectral resolving power, or a range a/b"),
    Param("SPATRES", unit="deg", description="Spatial resolution (FWHM) that must be reached, or a range"),
    Param("TIMERES", unit="s", description="Temporal resolution that must be reached, or a range"),
    Param("SNR", description="Least signal to noise ratio, or a range"),
    Param("TARGETNAME", description="Names of targets, in any case, with commas between"),
    Param(
        "FLUXCALIB",
        value="any",
        description="Least calibration of the flux",
        options=("absolute", "relative", "normalized", "any"),
    ),
    Param(
        "WAVECALIB",
        value="any",
        description="Least calibration of the wavelengths",
        options=("absolute", "relative", "any"),
    ),
    Param("PUBDID", description="Identifier given by the publisher"),
    Param("CREATORDID", description="Identifier given by the creator"),
    Param("COLLECTION", description="Part of the name of a collection, in any case"),
    Param("TOP", "int", None, description="Number of rows: those that match best, best first"),
    Param("MAXREC", "int", None, description="Number of rows, at most"),
    Param("MTIME", description="When the description was last changed: dates or ranges of ISO 8601"),
    Param("REQUEST", value="queryData", description="The operation", options=("queryData",)),
)


def metadata_params() -> tuple[Param, ...]:
    """Parameters and columns as FORMAT=METADATA wants them (SSA 1.1, Metadata Response)."""
    inputs = [replace(item, name=f"INPUT:{item.name}") for item in INPUTS]
    outputs = [
        Param(
            f"OUTPUT:{column.name}",
            column.datatype,
            column.arraysize,
            ucd=column.ucd,
            unit=column.unit,
            utype=column.utype,
            description=column.description,
        )
        for column in COLUMNS
    ]
    return (*inputs, *outputs)


def describe(element: etree._Element, settings: Settings) -> None:
    """Append the elements of ``ssap:SimpleSpectralAccess`` (SimpleDALRegExt 1.2)."""
    text_child(element, "complianceLevel", "full")
    text_child(element, "dataSource", "pointed")
    text_child(element, "creationType", "archival")
    for frame in ("ICRS", "FK5", "GALACTIC_II"):
        text_child(element, "supportedFrame", frame)
    text_child(element, "maxSearchRadius", "180")
    text_child(element, "maxRecords", str(settings.maxrec_limit))
    text_child(element, "defaultMaxRecords", str(min(settings.maxrec_default, settings.maxrec_limit)))
    query = etree.SubElement(element, "testQuery")
    text_child(query, "queryDataCmd", "BAND=5e-7&TIME=/2100")


CAPABILITIES = (
    with_inputs(
        Capability(
            STANDARD_ID,
            (Interface(PATH, version="1.1", use="base", result_type="text/xml"),),
            type="ssap:SimpleSpectralAccess",
            details=describe,
        ),
        INPUTS,
    ),
)
SERVICE = Service(
    "ssa",
    "/ssa",
    "SSA service",
    "Spectra by position, wavelength and time.",
    CAPABILITIES,
    auxiliary="ivo://ivoa.net/std/SSA#aux",
    product_types=("spectrum",),
    outputs=COLUMNS,
)
