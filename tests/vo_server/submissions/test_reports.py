"""The report of a check: kept by file, read in parts."""

import itertools
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from vo_server.archive import BATCH, BATCH_FILE
from vo_server.config import Settings
from vo_server.db import Database, migrate, open_database
from vo_server.db.upgrade import _configuration
from vo_server.errors import NotFoundFault
from vo_server.submissions import reports
from vo_server.submissions.area import Sums
from vo_server.submissions.reports import findings_by_class, keep_files, read_head, report_text
from vo_server.submissions.store import Submissions
from vo_server.submissions.values import Collection, Release

SUMS = Sums(10, "a" * 64, "b" * 32)
HEAD = {"standard": "8", "valid": False}
_NUMBERS = itertools.count(1)


def checked(*findings: tuple[str, str], category: str = "SCIENCE.IMAGE") -> dict[str, Any]:
    """What a check tells of a file: severity and family of each finding."""
    told = [{"severity": severity, "family": family, "rule": f"R{n}"} for n, (severity, family) in
            enumerate(findings)]  # fmt: skip
    return {"category": category, "kind": "science", "bytes": 10, "status": "ok", "findings": told}


FILES = {
    "a.fits": checked(("warning", "wcs"), ("error", "wcs")),
    "b.fits": checked(("error", "units"), ("info", "units")),
    "c.fits": checked(("error", "wcs")),
    "d.png": checked(category=""),
}


@pytest.fixture
def submissions(database: Database) -> Submissions:
    return Submissions(database.owner)


@pytest.fixture
def batch(submissions: Submissions) -> int:
    """A checked batch of four files."""
    name = f"REPORT-{next(_NUMBERS)}"
    submissions.create_collection(Collection(name, "A test", owner="pi"))
    submissions.create_release(Release(name, "DR1", "First"))
    batch_id = submissions.open_batch(name, "DR1", "pi").batch_id
    submissions.put(batch_id, dict.fromkeys(FILES, SUMS))
    with submissions.engine.begin() as connection:
        keep_files(connection, batch_id, FILES.items())
        connection.execute(sa.update(BATCH).values(report=HEAD).where(BATCH.c.batch_id == batch_id))
    return batch_id


def whole(submissions: Submissions, batch: int) -> Any:
    return json.loads("".join(report_text(submissions.engine, batch, read_head(submissions.engine, batch))))


def test_a_report_is_one_document_however_many_parts_it_is_read_in(
    submissions: Submissions, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = {**HEAD, "files": [{"path": name, **told} for name, told in FILES.items()]}
    assert whole(submissions, batch) == wanted
    monkeypatch.setattr(reports, "CHUNK", 1)
    assert whole(submissions, batch) == wanted
    with submissions.engine.begin() as connection:
        keep_files(connection, batch, reversed(FILES.items()))
    assert whole(submissions, batch) == wanted


def test_categories_are_kept_with_the_files(submissions: Submissions, batch: int) -> None:
    found = [(file.name, file.category) for file in submissions.files(batch)]
    assert found == [*((f"{name}.fits", "SCIENCE.IMAGE") for name in "abc"), ("d.png", None)]
    assert [file.name for file in submissions.files(batch, 2)] == ["a.fits", "b.fits"]


def test_classes_count_all_and_show_the_first_errors_first(submissions: Submissions, batch: int) -> None:
    units, wcs = findings_by_class(submissions.engine, batch, ("error", "warning"), 2)
    assert (units.family, units.number, [one["rule"] for one in units.findings]) == ("units", 1, ["R0"])
    assert (wcs.family, wcs.number) == ("wcs", 3)
    assert [(one["severity"], one["rule"]) for one in wcs.findings] == [("error", "R1"), ("error", "R0")]
    assert findings_by_class(submissions.engine, batch, ("fatal",), 2) == []


def test_a_file_that_comes_again_has_no_findings(submissions: Submissions, batch: int) -> None:
    submissions.announce(batch, "a.fits", 12)
    assert [one["path"] for one in whole(submissions, batch)["files"]] == ["b.fits", "c.fits", "d.png"]
    submissions.put(batch, {"b.fits": SUMS})
    assert [one["path"] for one in whole(submissions, batch)["files"]] == ["c.fits", "d.png"]


def test_what_was_not_checked_has_no_report(submissions: Submissions, batch: int) -> None:
    other = submissions.open_batch(submissions.batch(batch).collection, "DR1", "pi").batch_id
    with pytest.raises(NotFoundFault, match="was not checked yet"):
        read_head(submissions.engine, other)


def test_reports_of_before_are_divided_and_put_together_again(open_dir: Path) -> None:
    state_dir = Path(tempfile.mkdtemp(dir=open_dir))
    state_dir.chmod(0o755)
    files = [{"path": name, **told} for name, told in FILES.items()]
    with open_database(Settings.load(state_dir=state_dir / "state")) as database:
        migrate(database)
        with database.owner.begin() as connection, _configuration() as config:
            config.attributes["connection"] = connection
            command.downgrade(config, "0011")
            old = sa.text(
                "INSERT INTO archive.batch (collection, release, number, door, state, standard, report)"
                " VALUES ('C', 'DR1', 1, 'external', 'error', '8', :report), ('C', 'DR1', 2, 'external',"
                " 'open', '8', NULL)"
            ).bindparams(sa.bindparam("report", type_=BATCH.c.report.type))
            connection.execute(old, {"report": {**HEAD, "files": files}})
            rows = [{"name": name} for name in FILES]
            connection.execute(
                sa.text("INSERT INTO archive.batch_file (batch_id, name, size) VALUES (1, :name, 10)"), rows
            )
            command.upgrade(config, "head")
            head = connection.scalar(sa.select(BATCH.c.report).where(BATCH.c.batch_id == 1))
            kept = connection.execute(sa.select(BATCH_FILE.c.name, BATCH_FILE.c.checked)).all()
            assert (head, dict(map(tuple, kept))) == (HEAD, FILES)
            command.downgrade(config, "0011")
            whole = connection.scalar(sa.select(BATCH.c.report).where(BATCH.c.batch_id == 1))
            assert whole == {**HEAD, "files": files}
