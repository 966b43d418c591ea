"""One TAP server under measurement, spoken to over connections that stay open."""

import http.client
import io
import os
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from astropy.table import Table

FORMATS = {
    "binary2": "application/x-votable+xml;serialization=binary2",
    "tabledata": "application/x-votable+xml;serialization=tabledata",
    "csv": "csv",
    "fits": "application/fits",
}
FORM = "application/x-www-form-urlencoded"
TIMEOUT = 300.0  #: seconds for one answer
TICKS = os.sysconf("SC_CLK_TCK")


class WrongAnswer(Exception):
    """The server's answer is not the truth: its time does not count."""


@dataclass(frozen=True)
class Answer:
    """A body, or its size where it was thrown away, and the seconds to its first and last byte."""

    status: int
    location: str
    body: bytes
    size: int
    first: float
    total: float


class Server:
    """A TAP service and the names that the common data have in it.

    Parameters
    ----------
    url : str
        The base URL, ``.../tap``.
    pid : int or None
        The process whose CPU and memory, children included, are those of the server.
    """

    def __init__(self, name: str, url: str, *, pid: int | None, sources: str, upload_sources: str) -> None:
        self.name = name
        self.url = url.rstrip("/")
        self.pid = pid
        self.sources = sources
        self.upload_sources = upload_sources
        self._address = urlsplit(self.url)
        self._local = threading.local()

    def _connection(self, *, fresh: bool) -> http.client.HTTPConnection:
        known: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if known is not None and not fresh:
            return known
        if known is not None:
            known.close()
        made = http.client.HTTPConnection(
            self._address.hostname or "", self._address.port or 80, timeout=TIMEOUT
        )
        self._local.connection = made
        return made

    def ask(
        self, method: str, path: str, body: bytes = b"", kind: str = FORM, *, keep: bool = True
    ) -> Answer:
        """One request; ``keep=False`` throws the body away while it comes."""
        headers = {"Accept-Encoding": "identity"} | ({"Content-Type": kind} if body else {})
        for attempt in (False, True):
            connection = self._connection(fresh=attempt)
            begun = time.perf_counter()
            try:
                connection.request(method, path, body or None, headers)
                response = connection.getresponse()
                break
            except (http.client.HTTPException, ConnectionError):
                if attempt:
                    raise
        kept, size = io.BytesIO(), 0
        piece = response.read(1)
        first = time.perf_counter() - begun
        while piece:
            size += len(piece)
            if keep:
                kept.write(piece)
            piece = response.read(1 << 20)
        total = time.perf_counter() - begun
        if (response.getheader("Connection") or "").lower() == "close":
            self._local.connection = None
        location = response.getheader("Location") or ""
        return Answer(response.status, location, kept.getvalue(), size, first, total)

    def query(
        self,
        adql: str,
        form: str = "binary2",
        *,
        maxrec: int = 100_000,
        keep: bool = True,
        upload: bytes = b"",
    ) -> Answer:
        """A synchronous query, with a VOTable as ``TAP_UPLOAD.t1`` where one is given."""
        fields = {"REQUEST": "doQuery", "LANG": "ADQL", "QUERY": adql, "MAXREC": str(maxrec)}
        fields["RESPONSEFORMAT"] = FORMATS.get(form, form)
        body, kind = urlencode(fields).encode(), FORM
        if upload:
            body, kind = multipart(fields | {"UPLOAD": "t1,param:table"}, upload)
        answer = self.ask("POST", f"{self._address.path}/sync", body, kind, keep=keep)
        if answer.status != 200:
            raise WrongAnswer(f"HTTP {answer.status}: {answer.body[-300:]!r}")
        return answer

    def create_job(self, adql: str) -> str:
        """The path of a job that runs; started by a request of its own, as pyvo and TOPCAT do."""
        form = urlencode({"REQUEST": "doQuery", "LANG": "ADQL", "QUERY": adql}).encode()
        made = self.ask("POST", f"{self._address.path}/async", form)
        if not made.location:
            raise WrongAnswer(f"no job: HTTP {made.status}")
        path = urlsplit(urljoin(f"{self.url}/async", made.location)).path
        self.ask("POST", f"{path}/phase", b"PHASE=RUN")
        return path

    def cpu(self) -> float:
        """Seconds of CPU so far, without the database's."""
        return sum(_cpu(pid) for pid in _tree(self.pid)) if self.pid else 0.0

    def memory(self) -> float:
        """Resident MB."""
        return sum(_resident(pid) for pid in _tree(self.pid)) if self.pid else 0.0


def multipart(fields: dict[str, str], file: bytes) -> tuple[bytes, str]:
    """A body with a file named ``table``, and its media type."""
    edge = uuid.uuid4().hex
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = 'Content-Disposition: form-data; name="table"; filename="t1.vot"\r\nContent-Type: '
    parts += [
        f"--{edge}\r\n{head}application/x-votable+xml\r\n\r\n".encode(),
        file,
        f"\r\n--{edge}--\r\n".encode(),
    ]
    return b"".join(parts), f"multipart/form-data; boundary={edge}"


def read_rows(body: bytes, form: str = "binary2") -> Table:
    """The table of an answer, by astropy.

    Raises
    ------
    WrongAnswer
        It is not one, or says that it has failed.
    """
    if b'value="ERROR"' in body[:20_000]:
        raise WrongAnswer(repr(body[-400:]))
    kinds: dict[str, dict[str, Any]] = {
        "csv": {"format": "ascii.csv", "fast_reader": True},
        "fits": {"format": "fits"},
    }
    return Table.read(io.BytesIO(body), **kinds.get(form, {"format": "votable"}))


def _tree(pid: int) -> list[int]:
    found = [pid]
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as children:
                for child in children.read().split():
                    found += _tree(int(child))
    except OSError:
        pass
    return found


def _cpu(pid: int) -> float:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return sum(map(int, fields[11:15])) / TICKS
    except OSError:
        return 0.0


def _resident(pid: int) -> float:
    try:
        with open(f"/proc/{pid}/smaps_rollup") as rollup:
            return sum(int(line.split()[1]) for line in rollup if line.startswith("Rss:")) / 1024
    except OSError:
        return 0.0
