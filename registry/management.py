"""The records by which registries know this one: authority, organisation, registry."""

from collections.abc import Iterator
from dataclasses import replace

from lxml import etree

from registry.operator import Notes
from registry.publisher import Draft, Publisher, url
from registry.resource import Resource
from vo_server.capabilities import Capability, Interface, Service, text_child
from vo_server.config import Settings

PATH = "/oai"
REGISTRY = "registry"  #: the key of the registry's own record
PAGE = 1000  #: records of one answer, at most


def _harvest(element: etree._Element, settings: Settings) -> None:
    """Append the elements of ``vg:Harvest`` (VORegistry 1.1)."""
    text_child(element, "maxRecords", str(PAGE))


CAPABILITIES = (
    Capability(
        "ivo://ivoa.net/std/Registry",
        (Interface(PATH, version="1.0", use="base", type="vg:OAIHTTP"),),
        type="vg:Harvest",
        details=_harvest,
    ),
)
SERVICE = Service(
    REGISTRY,
    PATH,
    "publishing registry",
    "Describes the services, collections and documents of the archive to other registries (OAI-PMH 2.0).",
    CAPABILITIES,
)


def management_records(publisher: Publisher) -> Iterator[Resource]:
    """The authority, its organisation and the registry."""
    yield _authority(publisher)
    if not publisher.operator.organisation.identifier:
        yield _organisation(publisher)
    yield registry_record(publisher)


def _authority(publisher: Publisher) -> Resource:
    authority = publisher.settings.authority.lower()
    draft = Draft(
        "vg:Authority",
        "",
        f"{authority}: naming authority",
        f"The naming authority of {publisher.organisation.text}. Identifiers of the archive begin with it.",
        types=("Other",),
    )
    made = publisher.resource(draft, Notes(), publisher.operator.organisation.short_name or authority[:16])
    return replace(made, rights=(), managing_org=publisher.organisation)


def _organisation(publisher: Publisher) -> Resource:
    said = publisher.operator.organisation
    name = publisher.organisation.text
    draft = Draft(
        "vr:Organisation",
        "organisation",
        name,
        said.description or f"{name} publishes astronomical data and runs the archive that serves them.",
        types=("Organisation",),
        homepage=url(said.homepage),
    )
    made = publisher.resource(draft, Notes(), said.short_name or "")
    ror = (said.ror,) if said.ror else ()
    return replace(
        made, alternatives=ror, rights=(), facilities=said.facilities, instruments=said.instruments
    )


def registry_record(publisher: Publisher) -> Resource:
    """The registry itself, which Identify tells of too."""
    title = f"{publisher.settings.archive_name} {SERVICE.title}"
    draft = Draft(
        "vg:Registry", REGISTRY, title, SERVICE.description, ("virtual-observatories",), ("Registry",)
    )
    return replace(
        publisher.resource(draft, publisher.operator.registry, publisher.short_name("Registry")),
        capabilities=SERVICE.every_capability,
        full=False,
        authorities=(publisher.settings.authority.lower(),),
    )
