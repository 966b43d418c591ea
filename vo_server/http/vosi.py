"""What a service tells about itself: capabilities, availability, tables (VOSI 1.1)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lxml import etree
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from vo_server.capabilities import NAMESPACES as TYPES
from vo_server.capabilities import Capability, add_capability, standard_capabilities, text_child
from vo_server.catalog import Sizes, read_sizes
from vo_server.config import Settings
from vo_server.errors import NotFoundFault, UsageFault
from vo_server.http.auth import principal
from vo_server.instants import utc_text
from vo_server.tables import Catalog, Table
from vo_server.tablesets import add_schema, describe_table

CAPABILITIES_NS = "http://www.ivoa.net/xml/VOSICapabilities/v1.0"
AVAILABILITY_NS = "http://www.ivoa.net/xml/VOSIAvailability/v1.0"
TABLES_NS = "http://www.ivoa.net/xml/VOSITables/v1.0"
NAMESPACES = {"vosi": CAPABILITIES_NS, **TYPES}
XML = "application/xml"


def document(root: etree._Element) -> bytes:
    """``root`` as an XML document."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def capabilities(items: Sequence[Capability], settings: Settings) -> bytes:
    """The VOSI capabilities document for ``items``."""
    root = etree.Element(f"{{{CAPABILITIES_NS}}}capabilities", nsmap=NAMESPACES)
    for item in items:
        add_capability(root, item, settings)
    return document(root)


def availability(*, available: bool, up_since: datetime, note: str) -> bytes:
    """The VOSI availability document."""
    root = etree.Element(f"{{{AVAILABILITY_NS}}}availability", nsmap={"vosi": AVAILABILITY_NS})
    text_child(root, f"{{{AVAILABILITY_NS}}}available", str(available).lower())
    text_child(root, f"{{{AVAILABILITY_NS}}}upSince", utc_text(up_since))
    text_child(root, f"{{{AVAILABILITY_NS}}}note", note)
    return document(root)


def tableset(catalog: Catalog, sizes: Sizes | None = None, *, with_columns: bool = True) -> bytes:
    """The VOSI tables document of everything that can be queried."""
    root = etree.Element(f"{{{TABLES_NS}}}tableset", nsmap={**NAMESPACES, "vosi": TABLES_NS})
    for schema in catalog.schemas:
        add_schema(root, schema, sizes or {}, with_columns=with_columns)
    return document(root)


def single_table(table: Table, sizes: Sizes | None = None) -> bytes:
    """The VOSI table document of one table."""
    root = etree.Element(f"{{{TABLES_NS}}}table", nsmap={**NAMESPACES, "vosi": TABLES_NS})
    describe_table(root, table, sizes or {})
    return document(root)


def routes(path: str, items: Sequence[Capability], *, has_tables: bool = False) -> list[BaseRoute]:
    """The VOSI routes of the service at ``path``: ``capabilities`` and ``availability``, maybe ``tables``."""
    every = (*standard_capabilities(path, has_tables=has_tables), *items)

    async def get_capabilities(request: Request) -> Response:
        """GET ``capabilities`` (VOSI 1.1, Capability metadata)."""
        return Response(capabilities(every, request.app.state.settings), media_type=XML)

    found: list[BaseRoute] = [
        Route(f"{path}/capabilities", get_capabilities, methods=["GET"]),
        Route(f"{path}/availability", get_availability, methods=["GET"]),
    ]
    if has_tables:
        found.append(Route(f"{path}/tables", get_tables, methods=["GET"]))
        found.append(Route(f"{path}/tables/{{name}}", get_table, methods=["GET"]))
    return found


async def get_availability(request: Request) -> Response:
    """GET ``availability``: whether the database answers (VOSI 1.1, Availability metadata)."""
    state = request.app.state
    healthy = await run_in_threadpool(state.is_healthy)
    note = "the service accepts queries" if healthy else "the database does not answer"
    return Response(availability(available=healthy, up_since=state.up_since, note=note), media_type=XML)


async def get_tables(request: Request) -> Response:
    """GET ``tables``: every table, with its columns unless ``detail=min`` (VOSI 1.1, Table metadata)."""
    catalog = await _catalog(request)
    detail = request.query_params.get("detail", "max").lower()
    if detail not in ("min", "max"):
        raise UsageFault(f"detail={detail[:40]!r} is not known: send min or max")
    sizes = await run_in_threadpool(read_sizes, request.app.state.database.writer)
    return Response(tableset(catalog, sizes, with_columns=detail == "max"), media_type=XML)


async def get_table(request: Request) -> Response:
    """GET ``tables/<name>``: one table with its columns (VOSI 1.1, Table metadata)."""
    catalog = await _catalog(request)
    name = request.path_params["name"]
    table = catalog.table(name)
    if table is None:
        raise NotFoundFault(f"there is no table {name[:100]!r} here: see the list at tables")
    sizes = await run_in_threadpool(read_sizes, request.app.state.database.writer)
    return Response(single_table(table, sizes), media_type=XML)


async def _catalog(request: Request) -> Catalog:
    """What the caller can query: the published tables and those of its own."""
    state: Any = request.app.state
    account = principal(request).name

    def read() -> Catalog:
        catalog: Catalog = state.user_tables.catalog(state.catalog.current(), account)
        return catalog

    return await run_in_threadpool(read)
