"""pyvo against the demo server: TAP, SIA, DataLink, and every kind of product downloaded and opened."""

import gzip
import hashlib
import io
import warnings

import numpy as np
import pytest
import requests
from astropy.io import fits
from astropy.io.fits.verify import VerifyWarning
from astropy.table import Table
from pyvo.dal import SIA2Service, TAPService
from pyvo.dal.exceptions import DALQueryError

pytestmark = [
    pytest.mark.demo,
    # VODataService describes the parameters of an interface; pyvo 1.9 does not know them.
    pytest.mark.filterwarnings("ignore::pyvo.utils.xml.exceptions.UnknownElementWarning"),
]

#: Where-clauses of one product of each kind.
KINDS = {
    "image": "dataproduct_subtype = 'tile' AND obs_collection = 'SYNTHETIC-SKY'",
    "mosaic": "dataproduct_subtype = 'pawprint'",
    "flux map": "dataproduct_subtype = 'fluxmap'",
    "spectrum": "dataproduct_type = 'spectrum' AND obs_collection = 'SYNTHETIC-UVES'",
    "cube": "dataproduct_type = 'cube' AND obs_collection = 'SYNTHETIC-MUSE'",
    "source list": "dataproduct_subtype = 'srctbl'",
    "catalogue": "dataproduct_subtype = 'catalog'",
}
PUBLIC = "(obs_release_date IS NULL OR obs_release_date < '2030-01-01')"


@pytest.fixture(scope="module")
def tap(demo_server: str) -> TAPService:
    return TAPService(f"{demo_server}/tap")


def count(tap: TAPService, where: str = "1 = 1", table: str = "ivoa.ObsCore") -> int:
    """The number of rows of ``table``."""
    return int(tap.search(f"SELECT COUNT(*) AS n FROM {table} WHERE {where}")["n"][0])


def download(url: str) -> bytes:
    """The bytes behind a URL."""
    response = requests.get(url, timeout=60)
    response.raise_for_status()
    return response.content


def open_fits(content: bytes) -> fits.HDUList:
    """The file, read completely; real files may break rules that astropy warns of."""
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VerifyWarning)
        hdus = fits.open(io.BytesIO(content), memmap=False, lazy_load_hdus=False)
        for hdu in hdus:
            hdu.data  # noqa: B018
    return hdus


def test_the_archive_holds_real_and_synthetic_products(tap: TAPService) -> None:
    assert count(tap, "obs_collection LIKE 'SYNTHETIC-%' AND obs_title LIKE 'Synthetic%'") == 347
    assert count(tap, "obs_collection NOT LIKE 'SYNTHETIC-%' AND obs_title LIKE '%real data%'") >= 25
    assert count(tap, "instrument IN ('UVES','MUSE','XSHOOTER','GIRAFFE','HAWKI')", "dbo.raw") > 400


def test_the_genuine_eso_spectrum_is_there(tap: TAPService) -> None:
    rows = tap.search("SELECT * FROM ivoa.ObsCore WHERE dp_id = 'ADP.2016-07-15T08:22:40.678'")
    assert len(rows) == 1
    row = rows[0]
    assert row["obs_collection"] == "XQ-100"
    assert row["dataproduct_type"] == "spectrum"
    assert row["proposal_id"] == "189.A-0424(B)"
    assert (row["s_ra"], row["s_dec"]) == pytest.approx((357.306532, -37.21662))
    assert (row["em_min"], row["em_max"]) == pytest.approx((981.7513671875e-9, 1823.4998046875e-9))
    assert (row["t_min"], row["t_exptime"]) == pytest.approx((56215.01080095, 3600))
    assert row["em_res_power"] == 5300
    this = next(link for link in rows.iter_datalinks()).bysemantics("#this", include_narrower=False)
    with open_fits(download(next(iter(this)).access_url)) as hdus:
        assert hdus[0].header["ARCFILE"] == "ADP.2016-07-15T08:22:40.678.fits"


@pytest.mark.parametrize("kind", KINDS)
def test_a_product_of_each_kind_is_found_downloaded_and_opened(tap: TAPService, kind: str) -> None:
    rows = tap.search(f"SELECT TOP 2 * FROM ivoa.ObsCore WHERE {KINDS[kind]} AND {PUBLIC} ORDER BY dp_id")
    assert len(rows) == 2
    for row, links in zip(rows, rows.iter_datalinks(), strict=True):
        assert row["access_format"] == "application/x-votable+xml;content=datalink"
        this = list(links.bysemantics("#this", include_narrower=False))
        assert len(this) == 1
        content = download(this[0].access_url)
        assert this[0].content_length == len(content)
        with open_fits(content) as hdus:
            header = hdus[0].header
            assert header["ARCFILE"] == f"{row['dp_id']}.fits"
            assert header["VOS COLLECTION"] == row["obs_collection"]
            assert (hdus[-1].data is None) is False


def test_every_real_product_is_downloaded_whole(tap: TAPService) -> None:
    rows = tap.search(
        "SELECT * FROM ivoa.ObsCore WHERE obs_title LIKE '%real data%' AND access_estsize < 20000"
    )
    assert len(rows) >= 24
    for row, links in zip(rows, rows.iter_datalinks(), strict=True):
        this = next(iter(links.bysemantics("#this", include_narrower=False)))
        content = download(this.access_url)
        assert len(content) == this.content_length, row["dp_id"]
        with open_fits(content) as hdus:
            assert len(hdus) > 0


