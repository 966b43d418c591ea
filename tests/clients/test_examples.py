"""The example queries find something in the demo archive."""

import pytest
import pyvo

from vo_server.examples import Example, read_examples

pytestmark = pytest.mark.demo


@pytest.mark.parametrize("example", read_examples(), ids=lambda example: example.id)
def test_an_example_finds_something(demo_server: str, example: Example) -> None:
    service = pyvo.dal.TAPService(f"{demo_server}/tap")
    assert len(service.search(example.query)) > 0
