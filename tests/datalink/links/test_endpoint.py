"""The links of an identifier: right rows, right columns, faults row by row, other people's clients."""

import csv
import json
import re
import shutil
import subprocess
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests
import sqlalchemy as sa
from astropy.table import Table
from lxml import etree, html
from pyvo.dal.adhoc import DatalinkResults
from starlette.testclient import TestClient

from datalink.links.params import MAX_IDS
from tests.datalink.conftest import (
    BROKEN,
    CATALOGUE,
    CUBE,
    IMAGE,
    MASTER,
    PICTURE,
    RAW,
    SECRET,
    SPECTRUM,
    WEIGHT,
    Archive,
)
from tests.serving import VOTABLE, Server, query_status
from tests.xsd import validate
from vo_server.archive import CALIBRATION

STILTS = shutil.which("stilts")
ONE_OF = ("access_url", "service_def", "error_message")
Row = dict[str, Any]


def links(client: TestClient, *ids: str) -> list[Row]:
    query = "&".join(f"ID={quote(text, safe='')}" for text in ids)
    answer = client.get(f"/datalink/links?{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-votable+xml;content=datalink"
    assert validate(answer.content) == []
    root = etree.fromstring(answer.content)
    names = [field.get("name") for field in root.iter(f"{VOTABLE}FIELD")]
    rows = [
        {str(name): cell.text for name, cell in zip(names, row, strict=True)}
        for row in root.iter(f"{VOTABLE}TR")
    ]
    for row in rows:
        assert sum(row[name] is not None for name in ONE_OF) == 1
        assert row["ID"]
        assert str(row["semantics"]).startswith("#")
    return rows


def by_semantics(rows: list[Row], semantics: str) -> list[Row]:
    return [row for row in rows if row["semantics"] == semantics]


def test_a_product_has_its_file_and_everything_that_belongs_to_it(
    client: TestClient, archive: Archive
) -> None:
    did = archive.holdings.did(IMAGE)
    rows = links(client, did)
    assert [row["semantics"] for row in rows] == [
        "#this", "#preview", "#thumbnail", "#cutout", "#cutout", "#auxiliary", "#auxiliary", "#progenitor",
        "#progenitor", "#progenitor", "#derivation", "#documentation", "#documentation",
    ]  # fmt: skip
    assert {row["ID"] for row in rows} == {did}
    this = rows[0]
    assert urlsplit(this["access_url"]).path == f"/download/{IMAGE}"
    assert this["content_type"] == "application/fits"
    assert int(this["content_length"]) == len(archive.content(IMAGE))
    assert this["content_qualifier"] == "#image"
    assert (this["link_auth"], this["link_authorized"]) == ("false", "T")
    assert this["description"] == f"Science product SCIENCE.IMAGE: A title of {IMAGE} & <more>"
    assert (this["eso_category"], this["eso_origfile"]) == ("SCIENCE.IMAGE", f"{IMAGE}.fits")


def test_progenitors_are_found_by_identifier_and_by_original_name(
    client: TestClient, archive: Archive
) -> None:
    first, second, absent = by_semantics(links(client, IMAGE), "#progenitor")
    assert urlsplit(first["access_url"]).path == f"/download/{RAW[0]}"
    assert urlsplit(second["access_url"]).path == f"/download/{RAW[1]}"
    assert first["eso_category"] == "SCIENCE"
    assert absent["error_message"] == "NotFoundFault: TEST.1999-01-01T00:00:00.000 is not in this archive"
    assert "TEST.1999-01-01T00:00:00.000" in absent["description"]


def test_associated_files_say_their_category(client: TestClient, archive: Archive) -> None:
    weight, mask = by_semantics(links(client, IMAGE), "#auxiliary")
    assert urlsplit(weight["access_url"]).path == f"/download/{WEIGHT}"
    assert weight["local_semantics"] == weight["eso_category"] == "ANCILLARY.WEIGHTMAP"
    assert mask["error_message"].startswith("NotFoundFault: mask.fits")
    assert mask["local_semantics"] == "ANCILLARY.MASK"


def test_a_raw_file_leads_to_its_products_and_what_was_made_of_these(
    client: TestClient, archive: Archive
) -> None:
    for raw in RAW:
        rows = links(client, raw)
        assert [row["semantics"] for row in rows] == ["#this", *["#derivation"] * 3, "#documentation"]
        # By PROV, and by what the recipe of the cube read.
        assert [urlsplit(row["access_url"]).path for row in rows[1:4]] == [
            f"/download/{CUBE}",
            f"/download/{IMAGE}",
            f"/download/{CATALOGUE}",
        ]
        assert [row["description"].endswith("(2 steps away)") for row in rows[1:4]] == [False, False, True]
        assert rows[0]["content_qualifier"] is None
    (derived,) = by_semantics(links(client, IMAGE), "#derivation")
    assert urlsplit(derived["access_url"]).path == f"/download/{CATALOGUE}"


def test_a_product_leads_back_to_the_raw_files_behind_its_progenitors(
    client: TestClient, archive: Archive
) -> None:
    found = by_semantics(links(client, CATALOGUE), "#progenitor")
    paths = [urlsplit(row["access_url"] or "").path for row in found]
    assert paths == [f"/download/{IMAGE}", f"/download/{RAW[0]}", f"/download/{RAW[1]}", ""]
    assert [row["description"].endswith("(2 steps away)") for row in found] == [False, True, True, False]


def test_what_a_recipe_read_is_a_progenitor_once_and_says_what_it_was(
    client: TestClient, archive: Archive
) -> None:
    rows = links(client, CUBE)
    found = by_semantics(rows, "#progenitor")
    # The first raw frame is named by PROV and by the recipe.
    paths = [urlsplit(row["access_url"] or "").path for row in found]
    assert paths == [f"/download/{RAW[0]}", f"/download/{RAW[1]}", f"/download/{MASTER}", ""]
    assert [row["local_semantics"] for row in found] == ["SCIENCE", "OBJECT", "MASTER_BIAS", "GEOMETRY_TABLE"]
    assert found[3]["error_message"] == "NotFoundFault: geometry_table is not in this archive"
    # What was used already is no calibration that could be applied.
    assert by_semantics(rows, "#calibration") == []


def test_a_calibration_leads_to_what_was_made_with_it(client: TestClient, archive: Archive) -> None:
    (derived,) = by_semantics(links(client, MASTER), "#derivation")
    assert urlsplit(derived["access_url"]).path == f"/download/{CUBE}"


def test_provenance_has_a_picture_in_each_direction(client: TestClient, archive: Archive) -> None:
    back, forth = by_semantics(links(client, IMAGE), "#documentation")
    for row, direction in ((back, "BACK"), (forth, "FORTH")):
        assert row["content_type"] == "image/svg+xml"
        assert row["local_semantics"] == "provenance"
        assert row["link_authorized"] == "T"
        parts = urlsplit(row["access_url"])
        assert f"DIRECTION={direction}" in parts.query
        answer = client.get(f"{parts.path}?{parts.query}")
        assert answer.headers["content-type"].startswith("image/svg+xml")
        assert etree.fromstring(answer.content).tag == "{http://www.w3.org/2000/svg}svg"
    assert by_semantics(links(client, SPECTRUM), "#documentation") == []


def test_parts_are_described_with_the_ranges_of_the_data(client: TestClient, archive: Archive) -> None:
    did = archive.holdings.did(CUBE)
    root = etree.fromstring(client.get("/datalink/links", params={"ID": did}).content)
    sync, async_ = by_semantics(links(client, did), "#cutout")
    for row, standard in ((sync, "sync"), (async_, "async")):
        (resource,) = (r for r in root.iter(f"{VOTABLE}RESOURCE") if r.get("ID") == row["service_def"])
        params = {param.get("name"): param for param in resource.iter(f"{VOTABLE}PARAM")}
        assert params["standardID"].get("value") == f"ivo://ivoa.net/std/SODA#{standard}-1.0"
        assert params["ID"].get("value") == did
        assert {"POS", "CIRCLE", "POLYGON", "BAND"} <= set(params)
        (low,) = params["BAND"].iter(f"{VOTABLE}MIN")
        (circle,) = params["CIRCLE"].iter(f"{VOTABLE}MAX")
        assert low.get("value") == "4e-07"
        assert circle.get("value") == "10.0 20.0 0.01"
        assert (row["access_url"], row["error_message"]) == (None, None)


def test_the_parts_of_many_identifiers_are_described_once(client: TestClient, archive: Archive) -> None:
    ids = [IMAGE, CUBE, SPECTRUM, *(f"nothing-{n}" for n in range(20))]
    root = etree.fromstring(client.post("/datalink/links", data={"ID": ids}).content)
    services = [r.get("ID") for r in root.iter(f"{VOTABLE}RESOURCE") if r.get("type") == "meta"]
    assert services == ["links_query", "soda_sync", "soda_async"]
    (param,) = (
        p
        for r in root
        if r.get("ID") == "soda_sync"
        for p in r.iter(f"{VOTABLE}PARAM")
        if p.get("name") == "ID"
    )
    assert param.get("ref") == "ID"


def test_previews_are_linked_where_there_are_any(client: TestClient, archive: Archive) -> None:
    (drawn,) = by_semantics(links(client, CUBE), "#preview")
    assert urlsplit(drawn["access_url"]).path == f"/preview/{CUBE}"
    assert drawn["content_type"] == "image/png"
    (provided,) = by_semantics(links(client, SPECTRUM), "#preview")
    assert urlsplit(provided["access_url"]).path == f"/download/{PICTURE}"
    assert int(provided["content_length"]) == len(archive.content(PICTURE))
    # Whether a catalogue has positions is known when somebody has asked for its picture.
    assert client.get(f"/preview/{CATALOGUE}").status_code == 404
    for none in (CATALOGUE, RAW[0], WEIGHT):
        assert by_semantics(links(client, none), "#preview") == []


def test_what_cannot_be_drawn_has_no_preview_from_then_on(client: TestClient, archive: Archive) -> None:
    assert client.get(f"/preview/{BROKEN}").status_code == 404
    assert by_semantics(links(client, BROKEN), "#preview") == []


def test_every_link_of_public_files_works(client: TestClient, archive: Archive) -> None:
    for dp_id in (IMAGE, CUBE, SPECTRUM, RAW[0], CATALOGUE):
        for row in links(client, dp_id):
            if row["access_url"] is None or (dp_id == CATALOGUE and row["content_type"] == "image/png"):
                continue
            parts = urlsplit(row["access_url"])
            answer = client.get(f"{parts.path}?{parts.query}")
            assert answer.status_code == 200
            assert answer.headers["content-type"].removesuffix("; charset=utf-8") == row["content_type"]
            assert row["content_length"] in (None, str(len(answer.content)))


def test_a_proprietary_file_is_listed_with_its_day(client: TestClient, archive: Archive) -> None:
    rows = links(client, SECRET)
    assert [(row["semantics"], row["link_auth"], row["link_authorized"]) for row in rows] == [
        ("#this", "true", "F"), ("#preview", "true", "F"), ("#thumbnail", "true", "F"),
        ("#cutout", "true", "F"), ("#cutout", "true", "F"),
    ]  # fmt: skip
    assert "public from 20" in rows[0]["description"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("nothing", "NotFoundFault"),
        ("ivo://eso.org/ID?ADP.2016-07-15T08:22:40.678", "NotFoundFault"),
        ("' OR 1=1 --", "NotFoundFault"),
        ("<a href='x'>&amp;", "NotFoundFault"),
        ("\x01\ud7ff☃", "NotFoundFault"),
        ("x" * 3000, "UsageFault"),
    ],
)
def test_a_fault_is_a_row_and_the_others_stay(
    client: TestClient, archive: Archive, text: str, fault: str
) -> None:
    rows = links(client, IMAGE, text, CUBE)
    (row,) = (row for row in rows if row["ID"] not in (IMAGE, CUBE))
    assert row["error_message"].startswith(f"{fault}: ")
    assert (row["semantics"], row["access_url"]) == ("#this", None)
    assert [row["ID"] for row in rows if row["semantics"] == "#this"] == [IMAGE, row["ID"], CUBE]


