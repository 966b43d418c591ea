"""SIA 1.0 over HTTP: ``/sia/query`` and its VOSI resources."""

from typing import Any

from lxml import etree
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sia.v1.params import DESCRIPTIONS, SiaV1Params
from sia.v1.query import build_statement
from vo_server import dali, vosi
from vo_server.config import Settings
from vo_server.formats import PLAIN_VOTABLE, Head
from vo_server.products import ObsCore
from vo_server.services import archive_descriptors
from vo_server.vosi import Capability, Interface, text_child

PATH = "/sia/query"
STANDARD_ID = "ivo://ivoa.net/std/SIA"


def describe(element: etree._Element, settings: Settings) -> None:
    """Append the elements of ``sia:SimpleImageAccess`` (SimpleDALRegExt 1.2)."""
    text_child(element, "imageServiceType", "Pointed")
    for name in ("maxQueryRegionSize", "maxImageExtent"):
        extent = etree.SubElement(element, name)
        text_child(extent, "long", "360")
        text_child(extent, "lat", "180")
    text_child(element, "maxRecords", str(settings.maxrec_limit))
    query = etree.SubElement(element, "testQuery")
    for name, values in (("pos", (0.0, 0.0)), ("size", (5.0, 5.0))):
        pair = etree.SubElement(query, name)
        for axis, value in zip(("long", "lat"), values, strict=True):
            text_child(pair, axis, str(value))


CAPABILITIES = (
    Capability(
        STANDARD_ID,
        (Interface(PATH, version="1.0", use="base", result_type="text/xml"),),
        type="sia:SimpleImageAccess",
        details=describe,
    ),
)


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
