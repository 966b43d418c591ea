"""``/preview/<dp_id>`` and ``/thumbnail/<dp_id>``: pictures of a product, from its provider or drawn here."""

from typing import Any

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from datalink.downloads.sending import send_file
from datalink.files import File, check_public, find_file, make_file
from datalink.links.query import select_relations
from datalink.links.rows import Relation, is_preview
from datalink.previews.drawings import Drawings
from vo_server.products import ObsCore


class Previews:
    """The resource: what its requests share is where files and drawings are."""

    def __init__(self, state: Any, drawings: Drawings) -> None:
        self._engine = state.database.writer
        self._obscore = ObsCore.read().relation
        self._drawings = drawings

    async def preview(self, request: Request) -> Response:
        """GET or HEAD ``/preview/<dp_id>``: the provider's picture, or one drawn here where there is none."""
        file, provided = await run_in_threadpool(self._find, request.path_params["dp_id"])
        check_public(file)
        if provided is not None:
            check_public(provided)
            return await send_file(request, provided, inline=True)
        etag = f'"{file.sha256}-preview"'
        headers = {"ETag": etag, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        picture = await run_in_threadpool(self._drawings.get, file)
        return Response(picture, media_type="image/png", headers=headers)

    async def thumbnail(self, request: Request) -> Response:
        """GET or HEAD ``/thumbnail/<dp_id>``: a picture of a few kilobytes."""
        engine, dp_id = self._engine, request.path_params["dp_id"]
        file = await run_in_threadpool(find_file, engine, self._obscore, dp_id)
        check_public(file)
        headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        picture = await run_in_threadpool(self._drawings.get, file, "thumbnail")
        return Response(picture, media_type="image/png", headers=headers)

    def _find(self, dp_id: str) -> tuple[File, File | None]:
        file = find_file(self._engine, self._obscore, dp_id)
        with self._engine.connect() as connection:
            return file, _provided(connection, self._obscore, dp_id)


def _provided(connection: sa.Connection, obscore: sa.FromClause, dp_id: str) -> File | None:
    """The picture that came with a product."""
    for row in connection.execute(select_relations([dp_id], obscore)):
        file = make_file(row) if row.dp_id is not None else None
        if file is not None and is_preview(Relation(row.relation, row.name, row.role, file)):
            return file
    return None


def routes(state: Any, drawings: Drawings) -> list[BaseRoute]:
    """``/preview/<dp_id>`` and ``/thumbnail/<dp_id>``."""
    previews = Previews(state, drawings)
    return [
        Route("/preview/{dp_id}", previews.preview, methods=["GET"]),
        Route("/thumbnail/{dp_id}", previews.thumbnail, methods=["GET"]),
    ]
