"""The resources of Phase 3: ``/releases`` for everybody, ``/phase3`` for providers and archivists."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from phase3 import documents
from phase3.access import caller, told
from phase3.datacite import datacite_document
from phase3.feed import NEWEST, Wanted, atom_document, json_document
from phase3.pages import Pages
from phase3.provider import Provider
from phase3.published import Published
from phase3.uploads import Uploads
from vo_server.http import dali
from vo_server.submissions.documents import document_path
from vo_server.submissions.reports import findings_by_class

MOST_FILES, MOST_FINDINGS = 1_000, 200  #: on the page of a batch: files, and findings of a class


class Public:
    """What everybody may see."""

    def __init__(self, state: Any, pages: Pages) -> None:
        self._state = state
        self._pages = pages
        self._published = Published(state.database.writer)

    async def releases(self, request: Request) -> Response:
        """GET ``/releases``: all of them, with their numbers."""
        found = await run_in_threadpool(self._published.releases)
        changes = await run_in_threadpool(self._published.newest_changes, 10)
        return self._pages.page("releases.html", releases=found, changes=changes)

    async def release(self, request: Request) -> Response:
        """GET ``/releases/{collection}/{release}``: what it is and what it has."""
        names = request.path_params["collection"], request.path_params["release"]
        row, release = await run_in_threadpool(self._published.release, *names)
        contents = await run_in_threadpool(self._published.contents, row)
        return self._pages.page("release.html", row=row, release=release, contents=contents)

    async def description(self, request: Request) -> Response:
        """GET ``/releases/{collection}/{release}/description``: the document that describes it."""
        names = request.path_params["collection"], request.path_params["release"]
        _, release = await run_in_threadpool(self._published.release, *names)
        path = await run_in_threadpool(document_path, self._state.database.state_dir, release)
        headers = {"X-Content-Type-Options": "nosniff"}
        return FileResponse(
            path, media_type=release.document_type, filename=release.document,
            content_disposition_type="inline", headers=headers,
        )  # fmt: skip

    async def datacite(self, request: Request) -> Response:
        """GET ``/releases/{collection}/{release}/datacite.json``: metadata for its DOI."""
        names = request.path_params["collection"], request.path_params["release"]
        row, release = await run_in_threadpool(self._published.release, *names)
        return JSONResponse(datacite_document(row, release, self._state.settings.archive_name))

    async def changes(self, request: Request) -> Response:
        """GET ``/releases/changes.json``: changes in their order, for harvesters."""
        wanted = Wanted.from_parameters(await dali.read_parameters(request))
        arguments = wanted.after, wanted.since, wanted.collection
        found = await run_in_threadpool(self._published.changes, *arguments)
        return JSONResponse(json_document(found, wanted, self._state.settings.root_url))

    async def atom(self, request: Request) -> Response:
        """GET ``/releases/changes.atom``: the newest changes, for feed readers."""
        wanted = Wanted.from_parameters(await dali.read_parameters(request))
        found = await run_in_threadpool(self._published.newest_changes, NEWEST, wanted.collection)
        settings = self._state.settings
        document = atom_document(found, settings.archive_name, settings.root_url)
        return Response(document, media_type="application/atom+xml")


class Desk:
    """The pages of providers and archivists; programs get the same as JSON."""

    def __init__(self, provider: Provider, pages: Pages) -> None:
        self._provider = provider
        self._pages = pages

    @told
    async def overview(self, request: Request) -> Response:
        """GET ``/phase3``: the caller's collections with their batches."""
        submissions = self._provider.submissions
        asking = caller(request, submissions)

        def read() -> list[dict[str, Any]]:
            return [
                documents.collection_document(
                    found, submissions.releases(found.name), submissions.batches(found.name)
                )
                for found in submissions.collections(asking.account)
            ]

        found = await run_in_threadpool(read)
        is_archivist = submissions.is_archivist(asking.account)
        return self._pages.page(
            "desk.html", account=asking.account, collections=found, is_archivist=is_archivist
        )

    @told
    async def batch(self, request: Request) -> Response:
        """GET ``/phase3/batches/{batch}``: JSON, or a page for browsers."""
        asking = caller(request, self._provider.submissions)
        if "text/html" not in request.headers.get("accept", ""):
            return JSONResponse(await run_in_threadpool(self._provider.read_batch, request, asking))
        document = await run_in_threadpool(self._provider.read_batch, request, asking, MOST_FILES + 1)
        engine, severities = self._provider.submissions.engine, ("error", "warning")
        classes = await run_in_threadpool(
            findings_by_class, engine, document["batch"], severities, MOST_FINDINGS
        )
        return self._pages.page(
            "batch.html", batch=document, most=MOST_FILES, classes=classes, account=asking.account
        )


def routes(state: Any) -> list[BaseRoute]:
    """Everything below ``/releases`` and ``/phase3``."""
    settings = state.settings
    pages = Pages(settings.archive_name, settings.root_url)
    public, provider = Public(state, pages), Provider(state)
    desk = Desk(provider, pages)
    uploads = Uploads(
        provider.submissions, state.database.state_dir, settings.root_url, settings.submission_size
    )
    release = "/releases/{collection}/{release}"
    collection = "/phase3/collections/{collection}"
    batch = "/phase3/batches/{batch:int}"

    async def to_releases(request: Request) -> Response:
        return RedirectResponse(f"{settings.root_url}/releases#{request.path_params['collection']}")

    return [
        Route("/releases", public.releases, methods=["GET"]),
        Route("/releases/changes.json", public.changes, methods=["GET"]),
        Route("/releases/changes.atom", public.atom, methods=["GET"]),
        Route("/releases/{collection}", to_releases, methods=["GET"]),
        Route(release, public.release, methods=["GET"]),
        Route(f"{release}/description", public.description, methods=["GET"]),
        Route(f"{release}/datacite.json", public.datacite, methods=["GET"]),
        Route("/phase3", desk.overview, methods=["GET"]),
        Mount("/phase3/static", StaticFiles(packages=[("phase3", "static")])),
        Route("/phase3/collections", provider.collections, methods=["GET", "POST"]),
        Route(collection, provider.collection, methods=["GET"]),
        Route(f"{collection}/releases", provider.releases, methods=["POST"]),
        Route(f"{collection}/releases/{{release}}", provider.release, methods=["PATCH"]),
        Route(
            f"{collection}/releases/{{release}}/description/{{name}}", provider.description, methods=["PUT"]
        ),
        Route(f"{collection}/releases/{{release}}/batches", provider.batches, methods=["POST"]),
        Route("/phase3/deprecations", provider.deprecations, methods=["POST"]),
        Route("/phase3/jobs/{job}", provider.job, methods=["GET"]),
        Route(batch, desk.batch, methods=["GET"]),
        Route(f"{batch}/report", provider.report, methods=["GET"]),
        Route(f"{batch}/steps", provider.steps, methods=["POST"]),
        Route(f"{batch}/amendments", provider.amendments, methods=["POST"]),
        Route(f"{batch}/files", uploads.collection, methods=["POST", "OPTIONS"]),
        Route(
            f"{batch}/files/{{name}}", uploads.file, methods=["HEAD", "PATCH", "DELETE", "POST", "OPTIONS"]
        ),
    ]
