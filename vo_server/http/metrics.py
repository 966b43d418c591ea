"""What the server counts about itself, in Prometheus's form at ``/metrics``."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from vo_server.slow_queries import Asked, tell_slow

#: Seconds; the interesting range of a small query is 1-10 ms, of a long one minutes.
BUCKETS = (0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
#: First steps of paths that are services of their own; everything else is the portal.
SERVICES = frozenset(
    (
        *("tap", "sia2", "sia", "ssa", "scs", "datalink", "soda", "oai", "download", "header", "hdr"),
        *("preview", "thumbnail", "moc", "hips", "hipslist", "provenance", "static", "metrics", "status"),
        *("phase3", "releases"),
    )
)

#: Whether prometheus_client keeps the counts in files that several processes share.
COUNT_TOGETHER = "PROMETHEUS_MULTIPROC_DIR" in os.environ


class Metrics:
    """The counters of one process; where several count together, they tell the sums.

    Parameters
    ----------
    told : callable
        Gives metrics that are the same for all processes; called when the metrics are read.
    """

    def __init__(self, told: Callable[[], Iterable[Metric]] = tuple) -> None:
        self._told = told
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "vo_requests", "Requests answered", ("service", "method", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "vo_request_seconds",
            "From the request's head to the last byte",
            ("service",),
            registry=self.registry,
            buckets=BUCKETS,
        )
        self.bytes = Counter(
            "vo_response_bytes", "Bytes of response bodies", ("service",), registry=self.registry
        )
        self.rows = Counter("vo_rows", "Table rows sent", ("service",), registry=self.registry)
        self.queries = Histogram(
            "vo_query_seconds",
            "From the start of a synchronous query to its last row, by its class",
            ("service", "kind"),
            registry=self.registry,
            buckets=BUCKETS,
        )
        self.slow = Counter(
            "vo_slow_queries",
            "Synchronous queries that were logged for their time",
            ("service", "kind"),
            registry=self.registry,
        )
        self.running = Gauge(
            "vo_queries_running",
            "Queries being run or sent",
            registry=self.registry,
            multiprocess_mode="livesum",
        )

    def query_ended(self, asked: Asked, seconds: float, limit: float) -> None:
        """Count a synchronous query that took some seconds; log it from ``limit`` on."""
        self.queries.labels(asked.service, asked.kind).observe(seconds)
        if tell_slow(asked, seconds, limit):
            self.slow.labels(asked.service, asked.kind).inc()

    def exposition(self) -> tuple[bytes, str]:
        """The text that Prometheus scrapes, and its media type."""
        registry = self.registry
        if COUNT_TOGETHER:
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        shared = CollectorRegistry()
        shared.register(_Told(self._told))
        return generate_latest(registry) + generate_latest(shared), CONTENT_TYPE_LATEST


@dataclass(frozen=True, eq=False)
class _Told(Collector):
    """Metrics that somebody else keeps."""

    read: Callable[[], Iterable[Metric]]

    def describe(self) -> Iterator[Metric]:
        """Nothing: what there is to tell is not asked for before it is wanted."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The metrics."""
        yield from self.read()


def forget(pid: int) -> None:
    """A process has ended: what it had running runs no more."""
    if COUNT_TOGETHER:
        multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


def service_of(path: str) -> str:
    """The service that a path belongs to: a fixed set, so that odd paths make no new time series."""
    first = path.split("/", 2)[1].removesuffix(".json") if path.startswith("/") else ""
    return first if first in SERVICES else "portal"


class Measured:
    """ASGI middleware that counts requests, their bytes and their time."""

    def __init__(self, app: Any, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on and count it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        service, begun = service_of(scope["path"]), time.perf_counter()
        status, size = 500, 0

        async def send_counted(message: Any) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, send_counted)
        finally:
            self.metrics.requests.labels(service, scope["method"], status).inc()
            self.metrics.bytes.labels(service).inc(size)
            self.metrics.seconds.labels(service).observe(time.perf_counter() - begun)
