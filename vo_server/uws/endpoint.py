"""The resources of jobs over HTTP (UWS 1.1, The REST Binding; DALI 1.1, DALI-async)."""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from vo_server.errors import AuthorizationFault, NotFoundFault, UsageFault
from vo_server.formats import error_document
from vo_server.http import dali
from vo_server.http.auth import logged_in, principal
from vo_server.parameters import Parameters
from vo_server.uws import documents
from vo_server.uws.jobs import PHASES, Job, JobResult, JobStore
from vo_server.uws.results import part_key

MAX_WAIT = 60.0  #: seconds for which a request is held at most; WAIT=-1 means this
XML = "application/xml"
CONTROLS = frozenset({"phase", "executionduration", "destruction"})


@dataclass(frozen=True, slots=True)
class JobList:
    """The job list at ``path`` for jobs of one kind; its methods are the endpoints below it.

    With ``accounts_only``, anonymous clients can make no job.
    """

    path: str
    kind: str
    accounts_only: bool = False

    def routes(self) -> list[BaseRoute]:
        """Every resource of UWS 1.1, Resources and URIs."""
        job = self.path + "/{job}"
        return [
            Route(self.path, self.jobs, methods=["GET", "POST"]),
            Route(job, self.job, methods=["GET", "POST", "DELETE"]),
            Route(f"{job}/phase", self.phase, methods=["GET", "POST"]),
            Route(f"{job}/executionduration", self.execution_duration, methods=["GET", "POST"]),
            Route(f"{job}/destruction", self.destruction, methods=["GET", "POST"]),
            Route(f"{job}/parameters", self.parameters, methods=["GET", "POST"]),
            Route(f"{job}/error", self.error, methods=["GET"]),
            Route(f"{job}/quote", self.quote, methods=["GET"]),
            Route(f"{job}/owner", self.owner, methods=["GET"]),
            Route(f"{job}/results", self.results, methods=["GET"]),
            Route(f"{job}/results/{{result}}", self.result, methods=["GET"]),
        ]

    async def jobs(self, request: Request) -> Response:
        """The list of the caller's jobs, or a new job."""
        parameters = await self._parameters(request)
        if request.method == "POST":
            return await self._create(request, parameters)
        filters = _filters(parameters)
        found = await run_in_threadpool(
            _store(request).listed, self.kind, principal(request).share, **filters
        )
        return Response(documents.jobs_document(found, self._url(request)), media_type=XML)

    async def _create(self, request: Request, parameters: Parameters) -> Response:
        settings = request.app.state.settings
        if self.accounts_only:
            logged_in(principal(request))
        own = Parameters(item for item in parameters if item[0].lower() not in CONTROLS)
        starts = _wants_run(parameters)
        job = await run_in_threadpool(
            _store(request).create,
            self.kind,
            principal(request).share,
            own,
            execution_duration=_duration(parameters, settings),
            retention=_retention(parameters, settings),
            run_id=(parameters.single("RUNID") or "")[:64] or None,
        )
        await run_in_threadpool(_keep_files, request, job.job_id, parameters)
        if starts:
            await run_in_threadpool(_store(request).run, job.job_id)
        return self._see(request, job.job_id)

    async def _parameters(self, request: Request) -> Parameters:
        """Those of a request that may bring files for the job."""
        return await dali.read_parameters(request, largest=request.app.state.settings.upload_size)

    async def job(self, request: Request) -> Response:
        """One job: its document, at once or when it changes (``WAIT``); or its end (``ACTION=DELETE``)."""
        job = await self._job(request)
        parameters = await dali.read_parameters(request)
        if request.method == "DELETE" or (parameters.single("ACTION") or "").upper() == "DELETE":
            await run_in_threadpool(_store(request).delete, job.job_id)
            await run_in_threadpool(request.app.state.results.delete, job.job_id)
            return RedirectResponse(self._url(request), status_code=303)
        if request.method == "POST":
            raise UsageFault("only ACTION=DELETE can be sent to a job itself: its parameters are below it")
        job = await self._waited(request, job, parameters)
        return Response(documents.job_document(job, self._url(request)), media_type=XML)

    async def _waited(self, request: Request, job: Job, parameters: Parameters) -> Job:
        seconds = parameters.whole_number("WAIT")
        phase = parameters.single("PHASE")
        if seconds is None or not job.is_active or (phase and phase.upper() != job.phase):
            return job
        limit = MAX_WAIT if seconds < 0 else min(float(seconds), MAX_WAIT)
        watch = request.app.state.job_watch
        event = watch.expect(job.job_id)
        try:
            loop = asyncio.get_running_loop()
            end = loop.time() + limit
            while True:
                # Cleared before the look, so that no change between the two is missed.
                event.clear()
                now = await self._job(request)
                left = end - loop.time()
                if now.phase != job.phase or left <= 0:
                    return now
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(event.wait(), left)
        finally:
            watch.forget(job.job_id, event)

    async def phase(self, request: Request) -> Response:
        """The phase as text; ``PHASE=RUN`` and ``PHASE=ABORT`` change it."""
        job = await self._job(request)
        if request.method != "POST":
            return PlainTextResponse(job.phase)
        wanted = ((await dali.read_parameters(request)).single("PHASE") or "").upper()
        if wanted == "RUN":
            await run_in_threadpool(_store(request).run, job.job_id)
        elif wanted == "ABORT":
            await run_in_threadpool(_store(request).abort, job.job_id)
        else:
            raise UsageFault(f"PHASE={wanted[:40]!r} cannot be set: send RUN or ABORT")
        return self._see(request, job.job_id)

    async def execution_duration(self, request: Request) -> Response:
        """Seconds for which the job may run; the server's limit holds."""
        job = await self._job(request)
        if request.method != "POST":
            return PlainTextResponse(str(job.execution_duration))
        seconds = _duration(await dali.read_parameters(request), request.app.state.settings)
        await run_in_threadpool(_store(request).set_execution_duration, job.job_id, seconds)
        return self._see(request, job.job_id)

    async def destruction(self, request: Request) -> Response:
        """When the job is forgotten; the server's retention time holds."""
        job = await self._job(request)
        if request.method != "POST":
            return PlainTextResponse(documents.instant(job.destruction))
        wanted = parse_instant("DESTRUCTION", (await dali.read_parameters(request)).single("DESTRUCTION"))
        latest = datetime.now(UTC) + timedelta(seconds=request.app.state.settings.retention)
        await run_in_threadpool(_store(request).set_destruction, job.job_id, min(wanted, latest))
        return self._see(request, job.job_id)

    async def parameters(self, request: Request) -> Response:
        """The parameters; more can be sent while the job is PENDING."""
        job = await self._job(request)
        if request.method != "POST":
            return Response(documents.parameters_document(job), media_type=XML)
        given = await self._parameters(request)
        await run_in_threadpool(_store(request).add_parameters, job.job_id, given)
        await run_in_threadpool(_keep_files, request, job.job_id, given)
        return self._see(request, job.job_id)

    async def error(self, request: Request) -> Response:
        """The error document of a job that failed, with status 200 (TAP 1.1, Errors)."""
        job = await self._job(request)
        if job.error is None:
            raise NotFoundFault(f"the job is {job.phase}: it has no error")
        return Response(error_document(job.error.message), media_type=dali.VOTABLE)

    async def quote(self, request: Request) -> Response:
        """Empty: this server does not predict when a job ends."""
        return PlainTextResponse(documents.instant((await self._job(request)).quote))

    async def owner(self, request: Request) -> Response:
        """Who created the job; empty where nobody was logged in."""
        return PlainTextResponse(documents.owner_of(await self._job(request)))

    async def results(self, request: Request) -> Response:
        """The list of results; empty until the job is COMPLETED."""
        job = await self._job(request)
        return Response(documents.results_document(job, self._url(request)), media_type=XML)

    async def result(self, request: Request) -> Response:
        """One result, as the job made it."""
        job = await self._job(request)
        return await _send(request, job.result(request.path_params["result"]))

    async def _job(self, request: Request) -> Job:
        job = await find_job(request, request.path_params["job"])
        if job.kind != self.kind:
            raise NotFoundFault(f"there is no job {job.job_id} in this list")
        return job

    def _url(self, request: Request) -> str:
        return str(request.app.state.settings.root_url) + self.path

    def _see(self, request: Request, job_id: str) -> Response:
        return RedirectResponse(f"{self._url(request)}/{job_id}", status_code=303)


