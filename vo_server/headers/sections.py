"""Headers as they are stored: names of sections, and one slot a line.

A section is a run of lines of one category (INS, DET, ...; the plain keywords; commentary), without their
slots. It is named by its content, so that many processes can make the same one, and stored once for all files
that have it.
"""

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, groupby
from operator import attrgetter
from typing import Any

from vo_server.headers.cards import BLOCK, PRINTABLE, Card, cards_of
from vo_server.headers.lines import CARD, Form, Line, form, rendered

LINES = 256  #: of a section; long commentary is many sections that are the same
BETWEEN = "\n"  #: slots of a header, and fields of the lines of a section
_REMEMBERED = 1 << 13  #: sections; a process forgets them all when there are more
_END = b"END".ljust(CARD)
_LARGEST = 64 * 1024**2  #: bytes of a header that was kept whole


@dataclass(frozen=True, eq=False)
class Section:
    """Lines without their slots.

    Attributes
    ----------
    section_id : str
        A UUID made of the content.
    """

    section_id: str
    forms: tuple[Form, ...] = field(repr=False)

    def texts(self, attribute: str) -> str:
        """One attribute of all forms, as a column of the database."""
        return BETWEEN.join([getattr(form, attribute) for form in self.forms])

    @cached_property
    def _packed(self) -> bytes:
        columns = {column: self.texts(attribute) for column, attribute in COLUMNS.items()}
        return zlib.compress(json.dumps(columns).encode(), 1)

    def __reduce__(self) -> tuple[Any, ...]:
        """To another process as few bytes; it takes its own where it has the section already."""
        return _unpacked, (self.section_id, self._packed)


@dataclass(frozen=True)
class StoredHeader:
    """One header without what it shares.

    Attributes
    ----------
    slots : str
        One of each line, between line feeds.
    whole : bytes or None
        The header itself, deflated: only where lines of printable ASCII and an END are not all of it.
    """

    sections: tuple[Section, ...]
    slots: str
    whole: bytes | None = None

    @property
    def count(self) -> int:
        """Number of lines."""
        return sum(len(section.forms) for section in self.sections)

    def lines(self) -> Iterator[Line]:
        """The lines of the header."""
        return map(Line, chain.from_iterable(section.forms for section in self.sections), self._slots())

    def cards(self) -> Iterator[Card]:
        """The cards of the header; see `vo_server.headers.cards`."""
        return cards_of(self.lines())

    def _slots(self) -> Sequence[str]:
        return self.slots.split(BETWEEN)

    def text(self) -> bytes:
        """The header as it was in the file, to the byte, with END and the blanks behind it."""
        if self.whole is not None:
            return zlib.decompressobj().decompress(self.whole, _LARGEST)
        lines = "".join([rendered(form.head, slot, form.tail) for form, slot in self.lines()])
        return _padded(lines.encode("ascii") + _END, 0)


def store(block: bytes, lines: Sequence[Line]) -> StoredHeader:
    """The header of ``block`` for storing, made of its ``lines``."""
    sections = tuple(_sections([line[0] for line in lines]))
    slots = BETWEEN.join([line[1] for line in lines])
    end = len(lines) * CARD
    # Lines of printable ASCII are the sum of their parts; what else may be there is no line.
    is_all = block[end:] == _padded(_END, end) and not block.translate(None, PRINTABLE)
    return StoredHeader(sections, slots, None if is_all else zlib.compress(block, 9))


def _padded(text: bytes, before: int) -> bytes:
    """``text`` with blanks up to the end of a block, where ``before`` bytes come first."""
    return text.ljust(-(-(before + len(text)) // BLOCK) * BLOCK - before)


def _sections(forms: Sequence[Form]) -> Iterator[Section]:
    for _, group in groupby(forms, attrgetter("category")):
        run = tuple(group)
        for start in range(0, len(run), LINES):
            yield section(run[start : start + LINES])


_SECTIONS: dict[tuple[Form, ...], Section] = {}


def section(forms: tuple[Form, ...]) -> Section:
    """The section of these forms."""
    found = _SECTIONS.get(forms)
    if found is None:
        if len(_SECTIONS) > _REMEMBERED:
            _SECTIONS.clear()
        content = BETWEEN.join(f"{f.kind}\t{f.head}\t{f.tail}" for f in forms).encode()
        digest = hashlib.sha256(content).hexdigest()
        name = "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))
        found = _SECTIONS[forms] = Section(name, forms)
    return found


#: Column of the database -> attribute of a form; the text has that of each line.
COLUMNS: Mapping[str, str] = {
    "kinds": "kind", "heads": "head", "tails": "tail", "keywords": "keyword", "comments": "comment",
    "units": "unit",
}  # fmt: skip


_BY_ID: dict[str, Section] = {}


def _unpacked(section_id: str, packed: bytes) -> Section:
    """The section of that name: the one that is known here, or what another process has packed."""
    found = _BY_ID.get(section_id)
    if found is None:
        if len(_BY_ID) > _REMEMBERED:
            _BY_ID.clear()
        found = _BY_ID[section_id] = read_section(section_id, json.loads(zlib.decompress(packed)))
    return found


def read_section(section_id: str, columns: Mapping[str, str]) -> Section:
    """A section from the text of its `COLUMNS`."""
    parts = [columns[name].split(BETWEEN) for name in ("kinds", "heads", "tails", "keywords")]
    return Section(section_id, tuple(form(*values) for values in zip(*parts, strict=True)))
