"""Small catalogues as astropy writes them, with the keywords of the standard beside the columns."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

ID, RA, DEC = "meta.id;meta.main", "pos.eq.ra;meta.main", "pos.eq.dec;meta.main"
HEAD: dict[str, Any] = {
    "PRODCATG": "SCIENCE.CATALOG", "ORIGIN": "ESO", "OBJECT": "A survey", "RADESYS": "ICRS", "M_EPOCH": False,
    "REFERENC": "2020A&A...000..000A",
}  # fmt: skip


@dataclass(frozen=True)
class Col:
    """A column: what astropy wants, and the keywords that it does not know."""

    name: str
    form: str
    values: Any
    unit: str = ""
    ucd: str = ""
    null: int | None = None
    comment: str = "A column"
    cards: dict[str, Any] = field(default_factory=dict)

    def column(self) -> fits.Column:
        return fits.Column(self.name, self.form, null=self.null, array=np.array(self.values))


def table(columns: Sequence[Col], name: str = "PHASE3CATALOG", rows: int | None = None) -> fits.BinTableHDU:
    hdu = fits.BinTableHDU.from_columns([column.column() for column in columns], name=name, nrows=rows or 0)
    for number, column in enumerate(columns, 1):
        hdu.header[f"TUNIT{number}"] = column.unit
        hdu.header[f"TUCD{number}"] = column.ucd
        hdu.header[f"TCOMM{number}"] = column.comment
        for word, value in column.cards.items():
            hdu.header[f"{word}{number}"] = value
    return hdu


def write(path: Path, *tables: fits.BinTableHDU, **head: Any) -> Path:
    primary = fits.PrimaryHDU()
    for word, value in (HEAD | head).items():
        primary.header[word] = value
    fits.HDUList([primary, *tables]).writeto(path, overwrite=True)
    return path


def stars(first: int = 0, count: int = 20, **changed: Any) -> list[Col]:
    """Sources with an identifier, a position and two magnitudes; ``changed`` replaces values of a column."""
    rng = np.random.default_rng(first + 1)
    values: dict[str, Any] = {
        "SOURCEID": np.arange(first, first + count),
        "RA2000": rng.uniform(149.0, 151.0, count),
        "DEC2000": rng.uniform(1.0, 3.0, count),
        "KMAG": rng.uniform(12, 20, count).astype(np.float32),
        "FLAG": rng.integers(0, 3, count).astype(np.int16),
    } | changed
    return [
        Col("SOURCEID", "K", values["SOURCEID"], ucd=ID, comment="Name of the source"),
        Col("RA2000", "D", values["RA2000"], "deg", RA),
        Col("DEC2000", "D", values["DEC2000"], "deg", DEC),
        Col("KMAG", "E", values["KMAG"], "mag", "phot.mag;em.IR.K"),
        Col("FLAG", "I", values["FLAG"], ucd="meta.code.qual", null=2),
    ]


def catalogue(directory: Path, name: str = "stars.fits", **head: Any) -> Path:
    return write(directory / name, table(stars()), **head)


def in_tiles(
    directory: Path, tiles: Sequence[Sequence[Col]], names: Sequence[str] | None = None
) -> list[Path]:
    """A metadata file and its tiles."""
    names = names or [f"tile_{number}.fits" for number in range(len(tiles))]
    listed = fits.BinTableHDU.from_columns(
        [fits.Column("ORIGFILE", "40A", array=np.array(names))], name="PHASE3FILELIST"
    )
    empty = [Col(c.name, c.form, np.array(c.values)[:0], c.unit, c.ucd, c.null) for c in stars()]
    paths = [
        write(directory / "meta.fits", table(empty), listed, PRODCATG="SCIENCE.MCATALOG", OBJECT="Strip")
    ]
    for path, columns in zip(names, tiles, strict=True):
        paths.append(write(directory / path, table(columns), PRODCATG="SCIENCE.CATALOGTILE"))
    return paths
