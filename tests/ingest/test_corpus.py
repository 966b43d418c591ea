"""Bad files: each is told of by its rules, those that can be are taken, and all others go on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from ingest import quarantine
from ingest.keywords import remove_headers
from ingest.run import run
from tests.ingest import samples
from tests.ingest.corpus import Bad, corpus
from vo_server import schemas
from vo_server.archive import FILE, FILE_HISTORY, QUARANTINE
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.headers.database import read_headers

TABLES = schemas.metadata(schemas.builtin()).tables


@pytest.fixture
def place(database: Database, tmp_path: Path) -> Iterator[Path]:
    """A directory whose files are forgotten after the test."""
    yield tmp_path
    with database.owner.begin() as connection:
        mine = FILE.c.url.startswith(tmp_path.as_uri())
        dp_ids = list(connection.scalars(sa.select(FILE.c.dp_id).where(mine)))
        for table in (TABLES["dbo.raw"], TABLES["ivoa.obscore"], FILE, FILE_HISTORY):
            connection.execute(sa.delete(table).where(table.c.dp_id.in_(dp_ids)))
        remove_headers(connection, dp_ids)
        connection.execute(sa.delete(QUARANTINE).where(QUARANTINE.c.url.startswith(tmp_path.as_uri())))


def test_every_bad_file_is_told_of_and_all_others_are_taken(
    database: Database, settings: Settings, place: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bad_files = {bad.name: bad for bad in corpus(tmp_path_factory.mktemp("made"))}
    for name, bad in bad_files.items():
        (place / f"{name}.fits").write_bytes(bad.content)
    report = run([place], database, settings)
    told: dict[str, set[str]] = {name: set() for name in bad_files}
    for finding in report.findings:
        told[Path(finding.file).stem].add(finding.rule)
    # Which values a mapping leaves out is its own affair.
    assert {name: rules - {"KEYWORD_VALUE", "WCS"} for name, rules in told.items()} == {
        name: set(bad.rules) for name, bad in bad_files.items()
    }
    with database.owner.connect() as connection:
        urls = FILE.c.url.startswith(place.as_uri())
        taken = {
            row.url: row.dp_id for row in connection.execute(sa.select(FILE.c.url, FILE.c.dp_id).where(urls))
        }
        out = {Path(file.path).stem: file for file in quarantine.listed(connection)}
        for name, bad in bad_files.items():
            url = (place / f"{name}.fits").as_uri()
            assert (url in taken) == bad.is_taken, name
            assert (name in out) != bad.is_taken, name
            if bad.is_taken:
                assert_same_bytes(connection, taken[url], bad)
    assert set(out["a wrong DATASUM"].rules) == {"CHECKSUM"}
    assert "DATASUM is" in out["a wrong DATASUM"].message


def assert_same_bytes(connection: sa.Connection, dp_id: str, bad: Bad) -> None:
    """The header comes back from the archive as it was in the file."""
    ((_, header),) = read_headers(connection, dp_id)
    text = header.text()
    assert bad.content.startswith(text), bad.name
    count = connection.scalar(sa.text("SELECT count(*) FROM header.keyword WHERE dp_id = :d"), {"d": dp_id})
    assert count == len(list(header.cards())), bad.name


def test_other_bytes_under_the_same_identifier_are_kept_apart(
    database: Database, settings: Settings, place: Path
) -> None:
    name = "HAWKI.2031-08-01T00:00:00.000"
    first = samples.raw(place / "1.fits", ARCFILE=f"{name}.fits", OBJECT="first")
    other = samples.raw(place / "2.fits", ARCFILE=f"{name}.fits", OBJECT="other")
    report = run([place], database, settings)
    assert (report.added, report.rejected) == (1, 1)
    with database.owner.connect() as connection:
        ((_, header),) = read_headers(connection, name)
        (out,) = [file for file in quarantine.listed(connection) if file.path.startswith(str(place))]
    assert b"'first   '" in header.text()
    assert (out.path, out.rules) == (str(other), ("DUPLICATE",))
    assert name in out.message
    # Where the first is gone, the other takes its place, and is out no longer.
    first.unlink()
    assert run([place], database, settings).replaced == 1
    with database.owner.connect() as connection:
        assert not [file for file in quarantine.listed(connection) if file.path.startswith(str(place))]


def test_what_is_gone_from_the_disk_is_out_no_longer(
    database: Database, settings: Settings, place: Path
) -> None:
    path = place / "empty.fits"
    path.touch()
    run([place], database, settings)
    with database.owner.begin() as connection:
        assert [file.path for file in quarantine.listed(connection) if file.path == str(path)]
        path.unlink()
        assert not [file for file in quarantine.listed(connection) if file.path == str(path)]
