"""A server of an archive in a process of its own, started as users start it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Served:
    """Where it listens and which process it is."""

    port: int
    pid: int


@contextmanager
def serving(state_dir: Path, environment: Mapping[str, str] | None = None) -> Iterator[Served]:
    """A server of that archive on a free port, until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    program = Path(sys.executable).with_name("vo-server")
    process = subprocess.Popen(
        [str(program), "serve", "--port", str(port), "--dir", str(state_dir)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"VO_LOG_FORMAT": "json", "VO_HEALTH_INTERVAL": "0"} | dict(environment or {}),
    )
    try:
        _wait_until_ready(process, port)
        yield Served(port, process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise SystemExit("the server did not start")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("the server did not listen in time")
