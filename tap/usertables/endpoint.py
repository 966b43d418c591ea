"""Users' own tables over HTTP: PUT and DELETE below ``tables``, POST to ``load`` and ``table-update``."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tap.uploads import Gatherer
from tap.usertables.definition import read_definition, storage
from tap.usertables.rows import fitted
from tap.usertables.updates import KIND
from vo_server.http import dali, vosi
from vo_server.http.auth import logged_in, principal
from vo_server.tables import Table
from vo_server.user_tables import UserTables
from vo_server.uws.endpoint import JobList

T = TypeVar("T")

#: Media types of a VOSI table document, which describes a table and has no rows.
DEFINITIONS = ("text/xml", "application/xml")


class OwnTables:
    """The endpoints; ``gatherer`` reads the tables that come, in its turns and with its limits."""

    def __init__(self, gatherer: Gatherer) -> None:
        self._gatherer = gatherer

    async def table(self, request: Request) -> Response:
        """GET, PUT and DELETE of ``tables/<name>``."""
        if request.method == "PUT":
            return await self.put(request)
        if request.method == "DELETE":
            return await self.delete(request)
        return await vosi.get_table(request)

    async def put(self, request: Request) -> Response:
        """PUT ``tables/<name>``: keep a table, from its rows in any format or from a VOSI description.

        One of the same name is replaced.
        """
        account, tables, name = _account(request), _tables(request), request.path_params["name"]

        def create(path: Path) -> Table:
            return self._create(tables, account, name, path, _media_type(request))

        table = await _received(request, create)
        location = f"{request.app.state.settings.root_url}/tap/tables/{table.name}"
        return Response(
            vosi.single_table(table), status_code=201, media_type=vosi.XML, headers={"Location": location}
        )

    def _create(self, tables: UserTables, account: str, name: str, path: Path, media_type: str) -> Table:
        if media_type in DEFINITIONS and not _is_votable(path):
            description, columns, data = read_definition(path)
            return tables.create(account, name, columns, data, description)
        found = self._gatherer.read(path, media_type)
        return tables.create(account, name, found.columns, found.data)

    async def delete(self, request: Request) -> Response:
        """DELETE ``tables/<name>``: forget a table."""
        account = _account(request)
        await run_in_threadpool(_tables(request).drop, account, request.path_params["name"])
        return Response(status_code=204)

    async def load(self, request: Request) -> Response:
        """POST ``load/<name>``: add rows to a table, all or none."""
        account, tables, name = _account(request), _tables(request), request.path_params["name"]

        def append(path: Path) -> None:
            self._append(tables, account, name, path, _media_type(request))

        await _received(request, append)
        return Response(status_code=200)

    def _append(self, tables: UserTables, account: str, name: str, path: Path, media_type: str) -> None:
        table = tables.table(account, name)
        # A number in a text column of CSV is text; all else is checked when it is fitted.
        texts = {
            column.name: storage(column) for column in table.columns if column.is_text and not column.xtype
        }
        rows = self._gatherer.read(path, media_type, texts)
        tables.append(account, table, fitted(table, rows))


def routes(gatherer: Gatherer) -> list[BaseRoute]:
    """What there is below ``/tap``."""
    own = OwnTables(gatherer)
    return [
        Route("/tap/tables/{name}", own.table, methods=["GET", "PUT", "DELETE"]),
        Route("/tap/load/{name}", own.load, methods=["POST"]),
        *JobList("/tap/table-update", KIND, accounts_only=True).routes(),
    ]


def _account(request: Request) -> str:
    return logged_in(principal(request)).name


async def _received(request: Request, use: Callable[[Path], T]) -> T:
    """What ``use`` makes of the request's body, in a file that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="vo-table-") as directory:
        path = Path(directory, "body")
        await dali.read_body(request, path, request.app.state.settings.upload_size)
        return await run_in_threadpool(use, path)


def _is_votable(path: Path) -> bool:
    with path.open("rb") as file:
        return b"VOTABLE" in file.read(2000)


def _tables(request: Request) -> UserTables:
    tables: UserTables = request.app.state.user_tables
    return tables


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
