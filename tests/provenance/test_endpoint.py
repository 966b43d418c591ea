"""``/provenance``: documents that others read, a picture with a link for everything, errors as in DALI."""

import io
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest
import sqlalchemy as sa
from lxml import etree
from prov.model import ProvActivity, ProvDocument, ProvEntity
from starlette.testclient import TestClient

from provenance.params import FORMATS
from tests.products import Holdings
from tests.provenance.conftest import (
    ABSENT,
    BASIC,
    BIAS,
    BIASES,
    CIRCLE,
    CUBE,
    LONELY,
    MBIAS,
    POST,
    RAW,
    SECRET,
    TABLE,
)
from tests.serving import query_status

DOCUMENTS = [form for form in FORMATS if form.serializer]
SVG = "{http://www.w3.org/2000/svg}"


def document(client: TestClient, *ids: str, form: str = "PROV-JSON", **more: str) -> ProvDocument:
    query = "&".join([f"ID={quote(text, safe='')}" for text in ids] + [f"{k}={v}" for k, v in more.items()])
    answer = client.get(f"/provenance?{query}&RESPONSEFORMAT={form}")
    assert answer.status_code == 200, answer.text
    chosen = next(each for each in DOCUMENTS if each.name == form)
    assert answer.headers["content-type"].partition(";")[0] == chosen.media_type
    return ProvDocument.deserialize(io.BytesIO(answer.content), format=chosen.serializer)


def names(found: ProvDocument, kind: type[ProvEntity] | type[ProvActivity]) -> set[str]:
    """The last parts of the identifiers of a document's entities or activities."""
    return {unquote(each.identifier.localpart) for each in found.get_records(kind) if each.identifier}


def relations(found: ProvDocument) -> set[tuple[str, str, str]]:
    """Kind and ends of every relation between entities and activities."""
    kinds = {"wasGeneratedBy", "used", "wasDerivedFrom", "wasInformedBy"}
    rows = set()
    for record in found.get_records():
        kind = record.get_type().localpart
        kind = {"Generation": "wasGeneratedBy", "Usage": "used", "Derivation": "wasDerivedFrom",
                "Communication": "wasInformedBy"}.get(kind, kind)  # fmt: skip
        if kind in kinds:
            ends = [unquote(value.localpart) for _, value in record.formal_attributes if value is not None]
            rows.add((kind, ends[0], ends[1]))
    return rows


EVERYTHING = {
    ("wasGeneratedBy", CUBE, POST.identifier(CUBE)),
    ("wasInformedBy", POST.identifier(CUBE), BASIC.identifier(CUBE)),
    ("used", BASIC.identifier(CUBE), RAW[0]),
    ("used", BASIC.identifier(CUBE), RAW[1]),
    ("used", BASIC.identifier(CUBE), BIAS),
    ("used", BASIC.identifier(CUBE), ABSENT),
    ("wasDerivedFrom", CUBE, RAW[0]),
    ("wasDerivedFrom", CUBE, RAW[1]),
    ("wasGeneratedBy", BIAS, MBIAS.identifier(BIAS)),
    *(("used", MBIAS.identifier(BIAS), name) for name in BIASES),
}


@pytest.mark.parametrize("form", [form.name for form in DOCUMENTS])
def test_a_document_is_what_the_archive_knows_in_every_form(
    client: TestClient, holdings: Holdings, form: str
) -> None:
    found = document(client, CUBE, form=form)
    assert relations(found) == EVERYTHING
    assert names(found, ProvEntity) == {CUBE, *RAW, BIAS, *BIASES, ABSENT}
    (bias,) = found.get_record(f"run:{MBIAS.identifier(BIAS)}")
    told = {str(name): value for name, value in bias.attributes}
    assert told["voprov:version"] == "muse/2.8.7"
    assert told["parameter:muse.muse_bias.combine"] == "sigclip"
    assert str(told["prov:startTime"]) == "2020-01-03 01:00:00+00:00"


def test_the_three_forms_say_the_same(client: TestClient, holdings: Holdings) -> None:
    first, second, third = (document(client, CUBE, form=form.name) for form in DOCUMENTS)
    assert first == second == third


