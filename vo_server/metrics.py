"""What the server counts about itself, in Prometheus's form at ``/metrics``."""

import time
from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

#: Seconds; the interesting range of a small query is 1-10 ms, of a long one minutes.
BUCKETS = (0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
SERVICES = frozenset({"tap", "sia2", "sia", "datalink", "download", "preview", "static", "metrics", "status"})


class Metrics:
    """The counters of one process.

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
        self.running = Gauge("vo_queries_running", "Queries being run or sent", registry=self.registry)
        self.phases = Gauge("vo_jobs", "Jobs by phase", ("phase",), registry=self.registry)

    def exposition(self) -> tuple[bytes, str]:
        """The text that Prometheus scrapes, and its media type."""
        self.phases.clear()
        for phase, number in self._jobs().items():
            self.phases.labels(phase).set(number)
        return generate_latest(self.registry), CONTENT_TYPE_LATEST


def service_of(path: str) -> str:
    """The service that a path belongs to: a fixed set, so that odd paths make no new time series."""
    first = path.split("/", 2)[1] if path.startswith("/") else ""
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
