"""What this TAP service can do, for its capabilities document (TAPRegExt 1.0, TAP 1.1 VOSI-capabilities)."""

from collections.abc import Iterable

from lxml import etree

from vo_server.config import Settings
from vo_server.formats import FORMATS
from vo_server.vosi import Capability, Interface, text_child

TAPREGEXT = "ivo://ivoa.net/std/TAPRegExt"
GEOMETRY = (
    "AREA", "BOX", "CENTROID", "CIRCLE", "CONTAINS", "COORD1", "COORD2", "COORDSYS", "DISTANCE", "INTERSECTS",
    "POINT", "POLYGON", "REGION",
)  # fmt: skip


def describe(element: etree._Element, settings: Settings) -> None:
    """Append what TAPRegExt adds to a capability: models, languages, formats, limits."""
    text_child(element, "dataModel", "ObsCore-1.1", **{"ivo-id": "ivo://ivoa.net/std/ObsCore#core-1.1"})
    _language(element)
    _formats(element)
    _limit(element, "retentionPeriod", int(settings.retention), int(settings.retention))
    sync, job = int(settings.sync_timeout), int(settings.async_timeout)
    _limit(element, "executionDuration", sync, sync, mode="sync")
    _limit(element, "executionDuration", job, job, mode="async")
    _limit(element, "outputLimit", settings.maxrec_default, settings.maxrec_limit, unit="row")


def _language(parent: etree._Element) -> None:
    language = etree.SubElement(parent, "language")
    text_child(language, "name", "ADQL")
    text_child(language, "version", "2.0", **{"ivo-id": "ivo://ivoa.net/std/ADQL#v2.0"})
    text_child(language, "version", "2.1", **{"ivo-id": "ivo://ivoa.net/std/ADQL#v2.1"})
    text_child(language, "description", "Astronomical Data Query Language")
    _features(language, "features-adqlgeo", ((name, "") for name in GEOMETRY))


def _features(parent: etree._Element, kind: str, forms: Iterable[tuple[str, str]]) -> None:
    features = etree.SubElement(parent, "languageFeatures", type=f"{TAPREGEXT}#{kind}")
    for form, description in forms:
        feature = etree.SubElement(features, "feature")
        text_child(feature, "form", form)
        if description:
            text_child(feature, "description", description)


def _formats(parent: etree._Element) -> None:
    for form in FORMATS.values():
        element = etree.SubElement(parent, "outputFormat")
        text_child(element, "mime", form.media_type)
        for alias in (form.name, *form.aliases):
            text_child(element, "alias", alias)


def _limit(
    parent: etree._Element, tag: str, default: int, hard: int, *, mode: str = "", unit: str = ""
) -> None:
    element = etree.SubElement(parent, tag, attrib={"forMode": mode} if mode else {})
    text_child(element, "default", str(default), unit=unit)
    text_child(element, "hard", str(hard), unit=unit)


CAPABILITIES = (
    Capability(
        "ivo://ivoa.net/std/TAP",
        (Interface("/tap", version="1.1", use="base"),),
        type="tr:TableAccess",
        details=describe,
    ),
    Capability(
        "ivo://ivoa.net/std/DALI#examples",
        (Interface("/tap/examples", role="", type="vr:WebBrowser"),),
    ),
)
