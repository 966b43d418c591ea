"""How requests are read and errors are told (DALI 1.1): the border between HTTP and everything else."""

import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl

import anyio
import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from vo_server.errors import FatalFault, NotFoundFault, TransientFault, UsageFault, VoError
from vo_server.formats import Info, error_document
from vo_server.http.answers import ClientGone, answer
from vo_server.http.auth import challenge
from vo_server.parameters import MAX_NAME, MAX_PARAMETERS, MAX_VALUE, FilePart, Parameters

__all__ = [
    "Parameters",
    "Surprises",
    "TooLargeFault",
    "add_error_handlers",
    "answer",
    "error_response",
    "ever_200",
    "read_body",
    "read_parameters",
]

FORMS = "vo_server.forms"  #: key of a request's scope
MAX_BODY = 8 * 1024 * 1024  #: bytes of a request's body
VOTABLE = "application/x-votable+xml"
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
log = structlog.get_logger("vo_server.error")


class TooLargeFault(UsageFault):
    """The request is larger than this server reads."""

    status: ClassVar[int] = 413


class MediaTypeFault(UsageFault):
    """The request's body is in a form that this server does not read."""

    status: ClassVar[int] = 415


class MethodFault(UsageFault):
    """The resource is there, but not for this method."""

    status: ClassVar[int] = 405


async def read_parameters(
    request: Request, *, most: int = MAX_PARAMETERS, largest: int = MAX_BODY
) -> Parameters:
    """The parameters of a GET or POST request (DALI 1.1, Parameters).

    Those of the URL come first, then those of the body: ``application/x-www-form-urlencoded`` or
    ``multipart/form-data``. A file in the body appears as a parameter whose value is its file name, and in
    ``files``. At most ``most`` parameters are read.

    Raises
    ------
    TooLargeFault
        The body is larger than ``largest`` bytes.
    UsageFault
        The body is not what its Content-Type says, or breaks a limit of `Parameters`.
    """
    items = _decode(request.scope["query_string"], most)
    files: dict[str, FilePart] = {}
    if request.method == "POST":
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == MULTIPART:
            items += await _read_multipart(request, most, largest, files)
        elif kind in (FORM, ""):
            items += _decode(b"".join([chunk async for chunk in limited(request, MAX_BODY)]), most)
        else:
            raise MediaTypeFault(f"a body of type {kind[:60]!r} is not read here: send {FORM} or {MULTIPART}")
    return Parameters(items, most=most, files=files)


async def read_body(request: Request, target: Path, largest: int) -> None:
    """Write the body of a request into a file; raises `TooLargeFault` beyond ``largest`` bytes."""
    async with await anyio.open_file(target, "wb") as file:
        async for chunk in limited(request, largest):
            await file.write(chunk)


def _decode(text: bytes, most: int) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            text.decode("utf-8"),
            keep_blank_values=True,
            max_num_fields=most,
            errors="strict",
        )
    except UnicodeDecodeError:
        raise UsageFault("the parameters are not UTF-8 text: percent-encode them as UTF-8") from None
    except ValueError:
        raise UsageFault(f"too many parameters: at most {most}") from None


async def limited(request: Request, largest: int) -> AsyncGenerator[bytes, None]:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > largest:
        raise TooLargeFault(f"the body has {declared[:20]} bytes: at most {largest} are read")
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > largest:
            raise TooLargeFault(f"the body is too large: at most {largest} bytes are read")
        yield chunk


async def _read_multipart(
    request: Request, most: int, largest: int, files: dict[str, FilePart]
) -> list[tuple[str, str]]:
    """The fields; what is a file goes into ``files``."""
    parser = MultiPartParser(
        request.headers,
        limited(request, largest),
        max_files=10,
        max_fields=most,
        max_part_size=4 * MAX_VALUE,
    )
    try:
        form = await parser.parse()
    except (MultiPartException, UnicodeError, LookupError) as exc:
        reason = exc.message if isinstance(exc, MultiPartException) else "its head or its charset is wrong"
        raise UsageFault(f"the {MULTIPART} body cannot be read: {reason}") from exc
    # The files stay open until the request is answered; `Surprises` closes them.
    request.scope.setdefault(FORMS, []).append(form)
    items: list[tuple[str, str]] = []
    for name, value in form.multi_items():
        if isinstance(value, str):
            items.append((name, value))
        else:
            items.append((name[:MAX_NAME], value.filename or ""))
            files[name[:MAX_NAME]] = FilePart(value.content_type or "", value.file)
    return items