async def find_job(request: Request, job_id: str) -> Job:
    """A job that the caller may see.

    Raises
    ------
    NotFoundFault
        There is none of that name.
    AuthorizationFault
        It is somebody else's.
    """
    job = await run_in_threadpool(_store(request).get, job_id)
    # Whoever knows the name of an anonymous job may use it: there is nobody else to ask.
    if documents.owner_of(job) not in ("", principal(request).name):
        raise AuthorizationFault("this job belongs to somebody else")
    return job


def _store(request: Request) -> JobStore:
    store: JobStore = request.app.state.jobs
    return store


def _keep_files(request: Request, job_id: str, parameters: Parameters) -> None:
    """Keep the files that came with a job beside its results."""
    for name, part in parameters.files.items():
        request.app.state.results.write(part_key(job_id, name), part.pieces())


def _filters(parameters: Parameters) -> dict[str, Any]:
    """PHASE, AFTER and LAST of a job list (UWS 1.1, Job List)."""
    phases = [phase.upper() for phase in parameters.values("PHASE") if phase]
    unknown = [phase for phase in phases if phase not in PHASES]
    if unknown:
        raise UsageFault(f"PHASE={unknown[0][:40]!r} is not a phase: use {', '.join(PHASES)}")
    after = parameters.single("AFTER")
    last = parameters.whole_number("LAST")
    if last is not None and last <= 0:
        raise UsageFault(f"LAST={last} wants a number of jobs above 0")
    return {"phases": phases, "after": parse_instant("AFTER", after) if after else None, "last": last}


