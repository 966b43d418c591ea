"""What services can do and where, as data and as XML (VOResource 1.1, Capability)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lxml import etree

from vo_server.config import Settings
from vo_server.formats import Param
from vo_server.tables import Column

XSI = "http://www.w3.org/2001/XMLSchema-instance"
#: Prefixes of the types that a capability or a table may have.
NAMESPACES = {
    "vr": "http://www.ivoa.net/xml/VOResource/v1.0",
    "vs": "http://www.ivoa.net/xml/VODataService/v1.1",
    "tr": "http://www.ivoa.net/xml/TAPRegExt/v1.0",
    "cs": "http://www.ivoa.net/xml/ConeSearch/v1.0",
    "sia": "http://www.ivoa.net/xml/SIA/v1.1",
    "ssap": "http://www.ivoa.net/xml/SSA/v1.1",
    "vg": "http://www.ivoa.net/xml/VORegistry/v1.0",
    "doc": "http://www.ivoa.net/xml/DocRegExt/v1",
    "xsi": XSI,
}
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
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Interface:
    """One way to reach a capability (VOResource 1.1, Interface).

    Attributes
    ----------
    path : str
        Below the root URL, with a slash in front; or the whole URL of what is elsewhere.
    security : str
        How a client logs in (SSO 2.0, approved authentication methods); empty for not at all.
    """

    path: str
    version: str = ""
    role: str = "std"
    use: Literal["full", "base"] = "full"
    type: Literal["vs:ParamHTTP", "vr:WebBrowser", "vg:OAIHTTP"] = "vs:ParamHTTP"
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
    registered : Capability or None
        What the registry is told instead, which may be more: of parameters and of some types pyvo 1.9 warns
        where it reads them from VOSI.
    """

    standard_id: str
    interfaces: tuple[Interface, ...]
    type: str = ""
    details: Callable[[etree._Element, Settings], None] | None = None
    registered: "Capability | None" = None


def inputs_of(params: Iterable[Param]) -> tuple[Parameter, ...]:
    """The parameters of a service's own descriptor as those of an interface."""
    return tuple(
        Parameter(
            param.name.removeprefix("INPUT:"),
            param.description,
            param.datatype,
            param.arraysize or "",
            param.ucd,
            unit=param.unit,
        )
        for param in params
    )


def with_inputs(capability: Capability, params: Iterable[Param]) -> Capability:
    """A capability of whose parameters only the registry is told."""
    interfaces = tuple(replace(each, parameters=inputs_of(params)) for each in capability.interfaces)
    return replace(capability, registered=replace(capability, interfaces=interfaces))


def for_everybody(interface: Interface) -> tuple[Interface, Interface]:
    """One way twice: the standard one without an account, and for one, which sees more."""
    return interface, replace(interface, security=BASIC, role="")


@dataclass(frozen=True, slots=True)
class Service:
    """A service of this server, as the registry tells about it (VOResource 1.1, Service).

    Attributes
    ----------
    key : str
        Last part of its identifier, such as ``tap``.
    path : str
        Where its VOSI resources are, below the root URL, with a slash in front.
    title, description : str
        What people read; the title goes before the name of the archive.
    auxiliary : str
        The standard's identifier for a data set that can be found by the service; empty for none (IVOA note
        "Discovering Data Collections Within Services" 1.1).
    product_types : tuple of str
        Which products are found by it (``dataproduct_type``); empty for all.
    table : str
        The published table whose rows it answers with; empty for none or all.
    outputs : tuple of Column
        Columns of its answers, where they are not those of a table.
    """

    key: str
    path: str
    title: str
    description: str
    capabilities: tuple[Capability, ...]
    auxiliary: str = ""
    product_types: tuple[str, ...] = ()
    table: str = ""
    outputs: tuple[Column, ...] = ()
    has_tables: bool = False

    @property
    def every_capability(self) -> tuple[Capability, ...]:
        """Its own capabilities, as the registry is told of them, and those of VOSI."""
        own = (capability.registered or capability for capability in self.capabilities)
        return (*own, *standard_capabilities(self.path, has_tables=self.has_tables))


def text_child(parent: etree._Element, tag: str, text: str, **attributes: str) -> etree._Element:
    """A new last child of ``parent`` with that text."""
    child = etree.SubElement(parent, tag, attrib={k: v for k, v in attributes.items() if v})
    child.text = text
    return child


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


def add_capability(
    parent: etree._Element,
    item: Capability,
    settings: Settings,
    *,
    mirrors: Sequence[str] = (),
) -> None:
    """Append a ``capability`` to ``parent``, whose prefixes are those of `NAMESPACES`.

    Parameters
    ----------
    mirrors : sequence of str
        Other root URLs of this server.
    """
    element = etree.SubElement(parent, "capability")
    if item.standard_id:
        element.set("standardID", item.standard_id)
    if item.type:
        element.set(f"{{{XSI}}}type", item.type)
    for interface in item.interfaces:
        _interface(element, interface, settings.root_url, mirrors)
    if item.details:
        item.details(element, settings)


def _interface(parent: etree._Element, interface: Interface, root_url: str, mirrors: Sequence[str]) -> None:
    element = etree.SubElement(parent, "interface")
    element.set(f"{{{XSI}}}type", interface.type)
    if interface.role:
        element.set("role", interface.role)
    if interface.version:
        element.set("version", interface.version)
    is_here = interface.path.startswith("/")
    text_child(element, "accessURL", (root_url if is_here else "") + interface.path, use=interface.use)
    for mirror in mirrors if is_here else ():
        text_child(element, "mirrorURL", mirror + interface.path)
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
        if parameter.unit:
            text_child(param, "unit", parameter.unit)
        if parameter.ucd:
            text_child(param, "ucd", parameter.ucd)
        datatype = text_child(param, "dataType", parameter.datatype, arraysize=parameter.arraysize)
        datatype.set(f"{{{XSI}}}type", "vs:VOTableType")
