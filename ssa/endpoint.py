"""SSA 1.1 over HTTP: ``/ssa/query`` and its VOSI resources."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ssa.description import CAPABILITIES, PATH, PROTOCOL, constants, metadata_params
from ssa.params import SsaParams
from ssa.query import build_statement
from vo_server.formats import PLAIN_VOTABLE, Head
from vo_server.http import dali, vosi
from vo_server.products import ObsCore
from vo_server.services import archive_descriptors

__all__ = ["CAPABILITIES", "routes"]


class Ssa:
    """The service: what its requests share is the table's declaration."""

    def __init__(self, state: Any) -> None:
        self._state = state
        self._obscore = ObsCore.read()

    async def query(self, request: Request) -> Response:
        """GET or POST ``/ssa/query`` (SSA 1.1, QueryData Operation)."""
        return await dali.ever_200(request, self._answer, lambda exc: (PROTOCOL,))

    async def _answer(self, request: Request) -> Response:
        settings = self._state.settings
        params = SsaParams.from_parameters(await dali.read_parameters(request), settings)
        head = Head(
            infos=(PROTOCOL,),
            params=metadata_params() if params.is_metadata else constants(settings),
            descriptors=archive_descriptors(settings.root_url, "publisher_did"),
            table_name="results",
        )
        statement = build_statement(params, self._obscore, settings.root_url)
        return await dali.answer(request, statement, PLAIN_VOTABLE, maxrec=params.maxrec, head=head)


def routes(state: Any) -> list[BaseRoute]:
    """Everything below ``/ssa``."""
    return [Route(PATH, Ssa(state).query, methods=["GET", "POST"]), *vosi.routes("/ssa", CAPABILITIES)]
