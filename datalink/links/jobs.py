"""Links of very many identifiers, as jobs (DALI 1.2, DALI-async)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from datalink.links.lookup import CHUNK, Lookup
from datalink.links.params import STANDARD_ID, LinksParams
from datalink.links.rows import COLUMNS
from datalink.lists import read_list
from vo_server.batches import Batches
from vo_server.config import Settings
from vo_server.errors import FatalFault, NotFoundFault, UsageFault
from vo_server.formats import Head, Info, ServiceDescriptor
from vo_server.services import soda_descriptors
from vo_server.uws.executing import Executing
from vo_server.uws.jobs import Job, JobResult
from vo_server.uws.results import ResultStore, part_key

KIND = "links"
PATH = "/datalink/async"
LIST = "list"  #: the part of a request with a list of identifiers
MOST_IDS = 1_000_000  #: of one job


class LinksExecutor:
    """Runs jobs of links in a worker process."""

    def __init__(self, settings: Settings, lookup: Lookup, results: ResultStore) -> None:
        self._settings = settings
        self._lookup = lookup
        self._results = results
        self._executing = Executing()

    def execute(self, job: Job) -> Sequence[JobResult]:
        """Look up every ID of the request and of the file LIST; the table is kept as ``result``."""
        with self._executing.noting(job):
            params = LinksParams.from_parameters(job.parameters)
            ids = tuple(dict.fromkeys((*params.ids, *self._listed(job))))
            if not ids:
                raise UsageFault(
                    "ID is missing: send identifiers of files, or a list of them as the file LIST"
                )
            services = tuple(soda_descriptors(self._settings.root_url, "ID"))
            form = params.responseformat
            head = Head(infos=(Info("standardID", STANDARD_ID),), descriptors=services, table_name="links")
            batches = Batches(self._batches(job, ids, list(services)))
            key = f"{job.job_id}/datalink.{form.extension.lstrip('.')}"
            chunks = form.write(COLUMNS, batches, None, head)
            size = self._results.write(key, chunks, self._settings.result_size)
            # A writer notes a failure after the first rows inside the table; a job has a better place.
            batches.check()
            return [JobResult("result", key, form.media_type, size)]

    def _listed(self, job: Job) -> tuple[str, ...]:
        try:
            pieces = self._results.read(part_key(job.job_id, LIST))
            return read_list(pieces, "", MOST_IDS)
        except NotFoundFault:
            return ()

    def _batches(
        self, job: Job, ids: Sequence[str], services: list[ServiceDescriptor]
    ) -> Iterator[pa.RecordBatch]:
        """The rows, a few hundred identifiers at a time; ``services`` are those that all rows refer to."""
        for start in range(0, len(ids), CHUNK):
            if self._executing.is_stopped(job):
                raise FatalFault("the job was stopped")
            self._executing.tell(job, doing="looking up links", identifiers=start, of=len(ids))
            yield self._lookup.batch(ids[start : start + CHUNK], services)

    def cancel(self, job: Job) -> None:
        """Let the job end before its next identifiers."""
        self._executing.stop(job)

    def progress(self, job: Job) -> Mapping[str, Any]:
        """How many identifiers are looked up."""
        return self._executing.progress(job)
