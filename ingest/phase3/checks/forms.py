"""Which checks a file gets: those of every FITS file, and those of the form of its category."""

from collections.abc import Callable, Iterator, Mapping

from ingest.phase3.checks import (
    assertions,
    catalogues,
    checksums,
    cubes,
    hduclass,
    images,
    keywords,
    lists,
    provenance,
    spectra,
    structure,
    values,
    visibilities,
    wcs,
)
from ingest.phase3.finding import Mark
from ingest.phase3.product import Product

Check = Callable[[Product], Iterator[Mark]]

EVERY: tuple[Check, ...] = (
    structure.check,
    checksums.check,
    keywords.check,
    values.check,
    lists.check,
    assertions.check,
    provenance.check,
)
BY_FORM: Mapping[str, tuple[Check, ...]] = {
    "image": (images.check, wcs.check),
    "image extensions": (images.check, hduclass.check, wcs.check),
    "mosaic": (images.check, wcs.check),
    "map": (images.check, wcs.check),
    "spectrum": (spectra.check,),
    "cube": (cubes.check, hduclass.check, wcs.check),
    "visibility": (visibilities.check,),
    "sources": (catalogues.check,),
    "catalogue": (catalogues.check,),
    "definition": (catalogues.check,),
}


def marks(product: Product) -> Iterator[Mark]:
    """Everything that is wrong with one file."""
    form = product.category.form if product.category else ""
    for check in (*EVERY, *BY_FORM.get(form, ())):
        yield from check(product)
