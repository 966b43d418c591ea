"""The XML of a VOTable without its rows (VOTable 1.4; DALI 1.1, VOTable; DataLink 1.1)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from vo_server.errors import VoError
from vo_server.formats.head import Head, Info, Param, ServiceDescriptor
from vo_server.formats.systems import add_systems
from vo_server.tables import Column

#: The namespace of VOTable 1.3 and later, and the newest version that STILTS 3.4.7 reads.
NAMESPACE = "http://www.ivoa.net/xml/VOTable/v1.3"
VERSION = "1.4"

#: What XML 1.0 cannot hold, not even as a character reference.
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Markup:
    """A VOTable in three pieces, for its DATA and its last INFOs to go between them."""

    before_data: bytes
    after_data: bytes
    after_table: bytes


def clean(text: str) -> str:
    """``text`` with U+FFFD for every character that XML cannot hold."""
    return ILLEGAL.sub("\ufffd", text)


def field_ids(columns: Sequence[Column]) -> tuple[str, ...]:
    """A unique XML ID per column; it is the column's name wherever that can be an ID."""
    candidates = [re.sub(r"[^A-Za-z0-9_.-]", "_", column.name) for column in columns]
    return unique_names(name if re.match(r"[A-Za-z_]", name) else f"_{name}" for name in candidates)


def unique_names(names: Iterable[str]) -> tuple[str, ...]:
    """``names`` with ``_2``, ``_3``, ... after those that came before, in any case of letters."""
    taken: dict[str, str] = {}
    for base in names:
        name, n = base, 1
        while name.lower() in taken:
            n += 1
            name = f"{base}_{n}"
        taken[name.lower()] = name
    return tuple(taken.values())


def build_markup(columns: Sequence[Column], head: Head, nulls: Mapping[str, int] | None = None) -> Markup:
    """The document of a result around its rows.

    Parameters
    ----------
    columns : sequence of Column
        One FIELD each.
    head : Head
        INFOs, descriptors, name of the table.
    nulls : mapping of str to int, optional
        The value that stands for NULL, by datatype, where the serialisation needs one.
    """
    root, table = _result(columns, head, nulls, "OK")
    etree.SubElement(table, "DATA")
    before, _, rest = _serialise(root).partition(b"<DATA/>")
    in_table, _, after = rest.partition(b"</TABLE>")
    return Markup(before, in_table + b"</TABLE>\n", after.lstrip())


def dataless_document(columns: Sequence[Column], head: Head, status: str) -> bytes:
    """A VOTable whose TABLE has FIELDs and no DATA: the metadata of rows that are elsewhere."""
    root, _ = _result(columns, head, None, status)
    return _serialise(root)


def _result(
    columns: Sequence[Column], head: Head, nulls: Mapping[str, int] | None, status: str
) -> tuple[etree._Element, etree._Element]:
    root = _root()
    resource = etree.SubElement(root, "RESOURCE", type="results")
    for info in (Info("QUERY_STATUS", status), *head.infos):
        _add_info(resource, info)
    for param in head.params:
        _add_param(resource, param, {})
    identifiers = field_ids(columns)
    systems = add_systems(resource, (column.system for column in columns), identifiers)
    table = etree.SubElement(resource, "TABLE", _attributes(name=head.table_name, utype=head.table_utype))
    if head.description:
        etree.SubElement(table, "DESCRIPTION").text = clean(head.description)
    references: dict[str, str] = {}
    for column, identifier in zip(columns, identifiers, strict=True):
        references.setdefault(column.name.lower(), identifier)
        _add_field(table, column, identifier, nulls, systems.get(column.system, ""))
    for descriptor in head.descriptors:
        if all(param.ref.lower() in references for param in descriptor.params if param.ref):
            _add_descriptor(root, descriptor, references)
    return root, table


def info_element(info: Info) -> bytes:
    """One INFO as text, for the end of a table."""
    element = etree.Element("INFO")
    _fill_info(element, info)
    return bytes(etree.tostring(element, encoding="utf-8")) + b"\n"


