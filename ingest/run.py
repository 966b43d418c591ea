"""One ingest run: find, read in parallel, load in batches, relate, report."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ingest import collections, correct, identify, quarantine, relate
from ingest.collections import load_collections
from ingest.lineage import Identified
from ingest.load import Loaded, Place, load
from ingest.mapping import Collection, Match, choose
from ingest.protection import spread_release_dates
from ingest.raw.registration import load_registration
from ingest.read import Parsed, Rejected, read
from ingest.readers import Readers, many_objects
from ingest.report import Explained, Finding, Report
from ingest.scan import Candidate, candidate, count, find, scan, storable
from vo_server.archive import FILE, FINDING, INGEST_RUN, PROPERTY
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.db.connections import default_state_dir
from vo_server.db.locks import holding
from vo_server.errors import UsageFault
from vo_server.progress import Progress, silent

BATCH = 250  #: files in one transaction
MOST_CARDS = 400_000  #: header cards in one transaction, whatever the number of files
CLOCKS = timedelta(minutes=10)  #: by which those of this machine and of the database may differ
CHUNK = 2_000  #: files asked for at once whether they are known
#: Any number, the same in every process: one ingest at a time in a database.
LOCK = 0x766F696E67657374


def run(
    paths: Iterable[Path],
    database: Database,
    settings: Settings,
    progress: Progress | None = None,
    *,
    collection: str | None = None,
    full: bool = False,
    processes: int | None = None,
    scheduler: str | None = None,
    presets: Sequence[Path] = (),
) -> Report:
    """Take the files under ``paths`` into the archive.

    A run that is killed leaves whole batches behind, and the next one goes on from there: what the archive
    holds does not depend on how often it was interrupted.

    Parameters
    ----------
    progress : callable, optional
        Called as ``progress(done, total, what)``.
    collection : str, optional
        Name of the mapping for all files, instead of the one whose rules match.
    full : bool
        Read files again whose size and time of change are the same as before.
    processes : int, optional
        That read files; by default one a core when there are many files.
    scheduler : str, optional
        Address of a Dask scheduler whose workers read the files instead.
    presets : sequence of Path
        Directories of mappings, beside the product's and those in ``<state_dir>/presets``.

    Raises
    ------
    UsageFault
        A path does not exist, a mapping is wrong, or there is no mapping ``collection``.
    """
    paths = [Path(path) for path in paths]
    mappings = mappings_for(database.state_dir, presets, collection)
    report = Report()
    say = progress or silent
    registration = load_registration(settings, database.state_dir)
    files = Readers(mappings, registration, processes, scheduler)
    with holding(database.owner, LOCK), many_objects(), files as readers:
        with database.owner.begin() as connection:
            place = Place(root_url(connection, settings), settings.authority)
            insert = sa.insert(INGEST_RUN).values(paths=[storable(str(path)) for path in paths])
            run_id, started = connection.execute(
                insert.returning(INGEST_RUN.c.run_id, INGEST_RUN.c.started)
            ).one()
        session = _Run(database, place, report, run_id, started, say, correct.reader(mappings, registration))
        session.take(paths, readers, full=full)
    return report


def correct_keyword(
    database: Database,
    settings: Settings,
    dp_id: str,
    keyword: str,
    value: str | None,
    *,
    reason: str,
    author: str,
    hdu: int = 0,
    progress: Progress | None = None,
) -> bool:
    """Correct a header keyword of a file (`ingest.correct.correct`) in a transaction of its own."""
    with holding(database.owner, LOCK), database.owner.begin() as connection:
        archive = correct.Archive(
            connection,
            Place(root_url(connection, settings), settings.authority),
            database.state_dir,
            mappings_for(database.state_dir),
            load_registration(settings, database.state_dir),
        )
        return correct.correct(
            archive, dp_id, keyword, value, reason=reason, author=author, hdu=hdu, progress=progress
        )


def explain(path: Path, settings: Settings | None = None, presets: Sequence[Path] = ()) -> list[Explained]:
    """Every column of a file, its value, and where it came from; nothing is stored.

    Raises
    ------
    UsageFault
        The file cannot be read, or no mapping matches it; the message has the findings.
    """
    found = candidate(Path(os.path.realpath(path)))
    if isinstance(found, Finding):
        raise UsageFault(str(found))
    scanned = scan(found)
    if scanned.file is None:
        raise UsageFault("; ".join(str(finding) for finding in scanned.findings))
    state_dir = (settings.state_dir if settings else None) or default_state_dir()
    mapping = choose(mappings_for(state_dir, presets), scanned.file)
    if mapping is None:
        raise UsageFault(
            f"{path}: no collection matches: neither PRODCATG nor DPR.CATG, nor a mapping of your own"
        )
    registration = load_registration(settings or Settings.load(), state_dir)
    parsed = read(found, (mapping,), registration=registration)
    proposed = identify.propose(parsed)[0] if isinstance(parsed, Parsed) else None
    head = [
        Explained("(collection)", mapping.name, f"{mapping.title}, priority {mapping.priority}"),
        Explained("(kind)", mapping.kind, "mapping"),
        Explained("(size)", found.size, "bytes of the file"),
        Explained("(sha256)", scanned.sha256, "bytes of the file"),
        Explained("dp_id", proposed, "ARCFILE, or made from DATE-OBS or DATE and SHA-256"),
    ]
    explained = mapping.explain(scanned.file)
    if mapping.kind == "raw":
        more = registration.explain(scanned.file, mapping.apply(scanned.file).fields)
        replaced = {row.column for row in more}
        explained = [row for row in explained if row.column not in replaced] + more
    return head + explained


def mappings_for(
    state_dir: Path, presets: Sequence[Path] = (), collection: str | None = None
) -> tuple[Collection, ...]:
    """The product's mappings, the operator's (``<state_dir>/presets``) and those in ``presets``.

    Raises
    ------
    UsageFault
        A mapping is wrong, or none is named ``collection``.
    """
    own = [directory for directory in (state_dir / "presets", *presets) if directory.is_dir()]
    mappings = load_collections([files("ingest.presets"), *own]) if own else collections.presets()
    if collection is None:
        return mappings
    chosen = [mapping for mapping in mappings if mapping.name == collection]
    if not chosen:
        names = ", ".join(sorted(mapping.name for mapping in mappings))
        raise UsageFault(f"there is no mapping {collection!r}; there are {names}")
    return tuple(replace(mapping, match=Match()) for mapping in chosen)


def root_url(connection: sa.Connection, settings: Settings) -> str:
    """The URL that the addresses in the archive begin with already; the settings' in a new archive."""
    known = connection.scalar(sa.select(PROPERTY.c.value).where(PROPERTY.c.name == "base_url"))
    if known is not None:
        return str(known)
    connection.execute(sa.insert(PROPERTY).values(name="base_url", value=settings.root_url))
    return settings.root_url


