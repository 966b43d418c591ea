"""What an operator may write, and what is said of mistakes."""

from pathlib import Path

import pytest

from registry.operator import Operator
from vo_server.errors import UsageFault

WHOLE = """
rights = "Free to use with acknowledgement"
rights_url = "https://creativecommons.org/licenses/by/4.0/"
mirrors = ["https://mirror.example/vo"]

[organisation]
name = "Example Observatory"
short_name = "EXO"
description = "Observes."
homepage = "https://exo.example/"
logo = "https://exo.example/logo.png"
ror = "https://ror.org/00hjz7x27"
facilities = ["Example 4m"]
instruments = ["EXCAM"]

[contact]
name = "Help desk"
email = "help@exo.example"
address = "1 Mountain Road"
telephone = "+1 234"

[service.tap]
title = "All of it by ADQL"

[collection."EXO-DEEP"]
title = "The deep survey"
doi = "10.5072/exo.deep"
version = "DR2"
bibcode = "2016A&A...594A..91L"
subjects = ["surveys"]
creators = [{ name = "Carberry, J.", orcid = "0000-0002-1825-0097" }]
dates = { Issued = "2024-01-31" }
relationships = { IsDerivedFrom = ["ivo://exo.example/collection/raw"] }

[[document]]
key = "deep-dr2"
title = "Release description of the deep survey"
url = "https://exo.example/dr2.pdf"
collections = ["EXO-DEEP"]
"""


def read(directory: Path, text: str) -> Operator:
    path = directory / "registry.toml"
    path.write_text(text, encoding="utf-8")
    return Operator.read(path)


def test_without_a_file_the_archive_speaks_for_itself(tmp_path: Path) -> None:
    assert Operator.read(tmp_path / "registry.toml") == Operator()


def test_everything_can_be_said(tmp_path: Path) -> None:
    operator = read(tmp_path, WHOLE)
    assert operator.organisation.short_name == "EXO"
    notes = operator.collection["EXO-DEEP"]
    assert notes.creators[0].orcid == "0000-0002-1825-0097"
    assert notes.relationships["IsDerivedFrom"] == ("ivo://exo.example/collection/raw",)
    assert operator.document[0].collections == ("EXO-DEEP",)


def test_what_the_documentation_shows_can_be_said(tmp_path: Path) -> None:
    pages = Path(__file__).parents[2] / "docs" / "operator.md"
    (shown,) = (block for block in pages.read_text().split("```") if block.startswith("toml\nrights"))
    operator = read(tmp_path, shown.removeprefix("toml"))
    assert not operator.service["sia"].published
    assert operator.catalogue["survey"].title == "Sources of the deep survey"


@pytest.mark.parametrize(
    ("text", "place", "wanted"),
    [
        ("[organisation]\nnane = 'x'", "organisation.nane", "not permitted"),
        ("[organisation]\nshort_name = 'far too long a name'", "organisation.short_name", "16"),
        ("[organisation]\nlogo = 'logo.png'", "organisation.logo", "URL"),
        ("[organisation]\nror = '00hjz7x27'", "organisation.ror", "ror"),
        ("[contact]\nemail = 'nobody'", "contact.email", "pattern"),
        ('[contact]\nname = "a\\u0001b"', "contact.name", "pattern"),
        ("[collection.X]\ndoi = 'https://doi.org/10.1/x'", "collection.X.doi", "10"),
        ("[collection.X]\ncreators = [{name='A', orcid='0000-0002-1825-0098'}]", "orcid", "last digit"),
        ("[collection.X]\nrelationships = {Likes = ['ivo://x.y/z']}", "relationships", "Cites"),
        ("[collection.X]\nrelationships = {Cites = ['http://x.y/z']}", "relationships.Cites.0", "ivo"),
        ("[collection.X]\ndates = {Issued = 'yesterday'}", "dates.Issued", "pattern"),
        ("[collection.X]\ndates = {Issued = '2024-02-30'}", "dates.Issued", "day"),
        ("[collection.X]\nlevels = ['Everybody']", "levels.0", "Research"),
        ("[[document]]\nkey = 'A B'\ntitle = 'x'\nurl = 'https://x.y'", "document.0.key", "pattern"),
        ("[[document]]\nkey = 'a'", "document.0.title", "required"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, place: str, wanted: str) -> None:
    with pytest.raises(UsageFault) as caught:
        read(tmp_path, text)
    told = str(caught.value)
    assert told.startswith("registry.toml is wrong")
    assert place in told
    assert wanted in told
    assert str(tmp_path) not in told


@pytest.mark.parametrize("content", [b"[organisation", b"\xff\xfe", b"a = 1\na = 2"])
def test_what_is_no_toml_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "registry.toml"
    path.write_bytes(content)
    with pytest.raises(UsageFault, match=r"registry\.toml cannot be read"):
        Operator.read(path)
