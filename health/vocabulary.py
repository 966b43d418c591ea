"""Words of the standards: UCDs, product types, semantics of links and the columns of ObsCore."""

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

#: ObsCore 1.1, dataproduct_type; those of the vocabulary are allowed beside them.
PRODUCT_TYPES = frozenset(
    ("image", "cube", "spectrum", "sed", "timeseries", "visibility", "event", "measurements")
)
LAST = frozenset("SQECV")  #: flags of UCD words that may stand after the first place
FIRST = frozenset("PQECV")  #: and of those that may stand there


def _rows(name: str) -> list[dict[str, str]]:
    text = files("health").joinpath("data", f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


@cache
def terms(name: str) -> frozenset[str]:
    """The terms of an IVOA vocabulary that are not deprecated."""
    return frozenset(row["term"] for row in _rows(name) if row["deprecated"] != "1")


@cache
def _ucd_words() -> dict[str, str]:
    return {row["word"].lower(): row["flag"] for row in _rows("ucd1plus-words")}


@cache
def _deprecated() -> dict[str, str]:
    return {row["deprecated"].lower(): row["replacement"] for row in _rows("ucd1plus-deprecated")}


def ucd_fault(ucd: str) -> str | None:
    """What is wrong with a UCD (UCD1+ 1.6, the list of words); None when it is right."""
    for place, word in enumerate(ucd.split(";")):
        if (better := _deprecated().get(word.strip().lower())) is not None:
            return f"{word} is deprecated: {better}"
        flag = _ucd_words().get(word.lower())
        if flag is None:
            return f"{word!r} is not a word of UCD1+"
        if flag not in (FIRST if place == 0 else LAST):
            return f"{word} may not stand {'first' if place == 0 else 'after the first place'}"
    return None


@dataclass(frozen=True, slots=True)
class ObsCoreColumn:
    """A row of ObsCore 1.1, Appendix C."""

    name: str
    is_mandatory: bool
    not_null: bool
    datatype: str
    xtypes: tuple[str, ...]
    unit: str
    utype: str
    ucd: str


@cache
def obscore_columns() -> tuple[ObsCoreColumn, ...]:
    """The columns that the standard defines, in its order."""
    return tuple(
        ObsCoreColumn(
            row["name"],
            row["mandatory"] == "1",
            row["not_null"] == "1",
            row["votable_datatype"],
            tuple(filter(None, row["xtype"].split("|"))),
            row["unit"],
            row["utype"],
            row["ucd"],
        )
        for row in _rows("obscore-1.1-columns")
    )


#: A media type with its parameters (RFC 2045, Content-Type), as far as a list of them may be long.
MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+*-]+(\s*;\s*[\w.-]+=(\"[^\"]*\"|[^\s;\"]+))*")
