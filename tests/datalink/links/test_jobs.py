"""Links of many identifiers as a job."""

import io

import requests
from astropy.table import Table

from tests.datalink.conftest import CUBE, IMAGE, SPECTRUM, Archive
from tests.serving import Server, ended
from tests.xsd import validate


def run(server: Server, parameters: dict[str, str], **files: str) -> str:
    """Create and run a job; its address when it has ended."""
    sent = {name: (name, content) for name, content in files.items()}
    url = f"{server.url}/datalink/async"
    job = requests.post(url, data={"PHASE": "RUN", **parameters}, files=sent or None, timeout=30).url
    ended(job)
    return job


def phase(job: str) -> str:
    return requests.get(f"{job}/phase", timeout=30).text


def test_a_job_has_the_rows_of_the_synchronous_answer(server: Server, archive: Archive) -> None:
    ids = [archive.holdings.did(IMAGE), CUBE, SPECTRUM, "nothing"]
    job = run(server, {"ID": ids[0]}, LIST="\n".join(ids[1:]))
    assert phase(job) == "COMPLETED"
    result = requests.get(f"{job}/results/result", timeout=30)
    assert result.headers["content-type"] == "application/x-votable+xml;content=datalink"
    assert validate(result.content) == []
    found = Table.read(io.BytesIO(result.content), format="votable")
    wanted = requests.get(f"{server.url}/datalink/links", params={"ID": ids}, timeout=30)
    expected = Table.read(io.BytesIO(wanted.content), format="votable")
    assert found.colnames == expected.colnames
    # The descriptors of a job are those for all products.
    for name in (name for name in found.colnames if name != "service_def"):
        assert found[name].tolist() == expected[name].tolist()
    assert "NotFoundFault: nothing is not in this archive" in found["error_message"].tolist()


def test_a_job_answers_for_more_identifiers_than_a_request(server: Server, archive: Archive) -> None:
    ids = [f"nothing-{number}" for number in range(12_000)]
    job = run(server, {"RESPONSEFORMAT": "csv"}, LIST="\n".join([*ids, IMAGE]))
    assert phase(job) == "COMPLETED"
    rows = requests.get(f"{job}/results/result", timeout=30).text.splitlines()
    assert len(rows) > 12_002
    assert rows[1].startswith("nothing-0,")
    assert rows[-1].startswith(f"{IMAGE},")


def test_a_job_without_identifiers_ends_in_an_error(server: Server) -> None:
    job = run(server, {"ID": " "})
    assert phase(job) == "ERROR"
    assert "ID is missing: send identifiers" in requests.get(f"{job}/error", timeout=30).text
