"""Headers to be written: cards changed by name, checksums at the end (FITS 4.0, 4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import IO

from astropy.io import fits

from ingest.fitsfile import Hdu
from ingest.header import BLOCK, CARD, Value
from ingest.phase3.bytesums import PIECE, Bytes, total
from vo_server.errors import UsageFault
from vo_server.files.checksums import OFFSET, UNSET, encode, sum32

_SUMS = ("CHECKSUM", "DATASUM")


@dataclass
class Cards:
    """The cards of a header that is being written, as lines of 80 characters by keyword."""

    lines: list[tuple[str, str]]

    @classmethod
    def of(cls, hdu: Hdu, remove: Sequence[str] = ()) -> "Cards":
        """The cards of ``hdu`` without checksums, long strings, repetitions, and those of ``remove``."""
        lines, seen = [], set()
        for card in hdu.cards:
            is_commentary = card.keyword in ("", "COMMENT", "HISTORY")
            gone = len(card.text) > CARD or card.keyword in _SUMS or card.keyword == "CONTINUE"
            gone |= any(fnmatchcase(card.keyword, pattern) for pattern in remove)
            gone |= card.vtype == "C" and not is_commentary
            if gone or (card.keyword in seen and not is_commentary):
                continue
            seen.add(card.keyword)
            lines.append((card.keyword, card.text.ljust(CARD)))
        return cls(lines)

    def set(self, keyword: str, value: Value, comment: str = "") -> None:
        """Write a card at its place, or at the end.

        Raises
        ------
        UsageFault
            The value does not fit into a card.
        """
        if isinstance(value, str) and len(value.replace("'", "''")) > 68:
            raise UsageFault(f"{keyword} has more than 68 characters: {value[:40]}...")
        line = str(fits.Card(keyword, value)).rstrip()
        line = (f"{line} / {comment}" if comment and len(line) < CARD - 4 else line)[:CARD].ljust(CARD)
        at = next((i for i, (name, _) in enumerate(self.lines) if name == keyword), None)
        if at is None:
            self.lines.append((keyword, line))
        else:
            self.lines[at] = (keyword, line)

    def remove(self, *keywords: str) -> None:
        """Take cards away."""
        self.lines = [entry for entry in self.lines if entry[0] not in keywords]

    def rename(self, former: str, keyword: str) -> None:
        """Give a card its present name, unless there is one."""
        names = [name for name, _ in self.lines]
        if former in names and keyword not in names:
            at = names.index(former)
            self.lines[at] = (keyword, keyword.ljust(8) + self.lines[at][1][8:])
        elif former in names:
            self.lines.pop(names.index(former))

    def insert_after(self, keyword: str, lines: Iterable[tuple[str, str]]) -> None:
        """Put cards that are not there yet behind ``keyword``, or at the end."""
        names = [name for name, _ in self.lines]
        at = names.index(keyword) + 1 if keyword in names else len(names)
        self.lines[at:at] = [(name, line) for name, line in lines if name not in names]

    def write(self, stream: IO[bytes], data: Bytes = b"") -> None:
        """The HDU with its checksums; data in pieces."""
        fill = bytes(-len(data) % BLOCK)
        datasum = total(data)
        text = [line for _, line in self.lines]
        position = CARD * len(text) + OFFSET
        text += [str(fits.Card("CHECKSUM", UNSET)), str(fits.Card("DATASUM", str(datasum)))]
        header = bytearray("".join(line.ljust(CARD) for line in [*text, "END"]).encode("ascii"))
        header += b" " * (-len(header) % BLOCK)
        header[position : position + len(UNSET)] = encode(sum32(bytes(header), datasum))
        stream.write(header)
        for start in range(0, len(data), PIECE):
            stream.write(data[start : start + PIECE])
        stream.write(fill)
