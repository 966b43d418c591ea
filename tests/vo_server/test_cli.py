"""The command line: what is wrong is one line on standard error and status 2."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.conftest import fresh_database
from tests.ingest import samples
from vo_server import __version__, schemas
from vo_server.archive import METADATA
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.db.upgrade import revisions


def vo_server(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does; no setting comes from the environment of the tests."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("VO_")}
    return subprocess.run(
        [sys.executable, "-c", "from vo_server.cli import main; main()", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        env={**inherited, "COLUMNS": "200", **environment},
    )


def test_version_is_printed() -> None:
    done = vo_server("version")
    assert (done.returncode, done.stdout.strip()) == (0, __version__)


def test_help_names_every_command() -> None:
    done = vo_server("--help")
    names = [
        "demo",
        "init",
        "migrate",
        "ingest",
        "publish",
        "serve",
        "worker",
        "check",
        "version",
        "previews",
        "hips",
        "correct",
        "corrections",
        "rules",
        "snapshot",
        "compact",
        "quarantine",
    ]
    assert [name for name in names if name not in done.stdout] == []


@pytest.mark.parametrize(
    ("words", "environment", "message"),
    [
        (["check"], {"VO_PORT": "http"}, "VO_PORT"),
        (["init"], {"VO_DATABASE_URL": "mysql://x/y"}, "VO_DATABASE_URL"),
        (["migrate"], {"VO_DATABASE_URL": "postgresql://vo:secret@127.0.0.1:1/x"}, "cannot be reached"),
    ],
)
def test_what_is_wrong_is_one_line(
    words: list[str], environment: dict[str, str], message: str, tmp_path: Path
) -> None:
    done = vo_server(*words, "--dir", tmp_path, **environment)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert "secret" not in done.stderr


def test_commands_that_need_a_ready_database_say_so(open_dir: Path) -> None:
    done = vo_server("serve", "--dir", open_dir / "new", VO_DATABASE_URL="")
    assert done.returncode == 2
    assert done.stderr.strip().endswith("run vo-server init")


def test_init_then_check(open_dir: Path, database_url: str | None, connection: sa.Connection) -> None:
    directory = open_dir / "cli"
    with ExitStack() as stack:
        environment = {}
        if database_url:
            # Other tests' database is another archive's than this directory.
            url = stack.enter_context(fresh_database(database_url, f"vo_cli_{os.getpid()}"))
            environment["VO_DATABASE_URL"] = url
        assert vo_server("init", "--dir", directory, **environment).returncode == 0
        again = vo_server("migrate", "--dir", directory, **environment)
        assert again.stdout == f"the database is at revision {revisions(connection)[1]}\n"
        done = vo_server("check", "--dir", directory, **environment)
        assert done.returncode == 0, done.stdout
        assert "migrations" in done.stdout


def test_ingest_tells_of_every_file(database: Database, settings: Settings, tmp_path: Path) -> None:
    assert settings.state_dir is not None
    environment = {"VO_DATABASE_URL": str(settings.database_url)} if settings.database_url else {}
    file = tmp_path / "notes.fits"
    file.write_text("not FITS at all")
    done = vo_server("ingest", tmp_path, "--dir", settings.state_dir, **environment)
    assert done.returncode == 1
    finding, counts = done.stdout.splitlines()
    assert finding.startswith(f"{file}:")
    assert "NOT_FITS" in finding
    assert counts.startswith("1 files: 0 added")
    told = vo_server("ingest", tmp_path, "--json", "--dir", settings.state_dir, **environment)
    assert json.loads(told.stdout)["rejected"] == 1
    explained = vo_server("ingest", "--explain", file, "--dir", settings.state_dir, **environment)
    assert explained.returncode == 2
    assert "NOT_FITS" in explained.stderr


def test_a_correction_is_made_told_and_withdrawn(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    assert settings.state_dir is not None
    environment = {"VO_DATABASE_URL": str(settings.database_url)} if settings.database_url else {}
    place = ("--dir", settings.state_dir)
    samples.raw(tmp_path / "x.fits", **{"DATE-OBS": "2012-03-04T05:06:07.089"})
    dp_id = "HAWKI.2012-03-04T05:06:07.089"
    assert vo_server("ingest", tmp_path, *place, **environment).returncode == 0
    try:
        words = ("correct", dp_id, "OBJECT", "NGC 4321", "--reason", "a typo", "--author", "ada")
        assert vo_server(*words, *place, **environment).stdout == "corrected\n"
        again = vo_server(*words, *place, **environment)
        assert again.stdout == "the file says so already: nothing was changed\n"
        told = vo_server("corrections", dp_id, *place, **environment).stdout
        for word in ("ada", "OBJECT", "NGC 4321", "NGC 1234", "a typo"):
            assert word in told
        done = vo_server(
            "correct", dp_id, "OBJECT", "X", "--withdraw", "--reason", "x", *place, **environment
        )
        assert (done.returncode, done.stderr.strip()) == (2, "error: wanted is either a value or --withdraw")
        done = vo_server("correct", dp_id, "NAXIS", "1", "--reason", "x", *place, **environment)
        assert done.returncode == 2
        assert "cannot be corrected" in done.stderr
        back = vo_server("correct", dp_id, "OBJECT", "--withdraw", "--reason", "no", *place, **environment)
        assert back.stdout == "corrected\n"
    finally:
        tables = [*schemas.metadata(schemas.builtin()).tables.values(), *METADATA.tables.values()]
        with database.owner.begin() as connection:
            for table in tables:
                if "dp_id" in table.c:
                    connection.execute(sa.delete(table).where(table.c.dp_id == dp_id))


def test_the_rules_in_force_are_listed(tmp_path: Path) -> None:
    (tmp_path / "kmos.oca").write_text('if DPR.CATG == "CALIB" then { DO.CATG = "X"; }')
    rules = json.dumps([str(tmp_path)])
    listed = vo_server("rules", "--dir", tmp_path, VO_RULES=rules).stdout
    assert ["kmos", "kmos.oca", "1"] in [line.split() for line in listed.splitlines()]
    assert ["muse", "MUSE.yaml", "16"] in [line.split() for line in listed.splitlines()]
    (tmp_path / "kmos.oca").write_text("if")
    done = vo_server("rules", "--dir", tmp_path, VO_RULES=rules)
    assert done.returncode == 2
    assert done.stderr.startswith("error: kmos.oca, line 1")


def test_snapshots_are_made_and_told(database: Database, settings: Settings) -> None:
    assert settings.state_dir is not None
    environment = {"VO_DATABASE_URL": str(settings.database_url)} if settings.database_url else {}
    done = vo_server("snapshot", "--dir", settings.state_dir, **environment)
    assert done.returncode == 0, done.stderr
    raw, products = done.stdout.splitlines()
    assert raw.startswith("dbo.raw: ")
    assert products.startswith("ivoa.ObsCore: ")
    assert len(list((settings.state_dir / "parquet" / "dbo.raw").glob("*.parquet"))) >= 1
    unknown = vo_server("snapshot", "dbo.nothing", "--dir", settings.state_dir, **environment)
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert unknown.stderr.strip().startswith("error: there is no table dbo.nothing")


def test_what_was_not_taken_is_listed_and_keywords_are_sorted(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    place = {"VO_STATE_DIR": str(settings.state_dir)}
    if settings.database_url is not None:
        place["VO_DATABASE_URL"] = str(settings.database_url)
    (tmp_path / "nothing.fits").touch()
    assert vo_server("ingest", tmp_path, **place).returncode == 1
    listed = vo_server("quarantine", **place)
    assert (listed.returncode, "EMPTY" in listed.stdout) == (0, True)
    (tmp_path / "nothing.fits").unlink()
    assert "nothing.fits" not in vo_server("quarantine", **place).stdout
    sorted_once = vo_server("compact", **place)
    assert (sorted_once.returncode, "Parquet files of header.keyword" in sorted_once.stdout) == (0, True)
    assert "(0 rows sorted)" in vo_server("compact", **place).stdout


def test_pictures_and_tiles_are_made_of_what_was_ingested(open_dir: Path) -> None:
    environment = {"VO_DATABASE_URL": ""}
    state, products = open_dir / "pictures", open_dir / "pictures of"
    products.mkdir()
    samples.image(products / "image.fits", side=0.1, ORIGIN="ESO", TITLE="A field")
    samples.spectrum(products / "spectrum.fits")
    assert vo_server("init", "--dir", state, **environment).returncode == 0
    done = vo_server("ingest", products, "--dir", state, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    drawn = list((state / "previews").rglob("*.png"))
    assert len(drawn) == 4
    assert all(path.stat().st_size > 100 for path in drawn)
    again = vo_server("previews", "--dir", state, **environment)
    assert again.stdout == "0 pictures drawn of 0 files\n"
    nothing = vo_server("hips", "nothing", "--dir", state, **environment)
    assert (nothing.returncode, nothing.stderr.strip()) == (
        2, "error: the collection 'nothing' has no public image"
    )  # fmt: skip


def test_check_fails_where_something_is_missing(open_dir: Path) -> None:
    done = vo_server("check", "--dir", open_dir / "nothing")
    assert done.returncode == 1
    assert "run vo-server migrate" in done.stdout


def test_commands_share_the_server_that_runs(database: Database, settings: Settings) -> None:
    assert settings.state_dir is not None
    environment = {"VO_DATABASE_URL": str(settings.database_url)} if settings.database_url else {}
    done = vo_server("migrate", "--dir", settings.state_dir, **environment)
    assert done.returncode == 0
    with database.owner.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
