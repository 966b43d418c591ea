"""``vo-server phase3``: collections, releases and batches, for operators of the archive.

Who runs these commands has the rights of an archivist: the database and its files are theirs anyway.
"""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from vo_server.errors import UsageFault
from vo_server.progress import shown

if TYPE_CHECKING:
    from ingest.phase3.releases.archive import Archive
    from vo_server.submissions.values import Batch

app = typer.Typer()

MOST_TOLD = 20  #: errors of a class

Directory = Annotated[
    Path | None,
    typer.Option("--dir", help="Where database, results and demo data are kept.", file_okay=False),
]
CollectionOption = Annotated[str, typer.Option("--collection", help="Data collection.")]
ReleaseOption = Annotated[str, typer.Option("--release", help="Release of the collection, as DR1.")]
TitleOption = Annotated[str | None, typer.Option("--title", help="Title, where it is new.")]
Paths = Annotated[list[Path], typer.Argument(help="Files, or directories of them.", exists=True)]
StandardOption = Annotated[str, typer.Option("--standard", help="Version (6, 8), or a TOML file.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept with the step.")]
Author = Annotated[str | None, typer.Option("--author", help="Who; unset means your login.")]


@app.command()
def collection(
    name: Annotated[str, typer.Argument(help="Name: obs_collection of its products.")],
    title: Annotated[str, typer.Option("--title", help="Title.")],
    origin: Annotated[
        str, typer.Option("--origin", help="EDP: from outside; IDP: of our pipelines.")
    ] = "EDP",
    owner: Annotated[
        str | None, typer.Option("--owner", help="Account that submits; unset: your login.")
    ] = None,
    delegate: Annotated[
        list[str] | None, typer.Option("--delegate", help="Account that uploads, too.")
    ] = None,
    programme: Annotated[list[str] | None, typer.Option("--programme", help="PROG_ID; none: any.")] = None,
    directory: Directory = None,
) -> None:
    """Create a data collection."""
    from vo_server.submissions.values import Collection

    made = Collection(
        name, title, origin, owner or getpass.getuser(), tuple(delegate or ()), tuple(programme or ())
    )
    with _archive(directory) as archive:
        is_new = archive.submissions.create_collection(made)
    typer.echo(f"{name} is {'there' if is_new else 'there already'}")


@app.command()
def release(
    collection: Annotated[str, typer.Argument(help="Data collection.")],
    name: Annotated[str, typer.Argument(help="Name of the release, as DR1.")],
    title: TitleOption = None,
    abstract: Annotated[str | None, typer.Option("--abstract", help="What it is.")] = None,
    creator: Annotated[
        list[str] | None, typer.Option("--creator", help="Who made it, as often as needed.")
    ] = None,
    bibcode: Annotated[str | None, typer.Option("--bibcode", help="Of the paper that describes it.")] = None,
    doi: Annotated[str | None, typer.Option("--doi", help="Its DOI.")] = None,
    description: Annotated[
        Path | None,
        typer.Option("--description", help="The release description.", exists=True, dir_okay=False),
    ] = None,
    directory: Directory = None,
) -> None:
    """Create a release of a collection, or change what is told of it."""
    from ingest.phase3.releases.publishing import summarise_releases
    from ingest.run import LOCK
    from vo_server.db.locks import holding
    from vo_server.errors import NotFoundFault
    from vo_server.submissions.documents import keep_document
    from vo_server.submissions.values import Release

    told = {"title": title, "abstract": abstract, "bibcode": bibcode, "doi": doi}
    changes: dict[str, object] = {key: value for key, value in told.items() if value is not None}
    if creator:
        changes["creators"] = tuple(creator)
    with _archive(directory) as archive:
        submissions = archive.submissions
        try:
            submissions.release(collection, name)
        except NotFoundFault:
            submissions.create_release(Release(collection, name, title or f"{collection} {name}"))
        if description is not None:
            content = description.read_bytes()
            changes |= keep_document(archive.state_dir, collection, name, description.name, content)
        submissions.describe_release(collection, name, changes)
        with holding(archive.owner, LOCK), archive.owner.begin() as connection:
            summarise_releases(archive, connection, collection)
    typer.echo(f"{collection} {name} is there")


