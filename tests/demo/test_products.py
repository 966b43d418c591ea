"""The products keep ESO's standard: keywords, provenance, associations, coordinates, tables, checksums."""

import csv
import re
from collections import Counter
from hashlib import md5
from pathlib import Path

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.io.votable.ucd import check_ucd
from astropy.table import Table
from astropy.wcs import WCS

from demo.observatory import Exposure
from demo.products.build import write_products
from demo.products.pictures import Gnomonic

#: Mandatory keywords of the primary header (M) and of the extension (X) by category: SDP standard 6, table 7.
MATRIX = Path(__file__).with_name("keyword_matrix.csv")
#: Columns of the matrix and the categories of ours.
COLUMNS = (
    "SCIENCE.IMAGE",
    "SCIENCE.MEFIMAGE",
    "SCIENCE.IMAGE.FLUXMAP",
    "SCIENCE.SPECTRUM",
    "SCIENCE.CUBE.IFS",
    "SCIENCE.SRCTBL",
    "SCIENCE.CATALOG",
)


def fits_files(products: list[Path]) -> list[Path]:
    return [path for path in products if path.suffix == ".fits"]


@pytest.fixture(scope="session")
def headers(products: list[Path]) -> dict[Path, list[fits.Header]]:
    """Every header of every product, after astropy found nothing wrong with structure and checksums."""
    found = {}
    for path in fits_files(products):
        with fits.open(path, checksum=True) as hdus:
            hdus.verify("exception")
            for hdu in hdus:
                assert hdu.data is not None or hdu.header["NAXIS"] == 0
            found[path] = [hdu.header for hdu in hdus]
    return found


def test_there_are_hundreds_of_products_of_every_kind(headers: dict[Path, list[fits.Header]]) -> None:
    kinds = Counter(hdus[0]["PRODCATG"] for hdus in headers.values())
    assert set(COLUMNS) <= set(kinds)
    assert sum(number for kind, number in kinds.items() if kind.startswith("SCIENCE")) > 300
    assert {"ANCILLARY.WEIGHTMAP", "ANCILLARY.IMAGE.WHITELIGHT", "ANCILLARY.RMSMAP"} <= set(kinds)


def test_everything_is_small(products: list[Path]) -> None:
    assert sum(path.stat().st_size for path in products) < 100e6


def test_a_second_run_gives_the_same_bytes(
    exposures: list[Exposure], products: list[Path], tmp_path: Path
) -> None:
    again = write_products(exposures, tmp_path)
    assert [path.name for path in again] == [path.name for path in products]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(again, products, strict=True))


def test_synthetic_files_say_so(headers: dict[Path, list[fits.Header]]) -> None:
    for path, hdus in headers.items():
        head = hdus[0]
        assert head["VOS SYNTHETIC"] is True
        assert head["VOS COLLECTION"] == path.parent.name
        assert head["VOS COLLECTION"].startswith("SYNTHETIC-")
        assert head["VOS TITLE"].lower().startswith("synthetic")


def test_identifiers_and_names_are_unique(
    headers: dict[Path, list[fits.Header]], products: list[Path]
) -> None:
    identifiers = [hdus[0]["ARCFILE"] for hdus in headers.values()]
    assert len(set(identifiers)) == len(identifiers)
    assert len({path.name for path in products}) == len(products)
    for path, hdus in headers.items():
        assert re.fullmatch(r"ADP\.\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\.fits", hdus[0]["ARCFILE"])
        assert hdus[0]["ORIGFILE"] == path.name


@pytest.mark.parametrize("category", COLUMNS)
def test_mandatory_keywords_are_there(category: str, headers: dict[Path, list[fits.Header]]) -> None:
    with MATRIX.open(newline="") as stream:
        rules = {row["keyword"]: row[category] for row in csv.DictReader(stream)}
    ours = {path: hdus for path, hdus in headers.items() if hdus[0]["PRODCATG"] == category}
    assert ours
    for path, hdus in ours.items():
        head, rest = hdus[0], hdus[1:]
        for keyword, rule in rules.items():
            if "primary" in rule or ("eso" in rule and not head.get("NOESODAT", False)):
                assert any(name in head for name in numbered(keyword)), f"{path.name}: {keyword}"
            if "extension" in rule:
                for extension in rest:
                    assert any(name in extension for name in numbered(keyword)), f"{path.name}: {keyword}"
            if "forbidden" in rule:
                assert not any(name in hdu for hdu in hdus for name in numbered(keyword))


