"""What the other files of a batch want to know of a file, small enough to keep for every one of them."""

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingest.fitsfile import Hdu
from ingest.header import Value
from ingest.phase3.columns import link_target, marked
from ingest.phase3.product import Product
from ingest.scan import CHUNK

#: What the columns of all tiles of a catalogue have in common (SDP 12.2.2.2).
COLUMN_KEYWORDS = ("TTYPE", "TFORM", "TUNIT", "TUCD", "TNULL")
MOST_NAMES = 1_000_000  #: of a column of file names

#: Names that the archive gives: raw frames, products (ADP) and masters.
ARCHIVED = re.compile(
    r"(?P<prefix>[A-Z0-9_.-]+)\.(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})(\.fits(\.fz)?)?"
)
PRODUCT_PREFIXES = ("ADP", "M")


@dataclass(frozen=True, slots=True)
class Association:
    """A file that a product names: its number, ASSON, ASSOC, ASSOM."""

    number: int
    name: str
    category: str
    md5: str


@dataclass(frozen=True, slots=True)
class Link:
    """A column that leads to another catalogue (TXLNK = CATALOG) or to files."""

    hdu: int
    column: int
    kind: str
    file: str
    target: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """What is known of one file.

    Attributes
    ----------
    kind : str
        ``science``, ``ancillary``, or ``other`` for what is no FITS product.
    category : str
        PRODCATG.
    data : tuple of int
        Size and sum of the data of each HDU that has any; empty when there are none.
    shapes : tuple
        NAXIS1, NAXIS2 of each science image, of a cube's first two axes.
    identifiers : array of uint64
        Hashes of the identifiers of a catalogue.
    """

    path: str
    kind: str
    category: str = ""
    form: str = ""
    md5: str = ""
    associations: tuple[Association, ...] = ()
    provenance: tuple[str, ...] = ()
    arcfile: str = ""
    origfile: str = ""
    title: str = ""
    data: tuple[tuple[int, int], ...] = ()
    shapes: tuple[tuple[int, ...], ...] = ()
    values: dict[str, float] = field(default_factory=dict)
    is_esos: bool = True
    has_classes: bool = True
    columns: tuple[tuple[str, ...], ...] = ()
    tiles: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    identifiers: NDArray[np.uint64] | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The name of the file without directory."""
        return self.path.rsplit("/", 1)[-1]


def facts_of(product: Product) -> Facts:
    """The facts of a FITS file."""
    head = product.primary
    category = (head.text_of("PRODCATG") or "").upper()
    kind = "science" if product.category else "ancillary" if category.startswith("ANCILLARY.") else "other"
    form = product.category.form if product.category else ""
    names = ("MJD-OBS", "MJD-END", "SKYSQDEG", "NCOMBINE")
    is_table = form in ("catalogue", "definition")
    tables = product.science[:1] if is_table else ()
    sums = zip(product.places, product.datasums, strict=True)
    images = [hdu for hdu in product.extensions if hdu.is_image]
    return Facts(
        path=product.file.path,
        kind=kind,
        category=category,
        form=form,
        associations=tuple(_associations(head)),
        provenance=provenance_of(product),
        arcfile=head.text_of("ARCFILE") or "",
        origfile=head.text_of("ORIGFILE") or "",
        title=next((title for hdu in product.science if (title := hdu.text_of("TITLE"))), ""),
        data=tuple((place.size, datasum) for place, datasum in sums if place.size),
        shapes=_shapes(product),
        values={name: value for name in names if (value := head.number(name)) is not None},
        is_esos=head.get("NOESODAT") is not True,
        has_classes=len(images) < 2 or all("HDUCLASS" in hdu.by_keyword for hdu in images),
        columns=tuple(column_keywords(tables[0])) if tables else (),
        tiles=listed(product, "PHASE3FILELIST", "ORIGFILE"),
        links=tuple(link for hdu in tables for link in _links(product, hdu)),
        identifiers=_identifiers(product, tables[0]) if tables else None,
    )


def other_facts(path: Path) -> Facts:
    """The facts of a file that is not FITS: its MD5, which ASSOMi tells.

    Raises
    ------
    OSError
        It cannot be read.
    """
    return Facts(str(path), "other", md5=md5_of(path))


def md5_of(path: Path) -> str:
    """The MD5 of a file, read in pieces."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as stream:
        while piece := stream.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest()


