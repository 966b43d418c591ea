"""The recipes that made a product, as its header tells of them (PRO RECi of ESO's pipelines)."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from ingest.fitsfile import FitsFile, Hdu
from ingest.header import Value
from ingest.mapping import as_instant
from ingest.report import Finding

MOST_RECIPES = 20  #: that one product went through
MOST_INPUTS = 20_000  #: of one recipe, raw files and calibrations each
MOST_PARAMETERS = 2_000  #: of one recipe
MOST_CHARACTERS = 255  #: of a name, as file systems have it
#: What esorex writes; MIDAS's pipelines had a keyword for each type.
_VALUES = ("VALUE", "SVALUE", "IVALUE", "DVALUE", "LVALUE")
_DIGEST = re.compile(r"[0-9a-f]{32}")
#: MD5 of nothing: of files without data, it says nothing.
_OF_NOTHING = hashlib.md5(usedforsecurity=False).hexdigest()
_SUFFIX = re.compile(r"\.fits(\.fz|\.gz|\.Z)?$")
_DEFAULT = re.compile(r"^\s*default:\s*(.+?)\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Input:
    """A file that a recipe read.

    Attributes
    ----------
    kind : str
        ``raw`` or ``calibration``.
    name : str
        Without directory, ``.fits`` and compression.
    category : str or None
        Its tag in the set of frames.
    datamd5 : str or None
        MD5 of its data, which tells calibrations of the same name apart.
    """

    kind: str
    name: str
    category: str | None
    datamd5: str | None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a recipe, its value as text, and the recipe's default where the header tells it."""

    name: str
    value: str
    default: str | None


@dataclass(frozen=True, slots=True)
class Activity:
    """One execution of a recipe (IVOA Provenance Data Model 1.0, Activity).

    Attributes
    ----------
    recipe, pipeline, drs : str or None
        PRO RECi ID, PIPE ID and DRS ID.
    started, ended : datetime or None
        UTC, without a zone.
    """

    recipe: str
    pipeline: str | None
    drs: str | None
    started: datetime | None
    ended: datetime | None
    inputs: tuple[Input, ...]
    parameters: tuple[Parameter, ...]

    def identifier(self, dp_id: str) -> str:
        """What the archive calls it: the same for all products of one execution.

        What tells neither time nor inputs may be any execution: it is that of the file ``dp_id`` alone.
        """
        told = asdict(self)
        if self.started is None and not self.inputs:
            told["dp_id"] = dp_id
        digest = hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()
        return f"{re.sub('[^A-Za-z0-9_.-]', '_', self.recipe)[:60]}-{digest[:20]}"


def stem(name: str) -> str:
    """The name of a file without directory, ``.fits`` and compression."""
    return _SUFFIX.sub("", name.strip().rpartition("/")[2])


def data_digest(text: str | None) -> str | None:
    """An MD5 as DATAMD5 has it; None where it is none, or that of no data at all."""
    digest = (text or "").strip().lower()
    return digest if _DIGEST.fullmatch(digest) and digest != _OF_NOTHING else None


def read_activities(file: FitsFile) -> tuple[tuple[Activity, ...], list[Finding]]:
    """The recipes of the primary header, the first one first, and what of them could not be taken over."""
    head, findings = file.primary, list[Finding]()

    def refuse(keyword: str, message: str) -> None:
        findings.append(Finding(file.path, "RECIPE", message, 0, keyword))

    found = []
    for number in range(1, MOST_RECIPES + 1):
        word = f"PRO.REC{number}"
        recipe = head.text_of(f"{word}.ID")
        if recipe is None:
            break
        named = list(_inputs(head, word))
        inputs = [each for each in named if 0 < len(each.name) <= MOST_CHARACTERS]
        if strange := len(named) - len(inputs):
            refuse(word, f"{strange} names of files are empty or longer than {MOST_CHARACTERS} characters")
        for kind, short in (("RAW", "raw"), ("CAL", "calibration")):
            if head.text_of(f"{word}.{kind}{MOST_INPUTS + 1}.NAME"):
                refuse(
                    f"{word}.{kind}{MOST_INPUTS + 1}.NAME", f"the first {MOST_INPUTS} {short} files are kept"
                )
        found.append(
            Activity(
                recipe,
                head.text_of(f"{word}.PIPE.ID"),
                head.text_of(f"{word}.DRS.ID"),
                _instant(head, f"{word}.START"),
                _instant(head, f"{word}.STOP"),
                tuple(inputs),
                tuple(_parameters(head, word)),
            )
        )
    return tuple(found), findings


def _inputs(head: Hdu, word: str) -> Iterator[Input]:
    for kind, short in (("RAW", "raw"), ("CAL", "calibration")):
        for number in range(1, MOST_INPUTS + 1):
            place = f"{word}.{kind}{number}"
            name = head.text_of(f"{place}.NAME")
            if name is None:
                break
            digest = data_digest(head.text_of(f"{place}.DATAMD5"))
            yield Input(short, stem(name), head.text_of(f"{place}.CATG"), digest)


def _parameters(head: Hdu, word: str) -> Iterator[Parameter]:
    for number in range(1, MOST_PARAMETERS + 1):
        place = f"{word}.PARAM{number}"
        name = head.text_of(f"{place}.NAME")
        if name is None:
            return
        for kind in _VALUES:
            card = head.by_keyword.get(f"{place}.{kind}")
            if card is not None:
                default = _DEFAULT.match(card.comment)
                yield Parameter(name, _text(card.value), default[1] if default else None)
                break


def _text(value: Value) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value).strip()


def _instant(head: Hdu, keyword: str) -> datetime | None:
    text = head.text_of(keyword)
    try:
        return as_instant(text) if text else None
    except ValueError:
        return None