def test_the_rows_of_an_identifier_stand_together(client: TestClient, archive: Archive) -> None:
    ids = [row["ID"] for row in links(client, *RAW, IMAGE, "nothing", CUBE, IMAGE)]
    assert list(dict.fromkeys(ids)) == [*RAW, IMAGE, "nothing", CUBE]
    assert ids == sorted(ids, key=ids.index)


def test_without_an_identifier_the_service_describes_itself(client: TestClient) -> None:
    for query in ("", "?ID=", "?MAXREC=0&ID=x"):
        answer = client.get(f"/datalink/links{query}")
        assert answer.status_code == 200
        assert validate(answer.content) == []
        root = etree.fromstring(answer.content)
        assert not list(root.iter(f"{VOTABLE}TR"))
        infos = {i.get("name"): i.get("value") for i in root.iter(f"{VOTABLE}INFO")}
        assert infos["standardID"] == "ivo://ivoa.net/std/DataLink#links-1.1"
        (this,) = (r for r in root.iter(f"{VOTABLE}RESOURCE") if r.get("utype") == "adhoc:this")
        assert [p.get("name") for p in this.iter(f"{VOTABLE}PARAM")][-2:] == ["ID", "RESPONSEFORMAT"]


def test_the_columns_are_those_of_the_standard(client: TestClient) -> None:
    root = etree.fromstring(client.get("/datalink/links").content)
    fields = {f.get("name"): f for f in root.iter(f"{VOTABLE}FIELD")}
    # DataLink 1.1, Fields for Links Output.
    for name, ucd in (
        ("ID", "meta.id;meta.main"),
        ("access_url", "meta.ref.url"),
        ("service_def", "meta.ref"),
        ("error_message", "meta.code.error"),
        ("description", "meta.note"),
        ("semantics", "meta.code"),
        ("content_type", "meta.code.mime"),
        ("content_length", "phys.size;meta.file"),
        ("content_qualifier", None),
        ("local_semantics", "meta.id.assoc"),
        ("link_auth", "meta.code"),
        ("link_authorized", "meta.code"),
    ):
        assert fields[name].get("ucd") == ucd
    assert (fields["content_length"].get("datatype"), fields["content_length"].get("unit")) == (
        "long",
        "byte",
    )
    assert fields["link_authorized"].get("datatype") == "boolean"


