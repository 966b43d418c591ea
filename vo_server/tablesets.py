"""Tables and their columns as XML (VODataService 1.2, tableset): for VOSI and the registry."""

from lxml import etree

from vo_server.capabilities import XSI, text_child
from vo_server.catalog import Sizes
from vo_server.tables import Column, Schema, Table


def add_schema(
    parent: etree._Element, schema: Schema, sizes: Sizes, *, with_columns: bool = True, title: str = ""
) -> None:
    """Append a ``schema`` with its tables; ``title`` is what people call it."""
    element = etree.SubElement(parent, "schema")
    text_child(element, "name", schema.name)
    _optional(element, title=title, description=schema.description, utype=schema.utype)
    for table in schema.tables:
        describe_table(etree.SubElement(element, "table"), table, sizes, with_columns=with_columns)


def describe_table(element: etree._Element, table: Table, sizes: Sizes, *, with_columns: bool = True) -> None:
    """Say in ``element`` what a table is."""
    element.set("type", "view" if table.is_view else "table")
    text_child(element, "name", table.name)
    _optional(element, description=table.description, utype=table.utype)
    if table.relation in sizes:
        text_child(element, "nrows", str(sizes[table.relation]))
    if not with_columns:
        return
    for column in table.columns:
        _column(element, column, is_primary=column.name.lower() in table.primary_key)
    for key in table.keys:
        foreign = etree.SubElement(element, "foreignKey")
        text_child(foreign, "targetTable", key.target)
        for source, target in zip(key.columns, key.target_columns, strict=True):
            pair = etree.SubElement(foreign, "fkColumn")
            text_child(pair, "fromColumn", source)
            text_child(pair, "targetColumn", target)
        _optional(foreign, description=key.description)


def _column(parent: etree._Element, column: Column, *, is_primary: bool) -> None:
    element = etree.SubElement(parent, "column", std=str(column.std).lower())
    text_child(element, "name", column.identifier)
    _optional(element, description=column.description, unit=column.unit, ucd=column.ucd, utype=column.utype)
    datatype = text_child(
        element, "dataType", column.datatype, arraysize=column.arraysize or "", extendedType=column.xtype
    )
    datatype.set(f"{{{XSI}}}type", "vs:VOTableType")
    if column.indexed:
        text_child(element, "flag", "indexed")
    if is_primary:
        text_child(element, "flag", "primary")
    if column.nullable:
        text_child(element, "flag", "nullable")


def _optional(parent: etree._Element, **texts: str) -> None:
    for tag, text in texts.items():
        if text:
            text_child(parent, tag, text)