def _uncorrected(entry: Identified) -> Finding:
    message = "its header was corrected, and with that header it cannot be taken: it is as it came"
    return Finding(entry.parsed.candidate.path, "CORRECTION", message)


@dataclass
class _Run:
    """The state of one run."""

    database: Database
    place: Place
    report: Report
    run_id: int
    started: datetime
    say: Progress
    again: correct.Again
    total: int = 0
    others: list[Rejected] = field(default_factory=list)  #: not FITS: another file's preview, perhaps

    def take(self, paths: Sequence[Path], readers: Readers, *, full: bool) -> None:
        """Everything from the first file to the last word."""
        self.total = count(paths)
        self._tell()
        found = find(paths)
        while chunk := list(islice(found, CHUNK)):
            self._reject([entry for entry in chunk if isinstance(entry, Finding)])
            candidates = [entry for entry in chunk if isinstance(entry, Candidate)]
            if not full:
                candidates = self._unknown(candidates)
            self._load_all(readers.read(candidates, ahead=2 * BATCH))
        self._take_others()
        self._finish()

    def _unknown(self, candidates: list[Candidate]) -> list[Candidate]:
        """Those of ``candidates`` that are not in the archive as they are."""
        with self.database.owner.connect() as connection:
            known = identify.lookup(connection, FILE.c.url, [found.url for found in candidates])
        same = identify.unchanged({found.url: (found.size, found.mtime_ns) for found in candidates}, known)
        self.report.unchanged += len(same)
        self._tell()
        return [found for found in candidates if found.url not in same]

    def _load_all(self, results: Iterable[Parsed | Rejected]) -> None:
        batch: list[Parsed] = []
        cards = 0
        for result in results:
            if isinstance(result, Rejected):
                is_other = {finding.rule for finding in result.findings} == {"NOT_FITS"}
                self.others.append(result) if is_other else self._reject(result.findings)
                continue
            batch.append(result)
            cards += sum(header.count for header in result.headers)
            if len(batch) >= BATCH or cards >= MOST_CARDS:
                self._load(batch)
                batch, cards = [], 0
        self._load(batch)

    def _load(self, batch: Sequence[Parsed]) -> None:
        """One batch, one transaction."""
        if not batch:
            return
        findings: list[Finding] = []
        with self.database.owner.begin() as connection:
            registry = identify.registry_for(connection, batch)
            named: list[Identified] = []
            for parsed in batch:
                dp_id = identify.identify(parsed, registry)
                if isinstance(dp_id, Finding):
                    findings.append(dp_id)
                    continue
                registry.add(identify.known(dp_id, parsed))
                named.append(Identified(dp_id, parsed))
                self._note(connection, parsed.findings)
            quarantine.release(connection, [entry.parsed.candidate.url for entry in named])
            named, refused = correct.apply_again(connection, named, self.again, self.database.state_dir)
            self._note(connection, [_uncorrected(entry) for entry in refused])
            done = load(connection, named, self.place, self.database.state_dir) if named else Loaded()
        self.report.added += done.added
        self.report.replaced += done.replaced
        self.report.unchanged += done.unchanged
        self._reject(findings)
        self._tell()

    def _take_others(self) -> None:
        """Files that are not FITS: taken in when a product names them, else rejected."""
        for start in range(0, len(self.others), BATCH):
            part = self.others[start : start + BATCH]
            with self.database.owner.connect() as connection:
                names = [relate.name_of(rejected) for rejected in part]
                categories = relate.associated_categories(connection, names)
            taken = [(rejected, relate.as_ancillary(rejected, categories)) for rejected in part]
            self._reject([f for rejected, parsed in taken if parsed is None for f in rejected.findings])
            self._load([parsed for _, parsed in taken if parsed is not None])

    def _finish(self) -> None:
        """Relate the files to each other and close the run's record."""
        with self.database.owner.begin() as connection:
            relate.resolve_associations(connection)
            spread_release_dates(connection, self._changed(connection))
            if self.report.added or self.report.replaced:
                self._note(connection, relate.missing_associations(connection, self.started))
            counts = {
                name: getattr(self.report, name) for name in ("added", "replaced", "unchanged", "rejected")
            }
            ended = sa.update(INGEST_RUN).values(ended=datetime.now(UTC))
            connection.execute(ended.where(INGEST_RUN.c.run_id == self.run_id).values(**counts))
            # Those that were killed: what they left to do has been done.
            connection.execute(ended.where(INGEST_RUN.c.ended.is_(None)))

    def _changed(self, connection: sa.Connection) -> sa.Select[Any]:
        """The files that are new or changed since the first run that did not come to its end."""
        unended = sa.select(sa.func.min(INGEST_RUN.c.started)).where(INGEST_RUN.c.ended.is_(None))
        since = (connection.scalar(unended) or self.started) - CLOCKS
        return sa.select(FILE.c.dp_id).where(FILE.c.modified >= since)

    def _reject(self, findings: Sequence[Finding]) -> None:
        """Note the findings of files that were not taken; a file is counted once."""
        if not findings:
            return
        with self.database.owner.begin() as connection:
            self._note(connection, findings)
            quarantine.put(connection, self.run_id, findings)
        self.report.rejected += len({finding.file for finding in findings})
        self._tell()

    def _note(self, connection: sa.Connection, findings: Sequence[Finding]) -> None:
        self.report.findings.extend(findings)
        rows = [
            {
                "run_id": self.run_id, "file": storable(finding.file), "hdu": finding.hdu,
                "keyword": finding.keyword, "rule": finding.rule, "severity": finding.severity,
                "message": storable(finding.message),
            }
            for finding in findings
        ]  # fmt: skip
        if rows:
            connection.execute(sa.insert(FINDING), rows)

    def _tell(self) -> None:
        self.say(self.report.total, self.total, "ingesting files")
