"""Where a product comes from: PROVi, as far as one file can tell (SDP 5.2)."""

from collections.abc import Iterator
from datetime import datetime

from ingest.phase3.facts import provenance_of, raw_time
from ingest.phase3.finding import Mark
from ingest.phase3.product import Product

_EPOCH = datetime(1858, 11, 17)
NEAR = 60.0 / 86400  #: days; how far a raw file may lie outside MJD-OBS to MJD-END


def check(product: Product) -> Iterator[Mark]:
    """Names, numbers and times of the originating files."""
    if product.category is None:
        return
    head = product.primary
    names = provenance_of(product)
    yield from _extension(product)
    for number, name in enumerate(names, 1):
        if not name or "/" in name or "[" in name or "\\" in name:
            yield Mark("PROVENANCE_NAME", repr(name), head.index, f"PROV{number}")
    raw = [match for name in names if (match := raw_time(name))]
    count = head.get("NCOMBINE")
    if raw and len(raw) == len(names) and isinstance(count, int) and count != len(raw):
        yield Mark("PROVENANCE_COUNT", f"NCOMBINE = {count}, {len(raw)} raw files", head.index, "NCOMBINE")
    yield from _times(product, names)
    if product.category.form == "sources" and names and raw_time(names[0]):
        yield Mark("SOURCES_ORIGIN", f"a raw file, {names[0]}", head.index, "PROV1")


def _extension(product: Product) -> Iterator[Mark]:
    head = product.primary
    told = head.get("PROVXTN")
    tables = [hdu for hdu in product.extensions if hdu.name == "PHASE3PROVENANCE"]
    cards = "PROV1" in head.by_keyword
    has_column = any(column.name.upper() == "PROV" for hdu in tables for column in product.columns(hdu))
    if (told is True) != bool(tables) or (tables and (cards or not has_column)):
        came = f"PROVXTN = {told!r}, {len(tables)} extensions" + (", PROV1" if cards else "")
        came += "" if has_column or not tables else ", no column PROV"
        yield Mark("PROVENANCE_EXTENSION", came, head.index, "PROVXTN")


def _times(product: Product, names: tuple[str, ...]) -> Iterator[Mark]:
    head = product.primary
    start, end = head.number("MJD-OBS"), head.number("MJD-END")
    if start is None or end is None:
        return
    for number, name in enumerate(names, 1):
        time = raw_time(name)
        if time is None:
            continue
        try:
            mjd = (datetime.fromisoformat(time) - _EPOCH).total_seconds() / 86400
        except ValueError:
            yield Mark("PROVENANCE_NAME", repr(name), head.index, f"PROV{number}")
            continue
        if not start - NEAR <= mjd <= end + NEAR:
            came = f"{name} is of MJD {mjd:.5f}, the product of {start!r} to {end!r}"
            yield Mark("PROVENANCE_TIME", came, head.index, f"PROV{number}")
