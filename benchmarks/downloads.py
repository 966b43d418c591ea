"""A large file by ``/download``, against nginx with sendfile on the same machine in the same run.

``python -m benchmarks.downloads [--megabytes 2048] [--repeat 5]``; without nginx only our own speed is told.
"""

import argparse
import http.client
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from benchmarks.ingest_rows import archive
from benchmarks.serving import serving
from vo_server.archive import FILE
from vo_server.db import Database

NAME = "ADP.BENCH-LARGE"
REACH = 0.7  #: of nginx's speed
CONFIGURATION = """
worker_processes 2; pid {directory}/nginx.pid; error_log {directory}/error.log; user root; daemon off;
events {{ worker_connections 100; }}
http {{ access_log off; sendfile on; tcp_nopush on;
        server {{ listen 127.0.0.1:{port}; location / {{ root {directory}; }} }} }}
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=2048)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="vo-bench-", dir="/var/tmp") as name, archive() as database:
        directory = Path(name)
        directory.chmod(0o755)
        path = directory / "large.fits"
        write_file(path, options.megabytes)
        register(database, path)
        with serving(database.state_dir, {"VO_WEB": "1"}) as server, nginx(directory) as port:
            ours, theirs = [], []
            before = resident(server.pid)
            for _ in range(options.repeat):
                ours.append(fetch(server.port, f"/download/{NAME}"))
                theirs += [fetch(port, "/large.fits")] if port else []
            report("vo-server", options.megabytes, ours)
            if port:
                report("nginx", options.megabytes, theirs)
                share = statistics.median(theirs) / statistics.median(ours)
                print(f"{share:.2f} of nginx's speed (reach {REACH})")
            print(f"memory grows by {(resident(server.pid) - before) / 1024:.0f} MB")


def write_file(path: Path, megabytes: int) -> None:
    """A file of bytes that do not repeat soon."""
    piece = bytes(range(256)) * 4096
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(piece)


def register(database: Database, path: Path) -> None:
    """The row that ingest would write."""
    state = path.stat()
    now = datetime.now(UTC)
    row = {
        "dp_id": NAME, "kind": "product", "category": "SCIENCE.IMAGE", "collection": "BENCH",
        "origfile": path.name, "url": path.as_uri(), "size": state.st_size, "sha256": "0" * 64,
        "md5": "0" * 32, "media_type": "application/fits",
        "ingested": now, "modified": now, "mtime_ns": state.st_mtime_ns,
    }  # fmt: skip
    with database.owner.begin() as connection:
        connection.execute(sa.insert(FILE).values(**row))


@contextmanager
def nginx(directory: Path, port: int = 8199) -> Iterator[int | None]:
    """The port of an nginx that serves the directory; None where there is no nginx."""
    program = shutil.which("nginx")
    if program is None:
        yield None
        return
    configuration = directory / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(directory=directory, port=port))
    process = subprocess.Popen([program, "-c", str(configuration)], stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def fetch(port: int, path: str) -> float:
    """Seconds of one download."""
    buffer = bytearray(1 << 20)
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    begun = time.perf_counter()
    client.request("GET", path)
    answer = client.getresponse()
    if answer.status != 200:
        raise SystemExit(f"{path}: HTTP {answer.status}")
    while answer.readinto(buffer):
        pass
    client.close()
    return time.perf_counter() - begun


def resident(pid: int) -> int:
    """Kilobytes of memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def report(name: str, megabytes: int, seconds: Sequence[float]) -> None:
    """A line of figures."""
    median = statistics.median(seconds)
    print(f"{name:10} {median:.2f} s, {megabytes / median:,.0f} MB/s (median of {len(seconds)})")


if __name__ == "__main__":
    main()
