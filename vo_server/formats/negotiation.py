"""Which format a client means (DALI 1.1, RESPONSEFORMAT; TAP 1.1, RESPONSEFORMAT)."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import pyarrow as pa

from vo_server.errors import UsageFault
from vo_server.formats.arrow import write_arrow, write_parquet
from vo_server.formats.fits import write_fits
from vo_server.formats.head import Head
from vo_server.formats.html import write_html
from vo_server.formats.json import write_json
from vo_server.formats.text import write_csv, write_csv_rows, write_tsv
from vo_server.formats.votable import write_binary, write_binary2, write_tabledata
from vo_server.tables import Column

Write = Callable[[Sequence[Column], Iterable[pa.RecordBatch], int | None, Head], Iterator[bytes]]

_VOTABLE = "application/x-votable+xml"


@dataclass(frozen=True, slots=True)
class Format:
    """One output format.

    Attributes
    ----------
    name : str
        The short name (``votable/td``), as in TAPRegExt's alias.
    media_type : str
        What the answer's Content-Type says.
    extension : str
        Of a file with the answer, without a dot.
    write : callable
        ``write(columns, batches, maxrec, head)`` gives the bytes in pieces.
    aliases : tuple of str
        Other names and media types that clients use.
    """

    name: str
    media_type: str
    extension: str
    write: Write
    aliases: tuple[str, ...] = ()


def _formats() -> tuple[Format, ...]:
    return (
        Format("votable", _VOTABLE, "vot", write_binary2, ("text/xml", "application/xml")),
        Format("votable/b2", f"{_VOTABLE};serialization=binary2", "vot", write_binary2),
        Format("votable/b", f"{_VOTABLE};serialization=binary", "vot", write_binary),
        Format("votable/td", f"{_VOTABLE};serialization=tabledata", "vot", write_tabledata),
        Format("csv", "text/csv;header=present", "csv", write_csv, ("text/csv",)),
        Format("csv/absent", "text/csv;header=absent", "csv", write_csv_rows),
        Format("tsv", "text/tab-separated-values", "tsv", write_tsv),
        Format("text", "text/plain", "txt", write_tsv, ("txt",)),
        Format("fits", "application/fits", "fits", write_fits, ("image/fits",)),
        Format("json", "application/json", "json", write_json),
        Format(
            "parquet",
            "application/vnd.apache.parquet",
            "parquet",
            write_parquet,
            ("application/x-parquet", "application/parquet", "application/vnd.apache.parquet;content=vo"),
        ),
        Format("arrow", "application/vnd.apache.arrow.stream", "arrows", write_arrow),
        Format("html", "text/html", "html", write_html),
    )


#: Every format by its short name, in the order in which services list them.
FORMATS = MappingProxyType({item.name: item for item in _formats()})


#: A VOTable for the clients of protocols that are older than DALI.
PLAIN_VOTABLE = replace(FORMATS["votable/td"], media_type="text/xml;content=x-votable")


def normalise(text: str) -> str:
    """A name or media type in lower case, its parameters without blanks, quotes and charset, in order."""
    media_type, *parameters = [part.strip() for part in text.lower().split(";")]
    kept = sorted(
        re.sub(r'\s*=\s*"?([^"]*)"?', r"=\1", part)
        for part in parameters
        if part and not part.startswith("charset")
    )
    return ";".join([media_type, *kept])


_BY_NAME = MappingProxyType(
    {
        normalise(name): item
        for item in FORMATS.values()
        for name in (item.name, item.media_type, *item.aliases)
    }
)


def negotiate(responseformat: str | None, default: str = "votable") -> Format:
    """The format that ``responseformat`` names: a short name or a media type, in any case.

    A client that asks for ``text/xml`` is answered with that media type (DALI 1.1).

    Raises
    ------
    UsageFault
        No such format; the message lists those that exist.
    """
    wanted = normalise(responseformat or default)
    if wanted in _BY_NAME:
        found = _BY_NAME[wanted]
        # The client's own spelling of the media type comes back to it.
        is_xml = wanted in ("text/xml", "application/xml")
        return replace(found, media_type=wanted) if is_xml else found
    allowed = ", ".join([*FORMATS, *sorted({item.media_type.partition(";")[0] for item in FORMATS.values()})])
    raise UsageFault(f"RESPONSEFORMAT {responseformat!r} is unknown; allowed are {allowed}")
