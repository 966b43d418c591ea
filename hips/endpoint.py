"""HiPS over HTTP: ``/hips/<collection>/`` are the tiles, ``/hipslist`` says which there are (HiPS 1.0)."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles


class HipsList:
    """The resource ``/hipslist``."""

    def __init__(self, root_url: str, directory: Path) -> None:
        self._root_url = root_url
        self._directory = directory

    async def __call__(self, request: Request) -> Response:
        """GET ``/hipslist`` (HiPS 1.0, HiPS lists)."""
        return PlainTextResponse(await run_in_threadpool(self._records))

    def _records(self) -> str:
        """A record for each HiPS, with an empty line between."""
        found = []
        for path in sorted(self._directory.glob("[!.]*/properties")):
            url = f"{self._root_url}/hips/{quote(path.parent.name)}"
            found.append(f"{path.read_text()}{'hips_service_url':<20} = {url}\n")
        return "\n".join(found)


def routes(state: Any) -> list[BaseRoute]:
    """``/hipslist`` and everything below ``/hips``."""
    directory = state.database.state_dir / "hips"
    # What serves it wants it to be there.
    directory.mkdir(parents=True, exist_ok=True)
    listing = HipsList(state.settings.root_url, directory)

    async def hipslist(request: Request) -> Response:
        return await listing(request)

    return [
        Route("/hipslist", hipslist, methods=["GET"]),
        Mount("/hips", StaticFiles(directory=directory), name="hips"),
    ]
