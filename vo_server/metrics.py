"""What the server counts about itself, in Prometheus's form at ``/metrics``."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

#: Seconds; the interesting range of a small query is 1-10 ms, of a long one minutes.
BUCKETS = (0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
#: First steps of paths that are services of their own; everything else is the portal.
SERVICES = frozenset(
    (
        *("tap", "sia2", "sia", "ssa", "scs", "datalink", "soda", "oai", "download", "headers", "preview"),
        *("thumbnail", "moc", "hips", "hipslist", "static", "metrics", "status"),
    )
)

#: Whether prometheus_client keeps the counts in files that several processes share.
COUNT_TOGETHER = "PROMETHEUS_MULTIPROC_DIR" in os.environ


class Metrics:
    """The counters of one process; where several count together, they tell the sums.

    Parameters
    ----------
    jobs : callable
        Gives the number of jobs in each phase; called when the metrics are read.
    """

    def __init__(self, jobs: Callable[[], dict[str, int]] = dict) -> None:
        self._jobs = jobs
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
        self.running = Gauge(
            "vo_queries_running",
            "Queries being run or sent",
            registry=self.registry,
            multiprocess_mode="livesum",
        )

    def exposition(self) -> tuple[bytes, str]:
        """The text that Prometheus scrapes, and its media type."""
        registry = self.registry
        if COUNT_TOGETHER:
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry) + self._phases(), CONTENT_TYPE_LATEST

    def _phases(self) -> bytes:
        """Jobs by phase, which are the same for all processes."""
        phases = GaugeMetricFamily("vo_jobs", "Jobs by phase", labels=("phase",))
        for phase, number in self._jobs().items():
            phases.add_metric([phase], number)
        registry = CollectorRegistry()
        registry.register(_Told(phases))
        return generate_latest(registry)


@dataclass(frozen=True, eq=False)
class _Told(Collector):
    """One metric whose values are known."""

    metric: Metric

    def collect(self) -> Iterator[Metric]:
        """The metric."""
        yield self.metric


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
