"""A file as an answer: conditions, ranges, and its bytes in pieces (RFC 9110).

Starlette's ``FileResponse`` answers a Range header that the RFC says to ignore with 400, obeys one in HEAD
and has neither If-None-Match nor an ETag of the content, so this is our own.
"""

import asyncio
import base64
import os
import secrets
import stat
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any, BinaryIO
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from datalink.downloads.corrected import Header
from datalink.downloads.ranges import ByteRange, RangeFault, parse_range
from datalink.files import File
from vo_server.errors import TransientFault
from vo_server.http import dali

PIECE = 1024 * 1024  #: bytes read and sent at once


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes of an answer: ``size`` of the stored ones from ``start``, or others."""

    size: int
    start: int = 0
    content: bytes | None = None


class Stored:
    """The bytes of a file, open; what a client is told about them.

    Parameters
    ----------
    segments : sequence of Segment, optional
        What is sent, of a file whose header was corrected; by default its bytes.

    Attributes
    ----------
    etag : str
        Names the content: its SHA-256, and the time of a change that the archive has not seen yet.
    """

    def __init__(self, stream: BinaryIO, file: File, segments: Sequence[Segment] = ()) -> None:
        state = os.fstat(stream.fileno())
        self.stream = stream
        self.segments = tuple(segments) or (Segment(state.st_size),)
        self.size = sum(segment.size for segment in self.segments)
        self.modified = datetime.fromtimestamp(state.st_mtime_ns // 10**9, UTC)
        if file.sent_since is not None:
            self.modified = max(self.modified, file.sent_since.replace(microsecond=0))
        # The kept whole of a packed file is made once and has a name of its own.
        self.is_unchanged = file.sent_url is not None or state.st_mtime_ns == file.mtime_ns
        self.etag = f'"{file.digest}"' if self.is_unchanged else f'"{file.digest}-{state.st_mtime_ns:x}"'
        self._sha256 = file.digest

    def pieces(self) -> Iterator[bytes]:
        """All that is sent, piece by piece; for those that may wait for a disk."""
        for segment in self.segments:
            if segment.content is not None:
                yield segment.content
                continue
            position, end = segment.start, segment.start + segment.size
            while position < end:
                piece = os.pread(self.stream.fileno(), min(PIECE, end - position), position)
                if not piece:
                    raise TransientFault("the file became shorter while it was read")
                yield piece
                position += len(piece)

    def headers(self) -> dict[str, str]:
        """The headers that tell one content from another."""
        found = {
            "ETag": self.etag,
            "Last-Modified": format_datetime(self.modified, usegmt=True),
            # May be kept, and is asked for again before it is used: files are replaced, embargoes extended.
            "Cache-Control": "no-cache",
        }
        if self.is_unchanged:
            digest = base64.b64encode(bytes.fromhex(self._sha256)).decode()
            found["Repr-Digest"] = f"sha-256=:{digest}:"
        return found


@dataclass(frozen=True, slots=True)
class Made:
    """Bytes that were made for one answer, in a file without a name."""

    stream: BinaryIO
    size: int

    @property
    def segments(self) -> tuple[Segment, ...]:
        """All of it."""
        return (Segment(self.size),)


def made(write: Callable[[BinaryIO], None]) -> Made:
    """What ``write`` writes; the caller closes the stream."""
    with ExitStack() as stack:
        stream = stack.enter_context(tempfile.TemporaryFile(prefix="vo-server-"))
        write(stream)
        size = stream.seek(0, os.SEEK_END)
        stack.pop_all()
        return Made(stream, size)


def open_stored(file: File, headers: Sequence[Header] = ()) -> Stored:
    """The bytes of ``file``, with ``headers`` in the place of its own; the caller closes the stream.

    Raises
    ------
    TransientFault
        They are not where they should be, or not as many; the message does not say where that is.
    """
    away = f"the file {file.dp_id} cannot be read from the store now: try again later"
    try:
        # Without blocking, so that a pipe in the place of a file does not hold a thread for ever.
        descriptor = os.open(file.sent_path or file.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as exc:
        raise TransientFault(away) from exc
    state = os.fstat(descriptor)
    expected = file.length if file.sent_url else file.size
    if not stat.S_ISREG(state.st_mode) or state.st_size != expected:
        os.close(descriptor)
        raise TransientFault(away)
    segments = () if file.sent_url else spliced(file.size, headers)
    return Stored(os.fdopen(descriptor, "rb", buffering=0), file, segments)


def spliced(size: int, headers: Sequence[Header]) -> tuple[Segment, ...]:
    """The segments of a file of ``size`` bytes with other headers."""
    segments: list[Segment] = []
    position = 0
    for header in headers:
        segments.append(Segment(header.start - position, position))
        segments.append(Segment(len(header.content), content=header.content))
        position = header.start + header.length
    segments.append(Segment(size - position, position))
    return tuple(segment for segment in segments if segment.size)


async def send_file(
    request: Request, file: File, headers: Sequence[Header] = (), *, inline: bool = False
) -> Response:
    """The answer to GET or HEAD for ``file``: 200, 206, 304, 412 or 416.

    Parameters
    ----------
    headers : sequence of Header
        Those of a file whose header was corrected, in order.

    Raises
    ------
    TransientFault
        The store does not have it now.
    """
    stored = await run_in_threadpool(open_stored, file, headers)
    try:
        return _answer(request, file, stored, inline=inline)
    except BaseException:
        stored.stream.close()
        raise


def _answer(request: Request, file: File, stored: Stored, *, inline: bool) -> Response:
    headers = stored.headers()
    status = check_conditions(request.headers, stored)
    if status is not None:
        stored.stream.close()
        return Response(status_code=status, headers=headers)
    headers |= {
        "Accept-Ranges": "bytes",
        "Content-Disposition": disposition(file.name, inline=inline),
        "X-Content-Type-Options": "nosniff",
    }
    ranges: tuple[ByteRange, ...] = ()
    # HEAD has no range (RFC 9110, Range).
    if request.method == "GET" and "range" in request.headers and may_use_range(request.headers, stored):
        try:
            ranges = parse_range(request.headers["range"], stored.size)
        except RangeFault as exc:
            stored.stream.close()
            refused = dali.error_response(exc, request=request)
            refused.headers["Content-Range"] = f"bytes */{stored.size}"
            return refused
    return FileAnswer(stored, ranges, file.media_type, headers)


def check_conditions(headers: Mapping[str, str], stored: Stored) -> int | None:
    """The status that ends the request before any byte, or None (RFC 9110, Precedence of Preconditions)."""
    if "if-match" in headers:
        if not _names(headers["if-match"], stored.etag, weakly=False):
            return 412
    elif (unmodified := _instant(headers.get("if-unmodified-since"))) and stored.modified > unmodified:
        return 412
    if "if-none-match" in headers:
        return 304 if _names(headers["if-none-match"], stored.etag, weakly=True) else None
    modified = _instant(headers.get("if-modified-since"))
    return 304 if modified and stored.modified <= modified else None


def may_use_range(headers: Mapping[str, str], stored: Stored) -> bool:
    """Whether the client's part is of the content that is here now (RFC 9110, If-Range)."""
    condition = headers.get("if-range")
    if condition is None:
        return True
    if condition.lstrip().startswith(('"', "W/")):
        return condition.strip() == stored.etag
    return _instant(condition) == stored.modified