def _wants_run(parameters: Parameters) -> bool:
    phase = (parameters.single("PHASE") or "").upper()
    if phase not in ("", "RUN"):
        raise UsageFault(f"PHASE={phase[:40]!r} cannot be sent with a new job: send RUN or leave it out")
    return phase == "RUN"


def _duration(parameters: Parameters, settings: Any) -> int:
    """EXECUTIONDURATION within the server's limit; 0 or a missing one means the limit itself."""
    limit = int(settings.async_timeout)
    seconds = parameters.whole_number("EXECUTIONDURATION")
    if seconds is not None and seconds < 0:
        raise UsageFault(f"EXECUTIONDURATION={seconds} is negative: send seconds, at most {limit}")
    return min(seconds, limit) if seconds else limit


def _retention(parameters: Parameters, settings: Any) -> float:
    """Seconds until DESTRUCTION within the server's limit; a missing one means the limit itself."""
    wanted = parameters.single("DESTRUCTION")
    if wanted is None:
        return float(settings.retention)
    left = (parse_instant("DESTRUCTION", wanted) - datetime.now(UTC)).total_seconds()
    return min(left, float(settings.retention))


def parse_instant(name: str, text: str | None) -> datetime:
    """A time in ISO 8601, UTC where it names no zone (UWS 1.1, Resources and URIs)."""
    try:
        when = datetime.fromisoformat(text or "")
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        shown = (text or "")[:40]
        raise UsageFault(f"{name} wants a time such as 2030-01-31T12:00:00Z, got {shown!r}") from None


async def _send(request: Request, result: JobResult) -> Response:
    store = request.app.state.results
    name = result.key.rpartition("/")[2]
    headers = {"Content-Type": result.media_type, "Content-Disposition": f'inline; filename="{name}"'}
    path = store.path(result.key)
    if path is not None:
        if not path.is_file():
            raise NotFoundFault("the result is no longer there: run the job again")
        return FileResponse(path, headers=headers)
    headers["Content-Length"] = str(result.size)
    return StreamingResponse(store.read(result.key), headers=headers)
