"""TAP queries as jobs (TAP 1.1, TAP-async): the steps of a synchronous query, into the store of results."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tap.params import TapParams
from tap.query import Known, Translations, query_class, result_head, understood
from tap.uploads import Gatherer
from vo_server.batches import Batches
from vo_server.catalog_cache import CatalogCache
from vo_server.config import Settings
from vo_server.engine import Engines, Statement, Upload
from vo_server.errors import NotFoundFault
from vo_server.principal import account_of
from vo_server.slow_queries import Asked, tell_slow
from vo_server.user_tables import UserTables
from vo_server.uws.executing import Executing
from vo_server.uws.jobs import Job, JobResult
from vo_server.uws.results import ResultStore, part_key

KIND = "tap"


class TapExecutor:
    """Runs TAP jobs in a worker process."""

    def __init__(
        self,
        settings: Settings,
        engine: Engines,
        catalog: CatalogCache,
        results: ResultStore,
        user_tables: UserTables,
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._catalog = catalog
        self._results = results
        self._user_tables = user_tables
        self._translations = Translations()
        self._gatherer = Gatherer.of(settings)
        self._executing = Executing()

    def execute(self, job: Job) -> Sequence[JobResult]:
        """Check the parameters, run the query, keep its table as ``result``."""
        with self._executing.noting(job):
            self._executing.tell(job, doing="reading the query and its uploads")
            return self._execute(job)

    def progress(self, job: Job) -> Mapping[str, Any]:
        """What the job is doing, and how many rows it has written."""
        return self._executing.progress(job)

    def _count(self, job: Job, rows: int) -> None:
        so_far = self._executing.progress(job).get("rows", 0)
        self._executing.tell(job, doing="writing rows", rows=so_far + rows)

    def _execute(self, job: Job) -> Sequence[JobResult]:
        params = TapParams.from_parameters(job.parameters, self._settings)
        uploads = self._gatherer.gather(params.uploads, lambda name, target: self._part(job, name, target))
        known = Known.to(account_of(job.owner), self._catalog.current(), self._user_tables)
        statement = self._engine.choose(understood(params, known, self._translations, uploads))
        self._executing.tell(job, doing="waiting for the database")
        begun = time.monotonic()
        try:
            return [self._run(job, params, statement, uploads)]
        finally:
            asked = Asked("tap", params.query, query_class(statement, uploads))
            tell_slow(asked, time.monotonic() - begun, self._settings.slow_query)

    def _run(self, job: Job, params: TapParams, statement: Statement, uploads: Sequence[Upload]) -> JobResult:
        form = params.responseformat
        result = self._engine.execute(
            statement,
            maxrec=params.maxrec,
            timeout=float(job.execution_duration) or self._settings.async_timeout,
            query_id=job.job_id,
            uploads=uploads,
        )
        try:
            head = result_head(params, result.columns, self._settings, statement.snapshots)
            key = f"{job.job_id}/result.{form.extension}"
            batches = Batches(result.batches, lambda rows: self._count(job, rows))
            chunks = form.write(result.columns, batches, params.maxrec, head)
            size = self._results.write(key, chunks, self._settings.result_size)
            # A writer notes a failure after the first rows inside the table; a job has a better place.
            batches.check()
        finally:
            result.close()
        return JobResult("result", key, form.media_type, size)

    def _part(self, job: Job, name: str, target: Path) -> str | None:
        try:
            with target.open("wb") as file:
                file.writelines(self._results.read(part_key(job.job_id, name)))
        except NotFoundFault:
            target.unlink()
        return None

    def cancel(self, job: Job) -> None:
        """Cancel the job's query in the database."""
        self._engine.cancel(job.job_id)
