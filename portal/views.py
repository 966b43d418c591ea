"""The pages of the portal."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from portal.holdings import HoldingsCache
from portal.sky_map import graticule
from vo_server.examples import read_examples

#: What the page says of each service: name, path, purpose.
SERVICES = (
    {"name": "TAP 1.1", "path": "/tap", "text": "ADQL over every table: TOPCAT, pyvo, astroquery.eso"},
    {
        "name": "SIA 2.0",
        "path": "/sia2/query",
        "text": "Images and cubes by position, band, time and instrument",
    },
    {
        "name": "DataLink 1.1",
        "path": "/datalink/links",
        "text": "From an identifier to file, preview, progenitors",
    },
    {"name": "VOSI tables", "path": "/tap/tables", "text": "Every table and column, as XML"},
    {
        "name": "Examples",
        "path": "/tap/examples",
        "text": "The queries of this page, for clients that offer them",
    },
    {"name": "SSA 1.1", "path": "/ssa/query", "text": "Spectra by position, wavelength, time and resolution"},
    {"name": "SIA 1.0", "path": "/sia/query", "text": "Images and cubes, for older clients"},
    {
        "name": "Cone search",
        "path": "/scs/ivoa.ObsCore",
        "text": "Rows of any table with positions: /scs/ and its name",
    },
    {"name": "SODA 1.0", "path": "/soda/sync", "text": "Parts of images, cubes, spectra and catalogues"},
    {"name": "HiPS", "path": "/hipslist", "text": "Surveys for Aladin, made of the images of collections"},
    {"name": "Coverage", "path": "/moc", "text": "Where and when each collection has data, as MOC"},
    {
        "name": "Registry",
        "path": "/oai?verb=Identify",
        "text": "Describes services, collections and documents to registries (OAI-PMH 2.0)",
    },
    {
        "name": "Releases",
        "path": "/releases",
        "text": "Data releases, their contents and descriptions, and what has changed; catalogues are tables",
    },
    {
        "name": "Provenance",
        "path": "/provenance",
        "text": "What a file was made from and by what: PROV documents, or a picture (ID=)",
    },
    {
        "name": "Status",
        "path": "/status",
        "text": "Whether the services keep the standards, now and before",
    },
    {"name": "Metrics", "path": "/metrics", "text": "For Prometheus"},
)


class Landing:
    """The page at ``/``: what is here, and how to ask it."""

    def __init__(self) -> None:
        environment = Environment(
            loader=PackageLoader("portal"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._template = environment.get_template("landing.html")
        self._fixed: dict[str, Any] = {
            "examples": read_examples(),
            "graticule": graticule(),
            "services": SERVICES,
        }
        self._cache: HoldingsCache | None = None

    async def __call__(self, request: Request) -> Response:
        """GET ``/``."""
        state = request.app.state
        if self._cache is None:
            self._cache = HoldingsCache(state.engine)
        holdings = await run_in_threadpool(self._cache.get)
        page = self._template.render(
            archive=state.settings.archive_name,
            root=state.settings.root_url,
            holdings=holdings,
            dots=holdings.dots,
            tables=list(state.catalog.current().tables),
            **self._fixed,
        )
        return HTMLResponse(page)


def routes(state: Any) -> list[BaseRoute]:
    """The routes of the portal."""
    landing = Landing()

    async def index(request: Request) -> Response:
        return await landing(request)

    return [Route("/", index), Mount("/static", StaticFiles(packages=[("portal", "static")]), name="static")]
