import pytest
from hypothesis import given
from lxml import html

from tests.vo_server.formats.results import Rows, numbers, one_column, results
from vo_server.formats import FORMATS, Head


def read(result: Rows, maxrec: int | None = None) -> html.HtmlElement:
    data = b"".join(FORMATS["html"].write(result.columns, result.batches, maxrec, Head()))
    return html.fragment_fromstring(data.decode(), create_parent="div")


@given(result=results())
def test_every_row_has_a_cell_for_every_column(result: Rows) -> None:
    rows = read(result).findall(".//tbody/tr")
    assert [len(row.findall("td")) for row in rows] == [len(result.columns)] * len(result.rows)


@pytest.mark.parametrize(
    ("rows", "maxrec", "shown", "is_cut"),
    [(200, None, 200, False), (201, None, 200, True), (9, 5, 5, True), (3, 0, 0, True)],
)
def test_no_more_than_two_hundred_rows_are_shown(
    rows: int, maxrec: int | None, shown: int, is_cut: bool
) -> None:
    page = read(numbers(rows), maxrec)
    assert len(page.findall(".//tbody/tr")) == shown
    assert (page.find(".//p[@class='overflow']") is not None) == is_cut


def test_only_web_addresses_become_links() -> None:
    texts = [
        "https://example.org/a?b=1&c=%22",
        "javascript:alert(1)",
        '<script>alert("x")</script>',
        'http://x/"y',
    ]
    page = read(one_column(7, texts))
    assert [link.get("href") for link in page.iter("a")] == [texts[0], texts[3]]
    assert list(page.iter("script")) == []
    assert [cell.text_content() for cell in page.iter("td")] == texts
