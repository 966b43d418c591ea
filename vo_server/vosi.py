"""What a service tells about itself: capabilities, availability, tables (VOSI 1.1)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from lxml import etree
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from vo_server.auth import principal
from vo_server.catalog import Sizes, read_sizes
from vo_server.config import Settings
from vo_server.errors import NotFoundFault, UsageFault
from vo_server.tables import Catalog, Column, Schema, Table

CAPABILITIES_NS = "http://www.ivoa.net/xml/VOSICapabilities/v1.0"
AVAILABILITY_NS = "http://www.ivoa.net/xml/VOSIAvailability/v1.0"
TABLES_NS = "http://www.ivoa.net/xml/VOSITables/v1.0"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
NAMESPACES = {
    "vosi": CAPABILITIES_NS,
    "vr": "http://www.ivoa.net/xml/VOResource/v1.0",
    "vs": "http://www.ivoa.net/xml/VODataService/v1.1",
    "tr": "http://www.ivoa.net/xml/TAPRegExt/v1.0",
    "cs": "http://www.ivoa.net/xml/ConeSearch/v1.0",
    "sia": "http://www.ivoa.net/xml/SIA/v1.1",
    "ssap": "http://www.ivoa.net/xml/SSA/v1.1",
    "xsi": XSI,
}
XML = "application/xml"
BASIC = "ivo://ivoa.net/sso#BasicAA"  #: the token is the password


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an interface (VODataService 1.2, InputParam)."""

    name: str
    description: str = ""
    datatype: str = "char"
    arraysize: str = "*"
    ucd: str = ""
    use: Literal["required", "optional"] = "optional"


@dataclass(frozen=True, slots=True)
class Interface:
    """One way to reach a capability (VOResource 1.1, Interface).

    Attributes
    ----------
    path : str
        Below the root URL, with a slash in front.
    security : str
        How a client logs in (SSO 2.0, approved authentication methods); empty for not at all.
    """

    path: str
    version: str = ""
    role: str = "std"
    use: Literal["full", "base"] = "full"
    type: Literal["vs:ParamHTTP", "vr:WebBrowser"] = "vs:ParamHTTP"
    result_type: str = ""
    parameters: tuple[Parameter, ...] = ()
    security: str = ""


@dataclass(frozen=True, slots=True)
class Capability:
    """What a service can do, and where (VOResource 1.1, Capability).

    Attributes
    ----------
    type : str
        The ``xsi:type``, for one that has more elements than a plain capability.
    details : callable or None
        Appends those elements; it gets the capability's element and the settings.
    """

    standard_id: str
    interfaces: tuple[Interface, ...]
    type: str = ""
    details: Callable[[etree._Element, Settings], None] | None = None


def for_everybody(interface: Interface) -> tuple[Interface, Interface]:
    """One way twice: the standard one without an account, and for one, which sees more."""
    return interface, replace(interface, security=BASIC, role="")


def text_child(parent: etree._Element, tag: str, text: str, **attributes: str) -> etree._Element:
    """A new last child of ``parent`` with that text."""
    child = etree.SubElement(parent, tag, attrib={k: v for k, v in attributes.items() if v})
    child.text = text
    return child


