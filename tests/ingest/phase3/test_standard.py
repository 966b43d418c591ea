"""The standard as data says what ESO's matrix says, cell by cell, and can be extended."""

import ast
import csv
import re
from pathlib import Path

import pytest

import ingest.phase3
from ingest.phase3.standard import VERSIONS, Obligation, load
from tests.ingest.phase3.mutants import MATRIX
from vo_server.errors import UsageFault

PACKAGE = Path(ingest.phase3.__file__).parent
#: Conventions that the text forbids and the matrix does not list.
BEYOND = {"CDELTi", "CROTAi", "PCi_j", "LONGSTRN"}


def matrix() -> list[dict[str, str]]:
    """The matrix of version 6, as it was transcribed."""
    with MATRIX.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_version_6_is_the_matrix_cell_by_cell() -> None:
    standard = load("6")
    rows = matrix()
    assert set(standard.keywords) == {row["keyword"] for row in rows} | BEYOND
    names = {category.name: category for category in standard.categories.values()}
    for row in rows:
        keyword = standard.keywords[row["keyword"]]
        assert keyword.instead_of == row["indexed_or_alternative_of"]
        for column, code in row.items():
            if column.startswith("SCIENCE."):
                wanted = Obligation.parse("-" if code == "None" else code)
                assert keyword.use(names[column]) == wanted, (keyword.name, column)


def test_every_note_of_the_matrix_is_explained() -> None:
    numbers = {
        number for row in matrix() for code in row.values() for number in re.findall(r"\d\d", code[4:])
    }
    assert {number for number in numbers if number.isdigit()} <= set(load("6").notes)


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("M", Obligation("mandatory")),
        ("M+Mext", Obligation("mandatory", extension=True)),
        ("Meso", Obligation("mandatory", eso=True)),
        ("Mextapp#42", Obligation("mandatory", False, True, where_applicable=True, notes=("42",))),
        ("Mapp#53/54", Obligation("mandatory", where_applicable=True, notes=("53", "54"))),
        ("Rext", Obligation("recommended", False, True)),
        ("NotAlw", Obligation("forbidden", extension=True)),
    ],
)
def test_codes_are_understood(code: str, wanted: Obligation) -> None:
    assert Obligation.parse(code) == wanted


def test_a_code_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no code"):
        Obligation.parse("Maybe")


def test_version_8_says_only_what_differs() -> None:
    old, new = load("6"), load("8")
    assert set(new.keywords) - set(old.keywords) == {
        "CONFDATA", "BKGDATA", "BKGERR", "BKGCONF", "TXRGFi", "TXCTYi",
    }  # fmt: skip
    image = new.categories["IMAGEMEF"]
    assert image.name == "SCIENCE.IMAGE"
    assert new.keywords["PHOTZP"].use(image) == Obligation.parse("Mext")
    assert new.keywords["EXPTIME"].use(image) == Obligation.parse("M"), "as for other images"
    assert new.keywords["PROVi"].use(new.categories["CATALOGTILE"]).eso
    same = set(old.keywords) & set(new.keywords)
    changed = {name for name in same if dict(old.keywords[name].uses) != dict(new.keywords[name].uses)}
    assert "EXPTIME" not in changed
    assert "BUNIT" in changed


def test_every_rule_is_tested_by_code_or_is_an_expression() -> None:
    source = "\n".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    root = PACKAGE.parent.parent
    readers = ("ingest/fitsfile.py", "ingest/scan.py", "vo_server/headers/cards.py")
    source += "\n".join((root / name).read_text() for name in readers)
    words = {
        node.value for node in ast.walk(ast.parse(source.replace("from __future__", "#")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }  # fmt: skip
    written = words | {f"{family}_{part}" for family in ("CUBE", "SPECTRUM") for part in ("LIMITS", "MEDIUM")}
    for version in VERSIONS:
        for rule in load(version).rules.values():
            assert rule.that is not None or rule.name in written, rule.name


def test_every_expression_names_keywords_of_the_standard() -> None:
    for version in VERSIONS:
        standard = load(version)
        fields = {"NOW", "NAXIS"}
        for rule in standard.rules.values():
            for expression in (rule.that, rule.when):
                for name in (expression.needs if expression else frozenset()) - fields:
                    assert standard.find(name) or standard.find(name.replace("_", "-")), (rule.name, name)
        for note in standard.notes.values():
            for name in note.when.needs if note.when else frozenset():
                assert standard.find(name), name


def test_every_rule_tells_how_to_mend_and_where_it_is_written() -> None:
    for rule in load("8").rules.values():
        assert rule.wanted
        assert rule.mend
        assert rule.section
        assert rule.severity in ("error", "warning", "info")


def test_an_operator_extends_a_version(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'extends = "8"\nversion = "8, mine"\n[keywords.VOPUB]\nallowed = ["MINE"]\n'
        '[rules.MY_RULE]\nfamily = "COLLECTION"\nseverity = "error"\nkeyword = "PROG_ID"\n'
        "that = \"'110.' in PROG_ID\"\nwanted = \"period 110\"\nmend = \"ask\"\nsection = \"mine\"\n"
        "[rules.SPECTRUM_TITLE]\nremoved = true\n"
    )  # fmt: skip
    standard = load(str(path))
    assert standard.version == "8, mine"
    assert standard.keywords["VOPUB"].allowed == ("MINE",)
    assert "MY_RULE" in standard.rules
    assert "SPECTRUM_TITLE" not in standard.rules
    assert load("8").keywords["VOPUB"].allowed == ("ESO/SAF",)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("extends = ", "is not TOML"),
        ('version = "1"', "must say which version"),
        ('extends = "9"', "no standard '9'"),
        ('extends = "8"\n[keywords.NEW]\ntext = "x"\ntype = "string"\nsection = "1"', "keywords.NEW"),
        ('extends = "8"\n[rules.X]\nthat = "__import__(1)"', "not allowed"),
        ('extends = "8"\n[keywords.RA]\nuse = { default = "Perhaps" }', "no code"),
        ('extends = "8"\n[keywords.RA]\npattern = "("', "keywords.RA"),
    ],
)
def test_a_file_that_cannot_be_is_refused_with_a_reason(text: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(UsageFault, match=reason):
        load(str(path))


def test_a_version_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageFault, match="there are 6, 8"):
        load("7")
