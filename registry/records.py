"""All records of the archive, one after the other."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from registry.archived import Archived
from registry.data import (
    UNPUBLISHED,
    Served,
    catalogue_name,
    catalogue_record,
    collection_record,
)
from registry.documents import document_name, document_record, documents
from registry.identifiers import resource_keys
from registry.management import management_records
from registry.operator import Notes
from registry.publisher import Publisher
from registry.resource import Name, Resource
from registry.services import service_name, service_record
from vo_server.capabilities import Service
from vo_server.tables import Schema, Table

TableServices = Callable[[Table], Iterable[Service]]


def all_records(
    publisher: Publisher, archived: Archived, services: Sequence[Service], table_services: TableServices
) -> Iterator[Resource]:
    """The records of everything that is published.

    Parameters
    ----------
    services : sequence of Service
        Those over the whole archive; the first is TAP.
    table_services : callable
        The services of one table.
    """
    operator = publisher.operator
    wanted = [each for each in services if operator.service.get(each.key, Notes()).published]
    served = Served(wanted, {each.key: service_name(publisher, each) for each in wanted})
    schemas = [schema for schema in archived.catalog.schemas if _is_published(publisher, schema)]
    holdings = [
        each for each in archived.collections if operator.collection.get(each.name, Notes()).published
    ]
    keys = resource_keys("collection", (each.name for each in holdings))
    named = {name: Name(name, publisher.ivoid(key)) for name, key in keys.items()}
    catalogues = [catalogue_name(publisher, schema) for schema in schemas]
    yield from management_records(publisher)
    for service in wanted:
        data = [named[each.name] for each in holdings if service in served.of(each.types)]
        found = [*catalogues, *data] if service.has_tables else data
        yield service_record(publisher, archived, service, services[0], found)
    papers = [each for each in documents(publisher, archived) if each.published]
    about: dict[str, list[Name]] = defaultdict(list)
    for paper in papers:
        for name in paper.collections:
            about[name].append(document_name(publisher, paper))
    for holding in holdings:
        yield collection_record(publisher, archived, holding, keys[holding.name], served, about[holding.name])
    for schema in schemas:
        yield from _catalogue(publisher, archived, schema, services[0], table_services)
    for paper in papers:
        yield document_record(publisher, paper, named)


def _is_published(publisher: Publisher, schema: Schema) -> bool:
    name = schema.name.lower()
    return name not in UNPUBLISHED and publisher.operator.catalogue.get(name, Notes()).published


def _catalogue(
    publisher: Publisher, archived: Archived, schema: Schema, tap: Service, table_services: TableServices
) -> Iterator[Resource]:
    """A schema's record, and those of the services of its tables."""
    itself = catalogue_name(publisher, schema)
    served_by = [service_name(publisher, tap)]
    for table in schema.tables:
        for service in table_services(table):
            if publisher.operator.service.get(service.key, Notes()).published:
                served_by.append(service_name(publisher, service))
                yield service_record(publisher, archived, service, tap, [itself], table)
    yield catalogue_record(publisher, archived, schema, tap, served_by)
