"""Records of data: collections of products, and catalogues (VODataService 1.2, CatalogResource)."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from registry.archived import Archived
from registry.holdings import Holding
from registry.identifiers import resource_key
from registry.operator import BIBCODE, Notes
from registry.publisher import BUILT_IN, SUBJECTS, Draft, Publisher
from registry.resource import Name, Resource
from vo_server.capabilities import Capability, Interface, Service
from vo_server.products import OBSCORE
from vo_server.tables import Schema

#: Concepts of the Unified Astronomy Thesaurus for types of products.
CONCEPTS = {
    "image": "direct-imaging",
    "cube": "spectroscopy",
    "spectrum": "spectroscopy",
    "timeseries": "light-curves",
    "visibility": "interferometry",
    "measurements": "catalogs",
}
#: Schemas that describe themselves and the server, not the sky.
UNPUBLISHED = ("tap_schema",)
MOST_CREATORS = 10  #: more than these are observers, not authors


@dataclass(frozen=True, slots=True)
class Served:
    """The services of the server and what they are called."""

    services: Sequence[Service]
    names: Mapping[str, Name]

    def of(self, types: Iterable[str]) -> Iterator[Service]:
        """Those that find products of these types."""
        known = set(types)
        for service in self.services:
            if not service.product_types or known & set(service.product_types):
                yield service


def catalogue_key(schema: Schema) -> str:
    """The key of the record of a schema's tables."""
    return resource_key("catalogue", schema.name)


def catalogue_name(publisher: Publisher, schema: Schema) -> Name:
    """What the tables of a schema are called."""
    said = publisher.operator.catalogue.get(schema.name.lower(), Notes()).title
    what = BUILT_IN.get(schema.name.lower(), f"tables of {schema.name}")
    return Name(said or f"{publisher.settings.archive_name}: {what}", publisher.ivoid(catalogue_key(schema)))


def collection_record(
    publisher: Publisher,
    archived: Archived,
    holding: Holding,
    key: str,
    served: Served,
    documents: Sequence[Name],
) -> Resource:
    """A collection: what it has, and by which services it is found."""
    notes = publisher.operator.collection.get(holding.name, Notes())
    services = list(served.of(holding.types))
    related = {"IsServedBy": [served.names[service.key] for service in services]}
    if documents:
        related["IsSupplementedBy"] = list(documents)
    if holding.name in archived.made_from_raw:
        related["IsDerivedFrom"] = [Name(BUILT_IN["dbo"], publisher.ivoid(resource_key("catalogue", "dbo")))]
    draft = Draft(
        "vs:CatalogResource",
        key,
        f"{holding.name}: a collection of {publisher.settings.archive_name}",
        _describe(holding),
        subjects=sorted({CONCEPTS[kind] for kind in holding.types if kind in CONCEPTS}) or SUBJECTS,
        creators=holding.creators if len(holding.creators) <= MOST_CREATORS else (),
        bibcode=_bibcode(holding),
        dates=days(holding.published, holding.changed),
        related=related,
    )
    return replace(
        publisher.resource(draft, notes),
        capabilities=(*auxiliary(services), _page()),
        facilities=notes.facilities or holding.facilities,
        instruments=notes.instruments or holding.instruments,
        product_types=publisher.product_types(holding.types),
        coverage=replace(
            archived.coverage(holding, publisher.settings.root_url), region_of_regard=notes.region_of_regard
        ),
        schemas=archived.only(OBSCORE),
    )


def _bibcode(holding: Holding) -> str:
    """The one paper that all products name; empty where they name several, or something else."""
    named = holding.bibcodes
    return named[0] if len(named) == 1 and re.match(BIBCODE, named[0], re.ASCII) else ""


def _describe(holding: Holding) -> str:
    """What a collection is, in words, where nobody said it better."""
    kinds = ", ".join(holding.types) or "products"
    text = f"The collection {holding.name}: {holding.products} products ({kinds})"
    if holding.instruments:
        text += f" from {', '.join(holding.instruments[:10])}"
    return f"{text}. They are described by ObsCore in the table ivoa.ObsCore."


def days(first: datetime | None, last: datetime | None) -> dict[str, str]:
    """The days of the first and the last of something."""
    known = (("Created", first), ("Updated", last))
    return {role: date.strftime("%Y-%m-%d") for role, date in known if date is not None}


def auxiliary(services: Iterable[Service]) -> Iterator[Capability]:
    """Capabilities of services that data can be found by.

    See the IVOA note "Discovering Data Collections Within Services" 1.1.
    """
    for service in services:
        if service.auxiliary:
            # The one way in without an account is enough: it is told that the data are there.
            yield Capability(service.auxiliary, service.capabilities[0].interfaces[:1])


def _page() -> Capability:
    """The archive's page, where data can be seen."""
    return Capability("", (Interface("/", role="", type="vr:WebBrowser"),))


def catalogue_record(
    publisher: Publisher, archived: Archived, schema: Schema, tap: Service, served_by: Sequence[Name]
) -> Resource:
    """The tables of a schema."""
    key = schema.name.lower()
    notes = publisher.operator.catalogue.get(key, Notes())
    title = catalogue_name(publisher, schema).text
    draft = Draft(
        "vs:CatalogResource",
        catalogue_key(schema),
        title,
        schema.description or title,
        subjects=SUBJECTS if key in BUILT_IN else ("catalogs",),
        types=("Catalog",),
        dates=archived.declared(key),
        related={"IsServedBy": served_by},
    )
    made = publisher.resource(draft, notes)
    # Keys into other schemas would lead out of the record.
    inside = {table.name for table in schema.tables}
    tables = tuple(
        replace(table, keys=tuple(key for key in table.keys if key.target in inside))
        for table in schema.tables
    )
    return replace(
        made,
        capabilities=(*auxiliary([tap]), _page()),
        facilities=notes.facilities,
        instruments=notes.instruments,
        coverage=replace(
            archived.schema_coverage(schema, publisher.settings.root_url),
            region_of_regard=notes.region_of_regard,
        ),
        schemas=(replace(schema, tables=tables),),
        sizes=archived.sizes,
    )
