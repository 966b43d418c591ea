"""STILTS and pyvo at every door but TAP: cones, SIA 1 and 2, SSA, DataLink, SODA."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.io.votable import parse
from astropy.table import Table
from lxml import etree
from pyvo.dal import SCSService, SIAService, SSAService, TAPService
from pyvo.dal.adhoc import DatalinkResults

from demo.catalogue import M31, make_sources
from tests.clients.test_stilts import STILTS, stilts

pytestmark = pytest.mark.demo


def needs_stilts(test: Any) -> Any:
    """Mark a test that runs STILTS."""
    reason = "no STILTS here; .ci/debian.sh installs it on Debian"
    return pytest.mark.debian(pytest.mark.skipif(STILTS is None, reason=reason)(test))


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table with positions in the sky of the demo archive."""
    path = tmp_path_factory.mktemp("places") / "places.csv"
    path.write_text("name,ra,dec\nM31,10.6847,41.2688\nA1689,197.87,-1.34\npole,200,-89\n")
    return path


@needs_stilts
@pytest.mark.parametrize("verbosity", ["1", "2", "3"])
def test_stilts_cone_finds_the_sources_in_the_cone(demo_server: str, tmp_path: Path, verbosity: str) -> None:
    out = tmp_path / "cone.csv"
    ra, dec = M31
    report = stilts(
        "cone", f"serviceurl={demo_server}/scs/demo.sources", f"lon={ra}", f"lat={dec}", "radius=0.3",
        f"verb={verbosity}", "ofmt=csv", f"out={out}",
    )  # fmt: skip
    assert out.exists(), report
    table = make_sources()
    place = SkyCoord(table["ra"].to_numpy(), table["dec"].to_numpy(), unit="deg")
    wanted = np.flatnonzero(place.separation(SkyCoord(ra, dec, unit="deg")).deg <= 0.3) + 1
    np.testing.assert_array_equal(np.sort(Table.read(out)["source_id"]), wanted)


@needs_stilts
@pytest.mark.parametrize(
    ("service", "path", "rows"),
    [
        ("cone", "/scs/demo.sources", 10),
        ("cone", "/scs/ivoa.ObsCore", 1),
        ("sia", "/sia/query", 1),
        ("sia2", "/sia2/query", 1),
        ("ssa", "/ssa/query", 1),
    ],
)
def test_stilts_asks_for_each_row_of_a_table(
    demo_server: str, tmp_path: Path, places: Path, service: str, path: str, rows: int
) -> None:
    out = tmp_path / "match.csv"
    report = stilts(
        "coneskymatch", f"servicetype={service}", f"serviceurl={demo_server}{path}", f"in={places}",
        "ifmt=csv", "ra=ra", "dec=dec", "sr=0.5", "find=all", "erract=abort", "usefoot=false", "ofmt=csv",
        f"out={out}",
    )  # fmt: skip
    assert out.exists(), report
    found = Table.read(out)
    assert len(found) >= rows
    assert set(found["name"]) <= {"M31", "A1689", "pole"}


def links(demo_server: str, ids: list[str]) -> bytes:
    """The document of the links of some identifiers."""
    return requests.get(f"{demo_server}/datalink/links", params={"ID": ids}, timeout=30).content


def fetch(url: str) -> io.BytesIO:
    """What an address gives."""
    answer = requests.get(url, timeout=60)
    answer.raise_for_status()
    return io.BytesIO(answer.content)


@needs_stilts
def test_stilts_finds_nothing_wrong_with_links_of_all_kinds(demo_server: str, tmp_path: Path) -> None:
    query = "SELECT dp_id, dataproduct_type, obs_publisher_did FROM ivoa.ObsCore ORDER BY dp_id"
    rows = TAPService(f"{demo_server}/tap").search(query, maxrec=100_000).to_table()
    raw = TAPService(f"{demo_server}/tap").search("SELECT TOP 4 dp_id FROM dbo.raw").to_table()
    dids = [str(did) for did in rows["obs_publisher_did"]]
    kinds = np.asarray(rows["dataproduct_type"].astype(str))
    chosen = [dids[n] for kind in np.unique(kinds) for n in np.flatnonzero(kinds == kind)[::9][:6]]
    chosen += [str(name) for name in raw["dp_id"]] + ["ivo://nowhere/nothing"]
    documents = [*([did] for did in chosen), chosen[:3], chosen]
    assert len(documents) >= 20
    for n, ids in enumerate(documents):
        path = tmp_path / f"links{n}.vot"
        path.write_bytes(
            requests.get(f"{demo_server}/datalink/links", params={"ID": ids}, timeout=30).content
        )
        report = stilts("datalinklint", "maxrepeat=1000", str(path))
        # Without a network STILTS takes its own copy of the vocabulary, which is older than these terms.
        newer = ("Unknown predicate 'thumbnail'", "Unknown predicate 'documentation'")
        lines = [line for line in report.splitlines() if not any(term in line for term in newer)]
        assert not [line for line in lines if line.startswith(("E-", "F-"))], (ids, report)