def error_response(
    exc: VoError, *, request: Request | None = None, infos: Sequence[Info] = (), status: int | None = None
) -> Response:
    """The error document for ``exc`` with its HTTP status (DALI 1.1, Errors).

    Parameters
    ----------
    infos : sequence of Info
        What the document says beside the message.
    status : int, optional
        Another status, for protocols that are older than DALI.
    """
    headers = {"Cache-Control": "no-store"}
    if isinstance(exc, TransientFault):
        headers["Retry-After"] = "10"
    body = b"" if request is not None and request.method == "HEAD" else error_document(exc, infos)
    response = Response(body, status_code=status or exc.status, media_type=VOTABLE, headers=headers)
    if exc.status == 401:
        challenge(response)
    return response


async def ever_200(
    request: Request,
    respond: Callable[[Request], Awaitable[Response]],
    tell: Callable[[UsageFault], Sequence[Info]] = lambda exc: (),
) -> Response:
    """What ``respond`` answers, and its error documents with status 200.

    Clients of protocols that are older than DALI read a document only where the status is 200.

    Parameters
    ----------
    tell : callable
        What an error document says beside the message.
    """
    try:
        return await respond(request)
    except UsageFault as exc:
        return error_response(exc, request=request, infos=tell(exc), status=200)


async def _on_vo_error(request: Request, exc: Exception) -> Response:
    fault = exc if isinstance(exc, VoError) else FatalFault(str(exc))
    log.info("refused", fault=fault.fault, status=fault.status, message=str(fault)[:500])
    return error_response(fault, request=request)


async def _on_http_error(request: Request, exc: Exception) -> Response:
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    if status == 404:
        return error_response(NotFoundFault(f"there is nothing at {request.url.path[:200]}"), request=request)
    if status == 405:
        allowed = (exc.headers or {}).get("Allow", "") if isinstance(exc, HTTPException) else ""
        response = error_response(
            MethodFault(f"{request.method} is not possible at {request.url.path[:200]}: use {allowed}"),
            request=request,
        )
        response.headers["Allow"] = allowed
        return response
    detail = exc.detail if isinstance(exc, HTTPException) else "the request failed"
    return PlainTextResponse(detail, status_code=status)


async def _on_disconnect(request: Request, exc: Exception) -> Response:
    # Nobody receives it; 499 is what proxies log for a client that went away.
    return Response(status_code=499)


class Surprises:
    """ASGI middleware for what nobody expected: the client gets a reference, the log the traceback.

    It is also where a request ends: its uploaded files are closed.
    """

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on; answer with an error document where that fails before any answer."""
        started = False

        async def send_watched(message: Any) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            if "\x00" in scope.get("path", ""):
                # No name of anything here has one, and the database refuses to compare with it.
                nothing = NotFoundFault("there is nothing at a path with a NUL character")
                await error_response(nothing, request=Request(scope))(scope, receive, send_watched)
                return
            await self.app(scope, receive, send_watched)
        except Exception as exc:
            if scope["type"] != "http":
                raise
            reference = secrets.token_hex(4)
            log.error("unexpected", reference=reference, exc_info=exc)
            # Once bytes are out, a connection closed early is the only way left to tell.
            if not started:
                fault = FatalFault(
                    "the server failed in a way it did not expect;"
                    f" the operator finds the reason under {reference}"
                )
                await error_response(fault, request=Request(scope))(scope, receive, send)
        finally:
            for form in scope.get(FORMS, ()):
                await form.close()


def add_error_handlers(app: Starlette) -> None:
    """Let every expected exception of ``app`` become an error document; `Surprises` does the others."""
    app.add_exception_handler(VoError, _on_vo_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
    app.add_exception_handler(ClientGone, _on_disconnect)
