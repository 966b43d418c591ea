"""Files whose headers were corrected: what is sent, what stays, and what is told of it."""

import gzip
import hashlib
import io
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from astropy.io import fits
from starlette.testclient import TestClient

from ingest.correct import history
from ingest.keywords import remove_headers
from ingest.run import correct_keyword, run
from tests.ingest import samples
from vo_server import schemas
from vo_server.archive import CORRECTION, DELIVERY, DELIVERY_HEADER, FILE, FILE_HISTORY
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.errors import NotFoundFault, UsageFault
from vo_server.schemas import instruments

TABLES = schemas.metadata(schemas.builtin(), views=True).tables
RAW, KEYWORD, OBSCORE = (TABLES[name] for name in ("dbo.raw", "header.keyword", "ivoa.obscore"))
DP_ID = "HAWKI.2011-03-04T05:06:07.089"
OWN = "HAWKI.2011-03-04T%"
URL = f"/download/{DP_ID}"
LONG = "a long name " * 120  #: more cards than the last block has room for
WHY = {"reason": "the wheel was stuck", "author": "operator"}


class Frames:
    """An archive with a raw frame of two HDUs, both with checksums."""

    def __init__(self, database: Database, settings: Settings, directory: Path) -> None:
        self.database, self.settings = database, settings
        self.path = directory / "frame.fits"
        self.write()

    def write(self, **cards: Any) -> None:
        """Write the frame."""
        rng = np.random.default_rng(3)
        given = {"HIERARCH ESO INS MODE": ("WFM", "mode"), "DATE-OBS": DP_ID.partition(".")[2], **cards}
        image = fits.ImageHDU(rng.integers(0, 999, (300, 200)).astype("i2"), name="CHIP1")
        image.header["HIERARCH ESO DET CHIP ID"] = "A1"
        primary = samples.with_cards(fits.PrimaryHDU(), samples.RAW, given)
        fits.HDUList([primary, image]).writeto(self.path, overwrite=True, checksum=True)

    def ingest(self, **options: Any) -> Any:
        """Take the frame in."""
        return run([self.path.parent], self.database, self.settings, **options)

    def correct(self, keyword: str, value: str | None, **options: Any) -> bool:
        """Correct a keyword."""
        return correct_keyword(self.database, self.settings, DP_ID, keyword, value, **{**WHY, **options})

    def rows(self, table: sa.Table) -> list[dict[str, Any]]:
        """The rows of this frame."""
        with self.database.owner.connect() as connection:
            found = connection.execute(sa.select(table).where(table.c.dp_id.like(OWN)))
            return [dict(row._mapping) for row in found]

    def keyword(self, name: str) -> list[str]:
        """The values of a keyword in the keyword store."""
        return [row["value_s"] for row in self.rows(KEYWORD) if row["keyword"] == name]

    def forget(self) -> None:
        """Leave nothing behind."""
        tables = [RAW, OBSCORE, FILE, FILE_HISTORY, CORRECTION, DELIVERY, DELIVERY_HEADER]
        with self.database.owner.begin() as connection:
            for table in (*tables, *instruments.metadata().sorted_tables):
                connection.execute(sa.delete(table).where(table.c.dp_id.like(OWN)))
            remove_headers(connection, [DP_ID])


@pytest.fixture
def frames(database: Database, settings: Settings, tmp_path: Path) -> Iterator[Frames]:
    found = Frames(database, settings, tmp_path)
    assert found.ingest().added == 1
    with database.owner.begin() as connection:  # public, to be downloaded
        connection.execute(sa.update(FILE).where(FILE.c.dp_id == DP_ID).values(release_date=None))
    yield found
    found.forget()


