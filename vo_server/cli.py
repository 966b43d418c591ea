"""The command line, ``vo-server``: makes settings and database, then hands them to who does the work."""

import json
import signal
import sys
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ingest.phase3.cli import app as phase3
from vo_server import __version__
from vo_server.config import Settings
from vo_server.errors import UsageFault, VoError
from vo_server.progress import Progress, shown

if TYPE_CHECKING:
    from health.verdict import Finding
    from vo_server.db import Database

app = typer.Typer(
    name="vo-server",
    help="The back end of a science archive: ingest, TAP, SIA and DataLink over PostgreSQL.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(phase3, name="phase3")

Directory = Annotated[
    Path | None,
    typer.Option("--dir", help="Where database, results and demo data are kept.", file_okay=False),
]
Port = Annotated[int | None, typer.Option("--port", help="Port to listen on.", min=1, max=65535)]
Workers = Annotated[int | None, typer.Option("--workers", help="Processes that run jobs.", min=1)]


def main() -> NoReturn:
    """Run the command of ``sys.argv``; what is wrong is one line, not a traceback."""
    # A command that is told to stop leaves the database as one that ends by itself.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        app()
    except VoError as exc:
        typer.echo(f"error: {exc}", err=True)
    sys.exit(2)


@app.command()
def demo(port: Port = None, directory: Directory = None) -> None:
    """Build the demo archive, where it is not there yet, and serve it."""
    from demo.build import build
    from vo_server.db import migrate, open_database, rebase
    from vo_server.running.processes import serve as run

    settings = Settings.load(port=port, state_dir=directory)
    with open_database(settings) as database:
        migrate(database)
        rebase(database, settings.root_url)
        with shown() as progress:
            build(database.state_dir, settings, database, progress)
        run(settings, database, on_ready=_tell)


@app.command()
def init(directory: Directory = None) -> None:
    """Create the state directory and the database."""
    from vo_server.db import migrate as upgrade
    from vo_server.db import open_database

    with open_database(Settings.load(state_dir=directory)) as database:
        upgrade(database)
        typer.echo(f"ready: {database.state_dir}")


@app.command()
def migrate(directory: Directory = None) -> None:
    """Bring the database to what this version expects; running it twice changes nothing."""
    from vo_server.db import migrate as upgrade
    from vo_server.db import open_database
    from vo_server.db.upgrade import revisions

    with open_database(Settings.load(state_dir=directory)) as database:
        upgrade(database)
        with database.owner.connect() as connection:
            typer.echo(f"the database is at revision {revisions(connection)[0]}")


@app.command()
def ingest(
    paths: Annotated[list[Path], typer.Argument(help="FITS files, or directories of them.")],
    explain: Annotated[
        bool, typer.Option("--explain", help="Only print every column, its value and where it came from.")
    ] = False,
    collection: Annotated[
        str | None, typer.Option(help="The mapping for all files, instead of the one whose rules match.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Read files again whose size and time of change are the same.")
    ] = False,
    scheduler: Annotated[
        str | None, typer.Option(help="A Dask scheduler, tcp://host:8786, whose workers read the files.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print counts and findings as JSON.")] = False,
    pictures: Annotated[
        bool, typer.Option("--previews/--no-previews", help="Draw the pictures of what is new.")
    ] = True,
    directory: Directory = None,
) -> None:
    """Take files into the archive; what is known already is left as it is.

    Status 1 tells that files were rejected; all others are in the archive.
    """
    from ingest.run import run

    settings = Settings.load(state_dir=directory)
    if explain:
        for path in paths:
            _print_explanation(path, settings)
        return
    with _ready(settings) as database, shown() as progress:
        begun = datetime.now(UTC)
        report = run(
            paths, database, settings, progress, collection=collection, full=full, scheduler=scheduler
        )
        if pictures:
            _draw(database, 2, progress, begun)
    if as_json:
        typer.echo(json.dumps(report.as_json(), indent=1))
    else:
        for finding in report.findings:
            typer.echo(str(finding))
        typer.echo(str(report))
    raise typer.Exit(1 if report.rejected else 0)


@app.command()
def correct(
    dp_id: Annotated[str, typer.Argument(help="The file.")],
    keyword: Annotated[str, typer.Argument(help="The keyword, as INS.MODE or OBJECT.")],
    value: Annotated[str | None, typer.Argument(help="What it should be; none with --withdraw.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the correction.")] = "",
    author: Annotated[str | None, typer.Option("--author", help="Who; unset means your login.")] = None,
    hdu: Annotated[int, typer.Option("--hdu", help="Number of the HDU.", min=0)] = 0,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="End the correction in force.")] = False,
    directory: Directory = None,
) -> None:
    """Correct a header keyword of a file: queries and downloads show it, the file and its history stay."""
    import getpass

    from ingest.run import correct_keyword

    if (value is None) != withdraw:
        raise UsageFault("wanted is either a value or --withdraw")
    settings = Settings.load(state_dir=directory)
    with _ready(settings) as database, shown() as progress:
        changed = correct_keyword(
            database,
            settings,
            dp_id,
            keyword,
            value,
            reason=reason,
            author=author or getpass.getuser(),
            hdu=hdu,
            progress=progress,
        )
    typer.echo("corrected" if changed else "the file says so already: nothing was changed")


