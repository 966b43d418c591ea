"""Logs: one line per event, for people (``console``) or for machines (``json``), each with its request."""

import logging
import re
import secrets
import sys
import time
from typing import Any, Literal

import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

from vo_server.running.tracing import note

ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
#: Paths that machines fetch every few seconds; they are counted in the metrics and not logged.
QUIET = ("/metrics", "/static/")


def configure(log_format: Literal["console", "json"] = "console", level: int = logging.INFO) -> None:
    """Send structlog's and the standard library's records to standard error, in one form.

    Parameters
    ----------
    log_format : str
        ``console`` for aligned text, ``json`` for one object a line.
    level : int
        Records below it are dropped.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    render: list[Any]
    if log_format == "json":
        render = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        # The prettier traceback prints every local variable, and takes seconds for it.
        plain = structlog.dev.plain_traceback
        render = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # One line per request comes from `RequestLog`; uvicorn's own would be a second one without its id.
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("alembic").setLevel(logging.WARNING)


def subject() -> str:
    """What this thread works for, ``request=...`` or ``job=...``; empty where that is nobody's work."""
    bound = get_contextvars()
    for kind in ("job", "request"):
        if ID.fullmatch(str(bound.get(kind, ""))):
            return f"{kind}={bound[kind]}"
    return ""


class RequestLog:
    """ASGI middleware: gives every request an id, returns it as ``X-Request-Id``, logs one line at the end.

    A client's own id is kept where it is short and plain, so that a chain of services can be followed.
    """

    def __init__(self, app: Any) -> None:
        self.app = app
        self.log = structlog.get_logger("vo_server.request")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on under its id."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = next((v.decode("latin-1") for k, v in scope["headers"] if k == b"x-request-id"), "")
        request_id = given if ID.fullmatch(given) else secrets.token_hex(6)
        clear_contextvars()
        bind_contextvars(request=request_id)
        note(request=request_id)
        begun = time.perf_counter()
        status, size = 0, 0

        async def send_with_id(message: Any) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        finally:
            if not scope["path"].startswith(QUIET):
                self.log.info(
                    f"{scope['method']} {scope['path']}",
                    status=status,
                    bytes=size,
                    ms=round(1000 * (time.perf_counter() - begun), 1),
                    client=(scope.get("client") or ("",))[0],
                )