def test_previews_progenitors_and_companions_are_linked(tap: TAPService) -> None:
    rows = tap.search(f"SELECT TOP 1 * FROM ivoa.ObsCore WHERE {KINDS['cube']} AND {PUBLIC} ORDER BY dp_id")
    links = next(rows.iter_datalinks())
    preview = next(iter(links.bysemantics("#preview", include_narrower=False)))
    assert download(preview.access_url).startswith(b"\x89PNG")
    with open_fits(
        download(next(iter(links.bysemantics("#progenitor", include_narrower=False))).access_url)
    ) as raw:
        assert raw[0].header["INSTRUME"] == "MUSE"
        assert len(raw) == 25
    companions = list(links.bysemantics("#auxiliary", include_narrower=False))
    assert companions
    with open_fits(download(companions[0].access_url)) as white:
        assert white[0].header["PRODCATG"] == "ANCILLARY.IMAGE.WHITELIGHT"


def test_a_raw_frame_leads_to_what_was_made_of_it(tap: TAPService, demo_server: str) -> None:
    raw = tap.search(
        "SELECT TOP 1 dp_id, datalink_url FROM dbo.raw WHERE instrument = 'XSHOOTER' "
        "AND dp_cat = 'SCIENCE' AND release_date < '2030-01-01' ORDER BY dp_id"
    )[0]
    assert raw["datalink_url"].startswith(demo_server)
    links = Table.read(io.BytesIO(download(raw["datalink_url"])), format="votable")
    assert {"#this", "#derivation"} <= set(links["semantics"])


def test_proprietary_products_are_listed_and_kept_back(tap: TAPService) -> None:
    rows = tap.search("SELECT * FROM ivoa.ObsCore WHERE obs_release_date > '2030-01-01'")
    assert 3 < len(rows) < 40
    row, links = rows[0], next(rows.iter_datalinks(preserve_order=True))
    url = f"{row['access_url']}".split("/datalink", maxsplit=1)[0] + f"/download/{row['dp_id']}"
    assert requests.get(url, timeout=30).status_code in (401, 403)
    (this,) = (link for link in links if link.semantics == "#this")
    assert (this.access_url, this["link_auth"], bool(this["link_authorized"])) == (url, "true", False)


def test_sia_finds_images_and_cubes_on_a_position(demo_server: str) -> None:
    service = SIA2Service(f"{demo_server}/sia2/query")
    found = service.search(pos=(10.6847, 41.2690, 0.05))
    assert len(found) >= 3
    assert {record["dataproduct_type"] for record in found} <= {"image", "cube"}
    assert "SYNTHETIC-MUSE" in {record["obs_collection"] for record in found}
    in_band = service.search(pos=(10.6847, 41.2690, 2.0), band=(2.0e-6, 2.1e-6))
    assert 0 < len(in_band) < len(service.search(pos=(10.6847, 41.2690, 2.0)))
    assert all(r["em_min"] <= 2.1e-6 and r["em_max"] >= 2.0e-6 for r in in_band)


@pytest.mark.parametrize(("ra", "dec"), [(77.0, 89.95), (200.0, -89.95), (359.999, 0.001)])
def test_sia_finds_what_covers_the_poles_and_ra_0(demo_server: str, ra: float, dec: float) -> None:
    found = SIA2Service(f"{demo_server}/sia2/query").search(pos=(ra, dec, 0.001))
    assert any(record["obs_collection"] == "SYNTHETIC-SKY" for record in found)


def test_a_download_has_the_checksum_of_the_file_that_was_ingested(tap: TAPService, demo_server: str) -> None:
    row = tap.search("SELECT TOP 1 dp_id, origfile FROM dbo.raw WHERE instrument = 'HAWKI' ORDER BY dp_id")[0]
    response = requests.get(f"{demo_server}/download/{row['dp_id']}", timeout=30)
    again = requests.get(
        f"{demo_server}/download/{row['dp_id']}", headers={"Range": "bytes=2880-5759"}, timeout=30
    )
    assert again.status_code == 206
    assert again.content == response.content[2880:5760]
    assert hashlib.sha256(response.content).hexdigest()
    with open_fits(response.content) as hdus:
        assert hdus[0].header["ORIGFILE"] == row["origfile"]


def test_every_header_card_is_queryable(tap: TAPService) -> None:
    rows = tap.search(
        "SELECT TOP 5000 hdu, pos, keyword, value_s FROM header.keyword "
        "WHERE dp_id = 'ADP.2016-07-15T08:22:40.678' ORDER BY hdu, pos"
    )
    keywords = list(rows["keyword"])
    assert len(keywords) > 95
    assert {"PROV4", "TUCD6", "ARCFILE"} <= set(keywords)


def test_a_wrong_query_is_an_error_that_names_its_place(tap: TAPService) -> None:
    with pytest.raises(DALQueryError, match=r"(?i)line 1"):
        tap.search("SELECT dp_id FRM ivoa.ObsCore")


def test_an_asynchronous_job_gives_the_same_rows(tap: TAPService) -> None:
    query = "SELECT dp_id, s_ra, s_dec FROM ivoa.ObsCore ORDER BY dp_id"
    job = tap.run_async(query)
    rows = tap.search(query)
    np.testing.assert_array_equal(job["dp_id"], rows["dp_id"])
