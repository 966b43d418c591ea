"""Checking a closed batch: the standard's rules, the archive's own, and a summary for who reviews it."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

from ingest.phase3.finding import Finding
from ingest.phase3.releases import catalogues
from ingest.phase3.releases.archive import Archive
from ingest.phase3.releases.catalogues import CatalogueFile
from ingest.phase3.releases.summary import summarise
from ingest.phase3.report import Report
from ingest.phase3.standard.model import Severity
from ingest.phase3.validate import validate
from ingest.read import Parsed, Rejected
from ingest.readers import Readers, many_objects
from ingest.run import BATCH, mappings_for
from ingest.scan import Candidate, candidate
from vo_server.archive import FILE
from vo_server.errors import UsageFault
from vo_server.progress import Progress, silent
from vo_server.submissions.published import PRODUCTS
from vo_server.submissions.reports import keep_files
from vo_server.submissions.states import SYSTEM, Person
from vo_server.submissions.store import take_step
from vo_server.submissions.values import Batch, Collection

#: What the archive itself wants of a batch: severity, what is wanted, how to mend it.
RULES: dict[str, tuple[Severity, str, str]] = {
    "PROGRAMME_FOREIGN": (
        "error",
        "a programme of the collection",
        "correct PROG_ID, or ask the archive to add the programme to the collection",
    ),
    "NOT_TAKEN": ("error", "a file that the archive can describe", "correct what is told, and send it again"),
}
_PROGRAMME = re.compile(r"\s*[;,]\s*|\s+")


def check_batch(archive: Archive, batch_id: int, progress: Progress | None = None) -> Batch:
    """Check a closed batch and let it pass or fail; report and summary are kept with it.

    A legacy batch passes whatever the standard says, as long as the archive can describe its files.

    Raises
    ------
    UsageFault
        It is not closed, or files of it are missing.
    """
    submissions = archive.submissions
    batch = submissions.batch(batch_id)
    files = complete_files(archive, batch)
    report = validate(
        files, batch.standard, is_whole=batch.door == "external", known=_Known(archive, batch.collection),
        progress=progress,
    )  # fmt: skip
    report, parsed = _with_archive(archive, batch, report, files, progress or silent)
    is_fine = not any(
        finding.severity == "error" and (batch.door != "legacy" or finding.family == "archive")
        for finding in report.findings
    )
    summary = summarise(parsed, submissions.files(batch_id))
    with archive.owner.begin() as connection:
        keep_files(connection, batch_id, ((one.path, one.as_json()) for one in _named(report).files))
        return take_step(
            connection, batch_id, "pass" if is_fine else "fail", SYSTEM, {Person.SYSTEM}, str(report)[:300],
            since=batch.changed, report=report.head(), summary=summary,
        )  # fmt: skip


def _named(report: Report) -> Report:
    """The report with names of files instead of their places here."""
    files = []
    for one in report.files:
        name, place = Path(one.path).name, f"{Path(one.path).parent}/"
        found = tuple(
            replace(finding, file=name, came=finding.came.replace(place, "")) for finding in one.findings
        )
        files.append(replace(one, path=name, findings=found))
    return replace(report, files=tuple(files))


def complete_files(archive: Archive, batch: Batch) -> list[Path]:
    """Where the files of a batch wait, all of them there; raises as `Submissions.complete_files`."""
    area = archive.area(batch)
    return [area.path(file.name) for file in archive.submissions.complete_files(batch)]


def _with_archive(
    archive: Archive, batch: Batch, report: Report, files: Sequence[Path], say: Progress
) -> tuple[Report, list[Parsed]]:
    """The report with the archive's findings, and what the archive makes of each product."""
    collection = archive.submissions.collection(batch.collection)
    found: defaultdict[str, list[Finding]] = defaultdict(list)
    products: list[Parsed] = []
    for path, result in read_all(archive, batch, files, say):
        if isinstance(result, Rejected):
            if not _is_companion(result):
                found[path] += [_refused(path, finding.message) for finding in result.findings]
        elif result.compression == "gz" and batch.door != "legacy":
            found[path].append(_refused(path, "it is packed with gzip: products are FITS, or .fits.fz"))
        elif result.kind == "raw":
            found[path].append(_refused(path, "it is a raw frame: they come by vo-server ingest"))
        else:
            found[path] += _programmes(path, result, collection)
            # Their headers are not looked at any more, and may be long.
            products.append(replace(result, headers=()))
    for path, message in _catalogues(archive, batch, report):
        found[path].append(_refused(path, message))
    checked = tuple(replace(one, findings=(*one.findings, *found[one.path])) for one in report.files)
    return replace(report, files=checked), products