@app.command()
def upload(
    paths: Paths,
    collection: CollectionOption,
    release: ReleaseOption,
    batch: Annotated[int | None, typer.Option("--batch", help="An open batch; unset: a new one.")] = None,
    standard: StandardOption = "8",
    directory: Directory = None,
) -> None:
    """Take files of this machine into a batch; files of the same name are replaced."""
    from ingest.phase3.releases.doors import take_files
    from ingest.scan import files_under

    with _archive(directory) as archive, shown() as progress:
        submissions = archive.submissions
        mine = (
            submissions.batch(batch)
            if batch is not None
            else submissions.open_batch(collection, release, getpass.getuser(), standard=standard)
        )
        if (mine.collection, mine.release) != (collection, release):
            raise UsageFault(f"batch {mine.batch_id} is of {mine.collection} {mine.release}")
        files = files_under(paths)
        take_files(archive, mine, files, progress)
    typer.echo(f"batch {mine.batch_id} ({mine.name}): {len(files)} files taken")


@app.command()
def amend(
    changes: Annotated[
        Path, typer.Argument(help="CSV: file, hdu, keyword, value.", exists=True, dir_okay=False)
    ],
    collection: CollectionOption,
    release: ReleaseOption,
    standard: StandardOption = "8",
    directory: Directory = None,
) -> None:
    """Put published products with other keywords and the same data into a new batch."""
    from ingest.phase3.releases.amending import amend as put
    from vo_server.submissions.amendments import parse_amendments

    try:
        with changes.open(newline="", encoding="utf-8-sig") as lines:
            amendments = parse_amendments(lines)
    except OSError as exc:
        raise UsageFault(f"{changes} cannot be read: {exc.strerror}") from exc
    with _archive(directory) as archive, shown() as progress:
        batch = archive.submissions.open_batch(collection, release, getpass.getuser(), standard=standard)
        count = put(archive, batch, amendments, progress)
    typer.echo(f"batch {batch.batch_id} ({batch.name}): {count} products amended")


@app.command()
def step(
    batch: Annotated[int, typer.Argument(help="Number of the batch.")],
    name: Annotated[
        str, typer.Argument(help="close, reopen, submit, return, approve, publish, unpublish or drop.")
    ],
    reason: Reason = "",
    author: Author = None,
    directory: Directory = None,
) -> None:
    """Take a step with a batch; close checks it as well. Status 1 when the check finds errors."""
    from ingest.phase3.releases.steps import take
    from vo_server.submissions.states import Person, State

    everybody = frozenset({Person.OWNER, Person.ARCHIVIST})
    with _archive(directory) as archive, shown() as progress:
        done = take(archive, batch, name, author or getpass.getuser(), everybody, reason, progress)
        if done.state is State.ERROR:
            _tell_errors(archive, done)
    typer.echo(f"{done.name} is {done.state}")
    raise typer.Exit(1 if done.state is State.ERROR else 0)


@app.command()
def batches(
    collection: Annotated[str, typer.Argument(help="Data collection.")], directory: Directory = None
) -> None:
    """List the batches of a collection."""
    table = Table(box=None, pad_edge=False)
    for heading in ("batch", "release", "number", "door", "state", "files", "volume", "changed"):
        table.add_column(heading)
    with _archive(directory) as archive:
        for batch in archive.submissions.batches(collection):
            files = archive.submissions.files(batch.batch_id)
            volume = f"{sum(file.size for file in files) / 1e6:.1f} MB"
            known = (batch.batch_id, batch.release, batch.number, batch.door, batch.state, len(files), volume)
            table.add_row(*map(escape, map(str, known)), f"{batch.changed:%Y-%m-%d %H:%M}")
    Console().print(table)


@app.command()
def show(
    batch: Annotated[int, typer.Argument(help="Number of the batch.")],
    report: Annotated[
        Path | None, typer.Option("--report", help="File for the report of its check, as JSON.")
    ] = None,
    directory: Directory = None,
) -> None:
    """Show a batch: what is in it, what was done with it, and the errors of its check by class."""
    import json

    from vo_server.submissions.reports import read_head, report_text

    with _archive(directory) as archive:
        found = archive.submissions.batch(batch)
        typer.echo(f"{found.name}: {found.state}, through the {found.door} door, standard {found.standard}")
        for key, value in (found.summary or {}).items():
            typer.echo(f"  {key}: {json.dumps(value)}")
        for taken in archive.submissions.steps(batch):
            why = f": {taken.reason}" if taken.reason else ""
            typer.echo(f"  {taken.made:%Y-%m-%d %H:%M:%S} {taken.author} {taken.step} -> {taken.state}{why}")
        _tell_errors(archive, found)
        if report is not None:
            head = read_head(archive.owner, batch)
            with report.open("w", encoding="utf-8") as stream:
                stream.writelines(report_text(archive.owner, batch, head))


