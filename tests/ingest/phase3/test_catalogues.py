"""Catalogues from FITS to TAP: cells, metadata, tiles, epochs, and what is refused."""

import gzip
import io
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.io.votable import parse
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from ingest.catalogue import publish
from ingest.phase3.catalogues import Naming, publish_catalogue, stage, take_place, withdraw
from ingest.phase3.catalogues.reading import texts
from tests.ingest.phase3.catalogue_archive import NAMING, archive, client, column, told
from tests.ingest.phase3.catalogue_files import DEC, ID, RA, Col, catalogue, in_tiles, stars, table, write
from tests.serving import engine
from vo_server import sky
from vo_server.catalog import read_catalog
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.errors import NotFoundFault, UsageFault
from vo_server.published import table_services

__all__ = ["archive", "client", "engine"]
PLACES = "SELECT nspname FROM pg_namespace WHERE nspname ~ '^publishing_'"


def every_type() -> list[Col]:
    """Three rows of every format that a catalogue may have."""
    return [
        Col("ID", "8A", ["s1", "s2", "s3"], ucd=ID),
        Col("L", "L", [True, False, True]),
        Col("ONE", "X", [[True], [False], [True]]),
        Col("BITS", "11X", np.arange(33).reshape(3, 11) % 3 == 0),
        Col("B", "B", np.array([0, 200, 255], np.uint8), null=0),
        Col("I", "I", np.array([-32768, 7, 32767], np.int16), null=7),
        Col("J", "J", np.array([-(2**31), 0, 2**31 - 1], np.int32)),
        Col("K", "K", [-(2**63), 0, 2**63 - 1]),
        Col("E", "E", np.array([1.1, np.nan, -3.5e38 / 2], np.float32), "mag", "phot.mag"),
        Col("D", "D", [np.pi, np.nan, np.inf], "km/s"),
        Col("A", "12A", ["a 'text'", "", ' led,"\\']),
        Col("VB", "2B", np.array([[0, 1], [254, 255], [3, 4]], np.uint8)),
        Col("VI", "3I", np.arange(9, dtype=np.int16).reshape(3, 3), null=4),
        Col("VJ", "2J", np.arange(6, dtype=np.int32).reshape(3, 2)),
        Col("VK", "2K", np.arange(6).reshape(3, 2)),
        Col("VE", "2E", np.array([[1.5, np.nan], [2.5, 3], [4, 5]], np.float32), "Jy"),
        Col("VD", "2D", [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]),
        Col("VL", "3L", [[True, False, True], [False] * 3, [True] * 3]),
    ]


def plain(value: Any) -> Any:
    """A cell as Python has it: NaN and empty texts are None, as the archive tells what is not there."""
    if isinstance(value, (np.ndarray, list)):
        items = [each.item() if isinstance(each, np.generic) else each for each in value]
        return ["nan" if isinstance(each, float) and np.isnan(each) else each for each in items]
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float) and np.isnan(value):
        return None
    return None if value == "" else value


def test_every_cell_is_what_astropy_reads(archive: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "stars.fits", table(every_type()))
    tables, findings = publish_catalogue([path], NAMING, archive)
    assert [(each.name, each.rows) for each in tables] == [("test_cat.dr1_stars", 3)]
    assert findings == ()
    read = fits.getdata(path, "PHASE3CATALOG")
    with archive.owner.connect() as connection:
        rows = connection.execute(sa.text("SELECT * FROM test_cat.dr1_stars ORDER BY id")).mappings().all()
    nulls = {"B": 0, "I": 7}
    for each in every_type():
        expected = [plain(value) for value in read[each.name]]
        if each.name in nulls:
            expected = [None if value == nulls[each.name] else value for value in expected]
        if each.form == "E":
            # The driver reads a float as the shortest text that means it.
            expected = [value if value is None else float(str(np.float32(value))) for value in expected]
        if each.name == "ONE":
            expected = [value[0] for value in expected]
        assert [plain(row[each.name.lower()]) for row in rows] == expected, each.name


