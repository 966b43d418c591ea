"""A graph as a PROV document (W3C PROV-DM), with the attributes of the IVOA Provenance Data Model 1.0.

The library ``prov`` writes it as PROV-JSON, PROV-N or PROV-XML.
"""

import io
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from prov.constants import PROV
from prov.identifier import Identifier, Namespace, QualifiedName
from prov.model import ProvDocument

from provenance.graph import Node, Relation
from provenance.params import Format
from provenance.story import Activity, File, Story
from vo_server.config import Settings
from vo_server.instants import utc_text

#: Of what has not all been told.
CUT = "there is more: ask for the provenance of this one"
MISSING = "not in this archive"


class Names:
    """The qualified names of everything in a document."""

    def __init__(self, settings: Settings) -> None:
        self.root_url = settings.root_url
        self.archive = Namespace("archive", f"ivo://{settings.authority}/ID?")
        self.run = Namespace("run", f"{settings.root_url}/provenance?ID=")
        self.missing = Namespace("name", f"{settings.root_url}/provenance?DIRECTION=FORTH&ID=")
        self.agent = Namespace("agent", f"ivo://{settings.authority}/agent?")
        self.parameter = Namespace("parameter", f"{settings.root_url}/provenance#parameter-")
        self.voprov = Namespace("voprov", "http://www.ivoa.net/documents/ProvenanceDM/#")

    @property
    def namespaces(self) -> tuple[Namespace, ...]:
        """All of them."""
        return (self.archive, self.run, self.missing, self.agent, self.parameter, self.voprov)

    def of(self, node: Node, files: Mapping[str, File]) -> QualifiedName:
        """The name of a node: that of a file is its identifier in the Virtual Observatory."""
        if node.kind == "activity":
            return self.run[local(node.id)]
        return (self.archive if node.id in files else self.missing)[local(node.id)]


def local(text: str, safe: str = ":") -> str:
    """A text as the local part of a qualified name; what no form of document can have is percent-encoded."""
    return quote(text, safe=safe)


def printable(text: str) -> str:
    """A text without the characters that XML cannot have."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def make_document(story: Story, settings: Settings) -> ProvDocument:
    """The document: every node once, and every relation."""
    names = Names(settings)
    document = ProvDocument(namespaces=names.namespaces)
    for node in story.graph.distance:
        attributes = _entity(names, story, node) if node.kind == "entity" else ()
        if node.kind == "entity":
            document.entity(names.of(node, story.files), list(attributes))
        else:
            told = story.activities[node.id]
            document.activity(
                names.of(node, story.files), told.started, told.ended, list(_activity(names, story, told))
            )
    for relation in story.graph.relations:
        _relate(document, names, story, relation)
    _agents(document, names, story)
    return document


def write_document(document: ProvDocument, form: Format) -> bytes:
    """The document in one of its forms."""
    stream = io.BytesIO()
    document.serialize(stream, format=form.serializer)
    return stream.getvalue()


def _entity(names: Names, story: Story, node: Node) -> Iterator[tuple[Any, Any]]:
    file = story.files.get(node.id)
    yield "prov:label", node.id
    yield names.voprov["name"], printable((file and file.origfile) or node.id)
    if file is None:
        yield names.voprov["comment"], MISSING
    else:
        yield "prov:type", names.voprov["DatasetEntity"]
        yield "prov:location", Identifier(f"{names.root_url}/download/{quote(file.dp_id, safe=':')}")
        yield names.voprov["type"], file.kind
        yield names.voprov["contentType"], file.media_type
        if file.category:
            yield names.voprov["category"], file.category
        if file.title:
            yield names.voprov["title"], printable(file.title)
        if file.release_date:
            yield names.voprov["releaseDate"], utc_text(file.release_date)
    if node in story.graph.cut:
        yield names.voprov["comment"], CUT


def _activity(names: Names, story: Story, told: Activity) -> Iterator[tuple[Any, Any]]:
    yield "prov:label", told.recipe
    yield names.voprov["name"], told.recipe
    for attribute, value in (("version", told.pipeline), ("library", told.drs)):
        if value:
            yield names.voprov[attribute], value
    for name, value, _ in told.parameters:
        yield names.parameter[local(name, safe="")], printable(value)
    if Node("activity", told.activity_id) in story.graph.cut:
        yield names.voprov["comment"], CUT


def _relate(document: ProvDocument, names: Names, story: Story, relation: Relation) -> None:
    source, target = names.of(relation.source, story.files), names.of(relation.target, story.files)
    attributes: list[tuple[Any, Any]] = [("prov:role", relation.role)] if relation.role else []
    if relation.type:
        attributes.append((names.voprov["type"], relation.type))
    if relation.kind == "wasGeneratedBy":
        document.wasGeneratedBy(source, target, other_attributes=attributes)
    elif relation.kind == "used":
        document.used(source, target, other_attributes=attributes)
    elif relation.kind == "wasDerivedFrom":
        document.wasDerivedFrom(source, target)
    else:
        document.wasInformedBy(source, target)


def _agents(document: ProvDocument, names: Names, story: Story) -> None:
    """The makers of science data, and the software that ran."""
    known: set[str] = set()

    def agent(name: str, kind: str | None) -> QualifiedName:
        identifier = names.agent[local(name)]
        if name not in known:
            known.add(name)
            attributes: list[tuple[Any, Any]] = [("prov:label", name), (names.voprov["name"], name)]
            document.agent(identifier, attributes + ([("prov:type", PROV[kind])] if kind else []))
        return identifier

    for node in story.graph.distance:
        if node.kind == "entity":
            file = story.files.get(node.id)
            if file is not None and file.creator:
                document.wasAttributedTo(
                    names.of(node, story.files),
                    agent(printable(file.creator), None),
                    other_attributes=[(names.voprov["role"], "Creator")],
                )
        elif told := story.activities[node.id].pipeline:
            document.wasAssociatedWith(
                names.of(node, story.files),
                agent(told, "SoftwareAgent"),
                other_attributes=[("prov:role", "Operator")],
            )


def instant(when: datetime | None) -> str:
    """An instant in UTC as DALI writes it; empty where there is none."""
    return utc_text(when) if when else ""
