"""From an account to a published release over HTTP, with a client that knows nothing of us (tuspy)."""

import base64
import copy
import hashlib
import os
import time
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa
from astropy import units
from datacite import schema45
from lxml import etree, html
from mocpy import MOC
from pyvo.dal import TAPService
from pyvo.dal.adhoc import DatalinkResults
from tusclient.client import TusClient

from tests.ingest.phase3.products import Sample
from tests.phase3.conftest import Account
from tests.serving import Server
from vo_server.archive import BATCH, BATCH_FILE
from vo_server.db import Database
from vo_server.submissions.area import Area

LIST = "verb=ListRecords&metadataPrefix=ivo_vor"
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}


def upload(who: Account, batch: int, path: Path, chunk: int = 100_000) -> str:
    """Send a file by a tus client; its address."""
    client = TusClient(f"{who.url}/phase3/batches/{batch}/files", headers=who.headers)
    with path.open("rb") as stream:
        uploader = client.uploader(file_stream=stream, chunk_size=chunk, metadata={"filename": path.name})
        uploader.upload()
    return str(uploader.url)


def settled(who: Account, batch: int) -> dict[str, Any]:
    """The batch, when no job works at it any more."""
    end = time.monotonic() + 60
    while (found := who.batch(batch))["job"] and found["job"]["going"]:
        assert time.monotonic() < end, found
        time.sleep(0.1)
    return found


def published(pi: Account, curator: Account, batch: int, path: Path) -> dict[str, Any]:
    upload(pi, batch, path)
    assert pi.step(batch, "close").status_code == 202
    assert settled(pi, batch)["state"] == "valid"
    assert pi.step(batch, "submit").json()["state"] == "submitted"
    assert curator.step(batch, "approve", "looks right").json()["state"] == "approved"
    assert curator.step(batch, "publish").status_code == 202
    return settled(curator, batch)


@pytest.mark.usefixtures("raw")
def test_a_release_from_the_first_request_to_the_last(
    server: Server, pi: Account, curator: Account, collection: str, batch: int, sample: Sample, tmp_path: Path
) -> None:
    (path,) = sample.write(tmp_path)
    done = published(pi, curator, batch, path)
    assert done["state"] == "published", done
    (file,) = done["files"]
    tap = TAPService(f"{server.url}/tap")
    (row,) = tap.search(f"SELECT * FROM ivoa.ObsCore WHERE obs_collection = '{collection}'")
    assert row["dp_id"] == file["dp_id"]
    (told,) = tap.search(f"SELECT * FROM phase3.releases WHERE collection = '{collection}'")
    assert (told["title"], told["n_products"], told["creators"]) == ("First release", 1, "A. Author")
    page = requests.get(told["access_url"], timeout=30)
    assert (page.status_code, "First release" in page.text) == (200, True)
    queries = [str(found.xpath("string()")) for found in html.fromstring(page.text).iter("pre")]
    assert [tap.search(query)["dp_id"].tolist() for query in queries] == [[file["dp_id"]]] * 2
    assert requests.get(told["release_description"], timeout=30).text == "How it was made."
    document = requests.get(f"{told['access_url']}/datacite.json", timeout=30).json()
    assert document["titles"] == [{"title": "First release"}]
    schema45.validator.validate(document)
    moc = MOC.from_string(
        requests.get(f"{server.url}/moc/{collection}?RELEASE=DR1&FORMAT=ascii", timeout=30).text
    )
    assert moc.contains_lonlat(row["s_ra"] * units.deg, row["s_dec"] * units.deg).all()
    missing = requests.get(f"{server.url}/moc/{collection}?RELEASE=DR2", timeout=30)
    assert missing.status_code == 404
    changes = requests.get(f"{server.url}/releases/changes.json?COLLECTION={collection}", timeout=30).json()
    assert [(one["change"], one["dp_id"]) for one in changes["changes"]] == [("added", file["dp_id"])]
    later = requests.get(changes["next"], timeout=30).json()
    assert (later["changes"], later["next"]) == ([], changes["next"])
    feed = etree.fromstring(
        requests.get(f"{server.url}/releases/changes.atom?COLLECTION={collection}", timeout=30).content
    )
    (entry,) = feed.findall("{http://www.w3.org/2005/Atom}entry")
    assert file["dp_id"] in (entry.findtext("{http://www.w3.org/2005/Atom}title") or "")
    assert collection in requests.get(f"{server.url}/releases", timeout=30).text


