"""Resources as Dublin Core: ``oai_dc:dc`` (OAI-PMH 2.0, Dublin Core; Registry Interfaces 1.1, oai_dc)."""

from collections.abc import Iterator

from lxml import etree

from registry.resource import Resource
from registry.xmltext import token
from vo_server.capabilities import XSI

NAMESPACE = "http://www.openarchives.org/OAI/2.0/oai_dc/"
SCHEMA = "http://www.openarchives.org/OAI/2.0/oai_dc.xsd"
DC = "http://purl.org/dc/elements/1.1/"


def build_dublin_core(resource: Resource) -> str:
    """The record as XML."""
    root = etree.Element(f"{{{NAMESPACE}}}dc", nsmap={"oai_dc": NAMESPACE, "dc": DC, "xsi": XSI})
    root.set(f"{{{XSI}}}schemaLocation", f"{NAMESPACE} {SCHEMA}")
    for tag, text in _elements(resource):
        if text:
            etree.SubElement(root, f"{{{DC}}}{tag}").text = token(text)
    return etree.tostring(root, encoding="unicode")


def _elements(resource: Resource) -> Iterator[tuple[str, str]]:
    content, curation = resource.content, resource.curation
    yield "title", resource.title
    yield "identifier", resource.identifier
    for text in resource.alternatives:
        yield "identifier", text
    for creator in curation.creators:
        yield "creator", creator.name
    for contributor in curation.contributors:
        yield "contributor", contributor.text
    yield "publisher", curation.publisher.text
    for text in content.subjects:
        yield "subject", text
    yield "description", content.description
    for _, date in curation.dates:
        yield "date", date
    for text in content.types:
        yield "type", text
    yield "source", content.source
    yield "language", "en"
    for relationship in content.relationships:
        for related in relationship.resources:
            yield "relation", related.ivoid or related.text
    for rights in resource.rights:
        yield "rights", " ".join(filter(None, (rights.text, rights.url)))
