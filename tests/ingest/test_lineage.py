"""Recipes, their inputs and progenitors: from headers into the database, and which files the names mean."""

from collections.abc import Iterator
from datetime import UTC, datetime
from glob import glob
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from astropy.io import fits

from ingest.activities import Input, Parameter, read_activities
from ingest.progenitors import MOST_ROWS, read_progenitors
from ingest.scan import Candidate, candidate, scan
from tests.ingest import samples
from tests.ingest.test_run import Archive
from vo_server.archive import ACTIVITY, FILE, GENERATION, PARAMETER, PROVENANCE, USED
from vo_server.config import Settings
from vo_server.db import Database

MIDAS = glob("/usr/lib/eso-midas/*/test/prim/3Dtable.tfits")
MD5 = "0123456789abcdef0123456789abcdef"
OTHER_MD5 = "fedcba9876543210fedcba9876543210"
RAW = "HAWKI.2023-02-25T06:00:00.000"
RECIPE: dict[str, Any] = {
    "PROV1": None,
    "PROV2": None,
    "HIERARCH ESO PRO CATG": "JITTERED_IMAGE_SCI",
    "HIERARCH ESO PRO REC1 ID": "hawki_science_process",
    "HIERARCH ESO PRO REC1 DRS ID": "cpl-7.1.2",
    "HIERARCH ESO PRO REC1 PIPE ID": "hawki/2.4.11",
    "HIERARCH ESO PRO REC1 START": "2023-03-01T12:00:00.5",
    "HIERARCH ESO PRO REC1 RAW1 NAME": f"{RAW}.fits.fz",
    "HIERARCH ESO PRO REC1 RAW1 CATG": "OBJECT",
    "HIERARCH ESO PRO REC1 CAL1 NAME": "MASTER_DARK.fits",
    "HIERARCH ESO PRO REC1 CAL1 CATG": "MASTER_DARK",
    "HIERARCH ESO PRO REC1 CAL1 DATAMD5": MD5,
    "HIERARCH ESO PRO REC1 PARAM1 NAME": "savemstd",
    "HIERARCH ESO PRO REC1 PARAM1 VALUE": ("true", "Default: false"),
    "HIERARCH ESO PRO REC1 PARAM2 NAME": "nbins",
    "HIERARCH ESO PRO REC1 PARAM2 VALUE": "7",
}
DIGEST = "DATAMD5"


def opened(path: Path) -> Any:
    found = candidate(path)
    assert isinstance(found, Candidate)
    return scan(found).file


@pytest.fixture
def archive(database: Database, settings: Settings, tmp_path: Path) -> Iterator[Archive]:
    found = Archive(database, settings, tmp_path)
    yield found
    dp_ids = found.dp_ids()
    found.forget()
    with database.owner.begin() as connection:
        connection.execute(sa.delete(GENERATION).where(GENERATION.c.dp_id.in_(dp_ids)))
        for table in (USED, PARAMETER, ACTIVITY):
            orphans = table.c.activity_id.not_in(sa.select(GENERATION.c.activity_id))
            connection.execute(sa.delete(table).where(orphans))


def product(archive: Archive, number: int, **cards: Any) -> str:
    """A product made by a recipe; its identifier."""
    dp_id = f"ADP.2024-02-0{number}T00:00:00.000"
    samples.image(archive.directory / f"{number}.fits", ARCFILE=f"{dp_id}.fits", **{**RECIPE, **cards})
    return dp_id


def dark(archive: Archive, number: int, name: str = "MASTER_DARK.fits", digest: str | None = MD5) -> str:
    """A master that recipes may use; its identifier."""
    dp_id = f"M.HAWKI.2024-01-0{number}T00:00:00.000"
    cards: dict[str, Any] = {
        "ARCFILE": f"{dp_id}.fits",
        "ORIGFILE": name,
        DIGEST: digest,
        "PROV1": None,
        "PROV2": None,
    }
    samples.image(archive.directory / f"dark{number}.fits", **cards)
    return dp_id