@app.command()
def corrections(dp_id: Annotated[str, typer.Argument(help="The file.")], directory: Directory = None) -> None:
    """List the corrections of a file, those that ended too: when, who, what it was, and why."""
    from ingest.correct import history

    table = Table(box=None, pad_edge=False)
    for heading in ("made", "ended", "author", "HDU", "keyword", "value", "in the file", "reason", "end"):
        table.add_column(heading, overflow="fold")
    with _ready(Settings.load(state_dir=directory)) as database, database.owner.connect() as connection:
        for entry in history(connection, dp_id):
            times = [when.strftime("%Y-%m-%d %H:%M:%S") if when else "" for when in (entry.made, entry.ended)]
            what = (entry.author, str(entry.hdu), entry.keyword, entry.value, (entry.former or "").strip())
            table.add_row(*map(escape, (*times, *what, entry.reason, entry.ending or "")))
    Console().print(table)


@app.command()
def rules(directory: Directory = None) -> None:
    """List the classification rules in force: instrument, file, and how many there are."""
    from ingest.raw.classify import load_classifier

    table = Table(box=None, pad_edge=False)
    for heading in ("instrument", "file", "rules"):
        table.add_column(heading)
    for instrument, name, count in load_classifier(Settings.load(state_dir=directory).rules).describe():
        table.add_row(escape(instrument), escape(name), str(count))
    Console().print(table)


@app.command()
def previews(
    directory: Directory = None,
    workers: Annotated[int, typer.Option("--workers", help="Processes that draw.", min=1)] = 2,
) -> None:
    """Draw the previews and thumbnails that are not there yet; stop it and run it again as you like."""
    with _ready(Settings.load(state_dir=directory)) as database, shown() as bar:
        told = _draw(database, workers, bar)
    typer.echo(told)


@app.command()
def hips(
    collection: Annotated[str, typer.Argument(help="A collection (obs_collection) with images.")],
    directory: Directory = None,
    level: Annotated[int | None, typer.Option("--level", help="Order of the finest tiles.")] = None,
) -> None:
    """Make the HiPS of a collection's public images, for Aladin; make it again after more have come."""
    from hips.build import build

    settings = Settings.load(state_dir=directory)
    with _ready(settings) as database, shown() as bar:
        made = build(collection, database.writer, settings, database.state_dir / "hips", bar, level)
    typer.echo(f"served at {settings.root_url}/hips/{made.name}/")


