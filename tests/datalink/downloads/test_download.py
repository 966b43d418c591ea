"""Downloads: the right bytes, names and conditions; nothing of what is not public, no path of the store."""

import base64
import hashlib
import os
import re
from email.message import EmailMessage
from email.parser import BytesParser

import pytest
from starlette.testclient import TestClient

from datalink.downloads.sending import disposition
from tests.datalink.conftest import BROKEN, CATALOGUE, GONE, IMAGE, PICTURE, RAW, SECRET, WEIGHT, Archive
from tests.serving import query_status


def test_a_file_arrives_whole_with_its_name_and_type(client: TestClient, archive: Archive) -> None:
    for dp_id, name, media_type in (
        (IMAGE, f"{IMAGE}.fits", "application/fits"),
        (RAW[0], f"{RAW[0]}.fits", "application/fits"),
        (CATALOGUE, f"{CATALOGUE}.fits.gz", "application/gzip"),
        (WEIGHT, f"{WEIGHT}.fits.fz", "application/fits"),
        (PICTURE, f"{PICTURE}.png", "image/png"),
    ):
        answer = client.get(f"/download/{dp_id}")
        assert answer.status_code == 200
        assert answer.content == archive.content(dp_id)
        assert answer.headers["content-length"] == str(len(answer.content))
        assert answer.headers["content-type"] == media_type
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
        assert "content-encoding" not in answer.headers


