"""Which HDU of a file is what: science data, errors, masks, tables (SDP standard, HDU classes)."""

from ingest.fitsfile import FitsFile, Hdu

#: EXTNAMEs and HDUCLAS2 values of companions that carry no science of their own.
_COMPANIONS = frozenset(
    {
        "ERR", "ERROR", "ERRORS", "STAT", "VAR", "VARIANCE", "IVAR", "DQ", "QUAL", "QUALITY", "MASK", "WHT",
        "WEIGHT", "WEIGHTMAP", "CTX", "CON", "CONF", "CONFIDENCE", "SNR", "BKGDATA", "BKGERR", "BKGCONF",
        "BKG", "BACKGROUND", "EXP", "EXPMAP", "EXPOSURE", "COVERAGE", "THUMBNAIL", "PREVIEW",
    }
)  # fmt: skip


def is_companion(hdu: Hdu) -> bool:
    """Whether the HDU holds errors, quality or weights of another HDU."""
    role = (hdu.text_of("HDUCLAS2") or "").upper()
    words = set(hdu.name.replace("-", "_").replace(".", "_").split("_"))
    return role in ("ERROR", "QUALITY", "CONFIDENCE") or bool(words & _COMPANIONS)


def data_hdus(file: FitsFile) -> tuple[Hdu, ...]:
    """The image HDUs that hold science data, in the order of the file."""
    images = tuple(hdu for hdu in file.hdus if hdu.is_image)
    return tuple(hdu for hdu in images if not is_companion(hdu)) or images[:1]


def table_hdus(file: FitsFile) -> tuple[Hdu, ...]:
    """The table HDUs, those of provenance and file lists excepted."""
    return tuple(
        hdu for hdu in file.hdus
        if hdu.is_table and hdu.name not in ("PHASE3PROVENANCE", "PHASE3FILELIST")
    )  # fmt: skip


def science_hdu(file: FitsFile) -> Hdu:
    """The HDU whose keywords speak for the data: the first image or table of science, else the primary."""
    category = product_category(file)
    wants_table = any(word in category for word in ("SPECTRUM", "SRCTBL", "CATALOG", "VISIBILITY"))
    images = sorted(
        file.once(data_hdus), key=lambda hdu: -min(_dimensions(hdu), 3) if "CUBE" in category else 0
    )
    tables = file.once(table_hdus)
    candidates = [*tables, *images] if wants_table else [*images, *tables]
    return candidates[0] if candidates else file.primary


def product_category(file: FitsFile) -> str:
    """PRODCATG of the primary header in capitals; empty when there is none."""
    return (file.primary.text_of("PRODCATG") or "").upper()


def _dimensions(hdu: Hdu) -> int:
    return sum(1 for axis in hdu.shape if axis > 1)
