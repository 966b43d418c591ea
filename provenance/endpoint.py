"""Provenance over HTTP: ``/provenance``."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from provenance.document import make_document, write_document
from provenance.params import ProvenanceParams
from provenance.picture import draw
from provenance.story import Stories
from vo_server.http import dali
from vo_server.products import ObsCore
from vo_server.services import PROVENANCE_PATH


class Provenance:
    """The service: what its requests share is how provenance is found."""

    def __init__(self, state: Any) -> None:
        self._settings = state.settings
        self._stories = Stories(state.database.writer, ObsCore.read().relation, state.settings)

    async def answer(self, request: Request) -> Response:
        """GET or POST ``/provenance``: the document, and for a browser the picture."""
        parameters = await dali.read_parameters(request)
        # Other clients that take HTML, such as Java's, do not name XHTML.
        is_browser = "application/xhtml+xml" in request.headers.get("accept", "").lower()
        params = ProvenanceParams.from_parameters(parameters, "PROV-SVG" if is_browser else "PROV-JSON")
        form = params.responseformat
        headers = {
            "Content-Disposition": f'inline; filename="provenance.{form.extension}"',
            "Vary": "Accept",
            # A picture is a document of its own in a browser: nothing in it may run or load anything.
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        }
        if request.method == "HEAD":
            return Response(media_type=form.media_type, headers=headers)
        content = await run_in_threadpool(self._written, params)
        return Response(content, media_type=form.media_type, headers=headers)

    def _written(self, params: ProvenanceParams) -> bytes:
        story = self._stories.read(params)
        if params.responseformat.serializer:
            return write_document(make_document(story, self._settings), params.responseformat)
        return draw(story, self._settings)


def routes(state: Any) -> list[BaseRoute]:
    """``/provenance``."""
    return [Route(PROVENANCE_PATH, Provenance(state).answer, methods=["GET", "POST"])]
