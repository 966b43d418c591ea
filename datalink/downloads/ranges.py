"""The Range header (RFC 9110, Range Requests): text to pieces of a file."""

import re
from dataclasses import dataclass

from vo_server.errors import UsageFault

MAX_RANGES = 50  #: of one request; a header with more is ignored, as the RFC allows
GAP = 80  #: bytes; ranges nearer than this are sent as one, for that costs less than another part's head
_RANGE = re.compile(r"(\d{0,19})-(\d{0,19})", re.ASCII)


class RangeFault(UsageFault):
    """None of the wanted ranges lies within the file."""

    status = 416


@dataclass(frozen=True, slots=True)
class ByteRange:
    """The bytes from ``start`` to ``end``, ``end`` not included."""

    start: int
    end: int

    @property
    def size(self) -> int:
        """Number of bytes."""
        return self.end - self.start


def parse_range(text: str, size: int) -> tuple[ByteRange, ...]:
    """The ranges that a header wants of a file of ``size`` bytes; none where it is to be ignored.

    Another unit than bytes and a malformed header are ignored; of several ranges those within the file are
    given, merged where they overlap or nearly touch.

    Raises
    ------
    RangeFault
        The header is right, and no range of it lies within the file.
    """
    unit, separator, specifiers = text.partition("=")
    if unit.strip().lower() != "bytes" or not separator:
        return ()
    words = [word.strip(" \t") for word in specifiers.split(",")]
    words = [word for word in words if word]
    if not 0 < len(words) <= MAX_RANGES:
        return ()
    found: list[ByteRange] = []
    for word in words:
        match = _RANGE.fullmatch(word)
        if not match or word == "-":
            return ()
        first, last = match.groups()
        if first and last and int(last) < int(first):
            return ()
        start = int(first) if first else max(size - int(last), 0)
        end = min(int(last) + 1, size) if first and last else size
        if start < end:
            found.append(ByteRange(start, end))
    if not found:
        raise RangeFault(f"the file has {size} bytes: no range of {text[:100]!r} lies within it")
    return merge(found)


def merge(ranges: list[ByteRange]) -> tuple[ByteRange, ...]:
    """The same bytes in ranges that do not touch; in the given order where nothing has to be merged."""
    ordered = sorted(ranges, key=lambda item: item.start)
    merged = [ordered[0]]
    for item in ordered[1:]:
        if item.start <= merged[-1].end + GAP:
            merged[-1] = ByteRange(merged[-1].start, max(merged[-1].end, item.end))
        else:
            merged.append(item)
    return tuple(ranges if len(merged) == len(ranges) else merged)
