"""When frames become public, and what an operator knows of programmes."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.raw.programmes import after, load_programmes
from vo_server.errors import UsageFault

TAKEN = datetime(2024, 2, 29, 23, 59, 30)


def row(**columns: Any) -> dict[str, Any]:
    """Columns of a science frame of a normal programme."""
    return {"exp_start": TAKEN, "dp_cat": "SCIENCE", "prog_id": "112.25XY.001", **columns}


@pytest.mark.parametrize(
    ("columns", "wanted"),
    [
        ({}, datetime(2025, 2, 28, 23, 59, 30)),
        ({"dp_cat": "ACQUISITION"}, datetime(2025, 2, 28, 23, 59, 30)),
        ({"dp_cat": "CALIB"}, TAKEN),  # also under the identifier of a science programme
        ({"dp_cat": "TECHNICAL"}, TAKEN),
        ({"dp_cat": None}, TAKEN),
        ({"exp_start": None}, None),
    ],
)
def test_science_is_proprietary_for_a_year_and_all_else_is_public(
    columns: dict[str, Any], wanted: datetime | None
) -> None:
    assert load_programmes().release_date(row(**columns)) == wanted


@pytest.mark.parametrize(
    ("instant", "months", "wanted"),
    [
        (datetime(2023, 1, 31), 1, datetime(2023, 2, 28)),
        (datetime(2023, 11, 30, 12), 3, datetime(2024, 2, 29, 12)),
        (datetime(2023, 12, 15), 12, datetime(2024, 12, 15)),
        (datetime(2023, 5, 5), 0, datetime(2023, 5, 5)),
    ],
)
def test_months_are_those_of_the_calendar(instant: datetime, months: int, wanted: datetime) -> None:
    assert after(instant, months) == wanted


RULES = """
[[release]]
prog_id = ["179.A-*", "112.25PS.*"]
months = 0
[[release]]
prog_id = "112.25XY.*"
instrument = "MUSE"
months = 24
[[release]]
prog_id = "112.25EX.001"
until = 2031-04-01
[[release]]
prog_id = "112.25EX.002"
until = 2031-04-01T12:00:00+02:00

[[programme]]
prog_id = "112.25XY.*"
title = "not this"
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """An operator's rules."""
    path = tmp_path / "programmes.toml"
    path.write_text(
        RULES.replace('title = "not this"', 'prog_title = "Haloes"\nprog_type = 4\nobs_mode = "s"')
    )
    return path


@pytest.mark.parametrize(
    ("columns", "wanted"),
    [
        ({"prog_id": "179.A-2004(B)"}, TAKEN),
        ({"prog_id": "112.25PS.001"}, TAKEN),
        ({"instrument": "MUSE"}, datetime(2026, 2, 28, 23, 59, 30)),
        ({"instrument": "UVES"}, datetime(2025, 2, 28, 23, 59, 30)),
        ({"prog_id": "112.25EX.001"}, datetime(2031, 4, 1)),
        ({"prog_id": "112.25EX.002"}, datetime(2031, 4, 1, 10)),
    ],
)
def test_an_operators_rules_go_before_the_policy(
    rules: Path, columns: dict[str, Any], wanted: datetime
) -> None:
    assert load_programmes(rules).release_date(row(**columns)) == wanted


def test_facts_of_a_programme_are_for_its_frames_only(rules: Path) -> None:
    programmes = load_programmes(rules)
    assert programmes.facts(row()) == {"prog_title": "Haloes", "prog_type": 4, "obs_mode": "s"}
    assert programmes.facts(row(prog_id="112.25XZ.001")) == {}
    assert programmes.facts(row(prog_id=None)) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[release]]\nprog_id = 'x'", "release 1: wanted is one of months and until"),
        ("[[release]]\nmonths = 1\nuntil = 2030-01-01", "release 1: wanted is one of"),
        ("[[release]]\nmonths = -1", "months is -1; wanted is 0 to 1200"),
        ("[[release]]\nuntil = '2030-01-01'", "wanted is a date without quotes"),
        ("[[release]]\nobject = 'x'\nmonths = 1", "object is not known; known are prog_id"),
        ("[[release]]\nprog_id = [1]\nmonths = 1", "wanted is a pattern"),
        ("[[programme]]\nprog_title = 'x'", "programme 1: prog_id is missing"),
        ("[[programme]]\nprog_id = 'x'\nprog_type = '4'", "prog_type is '4'; wanted is int"),
        ("[[programs]]\nprog_id = 'x'", "programs: wanted are"),
        ("[[", "cannot be read"),
    ],
)
def test_malformed_rules_are_told_with_their_number(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "p.toml"
    path.write_text(text)
    with pytest.raises(UsageFault, match=message):
        load_programmes(path)
