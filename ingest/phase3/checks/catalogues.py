"""Catalogues, their tiles and their definitions, and source lists: tables, footprints, links (SDP 9, 12)."""

from collections.abc import Iterator

import numpy as np

from ingest.fitsfile import Hdu
from ingest.phase3.checks import table_columns
from ingest.phase3.columns import link_target, marked
from ingest.phase3.finding import Mark
from ingest.phase3.footprints import Footprint, footprints
from ingest.phase3.product import Product

INSIDE = 0.95  #: of the sources of a catalogue that must be in its footprint
SMALLEST_AREA = 0.01  #: of the footprint
_ID, _RA, _DEC = "meta.id;meta.main", "pos.eq.ra;meta.main", "pos.eq.dec;meta.main"


def check(product: Product) -> Iterator[Mark]:
    """What only tables of sources can have wrong."""
    assert product.category is not None  # noqa: S101
    form = product.category.form
    head = product.primary
    if head.is_image:
        yield Mark("PRIMARY_DATA", f"NAXIS = {head.get('NAXIS')}", head.index, "NAXIS")
    named = [hdu for hdu in product.science if hdu.name == "PHASE3CATALOG"]
    if form != "sources" and not named:
        there = ", ".join(hdu.name or "no name" for hdu in product.science) or "none"
        yield Mark("TABLE_MISSING", f"tables: {there}", None, "EXTNAME", "EXTNAME = 'PHASE3CATALOG'")
    elif not product.science:
        yield Mark("TABLE_MISSING", f"{len(product.extensions)} extensions")
    if len(named) > 1:
        yield Mark("TABLE_SEVERAL", f"{len(named)} of them", named[1].index, "EXTNAME")
    if form == "definition":
        yield from _definition(product)
    regions, broken = footprints(head)
    for hdu in product.science:
        yield from table_columns.check(product, hdu, is_catalogue=form != "sources")
        if form != "sources":
            yield from _identifier(product, hdu)
            yield from _positions(product, hdu, regions)
            yield from _links(product, hdu)
    for letter in broken:
        yield Mark("FOOTPRINT_CORNERS", "too few corners, or not in pairs", head.index, f"FPRA1{letter}")
    yield from _footprint(product, regions)


def _definition(product: Product) -> Iterator[Mark]:
    for hdu in product.science[:1]:
        if hdu.get("NAXIS2") not in (0, None):
            yield Mark("MCATALOG_ROWS", f"{hdu.get('NAXIS2')} rows", hdu.index, "NAXIS2")
    lists = [hdu for hdu in product.extensions if hdu.name == "PHASE3FILELIST"]
    if not lists or "ORIGFILE" not in {column.name.upper() for column in product.columns(lists[0])}:
        yield Mark("MCATALOG_FILES", f"{len(lists)} lists" + (" without the column" if lists else ""))


def _identifier(product: Product, hdu: Hdu) -> Iterator[Mark]:
    found = marked(product.columns(hdu), _ID)
    if len(found) != 1:
        names = ", ".join(column.name for column in found) or "no column"
        yield Mark("CATALOGUE_ID", names, hdu.index, f"TUCD{found[1].number}" if found else "TUCD1")
        return
    column = found[0]
    if column.code not in ("A", "I", "J", "K"):
        yield Mark(
            "CATALOGUE_ID", f"{column.name} has the format {column.form}", hdu.index, f"TFORM{column.number}"
        )
        return
    rows = product.rows(hdu)
    if rows is None or not len(rows):
        return
    values = rows[f"f{column.number}"].reshape(-1)
    if column.code == "A":
        values = np.char.rstrip(values)
        empty = int(np.count_nonzero(values == b""))
    else:
        null = hdu.get(f"TNULL{column.number}")
        empty = int(np.count_nonzero(values == null)) if isinstance(null, int) else 0
    if empty:
        yield Mark(
            "CATALOGUE_ID_NULL", f"{empty} rows without {column.name}", hdu.index, f"TTYPE{column.number}"
        )
    unique, counts = np.unique(values, return_counts=True)
    twice = unique[counts > 1]
    if twice.size:
        first = twice[0].decode("ascii", "replace") if isinstance(twice[0], bytes) else twice[0]
        came = f"{twice.size} identifiers several times, {first!s} for one"
        yield Mark("CATALOGUE_ID_TWICE", came, hdu.index, f"TTYPE{column.number}")


