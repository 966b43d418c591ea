"""What frames are by the rules of their instruments."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingest.correction import Correction, new_card
from ingest.fitsfile import FitsFile, Hdu
from ingest.header import Value
from ingest.raw.classify import Classified, load_classifier
from tests.ingest.raw.test_oca import DEBIAN, FILES
from vo_server.errors import UsageFault

VECTORS = yaml.safe_load(Path(__file__).with_name("vectors.yaml").read_text())


def file(instrument: str, header: Mapping[str, Value], *extensions: Mapping[str, Value]) -> FitsFile:
    """A file with these keywords and nothing else."""
    headers = ({"INSTRUME": instrument, **header}, *extensions)
    texts = [b"".join(new_card(Correction(0, *item)) for item in found.items()) for found in headers]
    hdus = [Hdu.parse(index, text + b"END".ljust(80))[0] for index, text in enumerate(texts)]
    return FitsFile("x.fits", "x.fits", tuple(hdus))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['instrument']}-{v['header']['DPR.TYPE']}")
def test_our_own_rules_classify(vector: dict[str, Any]) -> None:
    found = load_classifier().classify(file(vector["instrument"], vector["header"]))
    assert (found.do_catg, found.raw_type) == (vector["tag"], vector["raw_type"])
    assert found.rule_set == f"{vector['instrument']}.yaml"


@pytest.mark.debian
@pytest.mark.skipif(not FILES, reason="Debian's cpl-plugin-* are not installed: see .ci/debian.sh")
@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['instrument']}-{v['header']['DPR.TYPE']}")
def test_the_rules_of_pipelines_go_before_ours(vector: dict[str, Any]) -> None:
    found = load_classifier((DEBIAN,)).classify(file(vector["instrument"], vector["header"]))
    # Where our rules are newer than these: other names for the same kind of frame.
    others = {
        ("MUSE", "ACQUISITION"): "ACQUISITION",
        ("HAWKI", "SCIENCE"): "JITTER_OBS",
    }
    wanted = others.get((vector["instrument"], vector["header"]["DPR.CATG"]), vector["tag"])
    assert found.do_catg == wanted
    assert found.raw_type == vector["raw_type"]
    oca = {"MUSE": "muse.oca", "GIRAFFE": "giraf.oca", "HAWKI": "hawki.oca", "UVES": "uves.oca"}
    assert found.rule_set == oca.get(vector["instrument"], "XSHOOTER.yaml")


@pytest.mark.debian
@pytest.mark.skipif(not FILES, reason="Debian's cpl-plugin-* are not installed: see .ci/debian.sh")
def test_raw_types_and_further_keywords_of_pipelines_are_kept() -> None:
    classifier = load_classifier((DEBIAN,))
    detector: dict[str, Value] = {"DPR.CATG": "CALIB", "DPR.TYPE": "BIAS,DETCHAR", "DET.CHIPS": 1}
    found = classifier.classify(file("UVES", detector))
    assert (found.raw_type, found.do_catg) == ("LINEARITY_BLUE_DETCHAR", "OFF_RAW")
    arc = {"DPR.CATG": "CALIB", "DPR.TYPE": "WAVE", "DPR.TECH": "IFU", "INS.OPTI1.NAME": "Blue"}
    found = classifier.classify(file("MUSE", arc))
    assert found.assignments == {"DO.CATG": "ARC", "INS.OPTI1.FILTER": True}
    assert found.columns()["classification"] == '{"DO.CATG": "ARC", "INS.OPTI1.FILTER": true}'


RULES = """
if DPR.CATG == "CALIB" then { DO.CATG = "FIRST"; A = 1; }
if A == 1 and DET.DIT > 2 then { DO.CATG = "SECOND"; COPY = DPR.TYPE; }
if NEVER == 1 then { DO.CATG = "THIRD"; }
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """An operator's directory with rules for one instrument more."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "kmos.oca").write_text(RULES)
    (tmp_path / "notes.yaml").write_text("just: notes")
    return tmp_path


def test_a_later_rule_wins_and_sees_what_an_earlier_one_assigned(rules: Path) -> None:
    classifier = load_classifier((rules,))
    header: dict[str, Value] = {"DPR.CATG": "CALIB", "DPR.TYPE": "FLAT"}
    assert classifier.classify(file("KMOS", header)).do_catg == "FIRST"
    found = classifier.classify(file("KMOS", {**header, "DET.DIT": 3.0}))
    assert found == Classified(None, "SECOND", "kmos.oca", {"DO.CATG": "SECOND", "A": 1, "COPY": "FLAT"})


def test_keywords_of_the_first_extension_count_too(rules: Path) -> None:
    classifier = load_classifier((rules,))
    image: dict[str, Value] = {"XTENSION": "IMAGE", "NAXIS": 1, "NAXIS1": 5, "DET.DIT": 3.0}
    found = classifier.classify(file("KMOS", {"DPR.CATG": "CALIB", "DPR.TYPE": "FLAT"}, image))
    assert found.do_catg == "SECOND"


def test_an_instrument_without_rules_is_not_classified() -> None:
    assert load_classifier().classify(file("ALPACA", {"DPR.CATG": "SCIENCE"})) == Classified()


def test_the_newest_of_several_versions_counts(tmp_path: Path) -> None:
    for version in ("9", "10"):
        place = tmp_path / f"kmos-{version}"
        place.mkdir()
        (place / "kmos.oca").write_text(f'if A == 1 then {{ DO.CATG = "V{version}"; }}')
    assert load_classifier((tmp_path,)).classify(file("KMOS", {"A": 1})).do_catg == "V10"


def test_an_operators_own_rules_take_the_place_of_ours(tmp_path: Path) -> None:
    text = """
