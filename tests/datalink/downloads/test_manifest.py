"""Lists of files, and the script that fetches them."""

import gzip
import hashlib
import json
import subprocess
from pathlib import Path

import pytest
import requests
from astropy.table import Table
from lxml import etree
from starlette.testclient import TestClient

from datalink.links.params import MAX_IDS
from tests.datalink.conftest import CUBE, IMAGE, PICTURE, SECRET, Archive
from tests.serving import Server, ended, query_status

PATH = "/download/manifest"
METALINK = "{urn:ietf:params:xml:ns:metalink}"


def test_json_tells_sizes_checksums_and_faults(client: TestClient, archive: Archive) -> None:
    did = archive.holdings.did(IMAGE)
    found = client.get(PATH, params={"ID": [did, CUBE, SECRET, "nothing", CUBE]}).json()
    assert [file["id"] for file in found["files"]] == [IMAGE, CUBE, SECRET]
    image = found["files"][0]
    assert image["size"] == len(archive.content(IMAGE))
    assert image["sha256"] == hashlib.sha256(archive.content(IMAGE)).hexdigest()
    assert client.get(f"/download/{image['id']}").content == archive.content(IMAGE)
    assert [file["public"] for file in found["files"]] == [True, True, False]
    assert found["size"] == sum(file["size"] for file in found["files"])
    assert found["faults"] == [{"id": "nothing", "message": "NotFoundFault: nothing is not in this archive"}]


def test_a_table_of_results_can_be_sent(client: TestClient, archive: Archive) -> None:
    table = f"obs_id,dp_id\n1,{IMAGE}\n2,{CUBE}\n"
    for content in (table, f"{IMAGE}\n{CUBE}\n", f'"{IMAGE}"\r\n"{CUBE}"'):
        answer = client.post(PATH, files={"LIST": ("a.csv", content)})
        assert [file["id"] for file in answer.json()["files"]] == [IMAGE, CUBE]


@pytest.mark.parametrize(
    "form", ["votable", "votable.binary", "fits", "parquet", "ascii.tab", "ascii.csv", "gzip"]
)
def test_a_table_of_any_format_can_be_sent(
    client: TestClient, archive: Archive, tmp_path: Path, form: str
) -> None:
    table = Table({"n": [1, 2], "obs_publisher_did": [archive.holdings.did(IMAGE), CUBE]})
    path = tmp_path / "list"
    if form == "gzip":
        table.write(path, format="votable")
        path.write_bytes(gzip.compress(path.read_bytes()))
    else:
        more = {"tabledata_format": "binary"} if form == "votable.binary" else {}
        table.write(path, format=form.removesuffix(".binary"), **more)
    kind = "text/tab-separated-values" if form == "ascii.tab" else "application/octet-stream"
    answer = client.post(PATH, files={"LIST": ("list", path.read_bytes(), kind)})
    assert [file["id"] for file in answer.json()["files"]] == [IMAGE, CUBE]


@pytest.mark.parametrize("form", ["votable", "csv", "tsv", "fits", "parquet"])
def test_the_result_of_a_query_is_a_list(server: Server, archive: Archive, form: str) -> None:
    query = f"SELECT obs_id, dp_id FROM ivoa.ObsCore WHERE dp_id IN ('{IMAGE}', '{CUBE}') ORDER BY dp_id"
    sent = {"LANG": "ADQL", "QUERY": query, "RESPONSEFORMAT": form, "PHASE": "RUN"}
    job = requests.post(f"{server.url}/tap/async", data=sent, timeout=30).url
    assert b">COMPLETED<" in ended(job)
    for address in (job, f"{job}/results/result"):
        found = requests.get(server.url + PATH, params={"RESULT": address}, timeout=30).json()
        assert [file["id"] for file in found["files"]] == sorted([IMAGE, CUBE])


