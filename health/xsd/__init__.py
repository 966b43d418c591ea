"""The XML schemas of the IVOA's Recommendations, without a network: is a document valid?

Records that have what only a working draft knows are looked at by the draft's schema.

The files are the IVOA's own (ivoa.net/xml), and W3C's for ``xml`` and ``xlink``.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

HERE = Path(__file__).parent
#: Namespace, and the places that schemas name for it, to the file here.
FILES = {
    "http://www.ivoa.net/xml/VOTable/v1.3": "VOTable-v1.4.xsd",
    "http://www.ivoa.net/xml/UWS/v1.0": "UWS-v1.1.xsd",
    "http://www.ivoa.net/xml/VOSIAvailability/v1.0": "VOSIAvailability-v1.0.xsd",
    "http://www.ivoa.net/xml/VOSICapabilities/v1.0": "VOSICapabilities-v1.0.xsd",
    "http://www.ivoa.net/xml/VOSITables/v1.0": "VOSITables-v1.1.xsd",
    "http://www.ivoa.net/xml/VOResource/v1.0": "VOResource-v1.2.xsd",
    "http://www.ivoa.net/xml/VODataService/v1.1": "VODataService-v1.2.xsd",
    "http://www.ivoa.net/xml/TAPRegExt/v1.0": "TAPRegExt-v1.0-Erratum1.xsd",
    "http://www.ivoa.net/xml/SIA/v1.1": "SIA-v1.2.xsd",
    "http://www.ivoa.net/xml/SSA/v1.1": "SSA-v1.2.xsd",
    "http://www.ivoa.net/xml/ConeSearch/v1.0": "ConeSearch-v1.1.xsd",
    "http://www.ivoa.net/xml/STC/stc-v1.30.xsd": "stc-v1.30.xsd",
    "http://www.ivoa.net/xml/VORegistry/v1.0": "VORegistry-v1.1.xsd",
    "http://www.ivoa.net/xml/DocRegExt/v1": "DocRegExt-v1.0.xsd",
    "http://www.ivoa.net/xml/RegistryInterface/v1.0": "RegistryInterface-v1.0.xsd",
    "http://www.openarchives.org/OAI/2.0/": "OAI-PMH-v2.0.xsd",
    "http://www.openarchives.org/OAI/2.0/oai_dc/": "oai_dc.xsd",
    "http://purl.org/dc/elements/1.1/": "simpledc20021212.xsd",
    "http://www.w3.org/1999/xlink": "xlink.xsd",
    "http://www.w3.org/XML/1998/namespace": "xml.xsd",
}
#: Places that the schemas themselves name.
ALIASES = {
    "http://www.ivoa.net/xml/Xlink/xlink.xsd": "xlink.xsd",
    "http://www.w3.org/2001/xml.xsd": "xml.xsd",
    "http://www.w3.org/2001/03/xml.xsd": "xml.xsd",
    "http://www.ivoa.net/xml/VOResource/VOResource-v1.0.xsd": "VOResource-v1.2.xsd",
    "https://www.ivoa.net/xml/VOResource/v1.0": "VOResource-v1.2.xsd",
    "https://www.ivoa.net/xml/VODataService/v1.1": "VODataService-v1.2.xsd",
    "http://hea-www.harvard.edu/~arots/nvometa/v1.30/stc-v1.30.xsd": "stc-v1.30.xsd",
}
#: The working draft of 24 March 2026 in the place of the present schema, and an element that only it has.
DRAFT = {"VODataService-v1.2.xsd": "VODataService-v1.3-wd4.xsd"}
DRAFTED = b"<productTypeServed>"


class Offline(etree.Resolver):
    """Finds every schema here; one that is not here is an error.

    Parameters
    ----------
    others : mapping
        Files that are taken in the place of others.
    """

    def __init__(self, others: Mapping[str, str]) -> None:
        super().__init__()
        self._others = others

    def resolve(self, system_url: str, public_id: str, context: Any) -> Any:  # type: ignore[override]
        """The file for a place."""
        name = FILES.get(system_url) or ALIASES.get(system_url) or Path(system_url).name
        name = self._others.get(name, name)
        return self.resolve_filename(str(HERE / name), context)  # type: ignore[attr-defined]


@cache
def schema(*, is_draft: bool = False) -> etree.XMLSchema:
    """One schema that imports all of them; with ``is_draft`` those of `DRAFT`."""
    imports = "".join(
        f'<xs:import namespace="{namespace}" schemaLocation="{name}"/>'
        # simpledc and others import the xml namespace without a place, so it has to be known first.
        for namespace, name in sorted(FILES.items(), key=lambda item: "XML/1998" not in item[0])
    )
    text = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{imports}</xs:schema>'
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    parser.resolvers.add(Offline(DRAFT if is_draft else {}))
    return etree.XMLSchema(etree.fromstring(text, parser, base_url=str(HERE / "all.xsd")))


def validate(document: bytes) -> list[str]:
    """What is wrong with an XML document, by its schema; nothing when it is valid."""
    found = schema(is_draft=DRAFTED in document)
    parser = etree.XMLParser(no_network=True, resolve_entities=False, huge_tree=True)
    found.validate(etree.fromstring(document, parser))
    errors: Any = found.error_log
    return [f"line {entry.line}: {entry.message}" for entry in errors]
