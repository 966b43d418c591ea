"""SIA 1.0 over HTTP: ``/sia/query`` and its VOSI resources."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sia.v1.description import CAPABILITIES, PATH
from sia.v1.params import DESCRIPTIONS, SiaV1Params
from sia.v1.query import build_statement
from vo_server.formats import PLAIN_VOTABLE, Head
from vo_server.http import dali, vosi
from vo_server.products import ObsCore
from vo_server.services import archive_descriptors


class SiaV1:
    """The service: what its requests share is the table's declaration."""

    def __init__(self, state: Any) -> None:
        self._state = state
        self._obscore = ObsCore.read()

    async def query(self, request: Request) -> Response:
        """GET or POST ``/sia/query`` (SIA 1.0, Image Query)."""
        return await dali.ever_200(request, self._answer)

    async def _answer(self, request: Request) -> Response:
        settings = self._state.settings
        params = SiaV1Params.from_parameters(await dali.read_parameters(request), settings)
        head = Head(
            params=DESCRIPTIONS if params.is_metadata else (),
            descriptors=archive_descriptors(settings.root_url, "obs_publisher_did"),
            table_name="results",
        )
        statement = build_statement(params, self._obscore, settings.root_url)
        return await dali.answer(request, statement, PLAIN_VOTABLE, maxrec=params.maxrec, head=head)


def routes(state: Any) -> list[BaseRoute]:
    """Everything below ``/sia``."""
    return [
        Route(PATH, SiaV1(state).query, methods=["GET", "POST"]),
        *vosi.routes("/sia", CAPABILITIES),
    ]
