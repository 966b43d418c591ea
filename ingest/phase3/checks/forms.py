"""Which checks a file gets: those of every FITS file, and those of the form of its category."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module

from ingest.phase3.checks import assertions, checksums, keywords, lists, provenance, structure, values
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
#: Modules of this package by form; they are imported when the first file of the form comes: what a spectrum
#: does not need (coordinates, pixels of the sphere) takes longer to import than a hundred spectra to check.
BY_FORM: Mapping[str, tuple[str, ...]] = {
    "image": ("images", "wcs"),
    "image extensions": ("images", "hduclass", "wcs"),
    "mosaic": ("images", "wcs"),
    "map": ("images", "wcs"),
    "spectrum": ("spectra",),
    "cube": ("cubes", "hduclass", "wcs"),
    "visibility": ("visibilities",),
    "sources": ("catalogues",),
    "catalogue": ("catalogues",),
    "definition": ("catalogues",),
}


def marks(product: Product) -> Iterator[Mark]:
    """Everything that is wrong with one file."""
    form = product.category.form if product.category else ""
    for check in (*EVERY, *map(_check, BY_FORM.get(form, ()))):
        yield from check(product)


@cache
def _check(name: str) -> Check:
    found: Check = import_module(f"ingest.phase3.checks.{name}").check
    return found