language: calrules/1
instrument: MUSE
derived: {LONG: {key: EXPTIME, in: [100, 200]}}
classify: [{tag: MINE, raw_type: KIND, when: {DPR.TYPE: {any_token: [a, b], like_any: ["%x", "%b"]}}}]
"""
    (tmp_path / "muse.yaml").write_text(text)
    classifier = load_classifier((tmp_path,))
    found = classifier.classify(file("MUSE", {"DPR.TYPE": "q,b", "EXPTIME": 200.0}))
    assert found.columns() == {
        "raw_type": "KIND",
        "do_catg": "MINE",
        "rule_set": "muse.yaml",
        "classification": '{"DO.CATG": "MINE", "LONG": true, "RAW.TYPE": "KIND"}',
    }


@pytest.mark.parametrize(
    ("classify", "message"),
    [
        ("[{tag: X}]", "rule 1: wanted are tag, when"),
        ("[{tag: X, when: {A: {words: [b]}}}]", r"rule 1 \(X\): A: words is not known; known are tokens"),
        ("[{tag: X, when: {A: {tokens: b}}}]", "tokens wants a list"),
        ("[{tag: X, when: {A: {regex: '['}}}]", "not a regular expression"),
        ("[", "cannot be read"),
        ("5", "has another form"),
        ("[]\nderived: [5]", "has another form"),
    ],
)
def test_malformed_rules_are_told_with_their_number(tmp_path: Path, classify: str, message: str) -> None:
    (tmp_path / "x.yaml").write_text(f"language: calrules/1\ninstrument: MUSE\nclassify: {classify}\n")
    with pytest.raises(UsageFault, match=message):
        load_classifier((tmp_path,))


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="there is no directory"):
        load_classifier((tmp_path / "none",))


def test_a_classifier_goes_to_another_process(rules: Path) -> None:
    classifier = pickle.loads(pickle.dumps(load_classifier((rules,))))
    assert classifier.classify(file("KMOS", {"DPR.CATG": "CALIB"})).do_catg == "FIRST"