@pytest.mark.usefixtures("raw")
def test_a_failing_batch_is_mended_file_by_file(
    pi: Account, batch: int, sample: Sample, tmp_path: Path, database: Database
) -> None:
    state_dir = database.state_dir
    broken = copy.deepcopy(sample.main)
    broken.hdus[0].remove("EXPTIME")
    place = upload(pi, batch, broken.write(tmp_path))
    (tmp_path / "notes.txt").write_text("how it was made")
    upload(pi, batch, tmp_path / "notes.txt")
    pi.step(batch, "close")
    found = settled(pi, batch)
    assert found["state"] == "error"
    notes = next(file for file in found["files"] if file["name"] == "notes.txt")
    report = pi.ask("GET", f"/phase3/batches/{batch}/report").json()
    wrong = {
        (one["file"], one["rule"], one["keyword"]) for file in report["files"] for one in file["findings"]
        if one["severity"] == "error"
    }  # fmt: skip
    assert wrong == {(sample.main.name, "KEYWORD_MISSING", "EXPTIME")}
    assert str(state_dir) not in str(report)
    page = pi.ask("GET", f"/phase3/batches/{batch}", headers={"Accept": "text/html"}).text
    assert "KEYWORD_MISSING" in page
    refused = pi.ask("DELETE", place, headers=TUS)
    assert (refused.status_code, "reopen it first" in refused.json()["message"]) == (400, True)
    assert pi.step(batch, "reopen").json()["state"] == "open"
    upload(pi, batch, sample.main.write(tmp_path))
    pi.step(batch, "close")
    found = settled(pi, batch)
    assert found["state"] == "valid"
    assert next(file for file in found["files"] if file["name"] == "notes.txt") == notes


@pytest.mark.usefixtures("raw")
def test_keywords_of_what_is_published_are_amended(
    server: Server, pi: Account, curator: Account, collection: str, batch: int, sample: Sample, tmp_path: Path
) -> None:
    (path,) = sample.write(tmp_path)
    published(pi, curator, batch, path)
    place = f"/phase3/batches/{batch}/amendments"
    wanted = f"file,hdu,keyword,value\n{path.name},0,OBJECT,Sculptor\n".encode()
    refused = pi.ask("POST", place, data=wanted)
    assert (refused.status_code, "the batch is published" in refused.json()["message"]) == (400, True)
    new = pi.ask("POST", f"/phase3/collections/{collection}/releases/DR1/batches").json()["batch"]
    place = f"/phase3/batches/{new}/amendments"
    assert pi.ask("POST", place, data=wanted).status_code == 202
    done = settled(pi, new)
    assert [(file["name"], file["complete"]) for file in done["files"]] == [(path.name, True)]
    pi.step(new, "close")
    assert settled(pi, new)["state"] == "valid"
    pi.step(new, "submit")
    curator.step(new, "approve")
    curator.step(new, "publish")
    assert settled(curator, new)["state"] == "published"
    query = f"SELECT target_name FROM ivoa.ObsCore WHERE obs_collection = '{collection}'"
    assert TAPService(f"{server.url}/tap").search(query)["target_name"].tolist() == ["Sculptor"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"file,keyword\na,b\n", "has to name the columns"),
        (b"file,keyword,value\na.fits,OBJECT,\x00\n", "NUL"),
        (b"file,keyword,value\na.fits,OBJECT,\xff\n", "UTF-8"),
        (b"file,keyword,value\na.fits,CHECKSUM,1\n", "line 2: CHECKSUM"),
    ],
)
def test_amendments_that_cannot_be_are_refused(pi: Account, batch: int, content: bytes, message: str) -> None:
    refused = pi.ask("POST", f"/phase3/batches/{batch}/amendments", data=content)
    assert (refused.status_code, message in refused.json()["message"]) == (400, True), refused.text
    assert pi.batch(batch)["job"] is None


def test_amendments_of_what_is_not_there_say_so(pi: Account, batch: int, stranger: Account) -> None:
    place, wanted = f"/phase3/batches/{batch}/amendments", "file,keyword,value\nno.fits,OBJECT,b\n"
    assert stranger.ask("POST", place, data=wanted).status_code == 403
    assert pi.ask("POST", place, data=wanted).status_code == 202
    found = settled(pi, batch)
    assert "no.fits" in found["job"]["error"]
    assert (found["state"], found["files"]) == ("open", [])