@pytest.mark.parametrize("form", ["votable", "votable/td", "fits", "csv", "json"])
def test_a_tap_query_gives_every_type_in_every_format(
    archive: Database, client: TestClient, tmp_path: Path, form: str
) -> None:
    publish_catalogue([write(tmp_path / "stars.fits", table(every_type()))], NAMING, archive)
    answer = client.post(
        "/tap/sync",
        data={
            "LANG": "ADQL",
            "RESPONSEFORMAT": form,
            "QUERY": "SELECT * FROM test_cat.dr1_stars ORDER BY id",
        },
    )
    assert answer.status_code == 200, answer.text
    if form == "fits":
        assert fits.open(io.BytesIO(answer.content))[1].data["VL"].tolist() == every_type()[-1].values
    elif form == "votable":
        found = parse(io.BytesIO(answer.content)).get_first_table()
        assert [list(row) for row in found.array["VI"]] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
        assert [list(row) for row in found.array["BITS"]] == [list(row) for row in every_type()[3].values]
        by_name = {each.name: each for each in found.fields}
        assert (by_name["VE"].datatype, by_name["VE"].arraysize, str(by_name["VE"].unit)) == (
            "float",
            "2",
            "Jy",
        )
        assert (by_name["B"].datatype, by_name["D"].unit.to_string("vounit")) == ("unsignedByte", "km.s**-1")
    elif form != "fits":
        assert "s3" in answer.text


def test_tap_schema_tells_what_the_header_says(archive: Database, tmp_path: Path) -> None:
    columns = [
        *stars(),
        Col("date", "D", np.arange(20.0), "d", "time.epoch", comment="Mean date."),
        Col("J-K", "E", np.arange(20.0), "mag", "phot.color;em.IR.J;em.IR.K", cards={"TUTYP": "x:color"}),
        Col("odd", "E", np.arange(20.0), "furlongs", "no.ucd"),
        Col("lambda", "E", np.arange(20.0), "Angstrom", "em.wl"),
    ]
    tables, findings = publish_catalogue([write(tmp_path / "stars.fits", table(columns))], NAMING, archive)
    rules = {(finding.rule, finding.keyword) for finding in findings}
    assert rules == {("UNIT_FORM", "TUNIT8"), ("UCD_FORM", "TUCD8")}
    rows = {
        row[0]: row[1:]
        for row in told(
            archive,
            "SELECT column_name, datatype, unit, ucd, utype, description, indexed, principal"
            " FROM tap_schema.columns WHERE table_name = 'test_cat.dr1_stars'",
        )
    }
    assert rows["SOURCEID"] == ("long", None, ID, None, "Name of the source", 1, 1)
    assert rows["RA2000"][:3] == ("double", "deg", RA)
    assert rows["RA2000"][5:] == (1, 1)
    assert rows["date_"][0:5] == (
        "double",
        "d",
        "time.epoch",
        None,
        "Mean date; in the file it is called 'date'",
    )
    assert rows["J_K"][2:4] == ("phot.color;em.IR.J;em.IR.K", "x:color")
    assert rows["odd"][:3] == ("float", None, None)
    assert "the file gives the unit as 'furlongs'" in rows["odd"][4]
    assert rows["lambda"][1] == "0.1nm"
    assert "the file gives the unit as 'Angstrom'" in rows["lambda"][4]
    assert rows["KMAG"][5:] == (0, 0)
    ((description,),) = told(
        archive, "SELECT description FROM tap_schema.tables WHERE table_name = 'test_cat.dr1_stars'"
    )
    assert description.startswith("Sources of A survey: catalogue of TEST-CAT DR1; made from stars.fits")
    assert "2020A&A...000..000A" in description
    indexes = told(archive, "SELECT indexname FROM pg_indexes WHERE schemaname = 'test_cat'")
    assert {("dr1_stars_pkey",), ("dr1_stars_hpx",), ("dr1_stars_hpx_zone",)} == set(indexes)
    assert [each.name for each in tables] == ["test_cat.dr1_stars"]


