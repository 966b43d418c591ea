"""The UPLOAD parameter: which tables come with a query, and from where (DALI 1.1 and TAP 1.1, UPLOAD)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from vo_server.errors import UsageFault

MAX_TABLES = 10

#: A table's name is an unqualified regular identifier (TAP 1.1, UPLOAD); longer ones the database would cut.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One table to upload.

    Attributes
    ----------
    name : str
        It becomes ``TAP_UPLOAD.<name>``.
    scheme : str
        ``param``, ``http`` or ``https``.
    target : str
        The name of the part of the request that has the table, or the URL.
    """

    name: str
    scheme: str
    target: str


def parse_upload(values: Iterable[str]) -> tuple[Wanted, ...]:
    """The tables of all UPLOAD parameters of a request.

    Raises
    ------
    UsageFault
        It is not ``name,uri`` pairs with ``;`` between them, a name is not allowed or given twice, or the
        URI has another scheme than ``param``, ``http`` and ``https``.
    """
    pairs = [pair.strip() for value in values for pair in value.split(";") if pair.strip()]
    if len(pairs) > MAX_TABLES:
        raise UsageFault(f"UPLOAD has {len(pairs)} tables: at most {MAX_TABLES} can come with a query")
    found = tuple(_wanted(pair) for pair in pairs)
    names = [wanted.name.lower() for wanted in found]
    for name in names:
        if names.count(name) > 1:
            raise UsageFault(f"UPLOAD has two tables of the name {name}: give each a name of its own")
    return found


def _wanted(pair: str) -> Wanted:
    name, comma, uri = (part.strip() for part in pair.partition(","))
    if not comma or not uri:
        raise UsageFault(f"UPLOAD wants name,uri such as mine,param:file, got {pair[:60]!r}")
    if not _NAME.fullmatch(name):
        raise UsageFault(
            f"{name[:60]!r} cannot name an uploaded table: use up to 60 letters, digits and _, a letter first"
        )
    scheme, _, target = uri.partition(":")
    if scheme.lower() == "param" and target:
        return Wanted(name, "param", target)
    if scheme.lower() in ("http", "https") and _has_host(uri):
        return Wanted(name, scheme.lower(), uri)
    raise UsageFault(
        f"UPLOAD of {name}: {uri[:60]!r} is not param:<part of this request>, http://... or https://..."
    )


def _has_host(uri: str) -> bool:
    try:
        return bool(urlsplit(uri).hostname)
    except ValueError:  # brackets around what is no address
        return False
