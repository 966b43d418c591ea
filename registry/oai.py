"""Answers to harvesters as XML (OAI-PMH 2.0), with the prefix ``oai`` throughout."""

from collections.abc import Iterable
from datetime import datetime
from xml.sax.saxutils import escape

from lxml import etree

from registry import dublin_core, voresource
from registry.faults import OaiFault
from registry.params import MANAGED, PREFIX_FORM, SET_FORM, OaiRequest
from registry.store import Page, Record
from registry.xmltext import writable
from vo_server.capabilities import XSI
from vo_server.instants import utc_text

NAMESPACE = "http://www.openarchives.org/OAI/2.0/"
SCHEMA = "http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd"
#: Prefix, schema and namespace of the metadata formats.
FORMATS = (
    ("ivo_vor", voresource.NAMESPACE, voresource.NAMESPACE),
    ("oai_dc", dublin_core.SCHEMA, dublin_core.NAMESPACE),
)
LONGEST = 2000  #: characters of an argument that is said again
_PLACE = "<!--records-->"


def oai(tag: str) -> str:
    """The name of an element of the protocol."""
    return f"{{{NAMESPACE}}}{tag}"


class Envelope:
    """What is round every answer.

    Parameters
    ----------
    base_url : str
        Where the request came to.
    request : OaiRequest or None
        None where it could not be understood, so that it is not said again.
    asked : datetime
        When it came.
    """

    def __init__(self, base_url: str, request: OaiRequest | None, asked: datetime) -> None:
        self._root = etree.Element(oai("OAI-PMH"), nsmap={"oai": NAMESPACE, "xsi": XSI})
        self._root.set(f"{{{XSI}}}schemaLocation", f"{NAMESPACE} {SCHEMA}")
        _add(self._root, "responseDate", utc_text(asked))
        element = _add(self._root, "request", base_url)
        if request is not None:
            element.set("verb", request.verb)
            for name, value in request.arguments:
                if _can_be_said(name, value):
                    element.set(name, value)

    def error(self, fault: OaiFault) -> bytes:
        """The answer to a request that has none."""
        _add(self._root, "error", writable(str(fault))).set("code", fault.code)
        return self._document()

    def identify(self, name: str, base_url: str, earliest: datetime, registry: str) -> bytes:
        """Who we are; ``registry`` is the registry's own record (Registry Interfaces 1.1, Identify)."""
        email = etree.fromstring(registry).findtext("curation/contact/email") or ""
        verb = etree.SubElement(self._root, oai("Identify"))
        for tag, text in (
            ("repositoryName", writable(name)),
            ("baseURL", base_url),
            ("protocolVersion", "2.0"),
            ("adminEmail", email),
            ("earliestDatestamp", utc_text(earliest)),
            ("deletedRecord", "persistent"),
            ("granularity", "YYYY-MM-DDThh:mm:ssZ"),
        ):
            _add(verb, tag, text)
        etree.SubElement(verb, oai("description")).append(etree.Comment("records"))
        return self._with((registry,))

    def metadata_formats(self) -> bytes:
        """The formats of every record."""
        verb = etree.SubElement(self._root, oai("ListMetadataFormats"))
        for prefix, schema, namespace in FORMATS:
            element = etree.SubElement(verb, oai("metadataFormat"))
            _add(element, "metadataPrefix", prefix)
            _add(element, "schema", schema)
            _add(element, "metadataNamespace", namespace)
        return self._document()

    def sets(self) -> bytes:
        """The sets of records."""
        element = etree.SubElement(etree.SubElement(self._root, oai("ListSets")), oai("set"))
        _add(element, "setSpec", MANAGED)
        _add(element, "setName", "All records that this registry is the origin of")
        return self._document()

    def record(self, record: Record) -> bytes:
        """One record."""
        etree.SubElement(self._root, oai("GetRecord")).append(etree.Comment("records"))
        return self._with((whole(record),))

    def page(self, verb: str, page: Page, token: str) -> bytes:
        """Some records or headers, and the token for the rest; empty where a list of several parts ends."""
        element = etree.SubElement(self._root, oai(verb))
        element.append(etree.Comment("records"))
        if token or page.cursor:
            mark = _add(element, "resumptionToken", token)
            mark.set("completeListSize", str(max(page.size, page.cursor + len(page.records))))
            mark.set("cursor", str(page.cursor))
        written = map(header if verb == "ListIdentifiers" else whole, page.records)
        return self._with(written)

    def _with(self, pieces: Iterable[str]) -> bytes:
        # Records are kept as text: to read and write each once more would be the most of the work.
        head, _, tail = self._document().rpartition(_PLACE.encode())
        return b"".join((head, *(piece.encode() for piece in pieces), tail))

    def _document(self) -> bytes:
        return etree.tostring(self._root, xml_declaration=True, encoding="UTF-8")


def header(record: Record) -> str:
    """The header of a record."""
    status = ' status="deleted"' if record.deleted else ""
    return (
        f"<oai:header{status}><oai:identifier>{escape(record.identifier)}</oai:identifier>"
        f"<oai:datestamp>{utc_text(record.updated)}</oai:datestamp>"
        f"<oai:setSpec>{MANAGED}</oai:setSpec></oai:header>"
    )


def whole(record: Record) -> str:
    """A record with its header."""
    metadata = f"<oai:metadata>{record.text}</oai:metadata>" if record.text and not record.deleted else ""
    return f"<oai:record>{header(record)}{metadata}</oai:record>"


def _add(parent: etree._Element, tag: str, text: str) -> etree._Element:
    element = etree.SubElement(parent, oai(tag))
    element.text = text
    return element


def _can_be_said(name: str, value: str) -> bool:
    """Whether an argument has the form that the protocol's schema wants."""
    if name == "metadataPrefix":
        return PREFIX_FORM.fullmatch(value) is not None
    if name == "set":
        return SET_FORM.fullmatch(value) is not None
    return (
        len(value) <= LONGEST
        and value.isascii()
        and value.isprintable()
        and not set(value) & set(' "<>\\^`{|}%')
    )
