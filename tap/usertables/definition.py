"""A table described by a VOSI document (VODataService 1.2, Table) -> its columns and an empty table."""

from pathlib import Path

import pyarrow as pa
from lxml import etree

from vo_server.engine.conform import ARROW
from vo_server.errors import UsageFault
from vo_server.readers.reading import checked_names
from vo_server.tables import Column

#: Types of a TAP service's own columns (VODataService 1.2, TAPType) -> VOTable primitives.
TAP_TYPES = {
    "boolean": "boolean", "smallint": "short", "integer": "int", "bigint": "long", "real": "float",
    "double": "double", "char": "char", "varchar": "char", "clob": "char", "timestamp": "char",
    "region": "char", "point": "char",
}  # fmt: skip
MOST_BYTES = 1 << 20


def read_definition(path: Path) -> tuple[str, tuple[Column, ...], pa.Table]:
    """The description, the columns and no rows.

    Raises
    ------
    UsageFault
        It is no such document, or a column has a type that is not known.
    """
    if path.stat().st_size > MOST_BYTES:
        raise UsageFault(f"a definition of a table has at most {MOST_BYTES} bytes")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.parse(path, parser).getroot()
    except etree.XMLSyntaxError as exc:
        raise UsageFault(f"the definition is no well-formed XML: {str(exc)[:200]}") from exc
    if etree.QName(root).localname != "table":
        raise UsageFault(
            f"a VOSI table document begins with <table>, not <{etree.QName(root).localname[:40]}>"
        )
    columns = checked_names(tuple(_column(element) for element in root if _is(element, "column")))
    fields = [(column.name, storage(column)) for column in columns]
    return _text(root, "description"), columns, pa.schema(fields).empty_table()


def storage(column: Column) -> pa.DataType:
    """The Arrow type in which a column's values are stored."""
    if column.xtype.lower() == "timestamp":
        return pa.timestamp("us")
    kind = pa.int16() if column.datatype == "unsignedByte" else ARROW[column.datatype]
    return kind if column.is_text or column.arraysize in (None, "", "1") else pa.list_(kind)


def _column(element: etree._Element) -> Column:
    name = _text(element, "name").strip('"')
    declared = next((child for child in element if _is(child, "dataType")), None)
    if declared is None:
        raise UsageFault(f"the column {name[:60]!r} has no dataType")
    written = (declared.text or "").strip()
    datatype = (
        written
        if written in ARROW
        else TAP_TYPES.get(written.lower().partition("(")[0].removeprefix("adql:"))
    )
    if datatype is None:
        known = ", ".join(ARROW)
        raise UsageFault(f"the column {name[:60]!r} has the dataType {written[:40]!r}: it may be {known}")
    xtype = declared.get("extendedType") or ("timestamp" if written.lower().endswith("timestamp") else "")
    arraysize = declared.get("arraysize") or ("*" if datatype in ("char", "unicodeChar") else None)
    return Column(
        name,
        datatype,
        arraysize,
        xtype=xtype.removeprefix("adql:").lower() if xtype.lower().endswith("timestamp") else xtype,
        unit=_text(element, "unit"),
        ucd=_text(element, "ucd"),
        utype=_text(element, "utype"),
        description=_text(element, "description"),
    )


def _is(element: etree._Element, name: str) -> bool:
    return isinstance(element.tag, str) and etree.QName(element).localname == name


def _text(element: etree._Element, name: str) -> str:
    child = next((child for child in element if _is(child, name)), None)
    return "" if child is None else " ".join((child.text or "").split())[:2000]