def test_an_upload_goes_on_where_it_was(pi: Account, batch: int, tmp_path: Path) -> None:
    content = bytes(range(256)) * 4000
    path = tmp_path / "large.fits"
    path.write_bytes(content)
    client = TusClient(f"{pi.url}/phase3/batches/{batch}/files", headers=pi.headers)
    with path.open("rb") as stream:
        told = {"filename": path.name}
        first = client.uploader(file_stream=stream, chunk_size=300_000, metadata=told)
        first.upload_chunk()
        second = client.uploader(file_stream=stream, chunk_size=500_000, url=first.url)
        assert second.get_offset() == 300_000
        second.upload()
    (file,) = pi.batch(batch)["files"]
    assert (file["complete"], file["size"]) == (True, len(content))

    assert file["sha256"] == hashlib.sha256(content).hexdigest()


def announce(who: Account, batch: int, name: str = "a.fits", length: int = 10, **headers: str) -> Any:

    encoded = base64.b64encode(name.encode()).decode()
    told = TUS | {"Upload-Length": str(length), "Upload-Metadata": f"filename {encoded}"} | headers
    return who.ask("POST", f"/phase3/batches/{batch}/files", headers=told)


def test_the_server_tells_what_of_tus_it_offers(pi: Account, batch: int) -> None:
    response = pi.ask("OPTIONS", f"/phase3/batches/{batch}/files")
    assert response.status_code == 204
    assert response.headers["Tus-Version"] == "1.0.0"
    assert response.headers["Tus-Extension"] == "creation,creation-with-upload,checksum,termination"
    assert int(response.headers["Tus-Max-Size"]) > 10**9


def test_bytes_at_another_place_are_refused_and_nothing_is_written(pi: Account, batch: int) -> None:
    place = announce(pi, batch).headers["Location"]
    response = pi.ask("PATCH", place, data=b"12345", headers=TUS | BYTES | {"Upload-Offset": "3"})
    assert (response.status_code, response.json()["fault"]) == (409, "UsageFault")
    assert pi.ask("HEAD", place, headers=TUS).headers["Upload-Offset"] == "0"
    assert pi.ask("PATCH", place, data=b"12345", headers=TUS | BYTES | {"Upload-Offset": "0"}).ok
    assert pi.ask("HEAD", place, headers=TUS).headers["Upload-Offset"] == "5"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_bytes_with_another_digest_are_refused_and_forgotten(pi: Account, batch: int, algorithm: str) -> None:

    place = announce(pi, batch).headers["Location"]
    told = TUS | BYTES | {"Upload-Offset": "0"}

    def digest(content: bytes) -> dict[str, str]:
        value = base64.b64encode(hashlib.new(algorithm, content).digest()).decode()
        return {"Upload-Checksum": f"{algorithm} {value}"}

    refused = pi.ask("PATCH", place, data=b"12345", headers=told | digest(b"54321"))
    assert refused.status_code == 460
    assert pi.ask("HEAD", place, headers=TUS).headers["Upload-Offset"] == "0"
    assert pi.ask("PATCH", place, data=b"12345", headers=told | digest(b"12345")).status_code == 204


@pytest.mark.parametrize(
    ("name", "length", "headers", "status", "message"),
    [
        ("../etc/passwd", 10, {}, 400, "no name for a file"),
        (".hidden", 10, {}, 400, "no name for a file"),
        ("a" * 201, 10, {}, 400, "no name for a file"),
        ("a\x00.fits", 10, {}, 400, "no name for a file"),
        ("a.fits", 0, {}, 400, "empty files"),
        ("a.fits", 10**15, {}, 413, "at most"),
        ("a.fits", 10, {"Upload-Length": "-1"}, 400, "Upload-Length"),
        ("a.fits", 10, {"Upload-Length": "1e3"}, 400, "Upload-Length"),
        ("a.fits", 10, {"Upload-Metadata": "filename %%%"}, 400, "not UTF-8 in Base64"),
        ("a.fits", 10, {"Upload-Metadata": "other YQ=="}, 400, "filename"),
        ("a.fits", 10, {"Tus-Resumable": "0.2.2"}, 412, "1.0.0"),
    ],
)
def test_what_cannot_be_announced(
    pi: Account, batch: int, name: str, length: int, headers: dict[str, str], status: int, message: str
) -> None:
    response = announce(pi, batch, name, length, **headers)
    assert response.status_code == status
    assert message in response.json()["message"]
    assert pi.batch(batch)["files"] == []