def test_a_cone_search_finds_what_is_near(archive: Database, client: TestClient, tmp_path: Path) -> None:
    columns = stars(count=200)
    publish_catalogue([write(tmp_path / "stars.fits", table(columns))], NAMING, archive)
    ra, dec = columns[1].values, columns[2].values
    near = SkyCoord(ra, dec, unit="deg").separation(SkyCoord(150, 2, unit="deg")).deg < 0.5
    answer = client.get("/scs/test_cat.dr1_stars", params={"RA": 150, "DEC": 2, "SR": 0.5, "VERB": 2})
    assert answer.status_code == 200, answer.text
    found = parse(io.BytesIO(answer.content), verify="ignore").get_first_table()
    assert sorted(int(name) for name in found.array["SOURCEID"]) == np.flatnonzero(near).tolist()
    assert [each.name for each in found.fields] == ["SOURCEID", "RA2000", "DEC2000"]
    hpx = dict(told(archive, "SELECT sourceid, hpx FROM test_cat.dr1_stars"))
    assert [hpx[number] for number in range(200)] == sky.hpx(ra, dec).tolist()
    with archive.owner.connect() as connection:
        made = read_catalog(connection).table("test_cat.dr1_stars")
    assert made is not None
    # What registries are told of a table's services is made from this.
    assert len(list(table_services(made))) == 1


def test_positions_in_floats_and_without_values_are_searched_as_doubles(
    archive: Database, tmp_path: Path
) -> None:
    ra, dec = np.array([10.1, np.nan, 0.0], np.float32), np.array([-45.5, np.nan, 90.0], np.float32)
    columns = [
        Col("N", "J", [1, 2, 3], ucd=ID),
        Col("HPX", "E", ra, "deg", RA),
        Col("D", "E", dec, "deg", DEC),
    ]
    publish_catalogue([write(tmp_path / "stars.fits", table(columns))], NAMING, archive)
    rows = told(archive, "SELECT hpx, d, hpx_2 FROM test_cat.dr1_stars ORDER BY n")
    pixels = sky.hpx(ra[[0, 2]].astype(float), dec[[0, 2]].astype(float)).tolist()
    assert rows == [(float(ra[0]), -45.5, pixels[0]), (None, None, None), (0.0, 90.0, pixels[1])]


def test_siblings_come_and_go_alone(archive: Database, tmp_path: Path) -> None:
    publish_catalogue([catalogue(tmp_path, "one.fits")], NAMING, archive)
    publish_catalogue([catalogue(tmp_path, "two.fits")], NAMING, archive)
    again = write(tmp_path / "one.fits", table(stars(count=5)))
    publish_catalogue([again], NAMING, archive)
    names = "SELECT table_name FROM tap_schema.tables WHERE schema_name = 'test_cat' ORDER BY table_index"
    assert told(archive, names) == [("test_cat.dr1_one",), ("test_cat.dr1_two",)]
    assert len(column(archive, "sourceid", "test_cat.dr1_one")) == 5
    with archive.owner.begin() as connection:
        withdraw(connection, "Test_Cat.DR1_one")
    assert told(archive, names) == [("test_cat.dr1_two",)]
    assert len(column(archive, "sourceid", "test_cat.dr1_two")) == 20
    assert not told(archive, "SELECT 1 FROM tap_schema.columns WHERE table_name = 'test_cat.dr1_one'")
    assert not told(archive, "SELECT 1 FROM pg_tables WHERE tablename = 'dr1_one'")