def test_many_identifiers_by_post_are_answered_up_to_the_limit(client: TestClient, archive: Archive) -> None:
    ids = [IMAGE, *(f"nothing-{n}" for n in range(MAX_IDS))]
    answer = client.post("/datalink/links", data={"ID": ids, "RESPONSEFORMAT": "votable"})
    assert answer.status_code == 200
    root = etree.fromstring(answer.content, etree.XMLParser(huge_tree=True))
    rows = list(root.iter(f"{VOTABLE}TR"))
    assert len(rows) == 13 + MAX_IDS - 1
    assert rows[-1][0].text == ids[MAX_IDS - 1]
    assert query_status(answer.content)[0] == "OVERFLOW"


def test_far_too_many_identifiers_are_refused(client: TestClient) -> None:
    answer = client.post("/datalink/links", data={"ID": [str(n) for n in range(2 * MAX_IDS)]})
    assert answer.status_code == 400
    assert query_status(answer.content)[1].startswith("UsageFault: ")


def test_other_formats_have_the_same_rows(client: TestClient, archive: Archive) -> None:
    text = client.get("/datalink/links", params={"ID": IMAGE, "RESPONSEFORMAT": "csv"}).text
    rows = list(csv.DictReader(StringIO(text)))
    assert [row["access_url"] for row in rows] == [row["access_url"] or "" for row in links(client, IMAGE)]
    found = client.get("/datalink/links", params={"ID": IMAGE, "RESPONSEFORMAT": "json"})
    assert len(json.loads(found.text)["data"]) == len(rows)
    binary = client.get("/datalink/links", params={"ID": IMAGE, "RESPONSEFORMAT": "votable/b2"}).content
    table = Table.read(BytesIO(binary), format="votable")
    assert list(table["semantics"]) == [row["semantics"] for row in rows]


