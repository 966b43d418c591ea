"""The keywords of a header as the standard sees them, and as fields of expressions."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ingest.fitsfile import Hdu
from ingest.header import Card, Value
from ingest.phase3.standard import Keyword, Standard
from ingest.phase3.standard.model import Index

_TYPES = {"string": "S", "integer": "I", "real": "FI", "logical": "L"}


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A card that the standard knows: its keyword, and the parts of its number as they are written."""

    keyword: Keyword
    index: Index
    card: Card

    @property
    def numbers(self) -> tuple[int | str, ...]:
        """The parts of the number, digits as integers."""
        return tuple(int(part) if str(part).isdigit() else part for part in self.index)

    @property
    def field(self) -> str:
        """The name in expressions."""
        name = self.card.keyword if self.index else self.keyword.name
        return name.replace("-", "_")

    @property
    def is_typed(self) -> bool:
        """Whether the value is of the type of the keyword."""
        return self.card.vtype in _TYPES[self.keyword.type]


@dataclass(frozen=True)
class KnownCards:
    """The cards of one header that the standard knows, by the name of their keyword."""

    hdu: Hdu
    standard: Standard

    @cached_property
    def by_name(self) -> dict[str, list[Occurrence]]:
        """Occurrences in the order of the header."""
        found: dict[str, list[Occurrence]] = {}
        for name, card in self.hdu.by_keyword.items():
            if known := self.standard.find(name):
                found.setdefault(known[0].name, []).append(Occurrence(known[0], known[1], card))
        return found

    @cached_property
    def fields(self) -> dict[str, Any]:
        """Values by name for expressions: a hyphen becomes ``_``; those of the wrong type are left out."""
        return {
            occurrence.field: typed(occurrence)
            for occurrences in self.by_name.values()
            for occurrence in occurrences
            if occurrence.is_typed
        } | self._structure()

    def _structure(self) -> dict[str, Value]:
        return {name: self.hdu.get(name) for name in ("NAXIS", "NAXIS1", "NAXIS2", "NAXIS3", "XTENSION")}


def typed(occurrence: Occurrence) -> Value:
    """The value, strings without blanks at their ends."""
    value = occurrence.card.value
    return value.strip() if isinstance(value, str) else value


def expected(keyword: Keyword, hdu: Hdu, first: int | None = None) -> list[str]:
    """The names under which ``keyword`` must be in ``hdu`` at least.

    Parameters
    ----------
    first : int or None
        The only column that counts.
    """
    stem = keyword.stem
    match keyword.index:
        case "":
            return [keyword.name]
        case "beside":
            return []
        case "axes":
            return [f"{stem}{i}" for i in range(1, _axes(hdu) + 1)]
        case "sky":
            return [f"{stem}{i}" for i in (1, 2)]
        case "matrix":
            axes = range(1, _axes(hdu) + 1)
            return [f"{stem}{i}_{j}" for i in axes for j in axes]
        case "fields":
            count = hdu.get("TFIELDS")
            fields = range(1, (count if isinstance(count, int) and 0 <= count < 1000 else 0) + 1)
            return [f"{stem}{i}" for i in fields if first in (None, i)]
        case "corners":
            letter = "" if f"{stem}1" in hdu.by_keyword or f"{stem}1A" not in hdu.by_keyword else "A"
            return [f"{stem}{i}{letter}" for i in (1, 2, 3)]
        case "class":
            return [f"{stem}{i}" for i in ((1, 2, 3) if _has_detail(hdu) else (1, 2))]
        case _:
            return [f"{stem}1"]


def _axes(hdu: Hdu) -> int:
    return min(len(hdu.shape), 4)


def _has_detail(hdu: Hdu) -> bool:
    return hdu.text_of("HDUCLAS2") in ("ERROR", "QUALITY")


def merged(*headers: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of several headers; the later ones speak louder."""
    fields: dict[str, Any] = {}
    for header in headers:
        fields.update(header)
    return fields