def numbered(keyword: str) -> list[str]:
    """The first of an indexed keyword, under the names that it may have."""
    if keyword == "CDi_j":
        return ["CD1_1"]
    return [keyword[:-1] + "1", keyword[:-2] + "1"] if keyword.endswith(("i", "ia")) else [keyword]


def test_forbidden_keywords_are_nowhere(headers: dict[Path, list[fits.Header]]) -> None:
    for hdus in headers.values():
        for header in hdus:
            forbidden = [
                k for k in header if re.match(r"(CDELT|PC\d|LONGSTRN|CONTINUE|TSCAL|TZERO|PROV0)", k)
            ]
            assert not forbidden


def test_provenance_leads_to_files_that_exist(
    headers: dict[Path, list[fits.Header]], exposures: list[Exposure]
) -> None:
    known = {f"{exposure.dp_id}.fits" for exposure in exposures} | {path.name for path in headers}
    with_parents = 0
    for hdus in headers.values():
        head = hdus[0]
        parents = [value for keyword, value in head.items() if re.fullmatch(r"PROV\d+", keyword)]
        assert set(parents) <= known
        assert bool(parents) != bool(head.get("NOESODAT", False))
        with_parents += bool(parents)
    assert with_parents > 150


def test_associated_files_exist_with_the_right_checksum(headers: dict[Path, list[fits.Header]]) -> None:
    seen = 0
    for path, hdus in headers.items():
        head = hdus[0]
        for keyword in [k for k in head if re.fullmatch(r"ASSON\d+", k)]:
            number = keyword[5:]
            companion = path.with_name(head[keyword])
            assert companion.is_file()
            seen += 1
            if companion.suffix != ".fits":
                digest = md5(companion.read_bytes(), usedforsecurity=False).hexdigest()
                assert head[f"ASSOM{number}"] == digest
                assert head[f"ASSOC{number}"] == "ANCILLARY.PREVIEW"
    assert seen > 200


