"""Requests, statements and jobs make spans where an operator asks for them, and nothing where not."""

import gzip
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa
import structlog
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from starlette.testclient import TestClient

from tests.serving import Server, ended, engine
from vo_server.archive import JOB
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.engine import PostgresEngine, Statement
from vo_server.errors import UsageFault
from vo_server.http.app import create_app
from vo_server.parameters import Parameters
from vo_server.running import tracing
from vo_server.uws.jobs import Job, JobResult, JobStore
from vo_server.uws.results import ResultStore
from vo_server.uws.worker import Worker

__all__ = ["engine"]

KIND = "tracing-test"
QUERY = {
    "LANG": "ADQL",
    "QUERY": "SELECT table_name FROM tap_schema.tables WHERE table_name = 'ivoa.ObsCore'",
}


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """What was traced, in this process."""
    exporter = InMemorySpanExporter()
    with tracing.running("test", exporter):
        yield exporter


@pytest.fixture
def client(
    spans: InMemorySpanExporter, settings: Settings, database: Database, engine: PostgresEngine
) -> Iterator[TestClient]:
    """A client of an application that traces."""
    with TestClient(create_app(settings, database, engine)) as made:
        yield made


def facts(span: ReadableSpan) -> Mapping[str, Any]:
    return dict(span.attributes or {})


def traces(spans: Sequence[ReadableSpan]) -> set[int]:
    return {span.context.trace_id for span in spans if span.context}


def test_a_query_is_one_trace_of_request_and_statement(
    client: TestClient, spans: InMemorySpanExporter
) -> None:
    answer = client.get("/tap/sync", params=QUERY, headers={"X-Request-Id": "a-query"})
    assert b"ivoa.ObsCore" in answer.content
    statement, request = spans.get_finished_spans()
    assert (request.name, statement.name) == ("GET /tap/sync", "SELECT postgresql")
    assert request.context is not None
    assert statement.parent is not None
    assert statement.parent.span_id == request.context.span_id
    assert len(traces((request, statement))) == 1
    assert facts(request)["vo.request_id"] == facts(statement)["vo.request_id"] == "a-query"
    assert facts(request)["http.status_code"] == 200
    assert facts(statement)["db.system.name"] == "postgresql"
    assert '"table_name"' in facts(statement)["db.query.text"]
    assert request.resource.attributes["service.name"] == "vo-server"
    assert request.resource.attributes["vo.process"] == "test"


def test_the_trace_of_a_caller_goes_on(client: TestClient, spans: InMemorySpanExporter) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    client.get("/tap/sync", params=QUERY, headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    assert traces(spans.get_finished_spans()) == {int(trace, 16)}


def test_names_of_requests_are_few(client: TestClient, spans: InMemorySpanExporter) -> None:
    for path in ("/download/NO.SUCH.FILE", "/no/such/page", "/metrics", "/tap/availability"):
        client.get(path)
    names = {span.name for span in spans.get_finished_spans() if span.name.startswith("GET")}
    assert names == {"GET /download", "GET /portal"}


def test_a_statement_that_fails_says_so(engine: PostgresEngine, spans: InMemorySpanExporter) -> None:
    with pytest.raises(UsageFault):
        engine.execute(Statement("SELECT 1/0 AS x"))
    (span,) = spans.get_finished_spans()
    assert span.status.status_code == StatusCode.ERROR
    assert "zero" in (span.status.description or "")


class Asker:
    """A job that asks the database, and then fails where its parameter says so."""

    def __init__(self, engine: PostgresEngine) -> None:
        self._engine = engine

    def execute(self, job: Job) -> Sequence[JobResult]:
        with self._engine.execute(Statement("SELECT 1 AS x")) as result:
            assert sum(batch.num_rows for batch in result.batches) == 1
        if job.parameters.single("DO") == "fail":
            raise UsageFault("QUERY is wrong")
        return []

    def cancel(self, job: Job) -> None:
        """Too short to be cancelled."""

    def progress(self, job: Job) -> Mapping[str, Any]:
        return {}


@pytest.mark.parametrize(("what", "status"), [("ask", StatusCode.UNSET), ("fail", StatusCode.ERROR)])
def test_a_job_is_a_trace_with_its_statements(
    what: str,
    status: StatusCode,
    spans: InMemorySpanExporter,
    database: Database,
    engine: PostgresEngine,
    tmp_path: Path,
) -> None:
    store = JobStore(database.writer)
    worker = Worker("tracer", store, {KIND: Asker(engine)}, ResultStore(tmp_path.as_uri()))
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        job = store.create(KIND, "nobody@", Parameters([("DO", what)]), execution_duration=60, retention=600)
        store.run(job.job_id)
        while store.get(job.job_id).phase not in ("COMPLETED", "ERROR"):
            threading.Event().wait(0.02)
    finally:
        worker.stop()
        thread.join(10)
        with database.owner.begin() as connection:
            connection.execute(sa.delete(JOB).where(JOB.c.kind == KIND))
    statement, whole = spans.get_finished_spans()
    assert (statement.name, whole.name) == ("SELECT postgresql", f"job {KIND}")
    assert len(traces((statement, whole))) == 1
    assert statement.parent is not None
    assert facts(whole)["vo.job_id"] == facts(statement)["vo.job_id"] == job.job_id
    assert whole.status.status_code == status


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, False),
        ({"OTEL_SERVICE_NAME": "archive"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "TRUE"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_TRACES_EXPORTER": "console, otlp"}, True),
    ],
)
def test_the_standard_s_variables_ask_for_spans(environ: dict[str, str], wanted: bool) -> None:
    assert tracing.is_wanted(environ) is wanted


def test_nothing_is_imported_or_traced_where_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    program = (
        "import sys\n"
        "from vo_server.http import app\n"
        "from vo_server.running import processes, tracing\n"
        "with tracing.running('web'):\n"
        "    tracing.note(request='x')\n"
        "    tracing.statement_begins('SELECT 1', 'postgresql')()\n"
        "    with tracing.span('job x', job='1'):\n"
        "        assert tracing.provider() is None\n"
        "    assert app._tracing() == []\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]\n"
    )
    for name in tracing.ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


class Collector:
    """Takes what is sent to it, as a collector of OpenTelemetry does (OTLP/HTTP)."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.append(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its name in the library)
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector, which variables name."""
    made = Collector()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", made.url)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")  # milliseconds
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_processes_of_a_server_send_their_spans(
    collector: Collector, settings: Settings, database: Database
) -> None:
    server = Server(settings)
    try:
        assert requests.get(f"{server.url}/tap/sync", params=QUERY, timeout=30).ok
        job = requests.post(f"{server.url}/tap/async", data={**QUERY, "PHASE": "RUN"}, timeout=30).url
        assert b"COMPLETED" in ended(job)
        # What was sent is read by the library that wrote it: names are texts in the message.
        wanted = (b"GET /tap/sync", b"SELECT postgresql", b"job tap", b"worker", b"web")
        server.until(lambda: all(any(word in body for body in collector.received) for word in wanted))
    finally:
        server.stop()


def test_a_server_without_the_extra_starts_and_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with structlog.testing.capture_logs() as logged, tracing.running("web"):
        assert tracing.provider() is None
    assert [entry["wanted"] for entry in logged] == ["vo-server[otel]"]
