"""SODA as jobs (SODA 1.0, {async} Responses): each part is a result."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from io import BufferedRandom, FileIO
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from datalink.soda.params import SodaParams
from datalink.soda.parts import Parts, Wanted
from vo_server.config import Settings
from vo_server.errors import FatalFault
from vo_server.uws.executing import Executing
from vo_server.uws.jobs import Job, JobResult
from vo_server.uws.results import ResultStore

KIND = "soda"
PIECE = 1024 * 1024  #: bytes


class Stopped(Exception):
    """The job is to end now."""


class PartFile(BufferedRandom):
    """A part on disk, whose writing ends when ``is_stopped()`` says so."""

    def __init__(self, raw: FileIO, is_stopped: Callable[[], bool]) -> None:
        super().__init__(raw, PIECE)
        self._is_stopped = is_stopped

    def write(self, data: Any, /) -> int:
        """Write a piece; raises `Stopped`."""
        if self._is_stopped():
            raise Stopped
        return super().write(data)


class SodaExecutor:
    """Runs SODA jobs in a worker process."""

    def __init__(self, settings: Settings, parts: Parts, results: ResultStore) -> None:
        self._settings = settings
        self._parts = parts
        self._results = results
        self._executing = Executing()

    def execute(self, job: Job) -> Sequence[JobResult]:
        """Make every part, one after the other; a text in the place of one that cannot be had."""
        with self._executing.noting(job):
            try:
                wanted = self._parts.wanted(SodaParams.from_parameters(job.parameters))
                found = []
                for number, part in enumerate(wanted, 1):
                    self._executing.tell(job, doing="cutting", parts=number - 1, of=len(wanted))
                    found.append(self._keep(job, number, part))
                return found
            except Stopped:
                raise FatalFault("the job was stopped") from None

    def _keep(self, job: Job, number: int, part: Wanted) -> JobResult:
        raw = TemporaryFile(prefix="vo-server-soda-", buffering=0)  # noqa: SIM115 (closed below)
        with PartFile(raw, lambda: self._executing.is_stopped(job)) as file:
            name, media_type = self._parts.make_or_explain(part, file)
            key = f"{job.job_id}/{name}"
            size = self._results.write(key, _pieces(file), self._settings.result_size)
        return JobResult(f"part-{number}", key, media_type, size)

    def cancel(self, job: Job) -> None:
        """Let the job end with the next piece that it writes."""
        self._executing.stop(job)

    def progress(self, job: Job) -> Mapping[str, Any]:
        """How many parts are made."""
        return self._executing.progress(job)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(PIECE):
        yield piece