def test_queries_and_delivery_show_the_correction_and_history_the_file(
    frames: Frames, client: TestClient
) -> None:
    before = frames.rows(RAW)[0]
    assert frames.correct("INS.MODE", "NFM")
    row = frames.rows(RAW)[0]
    assert row["ins_mode"] == "NFM"
    assert row["last_mod_date"] > before["last_mod_date"]
    assert {k for k in row if row[k] != before[k]} == {"ins_mode", "last_mod_date"}
    assert frames.keyword("INS.MODE") == ["NFM"]
    (former,) = frames.rows(FILE_HISTORY)
    assert former["row"]["row"]["ins_mode"] == "WFM"
    with frames.database.owner.connect() as connection:
        (entry,) = history(connection, DP_ID)
    assert (entry.keyword, entry.value, entry.reason, entry.author, entry.ended) == (
        "INS.MODE", "NFM", "the wheel was stuck", "operator", None,
    )  # fmt: skip
    assert entry.former is not None
    assert "'WFM" in entry.former
    sent = client.get(URL)
    header = fits.open(io.BytesIO(sent.content))[0].header
    assert (header["HIERARCH ESO INS MODE"], header.comments["HIERARCH ESO INS MODE"]) == ("NFM", "mode")


def test_only_the_header_differs_and_every_sum_is_right(frames: Frames, client: TestClient) -> None:
    frames.correct("INS.MODE", "NFM")
    frames.correct("DET.CHIP.ID", "B2", hdu=1)
    stored, sent = frames.path.read_bytes(), client.get(URL)
    assert sent.headers["content-length"] == str(len(sent.content))
    digest = hashlib.sha256(sent.content)
    assert sent.headers["etag"] == f'"{digest.hexdigest()}"'
    assert b64decode(sent.headers["repr-digest"].split(":")[1]) == digest.digest()
    cards = range(0, len(stored), 80)
    changed = [at for at in cards if stored[at : at + 80] != sent.content[at : at + 80]]
    assert {stored[at : at + 8] for at in changed} == {b"HIERARCH", b"CHECKSUM"}
    with fits.open(io.BytesIO(sent.content), checksum=True) as opened:  # a wrong sum is a warning
        assert opened[1].header["HIERARCH ESO DET CHIP ID"] == "B2"
        assert opened[1].data.shape == (300, 200)


def test_a_longer_header_moves_the_data(frames: Frames, client: TestClient) -> None:
    frames.correct("OBJECT", LONG)
    frames.correct("ESO DET NEW", "5")
    stored, sent = frames.path.read_bytes(), client.get(URL).content
    assert len(sent) == len(stored) + 2880
    assert client.head(URL).headers["content-length"] == str(len(sent))
    with fits.open(io.BytesIO(sent), checksum=True) as opened, fits.open(frames.path) as original:
        assert opened[0].header["OBJECT"] == LONG.rstrip()
        assert opened[0].header["HIERARCH ESO DET NEW"] == 5
        assert (opened[1].data == original[1].data).all()


@pytest.mark.parametrize(
    "wanted", ["bytes=0-99", "bytes=2800-6000", "bytes=-500", "bytes=5000-", "bytes=2879-2880"]
)
def test_ranges_are_of_what_is_sent(frames: Frames, client: TestClient, wanted: str) -> None:
    frames.correct("OBJECT", LONG)
    whole = client.get(URL).content
    part = client.get(URL, headers={"Range": wanted})
    assert part.status_code == 206
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    start = int(first) if first else len(whole) - int(last)
    end = int(last) + 1 if first and last else len(whole)
    assert part.content == whole[start:end]
    assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{len(whole)}"
    several = client.get(URL, headers={"Range": "bytes=10-20,2870-2890,7000-7100"})
    assert whole[10:21] in several.content
    assert whole[2870:2891] in several.content
    assert whole[7000:7101] in several.content


def test_a_copy_from_before_the_correction_is_not_current(frames: Frames, client: TestClient) -> None:
    former = client.get(URL)
    assert client.get(URL, headers={"If-None-Match": former.headers["etag"]}).status_code == 304
    frames.correct("INS.MODE", "NFM")
    assert client.get(URL, headers={"If-None-Match": former.headers["etag"]}).status_code == 200
    resumed = client.get(URL, headers={"Range": "bytes=10-", "If-Range": former.headers["etag"]})
    assert resumed.status_code == 200


def test_the_original_can_be_had(frames: Frames, client: TestClient) -> None:
    frames.correct("INS.MODE", "NFM")
    assert client.get(URL, params={"HEADER": "original"}).content == frames.path.read_bytes()
    assert client.get(URL, params={"header": "corrected"}).content != frames.path.read_bytes()
    assert client.get(URL, params={"HEADER": "mine"}).status_code == 400
    links = client.get("/datalink/links", params={"ID": DP_ID})
    assert f"{URL}?HEADER=original" in links.text
    assert "#progenitor" in links.text


