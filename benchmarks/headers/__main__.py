"""The keyword store at 1, 2 and 4 times the files, and at 25 million: ``make bench-headers``."""

import argparse
import os
import shutil
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.headers import layouts, questions, rates, report, synthetic
from ingest.run import run
from vo_server.config import Settings
from vo_server.db import migrate, open_database
from vo_server.headers.compaction import compact


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the files, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=4_000, help="headers at 4 times; 50000 for the full run")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--dir", type=Path, default=Path("/var/tmp"), help="where files and database are made"
    )
    options = parser.parse_args(arguments)
    place = Path(tempfile.mkdtemp(prefix="vo-bench-headers-", dir=options.dir))
    place.chmod(0o755)
    try:
        measure(place, options.files, options.processes)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def measure(place: Path, files: int, processes: int) -> None:
    """Ingest a quarter of the files, a quarter more, and the other half; questions after each."""
    steps = [(files // 4, 1), (files // 2, 2), (files, 4)]
    print(f"{files:,} files of {synthetic.KEYWORDS} keywords, {processes} processes")
    directories = []
    first = 0
    for until, factor in steps:
        directory = place / f"files-{factor}"
        synthetic.write(directory, until - first, first)
        directories.append(directory)
        first = until
    alone = rates.alone(directories[0])
    report.print_alone(alone)
    measured: list[report.Step] = []
    settings = Settings.load(state_dir=place / "state")
    with open_database(settings) as database:
        migrate(database)
        for directory, (until, factor) in zip(directories, steps, strict=True):
            before = measured[-1].files if measured else 0
            loaded = rates.timed(database, partial(run, [directory], database, settings, processes=processes))
            sorted_ = rates.timed(database, partial(compact, database))
            measured.append(
                report.Step(
                    factor,
                    until,
                    loaded.per_file(until - before),
                    sorted_.per_file(until - before),
                    layouts.runs(database),
                    layouts.sizes(database),
                    questions.ask(database),
                )
            )
            report.print_step(measured[-1])
        report.print_layouts(layouts.compare(database))
    report.print_growth(measured)
    report.print_extrapolation(measured, alone)


if __name__ == "__main__":
    main()
