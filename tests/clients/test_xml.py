"""Every XML answer of the running server is valid by its schema."""

import pytest
import requests

from tests.clients.conftest import finished
from tests.clients.test_stilts import VOTABLES, some_identifier
from tests.xsd import validate

pytestmark = pytest.mark.demo

DOCUMENTS = [
    "/tap/capabilities",
    "/tap/availability",
    "/tap/tables",
    "/tap/tables?detail=min",
    "/tap/tables/ivoa.ObsCore",
    "/tap/async",
    "/sia2/capabilities",
    "/sia2/availability",
    "/datalink/capabilities",
    "/datalink/availability",
    "/sia/capabilities",
    "/sia/availability",
    "/ssa/capabilities",
    "/ssa/availability",
    "/scs/demo.sources/capabilities",
    "/scs/demo.sources/availability",
    "/soda/capabilities",
    "/soda/availability",
    "/soda/async",
    "/oai/capabilities",
    "/oai?verb=Identify",
    "/oai?verb=ListRecords&metadataPrefix=ivo_vor",
    "/oai?verb=ListRecords&metadataPrefix=oai_dc",
]


@pytest.mark.parametrize("path", DOCUMENTS)
def test_service_documents(demo_server: str, path: str) -> None:
    response = requests.get(f"{demo_server}{path}", timeout=30)
    assert response.status_code == 200
    assert validate(response.content) == []


@pytest.mark.parametrize("kind", VOTABLES)
def test_votables(demo_server: str, kind: str) -> None:
    address = VOTABLES[kind]
    if "{did}" in address:
        address = address.format(did=some_identifier(demo_server))
    assert validate(requests.get(f"{demo_server}{address}", timeout=30).content) == []


def test_a_job_in_every_phase(demo_server: str) -> None:
    form = {"LANG": "ADQL", "QUERY": "SELECT TOP 3 dp_id FROM ivoa.ObsCore"}
    job = requests.post(f"{demo_server}/tap/async", data=form, timeout=30).url
    assert validate(requests.get(job, timeout=30).content) == []
    requests.post(f"{job}/phase", data={"PHASE": "RUN"}, timeout=30)
    assert finished(job) == "COMPLETED"
    assert validate(requests.get(job, timeout=30).content) == []
    for part in ("parameters", "results"):
        assert validate(requests.get(f"{job}/{part}", timeout=30).content) == []
    requests.delete(job, timeout=30)
