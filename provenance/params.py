"""The parameters of ``/provenance``: text to checked values.

They are those of the IVOA's drafts of a protocol for provenance (ProvDAL, later ProvSAP; no standard yet):
ID, DEPTH, DIRECTION and RESPONSEFORMAT.
"""

from dataclasses import dataclass, replace
from typing import Literal

from vo_server.errors import UsageFault
from vo_server.formats.negotiation import normalise
from vo_server.parameters import Parameters

Direction = Literal["BACK", "FORTH"]
DIRECTIONS: tuple[Direction, ...] = ("BACK", "FORTH")
MAX_IDS = 50  #: of one request
MAX_DEPTH = 100  #: relations that are followed one after the other


@dataclass(frozen=True, slots=True)
class Format:
    """A form of the answer.

    Attributes
    ----------
    name : str
        As the drafts of the protocol call it.
    serializer : str
        As the library ``prov`` calls it; empty for the picture.
    """

    name: str
    media_type: str
    extension: str
    serializer: str


#: Each form under its names. The media types are those that W3C's documents register.
FORMATS = (
    Format("PROV-JSON", "application/json", "json", "json"),
    Format("PROV-N", "text/provenance-notation", "provn", "provn"),
    Format("PROV-XML", "application/provenance+xml", "xml", "xml"),
    Format("PROV-SVG", "image/svg+xml", "svg", ""),
)
_BY_NAME = {
    name: form
    for form in FORMATS
    for name in (form.name.lower(), form.media_type, form.name.lower().removeprefix("prov-"))
} | {"application/xml": FORMATS[2], "text/xml": FORMATS[2]}


@dataclass(frozen=True, slots=True)
class ProvenanceParams:
    """A request as asked for.

    Attributes
    ----------
    ids : tuple of str
        As the client wrote them, each once.
    depth : int
        How many relations are followed one after the other; `MAX_DEPTH` for all.
    direction : str
        ``BACK`` to what something was made from, ``FORTH`` to what was made of it.
    """

    ids: tuple[str, ...]
    depth: int
    direction: Direction
    responseformat: Format

    @classmethod
    def from_parameters(cls, parameters: Parameters, default: str = "PROV-JSON") -> "ProvenanceParams":
        """The checked values; ``default`` is the form where none is named.

        Raises
        ------
        UsageFault
            There is no ID, or too many; a value is unknown or out of its range.
        """
        ids = tuple(dict.fromkeys(text.strip() for text in parameters.values("ID") if text.strip()))
        if not ids:
            raise UsageFault("ID is missing: send the identifier of a file or of an activity")
        if len(ids) > MAX_IDS:
            raise UsageFault(f"{len(ids)} different values of ID: at most {MAX_IDS} are answered at once")
        return cls(
            ids,
            parse_depth(parameters.single("DEPTH")),
            parse_direction(parameters.single("DIRECTION")),
            parse_responseformat(parameters.single("RESPONSEFORMAT") or default),
        )


def parse_depth(text: str | None) -> int:
    """DEPTH: how many relations are followed, whatever their kind; all for ``ALL``, or nothing.

    Raises
    ------
    UsageFault
        Neither a number from 0 to `MAX_DEPTH` nor ALL.
    """
    if text is None or text.upper() == "ALL":
        return MAX_DEPTH
    if text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= MAX_DEPTH:
        return int(text)
    raise UsageFault(f"DEPTH={text[:40]!r} is not possible: send ALL, or a number from 0 to {MAX_DEPTH}")


def parse_direction(text: str | None) -> Direction:
    """DIRECTION: ``BACK``, as where nothing is said, or ``FORTH``; raises `UsageFault` for others."""
    wanted = (text or "BACK").upper()
    for known in DIRECTIONS:
        if wanted == known:
            return known
    raise UsageFault(f"DIRECTION={wanted[:40]!r} is unknown: send {' or '.join(DIRECTIONS)}")


def parse_responseformat(text: str) -> Format:
    """RESPONSEFORMAT: a name or a media type, in any case (DALI 1.1, RESPONSEFORMAT).

    Raises
    ------
    UsageFault
        It is unknown; the message lists those that exist.
    """
    wanted = normalise(text)
    if wanted in _BY_NAME:
        found = _BY_NAME[wanted]
        return replace(found, media_type=wanted) if wanted in ("text/xml", "application/xml") else found
    allowed = ", ".join(f"{form.name} ({form.media_type})" for form in FORMATS)
    raise UsageFault(f"RESPONSEFORMAT={text[:60]!r} is unknown: send one of {allowed}")