def test_more_bytes_than_announced_are_refused(pi: Account, batch: int) -> None:
    place = announce(pi, batch, length=3).headers["Location"]
    response = pi.ask("PATCH", place, data=b"12345", headers=TUS | BYTES | {"Upload-Offset": "0"})
    assert response.status_code == 413
    assert pi.ask("HEAD", place, headers=TUS).headers["Upload-Offset"] == "0"


def test_an_incomplete_batch_cannot_be_closed(pi: Account, batch: int) -> None:
    announce(pi, batch)
    response = pi.step(batch, "close")
    assert response.status_code == 400
    assert "a.fits for one" in response.json()["message"]
    assert pi.batch(batch)["state"] == "open"


@pytest.mark.parametrize(
    ("step", "status", "message"),
    [
        ("publish", 403, "archivist"),
        ("approve", 403, "archivist"),
        ("pass", 403, "system"),
        ("submit", 400, "submit is for batches that are valid; this one is open"),
        ("explode", 400, "is no step of a batch"),
    ],
)
def test_steps_that_a_provider_cannot_take(
    pi: Account, batch: int, step: str, status: int, message: str
) -> None:
    response = pi.step(batch, step)
    assert response.status_code == status
    assert message in response.json()["message"]
    assert [taken["step"] for taken in pi.batch(batch)["steps"]] == ["open"]


def test_strangers_see_and_change_nothing(
    server: Server, stranger: Account, collection: str, batch: int
) -> None:
    for method, path in (
        ("GET", f"/phase3/collections/{collection}"),
        ("GET", f"/phase3/batches/{batch}"),
        ("GET", f"/phase3/batches/{batch}/report"),
        ("POST", f"/phase3/collections/{collection}/releases/DR1/batches"),
        ("PATCH", f"/phase3/collections/{collection}/releases/DR1"),
    ):
        assert stranger.ask(method, path).status_code == 403, path
    assert announce(stranger, batch).status_code == 403
    assert stranger.step(batch, "close").status_code == 403
    assert stranger.ask("GET", "/phase3/collections").json() == []
    nobody = requests.get(f"{server.url}/phase3/batches/{batch}", timeout=30)
    assert (nobody.status_code, nobody.headers["WWW-Authenticate"].startswith("Bearer")) == (401, True)


def test_a_delegate_uploads_and_does_not_submit(pi: Account, stranger: Account) -> None:
    told = {"name": "WITH-DELEGATE", "title": "Ours", "delegates": [stranger.name]}
    assert pi.ask("POST", "/phase3/collections", json=told).status_code == 201
    pi.ask("POST", "/phase3/collections/WITH-DELEGATE/releases", json={"release": "DR1"})
    made = stranger.ask("POST", "/phase3/collections/WITH-DELEGATE/releases/DR1/batches")
    assert made.status_code == 201
    batch = made.json()["batch"]
    assert announce(stranger, batch).status_code == 201
    assert stranger.step(batch, "drop").status_code == 403
    assert pi.step(batch, "drop").json()["state"] == "dropped"


def test_a_page_of_another_site_changes_nothing(pi: Account, batch: int) -> None:
    response = pi.ask(
        "POST", f"/phase3/batches/{batch}/steps", json={"step": "drop"},
        headers={"Origin": "https://evil.example"},
    )  # fmt: skip
    assert response.status_code == 403
    assert pi.batch(batch)["state"] == "open"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (b"no JSON", "JSON document is wrong"),
        (b'{"name": "x y", "title": "t"}', "no name for a collection"),
        (b'{"name": "XX"}', "title: Field required"),
        (b'{"name": "XX", "title": "t", "more": 1}', "more: Extra inputs"),
        (b'{"name": "XX", "title": 7}', "title: Input should be a valid string"),
        (b'{"name": "XX", "title": " "}', "the title is missing"),
        (b'{"name": "XX", "title": "t", "owner": "somebody"}', "by archivists"),
        (b'{"name": "XX", "title": "t", "origin": "IDP"}', "by archivists"),
        (b"[" * 100_000, "JSON document is wrong"),
    ],
)
def test_collections_that_cannot_be(pi: Account, document: bytes, message: str) -> None:
    response = pi.ask("POST", "/phase3/collections", data=document)
    assert response.status_code in (400, 403)
    assert message in response.json()["message"]
    assert pi.ask("GET", "/phase3/collections/XX").status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("page.html", b"<script>alert(1)</script>", "a PDF"),
        ("about.pdf", b"no PDF", "a PDF"),
        ("about.txt", b"\xff\xfe", "UTF-8 text"),
        ("..pdf", b"%PDF-1.7", "no name for a file"),
    ],
)
def test_descriptions_that_are_not_kept(
    pi: Account, collection: str, name: str, content: bytes, message: str
) -> None:
    path = f"/phase3/collections/{collection}/releases/DR1/description/{name}"
    response = pi.ask("PUT", path, data=content)
    assert response.status_code == 400
    assert message in response.json()["message"]