@needs_stilts
@pytest.mark.parametrize(
    "path",
    [
        "/scs/demo.sources?RA=10.68&DEC=41.27&SR=0.1",
        "/scs/demo.sources?RA=north&DEC=41.27&SR=0.1",
        "/sia/query?POS=10.68,41.27&SIZE=1",
        "/sia/query?FORMAT=METADATA",
        "/ssa/query?REQUEST=queryData&POS=10.68,41.27&SIZE=40",
        "/ssa/query?REQUEST=queryData&FORMAT=METADATA",
        "/ssa/query?REQUEST=queryData&BAND=x!",
    ],
)
def test_votlint_finds_nothing_wrong_but_words_of_ucd1(demo_server: str, tmp_path: Path, path: str) -> None:
    document = tmp_path / "answer.vot"
    document.write_bytes(requests.get(f"{demo_server}{path}", timeout=30).content)
    lines = stilts("votlint", "ucd=true", "unit=true", f"votable={document}").splitlines()
    # SIA 1.0 and SCS 1.03 want UCDs of before UCD1+.
    old = ("VOX:", "POS_EQ_", "ID_MAIN", "INST_ID")
    assert [line for line in lines if not any(word in line for word in old)] == []


def test_pyvo_searches_cones(demo_server: str) -> None:
    service = SCSService(f"{demo_server}/scs/demo.sources")
    found = service.search(pos=SkyCoord(*M31, unit="deg"), radius=0.2 * u.deg, verbosity=3)
    assert len(found) > 20
    record = found[0]
    assert record.pos.separation(SkyCoord(*M31, unit="deg")).deg <= 0.2
    assert record.id


def test_pyvo_finds_images_by_sia_1_and_downloads_one(demo_server: str) -> None:
    service = SIAService(f"{demo_server}/sia/query")
    found = service.search(pos=(10.6, 41.2), size=3.0, format="image/fits")
    assert len(found) >= 2
    record = next(row for row in found if row["projection"])
    assert record.format == "image/fits"
    with fits.open(fetch(record.getdataurl())) as hdus:
        header = next(hdu.header for hdu in hdus if "CRPIX1" in hdu.header)
    np.testing.assert_allclose(record["refpixel"], [header["CRPIX1"], header["CRPIX2"]])
    np.testing.assert_allclose(record["refvalue"], [header["CRVAL1"], header["CRVAL2"]])
    assert record["projection"] == header["CTYPE1"][-3:]


# Spectra are in angstrom, which VOUnits finds out of date.
@pytest.mark.filterwarnings("ignore::astropy.units.UnitsWarning")
def test_pyvo_finds_spectra_by_ssa_in_both_formats(demo_server: str) -> None:
    service = SSAService(f"{demo_server}/ssa/query")
    found = service.search(band=(4.2e-7 * u.m, 4.3e-7 * u.m), format="compliant")
    assert len(found) >= 4
    public = [
        row for row in found if row["rights"] == "public" and str(row["collection"]).startswith("SYNTHETIC")
    ]
    by_format = {row["format"]: row for row in public if row["assoc_id"] == public[0]["assoc_id"]}
    with fits.open(fetch(by_format["application/fits"].getdataurl())) as hdus:
        wave = hdus[1].data["WAVE"][0]
    content = fetch(by_format["application/x-votable+xml"].getdataurl())
    table = parse(content, verify="ignore").get_first_table()
    np.testing.assert_allclose(table.array["WAVE"], wave)
    assert table.fields[0].utype.lower().endswith("spectralaxis.value")


def test_pyvo_goes_from_a_result_to_links_and_to_a_cutout(demo_server: str) -> None:
    query = (
        "SELECT TOP 2 * FROM ivoa.ObsCore WHERE dataproduct_type = 'cube'"
        " AND obs_collection LIKE 'SYNTHETIC%' AND obs_release_date < '2025-12-31'"
    )
    found = TAPService(f"{demo_server}/tap").search(query)
    assert len(found) == 2
    for row, rows in zip(found, found.iter_datalinks(), strict=True):
        assert isinstance(rows, DatalinkResults)
        # Its own way to find a meaning asks the network for the vocabulary.
        this = next(link for link in rows if link.semantics == "#this")
        ra, dec = float(row["s_ra"]), float(row["s_dec"])
        content = this.processed(
            circle=(ra * u.deg, dec * u.deg, 1 * u.arcsec), band=(5e-7 * u.m, 5.05e-7 * u.m)
        )
        with fits.open(io.BytesIO(content.read()), checksum=True) as hdus:
            cube = next(hdu for hdu in hdus if len(hdu.shape) == 3)
            assert 0 < cube.shape[0] < 40
            assert 0 < max(cube.shape[1:]) <= 14


def test_every_example_cutout_can_be_had(demo_server: str) -> None:
    page = etree.fromstring(requests.get(f"{demo_server}/soda/examples", timeout=30).content)
    examples = page.findall(".//*[@typeof='example']")
    assert {example.get("id") for example in examples} == {"image", "cube", "spectrum", "catalogue"}
    for example in examples:
        parameters = [
            (pair.findtext("*[@property='key']") or "", pair.findtext("*[@property='value']") or "")
            for pair in example.iterfind(".//*[@property='generic-parameter'][@typeof='keyval']")
        ]
        answer = requests.get(f"{demo_server}/soda/sync", params=parameters, timeout=60)
        assert answer.status_code == 200, (parameters, answer.text[:200])
        assert answer.content
