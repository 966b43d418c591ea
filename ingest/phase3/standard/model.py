"""What a version of the standard says, as values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from ingest.expression import Expression
from ingest.header import Value

Severity = Literal["error", "warning", "info"]
Demand = Literal["mandatory", "recommended", "optional", "forbidden", "reserved", "contact", "tolerated"]
Index = tuple[int | str, ...]

_CODE = re.compile(
    r"(?P<need>M|R|O)(?P<both>\+Mext)?(?P<eso>eso)?(?P<ext>ext)?(?P<app>app)?(?:#(?P<notes>\d+(?:/\d+)*))?"
)
_WORDS: dict[str, Demand] = {
    "NotAlw": "forbidden", "Reserved": "reserved", "Contact": "contact", "N/A": "tolerated", "-": "tolerated",
}  # fmt: skip
_NEEDS: dict[str, Demand] = {"M": "mandatory", "R": "recommended", "O": "optional"}


@dataclass(frozen=True, slots=True)
class Obligation:
    """One cell of the keyword matrix.

    Attributes
    ----------
    primary, extension : bool
        The headers in which the keyword is wanted.
    eso : bool
        Only for ESO data (no NOESODAT = T).
    where_applicable : bool
        Only when the notes say so (``Mapp``).
    """

    demand: Demand
    primary: bool = True
    extension: bool = False
    eso: bool = False
    where_applicable: bool = False
    notes: tuple[str, ...] = ()

    @classmethod
    def parse(cls, code: str) -> "Obligation":
        """The obligation of a code such as ``M+Mext`` or ``Mextapp#42``.

        Raises
        ------
        ValueError
            The matrix has no such code.
        """
        if code in _WORDS:
            return cls(_WORDS[code], primary=True, extension=True)
        match = _CODE.fullmatch(code)
        if match is None:
            raise ValueError(f"{code!r} is no code of the keyword matrix")
        return cls(
            _NEEDS[match["need"]],
            primary=not match["ext"],
            extension=bool(match["ext"] or match["both"]),
            eso=bool(match["eso"]),
            where_applicable=bool(match["app"]),
            notes=tuple(match["notes"].split("/")) if match["notes"] else (),
        )


@dataclass(frozen=True, slots=True)
class Category:
    """A product category (PRODCATG).

    Attributes
    ----------
    key : str
        Its short name in the matrix.
    form : str
        What the file looks like; the checks of contents go by it.
    needs : tuple of str
        Categories of ancillary files, of which one must come along.
    when : Expression or None
        On the primary header, where a PRODCATG has several forms.
    like : str
        The key whose cells hold where the matrix has none for this one.
    """

    key: str
    name: str
    text: str
    form: str
    section: str
    needs: tuple[str, ...] = ()
    when: Expression | None = None
    like: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A note of the matrix: its condition, or the column to which it is limited."""

    text: str
    when: Expression | None = None
    index: int | None = None
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Keyword:
    """A keyword: its type, what values it may have, and who must have it.

    Attributes
    ----------
    name : str
        As the standard writes it: ``PROVi``, ``CDi_j``, ``FPRAia``.
    index : str
        How it is numbered: ``list beside axes sky matrix fields corners class``, or empty.
    low, high : float or None
        Bounds, included; ``above`` and ``below`` are not included.
    list : str
        The numbered keyword that holds the values when this one says MULTI.
    instead_of : str
        The keyword that this one may stand for.
    companions : bool
        Wanted in error and quality extensions as well.
    every : bool
        Wanted in every HDU.
    """

    name: str
    text: str
    type: Literal["string", "integer", "real", "logical"]
    section: str
    uses: Mapping[str, Obligation]
    unit: str = ""
    index: str = ""
    low: float | None = None
    high: float | None = None
    above: float | None = None
    below: float | None = None
    allowed: tuple[Value, ...] = ()
    pattern: re.Pattern[str] | None = None
    blank: bool = False
    distinct: bool = False
    is_unit: bool = False
    companions: bool = False
    every: bool = False
    primary_only: bool = False
    list: str = ""
    instead_of: str = ""
    spellings: tuple[str, ...] = ()

    @property
    def stem(self) -> str:
        """The name without its index."""
        return {"corners": self.name[:-2], "matrix": self.name[:-3], "": self.name}.get(
            self.index, self.name[:-1]
        )

    def use(self, category: Category) -> Obligation:
        """What ``category`` demands of this keyword."""
        found = self.uses.get(category.key) or self.uses.get(category.like)
        return found or self.uses["default"]