def test_the_etag_is_the_checksum(client: TestClient, archive: Archive) -> None:
    answer = client.get(f"/download/{IMAGE}")
    digest = hashlib.sha256(answer.content)
    assert answer.headers["etag"] == f'"{digest.hexdigest()}"'
    assert answer.headers["repr-digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"


def test_head_has_the_headers_and_no_bytes(client: TestClient, archive: Archive) -> None:
    got = client.get(f"/download/{IMAGE}")
    head = client.head(f"/download/{IMAGE}", headers={"Range": "bytes=0-9"})
    assert (head.status_code, head.content) == (200, b"")
    for name in (
        "content-length",
        "content-type",
        "etag",
        "last-modified",
        "accept-ranges",
        "content-disposition",
    ):
        assert head.headers[name] == got.headers[name]


def test_one_range(client: TestClient, archive: Archive) -> None:
    content = archive.content(IMAGE)
    answer = client.get(f"/download/{IMAGE}", headers={"Range": "bytes=2880-5759"})
    assert answer.status_code == 206
    assert answer.content == content[2880:5760]
    assert answer.headers["content-range"] == f"bytes 2880-5759/{len(content)}"
    assert answer.headers["content-length"] == "2880"
    last = client.get(f"/download/{IMAGE}", headers={"Range": "bytes=-10"})
    assert last.content == content[-10:]


def test_several_ranges_are_parts_of_one_body(client: TestClient, archive: Archive) -> None:
    content = archive.content(IMAGE)
    answer = client.get(f"/download/{IMAGE}", headers={"Range": "bytes=0-79,5000-5099,-3"})
    assert answer.status_code == 206
    assert answer.headers["content-length"] == str(len(answer.content))
    head = f"Content-Type: {answer.headers['content-type']}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    # The parts are read byte by byte here: a mail parser may rewrite line ends.
    assert BytesParser().parsebytes(head + answer.content).is_multipart()
    boundary = EmailMessage()
    boundary["Content-Type"] = answer.headers["content-type"]
    parts = answer.content.split(f"\r\n--{boundary.get_boundary()}".encode())
    assert parts[0] == b""
    assert parts[-1] == b"--\r\n"
    found = [part.partition(b"\r\n\r\n") for part in parts[1:-1]]
    assert [body for _, _, body in found] == [content[:80], content[5000:5100], content[-3:]]
    n = len(content)
    wanted = [f"bytes 0-79/{n}", f"bytes 5000-5099/{n}", f"bytes {n - 3}-{n - 1}/{n}"]
    assert [head.decode().rpartition("Content-Range: ")[2] for head, _, _ in found] == wanted


def test_a_range_outside_is_416_with_the_size(client: TestClient, archive: Archive) -> None:
    answer = client.get(f"/download/{IMAGE}", headers={"Range": "bytes=99999999-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(archive.content(IMAGE))}"
    assert query_status(answer.content)[0] == "ERROR"


def test_a_malformed_range_is_ignored(client: TestClient, archive: Archive) -> None:
    answer = client.get(f"/download/{IMAGE}", headers={"Range": "lines=1-2"})
    assert (answer.status_code, answer.content) == (200, archive.content(IMAGE))


def test_conditions(client: TestClient, archive: Archive) -> None:
    url = f"/download/{IMAGE}"
    headers = client.head(url).headers
    etag, modified = headers["etag"], headers["last-modified"]
    past = "Thu, 01 Jan 1998 00:00:00 GMT"
    part = {"Range": "bytes=0-9"}
    for sent, status in (
        ({"If-None-Match": etag}, 304),
        ({"If-None-Match": f'"x", W/{etag}'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"x"'}, 200),
        ({"If-None-Match": '"x"', "If-Modified-Since": modified}, 200),
        ({"If-Modified-Since": modified}, 304),
        ({"If-Modified-Since": past}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-Match": etag}, 200),
        ({"If-Match": '"x"'}, 412),
        ({"If-Unmodified-Since": modified}, 200),
        ({"If-Unmodified-Since": past}, 412),
        (part | {"If-Range": etag}, 206),
        (part | {"If-Range": f"W/{etag}"}, 200),
        (part | {"If-Range": '"x"'}, 200),
        (part | {"If-Range": modified}, 206),
        (part | {"If-Range": past}, 200),
    ):
        answer = client.get(url, headers=sent)
        assert answer.status_code == status, sent
        if status == 304:
            assert answer.content == b""
            assert answer.headers["etag"] == etag


def test_a_change_that_was_not_ingested_changes_the_etag(client: TestClient, archive: Archive) -> None:
    path = archive.paths[RAW[1]]
    before = client.head(f"/download/{RAW[1]}").headers
    state = path.stat()
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 10**9))
    try:
        after = client.head(f"/download/{RAW[1]}").headers
    finally:
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert before["etag"] != after["etag"]
    assert "repr-digest" not in after


def test_a_proprietary_file_is_refused_until_its_release(client: TestClient, archive: Archive) -> None:
    for url in (f"/download/{SECRET}", f"/preview/{SECRET}"):
        answer = client.get(url)
        assert answer.status_code == 403
        status, message = query_status(answer.content)
        assert status == "ERROR"
        assert re.match(r"AuthorizationFault: ADP.TEST-SECRET is proprietary until \d{4}-\d\d-\d\dT", message)


@pytest.mark.parametrize(
    "url", ["/download/nothing", "/preview/nothing", "/download/" + "x" * 5000, "/download/a%00b"]
)
def test_an_unknown_file_is_not_found(client: TestClient, url: str) -> None:
    answer = client.get(url)
    assert answer.status_code == 404
    assert query_status(answer.content)[1].startswith("NotFoundFault: ")


def test_a_file_that_the_store_lost_is_a_fault_without_its_path(client: TestClient, archive: Archive) -> None:
    for url in (f"/download/{GONE}", f"/preview/{GONE}"):
        answer = client.get(url)
        assert answer.status_code == 503
        assert query_status(answer.content)[1].startswith(f"TransientFault: the file {GONE} ")
        assert b"store with" not in answer.content
        assert b"gone.fits" not in answer.content


def test_a_file_of_another_size_is_not_sent(client: TestClient, archive: Archive) -> None:
    path = archive.paths[BROKEN]
    content = path.read_bytes()
    path.write_bytes(content + b"more")
    try:
        assert client.get(f"/download/{BROKEN}").status_code == 503
    finally:
        path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("UVES.2020-01-01T00:00:00.000.fits", 'attachment; filename="UVES.2020-01-01T00:00:00.000.fits"'),
        (
            'a"b\r\nX: y.fits',
            "attachment; filename=\"a_b__X:_y.fits\"; filename*=UTF-8''a%22b%0D%0AX%3A%20y.fits",
        ),
        ("é.fits", "attachment; filename=\"_.fits\"; filename*=UTF-8''%C3%A9.fits"),
    ],
)
def test_a_name_cannot_break_its_header(name: str, expected: str) -> None:
    assert disposition(name) == expected