@pytest.mark.parametrize(
    "query", ["AFTER=x", "AFTER=-1", "SINCE=yesterday", f"AFTER={1 << 63}", "SINCE=2020-13-01"]
)
def test_changes_that_cannot_be_asked_for(server: Server, query: str) -> None:
    assert requests.get(f"{server.url}/releases/changes.json?{query}", timeout=30).status_code == 400


def test_what_was_never_published_has_no_page(server: Server, collection: str) -> None:
    for path in ("", "/description", "/datacite.json"):
        address = f"{server.url}/releases/{collection}/DR1{path}"
        assert requests.get(address, timeout=30).status_code == 404


@pytest.mark.usefixtures("raw")
def test_versions_and_withdrawals_are_told_by_links_and_to_registries(
    server: Server, pi: Account, curator: Account, collection: str, batch: int, sample: Sample, tmp_path: Path
) -> None:
    done = published(pi, curator, batch, *sample.write(tmp_path))
    first = done["files"][0]["dp_id"]
    server.until(lambda: collection in requests.get(f"{server.url}/oai?{LIST}", timeout=30).text)
    changed = copy.deepcopy(sample.main)
    changed.hdus[0].set("OBJECT", "ANOTHER")
    for hdu in changed.hdus[1:]:
        hdu.set("OBJECT", "ANOTHER")
    again = pi.ask("POST", f"/phase3/collections/{collection}/releases/DR1/batches").json()["batch"]
    done = published(pi, curator, again, changed.write(tmp_path))
    second = done["files"][0]["dp_id"]

    def rows(dp_id: str) -> dict[str, Any]:
        found = DatalinkResults.from_result_url(f"{server.url}/datalink/links?ID={dp_id}")
        return {f"{row['semantics']} {row['local_semantics']}": row for row in found}

    old, new = rows(first), rows(second)
    assert "obsolete: replaced in DR1" in old["#this SCIENCE.IMAGE"]["description"]
    assert second in old["#coderived newer version"]["access_url"]
    assert first in new["#coderived former version"]["access_url"]
    assert curator.step(again, "unpublish", "too early").status_code == 202
    assert settled(curator, again)["state"] == "approved"
    (fault,) = DatalinkResults.from_result_url(f"{server.url}/datalink/links?ID={second}")
    assert fault["error_message"].startswith("NotFoundFault")
    assert fault["error_message"].endswith(": too early")
    assert "obsolete" not in rows(first)["#this SCIENCE.IMAGE"]["description"]


@pytest.mark.usefixtures("raw")
def test_products_are_deprecated_by_archivists(
    server: Server, pi: Account, curator: Account, collection: str, batch: int, sample: Sample, tmp_path: Path
) -> None:
    done = published(pi, curator, batch, *sample.write(tmp_path))
    dp_id = done["files"][0]["dp_id"]
    query = f"SELECT dp_id FROM ivoa.ObsCore WHERE obs_collection = '{collection}'"
    tap = TAPService(f"{server.url}/tap")

    def deprecate(undo: bool) -> dict[str, Any]:
        told = {"dp_ids": [dp_id], "reason": "wrong flux scale", "undo": undo}
        assert pi.ask("POST", "/phase3/deprecations", json=told).status_code == 403
        place = curator.ask("POST", "/phase3/deprecations", json=told).json()["job"]
        assert pi.ask("GET", place).status_code == 404
        end = time.monotonic() + 30
        while (job := curator.ask("GET", place).json())["going"]:
            assert time.monotonic() < end
            time.sleep(0.1)
        return dict(job)

    assert deprecate(undo=False)["phase"] == "COMPLETED"
    assert len(tap.search(query)) == 0
    links = DatalinkResults.from_result_url(f"{server.url}/datalink/links?ID={dp_id}")
    (this,) = [link for link in links if link["semantics"] == "#this"]
    assert "deprecated: wrong flux scale" in this["description"]
    assert deprecate(undo=True)["phase"] == "COMPLETED"
    assert tap.search(query)["dp_id"].tolist() == [dp_id]
    wrong = {"dp_ids": ["ADP.NO"], "reason": "wrong"}
    place = curator.ask("POST", "/phase3/deprecations", json=wrong).json()["job"]
    server.until(lambda: not curator.ask("GET", place).json()["going"])
    assert "not of any release: ADP.NO" in curator.ask("GET", place).json()["error"]


