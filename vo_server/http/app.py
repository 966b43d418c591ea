"""The web application: builds the state that requests share and the routes of every package."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from anyio import CapacityLimiter
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Scope

from datalink import endpoint as datalink
from health import endpoint as health
from hips import endpoint as hips
from moc import endpoint as moc
from phase3 import endpoint as phase3
from portal import views as portal
from provenance import endpoint as provenance
from registry import endpoint as registry
from scs import endpoint as scs
from sia import endpoint as sia
from ssa import endpoint as ssa
from tap import endpoint as tap
from vo_server.catalog_cache import CatalogCache
from vo_server.config import Settings
from vo_server.engine import Engines, PostgresEngine
from vo_server.http import dali
from vo_server.http.metrics import Measured, Metrics, service_of
from vo_server.http.shares import Shares
from vo_server.measures import Measures
from vo_server.running import tracing
from vo_server.running.logs import RequestLog
from vo_server.tokens import Tokens
from vo_server.user_tables import UserTables
from vo_server.uws.jobs import JobStore
from vo_server.uws.results import ResultStore
from vo_server.uws.watch import JobWatch

#: The packages that answer requests; each has ``routes(state)``. The portal comes last: it owns ``/``.
PACKAGES = (tap, sia, ssa, scs, datalink, provenance, moc, hips, registry, health, phase3, portal)

#: Second steps of paths that requests are told apart by in traces.
RESOURCES = frozenset(("sync", "async", "query", "links", "tables", "capabilities", "availability"))
#: Parts of URLs whose requests make no spans: machines fetch these every few seconds.
UNTRACED = "/metrics$,/static/,/availability$"
#: Queries that may wait for the database or be read from it; each keeps a thread.
QUERY_THREADS = 64


class Archive(Protocol):
    """What a web process needs of the archive's database."""

    @property
    def writer(self) -> sa.Engine:
        """The role for jobs and for what is looked up."""

    @property
    def state_dir(self) -> Path:
        """Where results, previews and accounts are."""


def create_app(settings: Settings, database: Archive, engine: PostgresEngine | Engines) -> Starlette:
    """The application over one database.

    Its ``state`` has ``settings``, ``database``, ``engine``, ``catalog`` (a `CatalogCache`), ``jobs``,
    ``job_watch``, ``results``, ``metrics``, ``query_threads``, ``shares``, ``tokens``,
    ``user_tables``, ``up_since`` and ``is_healthy()``. The caller closes the engine.
    """
    jobs = JobStore(database.writer, unended=settings.owner_jobs)
    metrics = Metrics(Measures(database.writer, database.state_dir))
    state: dict[str, Any] = {
        "settings": settings,
        "database": database,
        "engine": engine if isinstance(engine, Engines) else Engines(engine),
        "catalog": CatalogCache(database.writer),
        "jobs": jobs,
        "job_watch": JobWatch(jobs),
        "results": ResultStore.of(settings.result_store, database.state_dir),
        "metrics": metrics,
        "tokens": Tokens(settings.token_file or database.state_dir / "tokens.toml"),
        "user_tables": UserTables(database.writer, settings.user_tables, settings.user_space),
        "shares": Shares(settings.owner_queries),
        "query_threads": CapacityLimiter(QUERY_THREADS),
        "up_since": datetime.now(UTC),
        "is_healthy": lambda: is_healthy(database.writer),
    }
    app = Starlette(
        lifespan=_lifespan,
        middleware=[
            *_tracing(),
            Middleware(RequestLog),
            Middleware(Measured, metrics),
            # Nothing here is private, and web clients such as Aladin Lite run on other sites.
            Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"]),
            Middleware(dali.Surprises),
        ],
    )
    for name, value in state.items():
        setattr(app.state, name, value)
    routes: list[BaseRoute] = [Route("/metrics", get_metrics, methods=["GET"])]
    for package in PACKAGES:
        routes += package.routes(app.state)
    app.router.routes.extend(routes)
    dali.add_error_handlers(app)
    return app


def _tracing() -> list[Middleware]:
    """What makes a span of each request, where spans are wanted."""
    provider = tracing.provider()
    if provider is None:
        return []
    from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware

    wanted = Middleware(
        OpenTelemetryMiddleware,
        tracer_provider=provider,
        default_span_details=lambda scope: (_span_name(scope), {}),
        excluded_urls=UNTRACED,
        # A span for each piece of a table would be thousands.
        exclude_spans=["receive", "send"],
    )
    return [wanted]


def _span_name(scope: Scope) -> str:
    """A request by method and service, and the service's resource where that is one of a few."""
    step = scope["path"].partition("/")[2].partition("/")[2].partition("/")[0]
    resource = f"/{step}" if step in RESOURCES else ""
    return f"{scope['method']} /{service_of(scope['path'])}{resource}"


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    app.state.job_watch.start()
    try:
        yield
    finally:
        await run_in_threadpool(app.state.job_watch.stop)


async def get_metrics(request: Request) -> Response:
    """GET ``/metrics``: what the server counts about itself, for Prometheus."""
    body, media_type = await run_in_threadpool(request.app.state.metrics.exposition)
    return Response(body, headers={"Content-Type": media_type})


def is_healthy(engine: sa.Engine) -> bool:
    """Whether the database answers."""
    try:
        with engine.connect() as connection:
            return connection.execute(sa.text("SELECT 1")).scalar() == 1
    except sa.exc.DBAPIError:
        return False
