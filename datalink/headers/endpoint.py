"""``/hdr?DpId=<dp_id>``: the headers of a file as a page, which clients of ESO's archive read."""

import html
from typing import Any

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from datalink.files import find_file
from vo_server import schemas
from vo_server.errors import UsageFault
from vo_server.parameters import Parameters
from vo_server.products import ObsCore

CARD = 80  #: characters of a card


def header_text(engine: sa.Engine, dp_id: str) -> str:
    """Every card of every header of a file, one on a line, each header with its END."""
    keyword = schemas.metadata(schemas.builtin()).tables["header.keyword"]
    query = sa.select(keyword.c.hdu, keyword.c.card).where(keyword.c.dp_id == dp_id)
    lines: list[str] = []
    last = 0
    with engine.connect() as connection:
        for hdu, card in connection.execute(query.order_by(keyword.c.hdu, keyword.c.pos)):
            lines += ["END"] * (hdu != last)
            last = hdu
            lines += (card[start : start + CARD].rstrip() for start in range(0, len(card), CARD))
    return "\n".join((*lines, "END", ""))


class Headers:
    """``/hdr?DpId=...``: the header of a file, as pages of ESO's archive give it and its clients read it."""

    def __init__(self, state: Any) -> None:
        self._engine = state.database.writer
        self._obscore = ObsCore.read().relation

    async def header(self, request: Request) -> Response:
        """GET ``/hdr``: HTML, or text for those that ask for it. Metadata are public."""
        parameters = Parameters(request.query_params.multi_items())
        dp_id = parameters.single("DPID")
        if not dp_id:
            raise UsageFault("DpId is missing: wanted is the identifier of a file")
        dp_id = dp_id.removesuffix(".fits")
        file = await run_in_threadpool(find_file, self._engine, self._obscore, dp_id)
        text = await run_in_threadpool(header_text, self._engine, file.dp_id)
        if "text/plain" in request.headers.get("accept", ""):
            return PlainTextResponse(text)
        page = (
            '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            f"<title>{html.escape(file.dp_id)}</title></head>\n"
            f"<body><h1>{html.escape(file.dp_id)}</h1>\n<pre>{html.escape(text)}</pre></body></html>\n"
        )
        return Response(page, media_type="text/html")


def routes(state: Any) -> list[BaseRoute]:
    """``/hdr``."""
    return [Route("/hdr", Headers(state).header, methods=["GET"])]
