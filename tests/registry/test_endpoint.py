"""The registry as harvesters use it (OAI-PMH 2.0; Registry Interfaces 1.1)."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, quote

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lxml import etree

from registry.keeping import looking
from registry.params import PREFIXES, VERBS
from registry.refresh import Refresher
from registry.store import RecordStore
from tests.products import Holdings
from tests.registry.asking import OAI, RESOURCE, Asking
from tests.registry.conftest import IMAGES
from tests.xsd import validate
from vo_server.archive import REGISTRY_RECORD as RECORD
from vo_server.config import Settings
from vo_server.db import Database

REQUESTS = int(os.environ.get("VO_FUZZ", "80"))
ITSELF = "ivo://vo-server.example/registry"
CASES = [
    (line.split()[0], "".join(line.split()[1:]))
    for line in Path(__file__).with_name("errors.txt").read_text().splitlines()
    if line and not line.startswith("#")
]


@pytest.fixture
def small_pages(oai: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists in parts of four records."""
    monkeypatch.setattr(RecordStore, "page_size", 4)


@pytest.fixture
def token(oai: Asking, small_pages: None) -> str:
    found = oai("ListRecords", metadataPrefix="ivo_vor").findtext(f".//{OAI}resumptionToken")
    assert found
    return found


@pytest.mark.parametrize(("code", "query"), CASES, ids=[f"{code} {query}" for code, query in CASES])
def test_every_mistake_has_its_error(oai: Asking, token: str, code: str, query: str) -> None:
    bent = ("A" if token[40] != "A" else "B").join((token[:40], token[41:]))
    text = query.format(id=ITSELF, token=token, bent=bent)
    answer = oai.client.get(f"/oai?{text}")
    assert answer.status_code == 200
    assert validate(answer.content) == []
    found = etree.fromstring(answer.content).find(f"{OAI}error")
    assert (found.get("code") if found is not None else "-") == code
    request = etree.fromstring(answer.content).find(f"{OAI}request")
    assert request is not None
    # OAI-PMH 2.0, XML Response Format: what could not be understood is not said again.
    if code in ("badVerb", "badArgument"):
        assert not request.attrib
    else:
        assert request.get("verb") == dict(parse_qsl(text))["verb"]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=15)
words = st.sampled_from(
    [
        "",
        "ivo_vor",
        "oai_dc",
        "ivo_managed",
        "2026-01-01",
        "2020-01-01T00:00:00Z",
        "9999-12-31",
        ITSELF,
        "a.b",
    ]
)
names = st.sampled_from(
    ["verb", "identifier", "metadataPrefix", "from", "until", "set", "resumptionToken", "From", "x"]
)
arguments = st.lists(st.tuples(names | TEXT, words | TEXT), max_size=5)


@settings(max_examples=REQUESTS, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(list(VERBS)) | TEXT, arguments, st.sampled_from(["GET", "POST"]))
@example("ListRecords", [("metadataPrefix", "ivo_vor"), ("until", "9999-12-31")], "GET")
def test_whatever_is_asked_the_answer_is_valid(
    oai: Asking, verb: str, items: list[tuple[str, str]], method: str
) -> None:
    text = [
        (name.encode(errors="replace").decode(), value.encode(errors="replace").decode())
        for name, value in items
    ]
    root = etree.fromstring(oai.raw([("verb", verb.encode(errors="replace").decode()), *text], method))
    assert len(root) == 3  # date, request, answer or error


def test_get_and_post_say_the_same(oai: Asking) -> None:
    for verb, items in (("Identify", {}), ("ListRecords", {"metadataPrefix": "oai_dc"})):
        get, post = oai(verb, **items), oai(verb, method="POST", **items)
        assert etree.tostring(get[2]) == etree.tostring(post[2])


def test_a_body_of_another_kind_is_refused_in_the_protocols_form(oai: Asking) -> None:
    answer = oai.client.post("/oai", content=b"{}", headers={"Content-Type": "application/json"})
    assert answer.status_code == 415
    assert validate(answer.content) == []
    assert b'code="badArgument"' in answer.content


