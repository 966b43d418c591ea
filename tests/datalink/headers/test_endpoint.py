"""Headers without the file: to the byte, as a page, and as astroquery reads that."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from astropy.io import fits
from astroquery.eso import EsoClass
from starlette.testclient import TestClient

from tests.serving import app, client, engine
from vo_server.archive import HEADER
from vo_server.db import Database
from vo_server.headers.cards import parse_lines
from vo_server.headers.database import save_headers
from vo_server.headers.sections import store

__all__ = ["app", "client", "engine"]

DP_ID = "UVES.2024-02-03T04:05:06.789"
STRANGE = "STRANGE.2024-02-03T04:05:06.789"


def blocks(tmp_path: Path) -> list[bytes]:
    """The headers of a file that astropy wrote."""
    path = tmp_path / "x.fits"
    primary = fits.PrimaryHDU()
    primary.header["OBJECT"] = ("a <b> & 'c'", "the target")
    primary.header["HIERARCH ESO TEL AIRM START"] = (1.25, "Airmass at start")
    primary.header["HIERARCH ESO INS LAMP1 ST"] = (True, "Lamp activated")
    primary.header["HIERARCH ESO OBS ID"] = (200123, "Observation block ID")
    fits.HDUList([primary, fits.ImageHDU(name="CHIP1")]).writeto(path)
    content = path.read_bytes()
    return [content[:2880], content[2880:5760]]


@pytest.fixture
def headers(database: Database, tmp_path: Path) -> Iterator[list[bytes]]:
    """The headers of two files in the archive; those of the first."""
    texts = blocks(tmp_path)
    strange = texts[0].replace(b"the target", b"l'\xe9toile  ")
    with database.owner.begin() as connection:
        entries = [(DP_ID, hdu, text) for hdu, text in enumerate(texts)] + [(STRANGE, 0, strange)]
        save_headers(
            connection, [(dp_id, hdu, store(text, parse_lines(text)[0])) for dp_id, hdu, text in entries]
        )
    yield texts
    with database.owner.begin() as connection:
        connection.execute(sa.delete(HEADER).where(HEADER.c.dp_id.in_([DP_ID, STRANGE])))


def test_headers_come_to_the_byte(client: TestClient, headers: list[bytes]) -> None:
    answer = client.get(f"/header/{DP_ID}")
    assert (answer.status_code, answer.content) == (200, b"".join(headers))
    assert answer.headers["content-type"].startswith("text/plain")
    for hdu, text in enumerate(headers):
        assert client.get(f"/header/{DP_ID}", params={"hdu": str(hdu)}).content == text
    strange = client.get(f"/header/{STRANGE}").content
    assert b"l'\xe9toile" in strange
    assert len(strange) == 2880


def test_astropy_reads_what_comes(client: TestClient, headers: list[bytes]) -> None:
    header = fits.Header.fromstring(client.get(f"/header/{DP_ID}", params={"HDU": "0"}).content)
    assert header["OBJECT"] == "a <b> & 'c'"
    assert header["ESO TEL AIRM START"] == 1.25


def test_the_page_has_a_card_a_line_and_is_safe(client: TestClient, headers: list[bytes]) -> None:
    page = client.get("/hdr", params={"DpId": DP_ID}).text
    assert "a &lt;b&gt; &amp; ''c''" in page
    assert page.count("<pre>") == 2
    assert "\nEND\n" in page
    hostile = client.get("/hdr", params={"DpId": "<script>alert(1)</script>"})
    assert hostile.status_code == 404
    assert "<script>" not in hostile.text


def test_astroquery_gets_the_headers(client: TestClient, headers: list[bytes]) -> None:
    class Eso(EsoClass):  # type: ignore[misc]
        """ESO's client, at this server instead of ESO's."""

        def _request(self, method: str, url: str, **_: Any) -> Any:
            return client.request(method, url.removeprefix("https://archive.eso.org"))

    table = Eso().get_headers([DP_ID])
    assert table["DP.ID"][0] == DP_ID
    assert table["HIERARCH ESO TEL AIRM START"][0] == 1.25
    assert table["HIERARCH ESO OBS ID"][0] == 200123
    assert bool(table["HIERARCH ESO INS LAMP1 ST"][0]) is True
    assert table["NAXIS"][0] == 0


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/header/nothing", 404),
        (f"/header/{DP_ID}?HDU=7", 404),
        (f"/header/{DP_ID}?HDU=-1", 400),
        (f"/header/{DP_ID}?HDU=99999999999999999999", 400),
        (f"/header/{DP_ID}?HDU=one", 400),
        (f"/header/{DP_ID}?HDU=0&HDU=1", 400),
        ("/header/" + "x" * 600, 404),
        ("/hdr", 400),
        ("/hdr?DpId=a&DpId=b", 400),
    ],
)
def test_what_cannot_be_is_told(client: TestClient, headers: list[bytes], url: str, status: int) -> None:
    answer = client.get(url)
    assert answer.status_code == status
    assert "Traceback" not in answer.text
