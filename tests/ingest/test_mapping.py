"""Mappings are checked when they are loaded, and say of every value where it came from."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.collections import load_collections, presets
from ingest.mapping import Collection, as_instant, choose
from ingest.scan import Candidate, candidate, scan
from tests.ingest import samples
from vo_server.errors import UsageFault

HEAD = """
kind = "product"
[columns]
obs_collection = { constant = "TEST" }
obs_id = { derive = "file_name" }
calib_level = { constant = 2 }
"""


def load(directory: Path, text: str, name: str = "test") -> Collection:
    (directory / f"{name}.toml").write_text(text)
    return next(c for c in load_collections([directory]) if c.name == name)


def apply(collection: Collection, path: Path) -> tuple[dict[str, Any], list[str]]:
    found = candidate(path)
    assert isinstance(found, Candidate)
    file = scan(found).file
    assert file is not None
    mapped = collection.apply(file)
    return mapped.fields, [finding.rule for finding in mapped.findings]


def test_the_presets_of_the_product_are_sound() -> None:
    names = {collection.name for collection in presets()}
    assert {"eso-sdp", "eso-sdp-spectrum", "eso-raw", "eso-ancillary", "generic-image"} <= names


def test_the_raw_preset_fills_all_columns_with_those_of_the_archive() -> None:
    collection = next(c for c in presets() if c.name == "eso-raw")
    assert collection.table is not None
    own = {"dp_id", "access_url", "datalink_url", "access_estsize", "last_mod_date"}
    own |= {"raw_type", "do_catg", "rule_set", "classification"}
    assert {field.name for field in collection.fields} | own == {c.name for c in collection.table.columns}
    assert len(collection.table.columns) == 62 + 5


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('s_rah = { constant = 1 }', "s_rah: not columns of ivoa.ObsCore"),
        ('dp_id = { constant = "x" }', "the archive itself fills"),
        ('s_ra = { derive = "no_such" }', "there is no derivation 'no_such'"),
        ('s_ra = { derive = "centre_ra", arguments = { x = 1 } }', "has no arguments x"),
        ('s_ra = { header = "RA", unit = "kg" }', "'kg' cannot become 'deg'"),
        ('s_ra = { header = "RA", unit = "furlong" }', "'furlong' cannot become 'deg'"),
        ('target_name = { header = "OBJECT", unit = "deg" }', "the column has no unit"),
        ('em_min = { derive = "centre_ra" }', "'deg' cannot become 'm'"),
        ('s_ra = { expression = "s_dec + nothing" }\ns_dec = { constant = 1 }', "needs nothing"),
        ('s_ra = { expression = "s_dec" }\ns_dec = { expression = "s_ra" }', "need each other"),
        ('s_ra = { expression = "import os" }', "is not an expression"),
        ('s_ra = { expression = "open(1)" }', "is not allowed in the expression"),
        ('s_ra = { constant = 1, header = "RA" }', "wanted is one of"),
        ('s_ra = { header = "RA", defualt = 1 }', "header does not know defualt"),
        ('s_ra = 12', "wanted is one of"),
        ('s_ra = { header = [] }', "header is a keyword or a list"),
        ('t_resolution = { derive = "time_resolution" }', "t_resolution: needs multi_ob"),
    ],
)  # fmt: skip
def test_a_mistake_is_found_when_the_mapping_is_loaded(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(UsageFault, match=r"^test\.toml: ") as caught:
        load(tmp_path, HEAD + line)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind = ", "test.toml"),
        ('kind = "picture"', "allowed are raw, product, ancillary"),
        ('kind = "ancillary"\ncolor = 1', "color: not known"),
        ('kind = "product"', "may not be null and must have a rule"),
        ('extends = "nothing"', "'nothing', which is not a mapping"),
        ('extends = "test"', "extend each other"),
        ('kind = "ancillary"\n[match]\nheaders = 1', "match.headers: not known"),
        (HEAD.replace("calib_level = { constant = 2 }", "calib_level = []"), "calib_level of ivoa.ObsCore"),
        (HEAD + "[fields]\ns_ra = { constant = 1 }", "the name is that of a column"),
    ],
)
def test_a_document_that_is_no_mapping_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageFault) as caught:
        load(tmp_path, text)
    assert message in str(caught.value)


def test_rules_are_tried_in_order_and_units_converted(tmp_path: Path) -> None:
    collection = load(
        tmp_path,
        HEAD
        + """
        em_min = [{ header = "NOTHERE", unit = "nm" }, { header = ["NOR", "LAMBDA"], unit = "nm" }]
        em_max = { expression = "em_min * factor" }
        t_exptime = { header = "EXPMIN", unit = "min" }
        filter = { header = "FILTER", values = { Ks = "K short" } }
        target_name = { header = "NOTHERE", default = "unknown" }
        [fields]
        factor = { constant = 2 }
        """,
    )
    path = samples.image(tmp_path / "x.fits", LAMBDA=500.0, EXPMIN=1.5)
    row, findings = apply(collection, path)
    assert findings == []
    assert row["em_min"] == pytest.approx(500e-9, rel=1e-15)
    assert row["em_max"] == pytest.approx(1000e-9, rel=1e-15)
    assert (row["t_exptime"], row["filter"], row["target_name"]) == (90.0, "K short", "unknown")
    assert "factor" not in row
    assert row["obs_id"] == "x.fits"


@pytest.mark.parametrize(
    ("column", "value"),
    [("s_dec", 91.0), ("s_ra", "north"), ("s_xel1", 2.5), ("n_obs", 2**40), ("obs_release_date", "soon"),
     ("calib_level", 7), ("t_exptime", -1.0)],
)  # fmt: skip
def test_a_value_that_cannot_be_is_left_out_with_a_finding(tmp_path: Path, column: str, value: Any) -> None:
    text = HEAD.replace("calib_level = { constant = 2 }\n", "") if column == "calib_level" else HEAD
    collection = load(tmp_path, f'{text}\n{column} = {{ header = "VALUE" }}')
    row, findings = apply(collection, samples.image(tmp_path / "x.fits", VALUE=value))
    assert (row[column], findings) == (None, ["KEYWORD_VALUE"])


def test_explain_tells_column_value_and_origin(tmp_path: Path) -> None:
    collection = next(c for c in presets() if c.name == "eso-sdp")
    found = candidate(samples.image(tmp_path / "x.fits"))
    assert isinstance(found, Candidate)
    file = scan(found).file
    assert file is not None
    rows = {row.column: row for row in collection.explain(file)}
    assert rows["t_xel"].origin == "constant"
    assert rows["target_name"].value == "NGC 1234"
    assert rows["target_name"].origin.startswith("header OBJECT (HDU 0, card ")
    assert rows["s_region"].origin == "derivation image_region: The footprint of the science images, by WCS"
    assert rows["s_fov"].origin.startswith("derivation field_diameter from s_region: ")
    assert rows["obs_title"].origin == "expression text(obs_collection, target_name, filter)"
    assert rows["strehl"].origin == "unknown"
    # The origin's values are those that are stored.
    mapped = collection.apply(file).fields
    assert {column: rows[column].value for column in mapped} == mapped


def test_the_first_mapping_by_priority_is_chosen(tmp_path: Path) -> None:
    match = '[match]\npath = "*/special/*"\nheader = { PRODCATG = ["SCIENCE.IMAGE", "X"] }\n'
    own = load(tmp_path, f"priority = 1000\n{HEAD.replace('[columns]', match + '[columns]')}")
    for directory, name in (("special", "test"), ("usual", "eso-sdp")):
        found = candidate(samples.image(tmp_path / directory / "x.fits"))
        assert isinstance(found, Candidate)
        file = scan(found).file
        assert file is not None
        chosen = choose((*presets(), own), file)
        assert chosen is not None
        assert chosen.name == name


def test_what_extends_a_mapping_overrides_single_columns(tmp_path: Path) -> None:
    (tmp_path / "parent.toml").write_text(
        HEAD + 'target_name = { constant = "parent" }\nfilter = { constant = "f" }'
    )
    child = load(tmp_path, 'extends = "parent"\n[columns]\ntarget_name = { constant = "child" }\n', "child")
    row, _ = apply(child, samples.image(tmp_path / "x.fits"))
    assert (row["target_name"], row["filter"]) == ("child", "f")


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("2024-05-06T07:08:09.123", datetime(2024, 5, 6, 7, 8, 9, 123000)),
        ("2024-05-06", datetime(2024, 5, 6)),
        ("2024-05-06T07:08:09+02:00", datetime(2024, 5, 6, 5, 8, 9)),
        (60000.5, datetime(2023, 2, 25, 12)),
    ],
)
def test_instants_are_utc(value: Any, instant: datetime) -> None:
    assert as_instant(value) == instant