def test_the_registry_says_who_it_is(oai: Asking, settings: Settings) -> None:
    root = oai("Identify")
    told = {etree.QName(child).localname: child.text for child in root[2]}
    assert told["baseURL"] == f"{settings.root_url}/oai"
    assert (told["protocolVersion"], told["deletedRecord"]) == ("2.0", "persistent")
    assert told["granularity"] == "YYYY-MM-DDThh:mm:ssZ"
    assert told["adminEmail"] == "operator@vo-server.example.invalid"
    itself = root.find(f".//{OAI}description/{RESOURCE}")
    assert itself is not None
    assert itself.findtext("identifier") == ITSELF
    assert itself.findtext("managedAuthority") == "vo-server.example"
    dates = [header.findtext(f"{OAI}datestamp") for header in oai.headers()]
    assert str(told["earliestDatestamp"]) <= min(str(date) for date in dates)


def test_formats_and_sets(oai: Asking) -> None:
    formats = oai("ListMetadataFormats")
    assert [each.text for each in formats.iter(f"{OAI}metadataPrefix")] == list(PREFIXES)
    assert [each.text for each in oai("ListSets").iter(f"{OAI}setSpec")] == ["ivo_managed"]


def test_a_list_in_parts_is_the_whole_list(oai: Asking, small_pages: None, database: Database) -> None:
    with database.owner.connect() as connection:
        everything = set(connection.scalars(sa.select(RECORD.c.identifier)))
    root = oai("ListRecords", metadataPrefix="ivo_vor")
    found: list[str] = []
    cursors = []
    while True:
        records = root.findall(f".//{OAI}record")
        mark = root.find(f".//{OAI}resumptionToken")
        assert mark is not None
        assert len(records) == 4 or not mark.text
        cursors.append(int(mark.get("cursor", "")))
        assert int(mark.get("completeListSize", "")) == len(everything)
        found += [str(record.findtext(f".//{OAI}identifier")) for record in records]
        if not mark.text:
            break
        root = oai("ListRecords", resumptionToken=mark.text)
    assert cursors == list(range(0, len(everything), 4))
    assert len(found) == len(everything)
    assert set(found) == everything


@pytest.fixture
def of_yesterday(refresher: Refresher, database: Database) -> Iterator[None]:
    """The records as if all of them had been there yesterday."""
    with database.owner.begin() as connection:
        connection.execute(sa.update(RECORD).values(updated=RECORD.c.updated - timedelta(days=1)))
    yield
    with database.owner.begin() as connection:
        connection.execute(sa.delete(RECORD))
    refresher.refresh()


def test_what_changes_during_a_harvest_is_not_missed(
    oai: Asking,
    small_pages: None,
    of_yesterday: None,
    refresher: Refresher,
    holdings: Holdings,
    database: Database,
) -> None:
    with database.owner.connect() as connection:
        everything = set(connection.scalars(sa.select(RECORD.c.identifier)))
    harvest = oai.headers()
    found = [str(next(harvest).findtext(f"{OAI}identifier")) for _ in range(4)]
    first = found[0]
    late = max(everything - set(found))
    # One that was read already and one that was not change; another is new.
    holdings.product("OAI.NEW", obs_collection="OAI-NEW")
    with database.owner.begin() as connection:
        changing = RECORD.c.identifier.in_([first, late])
        connection.execute(sa.update(RECORD).where(changing).values(updated=sa.func.now()))
    refresher.refresh()
    found += [str(header.findtext(f"{OAI}identifier")) for header in harvest]
    assert set(found) == everything | {"ivo://vo-server.example/collection/oai-new"}
    assert found.count(first) == 2
    assert found.count(late) == 1


def test_a_token_works_again_and_in_another_process(oai: Asking, token: str, database: Database) -> None:
    first, second = (oai("ListRecords", resumptionToken=token) for _ in range(2))
    assert etree.tostring(first[2]) == etree.tostring(second[2])
    assert (database.state_dir / "oai.key").stat().st_mode & 0o077 == 0


def test_headers_are_those_of_the_records(oai: Asking) -> None:
    records = oai("ListRecords", metadataPrefix="oai_dc")
    whole = [etree.tostring(header) for header in records.iter(f"{OAI}header")]
    assert whole == [etree.tostring(header) for header in oai.headers(metadataPrefix="oai_dc")]


