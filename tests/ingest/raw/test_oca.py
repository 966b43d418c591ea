"""Rules of ESO's pipelines: the language, what it means, and the files that Debian's packages bring."""

import contextlib
import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.header import Value
from ingest.raw import oca
from vo_server.errors import UsageFault

#: Where Debian's packages cpl-plugin-* have them (.ci/debian.sh); none of them is part of this product.
DEBIAN = Path("/usr/share/cpl-plugins")
FILES = sorted(DEBIAN.glob("*/gasgano/config/*.oca"))


def holds(condition: str, **keywords: Value) -> bool:
    """Whether a condition holds; underscores in names of keywords stand for dots."""
    (rule,) = oca.parse(f"if {condition} then {{ A = 1; }}").classifications
    return bool(rule.condition({name.replace("_", "."): value for name, value in keywords.items()}))


@pytest.mark.parametrize(
    ("condition", "keywords", "wanted"),
    [
        ('DPR.CATG == "CALIB"', {"DPR_CATG": "CALIB"}, True),
        ('DPR.CATG == "CALIB"', {"DPR_CATG": "calib"}, False),
        ('DPR.CATG == "CALIB"', {}, False),
        ('DPR.CATG != "CALIB"', {"DPR_CATG": "SCIENCE"}, True),
        ('DPR.CATG != "CALIB"', {}, False),
        ("DET.CHIPS == 2", {"DET_CHIPS": 2}, True),
        ("DET.CHIPS == 2", {"DET_CHIPS": 2.0}, True),
        ("DET.CHIPS == 2", {"DET_CHIPS": "2"}, True),
        ("DET.CHIPS == 2", {"DET_CHIPS": "two"}, False),
        ("MJD-OBS < 57823.", {"MJD-OBS": 57822.9}, True),
        ("MJD-OBS >= 57823.", {"MJD-OBS": 57822.9}, False),
        ("MJD-OBS < 57823.", {}, False),
        ('DPR.TYPE like "%FLAT%"', {"DPR_TYPE": "LAMP,FLAT"}, True),
        ('DPR.TYPE like "%FLAT"', {"DPR_TYPE": "FLAT,LAMP"}, False),
        ('DPR.TYPE like "FLAT"', {"DPR_TYPE": "FLAT"}, True),
        ('DPR.TYPE like "F%T,%P"', {"DPR_TYPE": "FLAT,LAMP"}, True),
        ('DPR.TYPE like "A.C"', {"DPR_TYPE": "ABC"}, False),
        ('DPR.TYPE like "%"', {}, False),
        ('TPL.ID regexp "MUSE_[wn]fm_cal_illum"', {"TPL_ID": "MUSE_wfm_cal_illum"}, True),
        ('TPL.ID regexp "MUSE_[wn]fm_cal_illum"', {"TPL_ID": "MUSE_xfm_cal_illum"}, False),
        ("PRO.CATG is string", {"PRO_CATG": "X"}, True),
        ("PRO.CATG is string", {"PRO_CATG": 1}, False),
        ("PRO.CATG is string", {}, False),
        ("INS.LAMP1.ST is TRUE", {"INS_LAMP1_ST": True}, True),
        ("INS.LAMP1.ST is TRUE", {"INS_LAMP1_ST": "T"}, False),
        ("INS.LAMP1.ST == true", {"INS_LAMP1_ST": True}, True),
        ("not (A == 1 or B == 1)", {"A": 2, "B": 3}, True),
        ("A == 1 or B == 1 and C == 1", {"A": 1}, True),
        ("(A == 1 or B == 1) and C == 1", {"A": 1}, False),
        ("A ?= B", {"A": 1, "B": 1}, True),
        ("A ?= B", {"A": 1, "B": 2}, False),
        ("A ?= B", {"A": 1}, True),
        ("IF.A == 1 AND android == 1", {"IF_A": 1, "android": 1}, True),
    ],
)
def test_a_condition_holds(condition: str, keywords: dict[str, Value], wanted: bool) -> None:
    assert holds(condition, **keywords) is wanted


@given(st.lists(st.text("ab%", max_size=6), min_size=1, max_size=3), st.text("ab", max_size=8))
def test_wildcards_are_those_of_shells_with_another_sign(pieces: list[str], text: str) -> None:
    pattern = "%".join(pieces)
    assert holds(f'K like "{pattern}"', K=text) == fnmatchcase(text, pattern.replace("%", "*"))


