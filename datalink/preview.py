"""``/preview/<dp_id>``: a small picture of a product, from its provider or drawn here and kept."""

import os
import secrets
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from datalink.files import File, check_public, find_file, make_file
from datalink.links.query import select_relations
from datalink.links.rows import Relation, is_preview
from datalink.reading import NOTHING
from datalink.sending import open_stored, send_file
from vo_server.errors import FatalFault, NotFoundFault, TransientFault
from vo_server.products import ObsCore

#: Types of product that a picture can show. Catalogues have none here.
PRODUCT_TYPES = ("image", "cube", "spectrum")
MAX_BYTES = 2 * 1024**3  #: of a file that is opened to be drawn
MAX_PACKED = 256 * 1024**2  #: the same of a compressed one, which has to be unpacked in memory
LONGEST = 60.0  #: seconds that a drawing may take
DRAWN_AT_ONCE = 2  #: the other requests of the process wait for memory and processor


class Drawings:
    """The pictures that were drawn, by the SHA-256 of what they show, in a directory.

    An empty file tells that a content cannot be drawn.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._turns = threading.Semaphore(DRAWN_AT_ONCE)

    def may_have(self, file: File) -> bool:
        """Whether there is a picture of ``file``, as far as one knows without drawing it."""
        largest = MAX_PACKED if file.compression else MAX_BYTES
        if not file.is_fits or file.product_type not in PRODUCT_TYPES or file.size > largest:
            return False
        try:
            return self._place(file).stat().st_size > 0
        except OSError:
            return True

    def get(self, file: File) -> bytes:
        """The picture of ``file``, drawn when it is asked for the first time.

        Raises
        ------
        NotFoundFault
            It cannot be drawn.
        TransientFault
            The store does not have the file now, or drawing takes too long.
        """
        place = self._place(file)
        if not self.may_have(file):
            raise NotFoundFault(f"there is no preview of {file.dp_id}")
        picture = _read(place)
        if picture is None:
            with self._turns:
                picture = _read(place)
                if picture is None:
                    picture = self._draw(file)
                    _keep(place, picture)
        if not picture:
            raise NotFoundFault(f"no preview of {file.dp_id} can be made: nothing in it can be drawn")
        return picture

    def _draw(self, file: File) -> bytes:
        open_stored(file).stream.close()
        command = [sys.executable, "-P", "-m", "datalink.reading", str(file.path)]
        try:
            done = subprocess.run(command, capture_output=True, timeout=LONGEST, check=False)
        except (subprocess.TimeoutExpired, OSError) as exc:
            raise TransientFault(f"the preview of {file.dp_id} is not ready: try again later") from exc
        if done.returncode == NOTHING:
            return b""
        if done.returncode or not done.stdout:
            raise FatalFault(f"the preview of {file.dp_id} could not be made")
        return done.stdout

    def _place(self, file: File) -> Path:
        return self._directory / file.sha256[:2] / f"{file.sha256}.png"


def _read(place: Path) -> bytes | None:
    try:
        return place.read_bytes()
    except FileNotFoundError:
        return None


def _keep(place: Path, picture: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_suffix(f".{secrets.token_hex(4)}.part")
    part.write_bytes(picture)
    os.replace(part, place)


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
    """``/preview/<dp_id>``."""
    return [Route("/preview/{dp_id}", Previews(state, drawings).preview, methods=["GET"])]
