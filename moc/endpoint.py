"""Coverages over HTTP: ``/moc`` lists the collections, ``/moc/<collection>`` has the coverage of one."""

import io
import json
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from moc.params import FORMATS, MocParams
from vo_server.coverage import Coverages
from vo_server.http import dali


class Mocs:
    """The resource: what its requests share is where coverages are kept."""

    def __init__(self, state: Any) -> None:
        self._state = state
        self._coverages = Coverages(state.database.writer, state.database.state_dir / "mocs")

    async def names(self, request: Request) -> Response:
        """GET ``/moc``: every collection and where its coverage is."""
        root = self._state.settings.root_url
        found = await run_in_threadpool(self._coverages.names)
        return JSONResponse(
            [
                {"collection": name, "products": count, "moc": f"{root}/moc/{quote(name, safe='')}"}
                for name, count in found
            ]
        )

    async def coverage(self, request: Request) -> Response:
        """GET ``/moc/<collection>``, or ``/moc/all``."""
        params = MocParams.from_parameters(await dali.read_parameters(request))
        collection = request.path_params["collection"]
        media_type, extension = FORMATS[params.form]
        name = "".join(c if c.isascii() and c.isalnum() else "_" for c in collection)
        headers = {"Content-Disposition": f'inline; filename="moc_{name}_{params.axis}.{extension}"'}
        if request.method == "HEAD":
            return Response(media_type=media_type, headers=headers)
        content = await run_in_threadpool(
            self._coverages.get, collection, params.axis, params.order, release=params.release
        )
        if params.form != "fits":
            content = await run_in_threadpool(converted, content, params)
        return Response(content, media_type=media_type, headers=headers)


def converted(content: bytes, params: MocParams) -> bytes:
    """A coverage in FITS as JSON or text (MOC 2.0, Serializations)."""
    from mocpy import MOC, TimeMOC

    kind = MOC if params.axis == "space" else TimeMOC
    with tempfile.NamedTemporaryFile(suffix=".fits") as file:
        file.write(content)
        file.flush()
        made = kind.from_fits(Path(file.name))
    if params.form == "json":
        buffer = io.StringIO()
        json.dump(made.serialize("json"), buffer)
        return buffer.getvalue().encode()
    return str(made.to_string("ascii")).encode()


def routes(state: Any) -> list[BaseRoute]:
    """``/moc`` and what is below it."""
    mocs = Mocs(state)
    return [
        Route("/moc", mocs.names, methods=["GET"]),
        Route("/moc/{collection:path}", mocs.coverage, methods=["GET"]),
    ]
