"""This server, alone or beside another with the same data.

``python -m benchmarks.peer [--peer URL --peer-pid PID]``; ``benchmarks/peer/dachs/setup.sh`` and ``start.sh``
make a GAVO DaCHS of Debian's packages for the part of the other.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.peer import cases, data
from benchmarks.peer.client import Server
from benchmarks.peer.ours import archive
from benchmarks.peer.report import Report
from benchmarks.peer.truth import Truth
from benchmarks.serving import serving

#: Seconds until the workers have started too, which the other server has done long before.
SETTLED = 6
CASES = ("small", "bulk", "upload", "jobs", "clients")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(tempfile.gettempdir()) / "vo-server-peer" / "data")
    parser.add_argument("--peer", help="TAP base URL of the other server")
    parser.add_argument("--peer-pid", type=int)
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--repeat", type=int, default=20)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--upload-rows", type=int, default=20_000)
    parser.add_argument("--seconds", type=int, default=15, help="of the load with many clients")
    parser.add_argument("--bulk-repeat", type=int, default=3)
    options = parser.parse_args(arguments)
    data.write(options.data, 2_000_000, 200_000)
    truth = Truth(options.data)
    directory = Path(tempfile.gettempdir()) / "vo-server-peer" / "archive"
    with archive(directory, options.data), serving(directory) as ours:
        time.sleep(SETTLED)
        servers = [Server("vo-server", f"http://127.0.0.1:{ours.port}/tap", pid=ours.pid, **OURS)]
        if options.peer:
            servers.append(Server("peer", options.peer, pid=options.peer_pid, **DACHS))
        report = Report(servers)
        run(report, truth, options)
    print("\n" + report.markdown())
    for failure in report.failures:
        print("FAILED", failure)
    sys.exit(bool(report.failures))


#: DaCHS serves small cones from the one index and joins from the other.
OURS = {"sources": "bench.sources", "upload_sources": "bench.sources"}
DACHS = {"sources": "bench.sources", "upload_sources": "bench.sources_pgs"}


def run(report: Report, truth: Truth, options: argparse.Namespace) -> None:
    """The wanted cases."""
    wanted = options.cases.split(",")
    if "small" in wanted:
        cases.small_queries(report, truth, options.repeat)
    if "bulk" in wanted:
        cases.bulk(report, truth, options.rows, options.bulk_repeat)
    if "upload" in wanted:
        cases.crossmatch(report, truth, options.upload_rows, options.bulk_repeat)
    if "jobs" in wanted:
        cases.jobs(report, max(3, options.repeat // 4))
    if "clients" in wanted:
        cases.clients(report, truth, 32, options.seconds)


if __name__ == "__main__":
    main()
