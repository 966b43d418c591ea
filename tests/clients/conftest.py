"""The demo server as users run it: a process of its own, with its own database, on a free port.

The real files are fetched from PyPI into the server's directory, or kept in that of ``VO_DEMO_CACHE``.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

STARTED = 240.0  #: seconds that the first start may take, downloads included
STOPPED = 25.0  #: seconds that an orderly end may take


class DemoServer:
    """``vo-server demo`` in a directory; it can be ended, killed and started again."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = directory.with_suffix(".log")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        program = Path(sys.executable).with_name("vo-server")
        command = [str(program), "demo", "--port", str(self.port), "--dir", str(self.directory)]
        settings = {name: value for name, value in os.environ.items() if name != "VO_DATABASE_URL"}
        settings.setdefault("VO_HEALTH_INTERVAL", "0")  # nothing but the tests asks it
        begin = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=settings)
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() - begin > STARTED:
                raise AssertionError(f"the demo server does not answer:\n{self.log.read_text()[-6000:]}")
            time.sleep(0.1)

    def stop(self) -> int:
        """End it as Ctrl-C does; its exit status."""
        return self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it as the kernel does when memory is short: nothing is tidied up."""
        self._end(signal.SIGKILL)

    def processes(self, role: str) -> list[int]:
        """The process ids of the server, of its workers or of its database."""
        if self._process is None:
            raise AssertionError("the server was not started")
        if role == "server":
            return [self._process.pid]
        if role == "database":
            return [int(next(self.directory.glob("**/postmaster.pid")).read_text().split()[0])]
        listing = subprocess.run(
            ["ps", "-A", "-o", "pid=", "-o", "ppid=", "-o", "args="],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        rows = [line.split(maxsplit=2) for line in listing.splitlines()]
        return [int(r[0]) for r in rows if int(r[1]) == self._process.pid and r[2].endswith("beside worker")]

    def _end(self, number: signal.Signals) -> int:
        if self._process is None:
            raise AssertionError("the server was not started")
        self._process.send_signal(number)
        status = self._process.wait(STOPPED)
        # The processes beside it notice that it is gone, and until then one of them may answer.
        end = time.monotonic() + 10
        while self._answers():
            assert time.monotonic() < end, "a process outlives its server"
            time.sleep(0.05)
        return status

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/tap/availability", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def finished(job: str, seconds: float = 60.0) -> str:
    """The phase of a job after it has ended (UWS 1.1, WAIT: an answer comes with every change)."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        requests.get(job, params={"WAIT": "10"}, timeout=30)
        phase = requests.get(f"{job}/phase", timeout=30).text.strip()
        if phase not in ("PENDING", "QUEUED", "EXECUTING"):
            return phase
    raise AssertionError(f"{job} has not ended after {seconds} s")


@pytest.fixture(scope="session")
def demo(open_dir: Path) -> Iterator[DemoServer]:
    """The running demo server."""
    server = DemoServer(open_dir / "demo")
    server.start()
    end = time.monotonic() + STARTED
    # Its registry asks for patience until the first records are made, a moment after the start.
    while requests.get(f"{server.url}/oai?verb=Identify", timeout=30).status_code == 503:
        assert time.monotonic() < end, server.log.read_text()[-3000:]
        time.sleep(0.1)
    yield server
    assert server.stop() == 0, server.log.read_text()[-3000:]


@pytest.fixture(scope="session")
def demo_server(demo: DemoServer) -> str:
    """The URL of the running demo server."""
    return demo.url
