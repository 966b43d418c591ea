"""The synthetic observatory, written once for all tests of the demo archive."""

from pathlib import Path

import pytest

from demo.observatory import Exposure, observe
from demo.products.build import write_products
from demo.raw import write_raw


@pytest.fixture(scope="session")
def exposures() -> list[Exposure]:
    return observe()


@pytest.fixture(scope="session")
def raw_files(exposures: list[Exposure], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_raw(exposures, tmp_path_factory.mktemp("raw"))


@pytest.fixture(scope="session")
def products(exposures: list[Exposure], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_products(exposures, tmp_path_factory.mktemp("products"))
