"""Records of documents: release descriptions and what else the operator has (DocRegExt 1.0)."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from lxml import etree
from pydantic import ValidationError

from registry.archived import Archived
from registry.identifiers import resource_key
from registry.operator import DocumentNotes
from registry.publisher import Draft, Publisher, url
from registry.resource import Name, Resource
from vo_server.capabilities import Capability, Interface, text_child
from vo_server.config import Settings


def documents(publisher: Publisher, archived: Archived) -> Iterator[DocumentNotes]:
    """Release descriptions that products name, and what the operator has."""
    said = {str(document.url) for document in publisher.operator.document}
    yield from publisher.operator.document
    found: dict[str, list[str]] = {}
    for holding in archived.collections:
        for address in holding.documents:
            found.setdefault(address, []).append(holding.name)
    for address, collections in sorted(found.items()):
        if address in said:
            continue
        with suppress(ValidationError):  # it came from a header, and may be anything
            yield DocumentNotes.model_validate(
                {
                    "key": resource_key("", f"release {address}").lstrip("/"),
                    "title": f"Release description of {', '.join(collections)}"[:1000],
                    "url": address,
                    "collections": collections,
                }
            )


def document_name(publisher: Publisher, document: DocumentNotes) -> Name:
    """What a document is called."""
    return Name(document.title, publisher.ivoid(f"document/{document.key}"))


def document_record(
    publisher: Publisher, document: DocumentNotes, collections: Mapping[str, Name]
) -> Resource:
    """A document (DocRegExt 1.0, doc:Document); ``collections`` are those that are published, by name."""
    about = [collections[name] for name in document.collections if name in collections]
    draft = Draft(
        "doc:Document",
        f"document/{document.key}",
        document.title,
        f"{document.title}: what is in it, how it was made and what to know before using it.",
        types=("Other",),
        related={"IsSupplementTo": about} if about else None,
        homepage=str(document.url),
    )
    interfaces = [Interface(str(document.url), role="rendered", type="vr:WebBrowser")]
    if document.source_url:
        interfaces.append(Interface(url(document.source_url), role="source", type="vr:WebBrowser"))

    def edition(element: etree._Element, settings: Settings) -> None:
        text_child(element, "languageCode", document.language)
        if document.local_title:
            text_child(element, "locTitle", document.local_title)

    # A document has no standard of its own: its capability is known by its type.
    capability = Capability("", tuple(interfaces), type="doc:Edition", details=edition)
    return replace(publisher.resource(draft, document), capabilities=(capability,))