@pytest.mark.usefixtures("raw")
def test_a_long_check_holds_nobody_up_who_publishes(
    pi: Account,
    curator: Account,
    collection: str,
    batch: int,
    sample: Sample,
    tmp_path: Path,
    database: Database,
) -> None:
    (path,) = sample.write(tmp_path)
    (file,) = published(pi, curator, batch, path)["files"]
    new = pi.ask("POST", f"/phase3/collections/{collection}/releases/DR1/batches").json()["batch"]
    upload(pi, new, path)
    with database.owner.begin() as connection:
        mine = sa.select(BATCH_FILE.c.name).where(BATCH_FILE.c.batch_id == new).with_for_update()
        connection.execute(mine)  # the check cannot end before this does
        assert pi.step(new, "close").status_code == 202
        document = {"dp_ids": [file["dp_id"]], "reason": "wrong flux scale"}
        place = curator.ask("POST", "/phase3/deprecations", json=document).json()["job"]
        end = time.monotonic() + 60
        while (job := curator.ask("GET", place).json())["going"]:
            assert time.monotonic() < end, job
            time.sleep(0.1)
        assert (job["phase"], pi.batch(new)["job"]["going"]) == ("COMPLETED", True)
    assert settled(pi, new)["state"] == "valid"


def test_the_description_of_what_was_submitted_is_changed_by_archivists(
    pi: Account, curator: Account, collection: str, batch: int, database: Database
) -> None:
    path = f"/phase3/collections/{collection}/releases/DR1"
    assert pi.ask("PATCH", path, json={"title": "Better"}).json()["title"] == "Better"
    with database.owner.begin() as connection:
        change = sa.update(BATCH).values(state="submitted").where(BATCH.c.batch_id == batch)
        connection.execute(change)
    assert pi.ask("PATCH", path, json={"title": "Other"}).status_code == 403
    assert pi.ask("PUT", f"{path}/description/a.txt", data=b"Other").status_code == 403
    assert curator.ask("PATCH", path, json={"title": "Best"}).json()["title"] == "Best"


def test_nobody_uploads_a_description(server: Server, collection: str) -> None:
    place = f"{server.url}/phase3/collections/{collection}/releases/DR1/description/a.txt"
    assert requests.put(place, data=b"x" * 1000, timeout=30).status_code == 401


def test_a_harvester_that_found_nothing_since_an_instant_goes_on_from_there(server: Server) -> None:
    address = f"{server.url}/releases/changes.json?SINCE=2099-01-01"
    found = requests.get(address, timeout=30).json()
    assert found["changes"] == []
    assert "SINCE=2099-01-01" in found["next"]
    assert requests.get(found["next"], timeout=30).json()["changes"] == []


@pytest.mark.parametrize("reason", ["\uffff", "\u0000", "\x1b[31m", "x" * 301])
def test_reasons_that_no_feed_could_tell_are_refused(pi: Account, batch: int, reason: str) -> None:
    assert pi.step(batch, "drop", reason).status_code == 400
    assert pi.batch(batch)["state"] == "open"


def test_a_file_that_is_announced_again_meanwhile_is_not_mixed_with_the_other(
    pi: Account, batch: int, database: Database
) -> None:
    place = announce(pi, batch).headers["Location"]
    area = Area(database.state_dir, batch)
    descriptor = area.open_at("a.fits", 0)
    try:
        os.write(descriptor, b"AAAAA")
        announce(pi, batch)
        assert not area.is_coming("a.fits", descriptor)
    finally:
        os.close(descriptor)
    told = TUS | BYTES | {"Upload-Offset": "0"}
    assert pi.ask("PATCH", place, data=b"BBBBBBBBBB", headers=told).status_code == 204
    assert area.path("a.fits").read_bytes() == b"BBBBBBBBBB"