@pytest.mark.parametrize("name", ["test_cat.nothing", "nothing.at_all", "ivoa.ObsCore", "x", ""])
def test_what_is_no_catalogue_cannot_be_withdrawn(archive: Database, name: str) -> None:
    with archive.owner.begin() as connection, pytest.raises(NotFoundFault, match="no catalogue is published"):
        withdraw(connection, name)


def test_another_file_of_the_same_name_gets_another_table(archive: Database, tmp_path: Path) -> None:
    publish_catalogue([catalogue(tmp_path, "a-b.fits")], NAMING, archive)
    tables, _ = publish_catalogue([catalogue(tmp_path, "a_b.fits")], NAMING, archive)
    assert tables[0].name == "test_cat.dr1_a_b_2"
    assert publish_catalogue([catalogue(tmp_path, "a_b.fits")], NAMING, archive)[0] == tables


def test_a_release_is_published_in_one_transaction(archive: Database, tmp_path: Path) -> None:
    files = [catalogue(tmp_path, "one.fits"), catalogue(tmp_path, "two.fits")]
    exists = "SELECT table_name FROM tap_schema.tables WHERE schema_name = 'test_cat'"
    with stage(files, NAMING, archive) as staged:
        assert told(archive, exists) == []
        with archive.owner.connect() as connection:
            transaction = connection.begin()
            take_place(connection, staged)
            transaction.rollback()
        assert told(archive, exists) == []
        with archive.owner.begin() as connection:
            take_place(connection, staged)
            assert told(archive, exists) == []
        assert len(told(archive, exists)) == 2
    reader = sa.create_engine(sa.engine.make_url(archive.reader_url).set(drivername="postgresql+psycopg2"))
    with reader.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM test_cat.dr1_two")) == 20
    reader.dispose()


def test_a_process_that_is_killed_between_leaves_nothing_that_is_seen(
    archive: Database, settings: Settings, tmp_path: Path
) -> None:
    arguments = [settings.state_dir or "", settings.database_url or "", catalogue(tmp_path)]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.ingest.phase3.staging", *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "staged\n"
        # A place that is in use is nobody else's to drop.
        with stage([catalogue(tmp_path, "other.fits")], NAMING, archive):
            assert len(told(archive, PLACES)) == 2
        process.kill()
    assert len(told(archive, PLACES)) == 1
    assert not told(archive, "SELECT 1 FROM tap_schema.tables WHERE schema_name = 'test_cat'")
    reader = sa.create_engine(sa.engine.make_url(archive.reader_url).set(drivername="postgresql+psycopg2"))
    with reader.connect() as connection:
        ((place,),) = told(archive, PLACES)
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            connection.exec_driver_sql(f"SELECT * FROM {place}.dr1_stars")
    reader.dispose()
    locks = (
        "SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
        " WHERE l.locktype = 'advisory' AND d.datname = current_database()"
    )
    while told(archive, locks):  # the database hears of the end of a client a moment later
        time.sleep(0.02)
    with stage([catalogue(tmp_path)], NAMING, archive) as staged:
        assert told(archive, PLACES) == [(staged.place.name,)]


def test_a_tile_is_known_by_the_name_that_its_provider_gave(archive: Database, tmp_path: Path) -> None:
    paths = in_tiles(tmp_path, [stars()])
    stored = paths[1].rename(tmp_path / "ADP.2020-01-01T00:00:00.001.fits")
    fits.setval(stored, "ORIGFILE", value="tile_0.fits")
    fits.setval(paths[0], "ORIGFILE", value="the_strip.fits")
    tables, _ = publish_catalogue([stored, paths[0]], NAMING, archive)
    assert [(each.name, each.rows) for each in tables] == [("test_cat.dr1_the_strip", 20)]


def test_a_packed_catalogue_is_read(archive: Database, tmp_path: Path) -> None:
    packed = tmp_path / "stars.fits.gz"
    packed.write_bytes(gzip.compress(catalogue(tmp_path).read_bytes()))
    tables, _ = publish_catalogue([packed], NAMING, archive)
    assert [(each.name, each.rows) for each in tables] == [("test_cat.dr1_stars", 20)]


