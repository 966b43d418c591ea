"""SODA over HTTP: ``/soda/sync``, ``/soda/async`` and their VOSI resources."""

import io
import tarfile
import tempfile
from collections.abc import Sequence
from typing import Any, BinaryIO

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from datalink.downloads.corrected import find_headers
from datalink.downloads.sending import FileAnswer, Made, disposition, made, send_file
from datalink.soda.description import CAPABILITIES, EXAMPLES_PATH
from datalink.soda.examples import INTRODUCTION, TITLE, read_examples
from datalink.soda.faults import NothingThere
from datalink.soda.jobs import KIND
from datalink.soda.params import SodaParams
from datalink.soda.parts import FITS, Parts, Wanted, error_text
from vo_server.errors import UsageFault, VoError
from vo_server.http import dali, vosi
from vo_server.http.auth import principal
from vo_server.http.dali_examples import MEDIA_TYPE, examples_page
from vo_server.parameters import Parameters
from vo_server.products import ObsCore
from vo_server.services import ASYNC_PATH, SYNC_PATH
from vo_server.uws.endpoint import JobList

CUT_AT_ONCE = 4  #: the other requests of the process wait for disks and processors
MOST_AT_ONCE = 50  #: parts that one synchronous request may ask for
TAR = "application/x-tar"


class Soda:
    """The service: what its requests share is how files are found, and the turns of those that cut."""

    def __init__(self, state: Any) -> None:
        self._state = state
        self._parts = Parts(state.database.writer, state.settings)
        self._turns = CapacityLimiter(CUT_AT_ONCE)

    async def sync(self, request: Request) -> Response:
        """GET or POST ``/soda/sync`` (SODA 1.0, {sync} resource)."""
        try:
            return await self._answer(request)
        except VoError as exc:
            body = "" if request.method == "HEAD" else error_text(exc)
            return PlainTextResponse(body, status_code=exc.status)
        except NothingThere:
            return Response(status_code=204)

    async def _answer(self, request: Request) -> Response:
        params = SodaParams.from_parameters(await dali.read_parameters(request))
        count = len(params.ids) * len(params.cuts)
        if count > MOST_AT_ONCE:
            most = f"at most {MOST_AT_ONCE} are made at once: send it to {ASYNC_PATH}"
            raise UsageFault(f"{count} parts are asked for, and {most}")
        wanted = await run_in_threadpool(self._parts.wanted, params)
        first = wanted[0]
        if request.method == "HEAD":
            return Response(media_type=first.media_type if len(wanted) == 1 else TAR)
        if len(wanted) == 1 and first.cut.is_whole and first.media_type == FITS:
            engine = self._state.database.writer
            headers = await run_in_threadpool(find_headers, engine, first.file)
            return await send_file(request, first.file, headers)
        with self._state.shares.held(principal(request).share):
            if len(wanted) > 1:
                answer = await to_thread.run_sync(self._tar, wanted, limiter=self._turns)
                return FileAnswer(answer, (), TAR, {"Content-Disposition": disposition("parts.tar")})
            answer = await to_thread.run_sync(self._one, first, limiter=self._turns)
        return FileAnswer(answer, (), first.media_type, {"Content-Disposition": disposition(first.name)})

    async def examples(self, request: Request) -> Response:
        """GET ``/soda/examples`` (SODA 1.0, DALI-examples)."""
        obscore = ObsCore.read().relation
        found = await run_in_threadpool(read_examples, self._state.database.writer, obscore, self._works)
        title = TITLE.format(self._state.settings.archive_name)
        return Response(examples_page(title, INTRODUCTION, found), media_type=MEDIA_TYPE)

    def _works(self, parameters: Sequence[tuple[str, str]]) -> bool:
        """Whether a request for one part gives something."""
        try:
            (wanted,) = self._parts.wanted(SodaParams.from_parameters(Parameters(parameters)))
            with tempfile.TemporaryFile(prefix="vo-server-soda-") as file:
                self._parts.make(wanted, file)
        except (NothingThere, VoError):
            return False
        return True

    def _one(self, wanted: Wanted) -> Made:
        return made(lambda stream: self._parts.make(wanted, stream))

    def _tar(self, wanted: list[Wanted]) -> Made:
        """All parts in one archive; a text in the place of one that cannot be had."""

        def write(stream: BinaryIO) -> None:
            with tarfile.open(fileobj=stream, mode="w") as archive:
                for part in wanted:
                    self._add(archive, part)

        return made(write)

    def _add(self, archive: tarfile.TarFile, part: Wanted) -> None:
        with tempfile.TemporaryFile(prefix="vo-server-soda-") as file:
            name, _ = self._parts.make_or_explain(part, file)
            entry = tarfile.TarInfo(name)
            entry.size = file.seek(0, io.SEEK_END)
            file.seek(0)
            archive.addfile(entry, file)


def routes(state: Any) -> list[BaseRoute]:
    """Everything below ``/soda``."""
    soda = Soda(state)
    return [
        Route(SYNC_PATH, soda.sync, methods=["GET", "POST"]),
        Route(EXAMPLES_PATH, soda.examples, methods=["GET"]),
        *JobList(ASYNC_PATH, KIND).routes(),
        *vosi.routes("/soda", CAPABILITIES),
    ]
