"""The parameters of a TAP query (TAP 1.1, Parameters): text to checked values."""

from dataclasses import dataclass

from tap.uploads import Wanted, parse_upload
from vo_server.config import Settings
from vo_server.errors import UsageFault
from vo_server.formats import Format, negotiate
from vo_server.parameters import Parameters

LANGUAGES = {"adql": "ADQL", "adql-2.0": "ADQL-2.0", "adql-2.1": "ADQL-2.1"}
MAX_QUERY = 200_000  #: characters of a query
MAX_RUNID = 64  #: characters (DALI 1.1, RUNID)


@dataclass(frozen=True, slots=True)
class TapParams:
    """A query as asked for.

    Attributes
    ----------
    maxrec : int
        Rows to send at most; 0 asks for the columns only.
    runid : str or None
        The client's own name for the work that this query is part of.
    """

    query: str
    lang: str
    responseformat: Format
    maxrec: int
    runid: str | None = None
    uploads: tuple[Wanted, ...] = ()

    @classmethod
    def from_parameters(cls, parameters: Parameters, settings: Settings) -> "TapParams":
        """The checked values; parameters that TAP does not know are ignored.

        Raises
        ------
        UsageFault
            LANG or QUERY is missing, or a value is not one that this service knows.
        """
        request = parameters.single("REQUEST")
        if request is not None and request.lower() != "doquery":
            raise UsageFault(f"REQUEST={request[:40]!r} is not known: leave it out or send doQuery")
        lang = parse_lang(parameters.single("LANG"))
        query = parse_query(parameters.single("QUERY"))
        return cls(
            query=query,
            lang=lang,
            responseformat=negotiate(parameters.single("RESPONSEFORMAT") or parameters.single("FORMAT")),
            maxrec=parameters.maxrec(settings),
            runid=parse_runid(parameters.single("RUNID")),
            uploads=parse_upload(parameters.values("UPLOAD")),
        )


def parse_lang(text: str | None) -> str:
    """The query language, in its own spelling (TAP 1.1, LANG)."""
    known = ", ".join(LANGUAGES.values())
    if text is None:
        raise UsageFault(f"LANG is missing: send one of {known}")
    try:
        return LANGUAGES[text.lower()]
    except KeyError:
        raise UsageFault(f"unknown query language LANG={text[:40]!r}: send one of {known}") from None


def parse_query(text: str | None) -> str:
    """The query's text (TAP 1.1, QUERY)."""
    if text is None:
        raise UsageFault("QUERY is missing: send an ADQL query such as SELECT TOP 5 * FROM ivoa.ObsCore")
    if len(text) > MAX_QUERY:
        raise UsageFault(f"the query has {len(text)} characters: at most {MAX_QUERY} are read")
    return text


def parse_runid(text: str | None) -> str | None:
    """The client's identifier of a larger job (DALI 1.1, RUNID)."""
    if text is not None and len(text) > MAX_RUNID:
        raise UsageFault(f"RUNID has {len(text)} characters: at most {MAX_RUNID} are kept")
    return text
