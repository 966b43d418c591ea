"""The running server as its clients see it: requests over HTTP, with limits."""

import csv
import io
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from email.message import Message
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlencode

from vo_server import __version__
from vo_server.errors import TransientFault, UsageFault

LARGEST = 64 * 1024 * 1024  #: bytes of one answer
LONGEST = 120.0  #: seconds for one answer


class Unreachable(TransientFault):
    """The server gave no answer at all."""


class _Staying(urllib.request.HTTPRedirectHandler):
    """Leaves redirections to the caller: those of UWS are answers."""

    def redirect_request(self, *_: Any) -> None:
        """None: do not go there."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; ``body`` is its beginning where only that was asked for."""

    url: str
    status: int
    headers: Message
    body: bytes

    @property
    def media_type(self) -> str:
        """Type and subtype, lower case, without parameters."""
        return self.headers.get_content_type()

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True)
class Site:
    """One server.

    Parameters
    ----------
    root : str
        What its documents call it, without a slash at the end.
    asked_at : str
        Where it is asked; the same, unless that cannot be reached from here.
    patience : float
        Seconds that a small job may take.
    """

    root: str
    asked_at: str = ""
    patience: float = 60.0
    _opener: urllib.request.OpenerDirector = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for place in (self.root, self.asked_at):
            if place and not place.startswith(("http://", "https://")):
                raise UsageFault(f"{place!r} is no address of a server: it begins with http:// or https://")
        # No proxy: it may be another server that answers then.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Staying())
        opener.addheaders = [("User-Agent", f"vo-server/{__version__} (IVOA-test health)")]
        object.__setattr__(self, "_opener", opener)

    def get(
        self, path: str, parameters: Mapping[str, object] | None = None, *, first: int | None = None
    ) -> Reply:
        """GET a path of the server, or a URL that it has given; only the first bytes where ``first`` is told.

        Raises
        ------
        Unreachable
            There is no answer.
        """
        query = f"{'&' if '?' in path else '?'}{urlencode(parameters)}" if parameters else ""
        headers = {} if first is None else {"Range": f"bytes=0-{first - 1}"}
        return self._send("GET", path + query, headers=headers, first=first)

    def post(self, path: str, parameters: Mapping[str, object]) -> Reply:
        """POST a form; a redirection is an answer."""
        return self._send("POST", path, urlencode(parameters).encode())

    def delete(self, path: str) -> Reply:
        """DELETE a resource."""
        return self._send("DELETE", path)

    def is_ours(self, url: str) -> bool:
        """Whether a URL leads to this server."""
        return any(url.startswith(f"{place}/") for place in (self.root, self.asked_at) if place)

    def _place(self, path: str) -> str:
        asked_at = self.asked_at or self.root
        if path.startswith("/"):
            return asked_at + path
        if not self.is_ours(path):
            raise ValueError(f"{path!r} is not of this server")
        # What stands in rows may have signs that a request must not have.
        return quote(path.replace(self.root, asked_at, 1), safe="%/:?&=#+;,@!$'()*~")

    def _send(
        self,
        method: str,
        path: str,
        data: bytes | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        first: int | None = None,
    ) -> Reply:
        place = self._place(path)
        request = urllib.request.Request(place, data, dict(headers), method=method)  # noqa: S310 (is HTTP)
        try:
            try:
                answer = self._opener.open(request, timeout=LONGEST)
            except urllib.error.HTTPError as exc:
                answer = exc
            with closing(answer):
                body = answer.read(LARGEST + 1 if first is None else first)
                if len(body) > LARGEST:
                    raise Unreachable(f"{request.full_url} sends more than {LARGEST} bytes")
                return Reply(request.full_url, answer.status, answer.headers, body)
        except OSError as exc:
            reason = getattr(exc, "reason", exc)
            raise Unreachable(f"{request.full_url} does not answer: {reason}") from exc

    def query(self, adql: str, maxrec: int = 100_000) -> list[dict[str, str]]:
        """The rows of a synchronous TAP query; an empty text is a NULL too.

        Raises
        ------
        QueryFailed
            The server refuses the query.
        """
        form = {"LANG": "ADQL", "RESPONSEFORMAT": "csv", "MAXREC": maxrec, "QUERY": adql}
        reply = self.post("/tap/sync", form)
        if reply.status != 200:
            raise QueryFailed(f"{adql}: status {reply.status}: {_error(reply.text)}")
        return list(csv.DictReader(io.StringIO(reply.text)))

    def until(self, seconds: float, pause: float = 0.2) -> Iterator[float]:
        """Again and again for ``seconds``: the seconds that have passed."""
        begun = time.monotonic()
        while (passed := time.monotonic() - begun) < seconds:
            yield passed
            time.sleep(pause)


class QueryFailed(TransientFault):
    """A query that should be answered is refused."""


def _error(document: str) -> str:
    """The message in an error document, without its tags."""
    message = document.partition('value="ERROR">')[2].partition("</INFO>")[0]
    return (message or document)[:300]
