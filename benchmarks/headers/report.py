"""What was measured, how it grows, and what it means for 25 million files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.headers.questions import OVER_ALL, Answer
from benchmarks.headers.rates import Timed
from benchmarks.headers.synthetic import KEYWORDS
from vo_server.headers.compaction import RUN

FILES = 25_000_000  #: of the archive that is meant
CARDS = 23_000_000_000
CORES = 16
REACH = {"files/s per core": 300, "PostgreSQL": 10, "Parquet": 3, "range": 1000, "file": 5}


@dataclass(frozen=True)
class Step:
    """One size of the archive: seconds a file, Parquet files, bytes and answers."""

    factor: int
    files: int
    ingest: Timed
    compaction: Timed
    runs: int
    sizes: Mapping[str, float]
    answers: Mapping[str, Answer]


def print_alone(rates: Mapping[str, float]) -> None:
    """Reading alone."""
    floor = next(iter(rates.values()))
    print("\nreading, files a second and core (processor time)")
    for name, rate in rates.items():
        print(f"  {name:52} {rate:>9,.0f}   {floor / rate:>7.1f} x the floor")


def print_step(step: Step) -> None:
    """One size."""
    print(f"\n{step.factor}x: {step.files:,} files, {step.files * KEYWORDS:,} keywords")
    for name, timed in (("disk to searchable", step.ingest), ("compaction", step.compaction)):
        print(f"  {name:52} {1 / timed.cpu:>9,.0f} files/s a core, {1 / timed.wall:,.0f} files/s in this run")
    for name, size in step.sizes.items():
        print(f"  {name:52} {size:>9.2f}" + (" bytes a keyword" if "MB" not in name else " MB"))
    for name, answer in step.answers.items():
        print(f"  {name:52} {answer.milliseconds:>9.1f} ms, {answer.rows:,} rows")


def print_layouts(layouts: Mapping[str, float]) -> None:
    """What other layouts would take."""
    print("\nother layouts in PostgreSQL, the same headers")
    for name, size in layouts.items():
        print(f"  {name:70} {size:>7.1f} bytes a keyword")


def print_growth(steps: Sequence[Step]) -> None:
    """From the first size to the last."""
    first, last = steps[0], steps[-1]
    print(f"\ngrowth from {first.files:,} to {last.files:,} files ({last.files / first.files:.0f} x)")
    for name, answer in last.answers.items():
        before = first.answers[name]
        rows = f"answer {answer.rows / before.rows:.1f} x" if before.rows else "no rows"
        print(f"  {name:52} time {answer.milliseconds / before.milliseconds:.1f} x, {rows}")


def print_extrapolation(steps: Sequence[Step], alone: Mapping[str, float]) -> None:
    """25 million files.

    Bytes a keyword stay, because runs have a largest size. A question over everything looks into the one or
    two row groups of each run that may have the keyword, which takes in a run of any size what it took here;
    cores share the runs. What one file is asked costs an index of one level more.
    """
    last = steps[-1]
    runs = CARDS / RUN
    cpu = last.ingest.cpu + last.compaction.cpu
    print(f"\n{FILES:,} files, {CARDS:,} keywords, by these figures")
    print(f"  PostgreSQL {CARDS * last.sizes['PostgreSQL: slots'] / 1e9:,.0f} GB,"
          f" Parquet {CARDS * last.sizes['Parquet'] / 1e9:,.0f} GB")  # fmt: skip
    hours = FILES * cpu / CORES / 3600
    print(f"  initial load and compaction on {CORES} cores: {hours:.1f} hours (of headers; not of pixels)")
    for name in OVER_ALL:
        busy = last.answers[name].milliseconds / last.runs * runs / 1000
        print(f"  {name}: {busy:.2f} s of one core in {runs:.0f} runs, {busy / CORES:.2f} s on {CORES} cores")
    for name in ("all of one file, rows by SQL", "all of one file, text to the byte"):
        print(f"  {name}: {last.answers[name].milliseconds:.1f} ms")
    print("  assumed: the mix of values of these files; files of ESO's size of header; a cache that holds"
          " the places of row groups; disks that read as this one")  # fmt: skip
    checks = {
        f"ingest: {1 / last.ingest.cpu:.0f} files/s a core, wanted {REACH['files/s per core']}":
            1 / last.ingest.cpu >= REACH["files/s per core"],
        f"PostgreSQL: {last.sizes['PostgreSQL: slots']:.1f} bytes, wanted {REACH['PostgreSQL']}":
            last.sizes["PostgreSQL: slots"] <= REACH["PostgreSQL"],
        f"Parquet: {last.sizes['Parquet']:.1f} bytes, wanted {REACH['Parquet']}":
            last.sizes["Parquet"] <= REACH["Parquet"],
    }  # fmt: skip
    floor = next(iter(alone.values()))
    print(f"  ingest takes {floor * last.ingest.cpu:.0f} times what reading the blocks takes")
    for text, is_reached in checks.items():
        print(f"  {'reached' if is_reached else 'NOT reached'}: {text}")
