"""The {links} endpoint over HTTP (DataLink 1.1)."""

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from datalink.files import File
from datalink.links import jobs
from datalink.links.description import CAPABILITIES, PATH, self_descriptor
from datalink.links.lookup import CHUNK, Lookup
from datalink.links.page import MOST, is_browser, links_page
from datalink.links.params import MAX_IDS, STANDARD_ID, LinksParams
from datalink.links.rows import COLUMNS, Link, make_batch
from vo_server.batches import Batches
from vo_server.formats import Head, Info, ServiceDescriptor
from vo_server.http import dali, vosi
from vo_server.products import ObsCore
from vo_server.uws.endpoint import JobList

#: Rows, their number where there are more, and the descriptors that they refer to.
Read = tuple[list[pa.RecordBatch], int | None, list[ServiceDescriptor]]


class Links:
    """The service: what its requests share is how links are found."""

    def __init__(self, state: Any, has_preview: Callable[[File], bool]) -> None:
        self._state = state
        self._lookup = Lookup(state.database.writer, ObsCore.read().relation, state.settings, has_preview)

    async def links(self, request: Request) -> Response:
        """GET or POST ``/datalink/links`` (DataLink 1.1, {links} endpoint)."""
        # GET, HEAD and POST alike: the number of IDs is what is limited here.
        parameters = await dali.read_parameters(request, most=MAX_IDS + 100)
        params = LinksParams.from_parameters(parameters)
        if parameters.single("RESPONSEFORMAT") is None and is_browser(request.headers.get("accept", "")):
            return await self._page(params)
        form = params.responseformat
        headers = {"Content-Disposition": f'inline; filename="datalink.{form.extension.lstrip(".")}"'}
        if request.method == "HEAD":
            return Response(media_type=form.media_type, headers=headers)
        batches, rows, services = await run_in_threadpool(self._read, params)
        head = Head(
            infos=(Info("standardID", STANDARD_ID),),
            descriptors=(self_descriptor(self._state.settings.root_url), *services),
            table_name="links",
        )
        count = self._state.metrics.rows.labels("datalink").inc
        pieces: Iterator[bytes] = form.write(COLUMNS, Batches(batches, count), rows, head)
        if len(params.ids) <= CHUNK:
            body = await run_in_threadpool(b"".join, pieces)
            return Response(body, media_type=form.media_type, headers=headers)
        return StreamingResponse(pieces, media_type=form.media_type, headers=headers)

    async def _page(self, params: LinksParams) -> Response:
        """What a browser shows, which asks for no format."""
        found = await run_in_threadpool(self._lookup.links, params.ids[:MOST], [])
        return HTMLResponse(links_page(found, self._state.settings), headers={"Vary": "Accept"})

    def _read(self, params: LinksParams) -> Read:
        """All rows, their number where there are more (rows of an ID are never cut), their services."""
        services: list[ServiceDescriptor] = []
        batches = list(self._lookup.batches(params.ids, services))
        if not params.is_truncated:
            return batches, None, services
        rows = sum(batch.num_rows for batch in batches)
        # One row more than there may be is how a writer knows an overflow.
        return [*batches, make_batch([Link("", "#this")])], rows, services


def routes(state: Any, has_preview: Callable[[File], bool]) -> list[BaseRoute]:
    """Everything below ``/datalink``."""
    return [
        Route(PATH, Links(state, has_preview).links, methods=["GET", "POST"]),
        *JobList(jobs.PATH, jobs.KIND).routes(),
        *vosi.routes("/datalink", CAPABILITIES),
    ]
