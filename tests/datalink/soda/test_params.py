"""The parameters of SODA."""

import pytest

from datalink.soda.params import Cut, Section, SodaParams, parse_section
from vo_server.errors import UsageFault
from vo_server.intervals import Interval
from vo_server.parameters import Parameters
from vo_server.sky import Circle, Moc, Polygon, Range


def read(*items: tuple[str, str]) -> SodaParams:
    return SodaParams.from_parameters(Parameters(items))


def test_every_shape_can_be_sent_in_two_ways() -> None:
    assert (
        read(("ID", "x"), ("CIRCLE", "12 34 0.5")).cuts == read(("id", "x"), ("pos", "CIRCLE 12 34 0.5")).cuts
    )
    wanted = Polygon(((12.0, 34.0), (14.0, 34.0), (14.0, 36.0)))
    assert read(("ID", "x"), ("POLYGON", "12 34 14 34 14 36")).cuts == (Cut(wanted),)
    assert read(("ID", "x"), ("POS", "RANGE 12 14 34 36")).cuts == (Cut(Range(12.0, 14.0, 34.0, 36.0)),)
    assert read(("ID", "x"), ("MOC", "0/1 2")).cuts == (Cut(Moc(((1 << 58, (3 << 58) - 1),))),)


def test_several_values_make_several_results_and_polarizations_one() -> None:
    params = read(
        ("ID", "a"), ("ID", "b"), ("CIRCLE", "1 2 3"), ("CIRCLE", "4 5 6"), ("BAND", "1e-7 2e-7"),
        ("BAND", "3e-7 +Inf"), ("POL", "I"), ("POL", "V"),
    )  # fmt: skip
    assert len(list(params.jobs())) == 8
    assert {cut.pol for cut in params.cuts} == {("I", "V")}
    assert params.cuts[1] == Cut(Circle(1.0, 2.0, 3.0), Interval(3e-7, float("inf")), pol=("I", "V"))


@pytest.mark.parametrize(
    ("text", "section"),
    [
        ("[1:10,20:30]", Section("", ((1, 10), (20, 30)))),
        ("[2][*,7]", Section("2", (None, (7, 7)))),
        ("[SCI,1][3:4]", None),
        ("[CHIP1.INT1][3:4,5:6,*]", Section("CHIP1.INT1", ((3, 4), (5, 6), None))),
        ("[4:3,1:2]", None),
        ("[0:3]", None),
        ("1:2", None),
        ("[1:2,x]", None),
        ("[1:2:3]", None),
        ("[" + ",".join(["1:2"] * 10) + "]", None),
        ("[1:999999999999]", None),
    ],
)
def test_pixels_are_written_as_at_cadc(text: str, section: Section | None) -> None:
    if section is None:
        with pytest.raises(UsageFault, match="SUB="):
            parse_section(text)
    else:
        assert parse_section(text) == section


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([("POS", "CIRCLE 1 2 3")], "ID is missing"),
        ([("ID", "x" * 501)], "an ID of 501 characters"),
        ([("ID", "x"), ("POS", "BLOB 1 2 3")], "is not a known shape"),
        ([("ID", "x"), ("CIRCLE", "1 2")], "CIRCLE wants 3 numbers"),
        ([("ID", "x"), ("CIRCLE", "1 2 NaN")], "'NaN' is not a number"),
        ([("ID", "x"), ("POLYGON", "1 2 3 4")], "POLYGON wants 3 or more pairs"),
        ([("ID", "x"), ("BAND", "5e-7 4e-7")], "the lower bound comes first"),
        ([("ID", "x"), ("BAND", "1 2 3")], "BAND='1 2 3' has 3 numbers"),
        ([("ID", "x"), ("MOC", "4/3072")], "3072 are no cells of order 4"),
        ([("ID", "x"), ("SUB", "[1:2]"), ("MOC", "4/1")], "SUB counts pixels"),
        ([("ID", "x"), ("TIME", "yesterday")], "TIME='yesterday'"),
        ([("ID", "x"), ("POL", "Z")], "POL='Z' is not known: send one of I Q U V"),
        ([("ID", "x"), ("SUB", "[1:2]"), ("BAND", "1 2")], "SUB counts pixels"),
        ([("ID", "x"), ("RESPONSEFORMAT", "csv")], "RESPONSEFORMAT='csv': send application/fits"),
        ([("ID", "x"), *(("CIRCLE", f"{n} 0 1") for n in range(120)), *(("BAND", f"{n}") for n in "12345")],
         "600 results are asked for: at most 500"),
    ],
)  # fmt: skip
def test_a_mistake_is_said(items: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(UsageFault, match=message.replace("(", r"\(")):
        read(*items)
