"""Felis documents: built-in ones keep to the standards, malformed ones are refused with line and field."""

import copy
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import astropy.units as u
import felis
import pytest
import yaml
from astropy.io.votable.ucd import check_ucd
from hypothesis import given, settings
from hypothesis import strategies as st

from vo_server import schemas
from vo_server.errors import UsageFault
from vo_server.tables import Catalog, Column

HERE = Path(__file__).parent
CATALOG = Catalog(schemas.builtin())
COLUMNS = [(table.name, column) for table in CATALOG.tables for column in table.columns]

GOOD = """\
name: mine
description: Catalogues of my own
tables:
  - name: Stars
    description: Nearby stars
    primaryKey: "#Stars.Source"
    vo:points: [{ra: ra, dec: dec}]
    vo:regions: [{region: area, shape: area_shape, box: area_box}]
    columns:
      - {name: Source, datatype: long, description: Identifier, nullable: false, ivoa:ucd: meta.id;meta.main}
      - {name: ra, datatype: double, description: Right ascension, ivoa:unit: deg, ivoa:ucd: pos.eq.ra}
      - {name: dec, datatype: double, description: Declination, ivoa:unit: deg, ivoa:ucd: pos.eq.dec}
      - {name: area, datatype: text, description: Where it may be, votable:xtype: "adql:REGION"}
      - {name: name, datatype: string, length: 12, description: Name}
      - {name: seen, datatype: timestamp, description: When it was seen}
      - {name: size, datatype: float, description: Diameter, ivoa:unit: mas}
    indexes:
      - {name: stars_name, columns: ["#Stars.name", "#Stars.seen"]}
    constraints:
      - {name: stars_seen, "@type": Unique, columns: ["#Stars.seen"]}
"""


def rows(name: str) -> Iterator[dict[str, str]]:
    """Rows of a reference table."""
    lines = (HERE / name).read_text().splitlines()
    return csv.DictReader(line for line in lines if not line.startswith("#"))


@pytest.mark.parametrize("name", schemas.BUILTIN)
def test_built_in_documents_pass_all_checks(name: str) -> None:
    text = schemas.document(name)
    assert schemas.parse(text) == schemas.read(text)


@pytest.mark.parametrize("name", schemas.BUILTIN)
def test_felis_itself_reads_the_same_columns(name: str) -> None:
    fields = yaml.safe_load(schemas.document(name))
    for table in fields["tables"]:
        for extension in ("vo:points", "vo:regions", "vo:keys", "vo:mjd", "vo:view"):
            table.pop(extension, None)
    theirs: felis.Schema[Any] = felis.Schema.model_validate(fields, context={"id_generation": True})
    ours = schemas.read(schemas.document(name))
    for table, other in zip(ours.tables, theirs.tables, strict=True):
        assert table.name == f"{theirs.name}.{other.name}"
        for column, felis_column in zip(table.columns, other.columns, strict=True):
            assert column.name == felis_column.name
            assert column.arraysize == felis_column.votable_arraysize
            assert column.xtype == (felis_column.votable_xtype or "")
            assert column.ucd == (felis_column.ivoa_ucd or "")


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=lambda value: getattr(value, "name", value))
def test_built_in_columns_speak_the_vocabularies(table: str, column: Column) -> None:
    assert column.description
    assert column.ucd, "every column of ours has a UCD"
    assert check_ucd(column.ucd, check_controlled_vocabulary=True, has_colon=";" in column.ucd)
    if column.unit != "%":  # VOUnits lists it, astropy does not read it
        u.Unit(column.unit, format="vounit", parse_strict="raise")
    assert (column.arraysize is not None) == column.is_text
    assert column.name == column.name.lower()


def test_obscore_is_the_standards() -> None:
    table = CATALOG.table("ivoa.obscore")
    assert table is not None
    assert table.name == "ivoa.ObsCore"
    wanted = list(rows("obscore-1.1.csv"))
    assert len(wanted) == 30
    for row in wanted:
        column = table.by_name[row["name"]]
        assert [column.datatype, column.unit, column.utype, column.ucd] == [
            row["datatype"],
            row["unit"],
            row["utype"],
            row["ucd"],
        ]
        assert column.std
        assert column.principal


def test_raw_is_what_clients_of_eso_expect() -> None:
    table = CATALOG.table("dbo.raw")
    assert table is not None
    wanted = {row["name"]: (row["datatype"], row["unit"], row["xtype"]) for row in rows("raw.csv")}
    assert len(wanted) == 62
    found = {c.name: (c.datatype, c.unit, c.xtype) for c in table.columns}
    assert {name: found[name] for name in wanted} == wanted
    ours = ["night", "raw_type", "do_catg", "rule_set", "classification"]
    assert [c.name for c in table.columns][62:] == ours