def test_rows_are_read_in_pieces(archive: Database, tmp_path: Path) -> None:
    columns = [Col("ID", "J", np.arange(150_001), ucd=ID), Col("T", "7A", np.arange(150_001).astype("U7"))]
    steps: list[tuple[int, int | None, str]] = []
    path = write(tmp_path / "stars.fits", table(columns))
    publish_catalogue([path], NAMING, archive, lambda *step: steps.append(step))
    rows = [step[:2] for step in steps if step[2] == "publishing test_cat.dr1_stars"]
    assert rows == [(0, 150_001), (100_000, 150_001), (150_001, 150_001)]
    assert [step[:2] for step in steps if step[2] == "indexing dr1_stars"] == [(0, 1), (1, 1)]
    assert told(archive, "SELECT count(*), sum(id - t::int) FROM test_cat.dr1_stars") == [(150_001, 0)]


def test_a_logical_that_is_not_known_is_neither_true_nor_false(
    archive: Database, client: TestClient, tmp_path: Path
) -> None:
    columns = [Col("ID", "J", [1], ucd=ID), Col("L", "L", [True]), Col("VL", "3L", [[True, True, False]])]
    path = write(tmp_path / "stars.fits", table(columns))
    with fits.open(path) as opened:
        start = opened[1].fileinfo()["datLoc"]
    content = bytearray(path.read_bytes())
    content[start + 4] = content[start + 6] = 0
    path.write_bytes(content)
    publish_catalogue([path], NAMING, archive)
    assert told(archive, "SELECT l, vl FROM test_cat.dr1_stars") == [(None, [True, None, False])]
    data = {"LANG": "ADQL", "RESPONSEFORMAT": "votable/td", "QUERY": "SELECT VL FROM test_cat.dr1_stars"}
    assert "<TD>true ? false</TD>" in client.post("/tap/sync", data=data).text