def _catalogues(archive: Archive, batch: Batch, report: Report) -> Iterator[tuple[str, str]]:
    """The catalogue that cannot be a table, and why; the standard's own errors come first."""
    files = [
        CatalogueFile("", one.category, Path(one.path).name, Path(one.path).absolute())
        for one in report.files
        if one.category in (*catalogues.TABLES, catalogues.TILE)
    ]
    if not files or not (report.is_valid or batch.door == "legacy"):
        return
    try:
        catalogues.check_tables(archive, batch.collection, batch.standard, files)
    except UsageFault as exc:
        yield next(one.path for one in report.files if one.category in catalogues.TABLES), str(exc)


def read_all(
    archive: Archive, batch: Batch, files: Sequence[Path], say: Progress
) -> Iterator[tuple[str, Parsed | Rejected]]:
    """Every file as ingest sees it."""
    candidates = [found for file in files if isinstance(found := candidate(file), Candidate)]
    mappings = mappings_for(archive.state_dir, collection=batch.mapping)
    with many_objects(), Readers(mappings) as readers:
        for count, result in enumerate(readers.read(candidates, ahead=2 * BATCH), 1):
            yield candidates[count - 1].path, result
            say(count, len(candidates), "reading files")


def _is_companion(rejected: Rejected) -> bool:
    """Whether it is no FITS file: a picture or a table that goes with a product."""
    return {finding.rule for finding in rejected.findings} == {"NOT_FITS"}


def _programmes(path: str, parsed: Parsed, collection: Collection) -> Iterator[Finding]:
    if not collection.programmes or parsed.kind != "product":
        return
    told = [name for name in _PROGRAMME.split(parsed.row.get("proposal_id") or "") if name]
    for name in told:
        if not any(name == known or name.startswith(f"{known}.") for known in collection.programmes):
            wanted = f"one of {', '.join(collection.programmes[:10])}"
            yield _finding(path, "PROGRAMME_FOREIGN", name, 0, "PROG_ID", wanted)


def _refused(path: str, message: str) -> Finding:
    return _finding(path, "NOT_TAKEN", message)


def _finding(
    path: str, rule: str, came: str, hdu: int | None = None, keyword: str | None = None, wanted: str = ""
) -> Finding:
    severity, usually, mend = RULES[rule]
    return Finding(
        path, rule, severity, "archive", hdu, keyword, came, wanted or usually, mend, "this archive"
    )


class _Known:
    """Whether the archive has a file, by its identifier or, in the collection, by its original name."""

    def __init__(self, archive: Archive, collection: str) -> None:
        self._engine = archive.owner
        self._collection = collection
        self._answers: dict[str, bool] = {}

    def __call__(self, name: str) -> bool:
        if name not in self._answers:
            here = sa.and_(FILE.c.origfile == name, FILE.c.collection == self._collection)
            published = sa.and_(PRODUCTS.c.origfile == name, PRODUCTS.c.collection == self._collection)
            is_there = sa.exists().where(sa.or_(FILE.c.dp_id == name, here))
            is_current = sa.exists().where(published, PRODUCTS.c.status == "current")
            query = sa.select(sa.or_(is_there, is_current))
            with self._engine.connect() as connection:
                self._answers[name] = bool(connection.scalar(query))
        return self._answers[name]
