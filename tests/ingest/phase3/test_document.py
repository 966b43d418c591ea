"""The page about Phase 3 is what the data say, and the mapping reads keywords in their units."""

from pathlib import Path

import pytest
from astropy import units

from ingest.collections import presets
from ingest.phase3.document import page, sources
from ingest.phase3.standard import load
from ingest.rules import Header

PAGE = Path(__file__).parents[3] / "docs" / "phase3.md"


def test_the_page_is_made_from_the_data() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "make phase3-docs writes it anew"


def test_every_rule_and_keyword_is_on_the_page() -> None:
    text = page()
    standard = load("8")
    for name in (*standard.rules, *standard.keywords, *standard.names):
        assert f"`{name}`" in text


def test_the_mapping_reads_keywords_of_the_standard() -> None:
    known = load("8").keywords
    assert {"OBJECT", "RA", "DEC", "MJD-OBS", "SPEC_RES", "REFERENC"} <= set(sources())
    assert sources()["MJD-OBS"] == ("t_min",)
    assert {keyword for keyword in sources() if keyword in known} >= {"EXPTIME", "TITLE", "P3ORIG"}


@pytest.mark.parametrize("name", ["eso-sdp", "eso-sdp-spectrum", "eso-sdp-catalogue"])
def test_the_mapping_reads_keywords_in_the_units_of_the_standard(name: str) -> None:
    keywords = load("8").keywords
    collection = next(collection for collection in presets() if collection.name == name)
    for field in collection.fields:
        for rule, _ in field.rules:
            if not isinstance(rule, Header) or rule.unit is None:
                continue
            for keyword in rule.keywords:
                told = keywords[keyword].unit if keyword in keywords else ""
                if told:
                    assert units.Unit(rule.unit) == units.Unit(told), (field.name, keyword)