def run(settings: Settings, *arguments: object) -> "subprocess.CompletedProcess[str]":
    """A command of the command line on the archive of the tests."""
    environment = {**os.environ, "VO_STATE_DIR": str(settings.state_dir)}
    if settings.database_url:
        environment["VO_DATABASE_URL"] = str(settings.database_url)
    program = str(Path(sys.executable).with_name("vo-server"))
    command = [program, "phase3", "catalogue", *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_command_publishes_and_tells(archive: Database, settings: Settings, tmp_path: Path) -> None:
    names = ("--collection", "Test-Cat", "--release", "DR2")
    path = write(tmp_path / "stars.fits", table([*stars(), Col("X", "E", np.arange(20), "furlongs")]))
    done = run(settings, path, *names, "--name", "sources")
    assert done.returncode == 0, done.stderr
    assert "UNIT_FORM: 'furlongs'" in done.stdout
    assert "test_cat.dr2_sources: 20 rows are published" in done.stdout
    done = run(settings, write(tmp_path / "stars.fits", table(stars()[1:])), *names)
    assert (done.returncode, done.stdout) == (2, "")
    assert "CATALOGUE_ID: no column; wanted: exactly one column" in done.stderr
    assert len(column(archive, "sourceid", "test_cat.dr2_sources")) == 20


def test_one_name_is_for_one_catalogue(archive: Database, tmp_path: Path) -> None:
    files = [catalogue(tmp_path, "one.fits"), catalogue(tmp_path, "two.fits")]
    with pytest.raises(UsageFault, match="one name was given for several catalogues"):
        publish_catalogue(files, Naming("TEST-CAT", "DR1", "same"), archive)


def test_an_operators_document_keeps_the_catalogues_beside(archive: Database, tmp_path: Path) -> None:
    publish_catalogue([catalogue(tmp_path)], NAMING, archive)
    document = """
name: test_cat
description: Mine
tables:
  - name: mine
    description: A table of the operator
    columns: [{name: id, datatype: long, description: Number}]
"""
    (tmp_path / "mine.csv").write_text("id\n1\n")
    with pytest.raises(UsageFault, match=r"the schema test_cat also has test_cat\.dr1_stars"):
        publish(document, tmp_path / "mine.csv", archive)
    assert len(column(archive, "sourceid")) == 20


def test_an_empty_catalogue_is_a_table_without_rows(archive: Database, tmp_path: Path) -> None:
    empty = [Col(c.name, c.form, np.array(c.values)[:0], c.unit, c.ucd) for c in stars()]
    tables, _ = publish_catalogue([write(tmp_path / "stars.fits", table(empty))], NAMING, archive)
    assert [(each.name, each.rows) for each in tables] == [("test_cat.dr1_stars", 0)]


def test_tiles_become_one_table(archive: Database, tmp_path: Path) -> None:
    tiles = [stars(first=100 * number, count=10 + number) for number in range(3)]
    paths = in_tiles(tmp_path, tiles)
    tables, _ = publish_catalogue(paths, NAMING, archive)
    assert [(each.name, each.rows) for each in tables] == [("test_cat.dr1_meta", 33)]
    wanted = sorted(int(value) for tile in tiles for value in tile[0].values)
    assert column(archive, "sourceid", "test_cat.dr1_meta") == wanted
    with archive.owner.connect() as connection:
        found = read_catalog(connection).table("test_cat.dr1_meta")
    assert found is not None
    assert found.files == ("meta.fits", "tile_0.fits", "tile_1.fits", "tile_2.fits")
    assert "and 3 tiles" in found.description


def light_curves(**changed: Any) -> list[Col]:
    values = {"SOURCEID": np.repeat(np.arange(20), 3)} | changed
    return [
        Col("SOURCEID", "K", values["SOURCEID"], ucd=ID),
        Col("MJD", "D", 55000 + np.arange(60.0), "d", "time.epoch"),
        Col("MAG", "E", np.arange(60.0), "mag", "phot.mag"),
    ]


def keys(archive: Database) -> set[Any]:
    return set(
        told(
            archive,
            "SELECT from_table, from_column, target_table, target_column FROM tap_schema.keys"
            " JOIN tap_schema.key_columns USING (key_id) WHERE from_table LIKE 'test_cat%%'",
        )
    )


def test_epochs_in_the_same_file_are_a_table_beside(
    archive: Database, client: TestClient, tmp_path: Path
) -> None:
    path = write(tmp_path / "stars.fits", table(stars()), table(light_curves(), "LIGHTCURVES"), M_EPOCH=True)
    tables, _ = publish_catalogue([path], NAMING, archive)
    assert [(each.name, each.rows) for each in tables] == [
        ("test_cat.dr1_stars", 20), ("test_cat.dr1_stars_lightcurves", 60)
    ]  # fmt: skip
    curves = "test_cat.dr1_stars_lightcurves"
    assert keys(archive) == {(curves, "sourceid", "test_cat.dr1_stars", "sourceid")}
    query = (
        "SELECT s.SOURCEID, COUNT(*) AS n FROM test_cat.dr1_stars AS s"
        f" JOIN {curves} AS c ON c.SOURCEID = s.SOURCEID WHERE s.SOURCEID < 2 GROUP BY s.SOURCEID"
    )
    answer = client.post("/tap/sync", data={"LANG": "ADQL", "RESPONSEFORMAT": "csv", "QUERY": query})
    assert sorted(answer.text.split()[1:]) == ["0,3", "1,3"]
    ((ucd, indexed),) = told(
        archive,
        "SELECT ucd, indexed FROM tap_schema.columns"
        f" WHERE table_name = '{curves}' AND column_name = 'SOURCEID'",
    )
    assert (ucd, indexed) == ("meta.id", 1)


def test_epochs_in_a_second_catalogue_follow_its_link(archive: Database, tmp_path: Path) -> None:
    link = {"TXLNK": "CATALOG", "TXRGF": "stars.fits", "TXCTY": "SOURCEID"}
    columns = light_curves()
    columns[0] = Col("STAR", "K", columns[0].values, ucd=ID, cards=link)
    second = write(tmp_path / "curves.fits", table(columns), M_EPOCH=True)
    tables, findings = publish_catalogue([catalogue(tmp_path, M_EPOCH=True), second], NAMING, archive)
    assert findings == ()
    assert [each.name for each in tables] == ["test_cat.dr1_stars", "test_cat.dr1_curves"]
    ((source, _, target, _),) = keys(archive)
    assert (source, target) == ("test_cat.dr1_curves", "test_cat.dr1_stars")
    with archive.owner.begin() as connection:
        withdraw(connection, "test_cat.dr1_stars")
    assert keys(archive) == set()


def test_links_lead_to_catalogues_of_other_collections_and_to_files(
    archive: Database, client: TestClient, tmp_path: Path
) -> None:
    publish_catalogue([catalogue(tmp_path, "base.fits")], Naming("TEST-CAT-BASE", "DR3"), archive)
    columns = [
        Col("ID", "K", [1, 2, 3], ucd=ID),
        Col("SPEC", "32A", ["ADP.2020-01-01T00:00:00.001.fits", "ADP.2020-01-01T00:00:00.002", ""],
            cards={"TXLNK": "ARCFILE"}),
        Col("ORIG", "9A", ["a.fits", "b.fits", ""], cards={"TXLNK": "ORIGFILE"}),
        Col("BASE", "K", [1, 2, 3],
            cards={"TXLNK": "CATALOG", "TXRGF": "TEST-CAT-BASE", "TXCTY": "SOURCEID"}),
        Col("LOST", "K", [1, 2, 3], cards={"TXLNK": "CATALOG", "TXRGF": "no.fits", "TXCTY": "ID"}),
    ]  # fmt: skip
    path = write(tmp_path / "stars.fits", table(columns))
    _, findings = publish_catalogue([path], NAMING, archive)
    assert [(finding.rule, finding.keyword) for finding in findings] == [("CATALOGUE_LINK_TARGET", "TXRGF5")]
    targets = {(row[1].lower(), row[2], row[3].lower()) for row in keys(archive)}
    assert targets == {
        ("dp_id", "ivoa.ObsCore", "dp_id"), ("base", "test_cat_base.dr3_base", "sourceid")
    }  # fmt: skip
    assert column(archive, "dp_id") == [
        "ADP.2020-01-01T00:00:00.001", "ADP.2020-01-01T00:00:00.002", None
    ]  # fmt: skip
    # A client of the results finds the archive's DataLink service described, for that column.
    query = "SELECT id, dp_id FROM test_cat.dr1_stars"
    answer = client.post("/tap/sync", data={"LANG": "ADQL", "QUERY": query})
    assert answer.status_code == 200, answer.text
    resources = parse(io.BytesIO(answer.content), verify="ignore").resources
    assert any(each.utype == "adhoc:service" and each.ID == "links" for each in resources)
    with archive.owner.begin() as connection:
        withdraw(connection, "test_cat_base.dr3_base")
    assert {row[2] for row in keys(archive)} == {"ivoa.ObsCore"}


@given(st.lists(st.binary(min_size=6, max_size=6).filter(bytes.isascii), min_size=1, max_size=5))
def test_texts_end_at_the_first_nul_and_lose_blanks(cells: list[bytes]) -> None:
    cells = [bytes(byte if byte == 0 else 32 + byte % 95 for byte in cell) for cell in cells]
    letters = np.frombuffer(b"".join(cells), np.uint8).reshape(-1, 6)
    wanted = [cell.partition(b"\0")[0].decode().rstrip(" ") or None for cell in cells]
    assert texts(letters).to_pylist() == wanted
