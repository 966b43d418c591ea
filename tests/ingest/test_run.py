"""Runs against a real database: what goes in, what stays the same, what is kept of what was."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa

from ingest.keywords import remove_headers
from ingest.report import Report
from ingest.run import explain, run
from tests.ingest import samples
from vo_server import schemas, snapshots
from vo_server.archive import ASSOCIATION, FILE, FILE_HISTORY, FINDING, INGEST_RUN, PROVENANCE
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.errors import UsageFault
from vo_server.headers.compaction import compact

TABLES = schemas.metadata(schemas.builtin(), views=True).tables
OBSCORE, RAW, KEYWORD = (TABLES[name] for name in ("ivoa.obscore", "dbo.raw", "header.keyword"))


class Archive:
    """The shared database as one test sees it: only files under its own directory."""

    def __init__(self, database: Database, settings: Settings, directory: Path) -> None:
        self.database, self.settings, self.directory = database, settings, directory

    def ingest(self, *paths: Path, **options: Any) -> Report:
        return run(paths or (self.directory,), self.database, self.settings, **options)

    def counts(self, *paths: Path, **options: Any) -> tuple[int, int, int, int]:
        report = self.ingest(*paths, **options)
        return report.added, report.replaced, report.unchanged, report.rejected

    def select(self, *columns: Any, where: Any = None) -> list[Any]:
        query = sa.select(*columns)
        with self.database.owner.connect() as connection:
            return list(connection.execute(query if where is None else query.where(where)))

    def dp_ids(self) -> list[str]:
        mine = FILE.c.url.startswith(self.directory.as_uri() + "/", autoescape=True)
        return sorted(row.dp_id for row in self.select(FILE.c.dp_id, where=mine))

    def row(self, table: sa.Table, dp_id: str) -> dict[str, Any]:
        (row,) = self.select(table, where=table.c.dp_id == dp_id)
        return dict(row._mapping)

    def forget(self) -> None:
        dp_ids = self.dp_ids()
        with self.database.owner.begin() as connection:
            for table in (OBSCORE, RAW, PROVENANCE, ASSOCIATION, FILE, FILE_HISTORY):
                connection.execute(sa.delete(table).where(table.c.dp_id.in_(dp_ids)))
            remove_headers(connection, dp_ids)


@pytest.fixture
def archive(database: Database, settings: Settings, tmp_path: Path) -> Iterator[Archive]:
    found = Archive(database, settings, tmp_path)
    yield found
    found.forget()


def test_a_product_is_in_every_table(archive: Archive) -> None:
    path = samples.image(archive.directory / "x.fits", ARCFILE="ADP.2024-01-01T00:00:00.001.fits")
    report = archive.ingest()
    assert (report.added, report.findings) == (1, [])
    dp_id = "ADP.2024-01-01T00:00:00.001"
    assert archive.dp_ids() == [dp_id]
    file = archive.row(FILE, dp_id)
    assert (file["kind"], file["category"], file["size"]) == ("product", "SCIENCE.IMAGE", path.stat().st_size)
    row = archive.row(OBSCORE, dp_id)
    did = f"ivo://{archive.settings.authority}/ID?{dp_id}"
    assert row["obs_publisher_did"] == did
    assert row["access_format"] == "application/x-votable+xml;content=datalink"
    assert row["access_url"].endswith(
        "/datalink/links?ID=" + did.replace(":", "%3A").replace("/", "%2F").replace("?", "%3F")
    )
    assert row["access_estsize"] == -(-path.stat().st_size // 1000)
    assert row["hpx"] is not None
    assert row["s_shape"][0] == 1.0
    assert row["s_box"] is not None
    assert row["obs_release_date"] == row["publication_date"]
    assert len(archive.select(KEYWORD.c.pos, where=KEYWORD.c.dp_id == dp_id)) > 30
    assert [r.progenitor for r in archive.select(PROVENANCE, where=PROVENANCE.c.dp_id == dp_id)] == [
        "HAWKI.2023-02-25T06:00:00.000",
        "HAWKI.2023-02-25T06:02:00.000",
    ]


def test_a_second_run_changes_nothing_and_says_so(archive: Archive) -> None:
    for number, write in enumerate(
        (samples.image, samples.spectrum, samples.cube, samples.mosaic, samples.catalogue)
    ):
        write(archive.directory / f"{number}.fits")
    samples.raw(archive.directory / "raw.fits")
    assert archive.counts() == (6, 0, 0, 0)
    tables = (FILE, OBSCORE, RAW, KEYWORD, PROVENANCE, ASSOCIATION)
    dp_ids = archive.dp_ids()
    before = [sorted(map(repr, archive.select(t, where=t.c.dp_id.in_(dp_ids)))) for t in tables]
    assert archive.counts() == (0, 0, 6, 0)
    assert archive.counts(full=True) == (0, 0, 6, 0)
    after = [sorted(map(repr, archive.select(t, where=t.c.dp_id.in_(dp_ids)))) for t in tables]
    assert before == after
    assert archive.select(FILE_HISTORY, where=FILE_HISTORY.c.dp_id.in_(dp_ids)) == []


def test_a_file_with_a_new_time_of_change_only_is_unchanged(archive: Archive) -> None:
    path = samples.image(archive.directory / "x.fits")
    archive.ingest()
    os.utime(path, ns=(1, 1))
    assert archive.counts() == (0, 0, 1, 0)
    (dp_id,) = archive.dp_ids()
    assert archive.row(FILE, dp_id)["mtime_ns"] == 1


def test_a_changed_file_replaces_its_row_and_keeps_history(archive: Archive) -> None:
    path = samples.image(archive.directory / "x.fits", OBJECT="before", OLDKEY=1)
    archive.ingest()
    (dp_id,) = archive.dp_ids()
    former = archive.row(FILE, dp_id), archive.row(OBSCORE, dp_id)
    samples.image(path, OBJECT="after")
    assert archive.counts() == (0, 1, 0, 0)
    assert archive.dp_ids() == [dp_id]
    row = archive.row(OBSCORE, dp_id)
    assert row["target_name"] == "after"
    assert row["publication_date"] == former[1]["publication_date"]
    assert row["last_mod_date"] > former[1]["last_mod_date"]
    assert archive.row(FILE, dp_id)["ingested"] == former[0]["ingested"]
    assert not archive.select(KEYWORD, where=(KEYWORD.c.dp_id == dp_id) & (KEYWORD.c.keyword == "OLDKEY"))
    (history,) = archive.select(FILE_HISTORY, where=FILE_HISTORY.c.dp_id == dp_id)
    assert history.row["file"]["sha256"] == former[0]["sha256"]
    assert history.row["row"]["target_name"] == "before"


def test_the_same_bytes_elsewhere_are_a_duplicate_and_a_moved_file_is_not(archive: Archive) -> None:
    path = samples.image(archive.directory / "a.fits")
    copy = archive.directory / "b.fits"
    copy.write_bytes(path.read_bytes())
    report = archive.ingest()
    assert (report.added, report.rejected) == (1, 1)
    (finding,) = report.findings
    assert (finding.rule, finding.file) == ("DUPLICATE", str(copy))
    (dp_id,) = archive.dp_ids()
    path.unlink()
    assert archive.counts() == (0, 1, 0, 0)
    assert archive.row(FILE, dp_id)["url"] == copy.as_uri()


def test_an_identifier_with_other_content_is_a_duplicate(archive: Archive) -> None:
    arcfile = "ADP.2024-01-01T00:00:00.002.fits"
    samples.image(archive.directory / "a.fits", ARCFILE=arcfile)
    samples.image(archive.directory / "b.fits", ARCFILE=arcfile, OBJECT="other")
    report = archive.ingest()
    assert (report.added, report.rejected) == (1, 1)
    (finding,) = report.findings
    assert (finding.rule, finding.keyword) == ("DUPLICATE", "ARCFILE")
    assert finding.file.endswith("b.fits")


def test_another_product_in_the_place_of_a_file_takes_it(archive: Archive) -> None:
    path = samples.image(archive.directory / "x.fits", ARCFILE="ADP.2024-01-01T00:00:00.003.fits")
    archive.ingest()
    samples.spectrum(path, ARCFILE="ADP.2024-01-01T00:00:00.004.fits")
    assert archive.counts() == (1, 0, 0, 0)
    assert archive.dp_ids() == ["ADP.2024-01-01T00:00:00.004"]
    gone = "ADP.2024-01-01T00:00:00.003"
    assert not archive.select(OBSCORE, where=OBSCORE.c.dp_id == gone)
    assert archive.select(FILE_HISTORY, where=FILE_HISTORY.c.dp_id == gone)


def test_raw_frames_of_one_millisecond_get_different_identifiers(archive: Archive) -> None:
    for name in ("a", "b"):
        samples.raw(
            archive.directory / f"{name}.fits", OBJECT=name, **{"DATE-OBS": "2031-01-02T03:04:05.678"}
        )
    assert archive.counts() == (2, 0, 0, 0)
    assert archive.dp_ids() == ["HAWKI.2031-01-02T03:04:05.678", "HAWKI.2031-01-02T03:04:05.679"]
    assert archive.counts(full=True) == (0, 0, 2, 0)


def test_bad_files_are_findings_in_the_database_and_the_rest_goes_in(archive: Archive) -> None:
    samples.image(archive.directory / "good.fits")
    bad = samples.spectrum(archive.directory / "cut.fits")
    bad.write_bytes(bad.read_bytes()[:-2880])
    (archive.directory / "notes.txt").write_text("no FITS")
    samples.image(archive.directory / "nobody.fits", PRODCATG="SOMETHING.ELSE")
    report = archive.ingest()
    assert (report.added, report.rejected) == (1, 3)
    assert report.rules == {"NOT_FITS": 1, "NO_MAPPING": 1, "TRUNCATED": 1}
    assert json.loads(json.dumps(report.as_json()))["rejected"] == 3
    found = archive.select(FINDING, where=FINDING.c.file.startswith(str(archive.directory)))
    assert {(row.rule, row.severity) for row in found} == {
        ("TRUNCATED", "error"), ("NOT_FITS", "error"), ("NO_MAPPING", "error"),
    }  # fmt: skip
    (last,) = archive.select(INGEST_RUN, where=INGEST_RUN.c.run_id == found[0].run_id)
    assert (last.added, last.rejected, last.paths) == (1, 3, [str(archive.directory)])
    assert last.ended is not None


def test_a_name_that_is_no_text_does_not_stop_the_run(archive: Archive) -> None:
    directory = os.fsencode(archive.directory)
    Path(os.fsdecode(directory + b"/bad\xff.txt")).write_text("no FITS")
    path = samples.image(archive.directory / "good.fits")
    path.rename(Path(os.fsdecode(directory + b"/good\xff.fits")))
    assert archive.counts() == (1, 0, 0, 1)
    (dp_id,) = archive.dp_ids()
    assert archive.row(FILE, dp_id)["origfile"] == "good?.fits"


def test_ancillary_files_are_found_by_name_and_previews_need_no_fits(archive: Archive) -> None:
    cards = {
        "ASSON1": "x_weight.fits",
        "ASSON2": "x.png",
        "ASSOC2": "ANCILLARY.PREVIEW",
        "ASSON3": "lost.fits",
    }
    samples.image(archive.directory / "x.fits", **dict[str, Any](cards))
    samples.image(archive.directory / "x_weight.fits", PRODCATG="ANCILLARY.WEIGHTMAP")
    (archive.directory / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    report = archive.ingest()
    assert (report.added, report.rejected) == (3, 0)
    assert [(f.rule, f.keyword) for f in report.findings] == [("ASSOCIATION", "ASSON3")]
    science = next(i for i in archive.dp_ids() if archive.row(FILE, i)["kind"] == "product")
    found = archive.select(ASSOCIATION, where=ASSOCIATION.c.dp_id == science)
    by_name = {row.name: row for row in found}
    assert by_name["x.png"].category == "ANCILLARY.PREVIEW"
    assert archive.row(FILE, by_name["x.png"].associated)["media_type"] == "image/png"
    assert by_name["x_weight.fits"].category == "ANCILLARY.WEIGHTMAP"
    assert by_name["lost.fits"].associated is None
    assert archive.counts() == (0, 0, 3, 0)


def test_a_product_is_released_with_its_last_raw_frame_and_its_preview_with_it(archive: Archive) -> None:
    names = ["HAWKI.2041-01-01T00:00:00.000", "HAWKI.2041-01-01T00:01:00.000"]
    cards = {"PROV1": f"{names[0]}.fits", "PROV2": f"{names[1]}.fits", "ASSON1": "p.png"}
    samples.image(archive.directory / "1.fits", **dict[str, Any](cards))
    (archive.directory / "p.png").write_bytes(b"\x89PNG\r\n\x1a\n preview")
    # A product of a product waits as well.
    archive.ingest()
    (first,) = [i for i in archive.dp_ids() if archive.row(FILE, i)["kind"] == "product"]
    samples.image(archive.directory / "2.fits", PROV1=f"{first}.fits", PROV2=None, OBJECT="second")
    for number, (name, date) in enumerate(zip(names, ("2042-02-03", "2043-02-03"), strict=True), 3):
        release = {"ARCFILE": f"{name}.fits", "HIERARCH VOS RELEASE DATE": date}
        samples.raw(archive.directory / f"{number}.fits", **dict[str, Any](release))
    archive.ingest()
    released = {i: archive.row(FILE, i)["release_date"].date().isoformat() for i in archive.dp_ids()}
    kinds = {i: archive.row(FILE, i)["kind"] for i in released}
    assert {released[i] for i, kind in kinds.items() if kind != "raw"} == {"2043-02-03"}
    assert archive.row(OBSCORE, first)["obs_release_date"].date().isoformat() == "2043-02-03"
    assert archive.counts(full=True) == (0, 0, 5, 0)


def test_a_product_whose_recipe_names_its_raw_frame_is_released_with_it(archive: Archive) -> None:
    """Products of pipelines have no PROVi, and may name frames as they were called at the telescope."""
    recipe = {
        "PROV1": None,
        "PROV2": None,
        "HIERARCH ESO PRO REC1 ID": "hawki_science_process",
        "HIERARCH ESO PRO REC1 RAW1 NAME": "night-frame.fits",
        "HIERARCH ESO PRO REC1 RAW1 CATG": "OBJECT",
    }
    samples.image(archive.directory / "stack.fits", **dict[str, Any](recipe))
    frame = {
        "ARCFILE": "HAWKI.2041-05-01T00:00:00.000.fits",
        "ORIGFILE": "night-frame.fits",
        "HIERARCH VOS RELEASE DATE": "2044-02-03",
    }
    samples.raw(archive.directory / "frame.fits", **dict[str, Any](frame))
    archive.ingest()
    (product,) = [i for i in archive.dp_ids() if archive.row(FILE, i)["kind"] == "product"]
    assert archive.row(OBSCORE, product)["obs_release_date"].date().isoformat() == "2044-02-03"


def test_what_a_killed_run_had_left_to_do_is_done_by_the_next(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "HAWKI.2041-06-01T00:00:00.000"
    samples.image(archive.directory / "1.fits", PROV1=f"{name}.fits", PROV2=None)
    frame = {"ARCFILE": f"{name}.fits", "HIERARCH VOS RELEASE DATE": "2045-02-03"}
    samples.raw(archive.directory / "2.fits", **dict[str, Any](frame))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("ingest.run.spread_release_dates", killed)
        with pytest.raises(KeyboardInterrupt):
            archive.ingest()
    (product,) = [i for i in archive.dp_ids() if archive.row(FILE, i)["kind"] == "product"]
    assert archive.row(OBSCORE, product)["obs_release_date"] is None
    assert archive.counts() == (0, 0, 2, 0)
    assert archive.row(OBSCORE, product)["obs_release_date"].date().isoformat() == "2045-02-03"


def test_a_mapping_of_ones_own_in_the_state_directory_or_by_argument(archive: Archive) -> None:
    presets = archive.directory / "presets"
    presets.mkdir()
    (presets / "mine.toml").write_text(
        'extends = "generic-image"\npriority = 1000\n[match]\npath = "*/own/*"\n'
        '[columns]\nobs_collection = { constant = "MINE" }\n'
    )
    own = samples.image(archive.directory / "own" / "x.fits")
    archive.ingest(own, presets=[presets])
    (dp_id,) = archive.dp_ids()
    assert archive.row(OBSCORE, dp_id)["obs_collection"] == "MINE"
    assert archive.row(FILE, dp_id)["collection"] == "MINE"
    # The mapping changed, the bytes did not: a full run brings the row up to date and keeps history.
    assert archive.counts(own, full=True) == (0, 1, 0, 0)
    assert archive.row(OBSCORE, dp_id)["obs_collection"] == "HAWKI"
    (history,) = archive.select(FILE_HISTORY, where=FILE_HISTORY.c.dp_id == dp_id)
    assert history.row["row"]["obs_collection"] == "MINE"
    with pytest.raises(UsageFault, match="there is no mapping 'nobody'"):
        archive.ingest(own, collection="nobody")


def test_progress_ends_where_the_total_is(archive: Archive) -> None:
    for number in range(3):
        samples.image(archive.directory / f"{number}.fits", OBJECT=f"target {number}")
    steps: list[tuple[int, int | None, str]] = []
    archive.ingest(progress=lambda done, total, what: steps.append((done, total, what)))
    assert steps[-1] == (3, 3, "ingesting files")
    assert [done for done, _, _ in steps] == sorted(done for done, _, _ in steps)


def test_many_files_are_read_in_processes(archive: Archive) -> None:
    for number in range(160):
        samples.raw(
            archive.directory / f"{number:03}.fits",
            OBJECT=f"t{number}",
            **{"DATE-OBS": f"2032-01-01T00:{number // 60:02}:{number % 60:02}.000"},
        )
    assert archive.counts(processes=2) == (160, 0, 0, 0)
    assert len(archive.dp_ids()) == 160


def test_explain_tells_of_a_file_without_storing_it(archive: Archive) -> None:
    path = samples.image(archive.directory / "x.fits")
    rows = {row.column: row for row in explain(path)}
    assert rows["(collection)"].value == "eso-sdp"
    assert rows["dp_id"].value.startswith("ADP.2024-05-06T")
    assert rows["s_ra"].value == pytest.approx(150.25)
    assert archive.dp_ids() == []
    archive.ingest()
    assert archive.dp_ids() == [rows["dp_id"].value]
    path.write_bytes(b"no FITS")
    with pytest.raises(UsageFault, match="NOT_FITS"):
        explain(path)


KILLED = """
import sys, time
from pathlib import Path
from vo_server.config import Settings
from vo_server.db import open_database
from ingest.run import run
sys.modules["ingest.run"].BATCH = 4

