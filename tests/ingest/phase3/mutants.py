"""Mutants of a valid product: every required keyword removed, of a wrong type, in a wrong unit, out of range.

What is required is read from the matrix of the standard, a table of its own here; the validator is not asked.
"""

import csv
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from tests.ingest.phase3.drafts import SUMS, Draft, Hdu

MATRIX = Path(__file__).with_name("matrix_v6.csv")
FOR_SOME = "#45"  #: for VIRCAM and OmegaCAM only
_REQUIRED = re.compile(r"M|Mext|M\+Mext|Meso")
_INDEX = re.compile(r"(i_j|ia|i)$")
_NUMBERS = {"i_j": r"\d_\d", "ia": r"\d+[A-Z]?", "i": r"\d+"}
_LINE = re.compile(r"(?P<head>.{8}= )(?P<value>\s*('(''|[^'])*'|[^/]*?))\s*(?P<comment>/.*)?$")
#: Factors to units that are taken for the right one: hours, angstrom, micrometres, milliseconds, degrees, ...
CONFUSED = {
    "RA": (1 / 15,),
    "DEC": (3600.0,),
    "EXPTIME": (1000.0, 1 / 3600),
    "TEXPTIME": (1000.0, 1 / 3600),
    "WAVELMIN": (10.0, 0.001),
    "WAVELMAX": (10.0, 0.001),
    "SPEC_BIN": (10.0, 0.001),
    "SPEC_VAL": (10.0, 0.001),
    "SPEC_BW": (10.0, 0.001),
    "APERTURE": (3600.0,),
    "TELAPSE": (1000.0, 1 / 86400),
    "PSF_FWHM": (1 / 3600, 1000.0),
    "SKY_RES": (1 / 3600,),
    "SKYSQDEG": (3600.0,),
    "BASE_MIN": (0.001,),
    "BASE_MAX": (0.001,),
    "BNOISE": (1000.0,),
    "PIXNOISE": (1e20,),
    "FLUXERR": (0.01,),
    "VIS2ERR": (0.01,),
    "T3PHIERR": (0.01745,),
    "CRVAL1": (1 / 15,),
    "TDMIN1": (10.0,),
    "TDMAX1": (10.0,),
}
_BEYOND = {
    "RA": ("-10.0", "400.0"),
    "DEC": ("-100.0", "100.0"),
    "EXPTIME": ("-5.0", "1E+20"),
    "TEXPTIME": ("-5.0", "1E+20"),
    "MJD-OBS": ("-1.0", "2460343.5"),
    "MJD-END": ("-1.0", "2460343.5"),
    "NCOMBINE": ("0", "-3"),
    "OBID": ("-1",),
    "FLUXERR": ("-3.0", "400.0"),
    "WAVELMIN": ("-1.0", "1E+9"),
    "WAVELMAX": ("-1.0", "1E+9"),
    "SPEC_BIN": ("-1.0",),
    "SPEC_RES": ("-1.0", "1E+12"),
    "SNR": ("-1.0",),
    "NELEM": ("0", "17"),
    "APERTURE": ("-1.0", "5.0"),
    "TELAPSE": ("-1.0",),
    "TMID": ("1.0",),
    "SPEC_VAL": ("-1.0",),
    "SPEC_BW": ("-1.0",),
    "CRVAL": ("10000.0",),
    "CRPIX": ("1E+7",),
    "PHOTZP": ("-1000.0", "1000.0"),
    "ABMAGLIM": ("-30.0", "200.0"),
    "ABMAGSAT": ("-30.0", "200.0"),
    "PSF_FWHM": ("-2.0", "500.0"),
    "BNOISE": ("-1.0",),
    "PIXNOISE": ("-1.0",),
    "SKY_RES": ("-1.0",),
    "SKYSQDEG": ("-1.0", "1E+6"),
    "NUM_CHAN": ("0", "99"),
    "BASE_MIN": ("-1.0",),
    "BASE_MAX": ("-1.0",),
    "VIS2ERR": ("-1.0", "500.0"),
    "T3PHIERR": ("-1.0", "500.0"),
    "SPEC_ERR": ("-1.0",),
    "SPEC_SYE": ("-1.0",),
    "TFIELDS": ("0", "99"),
    "FPRA": ("-10.0", "400.0"),
    "FPDE": ("-100.0", "100.0"),
    "CD": ("0.0",),
}


@dataclass(frozen=True)
class Mutant:
    """A changed product, and what was done to it."""

    kind: str
    keyword: str
    hdu: int
    draft: Draft
    with_sums: bool = True

    def __str__(self) -> str:
        return f"{self.kind} {self.keyword} in HDU {self.hdu}"


def required(category: str) -> dict[str, str]:
    """Keywords that the matrix demands without a condition, and their codes."""
    column = category.split(" ")[0]
    with MATRIX.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    codes = {
        row["keyword"]: row[column].split("#")[0]
        for row in rows
        if not row["indexed_or_alternative_of"] and not row[column].endswith(FOR_SOME)
    }
    return {keyword: code for keyword, code in codes.items() if _REQUIRED.fullmatch(code)}


