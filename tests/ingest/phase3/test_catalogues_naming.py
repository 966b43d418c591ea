"""Names of schemas, tables and columns: pure functions."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.phase3.catalogues.naming import LONGEST, Naming, column_names, schema_name, table_name
from vo_server.catalog import RESERVED_SCHEMAS
from vo_server.errors import UsageFault
from vo_server.schemas.reserved import RESERVED

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@pytest.mark.parametrize(
    ("collection", "schema"),
    [
        ("VHS", "vhs"), ("MUSE-DEEP", "muse_deep"), ("2QZ", "c_2qz"), ("ivoa", "ivoa_cat"),
        ("All", "all_cat"),
        ("pg_class", "c_pg_class"), ("publishing-x", "c_publishing_x"), ("  VVV  ", "vvv"),
    ],
)  # fmt: skip
def test_a_schema_is_called_after_its_collection(collection: str, schema: str) -> None:
    assert schema_name(collection) == schema


@pytest.mark.parametrize("name", ["", "---", "ß", "x" * 300])
def test_a_name_of_nothing_or_too_much_is_refused(name: str) -> None:
    with pytest.raises(UsageFault, match="the collection is called"):
        schema_name(name)


@pytest.mark.parametrize(
    ("release", "file", "part", "taken", "name"),
    [
        ("DR1", "vhs_cat.fits", "", [], "dr1_vhs_cat"),
        ("DR1", "vhs_cat.FITS.gz", "", [], "dr1_vhs_cat"),
        ("DR5.1", "a-b.c.fits", "", [], "dr5_1_a_b_c"),
        ("1", "2.fits", "", [], "c_1_2"),
        ("DR1", "x.fits", "LIGHT CURVES", [], "dr1_x_light_curves"),
        ("DR1", "x.fits", "", ["dr1_x"], "dr1_x_2"),
        ("DR1", "x.fits", "", ["dr1_x", "dr1_x_2"], "dr1_x_3"),
    ],
)
def test_a_table_is_called_after_release_and_file(
    release: str, file: str, part: str, taken: list[str], name: str
) -> None:
    assert table_name(release, file, part, taken) == name


def test_long_names_stay_different() -> None:
    first, second = (table_name("DR1", f"{'x' * 80}{end}.fits") for end in "ab")
    assert len(first) <= LONGEST
    assert first != second
    assert table_name("DR1", f"{'x' * 80}a.fits", "", [first]) != first


def test_a_given_name_stands_for_the_file() -> None:
    assert Naming("VHS", "DR2", "sources").table("whatever.fits") == "dr2_sources"


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["RA", "DEC", "Kmag"], ("RA", "DEC", "Kmag")),
        (["date", "SELECT", "xmin"], ("date_", "SELECT_", "xmin_")),
        (["2MASS", "J-K", "_x", "", "µ"], ("c_2MASS", "J_K", "x", "column_4", "column_5")),
        (["a-b", "a_b", "A.B"], ("a_b", "a_b_2", "A_B_3")),
        (["x" * 70, "x" * 71], ("x" * 59, "x" * 57 + "_2")),
    ],
)
def test_columns_get_names_that_need_no_quotes(names: list[str], found: tuple[str, ...]) -> None:
    assert column_names(names) == found


@given(st.lists(st.text(max_size=70), max_size=8), st.sampled_from(["", "hpx", "a"]))
def test_any_columns_get_different_legal_names(names: list[str], taken: str) -> None:
    found = column_names(names, {taken})
    assert all(NAME.fullmatch(name) and len(name) <= 59 and name.upper() not in RESERVED for name in found)
    assert len({name.lower() for name in (*found, taken)}) == len(names) + 1
    assert column_names(names, {taken}) == found


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_names_give_a_legal_table_or_are_refused(collection: str, file: str) -> None:
    try:
        schema, table = schema_name(collection), table_name("DR1", file)
    except UsageFault:
        return
    assert NAME.fullmatch(schema)
    assert len(schema) <= LONGEST
    assert schema not in RESERVED_SCHEMAS
    assert NAME.fullmatch(table)
    assert len(table) <= LONGEST
    assert schema.upper() not in RESERVED
