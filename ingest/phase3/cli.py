"""``vo-server phase3``: validate and adapt products; publish releases of them, and catalogues."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.phase3.releases.cli import app as releases
from vo_server.errors import UsageFault
from vo_server.progress import shown

if TYPE_CHECKING:
    from ingest.phase3.report import Report

app = typer.Typer(
    help="Science data products: validate them, bring others into that form, publish releases of them.",
    no_args_is_help=True,
)
app.add_typer(releases)


class Form(StrEnum):
    """How a report is written."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"


Paths = Annotated[list[Path], typer.Argument(help="Directories of one batch, or single files.")]
StandardOption = Annotated[
    str, typer.Option("--standard", help="Version (6, 8), or a TOML file that extends one.")
]


@app.command()
def validate(
    paths: Paths,
    standard: StandardOption = "8",
    form: Annotated[Form, typer.Option("--format", help="How the report is written.")] = Form.TEXT,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File for the report.", dir_okay=False)
    ] = None,
    least: Annotated[
        str, typer.Option("--least", help="Least severity in a text: error, warning or info.")
    ] = "warning",
    processes: Annotated[int | None, typer.Option("--processes", help="Processes.", min=1)] = None,
    known: Annotated[
        Path | None,
        typer.Option("--known", help="Names that the archive has, one a line.", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """Check products against the standard; status 0 without errors, 1 with errors, 2 when called wrongly.

    With a directory, the files are a whole batch: files that no product names are told, too.
    """
    from ingest.phase3.validate import validate as check
    from ingest.scan import files_under

    if least not in ("error", "warning", "info"):
        raise UsageFault(f"--least is error, warning or info, not {least!r}")
    files = files_under(paths)
    names = frozenset(known.read_text(encoding="utf-8").split()) if known else None
    with shown() as progress:
        report = check(
            files,
            standard,
            is_whole=any(path.is_dir() for path in paths),
            known=names.__contains__ if names is not None else None,
            processes=processes,
            progress=progress,
        )
    text = written(report, form, least)
    if output is None:
        typer.echo(text)
    else:
        output.write_text(text + "\n", encoding="utf-8")
        typer.echo(str(report))
    raise typer.Exit(0 if report.is_valid else 1)


@app.command()
def adapt(
    paths: Annotated[list[Path], typer.Argument(help="FITS files that are no products yet.", exists=True)],
    directory: Annotated[Path, typer.Option("--output", "-o", help="Directory for the products.")],
    recipe: Annotated[
        str | None, typer.Option("--recipe", help="Name or TOML file; the one that matches when not given.")
    ] = None,
    values: Annotated[
        list[str] | None, typer.Option("--set", help="KEYWORD=VALUE that no file tells; as often as needed.")
    ] = None,
    standard: StandardOption = "8",
) -> None:
    """Bring files into the form of the standard by a recipe, then check what came out.

    Status 0 when the products have no errors, 1 when they have, 2 when called wrongly.
    """
    from ingest.fitsfile import Refused
    from ingest.phase3.adapt import adapt as bring
    from ingest.phase3.standard import load
    from ingest.phase3.validate import validate as check

    given = dict(_assignment(text) for text in values or ())
    written_files: list[Path] = []
    for path in paths:
        try:
            done = bring(path, directory, load(standard), recipe, given)
        except (Refused, OSError) as exc:
            raise UsageFault(f"{path} cannot be read: {exc}") from exc
        left = f"; left out: {', '.join(done.left_out)}" if done.left_out else ""
        typer.echo(f"{path} by {done.recipe}: {', '.join(str(one) for one in done.paths)}{left}")
        written_files += done.paths
    report = check(written_files, standard, is_whole=False)
    typer.echo(written(report, Form.TEXT, "warning"))
    raise typer.Exit(0 if report.is_valid else 1)


@app.command()
def catalogue(
    files: Annotated[
        list[Path],
        typer.Argument(help="Catalogues, or metadata files with all of their tiles.", exists=True),
    ],
    collection: Annotated[str, typer.Option("--collection", help="The data collection, VHS say.")],
    release: Annotated[str, typer.Option("--release", help="The data release, DR1 say.")],
    name: Annotated[
        str | None, typer.Option("--name", help="Name of the table behind that of the release.")
    ] = None,
    standard: StandardOption = "8",
    directory: Annotated[
        Path | None,
        typer.Option("--dir", help="Where database, results and demo data are kept.", file_okay=False),
    ] = None,
) -> None:
    """Publish catalogues as tables COLLECTION.RELEASE_FILE for TAP, cone searches and registries.

    Publishing a file again replaces its table. Status 2 when it cannot be published; nothing changes then.
    """
    from ingest.phase3.catalogues import Naming, publish_catalogue
    from ingest.scan import files_under
    from vo_server.config import Settings
    from vo_server.db.ready import ready_database

    naming = Naming(collection, release, name)
    with ready_database(Settings.load(state_dir=directory)) as database, shown() as progress:
        tables, findings = publish_catalogue(files_under(files), naming, database, progress, standard)
    for finding in findings:
        typer.echo(str(finding))
    for table in tables:
        typer.echo(f"{table.name}: {table.rows} rows are published")


def _assignment(text: str) -> tuple[str, str]:
    keyword, equals, value = text.partition("=")
    if not equals or not keyword.strip():
        raise UsageFault(f"--set wants KEYWORD=VALUE, got {text!r}")
    return keyword.strip().upper(), value.strip()


def written(report: "Report", form: Form, least: str) -> str:
    """The report as text, JSON or HTML."""
    if form is Form.JSON:
        return json.dumps(report.as_json(), indent=1)
    if form is Form.HTML:
        from ingest.phase3.report.page import page

        return page(report)
    from ingest.phase3.report.text import lines

    return "\n".join(lines(report, least=least))
