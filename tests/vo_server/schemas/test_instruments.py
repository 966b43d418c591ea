"""The views of instruments as they are declared: columns speak the vocabularies, none is there twice."""

import astropy.units as u
import pytest
from astropy.io.votable.ucd import check_ucd

from vo_server import schemas
from vo_server.schemas import instruments
from vo_server.tables import Catalog

INSTRUMENTS = instruments.instruments()
CATALOG = Catalog((*schemas.builtin(), instruments.schema()))
KEYWORDS = {keyword.column: keyword for instrument in INSTRUMENTS for keyword in instrument.setup}


@pytest.mark.parametrize("keyword", KEYWORDS.values(), ids=KEYWORDS)
def test_set_up_columns_speak_the_vocabularies(keyword: instruments.SetupKeyword) -> None:
    assert keyword.description
    assert keyword.column == keyword.column.lower()
    assert check_ucd(keyword.ucd, check_controlled_vocabulary=True, has_colon=";" in keyword.ucd)
    u.Unit(keyword.unit, format="vounit", parse_strict="raise")


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda instrument: instrument.name)
def test_a_view_has_the_columns_of_raw_frames_and_its_own(instrument: instruments.Instrument) -> None:
    table = CATALOG.table(f"ist.{instrument.name}")
    raw = CATALOG.table("dbo.raw")
    assert table is not None
    assert raw is not None
    assert table.is_view
    names = [column.name for column in table.columns]
    assert len(set(names)) == len(names)
    assert names[: len(raw.columns)] == [column.name for column in raw.columns]
    assert names[len(raw.columns) :] == [keyword.column for keyword in instrument.setup]
    assert (table.points, table.regions) == (raw.points, raw.regions)


def test_numbered_keywords_are_written_out() -> None:
    vimos = next(instrument for instrument in INSTRUMENTS if instrument.name == "vimos")
    found = [keyword for keyword in vimos.setup if keyword.column.startswith("ins_filt")]
    assert [keyword.keywords[0] for keyword in found[:4]] == [f"INS.FILT{n}.NAME" for n in range(1, 5)]
    assert found[3].description == "Filter in wheel 4 (INS.FILT4.NAME)"


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("giraf", "giraffe"),
        ("naco", "naco"),
        ("NAOS+CONICA", "naco"),
        ("Muse", "muse"),
        ("XSHOO", "xshooter"),
    ],
)
def test_an_instrument_is_found_by_any_of_its_names(word: str, name: str) -> None:
    found = instruments.instrument_named(word)
    assert found is not None
    assert found.name == name


def test_an_instrument_that_is_not_known_is_none() -> None:
    assert instruments.instrument_named("WFPC2") is None
    assert instruments.instrument_of(None) is None