@dataclass(frozen=True, slots=True)
class Rule:
    """What can be wrong: how bad it is, what is wanted, how to mend it, where it is written.

    Attributes
    ----------
    that, when : Expression or None
        The rule itself and its condition, when it is told by keywords of one header.
    hdus : str
        ``primary`` or ``science``: where such a rule is tested.
    """

    name: str
    family: str
    severity: Severity
    wanted: str
    mend: str
    section: str
    keyword: str | None = None
    that: Expression | None = None
    when: Expression | None = None
    categories: tuple[str, ...] = ()
    hdus: str = "primary"


@dataclass(frozen=True)
class Standard:
    """One version of the standard.

    Attributes
    ----------
    hduvers : int
        The number in HDUVERS of files that are written to it.
    reserved_columns : frozenset of str
        Names, in small letters, that no column of a catalogue may have.
    """

    version: str
    title: str
    hduvers: int
    categories: Mapping[str, Category]
    keywords: Mapping[str, Keyword]
    notes: Mapping[str, Note]
    rules: Mapping[str, Rule]
    reserved_columns: frozenset[str] = frozenset()
    _seen: dict[str, tuple[Keyword, Index] | None] = field(default_factory=dict, repr=False, compare=False)
    _uses: dict[str, tuple[tuple[Keyword, Obligation], ...]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def uses(self, category: Category) -> tuple[tuple[Keyword, Obligation], ...]:
        """What ``category`` demands of every keyword that it does not merely tolerate."""
        if category.key not in self._uses:
            found = ((keyword, keyword.use(category)) for keyword in self.keywords.values())
            self._uses[category.key] = tuple(pair for pair in found if pair[1].demand != "tolerated")
        return self._uses[category.key]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The values that PRODCATG may have."""
        return tuple(dict.fromkeys(category.name for category in self.categories.values()))

    @cached_property
    def _by_stem(self) -> dict[tuple[str, str], Keyword]:
        shapes = {"": "", "corners": "corner", "matrix": "matrix"}
        return {(k.stem, shapes.get(k.index, "number")): k for k in self.keywords.values()}

    @cached_property
    def by_spelling(self) -> dict[str, Keyword]:
        """Keywords by their former names."""
        return {former: keyword for keyword in self.keywords.values() for former in keyword.spellings}

    def find(self, name: str) -> tuple[Keyword, Index] | None:
        """The keyword of a header's ``name`` and its index; None when the standard has none."""
        if name not in self._seen:
            if len(self._seen) > 100_000:
                self._seen.clear()
            self._seen[name] = self._find(name)
        return self._seen[name]

    def _find(self, name: str) -> tuple[Keyword, Index] | None:
        if name in self.by_spelling:
            return self.by_spelling[name], ()
        for shape, pattern in _SHAPES:
            match = pattern.fullmatch(name)
            if match and (keyword := self._by_stem.get((match["stem"], shape))):
                return keyword, tuple(part for part in match.groups()[1:] if part)
        return None


_SHAPES = (
    ("", re.compile(r"(?P<stem>.+)")),
    ("number", re.compile(r"(?P<stem>[A-Z_-]*[A-Z][A-Z_-]*)(\d+)")),
    ("corner", re.compile(r"(?P<stem>[A-Z]+)(\d+)([A-Z]?)")),
    ("matrix", re.compile(r"(?P<stem>[A-Z]+)(\d+)_(\d+)")),
)