@app.command()
def quarantine(directory: Directory = None) -> None:
    """List the files that could not be taken, and why; ingest takes them as soon as that is mended."""
    from ingest.quarantine import listed

    table = Table(box=None, pad_edge=False)
    for heading in ("file", "since", "rules", "found"):
        table.add_column(heading, overflow="fold")
    with _ready(Settings.load(state_dir=directory)) as database, database.owner.begin() as connection:
        found = listed(connection)
    for file in found:
        table.add_row(*map(escape, (file.path, f"{file.since:%Y-%m-%d}", " ".join(file.rules), file.message)))
    Console().print(table if found else "no file is out")


@app.command()
def compact(directory: Directory = None) -> None:
    """Sort the keywords that ingest has added to Parquet; stop it and run it again as you like."""
    from vo_server.headers.compaction import compact as sort

    with _ready(Settings.load(state_dir=directory)) as database, shown() as bar:
        done = sort(database, bar)
    typer.echo(str(done))


@app.command()
def publish(
    schema: Annotated[Path, typer.Argument(help="The Felis document that declares the table.", exists=True)],
    data: Annotated[Path, typer.Argument(help="Its rows: Parquet, FITS, VOTable or CSV.", exists=True)],
    directory: Directory = None,
) -> None:
    """Publish a catalogue of your own, for TAP and everything else."""
    from ingest.catalogue import publish as load

    settings = Settings.load(state_dir=directory)
    with _ready(settings) as database, shown() as progress:
        rows = load(schema, data, database, progress)
    typer.echo(f"{rows} rows are published")


@app.command()
def snapshot(
    tables: Annotated[list[str] | None, typer.Argument(help="Tables; dbo.raw and ivoa.ObsCore.")] = None,
    directory: Directory = None,
) -> None:
    """Write tables as Parquet files, which queries about header keywords of all files are joined with."""
    from vo_server.snapshot_tables import TABLES, make_snapshots

    with _ready(Settings.load(state_dir=directory)) as database, shown() as bar:
        found = make_snapshots(database, tables or TABLES, bar)
    for made in found:
        typer.echo(f"{made.table}: {made.rows} rows, {made.size / 1e6:.1f} MB, of {made.fresh_until:%FT%TZ}")


@app.command()
def serve(port: Port = None, workers: Workers = None, directory: Directory = None) -> None:
    """Serve the archive until Ctrl-C."""
    from vo_server.db import rebase
    from vo_server.running.processes import serve as run

    settings = Settings.load(port=port, workers=workers, state_dir=directory)
    with _ready(settings) as database:
        rebase(database, settings.root_url)
        run(settings, database, on_ready=lambda url: typer.echo(f"serving {settings.archive_name} at {url}"))


@app.command()
def worker(directory: Directory = None) -> None:
    """Run jobs in this process until Ctrl-C; as many of them as there are machines to use."""
    from vo_server.running.processes import work

    settings = Settings.load(state_dir=directory)
    with _ready(settings) as database:
        work(settings, database)


@app.command()
def registry(directory: Directory = None) -> None:
    """Make the records that other registries harvest at /oai those of the archive as it is now.

    The server does the same every ten minutes.
    """
    from registry.refresh import Refresher
    from vo_server.db.addresses import served_at
    from vo_server.published import SERVICES, table_services

    settings = Settings.load(state_dir=directory)
    with _ready(settings) as database:
        if settings.base_url is None and (url := served_at(database)):
            # Records tell where the server is, which may have been started with other options.
            settings = Settings.load(**settings.model_dump() | {"base_url": url})
        refresher = Refresher(database.writer, settings, database.state_dir, SERVICES, table_services)
        typer.echo(str(refresher.refresh()))


