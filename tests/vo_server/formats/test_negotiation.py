import pytest

from vo_server.errors import UsageFault
from vo_server.formats import FORMATS, negotiate


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (None, "votable"),
        ("", "votable"),
        ("votable", "votable"),
        ("VOTable", "votable"),
        ("application/x-votable+xml", "votable"),
        ("text/xml", "votable"),
        ("votable/td", "votable/td"),
        ("application/x-votable+xml;serialization=TABLEDATA", "votable/td"),
        ('application/x-votable+xml; serialization = "tabledata"', "votable/td"),
        ("application/x-votable+xml;charset=utf-8;serialization=binary2", "votable/b2"),
        ("application/x-votable+xml;serialization=BINARY", "votable/b"),
        ("fits", "fits"),
        ("application/fits", "fits"),
        ("csv", "csv"),
        ("text/csv", "csv"),
        ("text/csv;header=present", "csv"),
        ("Text/CSV; header=absent", "csv/absent"),
        ("tsv", "tsv"),
        ("text/tab-separated-values", "tsv"),
        ("text/plain", "text"),
        ("html", "html"),
        ("text/html", "html"),
        ("json", "json"),
        ("parquet", "parquet"),
        ("application/vnd.apache.parquet", "parquet"),
        ("arrow", "arrow"),
    ],
)
def test_names_and_media_types_are_found_in_any_case(asked: str | None, name: str) -> None:
    assert negotiate(asked).name == name


def test_each_format_is_found_by_its_own_media_type() -> None:
    for item in FORMATS.values():
        assert negotiate(item.media_type) == item
        assert negotiate(item.name.upper()) == item


def test_text_xml_is_answered_as_text_xml() -> None:
    assert negotiate("Text/XML").media_type == "text/xml"
    assert negotiate("votable").media_type == "application/x-votable+xml"


@pytest.mark.parametrize(
    "asked", ["foo", "application/x-votable+xml;serialization=foo", "; ;", "text/csv;header=x"]
)
def test_an_unknown_format_is_refused_with_the_list_of_those_that_exist(asked: str) -> None:
    with pytest.raises(UsageFault) as caught:
        negotiate(asked)
    assert repr(asked) in str(caught.value)
    assert all(name in str(caught.value) for name in FORMATS)


def test_the_default_can_be_another() -> None:
    assert negotiate(None, "csv").name == "csv"