def _names(condition: str, etag: str, *, weakly: bool) -> bool:
    if condition.strip() == "*":
        return True
    tags = [tag.strip() for tag in condition.split(",")]
    return etag in ([tag.removeprefix("W/") for tag in tags] if weakly else tags)


def _instant(text: str | None) -> datetime | None:
    """The instant of an HTTP date; None for anything else, which the RFC says to ignore."""
    try:
        found = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found


def plain_name(name: str) -> str:
    """A name in which nothing means anything to a shell, a file system or a header."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "._:+-") else "_" for c in name)


def disposition(name: str, *, inline: bool = False) -> str:
    """The Content-Disposition that gives a file its name (RFC 6266)."""
    kind = "inline" if inline else "attachment"
    plain = plain_name(name)
    extended = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'{kind}; filename="{plain}"{extended}'


class FileAnswer(Response):
    """The whole file, one range, or several in a multipart body; closes the file in the end."""

    def __init__(
        self, stored: Stored | Made, ranges: tuple[ByteRange, ...], media_type: str, headers: dict[str, str]
    ) -> None:
        self._stored = stored
        self._parts: list[tuple[bytes, ByteRange]] = [(b"", ByteRange(0, stored.size))]
        self._end = b""
        status = 206 if ranges else 200
        if len(ranges) == 1:
            self._parts = [(b"", ranges[0])]
            headers["Content-Range"] = content_range(ranges[0], stored.size)
        elif ranges:
            boundary = secrets.token_hex(16)
            self._parts = [(part_head(boundary, media_type, item, stored.size), item) for item in ranges]
            self._end = f"\r\n--{boundary}--\r\n".encode()
            media_type = f"multipart/byteranges; boundary={boundary}"
        length = len(self._end) + sum(len(head) + item.size for head, item in self._parts)
        super().__init__(None, status_code=status, media_type=media_type, headers=headers)
        self.headers["content-length"] = str(length)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send everything, or stop when nobody listens."""
        with self._closing():
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            if scope["method"] == "HEAD":
                await send({"type": "http.response.body", "body": b""})
                return
            watch = asyncio.ensure_future(_disconnected(receive))
            try:
                async for piece in self._pieces():
                    if watch.done():
                        return
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                await send({"type": "http.response.body", "body": self._end, "more_body": False})
            finally:
                watch.cancel()

    @contextmanager
    def _closing(self) -> Iterator[None]:
        try:
            yield
        finally:
            self._stored.stream.close()

    async def _pieces(self) -> AsyncIterator[bytes]:
        for head, item in self._parts:
            if head:
                yield head
            for segment in within(self._stored.segments, item):
                if segment.content is not None:
                    yield segment.content
                    continue
                async for piece in self._read(segment):
                    yield piece

    async def _read(self, segment: Segment) -> AsyncIterator[bytes]:
        """The stored bytes of a segment, piece by piece."""
        descriptor = self._stored.stream.fileno()
        position, end = segment.start, segment.start + segment.size
        while position < end:
            wanted = min(PIECE, end - position)
            piece = read_cached(descriptor, wanted, position)
            if not piece:
                piece = await run_in_threadpool(os.pread, descriptor, wanted, position)
            if not piece:
                # The length is promised: only a connection that ends early tells the client.
                raise TransientFault("the file became shorter while it was sent")
            yield piece
            position += len(piece)


