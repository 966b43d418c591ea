"""Records of services, made from what the services say of themselves (VODataService 1.2, CatalogService)."""

from collections.abc import Sequence
from dataclasses import replace

from registry.archived import Archived
from registry.data import auxiliary, days
from registry.holdings import Holding
from registry.operator import Notes
from registry.publisher import Draft, Publisher
from registry.resource import Name, Resource
from vo_server.capabilities import Service
from vo_server.products import OBSCORE
from vo_server.tables import Table

MOST_RELATED = 100  #: more data are told of by their own records alone


def service_name(publisher: Publisher, service: Service) -> Name:
    """What a service is called."""
    return Name(f"{publisher.settings.archive_name} {service.title}", publisher.ivoid(service.key))


def service_record(
    publisher: Publisher,
    archived: Archived,
    service: Service,
    tap: Service,
    data: Sequence[Name],
    table: Table | None = None,
) -> Resource:
    """A service over the archive, or over one table.

    Parameters
    ----------
    data : sequence of Name
        What is found by it.
    table : Table, optional
        Whose service it is.
    """
    notes = publisher.operator.service.get(service.key, Notes())
    # Other tables than ObsCore do not say what their rows were observed with.
    is_products = table is None or table.name.lower() == OBSCORE
    found = archived.found_by(service.product_types) if is_products else Holding("", 0)
    schemas = archived.catalog.schemas if service.has_tables else archived.only(service.table)
    related = {"IsServiceFor": data} if 0 < len(data) <= MOST_RELATED else {}
    # What a service finds can be had by queries, too.
    also = (tap,) if (service.table or service.auxiliary) and service is not tap else ()
    if also:
        related["IsServedBy"] = [service_name(publisher, tap)]
    draft = Draft(
        "vs:CatalogService" if schemas or service.outputs else "vs:DataService",
        service.key,
        service_name(publisher, service).text,
        service.description or f"The {service.title} of {publisher.settings.archive_name}.",
        subjects=("catalogs",) if table else ("astronomy-databases", "virtual-observatories"),
        types=("Catalog",) if table else ("Archive",),
        dates=days(None, found.changed) if table is None else archived.declared(table.name),
        related=related,
    )
    word = service.key.rpartition("/")[2].upper().rpartition(".")[2]
    made = publisher.resource(draft, notes, publisher.short_name(f"{word} SCS" if table else word))
    root_url = publisher.settings.root_url
    if table is None:
        coverage = archived.service_coverage(service.product_types, root_url)
    else:
        coverage = archived.table_coverage(table, root_url)
    return replace(
        made,
        facilities=notes.facilities or found.facilities,
        instruments=notes.instruments or found.instruments,
        capabilities=(*service.every_capability, *auxiliary(also)),
        coverage=coverage,
        product_types=publisher.product_types(found.types),
        schemas=schemas,
        sizes=archived.sizes if table is not None or service.has_tables else {},
        outputs=() if schemas else service.outputs,
    )