def test_a_publishers_identifier_means_the_same(client: TestClient, holdings: Holdings) -> None:
    assert document(client, holdings.did(CUBE)) == document(client, CUBE)


@pytest.mark.parametrize(
    ("depth", "entities", "activities"),
    [
        ("0", {CUBE}, set()),
        ("1", {CUBE, *RAW}, {POST}),
        ("2", {CUBE, *RAW}, {POST, BASIC}),
        ("3", {CUBE, *RAW, BIAS, ABSENT}, {POST, BASIC}),
        ("4", {CUBE, *RAW, BIAS, ABSENT}, {POST, BASIC, MBIAS}),
    ],
)
def test_a_depth_counts_relations(
    client: TestClient, holdings: Holdings, depth: str, entities: set[str], activities: set[object]
) -> None:
    found = document(client, CUBE, DEPTH=depth)
    known = {POST: CUBE, BASIC: CUBE, MBIAS: BIAS}
    assert names(found, ProvEntity) == entities
    assert names(found, ProvActivity) == {
        a.identifier(dp_id) for a, dp_id in known.items() if a in activities
    }


def test_forth_leads_to_what_was_made(client: TestClient, holdings: Holdings) -> None:
    found = document(client, BIASES[0], DIRECTION="FORTH")
    assert names(found, ProvEntity) == {BIASES[0], BIAS, CUBE, TABLE}
    assert ("wasDerivedFrom", TABLE, CUBE) in relations(found)


def test_what_is_not_in_the_archive_can_be_asked_for_by_its_name(
    client: TestClient, holdings: Holdings
) -> None:
    found = document(client, ABSENT, DIRECTION="FORTH")
    assert names(found, ProvEntity) == {ABSENT, CUBE, TABLE}
    (absent,) = found.get_record(f"name:{quote(ABSENT, safe=':')}")
    assert ("voprov:comment", "not in this archive") in {(str(n), v) for n, v in absent.attributes}


def test_an_activity_can_be_asked_for(client: TestClient, holdings: Holdings) -> None:
    found = document(client, MBIAS.identifier(BIAS), DEPTH="1")
    assert names(found, ProvEntity) == set(BIASES)


def test_several_identifiers_are_one_document(client: TestClient, holdings: Holdings) -> None:
    found = document(client, LONELY, SECRET)
    assert names(found, ProvEntity) == {LONELY, SECRET, RAW[0]}


def test_a_product_without_provenance_is_a_graph_of_itself(client: TestClient, holdings: Holdings) -> None:
    found = document(client, LONELY)
    assert names(found, ProvEntity) == {LONELY}
    assert relations(found) == set()


def test_a_circle_ends(client: TestClient, holdings: Holdings) -> None:
    found = document(client, CIRCLE[0])
    assert names(found, ProvEntity) == set(CIRCLE)
    assert len(relations(found)) == 3


def test_the_provenance_of_proprietary_files_is_public(client: TestClient, holdings: Holdings) -> None:
    found = document(client, SECRET)
    (secret,) = found.get_record(f"archive:{SECRET}")
    assert ("voprov:releaseDate", "2100-01-01T00:00:00Z") in {(str(n), v) for n, v in secret.attributes}
    assert ("wasDerivedFrom", SECRET, RAW[0]) in relations(found)


def test_the_document_is_what_tap_says(client: TestClient, holdings: Holdings, app: object) -> None:
    with holdings.engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT entity_id, used_role FROM provenance.used WHERE activity_id = :name"),
            {"name": BASIC.identifier(CUBE)},
        ).all()
    told = {(name, role) for name, role in rows}
    assert told == {
        (RAW[0], "OBJECT"), (RAW[1], "OBJECT"), (BIAS, "MASTER_BIAS"), (ABSENT, "GEOMETRY_TABLE")
    }  # fmt: skip
    found = document(client, BASIC.identifier(CUBE), DEPTH="1")
    assert names(found, ProvEntity) == {name for name, _ in told}