def raw_time(name: str) -> str | None:
    """The time in the name of a raw file of the archive; None of other names."""
    match = ARCHIVED.fullmatch(name)
    return match["time"] if match and match["prefix"] not in PRODUCT_PREFIXES else None


def _associations(head: Hdu) -> list[Association]:
    found = []
    for card in head.cards:
        if card.keyword.startswith("ASSON") and card.keyword[5:].isdigit() and isinstance(card.value, str):
            number = int(card.keyword[5:])
            category, md5 = head.text_of(f"ASSOC{number}") or "", head.text_of(f"ASSOM{number}") or ""
            found.append(Association(number, card.value.strip(), category, md5))
    return found


def provenance_of(product: Product) -> tuple[str, ...]:
    """The originating files, of the header or of the extension."""
    named = [
        card.value.strip()
        for card in product.primary.cards
        if card.keyword.startswith("PROV") and card.keyword[4:].isdigit() and isinstance(card.value, str)
    ]
    return tuple(named) or listed(product, "PHASE3PROVENANCE", "PROV")


def _shapes(product: Product) -> tuple[tuple[int, ...], ...]:
    images = product.science if product.science else (product.primary,)
    if product.category is None:
        images = tuple(hdu for hdu in product.file.hdus if hdu.is_image)
    return tuple(hdu.shape[:2] for hdu in images if hdu.is_image and len(hdu.shape) >= 2)


def column_keywords(hdu: Hdu) -> list[tuple[str, ...]]:
    """TTYPE, TFORM, TUNIT, TUCD and TNULL of each column, as all tiles of a catalogue have them."""
    count = hdu.get("TFIELDS")
    numbers = range(1, (count if isinstance(count, int) and 0 <= count < 1000 else 0) + 1)
    return [tuple(_written(hdu.get(f"{word}{i}")) for word in COLUMN_KEYWORDS) for i in numbers]


def _written(value: Value) -> str:
    return "" if value is None else str(value).strip()


def _strings(product: Product, hdu: Hdu, number: int) -> tuple[str, ...]:
    rows = product.rows(hdu)
    if rows is None or not len(rows) or f"f{number}" not in (rows.dtype.names or ()):
        return ()
    values = rows[f"f{number}"]
    if values.dtype.kind != "S":
        return ()
    unique = np.unique(np.char.strip(values[:MOST_NAMES]))
    return tuple(text for value in unique if (text := value.decode("ascii", "replace")))


def listed(product: Product, extension: str, name: str) -> tuple[str, ...]:
    """The texts of the column ``name`` in the extension of that name."""
    for hdu in product.extensions:
        if hdu.name == extension and hdu.is_table:
            for column in product.columns(hdu):
                if column.name.upper() == name:
                    return _strings(product, hdu, column.number)
    return ()


def _links(product: Product, hdu: Hdu) -> list[Link]:
    found = []
    for column in product.columns(hdu):
        kind = hdu.text_of(f"TXLNK{column.number}")
        if kind is None:
            continue
        file, target = link_target(hdu, column.number)
        names = _strings(product, hdu, column.number) if kind in ("ORIGFILE", "ARCFILE") else ()
        found.append(Link(hdu.index, column.number, kind, file or "", target or "", names))
    return found


def _identifiers(product: Product, hdu: Hdu) -> NDArray[np.uint64] | None:
    """A hash of each identifier: 8 bytes a row, so that tiles of many millions can be compared."""
    rows = product.rows(hdu)
    found = marked(product.columns(hdu), "meta.id;meta.main")
    if rows is None or not len(rows) or len(found) != 1 or not found[0].width:
        return None
    values = rows[f"f{found[0].number}"].reshape(-1)
    if values.dtype.kind in "iu":
        return values.astype(np.int64).view(np.uint64)
    if values.dtype.kind != "S":
        return None
    width = values.dtype.itemsize
    letters = np.frombuffer(np.char.ljust(np.char.rstrip(values), width).tobytes(), np.uint8)
    return _hashes(letters.reshape(-1, width))


def _hashes(letters: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """FNV-1a of each row (Fowler, Noll, Vo), all rows at once."""
    hashes = np.full(len(letters), 0xCBF29CE484222325, np.uint64)
    for column in letters.T:
        hashes = (hashes ^ column.astype(np.uint64)) * np.uint64(0x100000001B3)
    return hashes
