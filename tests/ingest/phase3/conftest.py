"""Valid batches of each category, made once."""

from pathlib import Path

import pytest

from demo.observatory import observe
from demo.products.build import write_products
from tests.ingest.phase3.products import Sample, samples


@pytest.fixture(scope="session")
def products(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Every product of the synthetic observatory."""
    return write_products(observe(), tmp_path_factory.mktemp("products"))


@pytest.fixture(scope="session")
def valid(products: list[Path]) -> dict[str, Sample]:
    """A valid batch of each category."""
    return samples(products)
