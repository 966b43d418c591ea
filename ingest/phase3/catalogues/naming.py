"""What the tables and columns of a catalogue are called in queries: pure functions."""

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from vo_server.catalog import RESERVED_PREFIXES, RESERVED_SCHEMAS
from vo_server.errors import UsageFault
from vo_server.schemas.reserved import RESERVED

LONGEST = 48  #: letters of a schema or table; the names of its indexes are longer, and PostgreSQL cuts at 63
LONGEST_COLUMN = 59
#: What every table of PostgreSQL has, under names that no column may take.
_SYSTEM = frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})
_SUFFIX = re.compile(r"\.(fits|fit|fts)(\.(gz|fz|z))?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Naming:
    """How the tables of a release are called.

    Attributes
    ----------
    collection : str
        Name of the data collection (``VHS``).
    release : str
        Name of the data release (``DR1``).
    name : str or None
        The table's name behind that of the release, instead of the one that its file gives.
    """

    collection: str
    release: str
    name: str | None = None

    @property
    def schema(self) -> str:
        """The schema of the collection's tables."""
        return schema_name(self.collection)

    def table(self, file: str, part: str = "", taken: Collection[str] = ()) -> str:
        """The table, without its schema, of the catalogue in ``file``, or of a further ``part`` of it."""
        return table_name(self.release, self.name or file, part, taken)


def schema_name(collection: str) -> str:
    """The schema of a collection: its name in lower case, of letters, digits and underscores.

    Raises
    ------
    UsageFault
        Nothing of the name is left, or it is too long to be one.
    """
    name = _cleaned(collection, "the collection").lower()
    if name.startswith(RESERVED_PREFIXES):
        name = f"c_{name}"
    if name in RESERVED_SCHEMAS or name.upper() in RESERVED:
        name = f"{name}_cat"
    return _shortened(name)


def table_name(release: str, file: str, part: str = "", taken: Collection[str] = ()) -> str:
    """The table of a catalogue: its release and the stem of its file, ``dr1_sources`` for example.

    Parameters
    ----------
    release : str
        Name of the data release.
    file : str
        Name of the file, or what the table should be called instead.
    part : str
        Name of the extension, of a file with several tables.
    taken : collection of str
        Lower-case names that other tables of the schema have; a number is put behind one of them.

    Raises
    ------
    UsageFault
        Nothing of the names is left, or they are too long to be names.
    """
    parts = [_cleaned(release, "the release"), _cleaned(_SUFFIX.sub("", file), "the file", is_first=False)]
    if part:
        parts.append(_cleaned(part, "the extension", is_first=False))
    return _free(_shortened("_".join(parts).lower()), taken)


def column_names(names: Sequence[str], taken: Collection[str] = ()) -> tuple[str, ...]:
    """Names by which ADQL knows columns without quotes (ADQL 2.1, Identifiers), no two alike but for case.

    Parameters
    ----------
    names : sequence of str
        TTYPE of each column, which may be empty.
    taken : collection of str
        Lower-case names that none of them gets.
    """
    found: list[str] = []
    used = set(taken)
    for number, original in enumerate(names, 1):
        name = re.sub(r"[^A-Za-z0-9]+", "_", original).strip("_")[:LONGEST_COLUMN] or f"column_{number}"
        if original.isascii() and re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,58}", original):
            name = original
        if name[0].isdigit():
            name = f"c_{name}"[:LONGEST_COLUMN]
        if name.upper() in RESERVED or name.lower() in _SYSTEM:
            name = f"{name}_"
        name = _free(name, used, LONGEST_COLUMN)
        used.add(name.lower())
        found.append(name)
    return tuple(found)


def _cleaned(text: str, what: str, *, is_first: bool = True) -> str:
    name = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")
    if not name or len(text) > 255:
        raise UsageFault(
            f"{what} is called {text[:60]!r}: wanted are letters or digits, 255 characters at most"
        )
    return f"c_{name}" if is_first and name[0].isdigit() else name


def _shortened(name: str) -> str:
    """``name``, if need be with a digest instead of its end: two long names do not become one."""
    if len(name) <= LONGEST:
        return name
    digest = hashlib.sha256(name.encode("ascii")).hexdigest()[:8]
    return f"{name[: LONGEST - 9].rstrip('_')}_{digest}"


def _free(name: str, taken: Collection[str], longest: int = LONGEST) -> str:
    """``name``, or the first with a number behind it that is not ``taken``."""
    found, number = name, 1
    while found.lower() in taken:
        number += 1
        ending = f"_{number}"
        found = f"{name[: longest - len(ending)].rstrip('_')}{ending}"
    return found
