"""``/download/<dp_id>``: the bytes of a file (RFC 9110: ranges, conditions, HEAD)."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from datalink.downloads.corrected import find_headers
from datalink.downloads.sending import send_file
from datalink.files import check_public, find_file
from vo_server.errors import UsageFault
from vo_server.parameters import Parameters
from vo_server.products import ObsCore


class Downloads:
    """The resource: what its requests share is where files are looked up."""

    def __init__(self, state: Any) -> None:
        self._engine = state.database.writer
        self._obscore = ObsCore.read().relation

    async def download(self, request: Request) -> Response:
        """GET or HEAD ``/download/<dp_id>``."""
        file = await run_in_threadpool(find_file, self._engine, self._obscore, request.path_params["dp_id"])
        check_public(file)
        if wants_original(request):
            return await send_file(request, file.as_stored())
        return await send_file(request, file, await run_in_threadpool(find_headers, self._engine, file))


def wants_original(request: Request) -> bool:
    """Whether the file is wanted as it came: ``HEADER=original``, not ``corrected``, which is the default.

    Raises
    ------
    UsageFault
        Neither of these.
    """
    wanted = Parameters(request.query_params.multi_items()).single("HEADER") or "corrected"
    if wanted.lower() not in ("original", "corrected"):
        raise UsageFault(f"HEADER is {wanted[:40]!r}; wanted is corrected (the default) or original")
    return wanted.lower() == "original"


def routes(state: Any) -> list[BaseRoute]:
    """``/download/<dp_id>``."""
    return [Route("/download/{dp_id}", Downloads(state).download, methods=["GET"])]
