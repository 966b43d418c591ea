"""What published products should say in their headers: a list of keywords and values, as CSV."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vo_server.errors import UsageFault
from vo_server.headers.correctable import parse_keyword

COLUMNS = ("file", "hdu", "keyword", "value")
MOST = 1_000_000  #: amendments of one batch


@dataclass(frozen=True, slots=True)
class Amendment:
    """A keyword of a product and the value that it should have, as text.

    Attributes
    ----------
    file : str
        The product's name (ORIGFILE) or identifier.
    """

    file: str
    hdu: int
    keyword: str
    value: str


def parse_amendments(lines: Iterable[str]) -> list[Amendment]:
    """The amendments of CSV with the columns ``file, hdu, keyword, value``; no HDU means the primary.

    Raises
    ------
    UsageFault
        It is not such a list; the message names the line.
    """
    try:
        rows = csv.DictReader(lines)
        if rows.fieldnames is None or not {*COLUMNS} - {"hdu"} <= set(rows.fieldnames):
            raise UsageFault(f"the first line has to name the columns {', '.join(COLUMNS)}")
        found = [_amendment(row, number) for number, row in zip(range(2, MOST + 3), rows, strict=False)]
    except (UnicodeDecodeError, csv.Error) as exc:
        raise UsageFault("the amendments are not CSV in UTF-8") from exc
    if len(found) > MOST:
        raise UsageFault(f"there are more than {MOST} amendments: divide them")
    if not found:
        raise UsageFault("there is no amendment")
    return found


def _amendment(row: Mapping[str, str | None], number: int) -> Amendment:
    hdu = (row.get("hdu") or "0").strip()
    if not (hdu.isascii() and hdu.isdigit()) or len(hdu) > 4:
        raise UsageFault(f"line {number}: {hdu[:20]!r} is no number of an HDU")
    name, keyword, value = ((row.get(word) or "").strip() for word in ("file", "keyword", "value"))
    if not name:
        raise UsageFault(f"line {number}: the file is missing")
    try:
        return Amendment(name, int(hdu), parse_keyword(keyword), value)
    except UsageFault as exc:
        raise UsageFault(f"line {number}: {exc}") from exc