def inputs(archive: Archive, dp_id: str) -> dict[str, str]:
    """The names that the recipe of a product read -> what they mean now."""
    joined = USED.join(GENERATION, GENERATION.c.activity_id == USED.c.activity_id)
    query = sa.select(USED.c.name, USED.c.entity).select_from(joined).where(GENERATION.c.dp_id == dp_id)
    with archive.database.owner.connect() as connection:
        return {row.name: row.entity for row in connection.execute(query)}


@pytest.mark.debian
@pytest.mark.skipif(not MIDAS, reason="needs eso-midas-testdata")
def test_a_genuine_product_of_a_midas_pipeline_tells_its_recipe() -> None:
    (activity,), findings = read_activities(opened(Path(MIDAS[0])))
    assert findings == []
    assert (activity.recipe, activity.pipeline, activity.drs) == (
        "fors_s_lss_stdstar", "fors1/2.3.4", "MIDAS/02SEPpl1.3"
    )  # fmt: skip
    assert activity.started == datetime(2003, 12, 15, 15, 9, 9)
    assert activity.ended == datetime(2003, 12, 15, 15, 9, 44)
    assert len(activity.inputs) == 9
    assert activity.inputs[0] == Input("raw", "FORS1_LSS_STD181.1", "STANDARD_LSS", None)
    assert activity.inputs[1] == Input(
        "calibration", "std_masterbias_0000", "MASTER_BIAS", "ba5681506f02c2a55d8295f3cab3e22e"
    )
    # The MD5 of no bytes at all says nothing.
    assert activity.inputs[8] == Input("calibration", "lss_setupG10.tfits", "DRS_SETUP_LSS", None)
    assert activity.parameters[0] == Parameter("ccdpar", "0.,0.,med", None)
    assert activity.parameters[1] == Parameter("fwhm", "10.0", None)


def test_a_recipe_is_in_every_table(archive: Archive) -> None:
    dp_id = product(archive, 1)
    assert archive.ingest().findings == []
    generation = archive.row(GENERATION, dp_id)
    assert (generation["step"], generation["category"]) == (0, "JITTERED_IMAGE_SCI")
    name = generation["activity_id"]
    (activity,) = archive.select(ACTIVITY, where=ACTIVITY.c.activity_id == name)
    assert tuple(activity) == (
        name, "hawki_science_process", "hawki/2.4.11", "cpl-7.1.2",
        datetime(2023, 3, 1, 12, 0, 0, 500000, tzinfo=UTC), None,
    )  # fmt: skip
    used = archive.select(USED, where=USED.c.activity_id == name)
    assert sorted(map(tuple, used)) == [
        (name, 1, "raw", RAW, "OBJECT", None, RAW),
        (name, 2, "calibration", "MASTER_DARK", "MASTER_DARK", MD5, "MASTER_DARK"),
    ]
    parameters = archive.select(PARAMETER, where=PARAMETER.c.activity_id == name)
    assert sorted(map(tuple, parameters)) == [
        (name, 1, "savemstd", "true", "false"), (name, 2, "nbins", "7", None)
    ]  # fmt: skip


def test_products_of_one_execution_share_it_and_the_last_takes_it_away(archive: Archive) -> None:
    first, second = product(archive, 1), product(archive, 2, BUNIT="other")
    archive.ingest()
    name = archive.row(GENERATION, first)["activity_id"]
    assert archive.row(GENERATION, second)["activity_id"] == name
    for number, left in ((1, 1), (2, 0)):
        samples.image(
            archive.directory / f"{number}.fits", ARCFILE=f"ADP.2024-02-0{number}T00:00:00.000.fits"
        )
        archive.ingest()
        for table in (ACTIVITY, USED, PARAMETER):
            rows = archive.select(table, where=table.c.activity_id == name)
            assert bool(rows) == bool(left)


