"""SIA 2.0 over HTTP: its table, its description of itself, its errors, and other people's clients."""

import shutil
import subprocess
from pathlib import Path

import pytest
from lxml import etree
from pyvo.dal import SIA2Service
from starlette.testclient import TestClient

from sia.params import PARAMETERS
from tests.serving import VOTABLE, Server, query_status
from tests.sia.conftest import ONES, SKY, Caps
from tests.xsd import validate

STILTS = shutil.which("stilts")
#: ObsCore 1.1, mandatory fields.
OBSCORE = """
dataproduct_type calib_level obs_collection obs_id obs_publisher_did access_url access_format access_estsize
target_name s_ra s_dec s_fov s_region s_resolution s_xel1 s_xel2 t_min t_max t_exptime t_resolution t_xel
em_min em_max em_res_power em_xel o_ucd pol_states pol_xel facility_name instrument_name
"""
TD = {"RESPONSEFORMAT": "votable/td"}


def document(client: TestClient, **params: str) -> etree._Element:
    answer = client.get("/sia2/query", params=params | TD)
    assert answer.status_code == 200, answer.text
    assert validate(answer.content) == []
    return etree.fromstring(answer.content)


def fields(root: etree._Element) -> dict[str, etree._Element]:
    return {field.get("name", ""): field for field in root.iter(f"{VOTABLE}FIELD")}


def test_the_table_has_the_columns_of_obscore(client: TestClient) -> None:
    found = fields(document(client, MAXREC="0"))
    assert set(OBSCORE.split()) <= set(found)
    assert found["em_min"].get("utype") == "obscore:Char.SpectralAxis.Coverage.Bounds.Limits.LoLimit"
    assert found["em_min"].get("unit") == "m"
    assert not {"s_shape", "s_box", "hpx"} & set(found)


@pytest.mark.usefixtures("ones")
def test_maxrec_zero_describes_the_service(client: TestClient) -> None:
    root = document(client, MAXREC="0")
    assert not list(root.iter(f"{VOTABLE}TR"))
    (this,) = (r for r in root.iter(f"{VOTABLE}RESOURCE") if r.get("name") == "this")
    assert (this.get("type"), this.get("utype")) == ("meta", "adhoc:service")
    values = {p.get("name"): p.get("value", "") for p in this.findall(f"{VOTABLE}PARAM")}
    assert values["standardID"] == "ivo://ivoa.net/std/SIA#query-2.0"
    assert values["accessURL"].endswith("/sia2/query")
    inputs = this.findall(f"{VOTABLE}GROUP/{VOTABLE}PARAM")
    names = [p.get("name") for p in inputs]
    assert [p for p in (item.name for item in PARAMETERS) if p not in names] == []
    assert {"MAXREC", "RESPONSEFORMAT"} <= set(names)
    (dptype,) = (p for p in inputs if p.get("name") == "DPTYPE")
    assert [o.get("value") for o in dptype.iter(f"{VOTABLE}OPTION")] == ["image", "cube"]


def test_every_answer_tells_how_to_call_datalink(client: TestClient) -> None:
    root = document(client, MAXREC="1")
    (links,) = (r for r in root.iter(f"{VOTABLE}RESOURCE") if r.get("ID") == "links")
    (param,) = links.findall(f"{VOTABLE}GROUP/{VOTABLE}PARAM")
    assert param.get("name") == "ID"
    assert fields(root)["obs_publisher_did"].get("ID") == param.get("ref")


@pytest.mark.usefixtures("caps")
def test_maxrec_cuts_and_says_so(client: TestClient) -> None:
    cut = client.get("/sia2/query", params={"COLLECTION": SKY, "MAXREC": "5"})
    assert query_status(cut.content)[0] == "OVERFLOW"
    whole = client.get("/sia2/query", params={"COLLECTION": SKY, "MAXREC": "301"})
    assert query_status(whole.content)[0] == "OK"


@pytest.mark.usefixtures("ones")
def test_get_and_post_give_the_same(client: TestClient) -> None:
    form = {"collection": ONES, "POS": "RANGE -Inf +Inf -Inf +Inf", "Responseformat": "csv"}
    got = client.get("/sia2/query", params=form)
    assert got.status_code == 200
    assert got.content == client.post("/sia2/query", data=form).content


@pytest.mark.parametrize("name", ["csv", "tsv", "text/csv", "text/tab-separated-values"])
def test_an_error_in_a_text_format_is_text(client: TestClient, name: str) -> None:
    answer = client.get("/sia2/query", params={"BAND": "red", "RESPONSEFORMAT": name})
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.startswith("UsageFault: BAND='red'")


@pytest.mark.parametrize(
    "params",
    [
        {"POS": "CIRCLE north"},
        {"POS": "POLYGON 0 0 120 0 240 0"},
        {"MAXREC": "-1"},
        {"RESPONSEFORMAT": "foo"},
        {"TIME": "yesterday"},
        {"CALIB": "-1"},
        {"ID": "\x00"},
    ],
)
def test_an_error_is_a_votable_that_says_what_is_wrong(client: TestClient, params: dict[str, str]) -> None:
    answer = client.get("/sia2/query", params=params)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/x-votable+xml"
    assert validate(answer.content) == []
    status, message = query_status(answer.content)
    assert status == "ERROR"
    assert message.startswith("UsageFault: ")
    assert "SELECT" not in message


@pytest.mark.parametrize("name", ["capabilities", "availability"])
def test_vosi_documents_are_valid(client: TestClient, name: str) -> None:
    answer = client.get(f"/sia2/{name}")
    assert answer.status_code == 200
    assert validate(answer.content) == []


def test_head_sends_nothing(client: TestClient) -> None:
    answer = client.head("/sia2/query")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.debian
@pytest.mark.skipif(STILTS is None, reason="no STILTS here; .ci/debian.sh installs it on Debian")
@pytest.mark.usefixtures("ones")
@pytest.mark.parametrize(
    "query", ["MAXREC=0", "MAXREC=2", f"COLLECTION={ONES}&RESPONSEFORMAT=votable/td", "POS=x"]
)
def test_votlint_finds_nothing_wrong(client: TestClient, tmp_path: Path, query: str) -> None:
    path = tmp_path / "answer.vot"
    path.write_bytes(client.get(f"/sia2/query?{query}").content)
    command = [str(STILTS), "votlint", "ucd=true", "unit=true", f"votable={path}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout + done.stderr == ""


@pytest.mark.parametrize("path", ["/sia2", "/sia2/query"])
def test_pyvo_finds_the_service_and_its_images(server: Server, caps: Caps, path: str) -> None:
    service = SIA2Service(server.url + path)
    n = 150
    found = service.search(pos=(caps.ra[n], caps.dec[n], 0.001), collection=SKY)
    assert caps.dp_ids[n] in set(found["dp_id"])
    assert found[0].dataproduct_type == "image"
    assert found[0].access_format == "application/x-votable+xml;content=datalink"
    assert len(service.search(pos=(caps.ra[n], caps.dec[n], 0.001), collection=SKY, data_type="cube")) == 0
