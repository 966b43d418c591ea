"""Files read in other processes, of this machine or of many: in order, and whatever happens to a process.

Reading is a function of the file alone, so that it can be done again; only the run that asked for it loads
what was read, in one transaction a batch.
"""

import gc
import multiprocessing
import os
import pickle
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from ingest.mapping import Collection
from ingest.raw.registration import Registration
from ingest.read import Parsed, Rejected, read
from ingest.report import Finding
from ingest.scan import Candidate, Scanned, media_type
from vo_server.errors import TransientFault, UsageFault

PARALLEL_FROM = 150  #: files; below, starting processes costs more than it saves
CHUNK = 16  #: files that a process is given at once
#: Reading makes many objects and no circles of them; looking for circles took half of its time.
_OBJECTS = 100_000

Result = Parsed | Rejected
Rules = tuple[tuple[Collection, ...], Registration | None]


class Readers:
    """Reads files in the order given: in processes when there are many, else here.

    Parameters
    ----------
    registration : Registration, optional
        Rules for raw frames.
    processes : int, optional
        By default one a core, eight at most.
    scheduler : str, optional
        Address of a Dask scheduler (``tcp://host:8786``), whose workers see the files under the same paths.
    """

    def __init__(
        self,
        mappings: tuple[Collection, ...],
        registration: Registration | None = None,
        processes: int | None = None,
        scheduler: str | None = None,
    ) -> None:
        self._rules: Rules = (mappings, registration)
        self._packed = pickle.dumps(self._rules)
        self._processes = processes or min(8, os.cpu_count() or 1)
        self._scheduler = scheduler
        self._executor: Executor | None = None
        self._client: Any = None
        #: What a process that died makes of its results.
        self._lost: tuple[type[BaseException], ...] = (BrokenExecutor,)

    def __enter__(self) -> "Readers":
        """No process is started before it is needed."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes."""
        self._close()

    def read(self, candidates: Sequence[Candidate], ahead: int) -> Iterator[Result]:
        """What each of ``candidates`` holds; at most ``ahead`` are read and not yet taken."""
        if self._scheduler is None and (self._processes < 2 or len(candidates) < PARALLEL_FROM):
            yield from (_read(found, self._rules) for found in candidates)
            return
        chunks = [candidates[start : start + CHUNK] for start in range(0, len(candidates), CHUNK)]
        waiting: deque[tuple[Sequence[Candidate], Future[list[Result]]]] = deque()
        for chunk in chunks:
            waiting.append((chunk, self._submit(chunk)))
            if len(waiting) * CHUNK >= ahead:
                yield from self._take(waiting)
        while waiting:
            yield from self._take(waiting)

    def _take(self, waiting: deque[tuple[Sequence[Candidate], Future[list[Result]]]]) -> list[Result]:
        chunk, future = waiting.popleft()
        try:
            return future.result()
        except self._lost:
            # One of the files ended its process, and with it, in a pool, everything that was waiting.
            self._close()
            others = [other for other, _ in waiting]
            waiting.clear()
            results = list(_read_apart(chunk, self._packed))
            waiting.extend((other, self._submit(other)) for other in others)
            return results

    def _submit(self, chunk: Sequence[Candidate]) -> Future[list[Result]]:
        if self._executor is None:
            self._executor = self._pool() if self._scheduler is None else self._cluster(self._scheduler)
        return self._executor.submit(_read_all, chunk, self._packed)

    def _pool(self) -> Executor:
        return ProcessPoolExecutor(self._processes, _context(), _begin)

    def _cluster(self, scheduler: str) -> Executor:
        try:
            import distributed
        except ImportError as exc:
            raise UsageFault("--scheduler needs Dask: pip install 'vo-server[dask]'") from exc
        try:
            self._client = distributed.Client(scheduler, timeout="10s", set_as_default=False)
        except (OSError, ValueError) as exc:
            raise TransientFault(f"there is no Dask scheduler at {scheduler}") from exc
        # A worker that goes is told in many ways: KilledWorker, a cancelled future, an error of Dask's own.
        # Reading raises nothing, and what is wrong with it is raised again where it is read apart.
        self._lost = (Exception,)
        executor: Executor = self._client.get_executor()
        return executor

    def _close(self) -> None:
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True) if self._client is None else self._client.close()
        self._executor = self._client = None


def _context() -> multiprocessing.context.BaseContext:
    # Forked processes would inherit database connections and threads.
    return multiprocessing.get_context("spawn")


@contextmanager
def many_objects() -> Iterator[None]:
    """Inside, what makes many objects and no circles of them is not searched for circles all the time."""
    before = gc.get_threshold()
    gc.set_threshold(_OBJECTS, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _begin() -> None:
    """What a reading process does first."""
    gc.set_threshold(_OBJECTS, 20, 100)
    # Ctrl-C goes to the whole group; the parent ends its processes itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _read_all(chunk: Sequence[Candidate], packed: bytes) -> list[Result]:
    rules = _unpacked(packed)
    return [_read(found, rules) for found in chunk]


def _read(found: Candidate, rules: Rules) -> Result:
    mappings, registration = rules
    return read(found, mappings, registration=registration)


@lru_cache(maxsize=4)
def _unpacked(packed: bytes) -> Rules:
    # Between processes of one run; to unpack mappings takes longer than to read a file.
    rules: Rules = pickle.loads(packed)  # noqa: S301
    return rules


def _read_apart(chunk: Sequence[Candidate], packed: bytes) -> Iterator[Result]:
    """Read files one by one in a process of their own, which one of them may end."""
    pool: ProcessPoolExecutor | None = None
    for found in chunk:
        pool = pool or ProcessPoolExecutor(1, _context(), _begin)
        try:
            yield from pool.submit(_read_all, [found], packed).result()
        except BrokenExecutor:
            pool.shutdown()
            pool = None
            message = "the process that read the file was ended: too large for the memory, or damaged"
            finding = Finding(found.path, "UNREADABLE", message)
            yield Rejected(Scanned(found, "", "", media_type(found.path), None, None, (finding,)), (finding,))
    if pool is not None:
        pool.shutdown()
