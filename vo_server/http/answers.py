"""Rows on their way to a client: small answers in one write, large ones streamed, both cancellable.

The engine's driver and the formats' writers block, so both run in threads; the event loop only watches
the connection. A client that goes away has its query cancelled in the database.
"""

import asyncio
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import structlog
from anyio import to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from vo_server.batches import Batches
from vo_server.engine import Result, Statement, Upload
from vo_server.errors import VoError
from vo_server.formats import Format, Head
from vo_server.http.auth import principal
from vo_server.http.compression import gzipped, wants_gzip
from vo_server.slow_queries import Asked

SMALL = 1_000_000  #: bytes; an answer up to this size has a Content-Length and holds no connection while sent
PATIENCE = 0.05  #: seconds to wait for the end of an answer before what is there is sent
SLOW = 0.5  #: seconds without a row after which a query is looked at more closely
PIECE = 262_144  #: bytes handed to the network at once; smaller ones cost a thread switch each
log = structlog.get_logger("vo_server.http.answers")


Value = TypeVar("Value")
Doubt = Callable[[], VoError | None]
Begun = tuple["Pieces", bytes]  #: an answer and its first bytes


class ClientGone(Exception):
    """The client closed its connection before there was an answer."""


class Pieces:
    """The bytes of one answer, and the query they come from; used in threads, one call at a time."""

    def __init__(self, chunks: Iterator[bytes], result: Result, on_close: Callable[[], None]) -> None:
        self._chunks = chunks
        self._result = result
        self._on_close = on_close
        # Whoever closes waits for the thread that gathers: a generator cannot be closed while it runs.
        self._lock = threading.RLock()
        self.is_complete = False

    def gather(self, size: int, seconds: float = float("inf")) -> bytes:
        """The next bytes: ``size`` or more, fewer at the end or when ``seconds`` have passed."""
        found: list[bytes] = []
        have, begun = 0, time.monotonic()
        with self._lock:
            try:
                for chunk in self._chunks:
                    found.append(chunk)
                    have += len(chunk)
                    if have >= size or time.monotonic() - begun > seconds:
                        return b"".join(found)
            except BaseException:
                self.close()
                raise
            self.close()
        return b"".join(found)

    def close(self) -> None:
        """Give the connection back."""
        with self._lock:
            if not self.is_complete:
                self.is_complete = True
                close = getattr(self._chunks, "close", None)
                if close:
                    close()
                self._result.close()
                self._on_close()


async def answer(
    request: Request,
    statement: Statement,
    form: Format,
    *,
    maxrec: int,
    head: Head,
    timeout: float | None = None,
    uploads: Sequence[Upload] = (),
    doubt: Doubt | None = None,
    asked: Asked | None = None,
) -> Response:
    """Run ``statement`` and answer with its rows in ``form``; HEAD only gets to know the media type.

    Parameters
    ----------
    maxrec : int
        Rows to send at most; one more in the result makes it an overflow (DALI 1.1, MAXREC).
    timeout : float or None
        Seconds after which the database cancels the query; None means ``settings.sync_timeout``.
    uploads : sequence of Upload
        Tables that exist for this query only.
    doubt : callable, optional
        Called in a thread where there is no row after `SLOW` seconds; the fault that it gives is the answer.
    asked : Asked, optional
        What is logged and counted of the query; None means the request as it is.

    Raises
    ------
    QuotaFault
        The client has as many queries running as it may.
    VoError
        The query failed before its first rows were there.
    """
    if request.method == "HEAD":
        return Response(media_type=form.media_type)
    state = request.app.state
    query_id = secrets.token_hex(8)
    limit = state.settings.sync_timeout if timeout is None else timeout
    service = request.url.path.split("/", 2)[1]
    asked = asked or Asked(service, f"{request.url.path}?{request.url.query}")
    is_packed = wants_gzip(
        request.headers.get("accept-encoding", ""),
        request.client.host if request.client else "",
        form.media_type,
        state.settings.compress,
    )

    def begin() -> Begun:
        begun = time.monotonic()

        def ended() -> None:
            state.metrics.query_ended(asked, time.monotonic() - begun, state.settings.slow_query)

        try:
            result = state.engine.execute(
                statement, maxrec=maxrec, timeout=limit, query_id=query_id, uploads=uploads
            )
        except BaseException:
            ended()
            raise
        try:
            batches = Batches(result.batches, state.metrics.rows.labels(service).inc)
            chunks = form.write(result.columns, batches, maxrec, head)
            pieces = Pieces(gzipped(chunks) if is_packed else chunks, result, ended)
            start = pieces.gather(SMALL, PATIENCE)
            # Nothing is sent yet: a fault still becomes an error document with its own status.
            batches.check()
            return pieces, start
        except BaseException:
            result.close()
            raise

    share = principal(request).share
    state.shares.enter(share)
    try:
        with state.metrics.running.track_inprogress():
            pieces, start = await _unless_gone(request, query_id, begin, doubt)
    except BaseException:
        state.shares.leave(share)
        raise
    headers = _headers(form, service)
    if is_packed:
        headers["Content-Encoding"] = "gzip"
    if pieces.is_complete:
        state.shares.leave(share)
        return Response(start, headers=headers)
    return Streaming(pieces, start, query_id, share, headers=headers)


