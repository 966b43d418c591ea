"""The resources of TAP 1.1 over HTTP: sync, async, tables, capabilities, availability, examples."""

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from structlog.contextvars import bind_contextvars

from tap.capability import CAPABILITIES
from tap.examples import INTRODUCTION, TITLE, shown
from tap.explain import Advice, advise
from tap.jobs import KIND
from tap.params import TapParams
from tap.query import Known, Translations, query_class, result_head, understood
from tap.uploads import Gatherer
from tap.usertables import endpoint as usertables
from vo_server.catalog import read_sizes
from vo_server.engine import Statement, Upload
from vo_server.errors import UsageFault
from vo_server.examples import read_examples
from vo_server.http import dali, vosi
from vo_server.http.auth import principal
from vo_server.http.dali_examples import MEDIA_TYPE, examples_page
from vo_server.parameters import Parameters
from vo_server.principal import ANONYMOUS
from vo_server.slow_queries import Asked
from vo_server.tables import Catalog
from vo_server.uws.endpoint import JobList

__all__ = ["CAPABILITIES", "routes"]


#: A synchronous query is refused where the least that it can take is so many times its limit.
HOPELESS = 10.0

#: Queries that wait for their uploads at a time, in threads of their own: a URL may be slow.
GATHERERS = 16


class Tap:
    """The service: what its requests share is the memory of translated queries."""

    def __init__(self, state: Any) -> None:
        self._state = state
        self._translations = Translations()
        self._examples = read_examples()
        self.gatherer = Gatherer.of(state.settings)
        self._gatherers = CapacityLimiter(GATHERERS)

    async def sync(self, request: Request) -> Response:
        """GET or POST ``/tap/sync`` (TAP 1.1, TAP-sync)."""
        state = self._state
        parameters = await dali.read_parameters(request, largest=state.settings.upload_size)
        params = TapParams.from_parameters(parameters, state.settings)
        if params.runid:
            bind_contextvars(runid=params.runid)
        known = await self._known(request)
        uploads: tuple[Upload, ...] = ()
        if params.uploads:
            uploads = await to_thread.run_sync(self._gather, params, parameters, limiter=self._gatherers)
        statement = await self._planned(params, known, uploads)
        form = params.responseformat
        head = result_head(params, statement.columns, state.settings, statement.snapshots)
        doubt = None if uploads else partial(self._doubt, statement, params.maxrec, known.own)
        asked = Asked("tap", params.query, query_class(statement, uploads))
        return await dali.answer(
            request,
            statement,
            form,
            maxrec=params.maxrec,
            head=head,
            uploads=uploads,
            doubt=doubt,
            asked=asked,
        )

    async def _known(self, request: Request) -> Known:
        """What the caller can query; mostly without a question to the database."""
        state = self._state
        catalog = state.catalog.known() or await run_in_threadpool(state.catalog.current)
        account = principal(request).name
        if account == ANONYMOUS:
            return Known(catalog, catalog)
        return await run_in_threadpool(Known.to, account, catalog, state.user_tables)

    async def _planned(self, params: TapParams, known: Known, uploads: tuple[Upload, ...] = ()) -> Statement:
        engines = self._state.engine
        query = understood(params, known, self._translations, uploads)
        if engines.wants_files(query):
            return await run_in_threadpool(engines.choose, query)
        return engines.choose(query)  # type: ignore[no-any-return]

    def _doubt(self, statement: Statement, maxrec: int, catalog: Catalog) -> UsageFault | None:
        """What to tell a client whose query will not end in time by far."""
        advice = self._advice(statement.limited(maxrec + 1), catalog)
        limit = self._state.settings.sync_timeout
        if advice.seconds < HOPELESS * limit:
            return None
        return UsageFault(
            f"the query would take more than {advice.seconds:.3g} s, a synchronous one has {limit:.0f} s:"
            f" send it to {self._state.settings.root_url}/tap/async. {'; '.join(advice.hints)}"
        )

    def _advice(self, statement: Statement, catalog: Catalog) -> Advice:
        settings = self._state.settings
        return advise(
            self._state.engine.explain(statement),
            catalog,
            read_sizes(self._state.database.writer),
            sync_timeout=settings.sync_timeout,
            jobs_url=f"{settings.root_url}/tap/async",
            snapshots=statement.snapshots,
        )

    def _gather(self, params: TapParams, parameters: Parameters) -> tuple[Upload, ...]:
        def part(name: str, target: Path) -> str | None:
            found = parameters.files.get(name.lower())
            if found is None:
                return None
            found.copy(target)
            return found.media_type

        return self.gatherer.gather(params.uploads, part)

    async def explain(self, request: Request) -> Response:
        """GET or POST ``/tap/explain``: what a query will give and cost, and what would make it cheaper."""
        state = self._state
        params = TapParams.from_parameters(await dali.read_parameters(request), state.settings)
        if params.uploads:
            raise UsageFault("a query with uploads cannot be explained: leave UPLOAD out, or run it")
        known = await self._known(request)
        statement = await self._planned(params, known)
        with state.shares.held(principal(request).share):
            advice = await run_in_threadpool(self._advice, statement, known.own)
        return JSONResponse(asdict(advice))

    async def root(self, request: Request) -> Response:
        """GET ``/tap``: the page for people (TAP 1.1, Resources)."""
        return RedirectResponse(f"{self._state.settings.root_url}/", status_code=303)

    async def examples(self, request: Request) -> Response:
        """GET ``/tap/examples`` (DALI 1.1, DALI-examples)."""
        catalog = await run_in_threadpool(self._state.catalog.current)
        title = TITLE.format(self._state.settings.archive_name)
        page = examples_page(title, INTRODUCTION, tuple(shown(self._examples, catalog)))
        return Response(page, media_type=MEDIA_TYPE)


def routes(state: Any) -> list[BaseRoute]:
    """Everything below ``/tap``."""
    tap = Tap(state)
    return [
        Route("/tap", tap.root, methods=["GET"]),
        Route("/tap/sync", tap.sync, methods=["GET", "POST"]),
        Route("/tap/explain", tap.explain, methods=["GET", "POST"]),
        Route("/tap/examples", tap.examples, methods=["GET"]),
        *JobList("/tap/async", KIND).routes(),
        *usertables.routes(tap.gatherer),
        *vosi.routes("/tap", CAPABILITIES, has_tables=True),
    ]