def within(segments: Sequence[Segment], wanted: ByteRange) -> Iterator[Segment]:
    """The parts of ``segments`` that are in a range of what they are together."""
    position = 0
    for segment in segments:
        skip = max(wanted.start - position, 0)
        size = min(wanted.end - position, segment.size) - skip
        if size > 0:
            content = None if segment.content is None else segment.content[skip : skip + size]
            yield Segment(size, segment.start + skip, content)
        position += segment.size


def read_cached(descriptor: int, size: int, position: int) -> bytes:
    """Bytes of a file that are in the system's memory; none where they would have to be waited for.

    Asking for them costs no thread, which is most of the cost of a piece.
    """
    nowait = getattr(os, "RWF_NOWAIT", None)
    if nowait is None:
        return b""
    buffer = bytearray(size)
    try:
        count = os.preadv(descriptor, [buffer], position, nowait)
    except OSError:
        # They are not there, or the file system cannot tell.
        return b""
    return bytes(memoryview(buffer)[:count])


async def _disconnected(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def content_range(item: ByteRange, size: int) -> str:
    """The Content-Range of one range."""
    return f"bytes {item.start}-{item.end - 1}/{size}"


def part_head(boundary: str, media_type: str, item: ByteRange, size: int) -> bytes:
    """What stands before one range in a multipart body."""
    lines = (f"--{boundary}", f"Content-Type: {media_type}", f"Content-Range: {content_range(item, size)}")
    return ("\r\n" + "\r\n".join(lines) + "\r\n\r\n").encode()
