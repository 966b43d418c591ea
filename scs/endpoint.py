"""Cone searches over HTTP: ``/scs/<schema>.<table>`` and the VOSI resources of each."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from scs.capability import capability
from scs.params import ConeParams
from scs.query import Cones, build_statement
from vo_server.capabilities import standard_capabilities
from vo_server.errors import NotFoundFault
from vo_server.formats import PLAIN_VOTABLE, Head, Info
from vo_server.http import dali, vosi
from vo_server.tables import Catalog

__all__ = ["routes"]

PATH = "/scs/{table}"


class ConeSearch:
    """The services, one for each table; their requests share the catalogue of tables."""

    def __init__(self, state: Any) -> None:
        self._state = state

    async def search(self, request: Request) -> Response:
        """GET or POST ``/scs/<table>`` (SCS 1.03, Compliance)."""
        return await dali.ever_200(request, self._answer, lambda exc: (Info("Error", f"{exc.fault}: {exc}"),))

    async def _answer(self, request: Request) -> Response:
        cones = await self._cones(request)
        params = ConeParams.from_parameters(await dali.read_parameters(request), self._state.settings)
        form = params.responseformat
        if form.name == "votable/td":
            form = PLAIN_VOTABLE
        head = Head(table_name=cones.table.name, description=cones.table.description)
        statement = build_statement(cones, params)
        return await dali.answer(request, statement, form, maxrec=params.maxrec, head=head)

    async def _cones(self, request: Request) -> Cones:
        catalog: Catalog = self._state.catalog.known() or await run_in_threadpool(self._state.catalog.current)
        name = request.path_params["table"]
        table = catalog.table(name)
        found = Cones.of(table) if table else None
        if found is None:
            names = [each.name for each in catalog.tables if Cones.of(each)]
            raise NotFoundFault(f"no cones can be searched in {name[:100]!r}: they can in {', '.join(names)}")
        return found

    async def capabilities(self, request: Request) -> Response:
        """GET ``/scs/<table>/capabilities`` (VOSI 1.1, Capability metadata)."""
        cones = await self._cones(request)
        path = f"/scs/{cones.table.name}"
        items = (*standard_capabilities(path), capability(path))
        return Response(vosi.capabilities(items, self._state.settings), media_type=vosi.XML)

    async def availability(self, request: Request) -> Response:
        """GET ``/scs/<table>/availability`` (VOSI 1.1, Availability metadata)."""
        await self._cones(request)
        return await vosi.get_availability(request)


def routes(state: Any) -> list[BaseRoute]:
    """Everything below ``/scs``."""
    service = ConeSearch(state)
    return [
        Route(PATH, service.search, methods=["GET", "POST"]),
        Route(f"{PATH}/capabilities", service.capabilities, methods=["GET"]),
        Route(f"{PATH}/availability", service.availability, methods=["GET"]),
    ]