def test_a_browser_gets_a_page_and_other_clients_a_votable(client: TestClient, archive: Archive) -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
    answer = client.get("/datalink/links", params={"ID": IMAGE}, headers={"Accept": browser})
    assert answer.headers["content-type"].startswith("text/html")
    page: html.HtmlElement = html.document_fromstring(answer.content)
    wanted = [row["access_url"] for row in links(client, IMAGE) if row["access_url"]]
    assert [a.get("href") for a in page.cssselect("td a")] == wanted
    assert [img.get("src") for img in page.cssselect("img")] == [url for url in wanted if "/preview/" in url]
    assert "A title of ADP.TEST-IMAGE & <more>" in page.text_content()
    java = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"
    for accept in (java, "*/*", ""):
        other = client.get("/datalink/links", params={"ID": IMAGE}, headers={"Accept": accept})
        assert other.headers["content-type"] == "application/x-votable+xml;content=datalink"
    evil = client.get("/datalink/links", params={"ID": "<script>1</script>"}, headers={"Accept": browser})
    assert b"<script>" not in evil.content


def test_an_unknown_format_is_an_error_document(client: TestClient) -> None:
    answer = client.get("/datalink/links", params={"RESPONSEFORMAT": "foo"})
    assert answer.status_code == 400
    assert query_status(answer.content)[1].startswith("UsageFault: ")