def mutants(category: str, draft: Draft) -> Iterator[Mutant]:
    """Every mutant of ``draft``."""
    is_mef = category.endswith("(MEF)")
    for keyword, code in required(category).items():
        pattern = re.compile(_INDEX.sub(lambda match: _NUMBERS[match[1]], keyword))
        places = [0] if "ext" not in code else [1] if code == "Mext" else [0, 1]
        if keyword in SUMS:
            places = list(range(min(2, len(draft.hdus))))
        if is_mef and draft.hdus[1] and not any(pattern.fullmatch(name) for name in _names(draft.hdus[0])):
            places = [1]
        for place in places:
            for name in _names(draft.hdus[place]):
                if pattern.fullmatch(name) and not _is_of_a_longer_name(keyword, name):
                    yield from _of_card(draft, place, name)


def _is_of_a_longer_name(keyword: str, name: str) -> bool:
    return keyword == "OBJECT" and name != "OBJECT"


def _names(hdu: Hdu) -> list[str]:
    return [line[:8].rstrip() for line in hdu.lines]


def _of_card(draft: Draft, place: int, name: str) -> Iterator[Mutant]:
    line = draft.hdus[place].lines[draft.hdus[place].position(name) or 0]
    match = _LINE.match(line)
    assert match, line
    value, comment = match["value"].strip(), match["comment"] or ""
    stem = re.sub(r"(\d_\d|\d+[A-Z]?)$", "", name)
    stem = name if name in ("VIS2ERR", "T3PHIERR") else stem
    yield Mutant("removed", name, place, _changed(draft, place, name, None), name not in SUMS)
    for kind, new, said in (
        *(("wrong type", new, comment) for new in _wrong_types(value)),
        *_wrong_units(name, value, comment),
        *(("out of range", new, comment) for new in _out_of_range(stem, value)),
    ):
        yield Mutant(kind, name, place, _changed(draft, place, name, f"{new:<20} {said}"), name not in SUMS)


def _changed(draft: Draft, place: int, name: str, text: str | None) -> Draft:
    """The draft with another text behind the equals sign of a card, or without the card."""
    copy = deepcopy(draft)
    hdu = copy.hdus[place]
    at = hdu.position(name)
    assert at is not None
    if text is None:
        del hdu.lines[at]
    else:
        hdu.lines[at] = (hdu.lines[at][:10] + text)[:80].ljust(80)
    return copy


def _wrong_types(value: str) -> list[str]:
    if value.startswith("'"):
        return ["12345"]
    if value in ("T", "F"):
        return [f"'{value}       '", "1"]
    return ["'wrong   '", "T", *(["2.5"] if re.fullmatch(r"-?\d+", value) else [])]


def _wrong_units(name: str, value: str, comment: str) -> Iterator[tuple[str, str, str]]:
    if re.match(r"(BUNIT|CUNIT\d|TUNIT\d+)$", name):
        yield "wrong unit", "'furlong '", comment
        if re.sub(r"\d", "", name) != "TUNIT" or name in ("TUNIT1", "TUNIT2", "TUNIT3"):
            yield "wrong unit", "'kg      '", comment
    if (unit := re.search(r"\[([^\]]+)\]", comment)) and not value.startswith("'"):
        other = "kg" if unit[1] != "kg" else "m"
        yield "wrong unit", value, comment.replace(f"[{unit[1]}]", f"[{other}]")
    if not value.startswith("'"):
        for factor in CONFUSED.get(name, ()):
            yield "wrong unit", f"{float(value) * factor:.12G}", comment.replace("[", "(").replace("]", ")")


def _out_of_range(stem: str, value: str) -> list[str]:
    if stem in _BEYOND:
        return [new for new in _BEYOND[stem] if not _is_same(new, value)]
    if value.startswith("'"):
        texts = {
            "TFORM": ["'9Z      '"],
            "TUCD": ["'no.such ;word'"],
            "TUTYP": ["'nonsense'"],
            "REFERENC": ["'nonsense'"],
            "PROV": ["'nothing.fits'", "'        '"],
            "ASSON": ["'nothing.fits'", "'        '"],
            "TUNIT": [],
        }
        enumerated = (
            "PRODCATG",
            "RADESYS",
            "OBSTECH",
            "FLUXCAL",
            "SPECSYS",
            "PHOTSYS",
            "VOCLASS",
            "VOPUB",
            "MAPMODE",
            "FEBE",
            "CONTENT",
            "INSMODE",
            "HDUCLASS",
            "HDUCLAS",
            "HDUDOC",
            "HDUVERS",
            "CTYPE",
            "PROG_ID",
            *SUMS,
        )
        return texts.get(stem, ["'no such value'"] if stem in enumerated else ["'        '"])
    return []


def _is_same(new: str, value: str) -> bool:
    return float(new) == float(value)
