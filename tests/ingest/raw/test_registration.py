"""Raw frames in the archive: classified, with their set-up, and in ObsCore where that is wanted."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ingest.run import explain
from tests.ingest import samples
from tests.ingest.test_run import OBSCORE, RAW, Archive
from vo_server.archive import FILE, FILE_HISTORY
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.schemas import instruments

SETUPS = {table.name: table for table in instruments.metadata().sorted_tables}


def with_settings(archive: Archive, **settings: Any) -> Archive:
    """The same archive under other settings."""
    changed = Settings.load(**{**archive.settings.model_dump(exclude_unset=True), **settings})
    return Archive(archive.database, changed, archive.directory)


@pytest.fixture
def archive(database: Database, settings: Settings, tmp_path: Path) -> Iterator[Archive]:
    found = Archive(database, settings, tmp_path / "files")
    found.directory.mkdir()
    yield found
    dp_ids = found.dp_ids()
    found.forget()
    with database.owner.begin() as connection:
        for table in SETUPS.values():
            connection.execute(sa.delete(table).where(table.c.dp_id.in_(dp_ids)))


def muse(path: Path, **cards: Any) -> Path:
    """A frame of MUSE."""
    given = {
        "INSTRUME": "MUSE", "DPR__TECH": "IFU", "INS__OPTI1__NAME": "Blue", "INS__MODE": "WFM-NOAO-E",
        "DATE-OBS": "2015-11-18T09:34:03.528", "MJD-OBS": 57344.39865194,
    }  # fmt: skip
    return samples.raw(path, **{**given, **cards})


DP_ID = "MUSE.2015-11-18T09:34:03.528"


def test_a_frame_has_night_class_and_set_up(archive: Archive) -> None:
    muse(archive.directory / "x.fits", DPR__CATG="CALIB", DPR__TYPE="WAVE")
    assert archive.counts() == (1, 0, 0, 0)
    row = archive.row(RAW, DP_ID)
    assert row["night"] == "2015-11-17"
    assert (row["raw_type"], row["do_catg"], row["rule_set"]) == ("ARC", "ARC", "MUSE.yaml")
    assert row["classification"] == '{"BLUE_FILTER": true, "DO.CATG": "ARC", "RAW.TYPE": "ARC"}'
    assert archive.row(SETUPS["muse"], DP_ID)["ins_opti1_name"] == "Blue"
    view = sa.table("muse", *map(sa.column, ("dp_id", "ins_opti1_name", "object", "hpx")), schema="ist")
    (found,) = archive.select(view, where=view.c.dp_id == DP_ID)
    assert (found.ins_opti1_name, found.object) == ("Blue", "NGC 1234")
    assert archive.counts(full=True) == (0, 0, 1, 0)


def test_a_changed_set_up_replaces_the_row_and_moves_to_another_instrument(archive: Archive) -> None:
    path = muse(archive.directory / "x.fits", ARCFILE=f"{DP_ID}.fits")
    archive.ingest()
    muse(path, ARCFILE=f"{DP_ID}.fits", INS__OPTI1__NAME="Clear")
    assert archive.counts() == (0, 1, 0, 0)
    assert archive.row(SETUPS["muse"], DP_ID)["ins_opti1_name"] == "Clear"
    muse(path, ARCFILE=f"{DP_ID}.fits", INSTRUME="UVES")
    assert archive.counts() == (0, 1, 0, 0)
    assert archive.select(SETUPS["muse"], where=SETUPS["muse"].c.dp_id == DP_ID) == []
    assert archive.row(SETUPS["uves"], DP_ID)["dp_id"] == DP_ID


def test_rules_that_change_classify_again(archive: Archive, tmp_path: Path) -> None:
    muse(archive.directory / "x.fits")
    archive.ingest()
    assert archive.row(RAW, DP_ID)["do_catg"] == "OBJECT"
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "muse.oca").write_text('if DPR.CATG == "SCIENCE" then { DO.CATG = "MINE"; }')
    other = with_settings(archive, rules=(rules,))
    assert other.counts(full=True) == (0, 1, 0, 0)
    row = other.row(RAW, DP_ID)
    assert (row["do_catg"], row["raw_type"], row["rule_set"]) == ("MINE", "SCIENCE", "muse.oca")
    (former,) = archive.select(FILE_HISTORY, where=FILE_HISTORY.c.dp_id == DP_ID)
    assert former.row["row"]["do_catg"] == "OBJECT"


def test_programmes_decide_on_release_and_fill_what_headers_lack(archive: Archive, tmp_path: Path) -> None:
    muse(archive.directory / "x.fits")
    muse(archive.directory / "y.fits", **{"DATE-OBS": "2015-11-18T10:00:00.000"}, OBS__PROG__TITLE="My own")
    rules = tmp_path / "programmes.toml"
    rules.write_text(
        '[[release]]\nprog_id = "110.*"\nmonths = 36\n'
        '[[programme]]\nprog_id = "110.23XY.*"\nprog_title = "Haloes"\npi_coi = "A. Person"\n'
    )
    other = with_settings(archive, programmes=rules)
    other.ingest()
    row = other.row(RAW, DP_ID)
    assert row["release_date"] == datetime(2018, 11, 18, 9, 34, 3, 528000)
    assert (row["prog_title"], row["pi_coi"]) == ("Haloes", "A. Person")
    assert other.row(FILE, DP_ID)["release_date"].year == 2018
    assert other.row(RAW, "MUSE.2015-11-18T10:00:00.000")["prog_title"] == "My own"


def test_frames_are_in_obscore_where_an_operator_wants_them(archive: Archive) -> None:
    muse(archive.directory / "science.fits")
    muse(archive.directory / "arc.fits", DPR__CATG="CALIB", **{"DATE-OBS": "2015-11-18T10:00:00.000"})
    mine = OBSCORE.c.dp_id.like("MUSE.2015-11-18T%")
    archive.ingest()
    assert archive.select(OBSCORE.c.dp_id, where=mine) == []
    science = with_settings(archive, raw_in_obscore="science")
    assert science.counts(full=True) == (0, 1, 1, 0)
    row = science.row(OBSCORE, DP_ID)
    assert (row["calib_level"], row["dataproduct_type"], row["obs_collection"]) == (1, "spectrum", "MUSE-RAW")
    assert (row["s_ra"], row["s_dec"], row["proposal_id"]) == (150.25, -30.5, "110.23XY.001")
    assert row["t_max"] == pytest.approx(57344.39865194 + 60 / 86400, abs=1e-9)
    assert row["em_min"] == pytest.approx(465e-9)
    assert row["s_region"] == science.row(RAW, DP_ID)["s_region"]
    assert row["s_shape"] == science.row(RAW, DP_ID)["s_shape"]
    assert row["hpx"] is not None
    assert row["obs_release_date"] == science.row(RAW, DP_ID)["release_date"]
    assert science.counts(full=True) == (0, 0, 2, 0)
    everything = with_settings(archive, raw_in_obscore="all")
    assert everything.counts(full=True) == (0, 1, 1, 0)
    assert len(everything.select(OBSCORE.c.dp_id, where=mine)) == 2
    assert archive.counts(full=True) == (0, 2, 0, 0)
    assert archive.select(OBSCORE.c.dp_id, where=mine) == []


def test_the_explanation_names_rules_and_set_up(archive: Archive, tmp_path: Path) -> None:
    path = muse(tmp_path / "x.fits")
    told = {row.column: row for row in explain(path, archive.settings)}
    assert told["do_catg"].value == "OBJECT"
    assert told["do_catg"].origin == "rules of MUSE.yaml"
    assert told["release_date"].origin == "rules of programmes"
    assert told["ist.muse.ins_opti1_name"].value == "Blue"
    assert told["night"].value == "2015-11-17"


def test_many_frames_are_registered_by_several_processes(archive: Archive) -> None:
    first = muse(archive.directory / "000.fits")
    for number in range(1, 160):
        path = archive.directory / f"{number:03}.fits"
        shutil.copyfile(first, path)
        text = path.read_bytes().replace(b"09:34:03.528", b"09:34:04.%03d" % number)
        path.write_bytes(text)
    assert archive.counts(processes=2) == (160, 0, 0, 0)
    mine = RAW.c.dp_id.like("MUSE.2015-11-18T09:34:0%")
    assert {row.do_catg for row in archive.select(RAW.c.do_catg, where=mine)} == {"OBJECT"}
