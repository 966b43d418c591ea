"""What providers and archivists do: collections, releases, batches and their steps, as JSON over HTTP."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from phase3 import documents, params
from phase3.access import ANYBODY, Caller, caller, told
from phase3.params import read_json
from vo_server.errors import AuthorizationFault, NotFoundFault, UsageFault
from vo_server.http import dali
from vo_server.submissions.amendments import parse_amendments
from vo_server.submissions.area import Area
from vo_server.submissions.documents import LARGEST, keep_document
from vo_server.submissions.jobs import (
    KINDS,
    LONG,
    ask_amendments,
    ask_deprecation,
    ask_step,
    is_going,
    last_job,
)
from vo_server.submissions.reports import read_head, report_text
from vo_server.submissions.states import Person, State, check_step, steps_from
from vo_server.submissions.store import Submissions
from vo_server.submissions.values import MOST_NAMES, MOST_TITLE, Batch, check_text
from vo_server.uws.jobs import JobStore

T = TypeVar("T")
#: States of batches that somebody has looked at, or will, with the description of their release.
REVIEWED = {State.SUBMITTED, State.APPROVED, State.PUBLISHED}


class Provider:
    """The resources below ``/phase3``, but for uploads."""

    def __init__(self, state: Any) -> None:
        settings = state.settings
        self._root_url: str = settings.root_url
        self._retention: float = settings.retention
        self._state_dir: Path = state.database.state_dir
        self._jobs: JobStore = state.jobs
        self.submissions = Submissions(state.database.writer, settings.archivists)

    @told
    async def collections(self, request: Request) -> Response:
        """``/phase3/collections``: GET those of the caller, POST a new one."""
        asking = caller(request, self.submissions)
        if request.method == "GET":
            found = await run_in_threadpool(self.submissions.collections, asking.account)
            return JSONResponse([documents.collection_document(one, (), ()) for one in found])
        wanted = read_json(params.CollectionRequest, await _body(request)).value(asking.account)
        if not self.submissions.is_archivist(asking.account) and (
            wanted.owner != asking.account or wanted.origin != "EDP"
        ):
            raise AuthorizationFault("collections of others, and of origin IDP, are made by archivists")
        is_new = await run_in_threadpool(self._create_collection, wanted, asking)
        document = documents.collection_document(wanted, (), ())
        return JSONResponse(document, status_code=201 if is_new else 200)

    def _create_collection(self, wanted: Any, asking: Caller) -> bool:
        mine = [one for one in self.submissions.collections(asking.account) if one.owner == asking.account]
        if len(mine) >= MOST_NAMES and not self.submissions.is_archivist(asking.account):
            raise UsageFault(f"an account has at most {MOST_NAMES} collections")
        return self.submissions.create_collection(wanted)

    @told
    async def collection(self, request: Request) -> Response:
        """GET ``/phase3/collections/{collection}``: with its releases and batches."""
        asking = caller(request, self.submissions)

        def read() -> dict[str, Any]:
            found = self.submissions.collection(request.path_params["collection"])
            asking.may(found, *ANYBODY)
            releases, batches = self.submissions.releases(found.name), self.submissions.batches(found.name)
            return documents.collection_document(found, releases, batches)

        return JSONResponse(await run_in_threadpool(read))

    @told
    async def releases(self, request: Request) -> Response:
        """POST ``/phase3/collections/{collection}/releases``: a new release."""
        caller(request, self.submissions)  # before anything is read
        name = request.path_params["collection"]
        wanted = read_json(params.ReleaseRequest, await _body(request)).value(name)

        def create(_: Caller) -> bool:
            return self.submissions.create_release(wanted)

        is_new = await self._as_owner(request, create)
        return JSONResponse(documents.release_document(wanted), status_code=201 if is_new else 200)

    @told
    async def release(self, request: Request) -> Response:
        """PATCH ``/phase3/collections/{collection}/releases/{release}``: what is told of it."""
        caller(request, self.submissions)  # before anything is read
        changes = read_json(params.DescriptionRequest, await _body(request)).changes()
        return await self._describe(request, lambda collection, release: changes)

    @told
    async def description(self, request: Request) -> Response:
        """PUT ``.../releases/{release}/description/{name}``: the release description, PDF or text."""
        await self._as_owner(request, self._check_changeable(request))  # before anything is read
        content = await _body(request, LARGEST)
        name = request.path_params["name"]

        def keep(collection: str, release: str) -> dict[str, Any]:
            self.submissions.release(collection, release)
            return keep_document(self._state_dir, collection, release, name, content)

        return await self._describe(request, keep)

    async def _describe(self, request: Request, changes: Callable[[str, str], dict[str, Any]]) -> Response:
        collection, release = request.path_params["collection"], request.path_params["release"]

        check = self._check_changeable(request)

        def describe(asking: Caller) -> dict[str, Any]:
            check(asking)
            told_changes = changes(collection, release)
            return documents.release_document(
                self.submissions.describe_release(collection, release, told_changes)
            )

        return JSONResponse(await self._as_owner(request, describe))

    def _check_changeable(self, request: Request) -> Callable[[Caller], None]:
        """Refuse changes of what was reviewed, but by those who review."""
        collection, release = request.path_params["collection"], request.path_params["release"]

        def check(asking: Caller) -> None:
            states = {batch.state for batch in self.submissions.batches(collection, release)}
            if states & REVIEWED and not self.submissions.is_archivist(asking.account):
                raise AuthorizationFault(
                    f"{collection} {release} was submitted: archivists may change it now"
                )

        return check

    async def _as_owner(self, request: Request, act: Callable[[Caller], T]) -> T:
        asking = caller(request, self.submissions)

        def checked() -> T:
            collection = self.submissions.collection(request.path_params["collection"])
            asking.may(collection, Person.OWNER, Person.ARCHIVIST)
            return act(asking)

        return await run_in_threadpool(checked)

    @told
    async def batches(self, request: Request) -> Response:
        """POST ``/phase3/collections/{collection}/releases/{release}/batches``: a new batch."""
        asking = caller(request, self.submissions)
        standard = read_json(params.BatchRequest, await _body(request)).checked()

        def create() -> Batch:
            collection = self.submissions.collection(request.path_params["collection"])
            asking.may(collection, *ANYBODY)
            release = request.path_params["release"]
            return self.submissions.open_batch(collection.name, release, asking.account, standard=standard)

        batch = await run_in_threadpool(create)
        headers = {"Location": f"{self._root_url}/phase3/batches/{batch.batch_id}"}
        return JSONResponse(documents.batch_summary(batch), status_code=201, headers=headers)

    def read_batch(self, request: Request, asking: Caller, most: int | None = None) -> dict[str, Any]:
        """The document of a batch that the caller has to do with, with its first ``most`` files."""
        batch, people = asking.batch(request.path_params["batch"], *ANYBODY)
        return documents.batch_document(
            batch,
            self.submissions.files(batch.batch_id, most),
            self.submissions.steps(batch.batch_id),
            steps_from(batch.state, people),
            last_job(self.submissions.engine, batch.batch_id),
            self._root_url,
        )

    @told
    async def report(self, request: Request) -> Response:
        """GET ``/phase3/batches/{batch}/report``: every finding of its last check."""
        asking = caller(request, self.submissions)

        def begin() -> Iterator[str]:
            batch, _ = asking.batch(request.path_params["batch"], *ANYBODY)
            engine = self.submissions.engine
            return report_text(engine, batch.batch_id, read_head(engine, batch.batch_id))

        pieces = await run_in_threadpool(begin)
        return StreamingResponse(pieces, media_type="application/json")

    @told
    async def steps(self, request: Request) -> Response:
        """POST ``/phase3/batches/{batch}/steps``: take one; long ones become jobs (status 202)."""
        asking = caller(request, self.submissions)
        wanted = read_json(params.StepRequest, await _body(request))
        check_text("reason", wanted.reason, MOST_TITLE)
        is_done = await run_in_threadpool(self._take, request, asking, wanted)
        document = await run_in_threadpool(self.read_batch, request, asking)
        return JSONResponse(document, status_code=200 if is_done else 202)

    def _take(self, request: Request, asking: Caller, wanted: params.StepRequest) -> bool:
        """Take a step, or let a job take it; whether it is done."""
        batch, people = asking.batch(request.path_params["batch"], *ANYBODY)
        self._check_idle(batch)
        # A check that was interrupted is asked for again.
        is_again = wanted.step == "close" and batch.state is State.CLOSED
        check_step(wanted.step, State.OPEN if is_again else batch.state, people, wanted.reason)
        if wanted.step in LONG:
            if wanted.step == "close":
                self.submissions.complete_files(batch)
            ask_step(self._jobs, batch.batch_id, wanted.step, asking.account, wanted.reason, self._retention)
            return False
        self.submissions.take(batch.batch_id, wanted.step, asking.account, people, wanted.reason)
        if wanted.step == "drop":
            Area(self._state_dir, batch.batch_id).clear()
        return True

    def _check_idle(self, batch: Batch) -> None:
        job = last_job(self.submissions.engine, batch.batch_id)
        if job is not None and is_going(job["phase"]):
            raise UsageFault("a step of this batch is being taken: wait for its end")

    @told
    async def amendments(self, request: Request) -> Response:
        """POST ``/phase3/batches/{batch}/amendments``: other keywords for published products (CSV); a job."""
        asking = caller(request, self.submissions)
        content = await _body(request)

        def ask() -> None:
            batch, _ = asking.batch(request.path_params["batch"], *ANYBODY)
            self._check_idle(batch)
            if batch.state is not State.OPEN:
                raise UsageFault(f"the batch is {batch.state}: reopen it first")
            text = params.read_text(content)
            parse_amendments(text.splitlines())  # what is wrong with them is said at once
            ask_amendments(self._jobs, batch.batch_id, text, asking.account, self._retention)

        await run_in_threadpool(ask)
        return JSONResponse(await run_in_threadpool(self.read_batch, request, asking), status_code=202)

    @told
    async def deprecations(self, request: Request) -> Response:
        """POST ``/phase3/deprecations``: products that should not be used, or may be again; a job."""
        asking = caller(request, self.submissions)
        if not self.submissions.is_archivist(asking.account):
            raise AuthorizationFault("products are deprecated by archivists")
        wanted = read_json(params.DeprecationRequest, await _body(request))
        check_text("reason", wanted.reason, MOST_TITLE, needed=True)
        job = await run_in_threadpool(
            ask_deprecation, self._jobs, wanted.dp_ids, asking.account, wanted.reason, self._retention,
            undo=wanted.undo,
        )  # fmt: skip
        place = f"{self._root_url}/phase3/jobs/{job.job_id}"
        return JSONResponse({"job": place}, status_code=202, headers={"Location": place})

    @told
    async def job(self, request: Request) -> Response:
        """GET ``/phase3/jobs/{job}``: how far it is, for who asked for it."""
        asking = caller(request, self.submissions)
        job = await run_in_threadpool(self._jobs.get, request.path_params["job"])
        if job.kind not in KINDS or job.owner != asking.account:
            raise NotFoundFault(f"{asking.account} has no such job")
        document = {
            "step": job.parameters.single("STEP"), "phase": job.phase, "going": is_going(job.phase),
            "progress": job.progress, "error": job.error.message if job.error else None,
        }  # fmt: skip
        return JSONResponse(document)


async def _body(request: Request, largest: int = params.LARGEST) -> bytes:
    """The body of a request; raises `TooLargeFault` beyond ``largest`` bytes."""
    return b"".join([chunk async for chunk in dali.limited(request, largest)])