def test_dates_of_records_are_those_of_their_headers(oai: Asking) -> None:
    for record in oai("ListRecords", metadataPrefix="ivo_vor").iter(f"{OAI}record"):
        resource = record.find(f".//{RESOURCE}")
        assert resource is not None
        assert resource.get("updated") == record.findtext(f".//{OAI}datestamp")
        assert str(resource.get("created")) <= str(resource.get("updated"))
        assert resource.findtext("identifier") == record.findtext(f".//{OAI}identifier")


def test_only_what_changed_is_harvested_again(
    oai: Asking, of_yesterday: None, refresher: Refresher, holdings: Holdings
) -> None:
    key = f"ivo://vo-server.example/collection/{IMAGES.lower()}"
    asked = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    unchanged = refresher.refresh()
    assert unchanged is not None
    assert (unchanged.added, unchanged.changed, unchanged.deleted) == (0, 0, 0)
    assert oai.error([("verb", "ListIdentifiers"), ("metadataPrefix", "ivo_vor"), ("from", asked)]) == (
        "noRecordsMatch"
    )
    holdings.product("OAI.MORE", obs_collection=IMAGES, instrument_name="NEWCAM")
    changed = refresher.refresh()
    assert changed is not None
    assert key in oai.identifiers(from_=asked)
    assert "ivo://vo-server.example" not in oai.identifiers(from_=asked)
    day = asked[:10]
    assert key in oai.identifiers(from_=day, until=day)
    before = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert key not in oai.identifiers(until=before)
    assert "ivo://vo-server.example" in oai.identifiers(until=before)


def test_what_is_gone_stays_as_deleted_and_may_come_back(
    oai: Asking, refresher: Refresher, holdings: Holdings
) -> None:
    identifier = "ivo://vo-server.example/collection/oai-short"
    holdings.product("OAI.SHORT", obs_collection="OAI-SHORT")
    refresher.refresh()
    created = oai.resource("/collection/oai-short").get("created")
    with holdings.engine.begin() as connection:
        connection.execute(sa.delete(holdings.obscore).where(holdings.obscore.c.dp_id == "OAI.SHORT"))
    told = refresher.refresh()
    assert told is not None
    assert told.deleted == 1
    for prefix in PREFIXES:
        record = oai("GetRecord", identifier=identifier, metadataPrefix=prefix)
        header = record.find(f".//{OAI}header")
        assert header is not None
        assert header.get("status") == "deleted"
        assert record.find(f".//{OAI}metadata") is None
    statuses = {h.findtext(f"{OAI}identifier"): h.get("status") for h in oai.headers()}
    assert statuses[identifier] == "deleted"
    assert refresher.refresh() is not None
    holdings.product("OAI.SHORT", obs_collection="OAI-SHORT")
    again = refresher.refresh()
    assert again is not None
    assert again.added == 1
    assert oai.resource("/collection/oai-short").get("created") == created


def test_one_process_at_a_time_looks_at_the_archive(refresher: Refresher, database: Database) -> None:
    with looking(database.writer, wait=True) as is_ours:
        assert is_ours
        assert refresher.refresh(wait=False) is None
    assert refresher.refresh(wait=False) is not None


def test_capabilities_tell_where_to_harvest(oai: Asking, settings: Settings) -> None:
    answer = oai.client.get("/oai/capabilities")
    assert validate(answer.content) == []
    (harvest,) = (
        each
        for each in etree.fromstring(answer.content).iter("capability")
        if each.get("standardID") == "ivo://ivoa.net/std/Registry"
    )
    assert harvest.findtext("interface/accessURL") == f"{settings.root_url}/oai"


def test_an_odd_name_is_found_by_its_record(oai: Asking) -> None:
    found = [each for each in oai.identifiers() if "/collection/oai_spectra_2-" in each]
    assert len(found) == 1
    resource = oai.resource(found[0].removeprefix("ivo://vo-server.example"))
    assert resource.findtext("coverage/footprint") == (
        f"http://127.0.0.1:8080/moc/{quote('OAI spectra/2', safe='')}"
    )
