"""Catalogues that cannot be published: each reason is told, and nothing has changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from ingest.phase3.catalogues import publish_catalogue
from tests.ingest.phase3.catalogue_archive import NAMING, archive, told
from tests.ingest.phase3.catalogue_files import ID, RA, Col, catalogue, in_tiles, stars, table, write
from vo_server.catalog import FILLING
from vo_server.db import Database
from vo_server.errors import UsageFault

__all__ = ["archive"]
Make = Callable[[Path], list[Path]]


def beside(*more: Col, **changed: Any) -> Make:
    """A catalogue of stars with further columns."""
    return lambda directory: [write(directory / "stars.fits", table([*stars(**changed), *more]))]


def only(*columns: Col) -> Make:
    """A catalogue of these columns."""
    return lambda directory: [write(directory / "stars.fits", table(columns))]


def tiles(*columns: list[Col], keep: slice = slice(None)) -> Make:
    """Some of the files of a catalogue in tiles."""
    return lambda directory: in_tiles(directory, columns)[keep]


def in_units(ucd: str, unit: str) -> list[Col]:
    """Stars whose column of that UCD has another unit."""
    return [Col(c.name, c.form, c.values, unit if c.ucd == ucd else c.unit, c.ucd, c.null) for c in stars()]


def odd_logical(directory: Path) -> list[Path]:
    """A byte that is neither T nor F."""
    (path,) = beside(Col("Q", "L", np.ones(20, bool)))(directory)
    content = path.read_bytes()
    with fits.open(path) as opened:
        end = opened[1].fileinfo()["datLoc"] + opened[1].header["NAXIS1"]
    path.write_bytes(content[: end - 1] + b"x" + content[end:])
    return [path]


def repeated_names(directory: Path) -> list[Path]:
    """Two names that differ in their case, which astropy would not write."""
    (path,) = beside(Col("OTHER", "E", N))(directory)
    path.write_bytes(path.read_bytes().replace(b"'OTHER   '", b"'KMag    '"))
    return [path]


def truncated(directory: Path) -> list[Path]:
    """A file that ends in the middle of its rows."""
    path = catalogue(directory)
    path.write_bytes(path.read_bytes()[:-2880])
    return [path]


def no_fits(directory: Path) -> list[Path]:
    """No FITS at all."""
    (directory / "stars.fits").write_bytes(b"nothing of the kind")
    return [directory / "stars.fits"]


def epochs_of_nothing(directory: Path) -> list[Path]:
    """Epochs without a column for their sources."""
    curves = table([Col("MJD", "D", np.arange(9.0), "d")], "CURVES")
    return [write(directory / "stars.fits", table(stars()), curves, M_EPOCH=True)]


N = np.arange(20)
CASES: dict[str, tuple[Make, str]] = {
    "two identifiers": (beside(Col("OTHER", "K", N, ucd=ID)), "CATALOGUE_ID: SOURCEID, OTHER"),
    "no identifier": (only(*stars()[1:]), "CATALOGUE_ID: no column"),
    "an identifier in floats": (only(Col("X", "D", N, ucd=ID)), "CATALOGUE_ID: X has the format D"),
    "repeated names": (
        repeated_names, "COLUMN_TWICE: KMag, also column 4"
    ),
    "complex values": (
        beside(Col("Z", "C", np.zeros(20, np.complex64))),
        "TFORM6: error COLUMN_FORMAT: 'C': the values are complex",
    ),
    "cells of variable length": (
        beside(Col("P", "PE()", np.array([np.zeros(2, "f4")] * 20, dtype=object))), "of variable length"
    ),
    "scaled values": (
        beside(Col("S", "E", N, cards={"TSCAL": 2.0})), "KEYWORD_FORBIDDEN: TSCAL6 = 2.0"
    ),
    "a declination out of range": (beside(DEC2000=N + 90.5), "stars.fits, columns ra2000 and dec2000"),
    "a negative right ascension": (
        beside(RA2000=N - 0.5), "stars.fits, column ra2000: right ascensions are 0 to 360 degrees"
    ),
    "positions in hours": (only(*in_units(RA, "h")), "CATALOGUE_POSITION: 'h'"),
    "half a position": (only(*stars()[:2]), "CATALOGUE_POSITION: no column pos.eq.dec;meta.main"),
    "an identifier twice": (beside(SOURCEID=N // 2), "is duplicated"),
    "an identifier without a value": (
        only(Col("NAME", "4A", ["a", "", "c"], ucd=ID)), "column NAME: 1 values are null"
    ),
    "a text that is not ASCII": (
        beside(Col("T", "4A", np.array([b"\xff"] * 20))), "column T: a text has bytes that are not printable"
    ),
    "a strange logical value": (odd_logical, "column Q: a logical value is stored as byte 120"),
    "a tile with other columns": (
        tiles(stars(), in_units("phot.mag;em.IR.K", "Jy")),
        "tile_1.fits:HDU 1:TUNIT4: error TILE_COLUMNS: 'Jy' in column KMAG, meta.fits has 'mag'",
    ),
    "a tile with fewer columns": (tiles(stars()[:4]), "TILE_COLUMNS: 4 columns, meta.fits has 5"),
    "an identifier in two tiles": (tiles(stars(), stars(19)), "Key (sourceid)=(19) is duplicated"),
    "a missing tile": (tiles(stars(), stars(100), keep=slice(2)), "TILE_MISSING: tile_1.fits"),
    "a tile alone": (tiles(stars(), keep=slice(1, 2)), "TILE_ALONE"),
    "no catalogue": (
        lambda directory: [catalogue(directory, PRODCATG="SCIENCE.SPECTRUM")],
        "CATEGORY_UNKNOWN: SCIENCE.SPECTRUM",
    ),
    "no FITS": (no_fits, "cannot be read"),
    "a truncated file": (truncated, "cannot be read"),
    "epochs of nothing": (epochs_of_nothing, "no column of the epochs names a source as SOURCEID does"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_published_is_told_and_changes_nothing(
    archive: Database, tmp_path: Path, case: str
) -> None:
    make, message = CASES[case]
    with pytest.raises(UsageFault) as caught:
        publish_catalogue(make(tmp_path), NAMING, archive)
    assert message in str(caught.value)
    assert not told(archive, "SELECT 1 FROM tap_schema.schemas WHERE schema_name = 'test_cat'")
    assert not told(archive, f"SELECT 1 FROM pg_namespace WHERE nspname LIKE '{FILLING}%%'")
