"""The files that a product says it was made from (Phase 3: PROVi, or the extension PHASE3PROVENANCE)."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from astropy.io import fits

from ingest.fitsfile import FitsFile, Hdu
from ingest.report import Finding

EXTENSION, COLUMN = "PHASE3PROVENANCE", "PROV"
MOST_ROWS = 100_000  #: of the extension
MOST_BYTES = 64 * 1024**2  #: of its table
MOST_CHARACTERS = 255  #: of a name, as file systems have it


def read_progenitors(file: FitsFile) -> tuple[tuple[str, ...], list[Finding]]:
    """Their names without ``.fits``, each once and in order, and what of them could not be taken over."""
    findings: list[Finding] = []
    names = [str(name).strip().removesuffix(".fits") for name in file.primary.numbered("PROV")]
    if file.primary.get("PROVXTN") is True:
        for hdu in file.hdus:
            if hdu.is_table and hdu.name == EXTENSION:
                found, problem = _listed(file, hdu)
                names += found
                findings += [Finding(file.path, "PROVENANCE", problem, hdu.index, COLUMN)] if problem else []
    kept = dict.fromkeys(name for name in names if 0 < len(name) <= MOST_CHARACTERS)
    if strange := sum(not 0 < len(name) <= MOST_CHARACTERS for name in names):
        message = f"{strange} names of progenitors are empty or longer than {MOST_CHARACTERS} characters"
        findings.append(Finding(file.path, "PROVENANCE", message, 0, "PROV"))
    return tuple(kept), findings


def _listed(file: FitsFile, hdu: Hdu) -> tuple[list[str], str | None]:
    """The names in a provenance extension, and what is wrong with it."""
    rows, width = hdu.get("NAXIS2"), hdu.get("NAXIS1")
    if not isinstance(rows, int) or not isinstance(width, int):
        return [], "the table has no size"
    if rows > MOST_ROWS or rows * width > MOST_BYTES:
        return (
            [],
            f"a table of {rows} rows and {rows * width} bytes: at most {MOST_ROWS} and {MOST_BYTES} are read",
        )
    if not any(hdu.text_of(f"TTYPE{n}") == COLUMN for n in range(1, 1000)):
        return [], f"the table has no column {COLUMN}"
    try:
        return list(_texts(Path(file.path), hdu.index)), None
    except (OSError, ValueError, TypeError, KeyError, IndexError) as exc:
        return [], f"the table cannot be read: {exc}"


def _texts(path: Path, index: int) -> Iterator[str]:
    with fits.open(path, memmap=False) as opened:
        values = np.asarray(opened[index].data.field(COLUMN))
        if values.dtype.kind not in "SU" or values.ndim != 1:
            raise ValueError(f"the column {COLUMN} is not one of texts")
        for value in values:
            text = str(value).strip()
            # What no header could say is no name.
            yield text.removesuffix(".fits") if text.isprintable() and text.isascii() else ""