def test_a_file_becomes_its_rules_groups_and_actions() -> None:
    text = """
    // catch all
    if DPR.CATG like "%TEST%" then { DO.CATG = "TEST"; /* twice */ RAW.TYPE = "T"; }
    minRet = 3;
    select execute(DARKS) from inputFiles where SIG.TEMPLATE == 1 and LF.DO.CATG == "DARK"
        group by DET.DIT,DET.NDIT as (TPL_A,tpl);
    select execute(OTHER) from inputFiles;
    action DARKS
    {
      minRet=0; maxRet=1;
      select file as REFERENCE_DARK from calibFiles where DO.CATG=="REF" and inputFile.DET.DIT==DET.DIT;
      select file as ANY from calibFiles;
      priority = 30;
      product MASTER { PRO.CATG = "MASTER"; PRO.EXT = "0000.fits"; }
      recipe make_dark {"--nifu=-1 --merge"; "--a=1";}
    }
    """
    found = oca.parse(text, "x.oca")
    (rule,) = found.classifications
    assert [(name, value({})) for name, value in rule.assignments] == [("DO.CATG", "TEST"), ("RAW.TYPE", "T")]
    darks, other = found.organisations
    assert (darks.action, darks.source, darks.grouping) == ("DARKS", "inputFiles", ("DET.DIT", "DET.NDIT"))
    assert (darks.alias, darks.settings) == (("TPL_A", "tpl"), {"minret": 3.0})
    assert darks.condition is not None
    assert darks.condition({"SIG.TEMPLATE": 1, "LF.DO.CATG": "DARK"})
    assert (other.condition, other.grouping, other.settings) == (None, (), {})
    (action,) = found.actions
    reference, anything = action.associations
    assert (reference.tag, reference.at_least, reference.at_most) == ("REFERENCE_DARK", 0, 1)
    assert reference.condition is not None
    assert reference.condition({"DO.CATG": "REF", "DET.DIT": 2.0, "inputFile.DET.DIT": 2.0})
    assert not reference.condition({"DO.CATG": "REF", "DET.DIT": 2.0, "inputFile.DET.DIT": 3.0})
    assert (anything.at_least, anything.at_most, anything.condition) == (None, None, None)
    assert action.recipes == (oca.Recipe("make_dark", ("--nifu=-1 --merge", "--a=1")),)
    assert action.products[0].name == "MASTER"
    assert action.priority == 30.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "if A == 1 then { DO.CATG = 'x' }",
            r"line 1, column 32: '\}' cannot stand here; wanted .*semicolon",
        ),
        ("if A == 1 then\n{ DO.CATG = §; }", "line 2, column 13: the character '§' means nothing here"),
        ("if A == 1 then { DO.CATG = 'x';", "ends too early"),
        ("if A is number_of_stars then { B = 1; }", "never 'number_of_stars'"),
        ("if A regexp '[' then { B = 1; }", "not a regular expression"),
        ("if A regexp '" + "a" * 501 + "' then { B = 1; }", "501 characters"),
        ("if " + "(" * 41 + "A" + ")" * 41 + " then { B = 1; }", "nested more than 40 deep"),
        ("if " + "not " * 5000 + "A then { B = 1; }", "nested more than 40 deep"),
    ],
)
def test_what_is_not_the_language_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(UsageFault, match=message):
        oca.parse(text, "x.oca")


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="cannot be read"):
        oca.read(tmp_path / "none.oca")
    large = tmp_path / "large.oca"
    large.write_bytes(b" " * (oca.MAX_SIZE + 1))
    with pytest.raises(UsageFault, match="at most"):
        oca.read(large)


@given(st.text(st.sampled_from("ifthen{}()=;\"'AB.12 \n/*-?<>"), max_size=60))
def test_any_text_is_rules_or_a_fault(text: str) -> None:
    with contextlib.suppress(UsageFault):
        assert oca.parse(text).name == "rules"


@pytest.mark.debian
@pytest.mark.skipif(not FILES, reason="Debian's cpl-plugin-* are not installed: see .ci/debian.sh")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_rule_of_the_pipelines_is_read(path: Path) -> None:
    found = oca.read(path)
    # Counted another way: the words that begin the parts, outside of comments and strings.
    text = re.sub(r'"[^"]*"|//[^\n]*|/\*.*?\*/', " ", path.read_text("latin-1"), flags=re.DOTALL)
    count = {word: len(re.findall(rf"\b{word}\b", text)) for word in ("if", "execute", "action", "file")}
    assert len(found.classifications) == count["if"] > 30
    assert len(found.organisations) == count["execute"]
    assert len(found.actions) == count["action"]
    assert sum(len(action.associations) for action in found.actions) == count["file"]
