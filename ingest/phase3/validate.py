"""Files and a standard in, a report out: no server, no database (SDP; the seam of every door)."""

import multiprocessing
import os
import signal
import time
import traceback
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ingest.fitsfile import Limits, Refused
from ingest.phase3 import batch
from ingest.phase3.batch.files import Batch, Known
from ingest.phase3.checks import forms
from ingest.phase3.checks.structure import name_marks
from ingest.phase3.facts import Facts, facts_of, other_facts
from ingest.phase3.finding import Finding, Mark
from ingest.phase3.product import opened
from ingest.phase3.report import Checked, Report
from ingest.phase3.standard import Standard, load
from ingest.scan import FITS_SUFFIXES
from vo_server.progress import Progress, silent

PARALLEL_FROM = 24  #: files; fewer are done before processes have started
CHUNK = 16  #: files that a process gets at a time
AHEAD = 8  #: such chunks, of each process, that wait for being taken
_MJD_OF_1970 = 40587.0


@dataclass(frozen=True)
class Examined:
    """One file alone: its facts, and what is wrong with it."""

    facts: Facts
    bytes: int
    findings: tuple[Finding, ...]


def validate(
    files: Sequence[Path],
    standard: Standard | str = "8",
    *,
    is_whole: bool = True,
    known: Known | None = None,
    processes: int | None = None,
    progress: Progress | None = None,
    now: float | None = None,
) -> Report:
    """Check the files of a batch, each alone and against each other.

    Parameters
    ----------
    files : sequence of Path
        FITS products, and the files that go with them.
    standard : Standard or str
        A version, or the path of a file that extends one.
    is_whole : bool
        Whether these are all files of the batch.
    known : callable or None
        Whether the archive has a file; without one, names of the archive's form are taken for known.
    processes : int or None
        Number of processes; as many as there are cores when None.
    now : float or None
        MJD of today.

    Raises
    ------
    UsageFault
        There is no such standard, or it cannot be read.
    """
    said = standard if isinstance(standard, Standard) else load(standard)
    today = _MJD_OF_1970 + time.time() / 86400 if now is None else now
    say = progress or silent
    examined = []
    for done in _examined(list(files), said, today, processes):
        examined.append(done)
        say(len(examined), len(files), "checking files")
    together = Batch(tuple(one.facts for one in examined), said, is_whole, known)
    findings: dict[str, list[Finding]] = {one.facts.path: list(one.findings) for one in examined}
    for path, mark in batch.marks(together):
        findings[path].append(Finding.of(path, mark, said))
    checked = tuple(
        Checked(
            one.facts.path, one.facts.category, one.facts.kind, one.bytes, tuple(findings[one.facts.path])
        )
        for one in examined
    )
    return Report(said.version, said.title, checked)


def examine(path: Path, standard: Standard, now: float, limits: Limits | None = None) -> Examined:
    """Check one file alone; whatever is in it, this ends with findings."""
    file = str(path)
    size = 0
    try:
        size = path.stat().st_size
        if not _is_fits(path):
            marks: tuple[Mark, ...] = tuple(name_marks(path.name))
            facts = other_facts(path)
        else:
            with opened(path, standard, now, limits) as product:
                marks, facts = tuple(forms.marks(product)), facts_of(product)
    except Refused as exc:
        marks = (Mark(exc.fault.rule, exc.fault.message, exc.hdu, exc.fault.keyword),)
        facts = Facts(file, "other")
    except OSError as exc:
        marks, facts = (Mark("UNREADABLE", exc.strerror or "it cannot be read"),), Facts(file, "other")
    except Exception as exc:
        # One file in ten thousand must not keep the others from being checked.
        import structlog

        log = structlog.get_logger(__name__)
        log.error("a check failed", file=file, traceback=traceback.format_exc())
        marks, facts = (Mark("NOT_CHECKED", type(exc).__name__),), Facts(file, "other")
    return Examined(facts, size, tuple(Finding.of(file, mark, standard) for mark in dict.fromkeys(marks)))


def _is_fits(path: Path) -> bool:
    """Whether a file is FITS, or says so by its name."""
    if path.name.lower().endswith((*FITS_SUFFIXES, ".fz")):
        return True
    with path.open("rb") as stream:
        return stream.read(9) == b"SIMPLE  ="


def _examined(files: list[Path], standard: Standard, now: float, processes: int | None) -> Iterator[Examined]:
    """Every file in the order given; in processes when there are many."""
    count = processes or min(8, os.cpu_count() or 1)
    if count < 2 or len(files) < PARALLEL_FROM:
        yield from (examine(path, standard, now) for path in files)
        return
    context = multiprocessing.get_context("spawn")
    waiting: deque[Future[list[Examined]]] = deque()
    with ProcessPoolExecutor(count, context, _begin, (standard, now)) as pool:
        try:
            for start in range(0, len(files), CHUNK):
                waiting.append(pool.submit(_examine, files[start : start + CHUNK]))
                if len(waiting) >= AHEAD * count:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


_work: tuple[Standard, float] | None = None


def _begin(standard: Standard, now: float) -> None:
    """What a checking process does first."""
    global _work
    _work = standard, now
    # Ctrl-C goes to the whole group; the parent ends its processes itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _examine(paths: list[Path]) -> list[Examined]:
    assert _work is not None  # noqa: S101
    return [examine(path, *_work) for path in paths]
