"""STILTS against the demo server: its validators for TAP and VOTable, and its TAP client."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from astropy.table import Table

STILTS = shutil.which("stilts")

pytestmark = [
    pytest.mark.demo,
    pytest.mark.debian,
    pytest.mark.skipif(STILTS is None, reason="no STILTS here; .ci/debian.sh installs it on Debian"),
]

#: All of taplint but LOC, which is about the data model ObsLocTAP of planned observations.
STAGES = "TMV TME TMS TMC CPV CAP AVV QGE QPO QAS UWS MDQ OBS UPL EXA"
SUMMARY = re.compile(r"Totals: Errors: (\d+); Warnings: (\d+);.* Failures: (\d+)")

#: Every kind of VOTable that the server sends.
VOTABLES = {
    "tap binary2": "/tap/sync?LANG=ADQL&MAXREC=50&QUERY=SELECT+*+FROM+ivoa.ObsCore",
    "tap tabledata": "/tap/sync?LANG=ADQL&MAXREC=50&RESPONSEFORMAT=votable/td&QUERY=SELECT+*+FROM+dbo.raw",
    "tap binary": "/tap/sync?LANG=ADQL&MAXREC=50&RESPONSEFORMAT=votable/b&QUERY=SELECT+*+FROM+demo.sources",
    "tap overflow": "/tap/sync?LANG=ADQL&MAXREC=1&QUERY=SELECT+*+FROM+demo.sources",
    "tap no rows": "/tap/sync?LANG=ADQL&MAXREC=0&QUERY=SELECT+*+FROM+demo.sources",
    "tap error": "/tap/sync?LANG=ADQL&QUERY=SELECT+nothing+FROM+nowhere",
    "tap schema": "/tap/sync?LANG=ADQL&QUERY=SELECT+*+FROM+TAP_SCHEMA.columns",
    "sia": "/sia2/query?POS=CIRCLE+10.68+41.27+1",
    "sia description": "/sia2/query?MAXREC=0",
    "sia error": "/sia2/query?POS=CIRCLE+north",
    "datalink": "/datalink/links?ID={did}",
    "datalink error": "/datalink/links?ID=ivo://nowhere/ID%3Fnothing",
}


def stilts(*arguments: str, timeout: float = 240) -> str:
    """What STILTS prints."""
    done = subprocess.run(
        [str(STILTS), *arguments], capture_output=True, text=True, timeout=timeout, check=False
    )
    return done.stdout + done.stderr


def test_taplint_finds_nothing_wrong(demo_server: str, capsys: pytest.CaptureFixture[str]) -> None:
    report = stilts("taplint", f"stages={STAGES}", "report=EWF", f"tapurl={demo_server}/tap")
    totals = SUMMARY.search(report)
    assert totals, report[-2000:]
    with capsys.disabled():
        sys.stderr.write(f"\ntaplint: {totals[0]}\n")
    assert totals.groups() == ("0", "0", "0"), report


@pytest.mark.parametrize("kind", VOTABLES)
def test_votlint_finds_nothing_wrong(demo_server: str, tmp_path: Path, kind: str) -> None:
    address = VOTABLES[kind]
    if "{did}" in address:
        address = address.format(did=some_identifier(demo_server))
    document = tmp_path / "answer.vot"
    document.write_bytes(requests.get(f"{demo_server}{address}", timeout=30).content)
    assert document.read_bytes().lstrip().startswith(b"<?xml")
    assert stilts("votlint", "ucd=true", "unit=true", f"votable={document}") == ""


def some_identifier(demo_server: str) -> str:
    """The obs_publisher_did of a cube, ready for a URL."""
    query = "SELECT TOP 1 obs_publisher_did FROM ivoa.ObsCore WHERE dataproduct_type = 'cube'"
    parameters = {"LANG": "ADQL", "RESPONSEFORMAT": "csv", "QUERY": query}
    text = requests.get(f"{demo_server}/tap/sync", params=parameters, timeout=30).text
    return quote(text.splitlines()[1].strip('"'), safe="")


@pytest.mark.parametrize("synchronous", ["true", "false"])
def test_tapquery_reads_a_cone(demo_server: str, tmp_path: Path, synchronous: str) -> None:
    output = tmp_path / "cone.fits"
    cone = "1 = CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', 10.6847, 41.2690, 0.5))"
    report = stilts(
        "tapquery", f"tapurl={demo_server}/tap", f"sync={synchronous}",
        f"adql=SELECT * FROM demo.sources WHERE {cone}", f"out={output}", "ofmt=fits",
    )  # fmt: skip
    assert output.is_file(), report
    table = Table.read(output)
    assert len(table) > 500
    assert table["ra"].unit == "deg"


def positions(tmp_path: Path) -> Path:
    """Three rows beside sources that are there, and one beside none."""
    path = tmp_path / "mine.vot"
    table = Table({"id": [1, 2, 3, 4], "ra": [10.68, 10.70, 10.72, 200.0], "dec": [41.27, 41.25, 41.30, 0.0]})
    for name in ("ra", "dec"):
        table[name].unit = "deg"
        table[name].meta["ucd"] = f"pos.eq.{name};meta.main"
    table.write(path, format="votable")
    return path


@pytest.mark.parametrize("synchronous", ["true", "false"])
def test_tapquery_uploads_a_table(demo_server: str, tmp_path: Path, synchronous: str) -> None:
    output = tmp_path / "match.fits"
    report = stilts(
        "tapquery", f"tapurl={demo_server}/tap", f"sync={synchronous}", "nupload=1",
        f"upload1={positions(tmp_path)}", "upname1=mine", "maxrec=100000", f"out={output}", "ofmt=fits",
        "adql=SELECT u.id, COUNT(*) AS n FROM TAP_UPLOAD.mine AS u JOIN demo.sources AS s "
        "ON DISTANCE(s.ra, s.dec, u.ra, u.dec) < 0.1 GROUP BY u.id ORDER BY u.id",
    )  # fmt: skip
    assert output.is_file(), report
    table = Table.read(output)
    assert list(table["id"]) == [1, 2, 3]
    assert min(table["n"]) > 0


def test_tapskymatch_finds_what_a_cone_finds(demo_server: str, tmp_path: Path) -> None:
    output = tmp_path / "sky.fits"
    report = stilts(
        "tapskymatch", f"tapurl={demo_server}/tap", "taptable=demo.sources", "taplon=ra", "taplat=dec",
        f"in={positions(tmp_path)}", "inlon=ra", "inlat=dec", "sr=0.05", "find=all",
        f"out={output}", "ofmt=fits",
    )  # fmt: skip
    assert output.is_file(), report
    counts = [
        len(cone_rows(demo_server, ra, dec, 0.05))
        for ra, dec in ((10.68, 41.27), (10.70, 41.25), (10.72, 41.30))
    ]
    assert len(Table.read(output)) == sum(counts) > 3


def cone_rows(demo_server: str, ra: float, dec: float, radius: float) -> list[str]:
    """The lines of a cone search in CSV."""
    query = f"SELECT source_id FROM demo.sources WHERE DISTANCE(ra, dec, {ra}, {dec}) <= {radius}"
    parameters = {"LANG": "ADQL", "FORMAT": "csv", "QUERY": query}
    return requests.get(f"{demo_server}/tap/sync", params=parameters, timeout=30).text.splitlines()[1:]


def test_tapresume_fetches_a_job_that_was_left(demo_server: str, tmp_path: Path) -> None:
    form = {"LANG": "ADQL", "QUERY": "SELECT TOP 12 * FROM demo.sources", "PHASE": "RUN"}
    made = requests.post(f"{demo_server}/tap/async", data=form, timeout=30, allow_redirects=False)
    output = tmp_path / "resumed.fits"
    report = stilts(
        "tapresume", f"joburl={made.headers['Location']}", f"out={output}", "ofmt=fits", "poll=100"
    )
    assert output.is_file(), report
    assert len(Table.read(output)) == 12
    # It deletes the job that it has fetched.
    assert requests.get(made.headers["Location"], timeout=30).status_code == 404
