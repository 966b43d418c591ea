"""The web server: uvicorn with uvloop and httptools, stopped by the signals of its process."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from importlib.metadata import version
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from vo_server.running.signals import stop_signals

GRACE = 5  #: seconds that open requests have to end


def run_app(app: Starlette, listener: socket.socket, on_ready: Callable[[], None]) -> None:
    """Answer requests that come to ``listener`` until SIGINT or SIGTERM.

    Parameters
    ----------
    on_ready : callable
        Called as soon as requests are accepted.
    """
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        headers=[("Server", f"vo-server/{version('vo-server')}")],
        proxy_headers=True,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=GRACE,
    )
    server = _Server(config, on_ready)

    def stop(number: int, frame: FrameType | None) -> None:
        # A second signal changes nothing: the end is never further away than GRACE.
        server.should_exit = True

    with stop_signals(stop):
        server.run(sockets=[listener])


class _Server(uvicorn.Server):
    """uvicorn, telling when it accepts requests and leaving the signals to us."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone: uvicorn would raise them again and end us before the workers have."""
        yield