def error_document(exc: VoError | str, infos: Sequence[Info] = ()) -> bytes:
    """The VOTable that tells a client what went wrong (DALI 1.1, Error Documents)."""
    message = f"{exc.fault}: {exc}" if isinstance(exc, VoError) else exc
    root = _root()
    resource = etree.SubElement(root, "RESOURCE", type="results")
    _add_info(resource, Info("QUERY_STATUS", "ERROR", message))
    for info in infos:
        _add_info(resource, info)
    return _serialise(root)


def _root() -> etree._Element:
    # VOTable elements are made without a namespace and get the default one as an attribute of the root:
    # the same bytes, and lxml has no prefix to carry through every name.
    root = etree.Element("VOTABLE", version=VERSION)
    root.set("xmlns", NAMESPACE)
    return root


def _serialise(root: etree._Element) -> bytes:
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True))


def _attributes(**values: str | None) -> dict[str, str]:
    return {name: clean(value) for name, value in values.items() if value}


def _add_info(parent: etree._Element, info: Info) -> None:
    _fill_info(etree.SubElement(parent, "INFO"), info)


def _fill_info(element: etree._Element, info: Info) -> None:
    element.set("name", clean(info.name))
    element.set("value", clean(info.value))
    if info.text:
        element.text = clean(info.text)


def _add_field(
    table: etree._Element, column: Column, identifier: str, nulls: Mapping[str, int] | None, system: str
) -> None:
    attributes = {"ID": identifier, "name": clean(column.name), "datatype": column.datatype}
    attributes |= _attributes(
        arraysize=field_arraysize(column),
        unit=column.unit,
        ucd=column.ucd,
        utype=column.utype,
        xtype=column.xtype,
        ref=system,
    )
    field = etree.SubElement(table, "FIELD", attributes)
    if column.description:
        etree.SubElement(field, "DESCRIPTION").text = clean(column.description)
    if nulls and column.datatype in nulls and column.arraysize is None:
        etree.SubElement(field, "VALUES", null=str(nulls[column.datatype]))


def field_arraysize(column: Column) -> str | None:
    """The arraysize as it is sent: text is never padded or cut, so its length is a bound at most."""
    # An arraysize of text counts bytes and the database counts characters.
    return "*" if column.is_text else column.arraysize


def _add_descriptor(
    root: etree._Element, descriptor: ServiceDescriptor, references: Mapping[str, str]
) -> None:
    taken = {identifier.lower() for identifier in references.values()}
    identifier = f"{descriptor.id}_service" if descriptor.id.lower() in taken else descriptor.id
    resource = etree.SubElement(
        root,
        "RESOURCE",
        _attributes(ID=identifier, name=descriptor.name, type="meta", utype=descriptor.resource_utype),
    )
    if descriptor.description:
        etree.SubElement(resource, "DESCRIPTION").text = clean(descriptor.description)
    for name, value in (
        ("accessURL", descriptor.access_url),
        ("standardID", descriptor.standard_id),
        ("contentType", descriptor.content_type),
    ):
        if value:
            etree.SubElement(resource, "PARAM", name=name, datatype="char", arraysize="*", value=clean(value))
    group = etree.SubElement(resource, "GROUP", name="inputParams")
    for param in descriptor.params:
        _add_param(group, param, references)


def _add_param(group: etree._Element, param: Param, references: Mapping[str, str]) -> None:
    attributes = {"name": param.name, "datatype": param.datatype, "value": clean(param.value)}
    attributes |= _attributes(
        arraysize=param.arraysize, ucd=param.ucd, unit=param.unit, xtype=param.xtype, utype=param.utype
    )
    if param.ref:
        attributes["ref"] = references[param.ref.lower()]
    element = etree.SubElement(group, "PARAM", attributes)
    if param.description:
        etree.SubElement(element, "DESCRIPTION").text = clean(param.description)
    if param.options or param.minimum or param.maximum:
        values = etree.SubElement(element, "VALUES")
        if param.minimum:
            etree.SubElement(values, "MIN", value=param.minimum)
        if param.maximum:
            etree.SubElement(values, "MAX", value=param.maximum)
        for option in param.options:
            etree.SubElement(values, "OPTION", value=clean(option))
