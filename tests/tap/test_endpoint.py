"""TAP over HTTP, in this process: right answers, and every error as an error document."""

import pytest
from starlette.testclient import TestClient

from tests.serving import query_status
from tests.xsd import validate
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.engine import PostgresEngine
from vo_server.formats import FORMATS
from vo_server.http.app import create_app

TABLES = "SELECT table_name FROM tap_schema.tables ORDER BY table_name"


def ask(client: TestClient, query: str = TABLES, **more: str) -> bytes:
    answer = client.get("/tap/sync", params={"LANG": "ADQL", "QUERY": query, **more})
    assert answer.status_code == 200, answer.text
    return answer.content


def test_get_and_post_give_the_same(client: TestClient) -> None:
    form = {"LANG": "ADQL", "QUERY": TABLES, "RESPONSEFORMAT": "csv"}
    got = client.get("/tap/sync", params=form)
    posted = client.post("/tap/sync", data=form)
    multipart = client.post("/tap/sync", data=form, files={"ignored": ("x.txt", b"x")})
    assert got.content == posted.content == multipart.content
    assert got.headers["content-type"] == "text/csv;header=present"
    assert "ivoa.ObsCore" in got.text.splitlines()


def test_names_of_parameters_have_no_case(client: TestClient) -> None:
    answer = client.get("/tap/sync", params={"lang": "adql", "Query": TABLES, "responseFormat": "csv"})
    assert answer.status_code == 200


def test_a_small_answer_has_its_length_and_a_file_name(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A slow machine would begin to send before the end.
    monkeypatch.setattr("vo_server.http.answers.PATIENCE", 30)
    answer = client.get("/tap/sync", params={"LANG": "ADQL", "QUERY": TABLES})
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.headers["content-disposition"].endswith('.vot"')


def test_head_says_what_get_would_and_sends_nothing(client: TestClient) -> None:
    answer = client.head("/tap/sync", params={"LANG": "ADQL", "QUERY": TABLES})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("application/x-votable+xml")


def test_every_votable_is_valid(client: TestClient) -> None:
    for name in (name for name in FORMATS if name.startswith("votable")):
        document = ask(client, "SELECT * FROM tap_schema.columns", RESPONSEFORMAT=name)
        assert validate(document) == []
        assert query_status(document)[0] == "OK"


def test_maxrec_cuts_and_says_so(client: TestClient) -> None:
    assert query_status(ask(client, MAXREC="1"))[0] == "OVERFLOW"
    assert query_status(ask(client, MAXREC="100000"))[0] == "OK"


def test_maxrec_zero_gives_the_columns_only(client: TestClient) -> None:
    document = ask(client, "SELECT * FROM ivoa.ObsCore", MAXREC="0", RESPONSEFORMAT="votable/td")
    assert b"<TR>" not in document
    assert b'name="s_region"' in document
    assert query_status(document)[0] == "OVERFLOW"


def test_obscore_rows_point_to_datalink(client: TestClient) -> None:
    document = ask(client, "SELECT TOP 1 obs_publisher_did FROM ivoa.ObsCore")
    assert b"ivo://ivoa.net/std/DataLink#links-1.1" in document
    assert b'ref="obs_publisher_did"' in document
    assert validate(document) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"LANG": None}, ["LANG is missing", "ADQL"]),
        ({"QUERY": None}, ["QUERY is missing"]),
        ({"MAXREC": "-1"}, ["MAXREC"]),
        ({"RESPONSEFORMAT": "foo"}, ["foo", "votable"]),
        ({"QUERY": "SELECT TOP x * FROM tap_schema.tables"}, ["line 1"]),
        ({"QUERY": "SELECT * FROM ivoa.obscor"}, ["ivoa.ObsCore"]),
        ({"QUERY": "SELECT tabel_name FROM tap_schema.tables"}, ["table_name"]),
        ({"QUERY": "SELECT * FROM archive.job"}, ["archive.job"]),
        ({"QUERY": "SELECT 1/0 AS x FROM tap_schema.tables"}, ["zero"]),
        ({"UPLOAD": "t,file:///etc/passwd"}, ["UPLOAD of t", "http"]),
        ({"UPLOAD": "t,http://127.0.0.1:1/t.xml"}, ["UPLOAD of t", "not public"]),
        ({"UPLOAD": "t,param:nothing"}, ["UPLOAD of t", "nothing", "multipart"]),
    ],
)
def test_a_wrong_request_is_answered_with_an_error_document(
    client: TestClient, change: dict[str, str | None], words: list[str]
) -> None:
    form = {"LANG": "ADQL", "QUERY": TABLES, **change}
    answer = client.get("/tap/sync", params={k: v for k, v in form.items() if v is not None})
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/x-votable+xml")
    assert validate(answer.content) == []
    status, message = query_status(answer.content)
    assert status == "ERROR"
    assert message.startswith("UsageFault: ")
    assert all(word in message for word in words), message
    assert "Traceback" not in message
    assert "psycopg" not in message.lower()