def test_the_sky_is_covered_to_both_poles_and_across_ra_0(headers: dict[Path, list[fits.Header]]) -> None:
    science = [hdus[0] for hdus in headers.values() if hdus[0]["PRODCATG"].startswith("SCIENCE")]
    ra, dec = (np.array([head[keyword] for head in science]) for keyword in ("RA", "DEC"))
    assert dec.min() == -90
    assert dec.max() == 90
    assert np.any(ra > 359.9)
    assert np.any(ra < 0.1)
    places = SkyCoord(ra, dec, unit="deg")
    assert np.count_nonzero(places.separation(SkyCoord(10.6847, 41.269, unit="deg")).deg < 2) >= 25
    octants = {(int(a // 90), d > 0) for a, d in zip(ra, dec, strict=True)}
    assert len(octants) == 8


def test_the_position_of_an_image_is_on_it(headers: dict[Path, list[fits.Header]]) -> None:
    for path, hdus in headers.items():
        head = hdus[0]
        if head["PRODCATG"] not in ("SCIENCE.IMAGE", "SCIENCE.IMAGE.FLUXMAP", "SCIENCE.CUBE.IFS"):
            continue
        header = next(hdu for hdu in hdus if hdu["NAXIS"] >= 2)
        wcs = WCS(header).celestial
        x, y = wcs.wcs_world2pix([[head["RA"], head["DEC"]]], 1)[0]
        assert 0.5 <= x <= header["NAXIS1"] + 0.5, path.name
        assert 0.5 <= y <= header["NAXIS2"] + 0.5, path.name


def test_a_spectrum_is_consistent(headers: dict[Path, list[fits.Header]]) -> None:
    spectra = [p for p, hdus in headers.items() if hdus[0]["PRODCATG"] == "SCIENCE.SPECTRUM"]
    for path in spectra:
        head, extension = headers[path]
        table = Table.read(path)
        assert len(table) == 1
        wave = table["WAVE"].quantity[0].to_value("nm")
        assert len(wave) == extension["NELEM"]
        assert np.all(np.diff(wave) > 0)
        np.testing.assert_allclose((wave[0], wave[-1]), (head["WAVELMIN"], head["WAVELMAX"]), rtol=1e-6)
        assert extension["SPEC_VAL"] == pytest.approx((head["WAVELMIN"] + head["WAVELMAX"]) / 2)
        assert extension["SPEC_BW"] == pytest.approx(head["WAVELMAX"] - head["WAVELMIN"])
        assert extension["TMID"] == pytest.approx((head["MJD-OBS"] + head["MJD-END"]) / 2, abs=1e-7)
        assert extension["TELAPSE"] == pytest.approx((head["MJD-END"] - head["MJD-OBS"]) * 86400, abs=0.01)
        assert [extension[k] for k in ("OBJECT", "RA", "DEC")] == [head[k] for k in ("OBJECT", "RA", "DEC")]
        assert np.all(table["ERR"][0] > 0)
        snr = np.median(np.abs(table["FLUX"][0]) / table["ERR"][0])
        assert head["SNR"] == pytest.approx(snr, rel=0.01)


def test_the_sources_of_an_image_are_where_its_list_says(headers: dict[Path, list[fits.Header]]) -> None:
    lists = [p for p, hdus in headers.items() if hdus[0]["PRODCATG"] == "SCIENCE.SRCTBL"]
    for path in lists[::5]:
        image = path.with_name(path.name.replace("_sources", "_tile"))
        sources = Table.read(path)
        pixels, header = fits.getdata(image), fits.getheader(image)
        x, y = WCS(header).wcs_world2pix(sources["RA"], sources["DEC"], 1)
        np.testing.assert_allclose(x, sources["X"], atol=1e-6)
        np.testing.assert_allclose(y, sources["Y"], atol=1e-6)
        brightest = int(np.argmin(sources["MAG"]))
        i, j = round(float(y[brightest])) - 1, round(float(x[brightest])) - 1
        assert pixels[i, j] > 5, "a star is brighter than the noise"


def test_column_ucds_are_valid(headers: dict[Path, list[fits.Header]]) -> None:
    ucds = {
        header[keyword]
        for hdus in headers.values()
        for header in hdus
        for keyword in header
        if keyword.startswith("TUCD")
    }
    for ucd in ucds - {""}:
        # "obs.atmos" is in the list and in ESO's files as a secondary word.
        assert check_ucd(ucd, check_controlled_vocabulary=True), ucd


def test_a_cube_has_data_and_errors_of_one_shape(headers: dict[Path, list[fits.Header]]) -> None:
    for hdus in headers.values():
        if hdus[0]["PRODCATG"] == "SCIENCE.CUBE.IFS":
            data, stat = hdus[1:]
            assert (data["EXTNAME"], stat["EXTNAME"]) == ("DATA", "STAT")
            assert [data[f"NAXIS{i}"] for i in (1, 2, 3)] == [stat[f"NAXIS{i}"] for i in (1, 2, 3)]
            assert (data["ERRDATA"], stat["SCIDATA"]) == ("STAT", "DATA")
            last = data["CRVAL3"] + data["CD3_3"] * (data["NAXIS3"] - data["CRPIX3"])
            assert last / 10 == pytest.approx(hdus[0]["WAVELMAX"])


@pytest.mark.parametrize(("ra", "dec"), [(0.0, 90.0), (0.0, -90.0), (359.99, 1.0), (10.7, 41.3)])
@pytest.mark.parametrize("angle", [0.0, 33.0, 170.0])
def test_the_gnomonic_projection_is_that_of_wcslib(ra: float, dec: float, angle: float) -> None:
    wcs = Gnomonic(ra, dec, 0.01, 40, 30, angle)
    header = fits.Header()
    for keyword, value, _ in wcs.cards():
        header[keyword] = value
    rng = np.random.default_rng(3)
    x, y = rng.uniform(1, 40, 50), rng.uniform(1, 30, 50)
    ours = SkyCoord(*wcs.sky(x, y), unit="deg")
    theirs = SkyCoord(*WCS(header).wcs_pix2world(x, y, 1), unit="deg")
    assert ours.separation(theirs).arcsec.max() < 1e-3
