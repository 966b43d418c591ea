"""COOSYS and TIMESYS of results."""

from lxml import etree

from tests.xsd import validate
from vo_server.formats import Head
from vo_server.formats.markup import dataless_document
from vo_server.tables import Column

NS = "{http://www.ivoa.net/xml/VOTable/v1.3}"


def document(*columns: Column) -> etree._Element:
    text = dataless_document(columns, Head(), "OK")
    assert validate(text) == []
    return etree.fromstring(text)


def test_columns_refer_to_their_systems() -> None:
    root = document(
        Column("s_ra", "double", system="ICRS"),
        Column("s_dec", "double", system="ICRS"),
        Column("t_min", "double", system="MJD"),
        Column("when", "char", "*", xtype="timestamp", system="UTC"),
        Column("n", "int"),
    )
    (icrs,) = root.iter(f"{NS}COOSYS")
    mjd, utc = root.iter(f"{NS}TIMESYS")
    assert icrs.get("system") == "ICRS"
    assert (mjd.get("timeorigin"), mjd.get("timescale")) == ("MJD-origin", "UTC")
    # A time in ISO 8601 has no origin (VOTable 1.4, TIMESYS).
    assert utc.get("timeorigin") is None
    refs = [field.get("ref") for field in root.iter(f"{NS}FIELD")]
    assert refs == [icrs.get("ID"), icrs.get("ID"), mjd.get("ID"), utc.get("ID"), None]


def test_a_column_with_the_name_of_a_system_keeps_its_id() -> None:
    root = document(Column("System_ICRS", "double", system="ICRS"))
    identifiers = [value.lower() for element in root.iter() if (value := element.get("ID"))]
    assert len(set(identifiers)) == len(identifiers) == 2


def test_a_result_without_positions_has_no_system() -> None:
    root = document(Column("n", "int"))
    assert list(root.iter(f"{NS}COOSYS", f"{NS}TIMESYS")) == []
