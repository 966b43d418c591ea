"""The resources of a job over HTTP; no worker runs here, so nothing changes by itself."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree
from starlette.testclient import TestClient

from tests.serving import query_status
from tests.xsd import validate
from vo_server.db import Database
from vo_server.uws.jobs import JobError, JobResult, JobStore

UWS = "{http://www.ivoa.net/xml/UWS/v1.0}"
FORM = {"LANG": "ADQL", "QUERY": "SELECT 1 AS one FROM tap_schema.tables"}


pytestmark = pytest.mark.usefixtures("no_jobs_left")


@pytest.fixture
def store(database: Database) -> JobStore:
    return JobStore(database.writer)


def create(client: TestClient, **more: str) -> str:
    """A new job; its path."""
    answer = client.post("/tap/async", data={**FORM, **more})
    assert answer.status_code == 303
    return "/tap/async/" + answer.headers["location"].rpartition("/")[2]


def read(client: TestClient, path: str) -> etree._Element:
    answer = client.get(path)
    assert answer.status_code == 200
    assert validate(answer.content) == []
    return etree.fromstring(answer.content)


def text(job: etree._Element, tag: str) -> str:
    return job.findtext(f"{UWS}{tag}") or ""


def test_a_job_is_created_with_its_parameters(client: TestClient) -> None:
    path = create(client, RUNID="mine")
    job = read(client, path)
    assert job.get("version") == "1.1"
    assert (text(job, "phase"), text(job, "runId")) == ("PENDING", "mine")
    named = {p.get("id"): p.text for p in job.iter(f"{UWS}parameter")}
    assert named == {**FORM, "RUNID": "mine"}


def test_phase_run_in_the_creation_starts_the_job(client: TestClient) -> None:
    job = read(client, create(client, PHASE="RUN"))
    assert text(job, "phase") == "QUEUED"
    assert "PHASE" not in {p.get("id") for p in job.iter(f"{UWS}parameter")}


def test_every_resource_of_a_new_job_answers(client: TestClient) -> None:
    path = create(client)
    assert client.get(f"{path}/phase").text == "PENDING"
    assert int(client.get(f"{path}/executionduration").text) > 0
    assert client.get(f"{path}/destruction").text.endswith("Z")
    assert client.get(f"{path}/quote").text == ""
    assert client.get(f"{path}/owner").text == ""
    for name in ("parameters", "results"):
        read(client, f"{path}/{name}")
    for name in ("error", "results/result"):
        assert client.get(f"{path}/{name}").status_code == 404


def test_run_and_abort_lead_back_to_the_job(client: TestClient) -> None:
    path = create(client)
    for verb, phase in (("RUN", "QUEUED"), ("ABORT", "ABORTED")):
        answer = client.post(f"{path}/phase", data={"PHASE": verb})
        assert answer.status_code == 303
        assert answer.headers["location"].endswith(path)
        assert client.get(f"{path}/phase").text == phase
    assert client.post(f"{path}/phase", data={"PHASE": "RUN"}).status_code == 400
    assert client.post(f"{path}/phase", data={"PHASE": "STOP"}).status_code == 400


def test_duration_and_destruction_are_kept_within_the_limits(client: TestClient) -> None:
    path = create(client)
    client.post(f"{path}/executionduration", data={"EXECUTIONDURATION": "17"})
    client.post(f"{path}/destruction", data={"DESTRUCTION": "2999-01-01T00:00:00Z"})
    job = read(client, path)
    assert text(job, "executionDuration") == "17"
    assert text(job, "destruction") < "2999"
    client.post(f"{path}/executionduration", data={"EXECUTIONDURATION": "0"})
    assert int(client.get(f"{path}/executionduration").text) > 17
    assert client.post(f"{path}/destruction", data={"DESTRUCTION": "soon"}).status_code == 400


def test_a_new_job_may_say_when_it_is_to_be_destroyed(client: TestClient) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    path = create(client, DESTRUCTION=soon.isoformat())
    found = datetime.fromisoformat(client.get(f"{path}/destruction").text)
    assert abs((found - soon).total_seconds()) < 5
    assert b"DESTRUCTION" not in client.get(f"{path}/parameters").content
    assert client.get(f"{create(client, DESTRUCTION='2999-01-01')}/destruction").text < "2999"
    assert client.post("/tap/async", data={**FORM, "DESTRUCTION": "soon"}).status_code == 400


def test_parameters_can_be_added_until_the_job_runs(client: TestClient) -> None:
    path = create(client)
    answer = client.post(f"{path}/parameters", data={"MAXREC": "5"})
    assert answer.status_code == 303
    assert b'id="MAXREC">5<' in client.get(f"{path}/parameters").content
    client.post(f"{path}/phase", data={"PHASE": "RUN"})
    assert client.post(f"{path}/parameters", data={"MAXREC": "6"}).status_code == 400


@pytest.mark.parametrize("how", ["delete", "action"])
def test_a_deleted_job_is_gone(client: TestClient, how: str) -> None:
    path = create(client)
    answer = client.delete(path) if how == "delete" else client.post(path, data={"ACTION": "DELETE"})
    assert answer.status_code == 303
    assert answer.headers["location"].endswith("/tap/async")
    assert client.get(path).status_code == 404


def test_the_list_shows_and_filters_jobs(client: TestClient) -> None:
    pending, queued = create(client), create(client, PHASE="RUN")

    def listed(**params: str) -> list[str | None]:
        answer = client.get("/tap/async", params=params)
        assert validate(answer.content) == []
        return [job.get("id") for job in etree.fromstring(answer.content)]

    def name(path: str) -> str:
        return path.rpartition("/")[2]

    assert listed() == [name(queued), name(pending)]
    assert listed(PHASE="PENDING") == [name(pending)]
    assert listed(LAST="1") == [name(queued)]
    assert listed(AFTER="2999-01-01T00:00:00Z") == []
    assert client.get("/tap/async", params={"PHASE": "DONE"}).status_code == 400


def test_a_failed_job_tells_why_in_its_document_and_its_error(client: TestClient, store: JobStore) -> None:
    path = create(client, PHASE="RUN")
    job = store.claim(["tap"], "w")
    assert job is not None
    store.fail(job, JobError("UsageFault: no table <x>"))
    document = read(client, path)
    assert text(document, "phase") == "ERROR"
    assert document.findtext(f"{UWS}errorSummary/{UWS}message") == "UsageFault: no table <x>"
    error = client.get(f"{path}/error")
    assert error.status_code == 200
    assert query_status(error.content) == ("ERROR", "UsageFault: no table <x>")


def test_a_result_is_sent_whole_or_in_ranges(client: TestClient, store: JobStore) -> None:
    path = create(client, PHASE="RUN")
    job = store.claim(["tap"], "w")
    assert job is not None
    key = f"{job.job_id}/result.csv"
    size = client.app.state.results.write(key, [b"a\n1\n2\n"])  # type: ignore[attr-defined]
    store.complete(job, [JobResult("result", key, "text/csv;header=present", size)])
    (result,) = read(client, f"{path}/results")
    assert (result.get("size"), result.get("mime-type")) == ("6", "text/csv;header=present")
    whole = client.get(f"{path}/results/result")
    assert (whole.text, whole.headers["content-type"]) == ("a\n1\n2\n", "text/csv;header=present")
    part = client.get(f"{path}/results/result", headers={"Range": "bytes=2-3"})
    assert (part.status_code, part.text) == (206, "1\n")
    client.delete(path)
    assert client.get(f"{path}/results/result").status_code == 404


def test_wait_returns_when_the_phase_changes(client: TestClient) -> None:
    path = create(client)
    threading.Timer(0.3, lambda: client.post(f"{path}/phase", data={"PHASE": "ABORT"})).start()
    begun = time.monotonic()
    job = read(client, f"{path}?WAIT=30")
    assert text(job, "phase") == "ABORTED"
    assert time.monotonic() - begun < 10


def test_wait_returns_at_once_where_nothing_can_change(client: TestClient) -> None:
    path = create(client)
    begun = time.monotonic()
    read(client, f"{path}?WAIT=30&PHASE=QUEUED")
    client.post(f"{path}/phase", data={"PHASE": "ABORT"})
    read(client, f"{path}?WAIT=30")
    read(client, f"{path}?WAIT=-1")
    assert time.monotonic() - begun < 10


def test_wait_gives_up_after_its_time(client: TestClient) -> None:
    assert text(read(client, f"{create(client)}?WAIT=1"), "phase") == "PENDING"


def test_an_unknown_job_is_a_404(client: TestClient) -> None:
    for path in ("", "/phase", "/results/result", "/error"):
        answer = client.get(f"/tap/async/nope{path}")
        assert answer.status_code == 404
        assert query_status(answer.content)[0] == "ERROR"
