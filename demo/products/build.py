"""All synthetic products: what pipelines made of the science blocks, and the survey of the whole sky."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from demo.observatory import Exposure
from demo.products.cubes import make_cubes
from demo.products.images import make_images
from demo.products.product import Shelf
from demo.products.spectra import make_spectra
from demo.products.survey import make_survey


def science_blocks(exposures: Sequence[Exposure]) -> list[list[Exposure]]:
    """The science exposures, block by block in the order in which they were taken."""
    science = (exposure for exposure in exposures if exposure.template.kind == "science")
    return [list(block) for _, block in groupby(science, key=lambda exposure: exposure.block.ob_id)]


def write_products(exposures: Sequence[Exposure], directory: Path) -> list[Path]:
    """Write every product into ``directory/<collection>/``; the same bytes every time."""
    blocks = science_blocks(exposures)
    shelf = Shelf(directory)
    make_spectra(blocks, shelf)
    make_cubes(blocks, shelf)
    make_images(blocks, shelf)
    make_survey(shelf)
    return shelf.paths
