"""Resources as XML: ``ri:Resource`` (VOResource 1.2; Registry Interfaces 1.1, ivo_vor)."""

from collections.abc import Iterable, Iterator, Sequence

from lxml import etree

from registry.resource import Contact, Content, Coverage, Creator, Curation, Name, Resource
from registry.xmltext import token, writable
from vo_server.capabilities import NAMESPACES, XSI, add_capability
from vo_server.config import Settings
from vo_server.tables import Schema, Table
from vo_server.tablesets import add_schema

NAMESPACE = "http://www.ivoa.net/xml/RegistryInterface/v1.0"
PREFIXES = {"ri": NAMESPACE, **NAMESPACES}
#: Stand where the dates of a record go, which are known when it is kept.
CREATED, UPDATED = "0001-01-01T00:00:00Z", "0001-01-01T00:00:01Z"


def build_resource(resource: Resource, settings: Settings, mirrors: Sequence[str] = ()) -> str:
    """The record as XML, with `CREATED` and `UPDATED` in the place of its dates.

    Parameters
    ----------
    mirrors : sequence of str
        Other root URLs of the server.
    """
    root = etree.Element(f"{{{NAMESPACE}}}Resource", nsmap=PREFIXES)
    root.set("created", CREATED)
    root.set("updated", UPDATED)
    root.set("status", "active")
    root.set(f"{{{XSI}}}type", resource.type)
    _line(root, "title", resource.title)
    _lines(root, "shortName", resource.short_name)
    _line(root, "identifier", resource.identifier)
    _lines(root, "altIdentifier", *resource.alternatives)
    _curation(root, resource.curation)
    _content(root, resource.content)
    for rights in resource.rights:
        _line(root, "rights", rights.text, rightsURI=rights.url)
    for capability in resource.capabilities:
        add_capability(root, capability, settings, mirrors=mirrors)
    _lines(root, "facility", *resource.facilities)
    _lines(root, "instrument", *resource.instruments)
    _coverage(root, resource.coverage)
    _lines(root, "productTypeServed", *resource.product_types)
    if resource.full is not None:
        _line(root, "full", str(resource.full).lower())
        _lines(root, "managedAuthority", *resource.authorities)
    if resource.managing_org is not None:
        _name(root, "managingOrg", resource.managing_org)
    if resource.schemas or resource.outputs:
        _tableset(root, resource)
    return _finished(root)


def _tableset(parent: etree._Element, resource: Resource) -> None:
    element = etree.SubElement(parent, "tableset")
    for schema in resource.schemas:
        add_schema(element, schema, resource.sizes, title=resource.schema_titles.get(schema.name.lower(), ""))
    if resource.outputs:
        answer = Table("output", "Columns of an answer", resource.outputs)
        add_schema(element, Schema("output", "", (answer,)), {})
        element[-1][-1].set("type", "output")


def _finished(root: etree._Element) -> str:
    """The record with the prefixes and the places of schemas that it needs."""
    used = {"ri", "vr"} | set(_prefixes(root))
    root.set(
        f"{{{XSI}}}schemaLocation",
        " ".join(f"{PREFIXES[prefix]} {PREFIXES[prefix]}" for prefix in sorted(used)),
    )
    etree.cleanup_namespaces(root, keep_ns_prefixes=sorted(used))
    return etree.tostring(root, encoding="unicode")


def _prefixes(root: etree._Element) -> Iterator[str]:
    for element in root.iter("*"):
        if kind := element.get(f"{{{XSI}}}type"):
            yield str(kind).partition(":")[0]


def _curation(parent: etree._Element, curation: Curation) -> None:
    element = etree.SubElement(parent, "curation")
    _name(element, "publisher", curation.publisher)
    for creator in curation.creators:
        _creator(element, creator)
    for contributor in curation.contributors:
        _name(element, "contributor", contributor)
    for role, date in curation.dates:
        _line(element, "date", date, role=role)
    _lines(element, "version", curation.version)
    _contact(element, curation.contact)


def _creator(parent: etree._Element, creator: Creator) -> None:
    element = etree.SubElement(parent, "creator")
    if creator.ivoid:
        element.set("ivo-id", creator.ivoid)
    _line(element, "name", creator.name)
    _lines(element, "logo", creator.logo)
    _lines(element, "altIdentifier", creator.orcid)


def _contact(parent: etree._Element, contact: Contact) -> None:
    element = etree.SubElement(parent, "contact")
    _name(element, "name", contact.name)
    _lines(element, "address", contact.address)
    _lines(element, "email", contact.email)
    _lines(element, "telephone", contact.telephone)
    _lines(element, "altIdentifier", contact.orcid)


def _content(parent: etree._Element, content: Content) -> None:
    element = etree.SubElement(parent, "content")
    _lines(element, "subject", *content.subjects)
    etree.SubElement(element, "description").text = writable(content.description)
    if content.source:
        _line(element, "source", content.source, format="bibcode")
    _line(element, "referenceURL", content.reference_url)
    _lines(element, "type", *content.types)
    _lines(element, "contentLevel", *content.levels)
    for relationship in content.relationships:
        child = etree.SubElement(element, "relationship")
        _line(child, "relationshipType", relationship.type)
        for related in relationship.resources:
            _name(child, "relatedResource", related)


def _coverage(parent: etree._Element, coverage: Coverage) -> None:
    if coverage == Coverage():
        return
    element = etree.SubElement(parent, "coverage")
    _lines(element, "spatial", coverage.spatial)
    for tag, intervals in (("temporal", coverage.temporal), ("spectral", coverage.spectral)):
        _lines(element, tag, *(f"{low:.7g} {high:.7g}" for low, high in intervals))
    if coverage.footprint:
        _line(element, "footprint", coverage.footprint, **{"ivo-id": "ivo://ivoa.net/std/moc"})
    _lines(element, "waveband", *coverage.wavebands)
    if coverage.region_of_regard is not None:
        _line(element, "regionOfRegard", repr(coverage.region_of_regard))


def _name(parent: etree._Element, tag: str, name: Name) -> None:
    _line(parent, tag, name.text, **{"ivo-id": name.ivoid, "altIdentifier": name.alternative})


def _lines(parent: etree._Element, tag: str, *texts: str) -> None:
    """A child for each text that is there."""
    for text in _present(texts):
        _line(parent, tag, text)


def _present(texts: Iterable[str]) -> Iterator[str]:
    return (text for text in texts if text)


def _line(parent: etree._Element, tag: str, text: str, **attributes: str) -> None:
    present = {name: token(value) for name, value in attributes.items() if value}
    etree.SubElement(parent, tag, present).text = token(text)