def test_tap_schema_is_the_standards() -> None:
    wanted = {
        (row["table"], row["name"]): (row["datatype"], row["not_null"]) for row in rows("tap_schema-1.1.csv")
    }
    found = {
        (name, column.name): (column.datatype, str(int(not column.nullable)))
        for name, column in COLUMNS
        if name.startswith("tap_schema.")
    }
    assert found == wanted


def test_reserved_words_are_quoted() -> None:
    columns = CATALOG.table("tap_schema.columns")
    raw = CATALOG.table("dbo.raw")
    assert columns is not None
    assert raw is not None
    assert columns.by_name["size"].identifier == '"size"'
    assert raw.by_name["dec"].identifier == "dec"  # as in every archive


def test_a_document_becomes_a_schema() -> None:
    schema = schemas.parse(GOOD)
    (table,) = schema.tables
    assert table.name == "mine.Stars"
    assert table.primary_key == ("source",)
    assert table.points[0].hpx == "hpx"
    assert [(i.name, i.columns, i.unique) for i in table.indexes] == [
        ("stars_name", ("name", "seen"), False),
        ("stars_seen", ("seen",), True),
    ]
    column = table.by_name["name"]
    assert (column.datatype, column.arraysize, column.indexed) == ("char", "*", True)
    assert table.by_name["seen"].xtype == "timestamp"
    assert table.by_name["size"].delimited
    assert not table.by_name["size"].indexed


@pytest.mark.parametrize(
    ("old", "new", "line", "field"),
    [
        ("ivoa:unit: deg, ivoa:ucd: pos.eq.ra", "ivoa:unit: furlong", 11, "furlong"),
        ("ivoa:ucd: pos.eq.ra", "ivoa:ucd: pos.eq.right", 11, "ivoa:ucd"),
        ("datatype: float", "datatype: flout", 16, "'flout'"),
        ("datatype: float", "datatype: binary, length: 8", 16, "'binary'"),
        ("datatype: float", "datatype: float, votable:arraysize: '3x2'", 16, "arraysize"),
        ("votable:xtype: \"adql:REGION\"", "votable:xtype: blob", 13, "xtype"),
        ("datatype: float", "datatype: float, value: 1.0", 16, "value"),
        ("datatype: float", "datatype: float, colour: red", 16, "colour"),
        ("seen, datatype: timestamp", "seen, datatype: text, votable:xtype: timestamp", 15, "xtype"),
        ("{ra: ra, dec: dec}", "{ra: ra, dec: size}", 4, "vo:points"),
        ("{ra: ra, dec: dec}", "{ra: ra}", 7, "dec"),
        ("region: area,", "region: size,", 4, "vo:regions"),
        ("name: size", "name: NAME", 4, "'name'"),
        ("name: size", "name: area_box", 4, "'area_box'"),
        ("name: size", "name: 'si ze'", 16, "'si ze'"),
        ("#Stars.seen\"]}\n    constraints", "#Stars.sen\"]}\n    constraints", 4, "#Stars.sen"),
        ("    description: Nearby stars\n", "", 4, "description"),
        ("description: Identifier, ", "", 10, "description"),
    ],
)  # fmt: skip
def test_a_malformed_document_is_refused_with_line_and_field(
    old: str, new: str, line: int, field: str
) -> None:
    assert old in GOOD
    with pytest.raises(UsageFault) as caught:
        schemas.parse(GOOD.replace(old, new, 1))
    message = str(caught.value)
    assert f"line {line}" in message
    assert field in message


@pytest.mark.parametrize("text", ["", "- 1", "7", "a: [", "name: x", "name: x\ntables: 3", "\x00"])
def test_what_is_no_schema_is_refused(text: str) -> None:
    with pytest.raises(UsageFault):
        schemas.parse(text)


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths to every value of a document."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


PLACES = list(places(yaml.safe_load(GOOD)))
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.just([]),
    st.just({}),
    st.just([1]),
)


@settings(deadline=None, max_examples=150)
@given(place=st.sampled_from(PLACES), value=ANYTHING)
def test_any_wrong_value_is_a_usage_fault_or_a_schema(place: tuple[Any, ...], value: object) -> None:
    fields = copy.deepcopy(yaml.safe_load(GOOD))
    node = fields
    for key in place[:-1]:
        node = node[key]
    node[place[-1]] = value
    try:
        schema = schemas.parse(yaml.safe_dump(fields))
    except UsageFault:
        return
    assert len(schemas.metadata([schema]).tables) == len(schema.tables)