@app.command()
def check(
    directory: Directory = None,
    deep: Annotated[
        bool,
        typer.Option("--deep", help="Ask the running server too: does it keep the standards?"),
    ] = False,
    url: Annotated[
        str | None, typer.Option("--url", help="Where to ask it; unset means the address that clients see.")
    ] = None,
) -> None:
    """Tell whether everything that this server needs is there and healthy; status 1 where it is not.

    What --deep finds is kept: /status shows it.
    """
    from registry.checks import check_operator
    from vo_server.checks import run_checks
    from vo_server.db.connections import default_state_dir

    settings = Settings.load(state_dir=directory)
    place = (settings.state_dir or default_state_dir()).absolute()
    table = Table(box=None, pad_edge=False)
    for heading in ("", "what", "detail"):
        table.add_column(heading, overflow="fold")
    marks = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "failed": "[red]failed[/]"}
    healthy = True
    for found in chain(run_checks(settings), [check_operator(settings, place)]):
        healthy &= found.status != "failed"
        table.add_row(marks[found.status], found.name, escape(found.detail))
    if deep and healthy:
        for result in _examine(settings, url):
            healthy &= result.status != "failed"
            table.add_row(marks[result.status], f"{result.service}: {result.name}", escape(result.detail))
    Console().print(table)
    raise typer.Exit(0 if healthy else 1)


@app.command()
def token(name: Annotated[str, typer.Argument(help="The account.")], directory: Directory = None) -> None:
    """Make a token for an account, print it once and keep its hash; the account's former token ends."""
    from vo_server.db.connections import default_state_dir
    from vo_server.tokens import issue

    settings = Settings.load(state_dir=directory)
    place = (settings.state_dir or default_state_dir()).absolute()
    typer.echo(issue(settings.token_file or place / "tokens.toml", name))


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def _ready(settings: Settings) -> "AbstractContextManager[Database]":
    # What opens databases takes a second to load, which commands without one need not wait for.
    from vo_server.db.ready import ready_database

    return ready_database(settings)


def _examine(settings: Settings, url: str | None) -> "list[Finding]":
    """What the checks of the running server find; it is kept."""
    from health.run import examine
    from health.site import Site
    from vo_server.db.addresses import served_at

    with _ready(settings) as database, shown() as progress:
        # It may have been started with other options.
        root = str(settings.base_url or served_at(database) or settings.root_url).rstrip("/")
        site = Site(root, (url or root).rstrip("/"))
        site.get("/tap/availability")  # a server that was not started is no finding
        return examine(site, database.writer, progress)


def _draw(database: "Database", workers: int, bar: Progress, since: datetime | None = None) -> str:
    """Draw what is not there yet, of files new ``since`` then; what was drawn, in words."""
    from datalink.previews.drawings import Drawings, draw_all, drawable_files

    drawings = Drawings(database.state_dir / "previews")
    files = list(drawable_files(database.writer, drawings, since))
    count = draw_all(files, drawings, workers, bar)
    return f"{count} pictures drawn of {len(files)} files"


def _print_explanation(path: Path, settings: Settings) -> None:
    from ingest.run import explain

    table = Table(title=escape(str(path)))
    for heading in ("column", "value", "from"):
        table.add_column(heading, overflow="fold")
    for row in explain(path, settings):
        table.add_row(*map(escape, (row.column, "" if row.value is None else str(row.value), row.origin)))
    Console().print(table)


def _tell(url: str) -> None:
    """Where the demo is, and three things to try."""
    query = "SELECT TOP 5 dp_id, target_name FROM ivoa.ObsCore"
    typer.echo(f"""
  The demo archive is at  {url}/          (Ctrl-C stops it)
  TAP {url}/tap   SIA {url}/sia2/query   DataLink {url}/datalink/links

  Try:
    TOPCAT   VO > Table Access Protocol > TAP URL: {url}/tap
    Python   pyvo.dal.TAPService("{url}/tap").search("{query}")
    shell    curl {url}/tap/sync -d LANG=ADQL -d RESPONSEFORMAT=csv -d "QUERY={query}"
""")
