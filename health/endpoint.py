"""The status page over HTTP: ``/status``, a page for each service, and ``/status.json`` for machines."""

import threading
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from health.report import Report, instant
from health.store import worst
from vo_server.archive import or_try_again
from vo_server.errors import NotFoundFault
from vo_server.instants import utc_now


class Status:
    """The pages."""

    def __init__(self, engine: sa.Engine, interval: float) -> None:
        self._engine = engine
        self._interval = interval
        self._lock = threading.Lock()
        self._report: Report | None = None
        environment = Environment(
            loader=PackageLoader("health"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        environment.globals.update(instant=instant, worst=worst)
        self._template = environment.get_template("status.html")

    def report(self) -> Report:
        """The report as it is now; the findings are read again only after a run.

        Raises
        ------
        TransientFault
            The database does not answer.
        """
        with self._lock, or_try_again(), self._engine.connect() as connection:
            if self._report is None or self._report.is_outrun(connection):
                self._report = Report.read(connection, self._interval)
            return replace(self._report, now=utc_now())

    async def page(self, request: Request) -> Response:
        """GET ``/status``, ``/status/<service>``: how it is and how it was."""
        report = await run_in_threadpool(self.report)
        service = request.path_params.get("service")
        if service is not None and service not in report.services:
            raise NotFoundFault(f"{service[:40]!r} is not checked here: see {_root(request)}/status")
        settings = request.app.state.settings
        text = self._template.render(
            archive=settings.archive_name, root=settings.root_url, report=report, service=service
        )
        return HTMLResponse(text)

    async def document(self, request: Request) -> Response:
        """GET ``/status.json``: the same for machines."""
        report = await run_in_threadpool(self.report)
        return JSONResponse({"archive": request.app.state.settings.archive_name, **report.as_json()})


def _root(request: Request) -> str:
    return str(request.app.state.settings.root_url)


def routes(state: Any) -> list[BaseRoute]:
    """The routes of the status page."""
    status = Status(state.database.writer, state.settings.health_interval)
    return [
        Route("/status", status.page, methods=["GET"]),
        Route("/status.json", status.document, methods=["GET"]),
        Route("/status/{service}", status.page, methods=["GET"]),
    ]