def test_executions_that_tell_nothing_are_not_taken_for_the_same(archive: Archive) -> None:
    bare = {key: None for key in RECIPE if " REC1 " in key} | {"HIERARCH ESO PRO REC1 ID": "hawki_x"}
    first, second = product(archive, 1, **bare), product(archive, 2, **bare)
    archive.ingest()
    assert archive.row(GENERATION, first)["activity_id"] != archive.row(GENERATION, second)["activity_id"]


def test_several_recipes_are_steps_back(archive: Archive) -> None:
    again = {key.replace("REC1", "REC2"): value for key, value in RECIPE.items() if "REC1" in key}
    dp_id = product(archive, 1, **{**again, "HIERARCH ESO PRO REC2 ID": "hawki_second"})
    archive.ingest()
    query = (
        sa.select(GENERATION.c.step, ACTIVITY.c.recipe)
        .join(ACTIVITY, ACTIVITY.c.activity_id == GENERATION.c.activity_id)
        .where(GENERATION.c.dp_id == dp_id)
        .order_by(GENERATION.c.step)
    )
    with archive.database.owner.connect() as connection:
        assert [tuple(row) for row in connection.execute(query)] == [
            (0, "hawki_second"), (1, "hawki_science_process")
        ]  # fmt: skip


def test_a_raw_file_that_comes_later_is_found(archive: Archive) -> None:
    dp_id = product(archive, 1)
    archive.ingest()
    assert inputs(archive, dp_id)[RAW] == RAW
    samples.raw(archive.directory / "raw.fits", ORIGFILE="HAWKI_OBS056_0001.fits")
    archive.ingest()
    assert archive.select(FILE.c.kind, where=FILE.c.dp_id == RAW)[0].kind == "raw"
    assert inputs(archive, dp_id)[RAW] == RAW


def test_a_name_of_the_workstation_means_the_file_in_the_archive(archive: Archive) -> None:
    dp_id = product(archive, 1, **{"HIERARCH ESO PRO REC1 RAW1 NAME": "dir/HAWKI_OBS056_0001.fits"})
    archive.ingest()
    assert inputs(archive, dp_id)["HAWKI_OBS056_0001"] == "HAWKI_OBS056_0001"
    samples.raw(archive.directory / "raw.fits", ORIGFILE="HAWKI_OBS056_0001.fits")
    archive.ingest()
    assert inputs(archive, dp_id)["HAWKI_OBS056_0001"] == RAW
    # Gone again: another file is where it was.
    samples.raw(archive.directory / "raw.fits", ORIGFILE="x.fits", **{"DATE-OBS": "2023-02-26T06:00:00"})
    archive.ingest()
    assert inputs(archive, dp_id)["HAWKI_OBS056_0001"] == "HAWKI_OBS056_0001"


def test_of_calibrations_of_one_name_the_data_decide(archive: Archive) -> None:
    dp_id = product(archive, 1)
    dark(archive, 1, digest=OTHER_MD5)
    archive.ingest()
    assert inputs(archive, dp_id)["MASTER_DARK"] == "MASTER_DARK"
    right = dark(archive, 2, name="another_name.fits")
    archive.ingest()
    assert inputs(archive, dp_id)["MASTER_DARK"] == right


def test_a_calibration_without_a_digest_is_known_by_its_name(archive: Archive) -> None:
    dp_id = product(archive, 1)
    right = dark(archive, 1, digest=None)
    archive.ingest()
    assert inputs(archive, dp_id)["MASTER_DARK"] == right


def test_the_order_of_arrival_makes_no_difference(archive: Archive) -> None:
    dp_id = product(archive, 1)
    dark(archive, 1, digest=None)
    archive.ingest()
    best = dark(archive, 2, name="another_name.fits")
    archive.ingest()
    assert inputs(archive, dp_id)["MASTER_DARK"] == best


