"""The examples are valid for RDFa readers, and their queries for us."""

import pytest
from lxml import etree

from tap.adql import translate
from tap.examples import shown, tables_of
from vo_server import schemas
from vo_server.examples import Example, read_examples
from vo_server.http.dali_examples import XHTML, examples_page
from vo_server.tables import Catalog

CATALOG = Catalog((*schemas.builtin(), schemas.instruments.schema()))


def test_each_example_has_id_name_query_and_tables() -> None:
    page = etree.fromstring(examples_page("test", "queries", tuple(shown(read_examples(), CATALOG))))
    blocks = page.findall(f".//{{{XHTML}}}div[@typeof='example']")
    assert len(blocks) == len(read_examples())
    for block in blocks:
        assert block.get("resource") == f"#{block.get('id')}"
        assert len(block.findall(".//*[@property='name']")) == 1
        assert len(block.findall(".//*[@property='query']")) == 1
        for table in block.findall(".//*[@property='table']"):
            assert CATALOG.table(table.text or "") is not None
    assert len([element for element in page.iter() if element.get("vocab")]) == 1


def test_tables_are_named_once_as_published() -> None:
    query = "SELECT * FROM ivoa.obscore a JOIN IVOA.OBSCORE b ON a.obs_id = b.obs_id JOIN no.such USING (x)"
    assert tables_of(query, CATALOG) == ["ivoa.ObsCore"]


@pytest.mark.parametrize("example", read_examples(), ids=lambda example: example.id)
def test_every_example_can_be_asked(example: Example) -> None:
    assert translate(example.query, CATALOG).columns
