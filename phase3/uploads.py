"""Resumable uploads of the files of a batch (tus resumable upload protocol 1.0).

The core protocol with the extensions creation, creation-with-upload, checksum and termination, so that any
tus client can be used. What is there of a file is what its part on disk has: a killed server loses nothing.
"""

import errno
import hashlib
import os
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from phase3 import params
from phase3.access import ANYBODY, Caller, caller, fault
from vo_server.errors import NotFoundFault, StorageFault, UsageFault, VoError
from vo_server.submissions.area import Area
from vo_server.submissions.states import State
from vo_server.submissions.store import Submissions
from vo_server.submissions.values import Batch, BatchFile, check_file_name

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,termination"
MEDIA_TYPE = "application/offset+octet-stream"
MISMATCH = 460  #: status of a body with another digest than it tells


class _Mismatch(UsageFault):
    status = MISMATCH


class _Conflict(UsageFault):
    status = 409


class _MediaType(UsageFault):
    status = 415


class _TooLarge(UsageFault):
    status = 413


class Uploads:
    """The uploads of one server."""

    def __init__(self, submissions: Submissions, state_dir: Path, root_url: str, largest: int) -> None:
        self._submissions = submissions
        self._state_dir = state_dir
        self._root_url = root_url
        self._largest = largest

    async def collection(self, request: Request) -> Response:
        """``/phase3/batches/{batch}/files``: OPTIONS tells what is offered, POST announces a file."""
        if request.method == "OPTIONS":
            return self._offer()
        return await self._answer(request, self._create)

    async def file(self, request: Request) -> Response:
        """``/phase3/batches/{batch}/files/{name}``: HEAD, PATCH, DELETE."""
        if request.method == "OPTIONS":
            return self._offer()
        method = request.headers.get("x-http-method-override", request.method).upper()
        handlers = {"HEAD": self._tell, "PATCH": self._append, "DELETE": self._terminate}
        if method not in handlers:
            exc = UsageFault(f"{method[:20]} is not possible here: use HEAD, PATCH or DELETE")
            return fault(exc, 405, **{"Tus-Resumable": VERSION, "Allow": "HEAD, PATCH, DELETE, OPTIONS"})
        return await self._answer(request, handlers[method])

    def _offer(self) -> Response:
        return Response(
            status_code=204,
            headers={
                "Tus-Resumable": VERSION, "Tus-Version": VERSION, "Tus-Extension": EXTENSIONS,
                "Tus-Max-Size": str(self._largest), "Tus-Checksum-Algorithm": ",".join(params.ALGORITHMS),
            },
        )  # fmt: skip

    async def _answer(self, request: Request, handler: Any) -> Response:
        if request.headers.get("tus-resumable") != VERSION:
            exc = UsageFault(f"Tus-Resumable: {VERSION} is the version of tus that is spoken here")
            return fault(exc, 412, **{"Tus-Version": VERSION, "Tus-Resumable": VERSION})
        try:
            asking = caller(request, self._submissions)
            response: Response = await handler(request, asking)
        except VoError as exc:
            response = fault(exc)
        response.headers["Tus-Resumable"] = VERSION
        return response

    def _find(self, asking: Caller, request: Request) -> tuple[Batch, Area]:
        batch, _ = asking.batch(request.path_params["batch"], *ANYBODY)
        return batch, Area(self._state_dir, batch.batch_id)

    async def _create(self, request: Request, asking: Caller) -> Response:
        """A new upload (Creation); a body is its beginning (Creation With Upload)."""
        length = params.upload_length(request.headers, self._largest)
        if length > self._largest:
            raise _TooLarge(f"files have at most {self._largest} bytes here")
        name = params.upload_name(request.headers)

        def announce() -> tuple[Batch, Area]:
            batch, area = self._find(asking, request)
            if batch.state is not State.OPEN:
                raise _Conflict(f"the batch is {batch.state}: reopen it first")
            # In this order: what is announced and has no beginning would look as if it were all there.
            area.begin(name, length)
            self._submissions.announce(batch.batch_id, name, length)
            return batch, area

        batch, area = await run_in_threadpool(announce)
        headers = {"Location": f"{self._root_url}/phase3/batches/{batch.batch_id}/files/{quote(name)}"}
        if request.headers.get("content-type", "") == MEDIA_TYPE:
            offset = await self._receive(request, batch, area, name, length, 0)
            headers["Upload-Offset"] = str(offset)
        return Response(status_code=201, headers=headers)

    async def _tell(self, request: Request, asking: Caller) -> Response:
        """How much of a file is there (Core Protocol, HEAD)."""
        _, area, file = await run_in_threadpool(self._known, request, asking)
        there = file.size if file.sha256 is not None else await run_in_threadpool(area.received, file.name)
        told = f"filename {b64encode(file.name.encode()).decode()}"
        headers = {"Upload-Offset": str(there), "Upload-Length": str(file.size), "Upload-Metadata": told}
        headers["Cache-Control"] = "no-store"
        return Response(status_code=200, headers=headers)

    def _known(self, request: Request, asking: Caller) -> tuple[Batch, Area, BatchFile]:
        batch, area = self._find(asking, request)
        name = check_file_name(request.path_params["name"])
        file = self._submissions.file(batch.batch_id, name)
        if file is None:
            raise NotFoundFault(f"{name} was not announced")
        if file.sha256 is None and area.is_placed(name):
            self._complete(batch, area, name)
            file = self._submissions.file(batch.batch_id, name) or file
        return batch, area, file

    async def _append(self, request: Request, asking: Caller) -> Response:
        """More bytes of a file (Core Protocol, PATCH)."""
        if request.headers.get("content-type", "") != MEDIA_TYPE:
            raise _MediaType(f"bytes of a file are sent as {MEDIA_TYPE}")
        offset = params.upload_offset(request.headers)
        batch, area, file = await run_in_threadpool(self._known, request, asking)
        if batch.state is not State.OPEN:
            raise _Conflict(f"the batch is {batch.state}: reopen it first")
        if file.sha256 is not None:
            raise _Conflict(f"{file.name} is complete: announce it again to replace it")
        new = await self._receive(request, batch, area, file.name, file.size, offset)
        return Response(status_code=204, headers={"Upload-Offset": str(new)})

    async def _receive(
        self, request: Request, batch: Batch, area: Area, name: str, size: int, offset: int
    ) -> int:
        """Append the body; the new offset. What came before a client went away is kept."""
        wanted = params.upload_digest(request.headers)
        try:
            descriptor = await run_in_threadpool(area.open_at, name, offset)
        except NotFoundFault:
            raise
        except UsageFault as exc:
            raise _Conflict(str(exc)) from exc
        try:
            new = await self._write(request, descriptor, size, offset, wanted)
            if not await run_in_threadpool(area.is_coming, name, descriptor):
                raise _Conflict(f"{name} was announced again meanwhile: send it to its new beginning")
            if new == size:
                await run_in_threadpool(self._complete, batch, area, name)
        finally:
            os.close(descriptor)
        return new

    async def _write(
        self, request: Request, descriptor: int, size: int, offset: int, wanted: tuple[str, bytes] | None
    ) -> int:
        digest = hashlib.new(wanted[0], usedforsecurity=False) if wanted else None
        new = offset
        try:
            async for chunk in _chunks(request):
                if new + len(chunk) > size:
                    raise _TooLarge(f"more bytes came than the {size} that were announced")
                await run_in_threadpool(_write_all, descriptor, chunk)
                new += len(chunk)
                if digest is not None:
                    digest.update(chunk)
            if digest is not None and wanted is not None and digest.digest() != wanted[1]:
                raise _Mismatch(f"the bytes do not have the {wanted[0]} that was told: send them again")
        except (_TooLarge, _Mismatch):
            os.ftruncate(descriptor, offset)
            raise
        except OSError as exc:
            if exc.errno != errno.ENOSPC:
                raise
            raise StorageFault("there is no room for more bytes here now: tell the operator") from exc
        return new

    def _complete(self, batch: Batch, area: Area, name: str) -> None:
        self._submissions.put(batch.batch_id, {name: area.complete(name)})

    async def _terminate(self, request: Request, asking: Caller) -> Response:
        """Forget a file (Termination)."""

        def forget() -> None:
            batch, area, file = self._known(request, asking)
            self._submissions.remove(batch.batch_id, file.name)
            area.forget(file.name)

        await run_in_threadpool(forget)
        return Response(status_code=204)


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    """The body as far as it comes."""
    try:
        async for chunk in request.stream():
            if chunk:
                yield chunk
    except ClientDisconnect:
        return


def _write_all(descriptor: int, chunk: bytes) -> None:
    left = memoryview(chunk)
    while left:
        left = left[os.write(descriptor, left) :]
