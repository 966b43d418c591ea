"""What this TAP service can do, for its capabilities document (TAPRegExt 1.0, TAP 1.1 VOSI-capabilities)."""

from collections.abc import Iterable

from lxml import etree

from tap.adql.functions import GEOMETRY_USER_DEFINED, USER_DEFINED
from vo_server.capabilities import BASIC, Capability, Interface, Service, for_everybody, text_child
from vo_server.config import Settings
from vo_server.formats import FORMATS

TAPREGEXT = "ivo://ivoa.net/std/TAPRegExt"
GEOMETRY = (
    "AREA", "BOX", "CENTROID", "CIRCLE", "CONTAINS", "COORD1", "COORD2", "COORDSYS", "DISTANCE", "INTERSECTS",
    "POINT", "POLYGON", "REGION",
)  # fmt: skip


#: What ADQL 2.1 leaves to the service, by the kind of feature (ADQL 2.1, Language feature support).
#: COALESCE works too; its kind, features-adql-conditional, is an unknown key to STILTS 3.4.
FEATURES = {
    "features-adqlgeo": GEOMETRY,
    "features-adql-string": ("LOWER", "UPPER", "ILIKE"),
    "features-adql-common-table": ("WITH",),
    "features-adql-sets": ("UNION", "EXCEPT", "INTERSECT"),
    "features-adql-type": ("CAST",),
    "features-adql-unit": ("IN_UNIT",),
    "features-adql-offset": ("OFFSET",),
}


#: Names that TAPRegExt gives to formats (TAPRegExt 1.0, Output Formats).
OUTPUTS = {
    "votable": "output-votable-binary2",
    "votable/b2": "output-votable-binary2",
    "votable/b": "output-votable-binary",
    "votable/td": "output-votable-td",
}


def describe(element: etree._Element, settings: Settings) -> None:
    """Append what TAPRegExt adds to a capability: models, languages, formats, limits."""
    text_child(element, "dataModel", "ObsCore-1.1", **{"ivo-id": "ivo://ivoa.net/std/ObsCore#core-1.1"})
    _language(element)
    _formats(element)
    for way in ("inline", "http", "https"):
        etree.SubElement(element, "uploadMethod", {"ivo-id": f"{TAPREGEXT}#upload-{way}"})
    _limit(element, "retentionPeriod", int(settings.retention), int(settings.retention))
    # TAPRegExt 1.0 has one limit for both ways; only a job's can be set by a client.
    _limit(element, "executionDuration", int(settings.async_timeout), int(settings.async_timeout))
    _limit(element, "outputLimit", settings.maxrec_default, settings.maxrec_limit, unit="row")
    _limit(element, "uploadLimit", settings.upload_size, settings.upload_size, unit="byte")


def _language(parent: etree._Element) -> None:
    language = etree.SubElement(parent, "language")
    text_child(language, "name", "ADQL")
    text_child(language, "version", "2.0", **{"ivo-id": "ivo://ivoa.net/std/ADQL#v2.0"})
    text_child(language, "version", "2.1", **{"ivo-id": "ivo://ivoa.net/std/ADQL#v2.1"})
    text_child(language, "description", "Astronomical Data Query Language")
    for kind, forms in FEATURES.items():
        _features(language, kind, ((form, "") for form in forms))
    functions = [(f.signature, f.description) for f in USER_DEFINED.values()]
    _features(language, "features-udf", [*functions, *GEOMETRY_USER_DEFINED.values()])


def _features(parent: etree._Element, kind: str, forms: Iterable[tuple[str, str]]) -> None:
    features = etree.SubElement(parent, "languageFeatures", type=f"{TAPREGEXT}#{kind}")
    for form, description in forms:
        feature = etree.SubElement(features, "feature")
        text_child(feature, "form", form)
        if description:
            text_child(feature, "description", description)


def _formats(parent: etree._Element) -> None:
    for form in FORMATS.values():
        known = {"ivo-id": f"{TAPREGEXT}#{OUTPUTS[form.name]}"} if form.name in OUTPUTS else {}
        element = etree.SubElement(parent, "outputFormat", known)
        text_child(element, "mime", form.media_type)
        for alias in (form.name, *form.aliases):
            text_child(element, "alias", alias)


def _limit(parent: etree._Element, tag: str, default: int, hard: int, *, unit: str = "") -> None:
    element = etree.SubElement(parent, tag)
    text_child(element, "default", str(default), unit=unit)
    text_child(element, "hard", str(hard), unit=unit)


CAPABILITIES = (
    Capability(
        "ivo://ivoa.net/std/TAP",
        for_everybody(Interface("/tap", version="1.1", use="base")),
        type="tr:TableAccess",
        details=describe,
    ),
    Capability(
        "ivo://ivoa.net/std/VOSI#table-load-1.x",
        (Interface("/tap/load", use="base", security=BASIC),),
    ),
    Capability(
        "ivo://ivoa.net/std/VOSI#table-update-async-1.x",
        (Interface("/tap/table-update", security=BASIC),),
    ),
    Capability(
        "ivo://ivoa.net/std/DALI#examples",
        (Interface("/tap/examples", role="", type="vr:WebBrowser"),),
    ),
)
SERVICE = Service(
    "tap",
    "/tap",
    "TAP service",
    "All tables of the archive by ADQL: its products in ObsCore, raw data, header keywords, catalogues.",
    CAPABILITIES,
    auxiliary="ivo://ivoa.net/std/TAP#aux",
    has_tables=True,
)