@pytest.mark.parametrize("name", ["capabilities", "availability"])
def test_vosi_documents_are_valid(client: TestClient, name: str) -> None:
    answer = client.get(f"/datalink/{name}")
    assert answer.status_code == 200
    assert validate(answer.content) == []


@pytest.mark.debian
@pytest.mark.skipif(STILTS is None, reason="no STILTS here; .ci/debian.sh installs it on Debian")
@pytest.mark.parametrize("checker", ["votlint", "datalinklint"])
def test_stilts_finds_nothing_wrong(
    client: TestClient, archive: Archive, tmp_path: Path, checker: str
) -> None:
    path = tmp_path / "links.vot"
    query = "&".join(f"ID={text}" for text in (IMAGE, CUBE, SECRET, RAW[0], "nothing"))
    path.write_bytes(client.get(f"/datalink/links?{query}").content)
    arguments = (
        ["votlint", "ucd=true", f"votable={path}"]
        if checker == "votlint"
        else ["datalinklint", "maxrepeat=1000", str(path)]
    )
    done = subprocess.run([str(STILTS), *arguments], capture_output=True, text=True, timeout=120, check=True)
    lines = (done.stdout + done.stderr).splitlines()
    # Without a network STILTS takes its own copy of the vocabulary, which is older than these two terms.
    lines = [line for line in lines if not re.search("Unknown predicate '(thumbnail|documentation)'", line)]
    assert [line for line in lines if line.startswith(("E-", "ERROR", "WARNING"))] == []


def test_pyvo_reads_the_links(server: Server, archive: Archive) -> None:
    url = f"{server.url}/datalink/links?ID={quote(archive.holdings.did(IMAGE), safe='')}"
    found = DatalinkResults.from_result_url(url)
    (this,) = (link for link in found if link.semantics == "#this")
    assert this.content_length == len(archive.content(IMAGE))
    assert this.content_type == "application/fits"
    assert urlsplit(this.access_url).path == f"/download/{IMAGE}"
    content = requests.get(f"{server.url}/download/{IMAGE}", timeout=30).content
    assert content == archive.content(IMAGE)


def test_calibrations_come_in_the_order_of_their_lists(client: TestClient, archive: Archive) -> None:
    holdings = archive.holdings
    try:
        holdings.calibrations(RAW[0], "raw2master", [(IMAGE, "MASTER_BIAS")])
        holdings.calibrations(RAW[0], "raw2raw", [(SPECTRUM, "BIAS"), ("GONE", None), (CUBE, "FLAT")])
        rows = by_semantics(links(client, RAW[0]), "#calibration")
    finally:
        with holdings.engine.begin() as connection:
            connection.execute(sa.delete(CALIBRATION).where(CALIBRATION.c.dp_id == RAW[0]))
    assert [row["local_semantics"] for row in rows] == [
        "raw2raw BIAS", "raw2raw", "raw2raw FLAT", "raw2master MASTER_BIAS",
    ]  # fmt: skip
    assert [str(row["access_url"]).rpartition("/")[2] for row in rows] == [SPECTRUM, "None", CUBE, IMAGE]
    assert rows[1]["error_message"] == "NotFoundFault: GONE is not in this archive"