def tell(done, total, what):
    print(done, flush=True)
    time.sleep(0.02)

settings = Settings.load(state_dir=Path(sys.argv[1]), database_url=sys.argv[3] or None)
with open_database(settings) as database:
    run([Path(sys.argv[2])], database, settings, tell, processes=1)
"""


@pytest.mark.parametrize("killed_after", [4, 20])
def test_a_run_that_was_killed_and_its_repetition_give_the_same_archive(
    archive: Archive, killed_after: int, database_url: str | None
) -> None:
    for number in range(40):
        stamp = f"2033-01-01T00:00:{number:02}.000"
        if number % 2:
            samples.raw(archive.directory / f"{number:02}.fits", **{"DATE-OBS": stamp}, OBJECT=f"t{number}")
        else:
            samples.image(archive.directory / f"{number:02}.fits", OBJECT=f"t{number}")
    assert archive.counts() == (40, 0, 0, 0)
    whole = snapshot(archive)
    archive.forget()
    arguments = [str(archive.settings.state_dir), str(archive.directory), database_url or ""]
    child = subprocess.Popen([sys.executable, "-c", KILLED, *arguments], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for line in child.stdout:
        if int(line) >= killed_after:
            break
    child.send_signal(signal.SIGKILL)
    child.stdout.close()
    assert child.wait(60) == -signal.SIGKILL
    left = len(archive.dp_ids())
    assert killed_after <= left < 40
    report = archive.ingest()
    assert (report.added, report.unchanged) == (40 - left, left)
    assert snapshot(archive) == whole
    compact(archive.database)
    assert in_parquet(archive) == sum(
        len(archive.select(KEYWORD.c.pos, where=KEYWORD.c.dp_id == dp_id)) for dp_id in archive.dp_ids()
    )


def in_parquet(archive: Archive) -> int:
    """Keywords of the test's files in Parquet."""
    with archive.database.owner.connect() as connection:
        listed = snapshots.live_files(connection, "header.keyword")
    files = [str(snapshots.root(archive.database.state_dir) / file.path) for file in listed]
    query = "SELECT count(*) FROM read_parquet($files) WHERE list_contains($dp_ids, dp_id)"
    (count,) = duckdb.execute(query, {"files": files, "dp_ids": archive.dp_ids()}).fetchall()[0]
    return int(count)


def snapshot(archive: Archive) -> list[list[str]]:
    """All rows of the test's files, but for when they were written."""
    dp_ids = archive.dp_ids()
    clocks = {"ingested", "modified", "last_mod_date", "publication_date", "obs_release_date", "release_date"}
    tables = (FILE, OBSCORE, RAW, KEYWORD, PROVENANCE)
    return [
        sorted(
            repr(row)
            for row in archive.select(
                *(column for column in table.columns if column.name not in clocks),
                where=table.c.dp_id.in_(dp_ids),
            )
        )
        for table in tables
    ]
