"""SIA 2.0 over HTTP: ``/sia2/query`` and its VOSI resources."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from sia.choices import Choices
from sia.description import CAPABILITIES, QUERY_PATH, STANDARD_ID, self_descriptor
from sia.params import SiaParams
from sia.query import build_statement
from sia.v1 import endpoint as v1
from vo_server.errors import UsageFault, VoError
from vo_server.formats import Head, Info, negotiate
from vo_server.http import dali, vosi
from vo_server.parameters import Parameters
from vo_server.products import ObsCore
from vo_server.services import archive_descriptors

__all__ = ["CAPABILITIES", "routes"]

#: Formats whose error document is plain text (SIA 2.0, Errors).
PLAIN = ("text/csv", "text/tab-separated-values", "text/plain")


class Sia:
    """The service: what its requests share is the table's declaration and the values in use."""

    def __init__(self, state: Any) -> None:
        self._state = state
        self._obscore = ObsCore.read()
        self._choices = Choices(state.database.writer, self._obscore)

    async def query(self, request: Request) -> Response:
        """GET or POST ``/sia2/query`` (SIA 2.0, {query} resource)."""
        parameters = await dali.read_parameters(request)
        try:
            return await self._answer(request, parameters)
        except VoError as exc:
            if is_plain(parameters):
                return PlainTextResponse(f"{exc.fault}: {exc}\n", status_code=exc.status)
            raise

    async def _answer(self, request: Request, parameters: Parameters) -> Response:
        state = self._state
        params = SiaParams.from_parameters(parameters, state.settings)
        form = params.responseformat
        options = self._choices.known()
        if options is None:
            options = await run_in_threadpool(self._choices.current)
        root_url = state.settings.root_url
        head = Head(
            infos=(Info("standardID", STANDARD_ID),),
            descriptors=(
                *archive_descriptors(root_url, "obs_publisher_did"),
                self_descriptor(root_url, options),
            ),
            table_name="results",
        )
        statement = build_statement(params, self._obscore)
        return await dali.answer(request, statement, form, maxrec=params.maxrec, head=head)


def is_plain(parameters: Parameters) -> bool:
    """Whether the client asked for one of the plain-text formats."""
    try:
        return negotiate(parameters.single("RESPONSEFORMAT")).media_type.startswith(PLAIN)
    except UsageFault:
        return False


def routes(state: Any) -> list[BaseRoute]:
    """Everything below ``/sia2``, and ``/sia`` for the first version of the protocol."""
    return [
        Route(QUERY_PATH, Sia(state).query, methods=["GET", "POST"]),
        *vosi.routes("/sia2", CAPABILITIES),
        *v1.routes(state),
    ]