def test_the_manifest_has_the_sums_of_what_is_sent(frames: Frames, client: TestClient) -> None:
    frames.correct("INS.MODE", "NFM")
    told = client.get("/download/manifest", params={"ID": DP_ID, "RESPONSEFORMAT": "application/json"}).json()
    content = client.get(URL).content
    (file,) = told["files"]
    assert (file["size"], file["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())


def test_correcting_again_changes_nothing(frames: Frames, client: TestClient) -> None:
    assert frames.correct("INS.MODE", "NFM")
    etag = client.get(URL).headers["etag"]
    tables = (RAW, KEYWORD, FILE, CORRECTION, DELIVERY, FILE_HISTORY)
    before = [frames.rows(table) for table in tables]
    assert not frames.correct("INS.MODE", "NFM")
    assert not frames.correct("OBJECT", "NGC 1234")  # as the file has it
    assert [frames.rows(table) for table in tables] == before
    assert client.get(URL).headers["etag"] == etag


def test_a_second_correction_takes_the_place_of_the_first(frames: Frames, client: TestClient) -> None:
    frames.correct("INS.MODE", "NFM")
    frames.correct("INS.MODE", "WFM-AO", reason="looked again")
    assert frames.rows(RAW)[0]["ins_mode"] == "WFM-AO"
    with frames.database.owner.connect() as connection:
        first, second = history(connection, DP_ID)
    assert (first.value, first.ended is None, first.ending) == ("NFM", False, "operator: another correction")
    assert (second.value, second.ended, second.reason) == ("WFM-AO", None, "looked again")
    assert b"WFM-AO" in client.get(URL).content


def test_a_withdrawn_correction_leaves_the_file_as_it_came(frames: Frames, client: TestClient) -> None:
    frames.correct("INS.MODE", "NFM")
    assert frames.correct("INS.MODE", None, reason="was right")
    assert frames.rows(RAW)[0]["ins_mode"] == "WFM"
    assert frames.keyword("INS.MODE") == ["WFM"]
    assert client.get(URL).content == frames.path.read_bytes()
    assert frames.rows(DELIVERY) == []
    with frames.database.owner.connect() as connection:
        (entry,) = history(connection, DP_ID)
    assert entry.ending == "operator: was right"
    with pytest.raises(NotFoundFault, match="nothing to withdraw"):
        frames.correct("INS.MODE", None)


def test_reading_the_file_again_keeps_its_corrections(frames: Frames, client: TestClient) -> None:
    frames.correct("INS.MODE", "NFM")
    etag = client.get(URL).headers["etag"]
    before = [frames.rows(table) for table in (RAW, KEYWORD, CORRECTION, DELIVERY)]
    assert frames.ingest(full=True).unchanged == 1
    assert [frames.rows(table) for table in (RAW, KEYWORD, CORRECTION, DELIVERY)] == before
    assert client.get(URL).headers["etag"] == etag


def test_a_new_version_of_the_file_gets_the_corrections_of_the_former(
    frames: Frames, client: TestClient
) -> None:
    frames.correct("INS.MODE", "NFM")
    frames.write(OBJECT="another one")
    assert frames.ingest().replaced == 1
    with frames.database.owner.begin() as connection:
        connection.execute(sa.update(FILE).where(FILE.c.dp_id == DP_ID).values(release_date=None))
    row = frames.rows(RAW)[0]
    assert (row["ins_mode"], row["object"]) == ("NFM", "another one")
    sent = client.get(URL)
    assert fits.open(io.BytesIO(sent.content))[0].header["HIERARCH ESO INS MODE"] == "NFM"
    assert sent.headers["etag"] == f'"{hashlib.sha256(sent.content).hexdigest()}"'


def test_a_new_version_that_is_right_already_is_sent_as_it_is(frames: Frames, client: TestClient) -> None:
    frames.correct("INS.MODE", "NFM")
    frames.write(**{"HIERARCH ESO INS MODE": "NFM"})
    frames.ingest()
    with frames.database.owner.begin() as connection:
        connection.execute(sa.update(FILE).where(FILE.c.dp_id == DP_ID).values(release_date=None))
    assert client.get(URL).content == frames.path.read_bytes()


def test_a_packed_file_is_sent_packed_again(frames: Frames, client: TestClient, tmp_path: Path) -> None:
    content = frames.path.read_bytes()
    frames.path.unlink()
    frames.forget()
    frames.path = tmp_path / "frame.fits.gz"
    frames.path.write_bytes(gzip.compress(content))
    frames.ingest()
    with frames.database.owner.begin() as connection:
        connection.execute(sa.update(FILE).where(FILE.c.dp_id == DP_ID).values(release_date=None))
    frames.correct("INS.MODE", "NFM")
    sent = client.get(URL, headers={"Accept-Encoding": "identity"})
    assert sent.headers["etag"] == f'"{hashlib.sha256(sent.content).hexdigest()}"'
    with fits.open(io.BytesIO(gzip.decompress(sent.content)), checksum=True) as opened:
        assert opened[0].header["HIERARCH ESO INS MODE"] == "NFM"
    assert client.get(URL, params={"HEADER": "original"}).content == frames.path.read_bytes()


@pytest.mark.parametrize(
    ("keyword", "value", "options", "message"),
    [
        ("BITPIX", "8", {}, "cannot be corrected"),
        ("INS.MODE", "é", {}, "printable ASCII"),
        ("EXPTIME", "long", {}, "is a number in this file"),
        ("INS.MODE", "X", {"reason": "  "}, "wants a reason"),
        ("INS.MODE", "X", {"hdu": 7}, "has the HDUs 0 to 1, not 7"),
        ("PRODCATG", "SCIENCE.IMAGE", {}, "would be product"),
    ],
)
def test_what_cannot_be_corrected_changes_nothing(
    frames: Frames, keyword: str, value: str, options: dict[str, Any], message: str
) -> None:
    before = [frames.rows(table) for table in (RAW, KEYWORD, CORRECTION, DELIVERY, FILE)]
    with pytest.raises(UsageFault, match=message):
        frames.correct(keyword, value, **options)
    assert [frames.rows(table) for table in (RAW, KEYWORD, CORRECTION, DELIVERY, FILE)] == before


def test_a_file_that_changed_or_is_not_there_is_told(frames: Frames) -> None:
    with pytest.raises(NotFoundFault, match="there is no file"):
        correct_keyword(
            frames.database, frames.settings, "none", "OBJECT", "X", reason="why not", author="nobody"
        )
    frames.path.write_bytes(frames.path.read_bytes() + bytes(2880))
    with pytest.raises(UsageFault, match="ingest it again first"):
        frames.correct("INS.MODE", "NFM")
    frames.path.unlink()
    with pytest.raises(UsageFault, match="cannot be read"):
        frames.correct("INS.MODE", "NFM")


def test_a_part_of_the_file_has_the_corrected_header(frames: Frames, client: TestClient) -> None:
    frames.correct("OBJECT", LONG)
    frames.correct("DET.CHIP.ID", "B2", hdu=1)
    sent = client.get("/soda/sync", params={"ID": DP_ID, "SUB": "[CHIP1][1:10,1:20]"})
    assert sent.status_code == 200, sent.text
    with fits.open(io.BytesIO(sent.content)) as part, fits.open(frames.path) as whole:
        (image,) = [hdu for hdu in part if hdu.data is not None]
        assert (image.data == whole[1].data[:20, :10]).all()
        assert image.header["HIERARCH ESO DET CHIP ID"] == "B2"


def test_the_header_page_shows_the_correction(frames: Frames, client: TestClient) -> None:
    frames.correct("INS.MODE", "NFM")
    page = client.get("/hdr", params={"DpId": DP_ID})
    assert page.headers["content-type"].startswith("text/html")
    assert "HIERARCH ESO INS MODE = 'NFM     ' / mode" in page.text
    assert client.get("/hdr", params={"DpId": f"{DP_ID}.fits"}).text.count("\nEND\n") == 2
    text = client.get(f"/header/{DP_ID}").text
    assert text.startswith("SIMPLE  =                    T")
    assert "HIERARCH ESO INS MODE = 'NFM     ' / mode" in text
    assert client.get("/hdr", params={"DpId": "none"}).status_code == 404
    assert client.get("/hdr").status_code == 400
