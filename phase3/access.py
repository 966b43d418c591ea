"""Who asks, what they are to a batch, and answers to what they get wrong."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vo_server.errors import AuthorizationFault, TransientFault, VoError
from vo_server.http.auth import challenge, logged_in, principal
from vo_server.submissions.states import Person
from vo_server.submissions.store import Submissions, check_may
from vo_server.submissions.values import Batch, Collection

Handler = Callable[..., Awaitable[Response]]
#: Methods that change nothing, whoever's page they come from.
_SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Caller:
    """An account, and what it may."""

    account: str
    submissions: Submissions

    def may(self, collection: Collection, *wanted: Person) -> set[Person]:
        """What the account is to a collection, which has to be one of ``wanted``.

        Raises
        ------
        AuthorizationFault
            It is not.
        """
        people = self.submissions.people(self.account, collection)
        check_may(people, *wanted)
        return people

    def batch(self, batch_id: int, *wanted: Person) -> tuple[Batch, set[Person]]:
        """A batch, and what the account is to it; raises as `may`."""
        batch = self.submissions.batch(batch_id)
        return batch, self.may(self.submissions.collection(batch.collection), *wanted)


#: All who have to do with a collection.
ANYBODY = (Person.DELEGATE, Person.OWNER, Person.ARCHIVIST)


def caller(request: Request, submissions: Submissions) -> Caller:
    """Who asks.

    Raises
    ------
    AuthenticationFault
        Nobody is logged in.
    AuthorizationFault
        The request comes from a page of another site: browsers send passwords along, whoever asks for it.
    """
    account = logged_in(principal(request)).name
    origin = request.headers.get("origin")
    if origin is not None and request.method not in _SAFE:
        here = {request.headers.get("host", ""), urlsplit(request.app.state.settings.root_url).netloc}
        if urlsplit(origin).netloc not in here:
            raise AuthorizationFault("submissions are changed from this server's own pages, or by programs")
    return Caller(account, submissions)


def told(handler: Handler) -> Handler:
    """The handler, whose faults become JSON documents with ``fault`` and ``message``."""

    @wraps(handler)
    async def answer(*arguments: Any) -> Response:
        try:
            return await handler(*arguments)
        except VoError as exc:
            return fault(exc)

    return answer


def fault(exc: VoError, status: int | None = None, **headers: str) -> Response:
    """The document for a fault."""
    told_headers = {"Cache-Control": "no-store", **headers}
    if isinstance(exc, TransientFault):
        told_headers["Retry-After"] = "10"
    document = {"fault": exc.fault, "message": str(exc)}
    response = JSONResponse(document, status_code=status or exc.status, headers=told_headers)
    if exc.status == 401:
        challenge(response)
    return response