def test_a_query_that_takes_too_long_is_stopped(
    settings: Settings, database: Database, engine: PostgresEngine
) -> None:
    hasty = create_app(settings.model_copy(update={"sync_timeout": 0.3}), database, engine)
    query = "SELECT COUNT(*) AS n FROM " + ", ".join(f"tap_schema.columns t{i}" for i in range(6))
    with TestClient(hasty) as client:
        answer = client.get("/tap/sync", params={"LANG": "ADQL", "QUERY": query})
    assert answer.status_code == 503
    assert query_status(answer.content)[1].startswith("TransientFault: ")


def test_a_page_of_another_site_may_ask(client: TestClient) -> None:
    answer = client.get(
        "/tap/sync", params={"LANG": "ADQL", "QUERY": TABLES}, headers={"Origin": "https://aladin.example"}
    )
    assert answer.headers["access-control-allow-origin"] == "*"


def test_capabilities_and_tables_are_valid(client: TestClient) -> None:
    for path in ("capabilities", "availability", "tables", "tables?detail=min", "tables/ivoa.obscore"):
        answer = client.get(f"/tap/{path}")
        assert answer.status_code == 200, path
        assert validate(answer.content) == [], path


def test_the_list_of_tables_has_no_columns_in_brief(client: TestClient) -> None:
    assert b"<column" in client.get("/tap/tables").content
    assert b"<column" not in client.get("/tap/tables?detail=min").content


def test_an_unknown_table_is_not_found(client: TestClient) -> None:
    answer = client.get("/tap/tables/no.such")
    assert answer.status_code == 404
    assert query_status(answer.content)[0] == "ERROR"


def test_the_root_leads_people_to_the_page(client: TestClient) -> None:
    assert client.get("/tap").status_code == 303


def test_the_capabilities_name_every_format_that_is_accepted(client: TestClient) -> None:
    document = client.get("/tap/capabilities").text
    for form in FORMATS.values():
        assert f"<mime>{form.media_type}</mime>" in document


#: A column of numbers that no constant folding sees through.
FAR = "schema_index * 1000 + 200"


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (f"AREA(CIRCLE(1, 2, {FAR}))", "a radius is between 0 and 180 degrees"),
        (f"AREA(CIRCLE(1, {FAR}, 2))", "a declination is between -90 and 90"),
        (f"AREA(BOX(1, 2, {FAR}, 2))", "sizes above 0 and below 180"),
        ("AREA(POLYGON(0, 0, 120 + 0 * schema_index, 0, 240, 0))", "must fit into a circle"),
        ("ivo_histogram(schema_index, 2, 1, 5)", "wants lower < upper"),
        ("ivo_epoch_prop_pos(1, 2, 3, 4, 5, 6, NULLIF(1, 1), 8)", "one of them is NULL"),
        ("1 / (schema_index - schema_index)", "division by zero"),
        ("SQRT(-1 - schema_index)", "square root of a negative number"),
        ("CAST(description AS INTEGER)", "invalid input syntax"),
        ("CAST(1e300 * (schema_index + 1) AS INTEGER)", "out of range"),
        ("EXP(1e5 * (schema_index + 1))", "out of range"),
        ("(SELECT table_name FROM tap_schema.tables)", "more than one row"),
    ],
)
def test_a_value_that_cannot_be_computed_is_the_clients_to_change(
    client: TestClient, expression: str, words: str
) -> None:
    query = f"SELECT {expression} AS x FROM tap_schema.schemas"
    answer = client.get("/tap/sync", params={"LANG": "ADQL", "QUERY": query})
    status, message = query_status(answer.content)
    assert (answer.status_code, status) == (400, "ERROR")
    assert message.startswith("UsageFault: the database refused the query: ")
    assert words in message