def document(root: etree._Element) -> bytes:
    """``root`` as an XML document."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def standard_capabilities(path: str, *, has_tables: bool = False) -> tuple[Capability, ...]:
    """The capabilities that VOSI itself gives to the service at ``path``."""
    prefix = "ivo://ivoa.net/std/VOSI#"
    found = [
        Capability(prefix + "capabilities", (Interface(f"{path}/capabilities", version="1.0"),)),
        Capability(prefix + "availability", (Interface(f"{path}/availability", version="1.0"),)),
    ]
    if has_tables:
        found.append(
            Capability(prefix + "tables-1.1", for_everybody(Interface(f"{path}/tables", version="1.1")))
        )
    return tuple(found)


def capabilities(items: Sequence[Capability], settings: Settings) -> bytes:
    """The VOSI capabilities document for ``items``."""
    root = etree.Element(f"{{{CAPABILITIES_NS}}}capabilities", nsmap=NAMESPACES)
    for item in items:
        element = etree.SubElement(root, "capability", standardID=item.standard_id)
        if item.type:
            element.set(f"{{{XSI}}}type", item.type)
        for interface in item.interfaces:
            _interface(element, interface, settings.root_url)
        if item.details:
            item.details(element, settings)
    return document(root)


def _interface(parent: etree._Element, interface: Interface, root_url: str) -> None:
    element = etree.SubElement(parent, "interface")
    element.set(f"{{{XSI}}}type", interface.type)
    if interface.role:
        element.set("role", interface.role)
    if interface.version:
        element.set("version", interface.version)
    text_child(element, "accessURL", root_url + interface.path, use=interface.use)
    if interface.security:
        etree.SubElement(element, "securityMethod", {"standardID": interface.security})
    if interface.parameters:
        # POST works too (DALI 1.1); pyvo warns of a second queryType.
        text_child(element, "queryType", "GET")
    if interface.result_type:
        text_child(element, "resultType", interface.result_type)
    for parameter in interface.parameters:
        param = etree.SubElement(element, "param", std="true", use=parameter.use)
        text_child(param, "name", parameter.name)
        if parameter.description:
            text_child(param, "description", parameter.description)
        if parameter.ucd:
            text_child(param, "ucd", parameter.ucd)
        text_child(param, "dataType", parameter.datatype, arraysize=parameter.arraysize)


def availability(*, available: bool, up_since: datetime, note: str) -> bytes:
    """The VOSI availability document."""
    root = etree.Element(f"{{{AVAILABILITY_NS}}}availability", nsmap={"vosi": AVAILABILITY_NS})
    text_child(root, f"{{{AVAILABILITY_NS}}}available", str(available).lower())
    text_child(root, f"{{{AVAILABILITY_NS}}}upSince", up_since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    text_child(root, f"{{{AVAILABILITY_NS}}}note", note)
    return document(root)


def tableset(catalog: Catalog, sizes: Sizes | None = None, *, with_columns: bool = True) -> bytes:
    """The VOSI tables document of everything that can be queried."""
    root = etree.Element(f"{{{TABLES_NS}}}tableset", nsmap={**NAMESPACES, "vosi": TABLES_NS})
    for schema in catalog.schemas:
        _schema(root, schema, sizes or {}, with_columns=with_columns)
    return document(root)


def single_table(table: Table, sizes: Sizes | None = None) -> bytes:
    """The VOSI table document of one table."""
    root = etree.Element(f"{{{TABLES_NS}}}table", nsmap={**NAMESPACES, "vosi": TABLES_NS})
    _describe(root, table, sizes or {}, with_columns=True)
    return document(root)


def _schema(parent: etree._Element, schema: Schema, sizes: Sizes, *, with_columns: bool) -> None:
    element = etree.SubElement(parent, "schema")
    text_child(element, "name", schema.name)
    _optional(element, description=schema.description, utype=schema.utype)
    for table in schema.tables:
        _describe(etree.SubElement(element, "table"), table, sizes, with_columns=with_columns)


def _describe(element: etree._Element, table: Table, sizes: Sizes, *, with_columns: bool) -> None:
    element.set("type", "view" if table.is_view else "table")
    text_child(element, "name", table.name)
    _optional(element, description=table.description, utype=table.utype)
    if table.relation in sizes:
        text_child(element, "nrows", str(sizes[table.relation]))
    if not with_columns:
        return
    for column in table.columns:
        _column(element, column)
    for key in table.keys:
        foreign = etree.SubElement(element, "foreignKey")
        text_child(foreign, "targetTable", key.target)
        for source, target in zip(key.columns, key.target_columns, strict=True):
            pair = etree.SubElement(foreign, "fkColumn")
            text_child(pair, "fromColumn", source)
            text_child(pair, "targetColumn", target)
        _optional(foreign, description=key.description)


def _column(parent: etree._Element, column: Column) -> None:
    element = etree.SubElement(parent, "column", std=str(column.std).lower())
    text_child(element, "name", column.identifier)
    _optional(element, description=column.description, unit=column.unit, ucd=column.ucd, utype=column.utype)
    datatype = text_child(
        element, "dataType", column.datatype, arraysize=column.arraysize or "", extendedType=column.xtype
    )
    datatype.set(f"{{{XSI}}}type", "vs:VOTableType")
    if column.indexed:
        text_child(element, "flag", "indexed")
    if column.nullable:
        text_child(element, "flag", "nullable")


def _optional(parent: etree._Element, **texts: str) -> None:
    for tag, text in texts.items():
        if text:
            text_child(parent, tag, text)


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
