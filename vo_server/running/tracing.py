"""Spans for OpenTelemetry of requests, statements and jobs, where an operator asks for them.

Without the standard's variables nothing of it is imported, and what is here costs a comparison.
"""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING

import structlog
from structlog.contextvars import get_contextvars

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

#: Variables that say where spans go (OpenTelemetry, OTLP Exporter Configuration).
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
LAST = 2.0  #: seconds for sending what is left when a process ends
#: What this thread works for, as logs call it, and the attribute that tells it.
_SUBJECTS = {"request": "vo.request_id", "job": "vo.job_id"}
_EXTRA = "vo-server[otel]"

_provider: "TracerProvider | None" = None


def is_wanted(environ: Mapping[str, str]) -> bool:
    """Whether variables ask for spans (OpenTelemetry, Environment Variable Specification)."""
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporters = environ.get("OTEL_TRACES_EXPORTER", "otlp").replace(" ", "").split(",")
    return "otlp" in exporters and any(environ.get(name, "").strip() for name in ENDPOINTS)


def provider() -> "TracerProvider | None":
    """What makes spans in this process; None where nobody asked for them."""
    return _provider


@contextlib.contextmanager
def running(process: str, exporter: "SpanExporter | None" = None) -> Iterator[None]:
    """Make spans in this process within the block; at its end what waits is sent.

    Parameters
    ----------
    process : str
        What the process does, such as ``web`` or ``worker``.
    exporter : SpanExporter, optional
        Where spans go, one by one; without it they go where variables say (OTLP over HTTP), in batches, if
        these say anything.
    """
    global _provider
    made = _made(process, exporter)
    if made is None:
        yield
        return
    _provider = made
    try:
        yield
    finally:
        _provider = None
        # A collector that does not answer is asked again and again: the server must end all the same.
        sending = threading.Thread(target=made.shutdown, name="last spans", daemon=True)
        sending.start()
        sending.join(LAST)


def _made(process: str, exporter: "SpanExporter | None") -> "TracerProvider | None":
    if exporter is None and not is_wanted(os.environ):
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
    except ImportError:
        # A variable that is set for all programs of a site does not keep the server from starting.
        structlog.get_logger("vo_server.running.tracing").warning("no spans are made", wanted=_EXTRA)
        return None
    told: dict[str, str | int] = {
        "service.version": version("vo-server"),
        "vo.process": process,
        "process.pid": os.getpid(),
    }
    if "OTEL_SERVICE_NAME" not in os.environ:
        told["service.name"] = "vo-server"
    made = TracerProvider(resource=Resource.create({**told}), shutdown_on_exit=False)
    made.add_span_processor(
        SimpleSpanProcessor(exporter) if exporter else BatchSpanProcessor(OTLPSpanExporter())
    )
    return made


def note(**attributes: str) -> None:
    """Say more of the span that this thread is in: ``request`` and ``job`` by the names that logs have."""
    if _provider is not None:
        from opentelemetry import trace

        trace.get_current_span().set_attributes(_named(attributes))


def _named(attributes: Mapping[str, object]) -> dict[str, str]:
    return {_SUBJECTS[key]: str(value) for key, value in attributes.items() if key in _SUBJECTS and value}


@contextlib.contextmanager
def span(name: str, **attributes: str) -> Iterator[None]:
    """A span of this thread's work; what happens within is below it."""
    if _provider is None:
        yield
        return
    with _provider.get_tracer(__name__).start_as_current_span(name, attributes=_named(attributes)):
        yield


def statement_begins(sql: str, dialect: str) -> Callable[[str], None]:
    """A span of one statement, from now until what is returned is called, from any thread, even twice.

    That takes what went wrong, in words; nothing for success.  See OpenTelemetry's semantic conventions,
    Database client spans.
    """
    if _provider is None:
        return _nothing
    from opentelemetry.trace import SpanKind, Status, StatusCode

    attributes = {
        "db.system.name": dialect,
        "db.operation.name": "SELECT",
        "db.query.text": sql,
        **_named(get_contextvars()),
    }
    tracer = _provider.get_tracer(__name__)
    begun = tracer.start_span(f"SELECT {dialect}", kind=SpanKind.CLIENT, attributes=attributes)

    def end(failure: str = "") -> None:
        if begun.is_recording():
            if failure:
                begun.set_status(Status(StatusCode.ERROR, failure))
            begun.end()

    return end


def _nothing(failure: str = "") -> None:
    """The end of a statement of which no span was made."""