@app.command()
def deliver(
    paths: Paths,
    collection: CollectionOption,
    release: ReleaseOption,
    title: TitleOption = None,
    standard: StandardOption = "8",
    reason: Reason = "",
    directory: Directory = None,
) -> None:
    """Publish products of our own pipelines, without anybody's review; status 1 when they have errors."""
    _deliver(paths, collection, release, title, "IDP", "internal", standard, None, reason, directory)


@app.command("import")
def take_over(
    paths: Paths,
    collection: CollectionOption,
    release: ReleaseOption,
    title: TitleOption = None,
    origin: Annotated[str, typer.Option("--origin", help="EDP or IDP.")] = "EDP",
    mapping: Annotated[
        str | None,
        typer.Option("--mapping", help="Name of the mapping with their defaults; unset: what matches."),
    ] = None,
    standard: StandardOption = "6",
    reason: Reason = "",
    directory: Directory = None,
) -> None:
    """Publish legacy products as they are: identifiers and bytes stay, and what is wrong is reported.

    Status 1 when some cannot be described at all.
    """
    _deliver(paths, collection, release, title, origin, "legacy", standard, mapping, reason, directory)


@app.command()
def deprecate(
    dp_ids: Annotated[list[str], typer.Argument(help="Identifiers of products.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; everybody can read it.")],
    undo: Annotated[bool, typer.Option("--undo", help="Let deprecated ones be found again.")] = False,
    directory: Directory = None,
) -> None:
    """Let products be found no more: files and identifiers stay, with the reason."""
    from ingest.phase3.releases.withdrawing import deprecate as end
    from ingest.phase3.releases.withdrawing import reinstate
    from vo_server.submissions.states import Person

    with _archive(directory) as archive:
        changed = (reinstate if undo else end)(archive, dp_ids, frozenset({Person.ARCHIVIST}), reason)
    typer.echo(f"{len(changed)} products are {'current again' if undo else 'deprecated'}")


def _deliver(
    paths: list[Path],
    collection: str,
    release: str,
    title: str | None,
    origin: str,
    door: str,
    standard: str,
    mapping: str | None,
    reason: str,
    directory: Path | None,
) -> None:
    from ingest.phase3.releases import doors
    from ingest.scan import files_under
    from vo_server.submissions.states import State
    from vo_server.submissions.values import Collection, Release

    author = getpass.getuser()
    with _archive(directory) as archive, shown() as progress:
        known = doors.known_or_new(
            archive,
            Collection(collection, title or collection, origin, author),
            Release(collection, release, title or f"{collection} {release}"),
        )
        batch = doors.deliver(
            archive, files_under(paths), *known,
            door=door, standard=standard, mapping=mapping, author=author, reason=reason, progress=progress,
        )  # fmt: skip
        if batch is not None:
            _tell_errors(archive, batch)
    if batch is None:
        typer.echo("all of them are published already")
        return
    typer.echo(f"batch {batch.batch_id} ({batch.name}) is {batch.state}")
    raise typer.Exit(0 if batch.state is State.PUBLISHED else 1)


def _tell_errors(archive: "Archive", batch: "Batch") -> None:
    """The files with errors, by class."""
    from vo_server.submissions.reports import findings_by_class

    for wrong in findings_by_class(archive.owner, batch.batch_id, ("error",), MOST_TOLD):
        typer.echo(f"{wrong.family}: {wrong.number} errors")
        for one in wrong.findings:
            typer.echo(
                f"  {one['file']}: {one['rule']} {one['keyword'] or ''}: {one['came']};"
                f" wanted: {one['wanted']}; {one['mend']}"
            )
        if more := wrong.number - len(wrong.findings):
            typer.echo(f"  and {more} more: vo-server phase3 show {batch.batch_id} --report FILE")


@contextmanager
def _archive(directory: Path | None) -> "Iterator[Archive]":
    """The archive, with the owner's rights."""
    from ingest.phase3.releases.archive import Archive
    from vo_server.config import Settings
    from vo_server.db.ready import ready_database

    settings = Settings.load(state_dir=directory)
    with ready_database(settings) as database:
        yield Archive.of(database, settings)
