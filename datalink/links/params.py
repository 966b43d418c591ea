"""The parameters of {links} (DataLink 1.1, Parameters): text to checked values."""

import re
from dataclasses import dataclass, replace

from vo_server.errors import UsageFault
from vo_server.formats import FORMATS, Format, negotiate
from vo_server.parameters import Parameters

STANDARD_ID = "ivo://ivoa.net/std/DataLink#links-1.1"
MAX_IDS = 10_000  #: identifiers that one request is answered for; more make an overflow
VOTABLE = "application/x-votable+xml"
#: The preferred media type of an answer (DataLink 1.1, DataLink MIME Type).
DATALINK = f"{VOTABLE};content=datalink"
_CONTENT = re.compile(r';\s*content\s*=\s*"?datalink"?', re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LinksParams:
    """A request as asked for.

    Attributes
    ----------
    ids : tuple of str
        As the client wrote them, each once; at most `MAX_IDS`.
    is_truncated : bool
        Whether there were more.
    responseformat : Format
        Its media type is the one to answer with.
    """

    ids: tuple[str, ...]
    is_truncated: bool
    responseformat: Format

    @classmethod
    def from_parameters(cls, parameters: Parameters) -> "LinksParams":
        """The checked values. Without an ID the table is empty, and so it is with MAXREC=0.

        Raises
        ------
        UsageFault
            The format is unknown, or MAXREC is not a number.
        """
        form = parse_responseformat(parameters.single("RESPONSEFORMAT"))
        maxrec = parameters.whole_number("MAXREC")
        if maxrec is not None and maxrec < 0:
            raise UsageFault(f"MAXREC={maxrec} is negative: send 0 for the columns only, or nothing")
        texts = (text.strip() for text in parameters.values("ID"))
        ids = tuple(dict.fromkeys(text for text in texts if text)) if maxrec != 0 else ()
        return cls(ids[:MAX_IDS], len(ids) > MAX_IDS, form)


def parse_responseformat(text: str | None) -> Format:
    """The answer's format: VOTable with TABLEDATA unless another is named (DataLink 1.1, RESPONSEFORMAT).

    Raises
    ------
    UsageFault
        It is unknown.
    """
    if text is not None:
        text = _CONTENT.sub("", text)
    found = negotiate(text, default="votable/td")
    if found.name == "votable":
        # Of this service, plain "votable" means TABLEDATA; text/xml is answered as text/xml.
        found = replace(FORMATS["votable/td"], media_type=found.media_type)
    if (
        found.media_type in (VOTABLE, FORMATS["votable/td"].media_type)
        and text != FORMATS["votable/td"].media_type
    ):
        return replace(found, media_type=DATALINK)
    return found