def _positions(product: Product, hdu: Hdu, regions: tuple[Footprint, ...]) -> Iterator[Mark]:
    columns = product.columns(hdu)
    pair = []
    for ucd in (_RA, _DEC):
        found = marked(columns, ucd)
        if len(found) > 1 or (not found and (regions or any("pos.eq" in column.ucd for column in columns))):
            number = found[1].number if found else 1
            came = ", ".join(column.name for column in found) or f"no column {ucd}"
            yield Mark("CATALOGUE_POSITION", came, hdu.index, f"TUCD{number}", ucd)
        pair += found[:1]
    for column in pair:
        if column.unit != "deg":
            yield Mark("CATALOGUE_POSITION", repr(column.unit), hdu.index, f"TUNIT{column.number}", "deg")
        elif not column.is_float:
            yield Mark("CATALOGUE_POSITION", repr(column.form), hdu.index, f"TFORM{column.number}", "E or D")
    rows = product.rows(hdu)
    if len(pair) != 2 or rows is None or not len(rows) or not all(c.is_float and c.repeat == 1 for c in pair):
        return
    ra, dec = (np.asarray(rows[f"f{column.number}"], np.float64) for column in pair)
    good = np.isfinite(ra) & np.isfinite(dec)
    ra, dec = ra[good], dec[good]
    for column, values, low, high in ((pair[0], ra, 0.0, 360.0), (pair[1], dec, -90.0, 90.0)):
        if values.size and not (low <= values.min() and values.max() <= high):
            came = f"{values.min():g} to {values.max():g}"
            yield Mark("CATALOGUE_POSITION_RANGE", came, hdu.index, f"TTYPE{column.number}")
            return
    if regions and ra.size:
        inside = np.zeros(ra.size, bool)
        for region in regions:
            inside |= region.mask(ra, dec)
        share = np.count_nonzero(inside) / ra.size
        if share < INSIDE:
            yield Mark("CATALOGUE_OUTSIDE", f"{share:.1%} of {ra.size} sources inside", hdu.index)


def _links(product: Product, hdu: Hdu) -> Iterator[Mark]:
    for column in product.columns(hdu):
        number = column.number
        kind = hdu.text_of(f"TXLNK{number}")
        file, target = link_target(hdu, number)
        if (kind == "CATALOG") != (file is not None and target is not None):
            came = f"TXLNK{number} = {kind!r}, TXRGF{number} = {file!r}, TXCTY{number} = {target!r}"
            if kind == "CATALOG" or file is not None or target is not None:
                yield Mark("CATALOGUE_LINK", came, hdu.index, f"TXLNK{number}")


def _footprint(product: Product, regions: tuple[Footprint, ...]) -> Iterator[Mark]:
    head = product.primary
    for region in regions:
        if region.area < 0:
            yield Mark("FOOTPRINT_ORDER", "clockwise", head.index, f"FPRA1{region.letter}")
    ra, dec = head.number("RA"), head.number("DEC")
    is_place = ra is not None and dec is not None and 0 <= ra < 360 and -90 <= dec <= 90
    if is_place and len(regions) == 1 and not regions[0].contains(ra or 0.0, dec or 0.0):
        yield Mark("FOOTPRINT_CENTRE", f"RA = {ra!r}, DEC = {dec!r}", head.index, "RA")
    told = head.number("SKYSQDEG")
    area = sum(abs(region.area) for region in regions)
    if regions and told is not None and not SMALLEST_AREA * area <= told <= area * 1.01 + 1e-6:
        yield Mark("FOOTPRINT_AREA", f"{told!r}, the footprint has {area:.6g}", head.index, "SKYSQDEG")