def test_an_archive_that_knows_files_without_recipes_learns_them(archive: Archive) -> None:
    dp_id = product(archive, 1)
    archive.ingest()
    name = archive.row(GENERATION, dp_id)["activity_id"]
    with archive.database.owner.begin() as connection:
        for table in (GENERATION, ACTIVITY, USED, PARAMETER):
            connection.execute(sa.delete(table).where(table.c.activity_id == name))
    assert archive.counts(full=True) == (0, 0, 1, 0)
    assert archive.row(GENERATION, dp_id)["activity_id"] == name
    assert len(archive.select(USED, where=USED.c.activity_id == name)) == 2


def test_strange_names_of_inputs_are_left_out_with_a_finding(archive: Archive) -> None:
    dp_id = product(archive, 1, **{"HIERARCH ESO PRO REC1 RAW1 NAME": "somewhere/"})
    (finding,) = archive.ingest().findings
    assert (finding.rule, finding.severity) == ("RECIPE", "warning")
    assert set(inputs(archive, dp_id)) == {"MASTER_DARK"}


def extension(names: list[str], column: str = "PROV", **cards: Any) -> Any:
    """A provenance extension."""
    column_of_names = fits.Column(column, "68A", array=np.array(names))
    return samples.with_cards(
        fits.BinTableHDU.from_columns([column_of_names], name="PHASE3PROVENANCE"), cards
    )


def with_extension(path: Path, hdu: Any) -> Path:
    samples.image(path, PROV1=None, PROV2=None, PROVXTN=True)
    with fits.open(path) as opened_file:
        fits.HDUList([*opened_file, hdu]).writeto(path.with_suffix(".2.fits"))
    return path.with_suffix(".2.fits")


def test_progenitors_may_be_listed_in_an_extension(tmp_path: Path) -> None:
    path = with_extension(tmp_path / "x.fits", extension(["A.fits", "B.2020.fits", "A.fits", "C"]))
    assert read_progenitors(opened(path)) == (("A", "B.2020", "C"), [])


@pytest.mark.parametrize(
    ("hdu", "message"),
    [
        (extension(["A"], "NAME"), "no column PROV"),
        (extension([""] * 3), "3 names of progenitors are empty"),
        (extension(["A"] * (MOST_ROWS + 1)), f"at most {MOST_ROWS}"),
        (
            fits.BinTableHDU.from_columns([fits.Column("PROV", "J", array=[1])], name="PHASE3PROVENANCE"),
            "not one of texts",
        ),
    ],
    ids=["column", "empty", "rows", "type"],
)
def test_an_extension_that_cannot_be_read_is_a_finding(tmp_path: Path, hdu: Any, message: str) -> None:
    names, (finding,) = read_progenitors(opened(with_extension(tmp_path / "x.fits", hdu)))
    assert names == ()
    assert finding.rule == "PROVENANCE"
    assert message in finding.message


def test_an_extension_counts_only_where_the_header_points_to_it(tmp_path: Path) -> None:
    path = with_extension(tmp_path / "x.fits", extension(["A"]))
    with fits.open(path, mode="update") as changed:
        changed[0].header["PROVXTN"] = False
    assert read_progenitors(opened(path)) == ((), [])


def test_progenitors_are_found_by_identifier_and_name(archive: Archive) -> None:
    samples.raw(archive.directory / "raw.fits", ORIGFILE="HAWKI_OBS056_0001.fits")
    samples.image(
        archive.directory / "x.fits", ARCFILE="ADP.2024-02-01T00:00:00.000.fits",
        PROV1=f"{RAW}.fits", PROV2="HAWKI_OBS056_0001.fits", PROV3="NOWHERE.fits",
    )  # fmt: skip
    archive.ingest()
    mine = PROVENANCE.c.dp_id == "ADP.2024-02-01T00:00:00.000"
    rows = archive.select(PROVENANCE.c.pos, PROVENANCE.c.entity, where=mine)
    assert sorted(map(tuple, rows)) == [(1, RAW), (2, RAW), (3, "NOWHERE")]
