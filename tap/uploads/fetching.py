"""Tables fetched from the URL that a client gives: only public addresses, only so much, only so long.

The host's name is resolved once and the connection made to the address that was checked, so that a name which
means another machine a moment later does not matter.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from vo_server.errors import UsageFault

REDIRECTS = 5
PIECE = 1 << 16


@dataclass(frozen=True)
class Fetcher:
    """Fetches URLs.

    Attributes
    ----------
    limit : int
        Bytes of a table at most.
    seconds : float
        For the whole of it.
    allowed : collection of str
        Hosts that may have a private address, as the operator allows them.
    """

    limit: int
    seconds: float
    allowed: Collection[str] = ()

    def fetch(self, url: str, target: Path) -> None:
        """Write what is at ``url`` into ``target``.

        Raises
        ------
        UsageFault
            The URL is not allowed, does not answer with a table in time, or what it sends is too large.
        """
        deadline = time.monotonic() + self.seconds
        for _ in range(REDIRECTS + 1):
            try:
                parts = urlsplit(url)
                if parts.scheme not in ("http", "https") or not parts.hostname:
                    raise UsageFault(f"{url[:100]!r} leads to a URL that is neither http nor https")
                location = self._get(parts, target, deadline)
                url = url if location is None else urljoin(url, location)
            except (OSError, http.client.HTTPException, ValueError) as exc:
                raise UsageFault(f"{url[:100]!r} cannot be fetched: {_reason(exc)}") from exc
            if location is None:
                return
        raise UsageFault(f"{url[:100]!r} is behind more than {REDIRECTS} redirections")

    def _get(self, parts: SplitResult, target: Path, deadline: float) -> str | None:
        """Write the answer's body; where it is a redirection, its Location."""
        connection = self._connect(parts, deadline)
        # Each read has a limit of its own, but a site can send a byte before each of them ends.
        timer = threading.Timer(max(0.0, deadline - time.monotonic()), connection.hang_up)
        timer.start()
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(
                "GET", path, headers={"Accept-Encoding": "identity", "User-Agent": "vo-server"}
            )
            answer = connection.getresponse()
            if answer.status in (301, 302, 303, 307, 308):
                return answer.headers.get("Location", "")
            if answer.status != 200:
                raise UsageFault(f"{parts.geturl()[:100]!r} answers with HTTP status {answer.status}")
            self._keep(answer, target, deadline)
        finally:
            timer.cancel()
            connection.close()
        return None

    def _keep(self, answer: http.client.HTTPResponse, target: Path, deadline: float) -> None:
        size = 0
        with target.open("wb") as file:
            while piece := answer.read1(PIECE):
                size += len(piece)
                if size > self.limit:
                    raise UsageFault(f"the table is larger than {self.limit} bytes, the most that is read")
                if time.monotonic() > deadline:
                    raise UsageFault(f"the table was not there after {self.seconds:.0f} s")
                file.write(piece)

    def _connect(self, parts: SplitResult, deadline: float) -> "_Pinned":
        host = parts.hostname or ""
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        address = self._address(host, port)
        left = max(0.1, deadline - time.monotonic())
        return _Pinned(host, port, address, ssl.create_default_context() if secure else None, left)

    def _address(self, host: str, port: int) -> str:
        """The address to connect to.

        Raises
        ------
        UsageFault
            It is one of this machine or of a network that is not public.
        """
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        if host.lower() in {name.lower() for name in self.allowed}:
            return found[0]
        public = [address for address in found if is_public(address)]
        # One private address among public ones is the mark of a trick.
        if not public or len(public) < len(found):
            raise UsageFault(
                f"{host[:100]!r} has an address that is not public: tables are fetched from public ones only;"
                " send the table with the request (param:...)"
            )
        return public[0]


def is_public(address: str) -> bool:
    """Whether anybody on the Internet may be there."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast


class _Pinned(http.client.HTTPConnection):
    """A connection to an address that is known already; TLS still checks the name."""

    def __init__(
        self, host: str, port: int, address: str, context: ssl.SSLContext | None, seconds: float
    ) -> None:
        super().__init__(host, port, timeout=seconds)
        self._address = address
        self._context = context
        if context is not None:
            self.default_port = 443

    def connect(self) -> None:
        """Connect to the address that was checked."""
        plain: Any = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = (
            self._context.wrap_socket(plain, server_hostname=self.host)
            if self._context is not None
            else plain
        )

    def hang_up(self) -> None:
        """End what is read, from another thread."""
        if self.sock is not None:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


def _reason(exc: Exception) -> str:
    if isinstance(exc, TimeoutError):
        return "it does not answer in time"
    if isinstance(exc, socket.gaierror):
        return "its host is not known"
    if isinstance(exc, ssl.SSLError):
        return "its certificate or TLS is not accepted"
    return "no connection, or not an HTTP answer"
