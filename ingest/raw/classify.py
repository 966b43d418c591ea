"""What a raw frame is: RAW.TYPE, DO.CATG and whatever else its instrument's rules assign.

An instrument's rules are those of its pipeline (OCA) where the operator has them, else ours. Rules are tried
in order and a later one overwrites an earlier (documented in the rules of MUSE's pipeline).
"""

import dataclasses
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from ingest.fitsfile import FitsFile
from ingest.header import Value
from ingest.layout import science_hdu
from ingest.raw import calrules, oca
from ingest.raw.conditions import Comparison, Keyword, Literal, Words
from ingest.raw.oca import Classification
from vo_server.errors import UsageFault
from vo_server.schemas.instruments import instrument_named, instrument_of

MOST_FILES = 1_000  #: rule files below the directories of an operator
KEPT = 20_000  #: answers that a rule set remembers


class Header(Mapping[str, Value]):
    """The keywords of a file as rules see them: of the primary header, else of that of the science data."""

    def __init__(self, file: FitsFile) -> None:
        self._hdus = dict.fromkeys((0, file.once(science_hdu).index))
        self._file = file

    def __getitem__(self, keyword: str) -> Value:
        """The value of a keyword; KeyError when the file does not have it."""
        for index in self._hdus:
            value = self._file.hdus[index].get(keyword)
            if value is not None:
                return value
        raise KeyError(keyword)

    def __iter__(self) -> Iterator[str]:
        """The keywords."""
        return iter({keyword for index in self._hdus for keyword in self._file.hdus[index].by_keyword})

    def __len__(self) -> int:
        """How many there are."""
        return sum(1 for _ in self)


@dataclass(frozen=True, slots=True)
class Classified:
    """What rules say of a file.

    Attributes
    ----------
    rule_set : str
        The file of the rules.
    assignments : mapping
        Everything that the rules assigned.
    """

    raw_type: str | None = None
    do_catg: str | None = None
    rule_set: str | None = None
    assignments: Mapping[str, Value] = field(default_factory=dict)

    def columns(self) -> dict[str, str | None]:
        """The columns of ``dbo.raw`` that tell this."""
        text = json.dumps(dict(self.assignments), sort_keys=True) if self.assignments else None
        return {
            "raw_type": self.raw_type,
            "do_catg": self.do_catg,
            "rule_set": self.rule_set,
            "classification": text,
        }


@dataclass(frozen=True)
class RuleSet:
    """The classification rules of an instrument, in order; ``name`` is that of their file."""

    name: str
    rules: tuple[Classification, ...]
    _memory: dict[tuple[Value, ...], dict[str, Value]] = field(
        default_factory=dict, repr=False, compare=False
    )

    @cached_property
    def keywords(self) -> tuple[str, ...]:
        """Every keyword that the rules look at."""
        return tuple(sorted({name for rule in self.rules for name in _keywords(rule)}))

    def assign(self, header: Mapping[str, Value]) -> Mapping[str, Value]:
        """What the rules assign to a file; a later rule sees what an earlier one has assigned."""
        # Frames of a template differ in nothing that rules look at, and UVES has 394 rules.
        values = tuple(header.get(keyword) for keyword in self.keywords)
        found = self._memory.get(values)
        if found is None:
            found = self._apply({k: v for k, v in zip(self.keywords, values, strict=True) if v is not None})
            if len(self._memory) >= KEPT:
                self._memory.clear()
            self._memory[values] = found
        return found

    def _apply(self, known: dict[str, Value]) -> dict[str, Value]:
        assigned: dict[str, Value] = {}
        for rule in self.rules:
            if rule.condition(known):
                new = {name: value(known) for name, value in rule.assignments}
                assigned |= new
                known |= new
        return {name: value for name, value in assigned.items() if value is not None}


def _keywords(part: Any) -> Iterator[str]:
    """The names of keywords anywhere in a rule."""
    match part:
        case Keyword(name=name) | Words(keyword=name):
            yield name
        case Literal():
            return
        case Comparison(left=left, right=right):
            yield from _keywords(left)
            yield from _keywords(right)
        case tuple():
            for item in part:
                yield from _keywords(item)
        case _ if dataclasses.is_dataclass(part):
            for item in dataclasses.fields(part):
                yield from _keywords(getattr(part, item.name))


@dataclass(frozen=True)
class Classifier:
    """The rules of all instruments, by the name of `vo_server.schemas.instruments` or else INSTRUME.

    Attributes
    ----------
    pipelines : mapping
        OCA rules.
    own : mapping
        Rules in ``calrules/1``: ours, and those that an operator has put in their place.
    """

    pipelines: Mapping[str, RuleSet]
    own: Mapping[str, RuleSet]

    def classify(self, file: FitsFile) -> Classified:
        """What ``file`` is; nothing where its instrument has no rules, or none of them matches."""
        instrument = instrument_name(file.primary.text_of("INSTRUME"))
        own = self.own.get(instrument)
        rules = self.pipelines.get(instrument, own)
        if rules is None:
            return Classified()
        header = Header(file)
        assigned = rules.assign(header)
        raw_type = assigned.get("RAW.TYPE")
        if raw_type is None and own is not None:
            # Pipelines name few raw types; quality control has one for every kind of frame.
            raw_type = own.assign(header).get("RAW.TYPE")
        return Classified(_text(raw_type), _text(assigned.get("DO.CATG")), rules.name, assigned)

    def describe(self) -> Iterator[tuple[str, str, int]]:
        """Instrument, file and number of rules of every set in force."""
        for instrument, rules in sorted({**self.own, **self.pipelines}.items()):
            yield instrument, rules.name, len(rules.rules)


def _text(value: Value) -> str | None:
    return None if value is None else str(value)


def instrument_name(instrume: str | None) -> str:
    """The name under which an instrument's rules are kept."""
    found = instrument_of(instrume)
    return found.name if found else (instrume or "").lower()


def load_classifier(directories: Iterable[Path] = ()) -> Classifier:
    """Our rules, and those below an operator's directories: ``*.oca``, and ``*.yaml`` in our language.

    Of several files for one instrument that of the highest version in its path is taken.

    Raises
    ------
    UsageFault
        A directory does not exist, or a rule file is malformed.
    """
    own: dict[str, RuleSet] = {}
    pipelines: dict[str, RuleSet] = {}
    with as_file(files("ingest.raw").joinpath("calrules")) as ours:
        for path in (*_rule_files((ours,)), *_rule_files(directories)):
            if path.suffix.lower() == ".oca":
                found = instrument_named(path.stem)
                name = found.name if found else path.stem.lower()
                pipelines[name] = RuleSet(path.name, oca.read(path).classifications)
            elif (rules := calrules.read(path)) is not None:
                own[instrument_name(rules[0])] = RuleSet(path.name, rules[1])
    return Classifier(pipelines, own)


def _rule_files(directories: Iterable[Path]) -> list[Path]:
    paths: list[Path] = []
    for directory in directories:
        if not directory.is_dir():
            raise UsageFault(f"there is no directory {directory} of classification rules")
        for pattern in ("*.oca", "*.yaml"):
            paths += directory.rglob(pattern)
    if len(paths) > MOST_FILES:
        raise UsageFault(f"there are {len(paths)} rule files; the most is {MOST_FILES}")
    return sorted(paths, key=_version)


def _version(path: Path) -> list[tuple[int, str]]:
    """A key that sorts ``uves-6.1.10`` behind ``uves-6.1.9``."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", str(path))]