def _headers(form: Format, service: str) -> dict[str, str]:
    return {
        # Not as Starlette's media_type, which adds a charset that the format's own type does not have.
        "Content-Type": form.media_type,
        "Content-Disposition": f'inline; filename="{service}-result.{form.extension}"',
        "Vary": "Accept-Encoding",
    }


async def _unless_gone(
    request: Request, query_id: str, begin: Callable[[], Begun], doubt: Doubt | None
) -> Begun:
    """What ``begin`` gives; its query ends where the client goes first, or where ``doubt`` is right."""
    work = asyncio.ensure_future(_in_thread(request.app.state, begin))
    watch = asyncio.ensure_future(_disconnected(request.receive))
    try:
        await asyncio.wait({work, watch}, timeout=SLOW, return_when=asyncio.FIRST_COMPLETED)
        if doubt is not None and not work.done() and not watch.done():
            fault = await run_in_threadpool(doubt)
            if fault is not None and not work.done():
                await _give_up(request, query_id, work)
                raise fault
        await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            await _give_up(request, query_id, work)
            log.info("client gone", query=query_id)
            raise ClientGone
        return work.result()
    finally:
        watch.cancel()


async def _give_up(request: Request, query_id: str, work: asyncio.Future[Begun]) -> None:
    await _cancel(request.app.state.engine, query_id, work)
    if not work.cancelled() and work.exception() is None:
        await run_in_threadpool(work.result()[0].close)


async def _in_thread(state: Any, function: Callable[..., Value], *arguments: Any) -> Value:
    # Threads of their own: when all of them wait for the database, there must be one left to cancel.
    return await to_thread.run_sync(function, *arguments, limiter=state.query_threads)


async def _disconnected(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cancel(engine: Any, query_id: str, work: asyncio.Future[Any]) -> None:
    """Cancel a query until the thread that waits for it has returned."""
    while not work.done():
        await run_in_threadpool(engine.cancel, query_id)
        await asyncio.wait({work}, timeout=0.1)


class Streaming(Response):
    """An answer sent while the database still delivers it.

    The next piece is made while the last one is sent. When the client goes away the query is cancelled.
    """

    def __init__(self, pieces: Pieces, start: bytes, query_id: str, share: str, **options: Any) -> None:
        super().__init__(None, **options)
        del self.headers["content-length"]
        self._pieces = pieces
        self._start = start
        self._query_id = query_id
        self._share = share

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send everything, or stop when nobody listens."""
        try:
            await self._answer(scope, receive, send)
        finally:
            scope["app"].state.shares.leave(self._share)

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        state = scope["app"].state
        if scope["method"] == "HEAD":
            await run_in_threadpool(self._stop, state.engine)
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": b""})
            return
        watch = asyncio.ensure_future(_disconnected(receive))
        with state.metrics.running.track_inprogress():
            try:
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                await self._send_all(send, watch, state)
            finally:
                watch.cancel()
                if not self._pieces.is_complete:
                    await run_in_threadpool(self._stop, state.engine)

    async def _send_all(self, send: Any, watch: asyncio.Future[None], state: Any) -> None:
        body = self._start
        while not self._pieces.is_complete:
            work: asyncio.Future[Any] = asyncio.ensure_future(_in_thread(state, self._pieces.gather, PIECE))
            sending = asyncio.ensure_future(
                send({"type": "http.response.body", "body": body, "more_body": True})
            )
            await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
            if watch.done():
                sending.cancel()
                await _cancel(state.engine, self._query_id, work)
                log.info("client gone", query=self._query_id)
                return
            await asyncio.wait({sending, watch}, return_when=asyncio.FIRST_COMPLETED)
            body = work.result()
        await send({"type": "http.response.body", "body": body, "more_body": False})

    def _stop(self, engine: Any) -> None:
        engine.cancel(self._query_id)
        self._pieces.close()
