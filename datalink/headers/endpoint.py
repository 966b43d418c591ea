"""``/header/<dp_id>``, the headers of a file to the byte, and ``/hdr?DpId=<dp_id>``, the page of them.

Headers are metadata, which are public while the data may not be yet. The page is what `astroquery.eso` reads
for `get_headers`: the first ``<pre>``, a card a line, up to the first END.
"""

from html import escape
from typing import Any

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from vo_server.archive import or_try_again
from vo_server.errors import NotFoundFault, UsageFault
from vo_server.headers.database import read_headers
from vo_server.headers.lines import CARD
from vo_server.http.dali import read_parameters
from vo_server.identifiers import MAX_ID
from vo_server.parameters import Parameters

MAX_HDU = 32_767
_SNIFF = {"X-Content-Type-Options": "nosniff"}


class Headers:
    """The resource: what its requests share is the database."""

    def __init__(self, state: Any) -> None:
        self._engine: sa.Engine = state.database.writer

    async def header(self, request: Request) -> Response:
        """GET or HEAD ``/header/<dp_id>``: all headers one after the other, or that of ``HDU``."""
        hdu = hdu_of(await read_parameters(request))
        texts = await run_in_threadpool(self._texts, request.path_params["dp_id"], hdu)
        # Latin-1 is what other bytes than ASCII mean where they mean anything.
        content = b"".join(text for _, text in texts)
        return Response(content, media_type="text/plain; charset=iso-8859-1", headers=_SNIFF)

    async def page(self, request: Request) -> Response:
        """GET or HEAD ``/hdr?DpId=<dp_id>``: the headers as a page."""
        parameters = await read_parameters(request)
        dp_id = (parameters.single("DpId") or "").removesuffix(".fits") or None
        if dp_id is None:
            raise UsageFault("DpId is missing: hdr?DpId=<dp_id> wants the identifier of a file")
        texts = await run_in_threadpool(self._texts, dp_id, hdu_of(parameters))
        return HTMLResponse(header_page(dp_id, texts), headers=_SNIFF)

    def _texts(self, dp_id: str, hdu: int | None) -> list[tuple[int, bytes]]:
        """The headers of a file by the numbers of their HDUs.

        Raises
        ------
        NotFoundFault
            There are none.
        """
        if len(dp_id) <= MAX_ID and "\x00" not in dp_id:
            with or_try_again(), self._engine.connect() as connection:
                found = read_headers(connection, dp_id, hdu)
            if found:
                return [(number, header.text()) for number, header in found]
        of = "headers" if hdu is None else f"HDU {hdu}"
        raise NotFoundFault(f"there are no {of} of a file {dp_id[:200]!r} here")


def hdu_of(parameters: Parameters) -> int | None:
    """The parameter HDU, a number from 0; None where it is missing.

    Raises
    ------
    UsageFault
        It is no such number.
    """
    hdu = parameters.whole_number("HDU")
    if hdu is not None and not 0 <= hdu <= MAX_HDU:
        raise UsageFault(f"HDU={str(hdu)[:20]}: wanted is a number from 0, the primary header, to {MAX_HDU}")
    return hdu


def header_page(dp_id: str, texts: list[tuple[int, bytes]]) -> str:
    """The headers of a file as a page, each in a ``<pre>``, a card a line."""
    blocks = [
        f"<h2>HDU {number}</h2>\n<pre>\n{escape(_lines(text), quote=False)}\n</pre>" for number, text in texts
    ]
    title = f"Headers of {escape(dp_id)}"
    head = f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
    return f"{head}\n<body><h1>{title}</h1>\n" + "\n".join(blocks) + "\n</body></html>\n"


def _lines(text: bytes) -> str:
    cards = [text[start : start + CARD] for start in range(0, len(text), CARD)]
    lines = [card.decode("iso-8859-1").rstrip() for card in cards]
    while lines and not lines[-1]:
        lines.pop()
    return "\n".join(lines)


def routes(state: Any) -> list[BaseRoute]:
    """``/header/<dp_id>`` and ``/hdr``."""
    headers = Headers(state)
    return [
        Route("/header/{dp_id}", headers.header, methods=["GET"]),
        Route("/hdr", headers.page, methods=["GET"]),
    ]