def test_the_result_of_no_job_is_no_list(server: Server) -> None:
    for address in ("nothing", f"{server.url}/tap/async/nothing/results/result"):
        answer = requests.get(server.url + PATH, params={"RESULT": address}, timeout=30)
        assert answer.status_code == 404
        assert "there is no job 'nothing'" in query_status(answer.content)[1]
    waiting = requests.post(f"{server.url}/tap/async", data={"LANG": "ADQL"}, timeout=30).url
    answer = requests.get(server.url + PATH, params={"RESULT": waiting}, timeout=30)
    assert "the job is PENDING: it has no result 'result'" in query_status(answer.content)[1]


def test_a_table_without_identifiers_is_refused(client: TestClient) -> None:
    content = b"<VOTABLE><RESOURCE><TABLE><FIELD name='a' datatype='int'/></TABLE></RESOURCE></VOTABLE>"
    answer = client.post(PATH, files={"LIST": ("list.vot", content)})
    assert answer.status_code == 400
    assert "it needs one of dp_id, obs_publisher_did" in query_status(answer.content)[1]


def test_metalink_has_what_download_managers_need(client: TestClient, archive: Archive) -> None:
    answer = client.get(PATH, params={"ID": [IMAGE, PICTURE], "RESPONSEFORMAT": "metalink"})
    assert answer.headers["content-type"] == "application/metalink4+xml"
    files = list(etree.fromstring(answer.content).iter(f"{METALINK}file"))
    assert [file.get("name") for file in files] == [f"{IMAGE}.fits", f"{PICTURE}.png"]
    assert files[0].findtext(f"{METALINK}size") == str(len(archive.content(IMAGE)))
    assert (files[0].findtext(f"{METALINK}url") or "").endswith(f"/download/{IMAGE}")


def test_the_script_fetches_checks_and_goes_on(server: Server, archive: Archive, tmp_path: Path) -> None:
    url = f"{server.url}{PATH}?ID={IMAGE}&ID={CUBE}&ID={PICTURE}&RESPONSEFORMAT=sh"
    script = tmp_path / "fetch.sh"
    script.write_bytes(requests.get(url, timeout=30).content)

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(["sh", str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=60)

    # The beginning of one file is there already, and another's is wrong.
    (tmp_path / f"{IMAGE}.fits.part").write_bytes(archive.content(IMAGE)[:1000])
    (tmp_path / f"{CUBE}.fits.part").write_bytes(b"x" * 1000)
    first = run()
    assert first.returncode == 1
    assert "the checksum is wrong" in first.stderr
    assert (tmp_path / f"{IMAGE}.fits").read_bytes() == archive.content(IMAGE)
    second = run()
    assert second.returncode == 0, second.stderr
    assert f"{IMAGE}.fits: complete" in second.stdout
    for dp_id, ending in ((IMAGE, "fits"), (CUBE, "fits"), (PICTURE, "png")):
        assert (tmp_path / f"{dp_id}.{ending}").read_bytes() == archive.content(dp_id)


def test_nothing_in_a_script_comes_from_outside_unquoted(client: TestClient, tmp_path: Path) -> None:
    evil = "x'; touch $(pwd)/evil; echo '"
    script = tmp_path / "fetch.sh"
    script.write_bytes(client.get(PATH, params={"ID": evil, "RESPONSEFORMAT": "sh"}).content)
    done = subprocess.run(["sh", str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "ID is missing"),
        (
            {"ID": "x", "RESPONSEFORMAT": "zip"},
            "RESPONSEFORMAT='zip' is unknown: send one of json, metalink, sh",
        ),
    ],
)
def test_a_mistake_is_said(client: TestClient, parameters: dict[str, str], message: str) -> None:
    answer = client.get(PATH, params=parameters)
    assert answer.status_code == 400
    assert message in query_status(answer.content)[1]


def test_too_many_identifiers_are_refused(client: TestClient) -> None:
    content = "\n".join(str(n) for n in range(MAX_IDS + 1))
    answer = client.post(PATH, files={"LIST": ("a.txt", content)})
    assert answer.status_code == 400
    assert f"at most {MAX_IDS} files" in query_status(answer.content)[1]
    binary = client.post(PATH, files={"LIST": ("a.txt", b"\xff\xfe\x00")})
    assert "neither a list of identifiers nor a table of results" in query_status(binary.content)[1]
    assert json.loads(client.post(PATH, data={"ID": "nothing"}).text)["count"] == 0
