"""Set-up keywords as typed columns."""

from typing import Any

import pytest

from ingest.header import Card, Value
from ingest.raw.setup import convert, read_setup
from tests.ingest.raw.test_classify import file
from vo_server.schemas.instruments import SetupKeyword, instruments


def test_the_set_up_is_that_of_the_instrument() -> None:
    header: dict[str, Value] = {
        "INS.OPTI1.NAME": "Blue", "DET.READ.CURID": 1, "DET.WIN1.BINX": 2, "INS.LAMP1.ST": True, "UTC": 34443,
    }  # fmt: skip
    found = read_setup(file("MUSE", header))
    assert found is not None
    name, columns = found
    assert name == "muse"
    told = {column: value for column, value in columns.items() if value is not None}
    assert told == {
        "ins_opti1_name": "Blue", "det_read_curid": 1, "det_binx": 2, "ins_lamp1_st": True, "utc": 34443.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("instrume", "name"), [("NAOS+CONICA", "naco"), ("EFOSC2", "efosc"), ("xshooter", "xshooter")]
)
def test_instruments_have_several_names(instrume: str, name: str) -> None:
    found = read_setup(file(instrume, {}))
    assert found is not None
    assert found[0] == name


def test_what_is_no_instrument_of_ours_has_no_set_up() -> None:
    assert read_setup(file("WFPC2", {})) is None


def test_a_keyword_may_have_another_name_or_be_in_the_extension() -> None:
    image: dict[str, Value] = {"XTENSION": "IMAGE", "NAXIS": 1, "NAXIS1": 5, "DET.BINX": 4}
    found = read_setup(file("FORS2", {}, image))
    assert found is not None
    assert found[1]["det_binx"] == 4


def keyword(datatype: str, unit: str = "") -> SetupKeyword:
    """A keyword of that kind."""
    return SetupKeyword("x", ("X",), datatype, unit, "", "", False)


@pytest.mark.parametrize(
    ("value", "given", "datatype", "wanted_unit", "wanted"),
    [
        (2.2, "um", "double", "nm", 2200.0),
        (580.0, "nm", "double", "nm", 580.0),
        (580.0, "whatever", "double", "nm", 580.0),
        (580.0, "s", "double", "nm", 580.0),
        (7, None, "float", "", 7.0),
        (70_000, None, "short", "", None),
        (1.5, None, "int", "", None),
        (2.0, None, "int", "", 2),
        ("two", None, "int", "", None),
        (True, None, "int", "", None),
        ("T", None, "boolean", "", None),
        (False, None, "boolean", "", False),
        (12, None, "text", "", "12"),
        (True, None, "text", "", "T"),
        ("  ", None, "text", "", None),
    ],
)
def test_values_are_of_the_declared_type_and_unit(
    value: Any, given: str | None, datatype: str, wanted_unit: str, wanted: Any
) -> None:
    card = Card(0, "X", "F", value, given, "", "")
    found = convert(card, keyword(datatype, wanted_unit))
    assert found == (pytest.approx(wanted, rel=1e-12) if isinstance(wanted, float) else wanted)
    assert type(found) is type(wanted)


def test_no_instrument_has_a_column_twice() -> None:
    for instrument in instruments():
        columns = [entry.column for entry in instrument.setup]
        assert len(set(columns)) == len(columns), instrument.name