def picture(client: TestClient, *ids: str, **more: str) -> etree._Element:
    query = "&".join([f"ID={quote(text, safe='')}" for text in ids] + [f"{k}={v}" for k, v in more.items()])
    answer = client.get(f"/provenance?{query}&RESPONSEFORMAT=PROV-SVG")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    return etree.fromstring(answer.content)


def targets(root: etree._Element) -> set[str]:
    """The identifiers that links lead to."""
    found = set()
    for link in root.iter(f"{SVG}a"):
        (text,) = parse_qs(urlsplit(link.get("href", "")).query)["ID"]
        found.add(text.rpartition("/ID?")[2])
    return found


def test_a_picture_has_a_link_for_everything(client: TestClient, holdings: Holdings) -> None:
    root = picture(client, CUBE)
    everything = {end for _, *ends in EVERYTHING for end in ends}
    assert targets(root) == everything
    paths = {urlsplit(link.get("href", "")).path for link in root.iter(f"{SVG}a")}
    assert paths == {"/datalink/links", "/provenance"}


def test_every_link_of_a_picture_leads_somewhere(client: TestClient, holdings: Holdings) -> None:
    for link in picture(client, CUBE).iter(f"{SVG}a"):
        parts = urlsplit(link.get("href", ""))
        answer = client.get(f"{parts.path}?{parts.query}")
        assert answer.status_code == 200
        assert b"/download/" in answer.content or b"<svg" in answer.content


def test_what_is_missing_is_dashed(client: TestClient, holdings: Holdings) -> None:
    root = picture(client, CUBE)
    (link,) = [each for each in root.iter(f"{SVG}a") if quote(ABSENT, safe="") in each.get("href", "")]
    (frame,) = link.findall(f"{SVG}rect")
    assert frame.get("stroke-dasharray")
    assert "not in this archive" in (link.findtext(f"{SVG}title") or "")


def test_boxes_do_not_touch_each_other(client: TestClient, holdings: Holdings) -> None:
    rects = [
        [float(each.get(name, "0")) for name in ("x", "y", "width", "height")]
        for each in picture(client, CUBE, TABLE, SECRET).iter(f"{SVG}rect")
        if each.get("rx") and each.get("height") != "12" and each.get("stroke-width")
    ]
    assert len(rects) == 11
    for n, (x, y, width, height) in enumerate(rects):
        for other_x, other_y, other_width, other_height in rects[n + 1 :]:
            apart = (
                x + width <= other_x or other_x + other_width <= x or y + height <= other_y
                or other_y + other_height <= y
            )  # fmt: skip
            assert apart


def test_a_browser_gets_the_picture_unless_it_asks_for_more(client: TestClient, holdings: Holdings) -> None:
    accept = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    answer = client.get(f"/provenance?ID={CUBE}", headers=accept)
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert "Accept" in answer.headers["vary"]
    answer = client.get(f"/provenance?ID={CUBE}&RESPONSEFORMAT=PROV-N", headers=accept)
    assert answer.text.startswith("document")


def test_a_post_is_answered_alike(client: TestClient, holdings: Holdings) -> None:
    assert (
        client.post("/provenance", data={"ID": CUBE}).content == client.get(f"/provenance?ID={CUBE}").content
    )


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ("", 400, "ID is missing"),
        ("ID=ADP.NOTHING", 404, "ADP.NOTHING is not in this archive"),
        (f"ID={LONELY}&ID=ADP.NOTHING", 404, "ADP.NOTHING"),
        ("ID=ivo://elsewhere.example/ID?x", 404, "not an identifier of this archive"),
        ("ID=" + "x" * 600, 400, "600 characters"),
        (f"ID={LONELY}&DEPTH=x", 400, "DEPTH"),
        (f"ID={LONELY}&DIRECTION=x", 400, "DIRECTION"),
        (f"ID={LONELY}&RESPONSEFORMAT=gif", 400, "PROV-JSON"),
    ],
)
def test_errors_are_documents(
    client: TestClient, holdings: Holdings, query: str, status: int, message: str
) -> None:
    answer = client.get(f"/provenance?{query}")
    assert answer.status_code == status
    assert query_status(answer.content)[0] == "ERROR"
    assert message in query_status(answer.content)[1]
